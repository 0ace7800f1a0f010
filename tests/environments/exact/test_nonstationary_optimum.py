from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from simulated_setting import costs, stretch_of

from restock.environments.exact.nonstationary import (
    Seen,
    base_stock_profit,
    best_base_stock,
    full_information_profit,
    optimal_with_history,
    simulated_profit,
)
from restock.environments.nonstationary import PUBLISHED, Nonstationary
from restock.policies.rules import BaseStock

INSTANCE = Nonstationary()
SMALL = replace(INSTANCE, capacity=12, largest_order=8, slow=1.0, fast=5.0, periods=25)
FIGURES = PUBLISHED[INSTANCE]
solve = cache(optimal_with_history)


def order_up_to(level: float, slope: float = 0.0):
    def orders(period: int, seen: Seen):
        return np.rint(level + slope * seen.average).astype(np.int64) - seen.stock

    return orders


def test_the_bound_and_the_optimum_are_the_known_ones():
    # by another program, to one decimal
    assert full_information_profit(INSTANCE) == pytest.approx(FIGURES.full_information, abs=0.051)
    assert solve(INSTANCE).profit == pytest.approx(FIGURES.history, abs=0.051)


def test_the_best_level_that_never_moves_is_16():
    # 237.2 +- 1.3 by simulation elsewhere; the package states 240.7
    level, profit = best_base_stock(INSTANCE)
    assert level == 16
    assert profit == pytest.approx(237.2, abs=1.3)


def test_who_sees_more_earns_more():
    others = (FIGURES.level_table, FIGURES.level_line, FIGURES.learned, FIGURES.base_stock)
    assert full_information_profit(INSTANCE) > solve(INSTANCE).profit > max(others)
    assert min(others) > base_stock_profit(INSTANCE, 16)


def test_the_optimal_policy_earns_the_optimum_when_simulated():
    simulated = simulated_profit(INSTANCE, solve(INSTANCE), seed=5)
    assert abs(simulated.value - solve(INSTANCE).profit) < 3 * simulated.stderr
    assert simulated.stderr < 0.006 * simulated.value


def test_a_level_in_line_with_the_average_earns_what_it_did_elsewhere():
    simulated = simulated_profit(INSTANCE, order_up_to(2, 1.2), seed=6)
    assert abs(simulated.value - FIGURES.level_line) < 3 * np.hypot(simulated.stderr, 1.0)


def test_a_finer_grid_hardly_changes_the_optimum_and_never_raises_it():
    coarse, fine, finer = (solve(SMALL, points).profit for points in (51, 101, 201))
    assert coarse + 1e-9 >= fine >= finer - 1e-9
    assert fine == pytest.approx(finer, abs=1e-3)


def test_where_regimes_hardly_differ_all_planners_earn_the_same():
    same = replace(SMALL, slow=3.0, fast=3.0 + 1e-9)
    level, fixed = best_base_stock(same)
    assert full_information_profit(same) == pytest.approx(solve(same, 11).profit, abs=1e-6)
    assert 0 <= solve(same, 11).profit - fixed < 0.02 * fixed  # only the last periods want another level
    assert 2 < level < 9


def test_a_planner_with_history_knows_less_than_the_regime_and_more_than_nothing():
    bound, optimum, (_, fixed) = full_information_profit(SMALL), solve(SMALL).profit, best_base_stock(SMALL)
    assert fixed + 0.5 < optimum < bound - 0.5


def test_nobody_wants_to_order_more_than_may_be_ordered():
    freer = replace(INSTANCE, largest_order=INSTANCE.capacity)
    assert solve(freer, 51).profit == pytest.approx(solve(INSTANCE, 51).profit, abs=1e-9)


def test_the_simulator_pays_what_the_exact_profit_says():
    paths = 2000
    stock = INSTANCE.starting_stock(np.random.default_rng(9), paths)
    stretch = stretch_of(INSTANCE.setting(), paths, INSTANCE.periods, stock)
    profits = -costs(BaseStock(jnp.asarray(16.0), jnp.asarray(1.0)), stretch).sum(axis=1)
    stderr = profits.std(ddof=1) / paths**0.5
    assert abs(profits.mean() - base_stock_profit(INSTANCE, 16)) < 3 * stderr
    assert stderr < 0.02 * profits.mean()
