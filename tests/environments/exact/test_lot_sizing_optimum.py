from dataclasses import replace
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest
from simulated_setting import costs, stretch_of

from restock.environments.exact.lot_sizing import Exact, Room, optimal_lot_sizing, usual_room
from restock.environments.lot_sizing import PERIODS, PUBLISHED, LotSizing, find_instance
from restock.errors import UsageError
from restock.policies.rules import MinMax

solve = cache(optimal_lot_sizing)

NORMAL = [instance for instance in PUBLISHED if instance.law == "normal"]
POISSON = [instance for instance in PUBLISHED if instance.law == "poisson"]


def simulated(instance: LotSizing, policy: Exact, paths: int) -> tuple[float, float]:
    """Cost of an episode and its standard error, by plain loops."""
    demand = instance.draw(np.random.default_rng(8), paths, PERIODS)
    on_hand, coming, cost = np.full(paths, float(instance.start)), np.zeros(paths), np.zeros(paths)
    for period in range(PERIODS):
        order = policy(period, on_hand, coming)
        left, lost = np.maximum(on_hand - demand[:, period], 0), np.maximum(demand[:, period] - on_hand, 0)
        cost += instance.holding * left + instance.shortage * lost + instance.order_cost * (order > 0)
        on_hand, coming = left + coming, order
    return float(cost.mean()), float(cost.std(ddof=1) / paths**0.5)


# The figures are those of another program that solves the same recursion, printed to one decimal.
@pytest.mark.parametrize("instance", [*POISSON, NORMAL[0]], ids=lambda instance: instance.name)
def test_the_optimum_is_the_known_one(instance):
    assert solve(instance).cost == pytest.approx(PUBLISHED[instance].optimum, abs=0.051)


@pytest.mark.parametrize("instance", [POISSON[0], POISSON[3], NORMAL[0]], ids=lambda instance: instance.name)
def test_the_optimum_with_the_end_in_sight_is_the_known_one(instance):
    exact = solve(instance, knows_end=True)
    assert exact.cost == pytest.approx(PUBLISHED[instance].optimum_with_end, abs=0.051)


@pytest.mark.slow
@pytest.mark.parametrize("instance", NORMAL[1:], ids=lambda instance: instance.name)
def test_the_optimum_in_half_units_is_the_known_one(instance):
    published = PUBLISHED[instance]
    assert solve(instance).cost == pytest.approx(published.optimum, abs=0.051)
    assert solve(instance, knows_end=True).cost == pytest.approx(published.optimum_with_end, abs=0.051)


@pytest.mark.parametrize("instance", PUBLISHED, ids=lambda instance: instance.name)
def test_no_published_policy_does_better(instance):
    published = PUBLISHED[instance]
    others = (published.simple_min_max, published.rolling, published.learned)
    assert all(cost > published.optimum > published.optimum_with_end for cost in others if cost is not None)


def test_where_an_order_costs_more_than_all_customers_nothing_is_ordered():
    # and from an empty shop each unit asked for is lost
    instance = LotSizing("constant-5", "poisson", order_cost=1e4, start=0)
    exact = solve(instance, room=Room(6, 6))
    assert (exact.orders == 0).all()
    assert exact.cost == pytest.approx(5 * 5 * PERIODS, rel=1e-9)


def test_wider_limits_do_not_change_the_optimum():
    instance = LotSizing("constant-5", "poisson")
    shelf, order = usual_room(instance)
    wider = solve(instance, room=Room(shelf + 6, order + 5))
    assert wider.cost == pytest.approx(solve(instance).cost, abs=1e-4)


def test_a_finer_step_never_costs_more():
    instance = LotSizing("constant-5", "normal")
    whole, half = (solve(instance, step=step).cost for step in (1.0, 0.5))
    assert 0.001 < whole / half - 1 < 0.005  # 0.1 to 0.3 % as found elsewhere


def test_the_policy_costs_what_it_should_when_simulated():
    instance = find_instance("constant-5-poisson")
    exact = solve(instance)
    cost, stderr = simulated(instance, exact, 4000)
    assert abs(cost - exact.cost) < 3 * stderr
    assert stderr < 0.002 * exact.cost


def test_the_policy_in_half_units_serves_any_stock():
    instance = find_instance("constant-5-normal")
    exact = solve(instance)
    cost, stderr = simulated(instance, exact, 4000)
    assert abs(cost - exact.cost) < 3 * stderr + 0.01 * exact.cost  # demand is not rounded here


def test_the_simulator_agrees_with_what_was_simulated_elsewhere():
    # constant-10, (s, S) = (28, 42), order at s or less, Poisson: 1714.7 +- 0.5 by another simulator
    paths, instance = 1000, find_instance("constant-10-poisson")
    rule = MinMax(jnp.asarray(28.0), jnp.asarray(14.0), jnp.asarray(1.0))
    totals = costs(rule, stretch_of(instance.setting(), paths, PERIODS)).sum(axis=1)
    stderr = totals.std(ddof=1) / paths**0.5
    assert abs(totals.mean() - 1714.7) < 3 * np.hypot(stderr, 0.5)
    assert stderr < 0.005 * totals.mean()
    assert totals.mean() > solve(instance).cost


@pytest.mark.parametrize(
    "wrong", [{"instance": LotSizing("growth", "normal", lead_time=1)}, {"step": 0.5}, {"step": 0.3}]
)
def test_what_is_not_laid_out_is_refused(wrong):
    with pytest.raises(UsageError, match="cannot be computed"):
        solve(**{"instance": LotSizing("growth", "poisson"), **wrong})


def test_more_stock_at_the_start_is_worth_at_most_what_losing_it_costs():
    instance = LotSizing("constant-5", "poisson")
    less, more = (solve(replace(instance, start=units)).cost for units in (0, 10))
    assert 0 < less - more < 5 * 10
