"""What a gate and a critic add: an order that costs whatever its size, and a window shorter than the lead time."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import minimum_order as moq
import numpy as np
import pytest
from probe_shops import PROBES, ROWS, SLOTS

from restock.algorithms.shac import ShacConfig
from restock.algorithms.training import train
from restock.environments.lost_sales import PUBLISHED, LostSales
from restock.policies.actors import observed
from restock.policies.gates import Gated
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Stock

SMALL = ShacConfig(rounds=300, rows=64, hidden=16, carry_stock=True, discount=0.99)
# Demand is always 5, holding costs 1 per unit, an order 10. A period costs (10 + 5) / 2 with an order for two,
# (10 + 10 + 5) / 3 with one for three, and 10 with one in each.
CERTAIN, ORDER_COST, BEST, SECOND, ALWAYS = PROBES[4], 10.0, 15 / 2, 25 / 3, 10.0


def problem_with_order_cost():
    problem = CERTAIN.problem(0)
    terms = (jnp.full_like(problem.shop.order_cost, ORDER_COST), jnp.full_like(problem.shop.shortage, 50.0))
    return eqx.tree_at(lambda p: (p.shop.order_cost, p.shop.shortage), problem, terms)


def steady_cost(policy, problem) -> float:
    """Cost of a period, once the start is forgotten."""
    stock = Stock(jnp.zeros((ROWS, 1, 1)), jnp.zeros((ROWS, 1, SLOTS)), jnp.zeros((ROWS, 1)))
    stretch = Stretch(problem.shop, stock, problem.known, Chance(problem.demand, problem.arrives), problem.weight)
    _, periods = eqx.filter_jit(run)(policy, stretch)
    return float(-periods.money.profit[:, -36:].mean())


@pytest.mark.slow
def test_a_gate_orders_for_several_periods_where_each_order_costs() -> None:
    problem = problem_with_order_cost()
    learned, curve = train(SMALL, problem, jax.random.key(0))
    assert isinstance(learned, Gated)
    assert BEST - 1e-3 <= steady_cost(learned, problem) <= SECOND + 1e-3
    assert curve["loss"].shape == curve["reward"].shape == (300,)
    untrained = Gated(observed(0, SLOTS), SLOTS, SMALL.hidden, jax.random.key(0))
    assert steady_cost(untrained, problem) > ALWAYS + 1.0


@pytest.mark.slow
def test_with_a_critic_at_its_end_a_window_may_be_shorter_than_the_lead_time() -> None:
    problem = dataclasses.replace(PROBES[1].problem(0))  # backlog, two periods from order to shelf
    settings = SMALL.model_copy(update={"gate": False, "periods": 2, "rows": 256})
    costs = {
        critic: steady_cost(
            train(settings.model_copy(update={"critic": critic}), problem, jax.random.key(1))[0], problem
        )
        for critic in (True, False)
    }
    assert costs[True] <= 1.05 * PROBES[1].best
    assert costs[False] > 1.2 * PROBES[1].best  # no order arrives before a window ends, so none is taught anything


def test_the_small_instance_with_a_minimum_is_solved_as_the_published_one_without() -> None:
    """Without a minimum it is an instance whose optimum others have computed."""
    published = PUBLISHED[LostSales("poisson", 1, moq.PENALTY)].optimum
    assert moq.optimum(0) == pytest.approx(published, abs=2e-5)
    best = min(
        moq.cost_of(np.where(low >= moq.UNITS, np.maximum(high - moq.UNITS, moq.MINIMUM), 0))
        for low in range(2, 12)
        for high in range(12, 24)
    )
    assert moq.optimum(moq.MINIMUM) == pytest.approx(best, abs=1e-6)  # here the best policy is an (s, S) rule
    assert moq.optimum(moq.MINIMUM) > 1.1 * published


@pytest.mark.slow
def test_with_a_minimum_order_the_gate_waits_until_so_much_is_worth_it() -> None:
    learned, _ = train(SMALL.model_copy(update={"rounds": 400}), moq.problem(), jax.random.key(0))
    assert isinstance(learned, Gated)
    asked, taken = moq.orders_of(learned)
    assert np.all((asked == 0) | (asked >= moq.MINIMUM))  # the gate says whether, and the supplier changes nothing
    assert np.array_equal(taken > 0, asked > 0)
    assert moq.cost_of(taken) <= 1.02 * moq.optimum(moq.MINIMUM)


def test_the_same_key_learns_the_same() -> None:
    tiny = SMALL.model_copy(update={"rounds": 3, "rows": 8})
    one, two, other = (train(tiny, CERTAIN.problem(0), jax.random.key(k))[0] for k in (0, 0, 1))
    leaves = [jax.tree.leaves(policy) for policy in (one, two, other)]
    for a, b in zip(*leaves[:2], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not all(np.allclose(a, b) for a, b in zip(leaves[0], leaves[2], strict=True))
