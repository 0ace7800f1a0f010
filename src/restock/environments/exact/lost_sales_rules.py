"""What the classical rules cost on lost-sales instances, with their numbers tuned as well as they can be.

Exact where the states of the rule can be listed, by simulation with its standard error where they cannot. A base-stock
rule orders up to a level on hand and on the way together; a capped one never more than its cap at once (Xin 2021).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.environments.exact.grid import Grid, Limits, most_states
from restock.environments.exact.lost_sales import evaluate
from restock.environments.exact.simulation import Cost, simulated_cost
from restock.environments.lost_sales import LostSales

LISTED_STATES = 1_000_000  # rules with more states are simulated
SEARCHED = 1e-4  # tolerance of costs while numbers are searched


@dataclass(frozen=True)
class OrderUpTo:
    """Order up to `level`, at most `cap` at once; callable on arrays of states [..., L]."""

    level: int
    cap: int

    def __call__(self, states: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.clip(self.level - states.sum(axis=-1), 0, self.cap)


class Best(NamedTuple):
    """The best rule of its kind and its cost."""

    rule: OrderUpTo
    cost: Cost


def base_stock_cost(instance: LostSales, level: int) -> Cost:
    """Average cost of ordering up to `level`."""
    return rule_cost(instance, OrderUpTo(level, level))


def rule_cost(instance: LostSales, rule: OrderUpTo, tolerance: float = 1e-6) -> Cost:
    """Average cost of a rule: exact if its states can be listed, else simulated on 8 million periods."""
    spans = tuple(min(rule.cap * periods, rule.level) for periods in range(1, instance.lead_time + 1))
    limits = Limits(spans, rule.level)
    if most_states(limits) > LISTED_STATES:
        return simulated_cost(instance, rule)
    grid = Grid(instance, limits)
    return Cost(evaluate(grid, grid.allowed(), tolerance).cost, 0.0)


def best_base_stock(instance: LostSales) -> Best:
    """The best level; the cost is convex in it (Janakiraman and Roundy 2004)."""
    start = instance.newsvendor(instance.lead_time + 1)
    level = _lowest(lambda level: rule_cost(instance, OrderUpTo(level, level), SEARCHED).value, start)
    return Best(OrderUpTo(level, level), base_stock_cost(instance, level))


def best_capped_base_stock(instance: LostSales) -> Best:
    """The best level of each cap, and the best cap, searched from the newsvendor level of one period."""
    start = instance.newsvendor(instance.lead_time + 1)
    levels: dict[int, int] = {}

    def cost_of_cap(cap: int) -> float:
        nearest = min(levels, key=lambda known: abs(known - cap), default=None)
        of_level = cache(lambda level: rule_cost(instance, OrderUpTo(level, cap), SEARCHED).value)
        levels[cap] = _lowest(of_level, start if nearest is None else levels[nearest])
        return of_level(levels[cap])

    cap = _lowest(cost_of_cap, instance.newsvendor(1))
    rule = OrderUpTo(levels[cap], cap)
    return Best(rule, rule_cost(instance, rule))


def _lowest(cost: Callable[[int], float], start: int) -> int:
    """Where a cost of whole numbers from 1 on is lowest, walking downhill from `start`."""
    cost = cache(cost)
    here = start
    while True:
        step = min((here + 1, max(here - 1, 1)), key=cost)
        if cost(step) >= cost(here):
            return here
        here = step
