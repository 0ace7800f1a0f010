"""Pricing a stock, alone or together with orders: instances with an exact optimum.

In a period: what is ordered comes at once, up to the capacity; a price is set; demand comes, the lower the price the
more; pay for what was ordered, `holding` per unit left and `shortage` per unit lost. After the last period what is left
earns `salvage` per unit. What counts is the expected profit of all periods together, the start drawn at random.

The simulator has no response of demand to price, so these instances come with a step of their own.
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from restock.environments.naming import find, not_an_instance
from restock.language import Text

KIND = Text("pricing", "定价（pricing）")

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Response(Protocol):
    """How demand of a period depends on the price."""

    def mean(self, price: float) -> float:
        """Expected demand, units."""
        ...

    def chances(self, price: float, below: int) -> Floats:
        """P(D = d) for d = 0 .. below - 1."""
        ...

    def draw(self, generator: np.random.Generator, prices: Floats) -> Integers:
        """Demand at these prices."""
        ...


@dataclass(frozen=True)
class ExponentialResponse:
    """Poisson demand with mean base * exp(-slope * (price - floor))."""

    base: float  # units at the price `floor`
    slope: float = 1.0  # per unit of money
    floor: float = 0.5  # money

    def mean(self, price: float) -> float:
        return float(self.base * np.exp(-self.slope * (price - self.floor)))

    def chances(self, price: float, below: int) -> Floats:
        return np.array(stats.poisson.pmf(np.arange(below), self.mean(price)), dtype=np.float64)

    def draw(self, generator: np.random.Generator, prices: Floats) -> Integers:
        return generator.poisson(self.base * np.exp(-self.slope * (prices - self.floor)))


@dataclass(frozen=True)
class ListedResponse:
    """The chances of 0, 1, 2, ... units at each of a few prices."""

    table: tuple[tuple[float, tuple[float, ...]], ...]  # a price, and its chances

    def mean(self, price: float) -> float:
        chances = dict(self.table)[price]
        return float(np.dot(chances, np.arange(len(chances))))

    def chances(self, price: float, below: int) -> Floats:
        chances = dict(self.table)[price]
        return np.pad(np.array(chances, dtype=np.float64)[:below], (0, max(below - len(chances), 0)))

    def draw(self, generator: np.random.Generator, prices: Floats) -> Integers:
        share, demand = generator.random(prices.shape), np.zeros(prices.shape, np.int64)
        for price, chances in self.table:
            drawn = np.searchsorted(np.cumsum(chances)[:-1], share, side="right")
            demand = np.where(prices == price, drawn, demand)
        return demand


@dataclass(frozen=True)
class Pricing:
    """One instance."""

    name: str
    prices: tuple[float, ...]  # money per unit; one of them is set in each period
    demand: Response
    periods: int
    starts: tuple[int, ...]  # units that an episode may start with, equally likely
    capacity: int  # units on hand after an order, at most
    largest_order: int = 0  # units; 0: nothing can be ordered
    unit_cost: float = 0.0  # money per unit ordered
    holding: float = 0.0  # money per unit left at the end of a period
    shortage: float = 0.0  # money per unit lost, beside the price
    salvage: float = 0.0  # money per unit left after the last period
    discount: float = 1.0  # what money of the next period is worth in this one

    def __post_init__(self) -> None:
        counts = self.prices and self.starts and self.periods >= 1 and self.largest_order >= 0
        right = counts and 0 <= min(self.starts) <= max(self.starts) <= self.capacity and 0 < self.discount <= 1
        if not right:
            raise not_an_instance(
                KIND,
                self,
                Text(
                    "it has prices, starts and periods; starts lie within the capacity; discount is above 0, at most 1",
                    "必须有价格、初始库存和周期；初始库存在 0 与 capacity 之间；discount 大于 0 且不超过 1",
                ),
            )


class Outcome(NamedTuple):
    """What a period leaves and earns, by path."""

    stock: Integers  # units
    profit: Floats  # money


def step(
    instance: Pricing, generator: np.random.Generator, stock: Integers, order: Integers, price: Integers
) -> Outcome:
    """One period of independent paths.

    Args:
        instance: the problem.
        generator: of demand.
        stock: units on hand. [path]
        order: units; more than may be ordered or has room is cut off. [path]
        price: index into `prices`. [path]
    """
    order = np.clip(order, 0, np.minimum(instance.largest_order, instance.capacity - stock))
    prices = np.asarray(instance.prices)[price]
    shelf, demand = stock + order, instance.demand.draw(generator, prices)
    sold = np.minimum(shelf, demand)
    left, lost = shelf - sold, demand - sold
    profit = prices * sold - instance.unit_cost * order - instance.holding * left - instance.shortage * lost
    return Outcome(left, profit)


@dataclass(frozen=True)
class Published:
    """Expected profit of an episode. None where nothing is known."""

    optimum: float  # by another program than `exact.pricing`
    learned: float | None  # the best learned policy
    classical: float | None  # the best classical policy, as published: no bound, and not always reproduced
    source: str


_DECISIONRL = "PyPI package decisionrl 0.4.0, environment and documentation; the optimum is computed for this project"

MARKDOWN = Pricing(
    "markdown",
    prices=tuple(0.5 * k for k in range(1, 9)),
    demand=ExponentialResponse(8.0),
    periods=20,
    starts=(8,),
    capacity=8,
)
"""`DynamicPricing` of decisionrl: eight units, twenty periods, eight prices, nothing can be ordered."""

ORDERS_ONLY = Pricing(
    "orders-only",
    prices=(1.0,),
    demand=ExponentialResponse(5.0, floor=1.0),
    periods=60,
    starts=tuple(range(21)),
    capacity=20,
    largest_order=10,
    unit_cost=0.3,
    holding=0.05,
    shortage=0.2,
)
"""`InventoryManagement` of decisionrl: one price, so only orders are decided."""

JOINT = Pricing(
    "joint",
    prices=tuple(round(0.5 + 0.02 * k, 2) for k in range(126)),
    demand=ExponentialResponse(9.0, slope=1.2),
    periods=40,
    starts=tuple(range(31)),
    capacity=30,
    largest_order=15,
    unit_cost=0.3,
    holding=0.25,
    shortage=0.3,
)
"""`JointPricingInventory` of decisionrl, its prices in steps of 0.02."""

LISTED = Pricing(
    "listed",
    prices=(7.0, 9.0, 11.0),
    demand=ListedResponse(((7.0, (0.1, 0.2, 0.3, 0.4)), (9.0, (0.2, 0.3, 0.3, 0.2)), (11.0, (0.4, 0.3, 0.2, 0.1)))),
    periods=5,
    starts=(1,),
    capacity=21,
    largest_order=4,
    unit_cost=4.0,
    holding=0.5,
    shortage=5.0,
    salvage=1.0,
    discount=0.99,
)
"""Three prices with their chances written out, in the style of Qin et al.; the capacity never binds."""

PUBLISHED = {
    MARKDOWN: Published(25.872, 25.3, 25.5, _DECISIONRL),  # the best fixed price, 3.5, earns 24.04, not 25.5
    ORDERS_ONLY: Published(197.007, 193.3, 196.1, _DECISIONRL),
    JOINT: Published(109.558, None, None, _DECISIONRL),
    LISTED: Published(33.178121, None, 32.508, "the joint pricing instance of a public benchmark of 2025, static rule"),
}


def find_instance(name: str) -> Pricing:
    """The published instance of that name.

    Raises:
        UsageError: no such instance; the hint offers the nearest names.
    """
    return find(KIND, name, PUBLISHED)
