"""A window of history under one policy."""

import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock, rows_of

from restock.backtest.replay import Window, mix, replay
from restock.policies.rules import BaseStock

DEMAND = np.random.default_rng(0).poisson(5.0, (3, 20))
WINDOW = Window(
    rows_of(made_up_shop(1), made_up_stock(5.0, [5.0]), made_up_known(scale=5.0), DEMAND),
    8,
    np.ones((3, 12), np.float32),
    7,
)
LEVELS = np.array([6.0, 10.0, 14.0], np.float32)


@pytest.fixture(scope="module")
def own():
    return replay(BaseStock(jnp.asarray(LEVELS), jnp.ones(3)), WINDOW, "base_stock", "classical", own=True)


def test_the_window_is_kept_without_its_warm_up(own):
    assert own.profit.shape == own.known.shape == (3, 12)
    np.testing.assert_array_equal(own.period.demand[..., 0], DEMAND[:, 8:])
    np.testing.assert_array_equal(own.unit_cost, [6.0] * 3)
    assert (own.policy, own.kind, own.period_days) == ("base_stock", "classical", 7)


def test_replaying_twice_gives_the_same_numbers(own):
    again = replay(BaseStock(jnp.asarray(LEVELS), jnp.ones(3)), WINDOW, "base_stock", "classical", own=True)
    np.testing.assert_array_equal(own.profit, again.profit)


def test_stock_left_at_the_end_is_valued_at_cost(own):
    sold = own.period.sold[..., 0]
    np.testing.assert_allclose(own.profit, (10 - 6) * sold - 0.5 * own.period.on_hand[..., 0], atol=1e-4)


def test_a_policy_for_all_rows_is_the_same_as_its_own_in_each(own):
    for row, level in enumerate(LEVELS):
        alone = replay(BaseStock(jnp.asarray(level), jnp.array(1.0)), WINDOW, "one", "classical")
        np.testing.assert_array_equal(alone.profit[row], own.profit[row])


def test_a_mix_takes_each_row_from_the_replay_chosen_for_it(own):
    low, high = (
        replay(BaseStock(jnp.array(x), jnp.array(1.0)), WINDOW, str(x), "classical") for x in (2.0, 30.0)
    )  # fmt: skip
    mixed = mix([low, high, own], np.array([1, 0, 2]), "mix", "learned")
    for row, source in enumerate((high, low, own)):
        np.testing.assert_array_equal(mixed.profit[row], source.profit[row])
        np.testing.assert_array_equal(mixed.period.ordered[row], source.period.ordered[row])
    assert (mixed.policy, mixed.kind) == ("mix", "learned")
