"""Laws of many periods: no unit and no money is made or lost, whatever is decided and whatever comes."""

from collections import Counter

import equinox as eqx
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from made_up_shop import Script, made_up_known, made_up_shop, made_up_stock, rows_of, scripted

from restock.policies.rules import BaseStock
from restock.simulator.demand import lead_time_arrivals
from restock.simulator.rollout import fixed_lead_time, profits, rollout, run
from restock.simulator.types import Chance

LEAD, PERIODS, LANES, CHANNELS = 3, 10, 2, 2
roll = eqx.filter_jit(rollout)
WAITING = st.sampled_from([(0.0, 0.0), (1.0, 1.0), (0.5, 0.25), (0.0, 1.0)])
SEEDS = st.integers(0, 2**32 - 1)


def random_case(seed, waiting):
    """A shop with two lanes whose orders may cross and two channels, with scripted orders and liquidation."""
    draw = np.random.default_rng(seed)
    chances = draw.dirichlet(np.ones(LEAD + 1), LANES).astype(np.float32)
    shop = made_up_shop(
        lead_chance=chances, lanes=LANES, channels=CHANNELS, unit_cost=[draw.uniform(1, 9)] * 2,
        order_cost=draw.uniform(0, 9, LANES), transport=draw.uniform(0, 1, LANES), holding=draw.uniform(0, 1),
        salvage=draw.uniform(0, 1), shortage=draw.uniform(0, 3, CHANNELS), waiting=waiting,
        backlog_cost=draw.uniform(0, 2, CHANNELS),
    )  # fmt: skip
    arrives = np.moveaxis(lead_time_arrivals(draw, chances, PERIODS), 0, 1)
    to_come = [  # an order that came before the first period is not under way
        [any(arrives[m, lane, age + m] for m in range(LEAD + 1 - age)) for age in range(1, LEAD + 1)]
        for lane in range(LANES)
    ]
    stock = made_up_stock(
        draw.integers(0, 15),
        draw.integers(0, 6, (LANES, LEAD)) * to_come,
        draw.integers(0, 5, CHANNELS) * np.array(waiting),
    )
    orders = np.concatenate(
        [
            draw.integers(0, 9, (PERIODS, LANES)),
            draw.integers(0, 6, (PERIODS, 1)) * draw.integers(0, 2, (PERIODS, 1)),
        ],
        axis=1,
    )
    known = made_up_known(price=draw.uniform(5, 15, CHANNELS), may_order=np.ones(LANES))
    demand = jnp.asarray(draw.poisson(6.0, (PERIODS, CHANNELS)), jnp.float32)
    return shop, stock, scripted(known, orders), Chance(demand, jnp.asarray(arrives))


def position(stock):
    return float(stock.on_hand.sum() + stock.on_order.sum() - stock.backlog.sum())


@given(seed=SEEDS, waiting=WAITING)
@settings(max_examples=40, deadline=None)
def test_no_unit_is_made_or_lost(seed, waiting):
    shop, stock, known, chance = random_case(seed, waiting)
    after, period = roll(Script(), shop, stock, known, chance)
    np.testing.assert_allclose(period.sold + period.waited + period.lost, chance.demand, atol=1e-4)
    came, went = period.ordered.sum(), period.sold.sum() + period.waited.sum() + period.liquidated.sum()
    assert position(after) == pytest.approx(position(stock) + float(came - went), abs=1e-3)
    # every unit that was bought has arrived or is under way, none twice
    under_way = stock.on_order.sum() + came - period.arrived.sum()
    assert float(after.on_order.sum()) == pytest.approx(float(under_way), abs=1e-3)
    for units in (period.sold, period.waited, period.lost, period.on_hand, after.backlog, after.on_order):
        assert float(units.min()) >= -1e-4


