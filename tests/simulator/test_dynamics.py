"""One period: the order of events, every money term, and which orders a supplier takes."""

from typing import NamedTuple

import equinox as eqx
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from made_up_shop import Script, made_up_known, made_up_shop, made_up_stock

from restock.simulator.dynamics import allowed, step
from restock.simulator.money import profit_at_cost
from restock.simulator.types import Chance, Decision

LANES, CHANNELS, LEAD = 2, 2, 3
step_now = eqx.filter_jit(lambda shop, stock, known, chance: step(shop, stock, known, Script(), chance))
allowed_now = eqx.filter_jit(allowed)


def decide(order, price=10.0, liquidate=0.0):
    return lambda view: Decision(jnp.atleast_1d(jnp.asarray(order, float)), jnp.array([price]), jnp.array([liquidate]))


def test_a_golden_period_by_hand_with_every_term_of_money():
    shop = made_up_shop(
        2, unit_cost=4.0, order_cost=7.0, transport=0.25, pack=5.0, minimum=10.0, holding=0.5, salvage=1.5,
        shortage=2.0, waiting=0.25, backlog_cost=3.0,
    )  # fmt: skip
    stock = made_up_stock(6.0, [3.0, 8.0], [2.0])  # 8 units, ordered two periods ago, arrive now: 14 on the shelf
    after, period = step(
        shop, stock, made_up_known(), decide(12.0, 10.0, 4.0), Chance(jnp.array([16.0]), shop.lead_chance)
    )
    # 4 liquidated: 10 to sell. The 2 who wait first, then 8 of 16; of the other 8, a quarter waits (2), 6 are lost.
    # 12 units are 2.4 packs: 2 packs of 5 are 10, the minimum.
    expected = {
        "demand": 16, "sold": 8, "waited": 2, "lost": 6, "on_hand": 0, "ordered": 10, "arrived": 8, "liquidated": 4,
    }  # fmt: skip
    for name, value in expected.items():
        np.testing.assert_allclose(getattr(period, name), [value], err_msg=name)
    money = {
        "sales": 10 * (8 + 2), "liquidation": 1.5 * 4, "purchase": 4 * 10, "order_cost": 7, "transport": 0.25 * 10,
        "holding": 0, "shortage": 2 * 6, "backlog": 3 * 2,
    }  # fmt: skip
    for name, value in money.items():
        assert float(getattr(period.money, name)) == value, name
    assert float(period.money.profit) == 100 + 6 - 40 - 7 - 2.5 - 0 - 12 - 6
    np.testing.assert_array_equal(after.on_order, [[10.0, 3.0]])
    np.testing.assert_array_equal(after.backlog, [2.0])
    # the position rose by 10 bought less 8 sold, 2 promised, 4 liquidated
    assert float(profit_at_cost(shop, period)) == 38.5 + 4 * (10 - 8 - 2 - 4)


def test_holding_is_paid_for_what_is_left_at_the_end():
    shop = made_up_shop(1, holding=0.5)
    _, period = step(
        shop, made_up_stock(9.0, [2.0]), made_up_known(), decide(3.0), Chance(jnp.array([4.0]), shop.lead_chance)
    )
    assert float(period.money.holding) == 0.5 * (9 + 2 - 4)  # not for the 3 units that are under way


def test_the_policy_sees_todays_deliveries_but_not_todays_demand():
    shop, seen = made_up_shop(2), []

    def look(view):
        seen.append(view.stock)
        return decide(0.0)(view)

    stock = made_up_stock(1.0, [5.0, 7.0], [3.0])
    step(shop, stock, made_up_known(), look, Chance(jnp.array([100.0]), shop.lead_chance))
    np.testing.assert_array_equal(seen[0].on_hand, [[8.0]])
    np.testing.assert_array_equal(seen[0].on_order, [[5.0, 0.0]])
    np.testing.assert_array_equal(seen[0].backlog, [3.0])


