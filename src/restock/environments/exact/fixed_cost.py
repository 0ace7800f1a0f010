"""The exact optimum of lost sales with a fixed order cost, and the best rules of the three kinds that are in use.

The optimum comes from the solver of `exact.lost_sales`, on limits wide enough for large and rare orders. A rule is
priced on all states that it can reach, and its numbers are searched downhill in all directions at once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple, Protocol

import numpy as np

from restock.environments.exact.grid import Grid, Integers, Limits, newsvendor_limits
from restock.environments.exact.lost_sales import Exact, evaluate, optimal_cost, refuse_what_does_not_fit
from restock.environments.fixed_cost import FixedCost

SEARCHED = 1e-5  # tolerance of costs while numbers are searched


def wide_limits(instance: FixedCost) -> Limits:
    """Limits that an optimal order keeps: the newsvendor's, and what saves an order.

    Stock above the newsvendor's could be ordered later. That costs at most one more order, and saves
    about `holding` for each such unit and period. Tests widen the limits and find the same optimum.
    """
    return newsvendor_limits(instance.linear).widened(instance.saved_units)


def optimal_fixed_cost(instance: FixedCost, tolerance: float = 1e-6, limits: Limits | None = None) -> Exact:
    """The smallest average cost per period, to within half the tolerance, and the policy that reaches it.

    Raises:
        UsageError: so many states that they would not fit into memory.
    """
    return optimal_cost(instance.linear, tolerance, limits or wide_limits(instance), instance.order_cost)


class Rule(Protocol):
    """Orders by the inventory position alone: on hand and on the way together."""

    @property
    def top(self) -> int:
        """The highest position after an order."""
        ...

    @property
    def largest(self) -> int:
        """The largest order."""
        ...

    def __call__(self, position: Integers) -> Integers: ...


@dataclass(frozen=True)
class MinMax:
    """(s, S, q): at a position of `low` or less order up to `top`, at most `largest` at once."""

    low: int
    top: int
    largest: int

    def __call__(self, position: Integers) -> Integers:
        return np.where(position <= self.low, np.minimum(self.top - position, self.largest), 0)


@dataclass(frozen=True)
class Batches:
    """(s, nQ): at a position of `low` or less order the fewest whole batches that lift it above `low`."""

    low: int
    batch: int

    @property
    def top(self) -> int:
        return self.low + self.batch

    @property
    def largest(self) -> int:
        return self.batch * (self.low // self.batch + 1)

    def __call__(self, position: Integers) -> Integers:
        return np.maximum((self.low - position) // self.batch + 1, 0) * self.batch


class Best(NamedTuple):
    """The best rule of its kind and its average cost per period."""

    rule: MinMax | Batches
    cost: float


def rule_cost(instance: FixedCost, rule: Rule, tolerance: float = 1e-6) -> float:
    """Average cost per period of a rule, to within half the tolerance.

    Raises:
        UsageError: so many states that they would not fit into memory.
    """
    spans = tuple(min(rule.largest * periods, rule.top) for periods in range(1, instance.linear.lead_time + 1))
    limits = Limits(spans, rule.top)
    refuse_what_does_not_fit(instance.linear, limits)
    grid = Grid(instance.linear, limits, instance.order_cost)
    position = grid.on_hand + grid.columns.sum(axis=1)[grid.column]
    return evaluate(grid, rule(position), tolerance).cost


def best_min_max(instance: FixedCost) -> Best:
    """The best (s, S)."""
    return _best(instance, lambda low, more: MinMax(low, low + more, low + more), _start(instance))


def best_batches(instance: FixedCost) -> Best:
    """The best (s, nQ)."""
    return _best(instance, Batches, _start(instance))


def best_capped_min_max(instance: FixedCost) -> Best:
    """The best (s, S, q)."""
    low, more = _start(instance)
    return _best(instance, lambda low, more, cap: MinMax(low, low + more, cap), (low, more, more))


def _start(instance: FixedCost) -> tuple[int, int]:
    """The newsvendor level over the lead time, and the order quantity of Harris (1913)."""
    linear = instance.linear
    quantity = (2 * instance.order_cost * linear.mean / linear.holding) ** 0.5
    return linear.newsvendor(linear.lead_time), max(round(quantity), 1)


def _best(instance: FixedCost, make: Callable[..., MinMax | Batches], start: tuple[int, ...]) -> Best:
    """Walk downhill over whole numbers: the first is 0 or more, the others 1 or more."""
    cost = cache(lambda numbers: rule_cost(instance, make(*numbers), SEARCHED))
    here, before = start, ()
    while here != before:
        around = (tuple(map(sum, zip(here, step, strict=True))) for step in product((-1, 0, 1), repeat=len(here)))
        allowed = [numbers for numbers in around if numbers[0] >= 0 and min(numbers[1:]) >= 1]
        before, here = here, min(allowed, key=cost)
        if cost(here) >= cost(before):
            here = before
    return Best(make(*here), rule_cost(instance, make(*here)))
