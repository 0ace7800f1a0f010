"""Look-ahead against plain loops and known answers; a learned policy against the exact price of the rule before it."""

from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop
from pydantic import ValidationError

from restock.algorithms.look_ahead import (
    NODES,
    Found,
    Plan,
    Slots,
    Visited,
    contest,
    halved,
    look_ahead,
    measure,
    one_item,
    visit,
)
from restock.algorithms.problem import Problem
from restock.algorithms.rollout import LOSSES, RolloutConfig, Swift, train
from restock.errors import TrainingError, UsageError
from restock.policies.actors import Choices, Chooser, Perceptron, observed
from restock.policies.rules import BaseStock, MinMax
from restock.simulator.dynamics import allowed
from restock.simulator.types import Stock, View

HOLDING, SHORTAGE, ORDER_COST, MOST_DEMAND, LARGEST = 1.0, 9.0, 12.0, 4, 9
ONE = jnp.array(1.0)
RULE = MinMax(jnp.array(3.0), jnp.array(4.0), ONE)  # at 3 or less up to 7: sensible, but orders too often
CHOICES = Choices("quantities", LARGEST + 1, jnp.array(0.5))
look, compare, live_and_look = (eqx.filter_jit(f) for f in (look_ahead, contest, visit))
SMALL = RolloutConfig(
    generations=2, states=2048, paths=32, horizon=16, choices=LARGEST + 1, step=0.5, hidden=16, updates=800, batch=128
)  # fmt: skip


def problem_of(lead: int = 1, demand=None, rows: int = 512, periods: int = 60, **terms: float) -> Problem:
    """Lost sales with a fixed order cost; demand is 0 to 4, evenly, a scale of 2."""
    usual = {"unit_cost": 0.0, "holding": HOLDING, "shortage": SHORTAGE, "order_cost": ORDER_COST}
    known = made_up_known(scale=2.0, lead_demand=2.0 * (lead + 1), lead_spread=(2.0 * (lead + 1)) ** 0.5, price=[0.0])
    shop, known = jax.tree.map(
        lambda x: jnp.broadcast_to(x, (rows, *x.shape)), (made_up_shop(lead, **{**usual, **terms}), known)
    )  # fmt: skip
    if demand is None:
        demand = np.random.default_rng(3).integers(0, MOST_DEMAND + 1, (rows, periods))
    demand = jnp.broadcast_to(jnp.asarray(demand, jnp.float32), (rows, periods))
    ones = jnp.ones((rows, periods))
    return Problem(shop, known, demand[:, :, None], shop.lead_chance, ones, ones[:, 0], 0, periods)


def plan_of(**changes) -> Plan:
    usual = {"states": 16, "paths": 64, "horizon": 6, "alive": halved(10), "warm_up": 4, "exploration": 0.2}
    return Plan(**{**usual, **changes})


def standing(on_hand, on_order, period: int = 2) -> Visited:
    """States with a lead time of 1: on hand, and nothing that could still come."""
    on_hand = jnp.asarray(on_hand, jnp.float32)
    return Visited(Stock(on_hand[:, None, None], on_order, jnp.zeros((len(on_hand), 1))), jnp.asarray(period))


def test_a_periods_demand_in_few_numbers_has_its_mean_and_nearly_its_expected_cost():
    world = one_item(problem_of(demand=np.random.default_rng(1).poisson(5.0, (2000, 3)), rows=2000, periods=3))
    assert world.typical.shape == (3, NODES, 1)
    assert float(world.share.sum()) == pytest.approx(1.0)
    for period in range(3):
        drawn, few = np.asarray(world.demand[:, period, 0]), np.asarray(world.typical[period, :, 0])
        assert world.share @ few == pytest.approx(drawn.mean(), rel=1e-5)
        for shelf in range(0, 14, 2):
            lost = np.maximum(drawn - shelf, 0).mean()
            assert float(world.share @ np.maximum(few - shelf, 0)) == pytest.approx(lost, abs=0.01)


