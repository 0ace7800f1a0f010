"""The exact cost of any lost-sales policy on the states that it can reach, whatever it orders.

A learned policy knows no limits. So its states are not cut out of a grid but found by following it: from an empty shop,
every stock that any demand may leave, until nothing new turns up. Demand may be zero in every period and may exceed any
stock, so these states are all that the long run can visit.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.environments.exact.grid import Floats, Integers, end_chances
from restock.environments.exact.lost_sales import MOST_SWEEPS, bracket
from restock.environments.exact.simulation import Orders
from restock.environments.lost_sales import LostSales

MOST_REACHED = 1_500_000  # states
MOST_UNITS = 1 << 10  # of one order or stock, so that a state of six places fits into one number


class Reached(NamedTuple):
    """States that a policy can reach from an empty shop, and what it orders there."""

    states: Integers  # [state, L], sorted by `_key`
    orders: Integers  # [state]


def reach(instance: LostSales, policy: Orders, most: int = MOST_REACHED) -> Reached | None:
    """All states that the policy can reach; None if there are more than `most`, or some too large to count.

    Args:
        instance: the problem.
        policy: orders for states (x0, ..., x[L-1]). [state, L] -> [state]
        most: states to list before giving up.
    """
    if MOST_UNITS**instance.lead_time > 2**62:
        return None
    fresh = np.zeros((1, instance.lead_time), np.int64)
    keys, orders = np.zeros(0, np.int64), np.zeros(0, np.int64)
    while len(fresh):
        ordered = np.asarray(policy(fresh), np.int64)
        if len(keys) + len(fresh) > most or fresh.sum(axis=1).max() + ordered.max() >= MOST_UNITS:
            return None
        place = np.searchsorted(keys, _key(fresh))
        keys, orders = np.insert(keys, place, _key(fresh)), np.insert(orders, place, ordered)
        following = _fullest(_next_pipelines(fresh, ordered))
        count = following.most - following.least + 1
        left = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        found = np.unique(np.repeat(following.pipeline * MOST_UNITS + following.least, count) + left)
        fresh = _state(found[~_contains(keys, found)], instance.lead_time)
    return Reached(_state(keys, instance.lead_time), orders)


def reached_cost(instance: LostSales, reached: Reached, tolerance: float = 1e-6, order_cost: float = 0.0) -> float:
    """The policy's average cost per period, to within half the tolerance.

    Args:
        instance: the problem.
        reached: its states under the policy.
        tolerance: money per period.
        order_cost: money per order placed, whatever its size.
    """
    on_hand = reached.states[:, 0]
    chain = _chain(instance, reached)
    costs = instance.expected_costs(int(on_hand.max()))[on_hand] + order_cost * (reached.orders > 0)
    before, low, high = costs, -np.inf, np.inf
    for _ in range(MOST_SWEEPS):
        after = chain @ before + costs
        low, high = bracket(after, before)
        before = after - after[0]
        if high - low <= tolerance:
            break
    return (low + high) / 2


def _chain(instance: LostSales, reached: Reached) -> sparse.csr_array:
    """One period as a matrix of chances. [state] -> [state, state]"""
    states, orders = reached
    on_hand, keys = states[:, 0], _key(states)
    nexts = _next_pipelines(states, orders)
    rows = np.concatenate([[0], np.cumsum(on_hand + 1)])
    left = np.arange(rows[-1]) - np.repeat(rows[:-1], on_hand + 1)
    # what one period leads to differs only in the stock that is left, and such states are neighbours in the list
    first = np.searchsorted(keys, nexts.pipeline * MOST_UNITS + nexts.least)
    chances: Floats = end_chances(instance, int(on_hand.max()))
    data = chances[np.repeat(on_hand, on_hand + 1), left]
    return sparse.csr_array((data, np.repeat(first, on_hand + 1) + left, rows), shape=(len(keys), len(keys)))


class _Next(NamedTuple):
    """Where states lead: a pipeline, and on hand from `least` (sold out) to `most` (nothing sold)."""

    pipeline: Integers
    least: Integers
    most: Integers


def _next_pipelines(states: Integers, orders: Integers) -> _Next:
    moved = np.hstack([states[:, 1:], orders[:, None]])
    return _Next(
        _key(np.hstack([np.zeros_like(orders)[:, None], moved[:, 1:]])) // MOST_UNITS,
        moved[:, 0],
        moved[:, 0] + states[:, 0],
    )


def _fullest(nexts: _Next) -> _Next:
    """Of states that lead to the same shelf, only the one with most on hand: the others reach nothing else."""
    order = np.lexsort((-nexts.most, nexts.least, nexts.pipeline))
    pipeline, least, most = (array[order] for array in nexts)
    new = np.ones(len(order), bool)
    new[1:] = (np.diff(pipeline) != 0) | (np.diff(least) != 0)
    return _Next(pipeline[new], least[new], most[new])


def _key(states: Integers) -> Integers:
    """States as numbers; those that differ only in what is on hand are neighbours."""
    key = np.zeros(len(states), np.int64)
    for place in range(states.shape[1] - 1, -1, -1):
        key = key * MOST_UNITS + states[:, place]
    return key


def _state(keys: Integers, places: int) -> Integers:
    return np.stack([keys // MOST_UNITS**place % MOST_UNITS for place in range(places)], axis=1)


def _contains(keys: Integers, wanted: Integers) -> NDArray[np.bool_]:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[place] == wanted
