"""Lost sales with a minimum order quantity, small enough to be solved: any order is none, or so many units at least."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from probe_shops import PROBES, SLOTS
from scipy import stats

from restock.algorithms.problem import Problem
from restock.simulator.dynamics import allowed
from restock.simulator.types import Stock, View

LOST_SALES = PROBES[2]  # Poisson demand of mean 5, an order is sold from the next period on
MINIMUM, PENALTY, MOST = 12, 9.0, 60  # units, money per unit lost, largest stock that is looked at
UNITS = np.arange(MOST + 1)
CHANCES = np.append(stats.poisson.pmf(np.arange(MOST), 5), stats.poisson.sf(MOST - 1, 5))
LEFT = np.maximum(UNITS[:, None] - UNITS, 0)  # [on hand, demand]
COST = (LEFT + PENALTY * np.maximum(UNITS - UNITS[:, None], 0)) @ CHANCES  # of a period, by what is on hand


def problem() -> Problem:
    """What is learned from."""
    there = LOST_SALES.problem(0)
    terms = (jnp.full_like(there.shop.minimum, MINIMUM), jnp.full_like(there.shop.shortage, PENALTY))
    return eqx.tree_at(lambda p: (p.shop.minimum, p.shop.shortage), there, terms)


def chain(orders: np.ndarray) -> np.ndarray:
    """Chances of the next stock under orders that depend on the stock. [on hand, on hand next]"""
    after = np.minimum(LEFT + orders[:, None], MOST)
    return np.stack([np.bincount(row, CHANCES, MOST + 1) for row in after])


def cost_of(orders: np.ndarray) -> float:
    """Average cost of a period, from the stock's own long-run chances, starting empty."""
    moves, where = chain(orders), np.eye(MOST + 1)[0]
    for _ in range(2000):
        where = where @ moves
    return float(where @ COST)


def optimum(minimum: int) -> float:
    """Least average cost, by relative value iteration over every order that the supplier takes."""
    actions = [0, *range(minimum, 31)]
    moves = np.stack([chain(np.full(MOST + 1, order)) for order in actions])  # [order, on hand, next]
    value = np.zeros(MOST + 1)
    for _ in range(1000):
        new = COST + (moves @ value).min(axis=0)
        gain, value = new[0] - value[0], new - new[0]
    return float(gain)


def orders_of(policy) -> tuple[np.ndarray, np.ndarray]:
    """What a policy asks for at each stock, and what the supplier takes of it."""
    there = jax.tree.map(lambda x: x[0], problem())

    def order(on_hand):
        stock = Stock(on_hand[None, None], jnp.zeros((1, SLOTS)), jnp.zeros(1))
        asked = policy(View(there.shop, stock, there.known), None).order
        return asked[0], allowed(there.shop, there.known.may_order, asked)[0]

    asked, taken = jax.jit(jax.vmap(order))(jnp.asarray(UNITS, jnp.float32))
    return np.asarray(asked), np.round(np.asarray(taken)).astype(int)
