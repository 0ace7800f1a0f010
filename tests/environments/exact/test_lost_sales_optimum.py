import itertools
import math

import numpy as np
import pytest

from restock.environments.exact.grid import Grid, Limits, most_states, newsvendor_limits
from restock.environments.exact.lost_sales import evaluate, optimal_cost
from restock.environments.exact.simulation import Effort, simulated_cost
from restock.environments.lost_sales import LONG, PUBLISHED, ZIPKIN, LostSales
from restock.errors import UsageError


def optimum_by_plain_loops(instance: LostSales, most: int, demand_up_to: int) -> float:
    """Value iteration as the book has it: nothing bounded but by `most` units anywhere."""
    chances = instance.demand_chances(demand_up_to)
    chances[-1] += 1 - chances.sum()
    states = [state for state in itertools.product(range(most + 1), repeat=instance.lead_time) if sum(state) <= most]
    values = dict.fromkeys(states, 0.0)
    for _ in range(1000):
        after = {}
        for state in states:
            now = sum(
                chance * (instance.holding * max(state[0] - d, 0) + instance.penalty * max(d - state[0], 0))
                for d, chance in enumerate(chances)
            )
            later = math.inf
            for order in range(most - sum(state) + 1):
                arrives, *rest = (*state[1:], order)
                later = min(
                    later, sum(c * values[(max(state[0] - d, 0) + arrives, *rest)] for d, c in enumerate(chances))
                )
            after[state] = now + later
        changes = [after[state] - values[state] for state in states]
        if max(changes) - min(changes) < 1e-7:
            return (max(changes) + min(changes)) / 2
        values = {state: value - after[states[0]] for state, value in after.items()}
    raise AssertionError("the plain loops did not converge")


@pytest.mark.parametrize("instance", ZIPKIN, ids=lambda instance: instance.name)
def test_the_optimum_is_the_published_one_to_five_digits(instance):
    exact = optimal_cost(instance)
    assert exact.high - exact.low <= 1e-6
    assert exact.cost == pytest.approx(PUBLISHED[instance].optimum, abs=6e-6)  # half a digit and the tolerance


@pytest.mark.slow
@pytest.mark.parametrize("instance", [i for i in LONG if i.lead_time == 6], ids=lambda instance: instance.name)
def test_the_optimum_of_lead_time_6_is_the_committed_one_and_what_learning_found(instance):
    cost = optimal_cost(instance).cost
    assert cost == pytest.approx(PUBLISHED[instance].optimum, abs=6e-6)
    assert cost == pytest.approx(PUBLISHED[instance].best_known, rel=2e-4)  # simulated elsewhere, 5 million periods


