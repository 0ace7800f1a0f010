import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from simulated_setting import average_cost

from restock.environments.exact.fixed_cost import (
    Batches,
    MinMax,
    best_batches,
    best_capped_min_max,
    best_min_max,
    optimal_fixed_cost,
    rule_cost,
    wide_limits,
)
from restock.environments.exact.lost_sales import optimal_cost
from restock.environments.fixed_cost import PUBLISHED, FixedCost, find_instance
from restock.environments.lost_sales import LostSales
from restock.policies.rules import MinMax as SimulatedMinMax

BIJVANK = find_instance("poisson-p14-L2-K5")
SMALL = FixedCost(LostSales("geometric", 2, 6, mean=1.5), 3)


def test_the_optimum_is_the_published_one():
    # 11.4631: four decimals of the optimum that Bijvank, Bhulai and Huh (2015) print as 11.46
    exact = optimal_fixed_cost(BIJVANK)
    assert exact.high - exact.low <= 1e-6
    assert exact.cost == pytest.approx(PUBLISHED[BIJVANK].optimum, abs=5.1e-5)


@pytest.mark.parametrize(
    ("best", "rule", "published"),
    [  # numbers and costs as printed by Bijvank, Bhulai and Huh (2015)
        (best_min_max, MinMax(17, 23, 23), PUBLISHED[BIJVANK].min_max),
        (best_batches, Batches(17, 7), PUBLISHED[BIJVANK].batches),
        (best_capped_min_max, MinMax(17, 23, 7), PUBLISHED[BIJVANK].capped_min_max),
    ],
)
def test_the_best_rules_are_the_published_ones(best, rule, published):
    found = best(BIJVANK)
    assert found.rule == rule
    assert found.cost == pytest.approx(published, abs=0.0051)
    assert found.cost > optimal_fixed_cost(BIJVANK).high


@pytest.mark.parametrize("instance", [BIJVANK, SMALL], ids=lambda instance: instance.name)
def test_wider_limits_do_not_change_the_optimum(instance):
    wider = wide_limits(instance).widened(6)
    assert optimal_fixed_cost(instance, limits=wider).cost == pytest.approx(optimal_fixed_cost(instance).cost, abs=1e-6)


def test_the_limits_of_orders_for_free_are_too_tight():
    narrow = wide_limits(BIJVANK).widened(-BIJVANK.saved_units)
    assert optimal_fixed_cost(BIJVANK, limits=narrow).cost > optimal_fixed_cost(BIJVANK).cost + 0.05


def test_an_order_that_costs_next_to_nothing_changes_next_to_nothing():
    cheap = FixedCost(SMALL.linear, 1e-7)
    assert optimal_fixed_cost(cheap).cost == pytest.approx(optimal_cost(SMALL.linear).cost, abs=2e-6)


def test_the_optimum_rises_with_the_order_cost_by_at_most_its_rise():
    costs = {k: optimal_fixed_cost(FixedCost(SMALL.linear, k)).cost for k in (1, 2, 4, 8)}
    for low, high in itertools.pairwise(costs):
        assert 0 < costs[high] - costs[low] < high - low


def test_the_search_finds_the_best_of_all_numbers():
    lows, mores, caps = range(13), range(1, 11), range(1, 11)
    plain = {(s, m): rule_cost(SMALL, MinMax(s, s + m, s + m), 1e-5) for s in lows for m in mores}
    batches = {(s, q): rule_cost(SMALL, Batches(s, q), 1e-5) for s in lows for q in caps}
    capped = {(s, m, q): rule_cost(SMALL, MinMax(s, s + m, q), 1e-5) for s in lows for m in mores for q in caps}
    for best, costs in ((best_min_max, plain), (best_batches, batches), (best_capped_min_max, capped)):
        assert best(SMALL).cost == pytest.approx(min(costs.values()), abs=1e-5)


def test_batches_lift_the_position_just_above_the_mark():
    rule = Batches(17, 7)
    positions = np.arange(30)
    after = positions + rule(positions)
    assert (rule(positions) % 7 == 0).all()
    assert (after[:18] > 17).all()
    assert after[:18].max() == rule.top
    assert rule(positions).max() == rule.largest
    assert (rule(positions[18:]) == 0).all()


def test_the_simulator_charges_what_the_exact_cost_says():
    policy = SimulatedMinMax(jnp.asarray(17.0), jnp.asarray(6.0), jnp.asarray(1.0))
    simulated, exact = average_cost(BIJVANK.setting(), policy), rule_cost(BIJVANK, MinMax(17, 23, 23))
    assert abs(simulated.value - exact) < 3 * simulated.stderr
    assert simulated.stderr < 0.005 * exact
