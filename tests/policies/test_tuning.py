"""The search finds what is known to be best on small problems."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock, rows_of
from scipy import stats

from restock.policies.rules import QUANTILES, Past, rule
from restock.policies.tuning import FIRST_ROUND, NEXT_ROUND, ROUNDS, Trial, search, tune, tune_again

PERIODS, ROWS = 400, 6
MEANS = np.array([10.0, 10.0, 10.0, 20.0, 20.0, 20.0])
GROUPS = np.array([0, 0, 0, 1, 1, 1], np.int32)


def trial_of(unit, *, price=10.0, shortage=0.0, seed=0):
    """Lead time 0, so that each period is a newsvendor's: lost margin 4 + goodwill against holding."""
    demand = np.random.default_rng(seed).poisson(MEANS[:, None], (ROWS, PERIODS))
    shop = made_up_shop(0, pack=0.0, holding=1.0, shortage=shortage)
    stretch = rows_of(shop, made_up_stock(0.0, []), made_up_known(price=[price]), demand)
    first = jnp.arange(PERIODS) < PERIODS // 2
    weight = jnp.ones((ROWS, PERIODS))
    past = Past(jnp.asarray(unit, jnp.float32), jnp.zeros((ROWS, len(QUANTILES))))
    return past, Trial(stretch, weight * first, weight * ~first), demand


@pytest.fixture(scope="module")
def tuned():
    past, trial, demand = trial_of(np.ones(ROWS) * 10.0, price=15.0)
    return tune(rule("base_stock"), past, trial, GROUPS), trial, demand


def earned(demand, level):
    """Profit at cost of order-up-to a level, lead time 0: margin 9 per unit sold, holding 1 per unit left."""
    return 9.0 * np.minimum(demand, level) - 1.0 * np.maximum(level - demand, 0.0)


def test_a_level_per_group_is_the_newsvendors_optimum(tuned):
    result, _, demand = tuned
    assert result.pooling in ("group", "item")
    for group, mean in ((0, 10.0), (1, 20.0)):
        rows = group == GROUPS
        levels = result.numbers[rows, 0] * 10.0
        target = stats.poisson.ppf(0.9, mean)  # 9 / (9 + 1)
        assert np.all(np.abs(levels - target) <= 2.5)
        best = max(earned(demand[rows, : PERIODS // 2], level).sum() for level in np.arange(60) / 2)
        got = earned(demand[rows, : PERIODS // 2], levels[:, None]).sum()
        assert got >= 0.99 * best


def test_what_it_earned_is_what_the_numbers_earn_on_the_validation_periods(tuned):
    result, _, demand = tuned
    later = earned(demand[:, PERIODS // 2 :], result.numbers * 10.0).sum(axis=1)
    np.testing.assert_allclose(result.validation, later, rtol=1e-3)


def test_tuned_again_the_numbers_are_best_on_both_parts_with_the_pooling_of_before():
    past, trial, _ = trial_of(np.ones(ROWS) * 10.0, price=15.0)
    busier = trial.stretch.chance.demand * jnp.where(jnp.arange(PERIODS) < PERIODS // 2, 1.0, 2.0)[:, None]
    trial = trial._replace(stretch=eqx.tree_at(lambda s: s.chance.demand, trial.stretch, busier))
    first = tune(rule("base_stock"), past, trial, GROUPS)
    newer = past._replace(unit=past.unit * 2.0)
    again = tune_again(first, newer, trial, GROUPS)
    assert again.pooling == first.pooling
    assert again.past is newer
    np.testing.assert_array_equal(again.validation, first.validation)
    both = np.asarray(busier)[:, :, 0]
    levels = (first.numbers * 10.0, again.numbers * 20.0)  # the second half sells twice as much
    before, after = (sum(earned(both[i], level[i]).sum() for i in range(ROWS)) for level in levels)
    assert after > 1.05 * before


def test_the_policy_of_a_tuned_rule_has_a_row_axis(tuned):
    result = tuned[0]
    policy = result.policy()
    np.testing.assert_array_equal(policy.level, result.numbers[:, 0])
    np.testing.assert_array_equal(policy.unit, result.past.unit)


def test_the_shared_numbers_are_those_that_earn_most_over_all_rows():
    past, trial, demand = trial_of(MEANS, price=15.0)
    result = tune(rule("base_stock"), past, trial, GROUPS)
    tried = search(rule("base_stock"), past, trial, 0)
    np.testing.assert_array_equal(result.shared, tried.numbers[tried.train.sum(axis=1).argmax()])
    assert np.all(result.numbers >= 1.0)
    for rows in (slice(None), GROUPS == 0):  # no pooling beats its own optimum on the training periods
        assert tried.train[:, rows].sum(axis=1).max() >= earned(demand[rows, : PERIODS // 2], 10.0).sum() - 1e-3


def test_later_rounds_search_around_the_best_point_and_never_leave_the_box(tuned):
    _, trial, _ = tuned
    past = Past(jnp.full(ROWS, 10.0), jnp.zeros((ROWS, len(QUANTILES))))
    tried = search(rule("base_stock"), past, trial, 3)
    assert len(tried.numbers) == FIRST_ROUND + ROUNDS * NEXT_ROUND
    box = rule("base_stock")
    assert tried.numbers.min() >= box.low[0] - 1e-6
    assert tried.numbers.max() <= box.high[0] + 1e-6
    assert np.ptp(tried.numbers[-NEXT_ROUND:]) < 0.1 * np.ptp(tried.numbers[:FIRST_ROUND])
    assert tried.train.shape == tried.validation.shape == (len(tried.numbers), ROWS)
    again = search(rule("base_stock"), past, trial, 3)
    np.testing.assert_array_equal(tried.numbers, again.numbers)
    np.testing.assert_array_equal(tried.train, again.train)


def test_a_rule_without_numbers_is_tried_once(tuned):
    _, trial, _ = tuned
    past = Past(jnp.full(ROWS, 10.0), jnp.zeros((ROWS, len(QUANTILES))))
    result = tune(rule("newsvendor"), past, trial, GROUPS)
    assert result.numbers.shape == (ROWS, 0)
    assert result.validation.shape == (ROWS,)
