"""Algorithms by name; five shops with known answers that each of them solves; stopping where numbers go wrong."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from probe_shops import PERIODS, PROBES, SLOTS, costs, side_by_side

from restock.algorithms import training
from restock.algorithms.dqn import DqnConfig
from restock.algorithms.training import USUAL, check_seed, refuse_wrong_numbers, settings, train, train_checked
from restock.errors import TrainingError, UsageError
from restock.simulator.rollout import Stretch, earn
from restock.simulator.types import Chance, Decision, Stock, View

SMALL = {"rows": 32, "batch": 256}
ENOUGH = {
    "dqn": settings("dqn", rounds=150, **SMALL),
    "a2c": settings("a2c", rounds=600, rows=128),
    "ppo": settings("ppo", rounds=60, rows=128),
    "ppo softmax": settings("ppo", rounds=250, rows=128, orders="softmax"),
    "ddpg": settings("ddpg", rounds=300, **SMALL),
    "td3": settings("td3", rounds=300, **SMALL),
    "shac": settings("shac", rounds=400, rows=128, hidden=16, learning_rate=1e-2, gate=False, whole_units_from=0.0),
    "pathwise": settings(
        "pathwise", updates=150, batch=64, periods=12, ignored=3, hidden=8, learning_rate=3e-2, weight_decay=0.0
    ),
}
NEAR = 0.02  # of the best cost
WASTE = 0.25  # money per period where the best costs nothing: a twentieth of demand held
TINY = DqnConfig(rounds=6, rows=4, periods=4, steps=2, batch=8, memory=64, hidden=4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENOUGH)
def test_every_algorithm_solves_five_shops_with_known_answers(name: str) -> None:
    keys = jax.random.split(jax.random.key(0), len(PROBES))
    learned, _ = eqx.filter_vmap(lambda problem, key: train(ENOUGH[name], problem, key))(side_by_side(0), keys)
    reached = {probe.name: float(cost) for probe, cost in zip(PROBES, costs(learned, side_by_side(1)), strict=True)}
    too_dear = {p.name: (reached[p.name], p.best) for p in PROBES if reached[p.name] > p.best * (1 + NEAR) + WASTE}
    assert not too_dear
    # paths are finite, so a policy may have luck, but not much of it
    assert all(reached[p.name] > p.best * (1 - NEAR) - 1e-6 for p in PROBES)


def willing(view: View, decision: Decision, chance: Chance) -> Chance:
    """Of 20 customers whose limits lie evenly between no money and 20, those whose limit is the price or more."""
    return eqx.tree_at(lambda c: c.demand, chance, jnp.floor(jnp.maximum(20.0 - decision.price, 0.0)))


def test_orders_and_prices_are_learned_together() -> None:
    problem = eqx.tree_at(
        lambda p: (p.shop.unit_cost, p.shop.holding, p.known.price),
        PROBES[4].problem(0),
        replace_fn=lambda x: jnp.full_like(x, 4.0),
    )
    problem = eqx.tree_at(
        lambda p: (p.shop.lead_chance, p.arrives), problem, replace_fn=lambda x: x * 0 + jnp.eye(3)[0]
    )
    problem = replace(problem, respond=willing)
    # price p sells 20 - p units, which cost 4 each: the best of the prices below is 12, which earns 8 * (12 - 4)
    best, prices = 64.0, (1.0, 2.0, 3.0, 4.0)
    changes = {"grid": "quantities", "choices": 17, "step": 0.2, "prices": prices}
    learned, _ = train(ENOUGH["dqn"].model_copy(update=changes), problem, jax.random.key(0))
    nothing = Stock(jnp.zeros((1, 1, 1)), jnp.zeros((1, 1, SLOTS)), jnp.zeros((1, 1)))
    first = jax.tree.map(lambda x: x[:1], (problem.shop, problem.known, problem.demand, problem.arrives))
    shop, known, demand, arrives = first
    stretch = Stretch(shop, nothing, known, Chance(demand, arrives), jnp.ones((1, PERIODS)), willing)
    _, earned = earn(learned, stretch)
    assert earned[0, -20:].mean() >= best * (1 - NEAR)
    assert earned[0, -20:].mean() <= best + 1e-3


@pytest.fixture(scope="module")
def problem():
    return PROBES[2].problem(0)


def test_stretches_learn_what_is_learned_in_one_go(problem) -> None:
    told = []
    key = jax.random.key(3)

    def after(done, policy, curve):
        told.append((done, curve["loss"].shape))

    policy = train_checked(TINY, problem, key, after, at_once=4)
    whole, curve = train(TINY, problem, key)
    assert told == [(4, (4, 2)), (6, (2, 2))]
    assert curve["loss"].shape == (6, 2)
    for a, b in zip(jax.tree.leaves(policy), jax.tree.leaves(whole), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_network_that_goes_wrong_stops_at_its_update_and_the_last_good_one_has_been_told(
    problem, monkeypatch
) -> None:
    learn, told = training._learn, []

    def spoil_the_third(config, problem, learner, keys):
        if len(told) == 2:
            problem = eqx.tree_at(lambda p: p.demand, problem, jnp.full_like(problem.demand, jnp.nan))
        return learn(config, problem, learner, keys)

    monkeypatch.setattr(training, "_learn", spoil_the_third)
    with pytest.raises(TrainingError, match="not a number at update 9") as caught:  # 2 steps in each of 4 good rounds
        train_checked(TINY, problem, jax.random.key(0), lambda *facts: told.append(facts), at_once=2)
    assert [done for done, *_ in told] == [2, 4]
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(told[-1][1]))
    assert "learning_rate" in caught.value.hint.en
    assert "第 9 次" in caught.value.message.zh


def test_the_update_named_is_the_first_one_that_went_wrong() -> None:
    losses = jnp.array([[1.0, 2.0, 3.0], [1.0, jnp.inf, jnp.nan]])
    with pytest.raises(TrainingError, match="at update 12"):
        refuse_wrong_numbers(losses, {}, 10)
    with pytest.raises(TrainingError, match="at update 13"):
        refuse_wrong_numbers(jnp.ones((2, 3)), {"weight": jnp.array([1.0, jnp.nan])}, 10)
    refuse_wrong_numbers(jnp.ones((2, 3)), {"weight": jnp.ones(2)}, 10)


def test_settings_are_the_usual_ones_with_changes() -> None:
    assert settings("DQN", rounds=7).rounds == 7
    assert settings("a2c").kind == "a2c"  # pyright: ignore
    assert settings("td3", rounds=7) == USUAL["td3"].model_copy(update={"rounds": 7})


@pytest.mark.parametrize(
    ("name", "changes", "message", "hint"),
    [
        ("dqqn", {}, "no algorithm `dqqn`", "`dqn`"),
        ("ppo", {"round": 3}, "`ppo` has no setting `round`", "`rounds`"),
        ("ddpg", {"rounds": 0}, "rounds: Input should be greater than 0 (got 0)", "rounds=600"),
        ("pathwise", {"updates": 0}, "updates: Input should be greater than 0 (got 0)", "updates=600"),
        ("td3", {"n": 12, "delay": 5}, "windows of 16 periods are too short for lessons of 17", "n=2, delay=0"),
        ("ppo", {"delay": 16}, "windows of 16 periods are too short for lessons of 17", "delay=0"),
        ("dqn", {"discount": 1.0, "n": "two"}, "discount: Input should be less than 1", "n=2"),
    ],
)
def test_what_cannot_be_trained_is_refused_with_what_can(name, changes, message, hint) -> None:
    with pytest.raises(UsageError) as caught:
        settings(name, **changes)
    assert message in caught.value.message.en
    assert hint in caught.value.hint.en
    assert caught.value.hint.zh


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
def test_a_seed_that_would_be_taken_for_another_is_refused(seed) -> None:
    with pytest.raises(UsageError, match=f"{seed} is no seed") as caught:
        check_seed(seed)
    assert "from 0 to 2147483647" in caught.value.hint.en
    assert check_seed(2**31 - 1) == 2**31 - 1
