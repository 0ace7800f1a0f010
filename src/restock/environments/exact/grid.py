"""The finite states of a lost-sales problem, and what one period does to them.

States are laid out in columns: a column is one pipeline (x1, ..., x[L-1]), inside it on hand x0 runs from 0 to the most
that the total allows. One period moves (x0, column) to ((x0 - d)+ + x1, column'), so its expectation is a small
triangular matrix applied along x0, whatever the lead time.
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
    """How much may be on the way.

    `spans[k - 1]` bounds what arrives in any k consecutive periods, the order of this period included, for k = 1 .. L;
    `total` bounds on hand, pipeline and order together.
    """

    spans: tuple[int, ...]
    total: int

    def room(self, neighbours: Integers) -> Integers:
        """The most that may arrive in a period next to these, the nearest first. [..., k] -> [...]"""
        used = np.concatenate(
            [np.zeros((*neighbours.shape[:-1], 1), np.int64), np.cumsum(neighbours, axis=-1)], axis=-1
        )
        return np.min(np.asarray(self.spans)[: used.shape[-1]] - used, axis=-1)

    def widened(self, units: int) -> "Limits":
        """The same limits, each larger by so many units."""
        return Limits(tuple(span + units for span in self.spans), self.total + units)


def newsvendor_limits(instance: LostSales) -> Limits:
    """Limits that an optimal order keeps: the newsvendor levels of 1, 2, ..., L + 1 periods.

    Whatever is sold meanwhile, the stock that meets demand at t + L is at least what arrives in the last k periods less
    the demand of the k - 1 periods before. Where that sum covers k periods of demand with chance p / (p + h), one more
    unit costs more at t + L than it saves, and it could as well be ordered later (Morton 1971; Zipkin 2008).
    Every k consecutive deliveries were the last k once. Tests widen the limits and find the same optimum.
    """
    levels = [instance.newsvendor(periods) for periods in range(1, instance.lead_time + 2)]
    return Limits(tuple(levels[:-1]), levels[-1])


class Grid:
    """All states of an instance within limits; orders that would leave the limits are not allowed.

    `order_cost` is money per order placed, whatever its size; the instance itself has none.
    """

    def __init__(self, instance: LostSales, limits: Limits, order_cost: float = 0.0) -> None:
        self.instance, self.limits, self.order_cost = instance, limits, order_cost
        self.columns = _columns(limits)  # [column, L - 1], sorted: the order of the last period changes fastest
        self.lengths: Integers = limits.total + 1 - self.columns.sum(axis=1)  # states in each column
        self.offsets: Integers = np.concatenate([[0], np.cumsum(self.lengths)])
        self.column: Integers = np.repeat(np.arange(len(self.columns)), self.lengths)  # [state]
        self.on_hand: Integers = np.arange(self.size) - self.offsets[self.column]  # [state]
        self.chances = end_chances(instance, limits.total)
        self.costs = instance.expected_costs(limits.total)[self.on_hand]  # [state], before what an order costs

    @property
    def size(self) -> int:
        """Number of states."""
        return int(self.offsets[-1])

    @cached_property
    def largest(self) -> Integers:
        """The largest order that the pipeline alone allows. [column]"""
        return self.limits.room(self.columns[:, ::-1])

    @cached_property
    def first_successor(self) -> Integers:
        """The column that follows when nothing is ordered; if L > 1 an order of z leads z columns further. [column]"""
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

    def costs_with(self, orders: Integers) -> Floats:
        """Expected cost of a period under a policy. [state] -> [state]"""
        return self.costs + self.order_cost * (orders > 0)

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
        """Chances, stocks left at the end, and where each state begins among them: the same for every policy."""
        rows = np.concatenate([[0], np.cumsum(self.on_hand + 1)])
        ends = np.arange(rows[-1]) - np.repeat(rows[:-1], self.on_hand + 1)
        data = self.chances[np.repeat(self.on_hand, self.on_hand + 1), ends]
        return data, ends.astype(np.int32), rows.astype(np.int32)


def end_chances(instance: LostSales, up_to: int) -> Floats:
    """P(left at the end = e | x0 on hand), lower triangular. [x0, e]"""
    return left_chances(instance.demand_chances(up_to + 1))


def left_chances(demand: Floats) -> Floats:
    """P(left at the end = e | x on hand before demand), lower triangular. [demand] -> [x, e], as many of each"""
    on_hand, left = np.indices((len(demand), len(demand)))
    chances = np.where(left <= on_hand, demand[np.maximum(on_hand - left, 0)], 0.0)
    chances[:, 0] = 1 - np.concatenate([[0.0], np.cumsum(demand)[:-1]])  # demand of x or more: sold out
    return chances


def _columns(limits: Limits) -> Integers:
    """Every pipeline (x1, ..., x[L-1]) within limits, in lexicographic order."""
    columns = np.zeros((1, 0), np.int64)
    for _ in limits.spans[1:]:  # from the latest order back to x1
        room = np.minimum(limits.room(columns), limits.total - columns.sum(axis=1))
        starts = np.concatenate([[0], np.cumsum(room + 1)])
        entry = np.arange(starts[-1]) - np.repeat(starts[:-1], room + 1)
        columns = np.hstack([entry[:, None], np.repeat(columns, room + 1, axis=0)])
    return columns[np.lexsort(columns.T[::-1])] if len(limits.spans) > 1 else columns


def most_states(limits: Limits) -> int:
    """An upper bound on the states of a grid, quick to find: it counts entries and sums of the pipeline alone."""
    entry = np.ones(limits.spans[0] + 1)
    ways = np.ones(1)  # pipelines by their sum
    for span in limits.spans[:-1]:
        ways = np.convolve(ways, entry)[: min(span, limits.total) + 1]
    return round(float(np.sum(ways * (limits.total + 1 - np.arange(len(ways))))))
