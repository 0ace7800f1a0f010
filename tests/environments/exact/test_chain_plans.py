"""Plans of a chain: what they send can be lived, earns what they say, and nobody earns more."""

from dataclasses import replace
from itertools import product

import jax.numpy as jnp
import numpy as np
import pytest

from restock.environments.chain import BACKLOG, INSTANCES, Chain, live
from restock.environments.exact.chain import Left, best_plan, fresh

SMALL = Chain(
    "small",
    waits=True,
    starts=(2, 1),
    lead_times=(1, 1),
    capacity=(2, 2),
    holding=(0.3, 0.1),
    unserved=(0.4, 0.0, 0.0),
    price=2.0,
    unit_cost=0.5,
    periods=4,
    discount=0.9,
)


def profit(chain: Chain, sent, demand) -> float:
    """Of an episode with these orders, lived."""
    stock, total = chain.start(), 0.0
    for period, (units, customers) in enumerate(zip(sent, demand, strict=True)):
        stock, lived = live(chain, stock, jnp.asarray(units, jnp.float32), jnp.asarray(customers, jnp.float32))
        total += float(lived.profit) * chain.discount**period
    return total


@pytest.mark.parametrize("chain", INSTANCES, ids=lambda chain: chain.name)
@pytest.mark.parametrize("seed", range(3))
def test_a_plan_earns_what_it_says(chain, seed):
    demand = np.random.default_rng(seed).poisson([15, 20, 35][seed], chain.periods)
    plan = best_plan(chain, fresh(chain), demand.astype(float))
    assert profit(chain, plan.sent, demand) == pytest.approx(plan.profit, rel=1e-4)


@pytest.mark.parametrize("waits", [True, False])
@pytest.mark.parametrize("demand", [(1, 2, 0, 1), (3, 0, 2, 2), (0, 0, 4, 0)])
def test_no_whole_orders_earn_more(waits, demand):
    chain = replace(SMALL, waits=waits)
    orders = [np.array(units).reshape(3, 2) for units in product(range(3), repeat=6)]
    tried = max(profit(chain, [*units, (0, 0)], demand) for units in orders[:: 1 if waits else 3])
    plan = best_plan(chain, fresh(chain), np.array(demand, float))
    assert tried <= plan.profit + 1e-6
    if waits:  # all orders were tried; fractions bring nothing in a chain of whole numbers
        assert plan.profit == pytest.approx(tried, abs=1e-5)


def test_a_plan_goes_on_from_the_middle_of_an_episode():
    demand = np.random.default_rng(5).poisson(20, BACKLOG.periods).astype(float)
    whole, stock = best_plan(BACKLOG, fresh(BACKLOG), demand), BACKLOG.start()
    earned = 0.0
    for period in range(12):
        stock, lived = live(
            BACKLOG, stock, jnp.asarray(whole.sent[period], jnp.float32), jnp.asarray(demand[period], jnp.float32)
        )
        earned += float(lived.profit) * BACKLOG.discount**period
    left = Left(np.asarray(stock.on_hand, float), np.asarray(stock.on_order, float), float(stock.waiting[0]))
    rest = best_plan(BACKLOG, left, demand[12:])
    assert earned + rest.profit * BACKLOG.discount**12 == pytest.approx(whole.profit, rel=1e-4)


def test_a_single_site_has_only_the_plant_above_it():
    chain = replace(
        SMALL, starts=(2,), lead_times=(1,), capacity=(2,), holding=(0.3,), unserved=(0.4, 0.0), name="single"
    )
    plan = best_plan(chain, fresh(chain), np.array([2.0, 1.0, 2.0, 0.0]))
    assert plan.sent[:, 0] == pytest.approx([1, 2, 0, 0])
    assert plan.profit == pytest.approx(2 * 2 - 0.5 + 0.9 * (2 - 1.0) + 0.81 * 2 * 2)