def test_nothing_is_bought_where_the_supplier_takes_no_orders():
    shop = made_up_shop(0, order_cost=9.0)
    known = made_up_known(may_order=[0.0])
    _, period = step(shop, made_up_stock(0.0, []), known, decide(5.0), Chance(jnp.array([4.0]), shop.lead_chance))
    assert float(period.ordered[0]) == float(period.money.order_cost) == float(period.sold[0]) == 0.0


def test_no_more_is_liquidated_than_the_shelf_holds():
    shop = made_up_shop(1, salvage=1.0)
    _, period = step(
        shop,
        made_up_stock(3.0),
        made_up_known(),
        decide(0.0, liquidate=8.0),
        Chance(jnp.array([2.0]), shop.lead_chance),
    )
    assert float(period.liquidated[0]) == float(period.money.liquidation) == 3.0
    assert float(period.lost[0]) == 2.0


def test_channels_are_served_in_order_and_who_waits_before_who_comes():
    shop = made_up_shop(1, channels=2, waiting=[0.0, 1.0])
    known = made_up_known(price=[10.0, 10.0])
    both = lambda view: Decision(jnp.zeros(1), view.known.price, jnp.zeros(1))  # noqa: E731
    after, period = step(
        shop, made_up_stock(9.0, [0.0], [0.0, 3.0]), known, both, Chance(jnp.array([5.0, 4.0]), shop.lead_chance)
    )
    np.testing.assert_array_equal(period.sold, [5.0, 1.0])  # 5 for the first channel, 3 for those who wait, 1 is left
    np.testing.assert_array_equal(after.backlog, [0.0, 3.0])
    np.testing.assert_array_equal(period.lost, [0.0, 0.0])


@pytest.mark.parametrize(
    ("order", "pack", "minimum", "taken"),
    [
        (7.4, 1, 0, 7), (7.6, 1, 0, 8), (7.4, 0, 0, 7.4), (7.4, 5, 0, 5), (2.4, 5, 0, 0), (-3.0, 1, 0, 0),
        (3.0, 1, 8, 0), (4.5, 1, 8, 8), (9.2, 1, 8, 9), (6.5, 4, 10, 12), (5.9, 4, 10, 0), (4.1, 0, 8, 8),
        (5.1, 10, 20, 0), (14.0, 10, 20, 20),
    ],
)  # fmt: skip
def test_an_order_becomes_the_nearest_one_that_the_supplier_takes(order, pack, minimum, taken):
    shop = made_up_shop(1, pack=pack, minimum=minimum)
    assert float(allowed_now(shop, jnp.ones(1), jnp.array([order]))[0]) == pytest.approx(taken)


@given(
    order=st.floats(-20, 200, width=32),
    pack=st.sampled_from([1.0, 3.0, 6.0, 12.0, 0.5]),
    minimum=st.sampled_from([0.0, 1.0, 5.0, 12.0, 20.0]),
)
@settings(max_examples=60, deadline=None)
def test_every_order_is_legal_and_none_is_nearer(order, pack, minimum):
    shop = made_up_shop(1, pack=pack, minimum=minimum)
    taken = float(allowed_now(shop, jnp.ones(1), jnp.array([order], jnp.float32))[0])
    legal = np.array([0.0, *(n * pack for n in range(1, 500) if n * pack >= minimum)])
    assert taken in legal
    assert abs(taken - order) <= np.abs(legal - order).min() + 1e-4
    assert float(allowed_now(shop, jnp.zeros(1), jnp.array([order], jnp.float32))[0]) == 0.0


def test_the_derivative_goes_straight_through_the_rounding():
    shop = made_up_shop(1, pack=5.0, minimum=10.0)
    for order in (0.3, 4.0, 11.0, 13.0):
        assert float(jax.grad(lambda x: allowed(shop, jnp.ones(1), x)[0])(jnp.array([order]))[0]) == 1.0
    assert float(jax.grad(lambda x: allowed(shop, jnp.zeros(1), x)[0])(jnp.array([11.0]))[0]) == 0.0


