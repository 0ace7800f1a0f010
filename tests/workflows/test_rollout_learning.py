"""Pricing of learned orders against other programs; a short training against the exact optimum."""

from functools import cache

import jax.numpy as jnp
import pytest
from simulated_setting import costs, stretch_of

from restock.environments.exact.fixed_cost import MinMax as ExactMinMax
from restock.environments.exact.fixed_cost import optimal_fixed_cost, rule_cost
from restock.environments.exact.lot_sizing import Room, optimal_lot_sizing, orders_cost, usual_room
from restock.environments.exact.simulation import Effort, simulated_cost
from restock.environments.fixed_cost import PUBLISHED, FixedCost
from restock.environments.lost_sales import LostSales
from restock.environments.lot_sizing import PERIODS, LotSizing
from restock.policies.rules import Balance, MinMax
from restock.workflows.benches.lost_sales_learning import orders_of, price_orders
from restock.workflows.benches.rollout_learning import (
    LOT_SIZING,
    learn_fixed_cost,
    learn_lot_sizing,
    lot_sizing_orders,
    price_fixed_cost,
    price_lot_sizing,
)

BIJVANK = next(iter(PUBLISHED))
CONSTANT = LotSizing("constant-5", "poisson")
# Below 3.05 periods of this period's mean demand order up to 4.4: half way between two half units.
LEVEL = Balance(*(jnp.asarray(x) for x in (0.0, 3.05, 1.35)))
solve = cache(optimal_lot_sizing)


def test_a_rule_with_an_order_cost_is_priced_as_on_its_own_grid():
    rule = MinMax(jnp.asarray(17 / 5), jnp.asarray(6 / 5), jnp.asarray(5.0))
    assert price_fixed_cost(BIJVANK, rule).value == pytest.approx(rule_cost(BIJVANK, ExactMinMax(17, 23, 23)), abs=2e-6)


def test_on_reached_states_the_optimal_orders_cost_the_optimum():
    exact = optimal_fixed_cost(BIJVANK)
    assert price_orders(BIJVANK.linear, exact.policy, BIJVANK.order_cost).value == pytest.approx(exact.cost, abs=2e-6)


def test_simulation_charges_orders_too():
    instance = FixedCost(LostSales("poisson", 1, 9), 7)
    orders = orders_of(MinMax(jnp.asarray(1.6), jnp.asarray(2.0), jnp.asarray(5.0)), instance)
    exact = price_orders(instance.linear, orders, instance.order_cost)
    simulated = simulated_cost(instance.linear, orders, Effort(1000, 500), order_cost=instance.order_cost)
    assert exact.stderr == 0
    assert abs(exact.value - simulated.value) < 4 * simulated.stderr


def test_the_optimal_table_costs_the_optimum():
    exact = solve(CONSTANT)
    assert orders_cost(CONSTANT, exact.orders, exact.step) == pytest.approx(exact.cost)


@pytest.mark.parametrize("instance", [CONSTANT, LotSizing("constant-5", "normal")], ids=lambda i: i.name)
def test_the_exact_price_of_a_rule_is_what_the_simulator_finds(instance):
    stretch = stretch_of(instance.setting(), 4000, PERIODS)
    total = costs(LEVEL, stretch).sum(axis=1)
    price = price_lot_sizing(instance, LEVEL).value
    rounding = 0.004 if instance.law == "normal" else 0.0  # demand and orders in half units
    assert abs(total.mean() - price) < 4 * total.std(ddof=1) / len(total) ** 0.5 + rounding * price


def test_more_room_for_stock_does_not_change_the_price():
    usual = price_lot_sizing(CONSTANT, LEVEL).value
    wide = Room(200, usual_room(CONSTANT).order)
    assert orders_cost(CONSTANT, *lot_sizing_orders(LEVEL, CONSTANT, wide)) == pytest.approx(usual, rel=1e-9)


def test_a_policy_orders_in_the_table_what_it_orders_in_its_period():
    instance = LotSizing("seasonal-4", "poisson")
    table, step = lot_sizing_orders(LEVEL, instance)
    assert step == 1.0
    for period, x0, x1 in [(0, 0, 0), (13, 20, 4), (40, 3, 9)]:
        low = 3.05 * instance.means(PERIODS)[period]
        missing = round(4.4 * instance.means(PERIODS)[period] - x0 - x1) if x0 + x1 < low else 0
        assert table[period, x0, x1] == missing
    assert table.shape[0] == PERIODS


def test_a_short_training_on_the_forecast_comes_close_to_the_optimum():
    recipe = LOT_SIZING.model_copy(update={"generations": 2, "states": 1024, "paths": 32, "updates": 800})
    policy = learn_lot_sizing(CONSTANT, 0, recipe)
    best, rule = solve(CONSTANT).cost, price_lot_sizing(CONSTANT, LEVEL).value
    assert rule > 1.04 * best
    assert best < price_lot_sizing(CONSTANT, policy).value < 1.02 * best


@pytest.mark.slow
def test_with_an_order_cost_it_beats_the_best_min_max_and_comes_within_half_a_percent():
    policy = learn_fixed_cost(BIJVANK, 3)
    cost, published = price_fixed_cost(BIJVANK, policy).value, PUBLISHED[BIJVANK]
    assert cost < published.min_max
    assert 0 <= cost / published.optimum - 1 < 0.005
