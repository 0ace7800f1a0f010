"""The textbook's base stock: mean and variance by hand, and orders that may be lost."""

import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock
from scipy.stats import norm

from restock.policies.estimated import EstimatedBaseStock, still_comes
from restock.simulator.remembering import Seen
from restock.simulator.types import View

SALES = [4.0, 7.0, 5.0, 9.0, 3.0]


def after(rule, shop, past):
    memory = rule.begin(shop, made_up_known())
    for sales, hidden in past:
        seen = Seen(jnp.asarray(sales), jnp.asarray(hidden), jnp.ones(()), jnp.zeros(4))
        memory = rule.remember(memory, shop, made_up_known(), seen)
    return memory


def rule(rate=0.0, hidden=1.0, safety=1.0, more=1.0):
    return EstimatedBaseStock(*(jnp.asarray(x) for x in (rate, hidden, safety, more)))


def order(policy, shop, memory, stock):
    return float(policy.decide(View(shop, stock, made_up_known()), memory).order[0])


def test_without_forgetting_mean_and_variance_are_those_of_the_sample():
    shop, policy = made_up_shop(2), rule()
    memory = after(policy, shop, [(s, 0.0) for s in SALES])
    ratio = 4 / (4 + 0.5)  # price 10, cost 6, holding 0.5
    level = 3 * np.mean(SALES) + norm.ppf(ratio) * np.sqrt(3 * np.var(SALES, ddof=1))
    assert order(policy, shop, memory, made_up_stock(1.0, (5.0, 0.0))) == pytest.approx(level - 6, rel=1e-4)


def test_hidden_periods_can_be_left_out_and_old_ones_forgotten():
    shop = made_up_shop(2)
    left_out = rule(hidden=0.0)
    memory = after(left_out, shop, [(4.0, 0.0), (0.0, 1.0), (6.0, 0.0)])
    assert float(memory.total / memory.weight) == pytest.approx(5.0)
    memory = after(rule(rate=0.5), shop, [(8.0, 0.0), (2.0, 0.0)])
    assert float(memory.total / memory.weight) == pytest.approx((0.5 * 8 + 2) / 1.5)


def test_orders_that_can_no_longer_come_do_not_count():
    chances = jnp.array([0.0, 0.25, 0.25, 0.25])  # a quarter is lost
    np.testing.assert_allclose(still_comes(chances), [0.5 / 0.75, 0.25 / 0.5, 0.0], rtol=1e-5)
    shop = made_up_shop(lead_chance=chances[None])
    policy = rule()
    memory = after(policy, shop, [(s, 0.0) for s in SALES])
    none = order(policy, shop, memory, made_up_stock(0.0, (0.0, 0.0, 0.0)))
    assert order(policy, shop, memory, made_up_stock(0.0, (0.0, 0.0, 10.0))) == pytest.approx(none)
    assert order(policy, shop, memory, made_up_stock(0.0, (0.0, 6.0, 0.0))) == pytest.approx(none - 3)


def test_nothing_seen_is_nothing_ordered():
    shop, policy = made_up_shop(2), rule()
    assert order(policy, shop, policy.begin(shop, made_up_known()), made_up_stock(0.0, (0.0, 0.0))) == 0
