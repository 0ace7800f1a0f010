"""A probe shop whose optimum is known must be learned in seconds, the same way each time."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_probe import NEWSVENDOR_LEVEL, SMALL, level_of, moment, probe
from pydantic import ValidationError

from restock.algorithms.pathwise import PathwiseConfig, begin, hide_features, learn, mean_loss, train
from restock.algorithms.problem import draw
from restock.policies.rules import BaseStock

KEYS = jax.random.split(jax.random.key(0), 2)
LENGTH = SMALL.periods
begin_now = eqx.filter_jit(begin)
learn_now = eqx.filter_jit(learn)
loss_now = eqx.filter_jit(mean_loss)
draw_now = eqx.filter_jit(lambda problem, key: draw(problem, 400, LENGTH, key))


@pytest.fixture(scope="module")
def trained():
    return train(SMALL, probe(), KEYS[0])


def test_the_newsvendors_optimum_is_learned(trained):
    network, losses = trained
    untrained = begin_now(SMALL, probe(), KEYS[0]).network
    assert abs(level_of(untrained) - NEWSVENDOR_LEVEL) > 2.0
    assert level_of(network) == pytest.approx(NEWSVENDOR_LEVEL, abs=1.0)
    assert losses[-20:].mean() < losses[:20].mean()


def test_what_it_earns_comes_near_the_best_base_stock(trained):
    window = draw_now(probe(), jax.random.key(5))
    best = min(
        float(loss_now(BaseStock(jnp.array(float(s)), jnp.array(1.0)), window, 3)[0]) for s in range(10, 21)
    )  # fmt: skip
    assert float(loss_now(trained[0], window, 3)[0]) <= best + 0.02 * abs(best)


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


def test_learning_in_two_parts_is_learning_in_one(trained):
    first, rest = jax.random.split(KEYS[0])
    keys = jax.random.split(rest, SMALL.updates)
    half, before = learn_now(SMALL, probe(), begin_now(SMALL, probe(), first), keys[: SMALL.updates // 2])
    both, after = learn_now(SMALL, probe(), half, keys[SMALL.updates // 2 :])
    np.testing.assert_allclose(trained[1], np.concatenate([before, after]), rtol=1e-3)
    for a, b in zip(jax.tree.leaves(trained[0]), jax.tree.leaves(both.network), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-2, atol=1e-3)
    assert float(both.updates) == SMALL.updates


def test_the_same_key_learns_the_same_and_seeds_side_by_side_learn_as_alone(trained):
    alone = [trained, train(SMALL, probe(), KEYS[1])]
    together = eqx.filter_vmap(lambda key: train(SMALL, probe(), key))(KEYS)
    for a, b in zip(jax.tree.leaves(trained), jax.tree.leaves(train(SMALL, probe(), KEYS[0])), strict=True):
        np.testing.assert_array_equal(a, b)
    for i in (0, 1):
        for a, b in zip(jax.tree.leaves(alone[i]), jax.tree.leaves(together), strict=True):
            np.testing.assert_allclose(a, b[i], rtol=1e-2, atol=1e-3)
    assert not np.allclose(alone[0][1], alone[1][1])


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