def test_looking_ahead_is_a_plain_loop_along_the_demand_of_the_slots_row():
    world, horizon, begin = one_item(problem_of()), 7, 2
    shelves, orders, rows = [0, 3, 8], np.array([[0, 5], [1, 2], [9, 0]]), np.array([[4, 4], [5, 6], [7, 8]])
    slots = Slots(jnp.asarray(orders, jnp.float32), jnp.asarray(rows))
    found = look(RULE, world, standing(shelves, jnp.zeros((3, 1, 1)), begin), slots, horizon)
    share, few = np.asarray(world.share), np.asarray(world.typical)[:, :, 0]
    for (state, slot), row in np.ndenumerate(rows):
        shelf, coming, cost = shelves[state], 0, 0.0
        for ahead in range(horizon):
            shelf += coming
            order = orders[state, slot] if ahead == 0 else 7 - shelf if shelf <= 3 else 0
            short, left = (np.maximum(x, 0) for x in (few[begin + ahead] - shelf, shelf - few[begin + ahead]))
            cost += ORDER_COST * (order > 0) + share @ (SHORTAGE * short + HOLDING * left)
            shelf, coming = max(shelf - float(world.demand[row, begin + ahead, 0]), 0), order
        assert float(found[state, slot]) == pytest.approx(-cost, rel=1e-5)


def test_the_same_order_offered_many_times_brings_the_same_since_all_meet_the_same_demand():
    world, offered = one_item(problem_of()), jnp.full((2, 10), 3.0)
    found = compare(RULE, world, standing([1, 4], jnp.zeros((2, 1, 1))), offered, plan_of(), jax.random.key(0))
    profit = np.where(found.tried, found.profit, np.nan)
    assert np.all(np.nanmax(profit, axis=2) - np.nanmin(profit, axis=2) < 1e-4)
    assert np.ptp(profit[:, :, 0]) > 0  # other rounds, other demand


@pytest.mark.parametrize("alive", [halved(10), (10, 10, 10)])
def test_where_demand_is_certain_profits_are_exact_and_the_best_order_wins(alive):
    # no lead time, demand 3, nothing on hand, one period: order 3, more is held, less is lost
    world, offered = one_item(problem_of(0, demand=3)), jnp.arange(10.0)[None]
    plan = plan_of(alive=alive, horizon=1)
    found = compare(RULE, world, standing([0], jnp.zeros((1, 1, 0))), offered, plan, jax.random.key(1))
    cost = np.array([ORDER_COST * (z > 0) + HOLDING * max(z - 3, 0) + SHORTAGE * max(3 - z, 0) for z in range(10)])
    assert int(found.best[0]) == cost.argmin() == 3
    for profit, tried, orders in zip(found.profit[0], found.tried[0], alive, strict=True):
        cheapest = np.sort(np.argsort(cost, kind="stable")[:orders])
        np.testing.assert_array_equal(np.flatnonzero(tried), cheapest)
        np.testing.assert_allclose(profit, np.where(tried, -cost, 0.0), atol=1e-4)


def test_halving_finds_the_best_order_more_often_than_even_shares_of_as_many_paths():
    # Lead time 1: an order meets whatever the first period leaves. Demand is 0, 5, ..., 20.
    demand = np.random.default_rng(0).integers(0, 5, (4096, 8)) * 5
    world, offered = one_item(problem_of(1, demand, 4096, 8)), jnp.broadcast_to(jnp.arange(6.0, 22.0), (256, 16))
    now = standing(np.full(256, 10), jnp.zeros((256, 1, 1)))
    left, levels = np.maximum(10 - 5.0 * np.arange(5), 0), 5.0 * np.arange(5)
    shelf = left[:, None, None] + np.arange(6.0, 22.0)  # [left, demand, order]
    short = np.maximum(levels[:, None] - shelf, 0)
    cost = (np.maximum(shelf - levels[:, None], 0) + SHORTAGE * short).mean(axis=(0, 1))

    def mean_regret(alive):
        plan = plan_of(states=256, paths=64, alive=alive, horizon=2)
        best = np.asarray(compare(RULE, world, now, offered, plan, jax.random.key(2)).best)
        return np.mean(cost[best] - cost.min())

    assert mean_regret(halved(16)) < 0.8 * mean_regret((16, 16, 16, 16))


def test_rounds_halve_down_to_two():
    assert halved(15) == (15, 8, 4, 2)
    assert halved(16) == (16, 8, 4, 2)
    assert halved(2) == (2,)


