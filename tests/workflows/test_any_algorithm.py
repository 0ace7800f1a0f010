"""Every algorithm that a shop's settings may name: its settings, its model on disk, its orders taken apart."""

import json
from types import SimpleNamespace
from typing import get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.algorithms.ensemble import Round
from restock.algorithms.training import USUAL, settings, untrained
from restock.backtest.windows import Windows
from restock.config import Config, TrainConfig, read_config
from restock.errors import ConfigError
from restock.forecasting.features import Scaling
from restock.policies.rules import QUANTILES, Past, rule
from restock.policies.together import Actors, together
from restock.policies.tuning import Tuned
from restock.simulator.types import View
from restock.storage.models import Model
from restock.workflows.lessons import settings_of
from restock.workflows.training import Trained, from_model, to_arrays, to_config
from restock.workflows.waterfall import waterfall

FEATURES, LEAD = ("recent", "season"), 3
WINDOWS = Windows((8, 30), (30, 40), (40, 51), 4)


def trained_by(config, members) -> Trained:
    """Two items, one rule."""
    past = Past(jnp.ones(2), jnp.zeros((2, len(QUANTILES))))
    none = np.zeros((2, 0), np.float32)
    tuned = Tuned(rule("newsvendor"), "shop", none, past, np.zeros(0, np.float32), np.zeros(2, np.float32))
    return Trained(
        keys=("a", "b"),
        groups=np.array(["smooth", "lumpy"]),
        windows=WINDOWS,
        snapshot="s",
        feature_names=FEATURES,
        scaling=Scaling(np.zeros(2, np.float32), np.ones(2, np.float32)),
        settings=config,
        networks=members,
        rounds=(Round(50, 1.0, (2.0, 3.0), 4.0, 5.0),),
        rules={"newsvendor": tuned},
        choice={"": "learned"},
        period_days=7,
        best_rule="newsvendor",
        seed=0,
    )


@pytest.mark.parametrize("name", USUAL)
def test_a_model_comes_back_as_it_was_kept(name):
    config = settings(name, hidden=4)
    members = untrained(config, len(FEATURES), LEAD, jax.random.split(jax.random.key(7), 2))
    kept = trained_by(config, members)
    told = json.loads(json.dumps(to_config(kept)))
    back = from_model(Model("x", told, to_arrays(kept), {}))
    assert told["algorithm"] == back.algorithm == name
    assert back.settings == config
    assert jax.tree.structure(back.members) == jax.tree.structure(members)
    for one, other in zip(jax.tree.leaves(members), jax.tree.leaves(back.members), strict=True):
        np.testing.assert_array_equal(one, other)


def test_settings_offer_every_algorithm_and_the_nearest_for_a_wrong_name(tmp_path):
    assert set(get_args(TrainConfig.model_fields["algorithm"].annotation)) == set(USUAL)
    for wrong, nearest in (("dpq", "`dqn`"), ("pathwize", "`pathwise`")):
        (tmp_path / "restock.toml").write_text(f'[train]\nalgorithm = "{wrong}"\n', encoding="utf-8")
        with pytest.raises(ConfigError) as error:
            read_config(tmp_path / "restock.toml")
        assert nearest in error.value.hint.en


def test_a_switch_that_an_algorithm_does_not_have_is_refused(tmp_path):
    (tmp_path / "restock.toml").write_text('[train]\nalgorithm = "ppo"\ndropout = 0.2\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=r"dropout 0.2 is for `pathwise` only"):
        read_config(tmp_path / "restock.toml")


@pytest.mark.parametrize(("order_cost", "minimum", "gate"), [(0.0, 0.0, False), (5.0, 0.0, True), (0.0, 6.0, True)])
def test_shac_has_a_gate_where_an_order_jumps(order_cost, minimum, gate):
    shop = SimpleNamespace(order_cost=np.array([[0.0], [order_cost]]), minimum=np.array([[0.0], [minimum]]))
    config = Config(train=TrainConfig(algorithm="shac", updates=7))
    found = settings_of(config, SimpleNamespace(shop=shop, warm_up=4), WINDOWS)
    assert (found.gate, found.rounds, found.rows) == (gate, 7, 512)


def test_an_actors_order_is_taken_apart_into_units_that_add_up():
    """Forecast 20, no spread, 5 on hand: 15 are missing, the actor wants a multiple of 8 and the pack is 6."""
    config = settings("dqn", hidden=4, grid="quantities", choices=3, step=0.8)
    members = untrained(config, 0, 1, jax.random.split(jax.random.key(0), 2))
    members = eqx.tree_at(lambda m: m.scores.layers[-1].weight, members, replace_fn=jnp.zeros_like)
    bias = jnp.zeros_like(members.scores.layers[-1].bias).at[:, 2].set(1.0)  # duelling: value, then three choices
    members = eqx.tree_at(lambda m: m.scores.layers[-1].bias, members, bias)
    known = made_up_known(scale=10.0, lead_demand=20.0, lead_spread=0.0)
    policy, view = together(members), View(made_up_shop(1, pack=6.0), made_up_stock(5.0, [0.0]), known)
    assert isinstance(policy, Actors)
    steps = {step.name: step.units for step in waterfall(policy, view, 6.0, "pack")}
    assert steps == pytest.approx(
        {"forecast": 20.0, "safety": 0.0, "position": -5.0, "learned_order": -7.0, "rounding": -2.0}, abs=1e-3
    )
