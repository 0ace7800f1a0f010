import jax.numpy as jnp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulated_setting import average_cost

from restock.environments.backlog import PUBLISHED, Backlog, find_instance
from restock.environments.exact.backlog import base_stock_cost, optimal_backlog_cost, optimal_level
from restock.policies.rules import BaseStock


def test_one_optimum_by_hand():
    # p / (p + h) = 0.8: z = 0.841621, phi(z) = 0.279962; 5 * 0.279962 * 1.6 * sqrt(2) = 3.16740
    instance = find_instance("backlog-p4-L1")
    assert optimal_backlog_cost(instance) == pytest.approx(3.16740, abs=1e-5)
    assert optimal_level(instance) == pytest.approx(10 + 0.841621 * 1.6 * 2**0.5, abs=1e-5)


@pytest.mark.parametrize("instance", PUBLISHED, ids=lambda instance: instance.name)
def test_what_learning_found_is_the_optimum_or_a_little_more(instance):
    # printed with two decimals; gaps of 0.00 to 0.17 % as the authors give them
    optimum = optimal_backlog_cost(instance)
    assert optimum - 0.0051 - 0.001 * optimum < PUBLISHED[instance].learned < 1.0017 * optimum + 0.0051


@pytest.mark.parametrize("name", ["backlog-p4-L1", "backlog-p9-L20"])
def test_a_base_stock_at_the_optimal_level_costs_the_optimum_in_the_simulator(name):
    instance = find_instance(name)
    cost, stderr = average_cost(instance.setting(), BaseStock(jnp.asarray(optimal_level(instance)), jnp.asarray(1.0)))
    optimum = optimal_backlog_cost(instance)
    assert abs(cost - optimum) < 3 * stderr
    assert stderr < 0.015 * optimum


def test_a_level_off_the_optimum_costs_what_the_formula_says():
    instance = find_instance("backlog-p9-L1")
    level = optimal_level(instance) - 3
    cost, stderr = average_cost(instance.setting(), BaseStock(jnp.asarray(level), jnp.asarray(1.0)))
    assert abs(cost - base_stock_cost(instance, level)) < 3 * stderr
    assert base_stock_cost(instance, level) > 1.2 * optimal_backlog_cost(instance)


@given(st.integers(0, 20), st.floats(0.5, 99), st.floats(0.1, 5), st.floats(-20, 20))
def test_no_level_costs_less_than_the_optimal_one(lead_time, penalty, holding, beside):
    instance = Backlog(lead_time, penalty, holding=holding)
    optimum, level = optimal_backlog_cost(instance), optimal_level(instance)
    assert base_stock_cost(instance, level + beside) >= optimum * (1 - 1e-9)
    if abs(beside) > 0.1:
        assert base_stock_cost(instance, level + beside) > optimum


@given(st.integers(0, 20), st.floats(0.5, 99), st.floats(0.1, 10))
def test_costs_scale_with_the_spread_and_the_root_of_the_protected_periods(lead_time, penalty, spread):
    one = optimal_backlog_cost(Backlog(0, penalty, spread=1))
    cost = optimal_backlog_cost(Backlog(lead_time, penalty, spread=spread))
    assert cost == pytest.approx(one * spread * (lead_time + 1) ** 0.5, rel=1e-9)
