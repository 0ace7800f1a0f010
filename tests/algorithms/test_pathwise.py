"""A probe shop whose optimum is known must be learned in seconds, the same way each time."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_probe import NEWSVENDOR_LEVEL, NEWSVENDOR_PROFIT, SMALL, level_of, moment, probe
from pydantic import ValidationError

from restock.algorithms.pathwise import PathwiseConfig, mean_loss
from restock.algorithms.problem import draw, hide_features
from restock.algorithms.training import train
from restock.policies.network import Network
from restock.policies.rules import BaseStock, buy

KEYS = jax.random.split(jax.random.key(0), 2)
LENGTH = SMALL.periods
loss_now = eqx.filter_jit(mean_loss)
draw_now = eqx.filter_jit(lambda problem, key: draw(problem, 400, LENGTH, key))


@pytest.fixture(scope="module")
def trained():
    return train(SMALL, probe(), KEYS[0])


def test_the_newsvendors_optimum_is_learned(trained):
    network, curve = trained
    losses = curve["loss"]
    untrained = Network(1, 0, SMALL.hidden, KEYS[0])
    assert abs(level_of(untrained) - NEWSVENDOR_LEVEL) > 2.0
    assert level_of(network) == pytest.approx(NEWSVENDOR_LEVEL, abs=1.0)
    assert losses[-20:].mean() < losses[:20].mean()
    assert -losses[-20:].mean() == pytest.approx(NEWSVENDOR_PROFIT, rel=0.02)


def test_the_reward_and_the_limit_of_a_problem_are_what_is_learned():
    def few(shop, period):
        return -period.ordered.sum(-1)

    def at_least_five(view, decision):
        return buy(view, jnp.maximum(decision.order[0], 5.0))

    frugal = dataclasses.replace(probe(), reward=few)
    bound = dataclasses.replace(frugal, limit=at_least_five)
    free, bound = (train(SMALL, problem, KEYS[0])[1]["loss"] for problem in (frugal, bound))
    assert free[-1] < 1.0 < 5.0 < free[0]
    assert bound[-1] == pytest.approx(5.0)
    assert bound.min() >= 5.0


def test_the_loss_is_minus_the_mean_profit_of_the_periods_that_count():
    window = draw_now(probe(), jax.random.key(1))
    window = eqx.tree_at(lambda w: w.weight, window, window.weight.at[0].set(0.0))
    demand = np.asarray(window.chance.demand[1:, :, 0])
    stock = np.asarray(window.stock.on_hand[1:, 0, 0])
    loss, after = loss_now(BaseStock(jnp.array(0.0), jnp.array(1.0)), window, 3)
    expected, final = [], np.asarray(after.on_hand[1:, 0, 0])
    for row in range(399):
        shelf = stock[row]
        for t in range(LENGTH):
            sold = min(shelf, demand[row, t])
            shelf -= sold
            expected += [9.0 * sold - 1.0 * shelf] * (t >= 3)
        assert final[row] == pytest.approx(shelf, abs=1e-3)
    assert float(loss) == pytest.approx(-np.mean(expected), rel=1e-4)


def test_the_same_key_learns_the_same(trained):
    again, other = train(SMALL, probe(), KEYS[0]), train(SMALL, probe(), KEYS[1])
    for a, b in zip(jax.tree.leaves(trained), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.allclose(trained[1]["loss"], other[1]["loss"])


def test_hidden_features_are_hidden_for_whole_windows_and_the_rest_grows():
    one = moment(50)
    seen = jax.tree.map(lambda x: jnp.broadcast_to(x, (40, 6, *x.shape)), one)
    seen = eqx.tree_at(lambda k: k.features, seen, jnp.ones((40, 6, 50)))
    hidden = np.asarray(hide_features(seen, 0.3, jax.random.key(1)).features)
    assert np.all((hidden == 0) | np.isclose(hidden, 1 / 0.7))
    assert np.all(hidden == hidden[:, :1])
    assert (hidden == 0).mean() == pytest.approx(0.3, abs=0.05)
    assert hide_features(seen, 0.0, jax.random.key(1)) is seen


def test_a_setting_that_cannot_be_stops_before_the_start():
    with pytest.raises(ValidationError):
        PathwiseConfig(batch=0)
    with pytest.raises(ValidationError):
        PathwiseConfig(typo=1)  # pyright: ignore
