import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from restock.errors import UsageError
from restock.simulator.resample import bootstrap_paths, causal_level, round_at_random, sells_whole_units


def rng(seed=0):
    return np.random.default_rng(seed)


def poisson(mean, periods, seed=0):
    return rng(seed).poisson(np.asarray(mean)[:, None], (len(mean), periods)).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([1, 5, 7, 14]), st.integers(8, 90))
def test_paths_are_never_negative_and_whole_for_items_sold_in_whole_units(seed, block, length):
    past = np.concatenate([poisson([0.05, 3.0, 0.0], length, seed), rng(seed).gamma(2.0, 1.0, (1, length))])
    paths = bootstrap_paths(past, rng(seed), 5, 20, block)
    assert paths.shape == (4, 5, 20)
    assert paths.dtype == np.float32
    assert paths.min() >= 0
    np.testing.assert_array_equal(paths[:3], np.rint(paths[:3]))


def test_the_mean_of_the_paths_is_the_level_for_slow_and_for_fast_items():
    past = poisson([0.03, 0.5, 20.0, 300.0], 400)
    paths = bootstrap_paths(past, rng(1), 4000, 28)
    np.testing.assert_allclose(paths.mean((1, 2)), causal_level(past)[:, -1], rtol=0.04)


def test_paths_of_a_stable_item_spread_as_its_past_did():
    past = poisson([20.0], 700)
    paths = bootstrap_paths(past, rng(1), 2000, 28)
    assert paths.var() == pytest.approx(past.var(), rel=0.15)


def test_a_given_level_moves_the_mean_there():
    past = poisson([50.0, 50.0], 300)
    shape = np.linspace(1, 10, 14)
    paths = bootstrap_paths(past, rng(), 4000, 14, level=np.stack([shape, 2 * shape]))
    np.testing.assert_allclose(paths.mean(1)[1], 2 * shape, rtol=0.12)
    paths = bootstrap_paths(past, rng(), 4000, 14, level=np.array([2.0, 50.0]))
    np.testing.assert_allclose(paths.mean((1, 2)), [2.0, 50.0], rtol=0.05)


def test_blocks_of_a_week_keep_every_weekday_in_its_place():
    weekday = np.array([1.0, 2, 3, 4, 5, 6, 28])
    past = np.tile(weekday, 20)[None, 3:]  # the past ends with the 28
    paths = bootstrap_paths(past, rng(), 300, 14)
    assert paths[0, :, 6].min() > 3 * paths[0, :, 5].max() > 0
    assert (paths.argmax(-1) % 7 == 6).all()


def test_consecutive_periods_stay_together_within_a_block():
    past = np.tile([0.0, 10.0], 100)[None]
    paths = bootstrap_paths(past, rng(), 200, 4, block=4)
    assert (paths[0, :, 0] * paths[0, :, 1] == 0).all()
    alone = bootstrap_paths(past, rng(), 200, 4, block=1)
    assert (alone[0, :, 0] * alone[0, :, 1] > 0).any()


def test_what_is_marked_as_missing_is_never_drawn():
    past = poisson([50.0], 200).astype(np.float64)
    past[0, 40:60] = 5000.0
    past[0, 40:60] = np.nan
    assert bootstrap_paths(past, rng(), 200, 21).max() < 200


def test_a_new_item_without_a_whole_block_is_drawn_one_period_at_a_time():
    past = np.full((1, 30), np.nan)
    past[0, [20, 23, 26, 29]] = [4, 6, 4, 6]
    paths = bootstrap_paths(past, rng(), 500, 7)
    assert paths.mean() == pytest.approx(causal_level(past)[0, -1], rel=0.05)
    assert paths.std() > 0


def test_an_item_without_history_gets_poisson_demand_around_the_given_level():
    paths = bootstrap_paths(np.full((1, 30), np.nan), rng(), 3000, 7, level=np.array([4.0]))
    assert paths.mean() == pytest.approx(4.0, rel=0.03)
    assert paths.var() == pytest.approx(4.0, rel=0.05)
    assert bootstrap_paths(np.zeros((1, 30)), rng(), 3, 7).max() == 0


def test_the_level_at_a_period_does_not_see_that_period_or_later_ones():
    past = poisson([1.0, 30.0], 60)
    poisoned = past.copy()
    poisoned[:, 40:] = 1e6
    np.testing.assert_array_equal(causal_level(past)[:, :41], causal_level(poisoned)[:, :41])
    assert (causal_level(past)[:, 41] != causal_level(poisoned)[:, 41]).all()


def test_the_level_of_a_fast_item_follows_a_change_and_of_a_slow_one_does_not_collapse_in_a_pause():
    fast = np.concatenate([np.full(200, 100.0), np.full(100, 300.0)])[None]
    assert causal_level(fast)[0, -1] == pytest.approx(300.0, rel=0.05)
    slow = np.zeros((1, 400))
    slow[0, :250:50] = 1.0  # 5 units in 250 days, then a pause of 150 days
    assert 0.25 * 5 / 400 < causal_level(slow)[0, -1] < 2 * 5 / 400


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1e4))
def test_rounding_at_random_keeps_the_mean_and_moves_less_than_one(units):
    drawn = round_at_random(np.full(4000, units), rng())
    assert np.abs(drawn - units).max() < 1
    assert drawn.mean() == pytest.approx(units, abs=0.05)


def test_a_few_estimates_do_not_make_an_item_sold_by_weight():
    demand = np.array([[1, 2, 0, 3.7], [0.25, 1.5, 2, 0], [0, 0, 0, np.nan]])
    assert sells_whole_units(demand).tolist() == [True, False, True]


@pytest.mark.parametrize(("paths", "periods", "block"), [(0, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_counts_below_one_are_refused(paths, periods, block):
    with pytest.raises(UsageError, match="= 0"):
        bootstrap_paths(np.ones((1, 5)), rng(), paths, periods, block)
