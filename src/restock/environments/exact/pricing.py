"""The exact optimum of pricing instances, by dynamic programming from the last period to the first."""

import time
from dataclasses import dataclass

import numpy as np

from restock.environments.exact.grid import left_chances
from restock.environments.exact.simulation import Cost
from restock.environments.pricing import Floats, Integers, Pricing, step


@dataclass(frozen=True)
class Exact:
    """The best order and price in each period at each stock, and what they earn."""

    profit: float  # expected, of an episode; the mean over its starts
    values: Floats  # expected profit of an episode that starts with x units [x]
    orders: Integers  # units [period, x]
    prices: Integers  # index into the prices of the instance, once x is on hand after the order [period, x]
    seconds: float

    def __call__(self, period: int, stock: Integers) -> tuple[Integers, Integers]:
        """Orders, and indices of prices, in a period counted from 0. [path] -> [path], [path]"""
        order = self.orders[period, stock]
        return order, self.prices[period, stock + order]


def optimal_pricing(instance: Pricing) -> Exact:
    """The policy with the largest expected profit; it sees the stock and the period."""
    began = time.perf_counter()
    stock = np.arange(instance.capacity + 1)
    chances = (instance.demand.chances(price, instance.capacity + 1) for price in instance.prices)
    left = np.stack([left_chances(demand) for demand in chances])  # [price, x, left]
    earned = _earned(instance, left)  # [price, x]
    after = instance.salvage * stock.astype(np.float64)
    orders, prices = (np.zeros((instance.periods, len(stock)), np.int64) for _ in range(2))
    reach = (stock[:, None] <= stock) & (stock <= stock[:, None] + instance.largest_order)  # [x, x after an order]
    paid = np.where(reach, instance.unit_cost * (stock - stock[:, None]), np.inf)
    for period in range(instance.periods - 1, -1, -1):
        worth = earned + instance.discount * left @ after
        prices[period] = worth.argmax(axis=0)
        choice = worth.max(axis=0) - paid
        orders[period] = choice.argmax(axis=1) - stock
        after = choice.max(axis=1)
    profit = float(after[list(instance.starts)].mean())
    return Exact(profit, after, orders, prices, time.perf_counter() - began)


def _earned(instance: Pricing, left: Floats) -> Floats:
    """Expected profit of a period before what was ordered is paid. [price, x]"""
    stock = np.arange(instance.capacity + 1)
    rest = left @ stock
    sold = stock - rest
    prices = np.asarray(instance.prices)[:, None]
    lost = np.array([instance.demand.mean(price) for price in instance.prices])[:, None] - sold
    return prices * sold - instance.holding * rest - instance.shortage * lost


def simulated_profit(instance: Pricing, policy: Exact, paths: int = 20_000, seed: int = 0) -> Cost:
    """Profit of an episode along independent paths, its mean and standard error."""
    generator = np.random.default_rng(seed)
    stock = generator.choice(np.asarray(instance.starts), paths)
    total = np.zeros(paths)
    for period in range(instance.periods):
        stock, profit = step(instance, generator, stock, *policy(period, stock))
        total += instance.discount**period * profit
    total += instance.discount**instance.periods * instance.salvage * stock
    return Cost(float(total.mean()), float(total.std(ddof=1) / paths**0.5))
