"""The finite states of a lost-sales problem, and what one period does to them.

States are laid out in columns: a column is one pipeline (x1, ..., x[L-1]), inside it on hand x0 runs from 0 to the most that
the total allows. One period moves (x0, column) to ((x0 - d)+ + x1, column'), so its expectation is a small triangular
matrix applied along x0, whatever the lead time.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from restock.environments.lost_sales import LostSales

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Limits:
    """How much may be on the way; `order` is the largest single order when L = 1 as well.

    tails[k - 1] bounds what arrives in the last k periods, this period's order included: k = 1 the order itself, k = L
    everything but x0. `total` bounds on hand, pipeline and order together.
    """

    tails: tuple[int, ...]
    total: int

    def widened(self, units: int) -> "Limits":
        """The same limits, each larger by so many units."""
        return Limits(tuple(tail + units for tail in self.tails), self.total + units)


def newsvendor_limits(instance: LostSales) -> Limits:
    """Limits that an optimal order keeps: the newsvendor levels of 1, 2, ..., L + 1 periods.

    Whatever is sold meanwhile, the stock that meets demand at t + L is at least what arrives in the last k periods minus the
    demand of the k - 1 periods before. So where that sum already covers k periods of demand with chance p / (p + h), one
    more unit costs more at t + L than it saves (Morton 1969; Zipkin 2008, section 2.2). Since c = 0 no later period turns this.
    """
    levels = [instance.newsvendor(periods) for periods in range(1, instance.lead_time + 2)]
    return Limits(tuple(levels[:-1]), levels[-1])


class Grid:
    """All states of an instance within limits; orders that would leave the limits are not allowed."""

    def __init__(self, instance: LostSales, limits: Limits) -> None:
        self.instance, self.limits = instance, limits
        self.columns = _columns(limits)  # [column, L - 1], sorted: the order of the last period changes fastest
        self.lengths: Integers = limits.total + 1 - self.columns.sum(axis=1)  # states in each column
        self.offsets: Integers = np.concatenate([[0], np.cumsum(self.lengths)])
        self.column: Integers = np.repeat(np.arange(len(self.columns)), self.lengths)  # [state]
        self.on_hand: Integers = np.arange(self.size) - self.offsets[self.column]  # [state]
        self.chances = end_chances(instance, limits.total)
        self.costs = instance.expected_costs(limits.total)[self.on_hand]  # [state]

    @property
    def size(self) -> int:
        """Number of states."""
        return int(self.offsets[-1])

    @cached_property
    def largest(self) -> Integers:
        """The largest order that the pipeline alone allows. [column]"""
        room = np.full(len(self.columns), self.limits.tails[0])
        for arriving in range(1, self.columns.shape[1] + 1):  # the last so many entries of the pipeline
            room = np.minimum(room, self.limits.tails[arriving] - self.columns[:, -arriving:].sum(axis=1))
        return room

    @cached_property
    def first_successor(self) -> Integers:
        """The column that follows when nothing is ordered; an order of z leads z columns further (not so if L = 1). [column]"""
        if self.columns.shape[1] == 0:
            return np.zeros(1, np.int64)
        moved = np.hstack([self.columns[:, 1:], np.zeros((len(self.columns), 1), np.int64)])
        return self.find_columns(moved)

    @cached_property
    def _keys(self) -> Integers:
        return self._key(self.columns)

    def _key(self, pipelines: Integers) -> Integers:
        """Pipelines as numbers that sort like the columns."""
        key = np.zeros(pipelines.shape[:-1], np.int64)
        for place in range(pipelines.shape[-1]):
            key = key * (self.limits.total + 1) + pipelines[..., place]
        return key

    def find_columns(self, pipelines: Integers) -> Integers:
        """Index of pipelines that lie within the limits. [..., L - 1] -> [...]"""
        return np.searchsorted(self._keys, self._key(pipelines))

    def find_states(self, states: Integers) -> Integers:
        """Index of states that lie within the limits. [..., L] -> [...]"""
        return self.offsets[self.find_columns(states[..., 1:])] + states[..., 0]

    def allowed(self) -> Integers:
        """The largest order that all limits allow. [state]"""
        return np.minimum(self.largest[self.column], self.lengths[self.column] - 1 - self.on_hand)

    def transition(self, orders: Integers) -> sparse.csr_array:
        """One period under a policy as a matrix of chances. [state] -> [state, state]"""
        if self.columns.shape[1] == 0:
            first = orders
        else:
            first = self.offsets[self.first_successor[self.column] + orders] + self.columns[self.column, 0]
        data, ends, rows = self._pattern
        indices = np.repeat(first.astype(np.int32), self.on_hand + 1)
        indices += ends
        return sparse.csr_array((data, indices, rows), shape=(self.size, self.size))

    @cached_property
    def _pattern(self) -> tuple[Floats, NDArray[np.int32], NDArray[np.int32]]:
        """Chances and stocks left at the end, state after state, and where each state begins: the same for every policy."""
        rows = np.concatenate([[0], np.cumsum(self.on_hand + 1)])
        ends = np.arange(rows[-1]) - np.repeat(rows[:-1], self.on_hand + 1)
        data = self.chances[np.repeat(self.on_hand, self.on_hand + 1), ends]
        return data, ends.astype(np.int32), rows.astype(np.int32)


def end_chances(instance: LostSales, up_to: int) -> Floats:
    """P(left at the end = e | x0 on hand), lower triangular. [x0, e]"""
    demand = instance.demand_chances(up_to + 1)
    on_hand, left = np.indices((up_to + 1, up_to + 1))
    chances = np.where(left <= on_hand, demand[np.maximum(on_hand - left, 0)], 0.0)
    chances[:, 0] = 1 - np.concatenate([[0.0], np.cumsum(demand)[:-1]])  # demand of x0 or more: sold out
    return chances


def _columns(limits: Limits) -> Integers:
    """Every pipeline (x1, ..., x[L-1]) within limits, in lexicographic order."""
    columns = np.zeros((1, 0), np.int64)
    for tail in limits.tails[:-1]:  # from the latest order back to x1
        room = np.minimum(tail, limits.total) - columns.sum(axis=1)
        longer = np.repeat(columns, room + 1, axis=0)
        starts = np.concatenate([[0], np.cumsum(room + 1)])
        entry = np.arange(starts[-1]) - np.repeat(starts[:-1], room + 1)
        columns = np.hstack([entry[:, None], longer])
    return columns[np.lexsort(columns.T[::-1])] if columns.shape[1] else columns


def count_states(limits: Limits) -> int:
    """How many states a grid of these limits has, without making it."""
    ways = np.array([1.0])  # pipelines by their sum, from the latest order back to x1
    for tail in limits.tails[:-1]:
        ways = np.cumsum(np.pad(ways, (0, min(tail, limits.total) + 1 - len(ways))))
    return round(float(np.sum(ways * (limits.total + 1 - np.arange(len(ways))))))
