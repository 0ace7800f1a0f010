"""The exact optimum of the lost-sales problem, by modified policy iteration on relative values.

Every full sweep gives two numbers between which the optimal average cost must lie: the smallest and the largest
difference between the values after and before it (Odoni 1969). Between full sweeps the policy at hand is evaluated,
which is a sparse matrix product and much cheaper than choosing anew.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.environments.exact.grid import Floats, Grid, Integers, Limits, most_states, newsvendor_limits
from restock.environments.lost_sales import LostSales
from restock.errors import UsageError
from restock.language import Text

FORBIDDEN = 1e12  # value of a state outside the limits: an order that could lead there is never the best
MOST_STATES = 5_000_000  # about 3 GB
MOST_SWEEPS = 20_000  # under fixed policies; only a tolerance below rounding gets here
EVALUATION = 0.1  # a policy is evaluated until the span is this share of the last full sweep's


@dataclass(frozen=True)
class OptimalPolicy:
    """The optimal order of every state, callable on whole arrays of states."""

    grid: Grid
    orders: Integers  # [state]

    def __call__(self, states: NDArray[np.integer]) -> Integers:
        """Orders for states (x0, x1, ..., x[L-1]). [..., L] -> [...]

        From an empty shop the process never leaves the table. A state beyond it (too much on the way) orders what the
        largest state of the table below it does, less what is beyond.
        """
        limits, inside = self.grid.limits, np.array(states, np.int64)
        lead_time = inside.shape[-1]
        for place in range(lead_time - 1, 0, -1):
            inside[..., place] = np.minimum(inside[..., place], limits.room(inside[..., place + 1 :]))
        inside[..., 0] = np.minimum(inside[..., 0], limits.total - inside[..., 1:].sum(axis=-1))
        beyond = np.sum(states, axis=-1) - inside.sum(axis=-1)
        found = self.orders[self.grid.find_states(inside)]
        return np.maximum(found - beyond, 0)


@dataclass(frozen=True)
class Exact:
    """The optimum of an instance and what it took to find it."""

    cost: float  # average per period: the middle of low and high
    low: float  # the optimum lies between low and high
    high: float
    policy: OptimalPolicy
    states: int
    full_sweeps: int  # sweeps that compare all orders
    sweeps: int  # sweeps under a fixed policy
    seconds: float


def optimal_cost(
    instance: LostSales, tolerance: float = 1e-6, limits: Limits | None = None, order_cost: float = 0.0
) -> Exact:
    """The smallest average cost per period, to within half the tolerance, and the policy that reaches it.

    Args:
        instance: the problem.
        tolerance: largest distance between the bounds on the optimum, money per period.
        limits: what an order may lead to; by default the newsvendor limits, which an optimal policy keeps where an
            order costs nothing.
        order_cost: money per order placed, whatever its size.

    Raises:
        UsageError: so many states that they would not fit into memory.
    """
    began = time.perf_counter()
    limits = limits or newsvendor_limits(instance)
    refuse_what_does_not_fit(instance, limits)
    grid = Grid(instance, limits, order_cost)
    improvement = _Improvement(grid)
    orders = grid.allowed()  # a fair start: ordering up to the limits is the vector base stock of Zipkin (2008)
    values, low, high = grid.costs, 0.0, instance.holding * instance.mean + order_cost
    full_sweeps = sweeps = 0
    while full_sweeps == 0 or (high - low > tolerance and sweeps < MOST_SWEEPS):
        evaluated = evaluate(grid, orders, max(EVALUATION * (high - low), tolerance / 2), values)
        after, orders = improvement(evaluated.values)
        low, high = bracket(after, evaluated.values)
        values = after - after[0]
        full_sweeps, sweeps = full_sweeps + 1, sweeps + evaluated.sweeps
    seconds = time.perf_counter() - began
    policy = OptimalPolicy(grid, orders)
    return Exact((low + high) / 2, low, high, policy, grid.size, full_sweeps, sweeps, seconds)


def refuse_what_does_not_fit(instance: LostSales, limits: Limits) -> None:
    """Say so before memory runs out."""
    states = most_states(limits)
    if states > MOST_STATES:
        raise UsageError(
            Text(
                f"the optimum of `{instance.name}` takes up to {states:,} states; {MOST_STATES:,} fit into memory",
                f"求 `{instance.name}` 的精确最优解最多需要 {states:,} 个状态，超过了 {MOST_STATES:,} 个的上限",
            ),
            hint=Text(
                "compare with the best known cost instead, or choose a shorter lead time",
                "请改与已知最好的成本比较，或选择更短的提前期",
            ),
        )


class Evaluated(NamedTuple):
    """What a policy costs, from a grid."""

    cost: float  # average per period
    values: Floats  # relative values [state]
    sweeps: int


def evaluate(grid: Grid, orders: Integers, tolerance: float = 1e-6, values: Floats | None = None) -> Evaluated:
    """The average cost of a policy, given as the order of each state, to within half the tolerance."""
    transition, costs = grid.transition(orders), grid.costs_with(orders)
    before = costs if values is None else values
    low, high, sweeps = -np.inf, np.inf, 0
    while high - low > tolerance and sweeps < MOST_SWEEPS:
        after = transition @ before
        after += costs
        low, high = bracket(after, before)
        before = after - after[0]
        sweeps += 1
    return Evaluated((low + high) / 2, before, sweeps)


def bracket(after: Floats, before: Floats) -> tuple[float, float]:
    """Bounds on the average cost from the values after and before a sweep."""
    change = after - before
    return float(change.min()), float(change.max())


class _Group(NamedTuple):
    """Columns whose next delivery is the same, those that allow the largest orders first."""

    arriving: int  # units
    columns: Integers
    reached: Integers  # the columns that they may lead to
    moves: tuple[
        tuple[int, Integers], ...
    ]  # an order, and where in `reached` it leads each of the first so many columns


class _Improvement:
    """Full sweeps over a grid: compare all orders in all states."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.inside = np.arange(grid.limits.total + 1) < grid.lengths[:, None]  # [column, x0]
        self.groups = tuple(_groups(grid))

    def __call__(self, values: Floats) -> tuple[Floats, Integers]:
        """The values after a period with the best order in every state, and those orders. [state]"""
        before = np.full(self.inside.shape, FORBIDDEN)
        before[self.inside] = values
        after = np.full(self.inside.shape, np.inf)
        orders = np.zeros(self.inside.shape, np.int16)
        for group in self.groups:
            height = self.grid.limits.total + 1 - group.arriving
            # chances above the diagonal are zero: what is forbidden spoils exactly the states where it can happen
            expected = before[group.reached, group.arriving :] @ self.grid.chances[:height, :height].T
            best, chosen = after[group.columns, :height], orders[group.columns, :height]
            for order, where in group.moves:
                candidate = expected[where]
                if order and self.grid.order_cost:
                    candidate = candidate + self.grid.order_cost
                better = candidate < best[: len(where)]
                np.copyto(best[: len(where)], candidate, where=better)
                np.copyto(chosen[: len(where)], order, where=better)
            after[group.columns, :height], orders[group.columns, :height] = best, chosen
        return after[self.inside] + self.grid.costs, orders[self.inside].astype(np.int64)


def _groups(grid: Grid) -> Iterator[_Group]:
    if grid.instance.lead_time == 1:  # the order itself is the next delivery
        only = np.zeros(1, np.int64)
        for order in range(grid.limits.spans[0] + 1):
            yield _Group(order, only, only, ((order, only),))
        return
    for arriving in range(int(grid.columns[:, 0].max()) + 1):
        columns = np.flatnonzero(grid.columns[:, 0] == arriving)
        columns = columns[np.argsort(-grid.largest[columns], kind="stable")]
        first, largest = grid.first_successor[columns], grid.largest[columns]
        leads = [first[: np.searchsorted(-largest, -order, side="right")] + order for order in range(largest[0] + 1)]
        reached, where = np.unique(np.concatenate(leads), return_inverse=True)
        places = np.split(where, np.cumsum([len(lead) for lead in leads])[:-1])
        yield _Group(arriving, columns, reached, tuple(enumerate(places)))