@pytest.mark.parametrize(
    ("instance", "most"),
    [
        (LostSales("poisson", 1, 4, mean=1.5), 9),
        (LostSales("geometric", 1, 9, mean=1.0), 12),
        (LostSales("poisson", 2, 9, mean=0.6), 6),
        (LostSales("poisson", 3, 4, mean=0.4), 4),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_a_small_optimum_equals_value_iteration_in_plain_loops(instance, most):
    assert optimal_cost(instance, 1e-8).cost == pytest.approx(optimum_by_plain_loops(instance, most, 40), abs=1e-6)


def test_a_rare_demand_is_solved_by_hand():
    # Hardly anybody comes, so one unit is the most to hold. L = 1: x0 is 1, or 0 in the period after a sale: the unit
    # is there in 1 / (1 + q) of the periods, q = P(D >= 1). At penalty 4 it does not pay: every customer is lost.
    mean, q = 0.1, 1 - math.exp(-0.1)
    keep_one = {p: ((1 - q) + p * (mean - q) + q * p * mean) / (1 + q) for p in (4, 25)}
    assert keep_one[4] > 4 * mean
    assert keep_one[25] < 25 * mean
    assert optimal_cost(LostSales("poisson", 1, 4, mean=mean), 1e-9).cost == pytest.approx(4 * mean, abs=1e-8)
    assert optimal_cost(LostSales("poisson", 1, 25, mean=mean), 1e-9).cost == pytest.approx(keep_one[25], abs=1e-8)
    grid = Grid(LostSales("poisson", 1, 4, mean=mean), Limits((1,), 1))
    assert evaluate(grid, grid.allowed(), 1e-9).cost == pytest.approx(keep_one[4], abs=1e-8)


@pytest.mark.parametrize("instance", [i for i in ZIPKIN if i.lead_time <= 3], ids=lambda instance: instance.name)
def test_wider_limits_do_not_change_the_optimum(instance):
    wider = newsvendor_limits(instance).widened(3)
    assert optimal_cost(instance, limits=wider).cost == pytest.approx(optimal_cost(instance).cost, abs=1e-6)


def test_tighter_limits_do():
    instance = LostSales("poisson", 2, 9)
    limits = newsvendor_limits(instance)
    tighter = Limits((limits.spans[0] - 4, *limits.spans[1:]), limits.total)
    assert optimal_cost(instance, limits=tighter).cost > optimal_cost(instance).cost + 0.01


@pytest.mark.parametrize("name", ["poisson-p4-L1", "poisson-p9-L4", "geometric-p39-L2"])
def test_the_optimal_policy_costs_the_optimum_when_simulated(name):
    instance = next(instance for instance in ZIPKIN if instance.name == name)
    exact = optimal_cost(instance)
    simulated = simulated_cost(instance, exact.policy, Effort(paths=1000, periods=1000), seed=3)
    assert abs(simulated.value - exact.cost) < 3 * simulated.stderr
    assert simulated.stderr < 0.005 * exact.cost


def test_a_problem_that_does_not_fit_is_refused_with_its_size():
    with pytest.raises(UsageError, match=r"`poisson-p4-L8` takes up to 56,273,428 states"):
        optimal_cost(LostSales("poisson", 8, 4))


def test_the_optimal_order_falls_with_stock_and_never_faster_than_it():
    instance = LostSales("geometric", 3, 9)
    grid, orders = (policy := optimal_cost(instance).policy).grid, policy.orders
    states = np.column_stack([grid.on_hand, grid.columns[grid.column]])
    known = {tuple(state): order for state, order in zip(states.tolist(), orders.tolist(), strict=True)}
    drops = [
        known[state] - known[more]
        for state in known
        for place in range(3)
        if (more := tuple(units + (place == k) for k, units in enumerate(state))) in known
    ]
    assert len(drops) > 1000
    assert set(drops) == {0, 1}


def test_states_beyond_the_table_are_answered():
    policy = optimal_cost(LostSales("poisson", 3, 4)).policy
    states = np.array([[[100, 0, 0], [0, 100, 0]], [[0, 0, 100], [0, 0, 0]]])
    orders = policy(states)
    assert orders.shape == (2, 2)
    assert orders[0].tolist() == [0, 0]
    assert orders[1, 0] == 0
    assert orders[1, 1] > 0
    assert policy(np.array([5, 5, 5])) == policy(np.array([[5, 5, 5]]))[0]


@pytest.mark.parametrize("law", ["poisson", "geometric"])
def test_the_optimum_rises_with_the_penalty_the_lead_time_and_the_mean(law):
    def cost(lead_time: int, penalty: float, mean: float) -> float:
        return optimal_cost(LostSales(law, lead_time, penalty, mean=mean), 1e-5).cost

    costs = {key: cost(*key) for key in itertools.product((1, 2, 3), (2, 5, 11), (1.5, 4))}
    for (lead_time, penalty, mean), value in costs.items():
        higher = [
            (lead_time + 1, penalty, mean),
            (lead_time, {2: 5, 5: 11}.get(penalty), mean),
            (lead_time, penalty, 4),
        ]
        assert all(costs[key] > value for key in higher if key in costs and key != (lead_time, penalty, mean))


@pytest.mark.parametrize("limits", [Limits((3,), 7), Limits((3, 5, 6), 9), Limits((4, 4, 4, 4), 4)])
def test_a_grid_holds_each_state_within_limits_once(limits):
    lead_time = len(limits.spans)
    grid = Grid(LostSales("poisson", lead_time, 4), limits)

    def within(state: tuple[int, ...]) -> bool:
        runs = itertools.combinations(range(1, lead_time + 1), 2)  # x[a] .. x[b - 1]
        return sum(state) <= limits.total and all(sum(state[a:b]) <= limits.spans[b - a - 1] for a, b in runs)

    expected = {state for state in itertools.product(range(limits.total + 1), repeat=lead_time) if within(state)}
    made = list(zip(grid.on_hand.tolist(), *grid.columns[grid.column].T.tolist(), strict=True))
    assert len(made) == len(set(made))
    assert set(made) == expected
    assert len(expected) <= most_states(limits)
    np.testing.assert_array_equal(grid.find_states(np.array(made)), np.arange(grid.size))


def test_a_period_leads_where_it_should():
    grid = Grid(LostSales("poisson", 3, 4), Limits((3, 5, 6), 9))
    chances = grid.transition(grid.allowed())
    np.testing.assert_allclose(chances.sum(axis=1), 1)
    state, after = grid.find_states(np.array([[4, 2, 1], [3, 1, 2]]))  # sells 3 of 4, 2 arrive, 2 are ordered
    orders = np.full(grid.size, 0)
    orders[state] = 2
    assert grid.transition(orders)[state, after] == pytest.approx(5**3 / 6 * math.exp(-5))