class Plain(NamedTuple):
    """What a loop over numbers makes of one period; lists by channel or lane."""

    left: float
    backlog: list[float]
    sold: list[float]
    waited: list[float]
    lost: list[float]
    profit: float


def by_plain_loop(shop, stock, order, liquidate, price, chance) -> Plain:
    """The docstring of `step`, word by word, on Python floats; orders are whole packs already."""
    shelf = float(stock.on_hand[0, 0])
    for lane in range(LANES):
        for age in range(1, LEAD + 1):
            shelf += float(stock.on_order[lane, age - 1]) if chance.arrives[lane, age] else 0.0
    for lane in range(LANES):
        shelf += order[lane] if chance.arrives[lane, 0] else 0.0
    profit = -sum(
        order[lane] * float(shop.unit_cost[lane] + shop.transport[lane])
        + (float(shop.order_cost[lane]) if order[lane] > 0 else 0.0)
        for lane in range(LANES)
    )
    shelf -= liquidate
    profit += liquidate * float(shop.salvage[0])
    result = Plain(0.0, [], [], [], [], 0.0)
    for c in range(CHANNELS):
        waiting, demand = float(stock.backlog[c]), float(chance.demand[c])
        old = min(waiting, shelf)
        new = min(demand, shelf - old)
        shelf -= old + new
        stays = float(shop.waiting[c]) * (demand - new)
        profit += price[c] * (new + stays) - float(shop.shortage[c]) * (demand - new - stays)
        profit -= float(shop.backlog_cost[c]) * (waiting - old + stays)
        for values, value in zip(
            (result.backlog, result.sold, result.waited, result.lost),
            (waiting - old + stays, new, stays, demand - new - stays),
            strict=True,
        ):
            values.append(value)
    return result._replace(left=shelf, profit=profit - float(shop.holding[0]) * shelf)


@given(seed=st.integers(0, 2**32 - 1), waiting=st.sampled_from([(0, 0), (1, 1), (0.5, 0.25), (0, 1)]))
@settings(max_examples=40, deadline=None)
def test_a_period_equals_a_plain_loop_on_random_shops(seed, waiting):
    draw = np.random.default_rng(seed)
    shop = made_up_shop(
        LEAD, lanes=LANES, channels=CHANNELS, unit_cost=draw.uniform(1, 9, LANES), order_cost=draw.uniform(0, 9, LANES),
        transport=draw.uniform(0, 1, LANES), holding=draw.uniform(0, 1), salvage=draw.uniform(0, 1),
        shortage=draw.uniform(0, 3, CHANNELS), waiting=waiting, backlog_cost=draw.uniform(0, 2, CHANNELS),
    )  # fmt: skip
    stock = made_up_stock(
        draw.integers(0, 12), draw.integers(0, 6, (LANES, LEAD)), draw.integers(0, 5, CHANNELS) * np.array(waiting)
    )
    arrives = jnp.asarray(draw.integers(0, 2, (LANES, LEAD + 1)), jnp.float32)
    chance = Chance(jnp.asarray(draw.integers(0, 12, CHANNELS), jnp.float32), arrives)
    order, price = draw.integers(0, 9, LANES).astype(float), draw.uniform(5, 15, CHANNELS)
    orders = jnp.asarray([*order, 0.0], jnp.float32)
    known = made_up_known(price=price, may_order=np.ones(LANES), features=orders)
    after, period = step_now(shop, stock, known, chance)
    plain = by_plain_loop(shop, stock, order, 0.0, price, chance)
    assert float(after.on_hand[0, 0]) == pytest.approx(plain.left, abs=1e-4)
    np.testing.assert_allclose(after.backlog, plain.backlog, atol=1e-4)
    for name in ("sold", "waited", "lost"):
        np.testing.assert_allclose(getattr(period, name), getattr(plain, name), atol=1e-4, err_msg=name)
    assert float(period.money.profit) == pytest.approx(plain.profit, rel=1e-4, abs=1e-3)