def test_states_are_taken_where_the_horizon_still_fits():
    world, plan = one_item(problem_of()), plan_of(horizon=40)
    visited = [live_and_look(RULE, world, CHOICES, plan, key) for key in jax.random.split(jax.random.key(0), 40)]
    periods = [int(v.period) for v in visited]
    assert min(periods) >= 0
    assert max(periods) <= 60 - 40
    assert len(set(periods)) > 10
    assert all(float(v.stock.on_order.sum()) == 0 for v in visited)  # with a lead time of 1 all has arrived
    assert min(float(v.stock.on_hand.min()) for v in visited) >= 0


def test_without_exploration_and_after_long_enough_only_states_of_the_policy_are_left():
    world, plan = one_item(problem_of(demand=2)), plan_of(warm_up=40, exploration=0.0)
    visited = visit(BaseStock(jnp.array(6.0), ONE), world, CHOICES, plan, jax.random.key(1))
    assert float(visited.stock.on_hand.max()) <= 6 or int(visited.period) < 20


def test_the_profit_measured_is_that_of_a_steady_shop():
    # up to 4, lead time 1, demand 2: in each period 2 are ordered, and 2 on hand are sold
    world, plan = one_item(problem_of(demand=2)), plan_of(warm_up=20)
    profit = measure(BaseStock(jnp.array(4.0), ONE), world, plan, 50, jax.random.key(0))
    assert float(profit) == pytest.approx(-ORDER_COST)


def test_rows_must_be_courses_of_one_item():
    problem = problem_of(rows=4)
    other = eqx.tree_at(lambda p: p.shop.holding, problem, problem.shop.holding.at[1].set(2.0))
    with pytest.raises(UsageError, match="different items"):
        one_item(other)
    varying = eqx.tree_at(lambda p: p.arrives, problem, jnp.zeros((4, 60, 1, 2)))
    with pytest.raises(UsageError, match="lead times that vary"):
        one_item(varying)


def test_the_loss_is_smallest_where_scores_are_profits_whatever_the_temperature():
    profit, tried = (
        jnp.array([[0.0, -0.3, -2.0], [4.0, 3.7, 0.0]]),
        jnp.array([[True, True, True], [True, True, False]]),
    )
    found = Found(profit, tried, jnp.array(0))
    regret = jax.jit(LOSSES["profit"])
    for temperature in (0.05, 1.0):
        gradient = jax.grad(regret)(5.0 + profit[0], found, jnp.array(temperature))
        np.testing.assert_allclose(gradient, 0.0, atol=1e-4)
    assert regret(jnp.zeros(3), found, ONE) > regret(profit[0], found, ONE)


def test_the_loss_of_a_cold_choice_is_what_it_brings_less_than_the_best_in_temperatures():
    found = Found(jnp.array([[1.0, 3.0, 2.5]]), jnp.ones((1, 3), bool), jnp.array(1))
    loss = LOSSES["profit"](jnp.array([9.0, 0.0, 0.0]), found, jnp.array(0.1))
    assert float(loss) == pytest.approx((3.0 - 1.0) / 0.1, rel=1e-4)


def test_the_papers_loss_is_the_cross_entropy_of_the_order_that_led():
    found = Found(jnp.zeros((1, 3)), jnp.ones((1, 3), bool), jnp.array(2))
    assert float(LOSSES["label"](jnp.log(jnp.array([1.0, 2.0, 5.0])), found, ONE)) == pytest.approx(np.log(8 / 5))


def test_the_swift_twin_orders_what_the_chooser_orders():
    choices = Choices("levels", 9, jnp.array(0.5))
    chooser = Chooser(Perceptron((observed(2, 3), 8, 9), jax.random.key(0), 1.0), choices, 3)
    known = made_up_known(scale=2.0, lead_demand=8.0, lead_spread=3.0, features=[0.7, -0.4])

    def orders(policy):
        def order(units):
            return policy(View(made_up_shop(3), Stock(units[:1, None], units[None, 1:], jnp.zeros(1)), known)).order[0]

        units = np.random.default_rng(0).integers(0, 9, (200, 4))
        return np.asarray(jax.jit(jax.vmap(order))(jnp.asarray(units, jnp.float32)))

    np.testing.assert_allclose(orders(Swift(chooser)), orders(chooser))
    assert len(np.unique(orders(chooser))) > 2