@given(seed=SEEDS, waiting=WAITING)
@settings(max_examples=20, deadline=None)
def test_profit_is_the_sum_of_its_terms_and_profit_at_cost_adds_the_change_of_stock(seed, waiting):
    shop, stock, known, chance = random_case(seed, waiting)
    after, period = roll(Script(), shop, stock, known, chance)
    money, price = period.money, known.price
    sold, order = period.sold + period.waited, period.ordered
    np.testing.assert_allclose(money.sales, (price * sold).sum(-1), rtol=1e-4)
    np.testing.assert_allclose(money.purchase + money.transport, order @ (shop.unit_cost + shop.transport), rtol=1e-4)
    np.testing.assert_allclose(money.order_cost, (np.asarray(order) > 0) @ np.asarray(shop.order_cost), rtol=1e-4)
    np.testing.assert_allclose(money.liquidation, period.liquidated[:, 0] * shop.salvage, rtol=1e-4)
    np.testing.assert_allclose(money.holding, period.on_hand[:, 0] * shop.holding, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(money.shortage, period.lost @ shop.shortage, rtol=1e-4, atol=1e-3)
    terms = money.sales + money.liquidation - money.purchase - money.order_cost - money.transport
    np.testing.assert_allclose(money.profit, terms - money.holding - money.shortage - money.backlog, atol=1e-2)
    batch = jax.tree.map(lambda x: x[None], (shop, period))
    change = float(shop.unit_cost[0]) * (position(after) - position(stock))
    assert float(profits(*batch).sum()) == pytest.approx(float(money.profit.sum()) + change, abs=0.05)


@given(seed=SEEDS, waiting=WAITING)
@settings(max_examples=20, deadline=None)
def test_a_rollout_equals_a_loop_that_follows_every_order_to_its_arrival(seed, waiting):
    shop, stock, known, chance = random_case(seed, waiting)
    _, period = roll(Script(), shop, stock, known, chance)
    arrives, script = np.asarray(chance.arrives), np.asarray(known.features)
    orders = [(lane, -age, float(stock.on_order[lane, age - 1])) for lane in range(LANES) for age in range(1, LEAD + 1)]
    shelf, backlog = float(stock.on_hand[0, 0]), [float(x) for x in stock.backlog]
    for t in range(PERIODS):
        orders += [(lane, t, float(script[t, lane])) for lane in range(LANES)]
        due = Counter()
        for order in [*orders]:
            lane, left, units = order
            if t - left <= LEAD and arrives[t, lane, t - left]:
                due[lane] += units
                orders.remove(order)
        shelf += due.total()
        assert [float(x) for x in period.arrived[t]] == pytest.approx([due[lane] for lane in range(LANES)])
        shelf -= (sold_off := min(float(script[t, LANES]), shelf))
        assert float(period.liquidated[t, 0]) == pytest.approx(sold_off, abs=1e-3)
        for c in range(CHANNELS):
            old = min(backlog[c], shelf)
            new = min(float(chance.demand[t, c]), shelf - old)
            shelf -= old + new
            stays = waiting[c] * (float(chance.demand[t, c]) - new)
            backlog[c] += stays - old
            assert float(period.sold[t, c]) == pytest.approx(new, abs=1e-3)
            assert float(period.waited[t, c]) == pytest.approx(stays, abs=1e-3)
        assert float(period.on_hand[t, 0]) == pytest.approx(shelf, abs=1e-3)


@given(seed=SEEDS, more=st.integers(1, 20))
@settings(max_examples=20, deadline=None)
def test_more_starting_stock_never_sells_less_when_nothing_is_ordered(seed, more):
    shop, stock, known, chance = random_case(seed, (0.0, 0.5))
    known = eqx.tree_at(lambda k: k.features, known, jnp.zeros_like(known.features))
    richer = eqx.tree_at(lambda s: s.on_hand, stock, stock.on_hand + more)
    sold = [roll(Script(), shop, start, known, chance)[1].sold.sum() for start in (stock, richer)]
    assert float(sold[1]) >= float(sold[0]) - 1e-3


def test_the_same_path_replayed_gives_the_same_numbers_and_a_batch_of_one_equals_none():
    case = random_case(7, (0.5, 0.25))
    first, second = roll(Script(), *case), roll(Script(), *case)
    batched = eqx.filter_jit(eqx.filter_vmap(lambda *c: rollout(Script(), *c)))(*jax.tree.map(lambda x: x[None], case))
    for a, b, c in zip(*map(jax.tree.leaves, (first, second, batched)), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(a, c[0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("lead", [0, 1, 3])
def test_what_is_ordered_in_a_period_can_be_sold_lead_time_periods_later(lead):
    shop = made_up_shop(lead)
    stock = made_up_stock(0.0, np.zeros(lead))
    orders = np.zeros(6)
    orders[1] = 5.0
    chance = Chance(jnp.ones((6, 1)), shop.lead_chance)
    _, period = roll(Script(), shop, stock, scripted(made_up_known(), orders), chance)
    expected = [1.0 if 1 + lead <= t else 0.0 for t in range(6)]
    np.testing.assert_array_equal(period.sold[:, 0], expected)
    np.testing.assert_array_equal(period.arrived[:, 0], [5.0 if t == 1 + lead else 0.0 for t in range(6)])


def test_orders_leave_on_review_days_only():
    shop = made_up_shop(1, review=3.0)
    known = scripted(made_up_known(), np.full(7, 4.0), may_order=[[float(t % 3 == 1)] for t in range(7)])
    _, period = roll(Script(), shop, made_up_stock(), known, Chance(jnp.ones((7, 1)), shop.lead_chance))
    np.testing.assert_array_equal(period.ordered[:, 0], [0, 4, 0, 0, 4, 0, 0])


def test_arrivals_and_knowledge_that_never_change_need_no_period_axis():
    shop, known = made_up_shop(2), made_up_known(scale=4.0)
    demand = jnp.asarray(np.random.default_rng(0).poisson(4.0, (8, 1)), jnp.float32)
    policy, stock = BaseStock(jnp.array(3.0), jnp.array(4.0)), made_up_stock(5.0, [4.0, 4.0])
    still = roll(policy, shop, stock, known, Chance(demand, shop.lead_chance))
    every = jax.tree.map(lambda x: jnp.broadcast_to(x, (8, *x.shape)), known)
    moving = roll(policy, shop, stock, every, Chance(demand, jnp.broadcast_to(shop.lead_chance, (8, 1, 3))))
    for a, b in zip(jax.tree.leaves(still), jax.tree.leaves(moving), strict=True):
        np.testing.assert_array_equal(a, b)


@jax.jit
@jax.value_and_grad
def profit_of_level(level, waiting, demand):
    shop = made_up_shop(2, pack=0.0, shortage=3.0, waiting=waiting, backlog_cost=1.0)
    stock = made_up_stock(7.0, [5.0, 5.0])
    stretch = rows_of(shop, stock, made_up_known(), demand)
    _, period = run(BaseStock(level, jnp.array(1.0)), stretch)
    return profits(stretch.shop, period).sum()


@pytest.mark.parametrize("waiting", [0.0, 1.0, 0.5])
def test_the_gradient_of_profit_in_a_base_stock_level_is_that_of_finite_differences(waiting):
    demand = np.random.default_rng(1).gamma(4.0, 1.5, (16, 12)).astype(np.float32)
    for level in (14.3, 19.7, 26.1):
        slope = float(profit_of_level(jnp.array(level), waiting, demand)[1])
        around = [float(profit_of_level(jnp.array(level + d), waiting, demand)[0]) for d in (0.01, -0.01)]
        assert slope == pytest.approx((around[0] - around[1]) / 0.02, rel=0.1, abs=6.0)
        assert abs(slope) > 6.0 or level == 19.7


def test_a_rollout_is_compiled_once_for_the_same_shapes():
    traced = []

    class Counting(Script):
        def __call__(self, view, key=None):
            traced.append(1)
            return super().__call__(view, key)

    again = eqx.filter_jit(rollout)
    case = random_case(1, (0.0, 0.0))
    again(Counting(), *case)
    first = len(traced)
    for seed in (2, 3, 4):
        again(Counting(), *random_case(seed, (1.0, 0.5)))
    assert first >= 1
    assert len(traced) == first


def test_the_chances_of_a_fixed_lead_time_are_one_at_that_lead_time():
    np.testing.assert_array_equal(fixed_lead_time(2), [[0.0, 0.0, 1.0]])
    np.testing.assert_array_equal(fixed_lead_time(0), [[1.0]])
