"""The bound: what a shop would earn that knew everything beforehand."""

import itertools

import equinox as eqx
import hypothesis.strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from made_up_shop import Script, made_up_known, made_up_shop, made_up_stock, rows_of, scripted

from restock.policies.foresight import best_orders, order_that_arrives, with_foresight
from restock.policies.rules import QUANTILES, Past, rule
from restock.simulator.rollout import profits, run

PERIODS, MOST = 4, 6
RIVALS = [rule(name) for name in ("forecast", "balance", "capped_base_stock", "min_max", "constant_order")]


@eqx.filter_jit
def earned(policy, stretch):
    _, period = run(policy, stretch)
    return profits(stretch.shop, period).sum(axis=1)


def bound(stretch):
    return np.asarray(earned(*with_foresight(stretch)))


ALL_ORDERS = np.array(list(itertools.product(range(MOST + 1), repeat=PERIODS)), np.float32)


def best_of_all(shop, stock, demand, may_order):
    """Every sequence of whole orders, each run through the simulator."""
    every = scripted(made_up_known(), np.zeros(PERIODS), may_order)
    count = len(ALL_ORDERS)
    stretch = rows_of(shop, stock, every, np.tile(demand, (count, 1)))
    orders = jnp.asarray(np.pad(ALL_ORDERS[:, :, None], ((0, 0), (0, 0), (0, 1))))
    stretch = eqx.tree_at(lambda s: s.known.features, stretch, orders)
    return float(earned(Script(), stretch).max())


@pytest.mark.parametrize("lead", [0, 1])
@pytest.mark.parametrize("seed", range(8))
def test_no_sequence_of_orders_earns_more_and_one_earns_as_much(lead, seed):
    draw = np.random.default_rng(seed)
    order_cost = [0.0, 3.0, 9.0, 30.0][seed % 4]
    shop = made_up_shop(lead, order_cost=order_cost, transport=0.3, holding=draw.uniform(0.2, 2.0), shortage=0.5)
    stock = made_up_stock(float(draw.integers(0, 3)), draw.integers(0, 2, lead).astype(float))
    demand = draw.integers(0, 3, PERIODS).astype(np.float32)
    may_order = np.ones((PERIODS, 1)) if seed < 5 else np.array([[1.0], [0.0], [1.0], [0.0]])
    known = scripted(made_up_known(), np.zeros(PERIODS), may_order)
    stretch = rows_of(shop, stock, known, demand[None])
    assert bound(stretch)[0] == pytest.approx(best_of_all(shop, stock, demand, may_order), abs=1e-3)


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_no_rule_earns_more(seed):
    draw = np.random.default_rng(seed)
    periods, rows = 12, 4
    # Moments at constant price: averages and forecast as a rule might have them.
    known = made_up_known(
        scale=5.0, averages=np.full(5, 5.0), lead_demand=15.0, lead_spread=4.0, features=np.zeros(1), price=[10.0]
    )
    known = scripted(known, np.zeros(periods))
    shop = made_up_shop(
        2, transport=draw.uniform(0, 1), holding=draw.uniform(0, 2), shortage=draw.uniform(0, 3),
        pack=float(draw.choice([1, 3])), minimum=float(draw.choice([0, 5])),
    )  # fmt: skip
    demand = draw.poisson(draw.uniform(1, 9, (rows, 1)), (rows, periods))
    stretch = rows_of(shop, made_up_stock(float(draw.integers(0, 12)), [4.0, 3.0]), known, demand)
    most = bound(stretch)
    past = Past(jnp.array(5.0), jnp.linspace(-2.0, 2.0, len(QUANTILES)))
    for rival in RIVALS:
        numbers = jnp.asarray([draw.uniform(*box) for box in zip(rival.low, rival.high, strict=True)], jnp.float32)
        assert np.all(np.asarray(earned(rival.make(numbers, past), stretch)) <= most + 1e-2), rival.name


def test_orders_by_hand():
    # Lead time 1, margin 4, holding 0.5, order cost 3. Demand 1 in period 0 cannot be served any more. 3 in period 1
    # and 2 in period 2: one order, 2 of it held at 0.5, is cheaper than a second order at 3. 5 in period 9 gets one.
    demand = np.zeros((1, 10))
    demand[0, [0, 1, 2, 9]] = [1, 3, 2, 5]
    stretch = rows_of(
        made_up_shop(1, order_cost=3.0), made_up_stock(), scripted(made_up_known(), np.zeros(10)), demand
    )  # fmt: skip
    expected = np.zeros((1, 10))
    expected[0, [0, 8]] = [5, 5]
    np.testing.assert_array_equal(best_orders(stretch), expected)
    assert bound(stretch)[0] == pytest.approx(4 * 10 - 2 * 3 - 0.5 * 2)


def test_stock_that_is_there_or_under_way_is_not_bought_again():
    demand = np.full((1, 6), 2.0)
    stretch = rows_of(
        made_up_shop(2), made_up_stock(3.0, [4.0, 1.0]), scripted(made_up_known(), np.zeros(6)), demand
    )  # 3 + 1 serve periods 0 and 1, the 4 that arrive in period 1 serve 2 and 3
    np.testing.assert_array_equal(best_orders(stretch), [[0, 0, 2, 2, 0, 0]])


def test_the_newest_order_that_arrives_in_time_is_taken():
    may_order = np.array([[True, False, True, True, True]])
    fixed = np.eye(3, dtype=np.float32)[[2]][None]  # lead time 2
    np.testing.assert_array_equal(order_that_arrives(fixed, may_order), [[-1, -1, 0, -1, 2]])
    crossing = np.zeros((1, 5, 1, 3), np.float32)
    crossing[0, 2, 0, [0, 2]] = 1.0  # in period 2 the order of period 0 and that of period 2 come in
    np.testing.assert_array_equal(order_that_arrives(crossing, may_order), [[-1, -1, 2, -1, -1]])


def test_packs_and_minimum_do_not_bind_the_bound():
    known = scripted(made_up_known(), np.zeros(3))
    stretch = rows_of(made_up_shop(0, pack=12.0, minimum=24.0), made_up_stock(0.0, []), known, np.full((1, 3), 5.0))
    assert bound(stretch)[0] == pytest.approx(3 * 5 * 4)
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(with_foresight(stretch)))
