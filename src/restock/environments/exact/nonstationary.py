"""Bounds and optima for demand that jumps between two regimes, by dynamic programming.

Who sees the regime faces states (stock, regime). Who sees all demand faces states (stock, chance of the fast regime);
the values are convex in that chance, so lines between the points of a grid lie above them and a finer grid only lowers
the result. Whatever else a planner makes of past demand, an average for instance, cannot earn more than that.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import stats

from restock.environments.exact.simulation import Cost
from restock.environments.nonstationary import Floats, Integers, Nonstationary

POINTS = 101  # of the grid over chances


class Seen(NamedTuple):
    """What planners may see before a period, by path."""

    stock: Integers  # units
    average: Floats  # units
    chance: Floats  # of the fast regime


Orders = Callable[[int, Seen], Integers]  # period, counted from 0 -> units


@dataclass(frozen=True)
class Exact:
    """The best order for each period, stock and chance of the fast regime."""

    profit: float  # expected, of an episode
    orders: Integers  # units [period, stock, point of the grid]
    seconds: float

    def __call__(self, period: int, seen: Seen) -> Integers:
        """Orders at the nearest point of the grid. [path]"""
        points = self.orders.shape[-1] - 1
        return self.orders[period, seen.stock, np.rint(seen.chance * points).astype(np.int64)]


class _Periods:
    """What one period brings, by stock after the order and demand."""

    def __init__(self, instance: Nonstationary) -> None:
        self.instance = instance
        stock = np.arange(instance.capacity + 1)
        demand = np.arange(self.most_demand + 1)
        sold = np.minimum(stock[:, None], demand)
        self.left: Integers = stock[:, None] - sold  # [shelf, demand]
        self.earned: Floats = (
            instance.price * sold - instance.holding * self.left - instance.shortage * (demand - sold)
        )  # before orders are paid [shelf, demand]
        self.chances = np.array([stats.poisson.pmf(demand, mean) for mean in instance.means])  # [regime, demand]
        bought = stock - stock[:, None]
        can = (bought >= 0) & (bought <= instance.largest_order)
        self.paid: Floats = np.where(can, instance.unit_cost * bought, np.inf)  # [stock, shelf]

    @cached_property
    def most_demand(self) -> int:
        """Demand that is exceeded once in 10^12 periods."""
        return int(stats.poisson.isf(1e-12, self.instance.fast))

    def worth(self, after: Floats) -> Floats:
        """Expected profit from a period on, from that of the next. [regime, stock] -> [regime, shelf]"""
        switching = self.instance.switching
        expected = (1 - switching) * after + switching * after[::-1]
        return np.stack([(self.earned + expected[k][self.left]) @ self.chances[k] for k in (0, 1)])


def full_information_profit(instance: Nonstationary) -> float:
    """Profit of the best planner that sees the regime: no other can earn more."""
    periods, after = _Periods(instance), np.zeros((2, instance.capacity + 1))
    for _ in range(instance.periods):
        after = (periods.worth(after)[:, None] - periods.paid).max(axis=-1)
    return float(after.mean())


def base_stock_profit(instance: Nonstationary, level: int) -> float:
    """Profit of ordering up to a level that never moves."""
    periods, after = _Periods(instance), np.zeros((2, instance.capacity + 1))
    stock = np.arange(instance.capacity + 1)
    shelf = stock + instance.allowed(stock, level - stock)
    for _ in range(instance.periods):
        after = periods.worth(after)[:, shelf] - periods.paid[stock, shelf]
    return float(after.mean())


def best_base_stock(instance: Nonstationary) -> tuple[int, float]:
    """The best of all levels that never move, and its profit."""
    profits = [base_stock_profit(instance, level) for level in range(instance.capacity + 1)]
    return int(np.argmax(profits)), max(profits)


def optimal_with_history(instance: Nonstationary, points: int = POINTS) -> Exact:
    """The best policy that sees all demand and the first regime, on a grid over the chance of the fast regime."""
    began, periods = time.perf_counter(), _Periods(instance)
    chance = np.linspace(0, 1, points)
    mixed = (1 - chance)[:, None] * periods.chances[0] + chance[:, None] * periods.chances[1]  # [point, demand]
    place = instance.learn(chance[:, None], np.arange(periods.most_demand + 1)) * (points - 1)
    low = np.minimum(place.astype(np.int64), points - 2)
    high_share = place - low
    now = periods.earned @ mixed.T  # [shelf, point]
    after = np.zeros((instance.capacity + 1, points))
    orders = np.empty((instance.periods, instance.capacity + 1, points), np.int64)
    for period in range(instance.periods - 1, -1, -1):
        learned = after[:, low] * (1 - high_share) + after[:, low + 1] * high_share  # [left, point, demand]
        learned *= mixed
        worth = now + np.stack([learned[left, :, range(len(left))].sum(axis=0) for left in periods.left])
        choice = worth - periods.paid[:, :, None]  # [stock, shelf, point]
        orders[period] = choice.argmax(axis=1) - np.arange(instance.capacity + 1)[:, None]
        after = choice.max(axis=1)
    profit = float(after[:, [0, -1]].mean())  # the first regime is known
    return Exact(profit, orders, time.perf_counter() - began)


def simulated_profit(instance: Nonstationary, policy: Orders, paths: int = 10_000, seed: int = 0) -> Cost:
    """Profit of an episode along independent paths, its mean and standard error."""
    generator = np.random.default_rng(seed)
    drawn = instance.draw(generator, paths, instance.periods)
    stock = generator.integers(0, instance.capacity + 1, paths)
    total = np.zeros(paths)
    for period in range(instance.periods):
        seen = Seen(stock, drawn.average[:, period], drawn.chance[:, period])
        order, demand = instance.allowed(stock, policy(period, seen)), drawn.demand[:, period]
        sold = np.minimum(stock + order, demand)
        stock = stock + order - sold
        total += instance.price * sold - instance.unit_cost * order
        total -= instance.holding * stock + instance.shortage * (demand - sold)
    return Cost(float(total.mean()), float(total.std(ddof=1) / paths**0.5))