class Terms(NamedTuple):
    """Why not to order what is missing in each period."""

    order_cost: float
    pack: float
    minimum: float

    def problem(self, rows: int = 512) -> Problem:
        return problem_of(rows=rows, **self._asdict())

    @property
    def orders(self) -> np.ndarray:
        """What may be ordered."""
        return np.unique([0, *(z for z in np.arange(0, LARGEST + 1, self.pack) if z >= self.minimum)]).astype(int)


FIXED_COST, PACKS_AND_MINIMUM = Terms(ORDER_COST, 1.0, 0.0), Terms(0.0, 3.0, 6.0)


def exact_cost(terms: Terms, orders: np.ndarray) -> float:
    """Average cost per period of orders by what is on hand, with a lead time of 1."""
    states = len(orders)
    chain, cost = np.zeros((states, states)), terms.order_cost * (orders > 0)
    for shelf, demand in np.ndindex(states, MOST_DEMAND + 1):
        left = max(shelf - demand, 0)
        chain[shelf, min(left + orders[shelf], states - 1)] += 1 / (MOST_DEMAND + 1)
        cost[shelf] += (HOLDING * left + SHORTAGE * max(demand - shelf, 0)) / (MOST_DEMAND + 1)
    system = np.vstack([chain.T - np.eye(states), np.ones(states)])
    return float(np.linalg.lstsq(system, np.eye(states + 1)[-1], rcond=None)[0] @ cost)


def orders_of(terms: Terms, policy) -> np.ndarray:
    world = one_item(terms.problem(rows=2))

    def order(shelf):
        view = View(world.shop, Stock(shelf.reshape(1, 1), jnp.zeros((1, 1)), jnp.zeros(1)), world.known)
        return allowed(world.shop, world.known.may_order, policy(view, None).order)[0]

    return np.asarray(jax.jit(jax.vmap(order))(jnp.arange(30.0))).round().astype(int)


def optimum(terms: Terms) -> float:
    """By value iteration."""
    values, demand = np.zeros(30), np.arange(MOST_DEMAND + 1)
    for _ in range(400):
        before, values = values, np.zeros(30)
        for shelf in range(30):
            left, lost = np.maximum(shelf - demand, 0), np.maximum(demand - shelf, 0)
            after = before[np.minimum(left[:, None] + terms.orders, 29)].mean(axis=0)
            after = after + terms.order_cost * (terms.orders > 0)
            values[shelf] = np.mean(HOLDING * left + SHORTAGE * lost) + after.min()
    return float((values - before)[0])


@cache
def trained(terms: Terms):
    return train(SMALL, terms.problem(), RULE, jax.random.key(0))


@pytest.mark.parametrize("terms", [FIXED_COST, PACKS_AND_MINIMUM], ids=["order cost", "packs and minimum"])
def test_two_generations_beat_the_rule_and_come_close_to_the_optimum(terms):
    chooser, history = trained(terms)
    rule, learned = (exact_cost(terms, orders_of(terms, policy)) for policy in (RULE, chooser))
    best = optimum(terms)
    assert rule > 1.05 * best
    assert best - 1e-6 <= learned < 1.01 * best
    assert len(history) == SMALL.generations
    assert -max(generation.profit for generation in history) == pytest.approx(learned, rel=0.03)


def test_the_same_key_learns_the_same_policy():
    first, again = trained(FIXED_COST), trained.__wrapped__(FIXED_COST)
    for a, b in zip(jax.tree.leaves(first[0]), jax.tree.leaves(again[0]), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [g.profit for g in first[1]] == [g.profit for g in again[1]]


def test_a_setting_that_cannot_be_stops_before_the_start():
    with pytest.raises(ValidationError):
        RolloutConfig(generations=0)
    with pytest.raises(ValidationError, match="3 paths are too few to try 10 choices"):
        RolloutConfig(choices=10, paths=3)
    with pytest.raises(ValidationError):
        RolloutConfig(typo=1)  # pyright: ignore


def test_fewer_periods_than_a_path_takes_are_refused():
    with pytest.raises(UsageError, match="looks at 28 periods at a time; the problem has 20"):
        train(SMALL, problem_of(rows=2, periods=20), RULE, jax.random.key(0))


def test_numbers_that_are_none_stop_the_training():
    broken = problem_of(demand=float("nan"))
    with pytest.raises(TrainingError, match="generation 1"):
        train(SMALL, broken, RULE, jax.random.key(0))
