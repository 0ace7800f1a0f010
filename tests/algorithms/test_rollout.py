"""Look-ahead against plain loops and known answers; a learned policy against the exact price of the rule before it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop
from pydantic import ValidationError

from restock.algorithms.look_ahead import (
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
from restock.errors import UsageError
from restock.policies.actors import Choices, Chooser, Perceptron, observed
from restock.policies.rules import BaseStock, MinMax
from restock.simulator.types import Stock, View

HOLDING, SHORTAGE, ORDER_COST, MOST_DEMAND, LARGEST = 1.0, 9.0, 12.0, 4, 9
ONE = jnp.array(1.0)
RULE = MinMax(jnp.array(3.0), jnp.array(4.0), ONE)  # at 3 or less up to 7: sensible, but orders too often
CHOICES = Choices("quantities", LARGEST + 1, jnp.array(0.5))
SMALL = RolloutConfig(
    generations=2, states=2048, paths=32, horizon=16, choices=LARGEST + 1, step=0.5, hidden=16, updates=800, batch=128
)  # fmt: skip


def problem_of(lead: int = 1, demand=None, rows: int = 512, periods: int = 60) -> Problem:
    """Lost sales with a fixed order cost; demand is 0 to 4, evenly, a scale of 2."""
    costs = {"unit_cost": 0.0, "holding": HOLDING, "shortage": SHORTAGE, "order_cost": ORDER_COST}
    known = made_up_known(scale=2.0, lead_demand=2.0 * (lead + 1), lead_spread=(2.0 * (lead + 1)) ** 0.5, price=[0.0])
    shop, known = jax.tree.map(
        lambda x: jnp.broadcast_to(x, (rows, *x.shape)), (made_up_shop(lead, **costs), known)
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


def test_looking_ahead_is_a_plain_loop_along_the_demand_of_the_slots_row():
    world, horizon, begin = one_item(problem_of()), 7, 2
    shelves, orders, rows = [0, 3, 8], np.array([[0, 5], [1, 2], [9, 0]]), np.array([[4, 4], [5, 6], [7, 8]])
    slots = Slots(jnp.asarray(orders, jnp.float32), jnp.asarray(rows))
    found = look_ahead(RULE, world, standing(shelves, jnp.zeros((3, 1, 1)), begin), slots, horizon)
    for (state, slot), row in np.ndenumerate(rows):
        shelf, coming, cost = shelves[state], 0, 0.0
        for ahead in range(horizon):
            shelf += coming
            order = orders[state, slot] if ahead == 0 else 7 - shelf if shelf <= 3 else 0
            demand = float(world.demand[row, begin + ahead, 0])
            cost += ORDER_COST * (order > 0) + SHORTAGE * max(demand - shelf, 0) + HOLDING * max(shelf - demand, 0)
            shelf, coming = max(shelf - demand, 0), order
        assert float(found[state, slot]) == pytest.approx(-cost, rel=1e-5)


def test_the_same_order_offered_many_times_has_no_regret_since_all_meet_the_same_demand():
    world, offered = one_item(problem_of()), jnp.full((2, 10), 3.0)
    now = standing([1, 4], jnp.zeros((2, 1, 1)))
    np.testing.assert_allclose(contest(RULE, world, now, offered, plan_of(), jax.random.key(0)), 0.0, atol=1e-4)


@pytest.mark.parametrize("alive", [halved(10), (10, 10, 10)])
def test_where_demand_is_certain_regrets_are_exact_and_the_best_order_wins(alive):
    # no lead time, demand 3, nothing on hand, one period: order 3, more is held, less is lost
    world, offered = one_item(problem_of(0, demand=3)), jnp.arange(10.0)[None]
    now = standing([0], jnp.zeros((1, 1, 0)))
    regret = contest(RULE, world, now, offered, plan_of(alive=alive, horizon=1), jax.random.key(1))[0]
    cost = [ORDER_COST * (z > 0) + HOLDING * max(z - 3, 0) + SHORTAGE * max(3 - z, 0) for z in range(10)]
    np.testing.assert_allclose(regret, np.array(cost) - min(cost), atol=1e-4)


def test_halving_finds_the_newsvendors_order_more_often_than_even_shares_of_as_many_paths():
    # no lead time: among 0 to 8 units in demand of 0 to 20, 20 being the best, differences are small beside the noise
    demand = np.random.default_rng(0).integers(0, 5, (4096, 8)) * 5
    world, offered = one_item(problem_of(0, demand, 4096, 8)), jnp.broadcast_to(jnp.arange(6.0, 22.0), (256, 16))
    now = standing(np.zeros(256), jnp.zeros((256, 1, 0)))

    def mean_regret(alive):
        regret = contest(RULE, world, now, offered, plan_of(paths=16, alive=alive, horizon=1), jax.random.key(2))
        units = 6 + np.asarray(regret).argmin(axis=1)
        levels = 5.0 * np.arange(5)
        cost = [np.mean(np.maximum(z - levels, 0) + SHORTAGE * np.maximum(levels - z, 0)) for z in range(22)]
        return np.mean(np.array(cost)[units] - min(cost))

    assert mean_regret(halved(16)) < 0.8 * mean_regret((16, 16, 16, 16))


def test_rounds_halve_down_to_two():
    assert halved(15) == (15, 8, 4, 2)
    assert halved(16) == (16, 8, 4, 2)
    assert halved(2) == (2,)


def test_states_are_taken_where_the_horizon_still_fits():
    world, plan = one_item(problem_of()), plan_of(horizon=40)
    look = eqx.filter_jit(lambda key: visit(RULE, world, CHOICES, plan, key))
    visited = [look(key) for key in jax.random.split(jax.random.key(0), 40)]
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


def test_the_softmax_loss_is_smallest_where_scores_are_minus_the_regret_whatever_the_temperature():
    regret = jnp.array([0.0, 0.3, 2.0])
    for temperature in (0.05, 1.0):
        gradient = jax.grad(LOSSES["regret"])(5.0 - regret, regret, jnp.array(temperature))
        np.testing.assert_allclose(gradient, 0.0, atol=1e-4)
    assert LOSSES["regret"](jnp.zeros(3), regret, ONE) > LOSSES["regret"](-regret, regret, ONE)
    assert float(LOSSES["label"](jnp.zeros(3), regret, ONE)) == pytest.approx(np.log(3))


def test_the_swift_twin_orders_what_the_chooser_orders():
    choices = Choices("levels", 9, jnp.array(0.5))
    chooser = Chooser(Perceptron((observed(0, 3), 8, 9), jax.random.key(0), 1.0), choices, 3)
    known = made_up_known(scale=2.0, lead_demand=8.0, lead_spread=3.0)
    for units in np.random.default_rng(0).integers(0, 9, (20, 4)).astype(np.float32):
        view = View(made_up_shop(3), Stock(jnp.array([[units[0]]]), jnp.asarray(units[None, 1:]), jnp.zeros(1)), known)
        assert float(Swift(chooser)(view).order[0]) == pytest.approx(float(chooser(view).order[0]))


def exact_cost(orders: np.ndarray) -> float:
    """Average cost per period of orders by what is on hand, with a lead time of 1."""
    states = len(orders)
    chain, cost = np.zeros((states, states)), ORDER_COST * (orders > 0)
    for shelf, demand in np.ndindex(states, MOST_DEMAND + 1):
        left = max(shelf - demand, 0)
        chain[shelf, min(left + orders[shelf], states - 1)] += 1 / (MOST_DEMAND + 1)
        cost[shelf] += (HOLDING * left + SHORTAGE * max(demand - shelf, 0)) / (MOST_DEMAND + 1)
    system = np.vstack([chain.T - np.eye(states), np.ones(states)])
    return float(np.linalg.lstsq(system, np.eye(states + 1)[-1], rcond=None)[0] @ cost)


def orders_of(policy) -> np.ndarray:
    world = one_item(problem_of(rows=2))

    def order(shelf):
        return policy(View(world.shop, Stock(shelf.reshape(1, 1), jnp.zeros((1, 1)), jnp.zeros(1)), world.known)).order

    return np.asarray(jax.vmap(order)(jnp.arange(30.0)))[:, 0].round().astype(int)


def optimum() -> float:
    """By value iteration."""
    values = np.zeros(30)
    for _ in range(400):
        before, values = values, np.zeros(30)
        for shelf in range(30):
            lefts = np.maximum(shelf - np.arange(MOST_DEMAND + 1), 0)
            lost = np.maximum(np.arange(MOST_DEMAND + 1) - shelf, 0)
            z = np.arange(LARGEST + 1)
            after = before[np.minimum(lefts[:, None] + z, 29)].mean(axis=0) + ORDER_COST * (z > 0)
            values[shelf] = np.mean(HOLDING * lefts + SHORTAGE * lost) + after.min()
    return float((values - before)[0])


@pytest.fixture(scope="module")
def trained():
    return train(SMALL, problem_of(), RULE, jax.random.key(0))


def test_two_generations_beat_the_rule_and_come_close_to_the_optimum(trained):
    chooser, history = trained
    rule, learned, best = exact_cost(orders_of(RULE)), exact_cost(orders_of(chooser)), optimum()
    assert rule > 1.05 * best
    assert best - 1e-6 <= learned < 1.01 * best
    assert len(history) == SMALL.generations
    assert -max(generation.profit for generation in history) == pytest.approx(learned, rel=0.03)


def test_the_same_key_learns_the_same_policy(trained):
    again, history = train(SMALL, problem_of(), RULE, jax.random.key(0))
    for a, b in zip(jax.tree.leaves(trained[0]), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [g.profit for g in history] == [g.profit for g in trained[1]]


def test_a_setting_that_cannot_be_stops_before_the_start():
    with pytest.raises(ValidationError):
        RolloutConfig(generations=0)
    with pytest.raises(ValidationError, match="3 paths are too few to try 10 choices"):
        RolloutConfig(choices=10, paths=3)
    with pytest.raises(ValidationError):
        RolloutConfig(typo=1)  # pyright: ignore
