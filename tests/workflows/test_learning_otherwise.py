"""A shop's own policy learned by other algorithms than the usual one: the whole loop, and every one of them kept."""

import json
from dataclasses import replace
from typing import get_args

import jax
import numpy as np
import pytest
import weekly_shop as made_up
from weekly_shop import new_project

from restock.algorithms.training import USUAL, settings, untrained
from restock.config import Config, TrainConfig
from restock.errors import ConfigError
from restock.policies.together import Actors
from restock.progress import Silent
from restock.storage.models import Model, list_models, load_model
from restock.workflows import train as training
from restock.workflows.described import descriptions
from restock.workflows.explain import explain
from restock.workflows.lessons import settings_of
from restock.workflows.training import LEARNED, from_model, to_arrays, to_config

SETTINGS = made_up.SETTINGS.replace("updates = 100\nhidden = 16\nbatch = 64", "updates = 6\nhidden = 8\nbatch = 16")
SETTINGS = SETTINGS.replace('"newsvendor", "base_stock", "min_max", "forecast_quantile"', '"newsvendor"')


class Interrupting(Silent):
    """Stops training after its first look at validation money, and keeps what was said."""

    def __init__(self):
        self.said = []

    def start(self, what, total):
        self.said.append(str(what))

    def advance(self, done, note=None):
        if self.said[-1] == "learning by a2c" and done == 6:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def learned(files, tmp_path_factory):
    """A2C, interrupted after three of six rounds and gone on with."""
    project = new_project(tmp_path_factory.mktemp("a2c"), SETTINGS.replace("[train]", '[train]\nalgorithm = "a2c"'))
    project.load(list(files.values()))
    progress = Interrupting()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "AT_ONCE", 3)
        with pytest.raises(KeyboardInterrupt):
            project.train(progress=progress)
        assert list_models(project.folder) == ()
        return project, project.train(resume=True), progress.said


@pytest.fixture(scope="module")
def trained(learned):
    project, result, _ = learned
    return from_model(load_model(project.folder, result.model))


def test_interrupted_learning_goes_on_and_says_by_what(learned):
    _, result, said = learned
    assert result.resumed
    assert [r.updates for r in result.rounds] == [3, 6]
    assert "learning by a2c" in said
    assert LEARNED in result.validation


def test_the_card_and_the_report_name_the_algorithm(learned, trained):
    project, result, _ = learned
    assert load_model(project.folder, result.model).card["algorithm"] == "a2c"
    assert trained.algorithm == "a2c"
    assert "a2c" in descriptions(trained)[LEARNED].en
    assert "a2c" in descriptions(trained)[LEARNED].zh


def test_the_learned_policy_plans_explains_and_is_proven(learned):
    project, result, _ = learned
    plan = project.plan(policy=LEARNED)
    assert plan.lines.height > 0
    assert set(plan.lines["policy"]) == {LEARNED}
    told = explain(project, made_up.NAMES[-1])
    assert LEARNED in told.alternatives
    assert sum(step.units for step in told.steps) == pytest.approx(told.line["quantity"], abs=1e-6)
    proof = project.backtest(result.model)
    assert LEARNED in {row.kpis.policy for row in proof.standings}


def test_an_actors_order_is_taken_apart_into_units_that_add_up(learned, trained):
    from restock.workflows.decide import decide, row_policy, row_view
    from restock.workflows.situation import understand
    from restock.workflows.waterfall import waterfall

    decided = decide(understand(learned[0]), trained, LEARNED)
    policy, view = row_policy(decided, 3, LEARNED), row_view(decided, 3, LEARNED)
    assert isinstance(policy, Actors)
    steps = waterfall(policy, view, float(decided.order[3]), "")
    assert [step.name for step in steps] == ["forecast", "safety", "position", "learned_order", "rounding"]
    assert sum(step.units for step in steps) == pytest.approx(float(decided.order[3]), abs=1e-6)


@pytest.mark.parametrize("name", USUAL)
def test_a_model_of_every_algorithm_comes_back_as_it_was_kept(trained, name):
    config = settings(name, hidden=4)
    members = untrained(config, len(trained.feature_names), 3, jax.random.split(jax.random.key(7), 2))
    kept = replace(trained, settings=config, networks=members)
    told = json.loads(json.dumps(to_config(kept)))
    back = from_model(Model("x", told, to_arrays(kept), {}))
    assert told["algorithm"] == name
    assert back.algorithm == name
    assert back.settings == config
    assert jax.tree.structure(back.members) == jax.tree.structure(members)
    for one, other in zip(jax.tree.leaves(members), jax.tree.leaves(back.members), strict=True):
        np.testing.assert_array_equal(one, other)


def test_settings_offer_every_algorithm_and_refuse_others_with_the_nearest_name(tmp_path):
    offered = get_args(TrainConfig.model_fields["algorithm"].annotation)
    assert set(offered) == set(USUAL)
    for wrong, nearest in (("dpq", "`dqn`"), ("pathwize", "`pathwise`")):
        with pytest.raises(ConfigError) as error:
            new_project(tmp_path / wrong, f'[train]\nalgorithm = "{wrong}"\n').config  # noqa: B018
        assert nearest in error.value.hint.en


def test_a_switch_that_an_algorithm_does_not_have_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"dropout 0.2 is for `pathwise` only"):
        new_project(tmp_path, '[train]\nalgorithm = "ppo"\ndropout = 0.2\n').config  # noqa: B018


@pytest.mark.parametrize(("order_cost", "minimum", "gate"), [(0.0, 0.0, False), (5.0, 0.0, True), (0.0, 6.0, True)])
def test_shac_has_a_gate_where_an_order_jumps(learned, trained, order_cost, minimum, gate):
    from restock.workflows.situation import understand

    catalogue = understand(learned[0]).catalogue()
    shop = replace(
        catalogue.shop,
        order_cost=np.full_like(catalogue.shop.order_cost, order_cost),
        minimum=np.full_like(catalogue.shop.minimum, minimum),
    )
    config = Config(train=TrainConfig(algorithm="shac", updates=7))
    found = settings_of(config, replace(catalogue, shop=shop), trained.windows)
    assert (found.gate, found.rounds) == (gate, 7)
