"""The exact optimum of pricing instances, by dynamic programming from the last period to the first."""

import time
from dataclasses import dataclass, replace
from typing import NamedTuple

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


class Fixed(NamedTuple):
    """A price and a level to order up to that never move, and what they earn."""

    price: float  # money per unit
    level: int  # units
    profit: float  # expected, of an episode


def best_fixed_price(instance: Pricing) -> float:
    """Profit of the best price that never moves, with the best orders for it."""
    return max(optimal_pricing(replace(instance, prices=(price,))).profit for price in instance.prices)


def best_fixed_price_and_level(instance: Pricing) -> Fixed:
    """The best price and level that never move, of all pairs; without orders the level is 0."""
    stock = np.arange(instance.capacity + 1)
    levels = range(instance.capacity + 1 if instance.largest_order else 1)
    profits = (
        Fixed(price, level, steady_profit(instance, level - stock, index))
        for index, price in enumerate(instance.prices)
        for level in levels
    )
    return max(profits, key=lambda fixed: fixed.profit)


def steady_profit(instance: Pricing, orders: Integers, price: int) -> float:
    """Expected profit of an episode in which orders depend on the stock alone and the price never moves.

    Args:
        instance: the problem.
        orders: units; more than may be ordered or has room is cut off. [x]
        price: index into the prices of the instance.
    """
    stock = np.arange(instance.capacity + 1)
    orders = instance.allowed(stock, orders)
    left = left_chances(instance.demand.chances(instance.prices[price], instance.capacity + 1))
    one_price = replace(instance, prices=(instance.prices[price],))
    now = _earned(one_price, left[None])[0][stock + orders] - instance.unit_cost * orders
    chances = left[stock + orders]
    after = instance.salvage * stock.astype(np.float64)
    for _ in range(instance.periods):
        after = now + instance.discount * chances @ after
    return float(after[list(instance.starts)].mean())


def policy_profit(instance: Pricing, orders: Integers, prices: Integers) -> float:
    """Expected profit of an episode of any policy.

    Args:
        instance: the problem.
        orders: units; more than may be ordered or has room is cut off. [period, x]
        prices: index into the prices of the instance, at the stock before the order. [period, x]
    """
    stock = np.arange(instance.capacity + 1)
    left = np.stack([left_chances(instance.demand.chances(price, instance.capacity + 1)) for price in instance.prices])
    earned = _earned(instance, left)
    after = instance.salvage * stock.astype(np.float64)
    for asked, price in zip(orders[::-1], prices[::-1], strict=True):
        order = instance.allowed(stock, asked)
        shelf = stock + order
        after = earned[price, shelf] - instance.unit_cost * order + instance.discount * left[price, shelf] @ after
    return float(after[list(instance.starts)].mean())


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
