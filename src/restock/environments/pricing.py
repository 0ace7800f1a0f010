"""Pricing a stock, alone or together with orders: instances with an exact optimum.

In a period: what is ordered comes at once, up to the capacity; a price is set; demand comes, the lower the price the
more; pay for what was ordered, `holding` per unit left and `shortage` per unit lost. After the last period what is left
earns `salvage` per unit. What counts is the expected profit of all periods together, the start drawn at random.

Orders and prices lie on a small grid, so `step` lives many paths in NumPy; `pricing_task` is the same shop in the
simulator, as Gymnasium sees it.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box, Discrete
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy import stats

from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Course, Setting, empty_stock, plain_shop, steady
from restock.environments.task import Rules, Task, booked_profit, episode_length, kind_of_actions, within
from restock.errors import UsageError
from restock.language import Text
from restock.simulator.types import Chance, Decision, Number, Stock, View

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

    def setting(self) -> Setting:
        """As the simulator sees it; what is drawn is not demand but its luck, see `Drawn`. Feature: periods left."""
        usual = float(np.median(self.prices))
        mean = self.demand.mean(min(self.prices, key=lambda price: abs(price - usual)))
        shop = plain_shop(lead_time=0, holding=self.holding, shortage=self.shortage, unit_cost=self.unit_cost)
        steady_known = eqx.tree_at(lambda k: k.price, steady(mean, mean, 1), jnp.full(1, usual))

        def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
            luck = jnp.asarray(generator.random((paths, periods)), jnp.float32)
            known = jax.tree.map(lambda x: jnp.broadcast_to(x, (paths, periods, *x.shape)), steady_known)
            left = jnp.maximum(self.periods - jnp.arange(periods), 0.0)
            left = jnp.broadcast_to(left[:, None], (paths, periods, 1))
            return Course(luck, eqx.tree_at(lambda k: k.features, known, left))

        return Setting(self.name, shop, empty_stock(0), float(self.largest_order), draw)

    def allowed(self, stock: Integers, order: Integers) -> Integers:
        """The part of an order that may be placed."""
        return np.clip(order, 0, np.minimum(self.largest_order, self.capacity - stock))


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
    order = instance.allowed(stock, order)
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


@dataclass(frozen=True, eq=False)  # told apart by identity: to compare tables in every step would take longer than it
class Drawn:
    """Demand at the price nearest to the decided one; `Chance.demand` is its luck, evenly drawn between 0 and 1.

    The same luck is more demand at a lower price, so that prices are compared fairly.
    """

    prices: tuple[float, ...]  # money per unit
    below: tuple[tuple[float, ...], ...]  # P(D <= 0), P(D <= 1), ... at each of them

    def __call__(self, view: View, decision: Decision, chance: Chance) -> Chance:
        nearest = jnp.argmin(jnp.abs(jnp.asarray(self.prices) - decision.price[0]))
        units = (chance.demand[0] >= jnp.asarray(self.below)[nearest]).sum()
        return eqx.tree_at(lambda c: c.demand, chance, jnp.full_like(chance.demand, units))


@cache
def drawn_demand(instance: Pricing) -> Drawn:
    """Its demand; what is rarer than one in ten million is cut off."""
    most = max(instance.prices, key=instance.demand.mean)
    enough = next(n for n in range(1, 10_000) if instance.demand.chances(most, n).sum() > 1 - 1e-7)
    return Drawn(
        instance.prices,
        tuple(tuple(np.cumsum(instance.demand.chances(price, enough)).tolist()) for price in instance.prices),
    )


def pricing_task(instance: str, actions: str = "discrete", periods: int | None = None) -> Task:
    """The task of a published instance as Gymnasium sees it.

    Observation: units on hand; periods left, this one included. Action: order * number of prices + index of the price.
    Reward: money of the period as booked; what is left at the end is worth nothing.

    Args:
        instance: its name.
        actions: `discrete`; there are no others here.
        periods: of an episode; none: all of the instance.

    Raises:
        UsageError: no such instance (the hint offers the nearest), kind of action or length, or the instance pays for
            what is left, which no reward of a period can tell.
    """
    found = find_instance(instance)
    if kind_of_actions(actions) != "discrete":
        raise UsageError(
            Text("orders and prices are pairs of a grid here", "此处订货量与价格成对取自网格"),
            hint=Text("choose `actions='discrete'`", "请使用 `actions='discrete'`"),
        )
    if found.salvage:
        raise UsageError(
            Text(
                f"`{found.name}` pays {found.salvage} per unit left at the end: no environment has that yet",
                f"`{found.name}` 在结束时按每件 {found.salvage} 回收剩余库存：目前没有环境支持",
            ),
            hint=Text("choose `markdown`, `orders-only` or `joint`", "可选：`markdown`、`orders-only` 或 `joint`"),
        )
    setting = found.setting()
    length, count = episode_length(found.name, found.periods, periods), len(found.prices)
    prices, response = jnp.asarray(found.prices), drawn_demand(found)

    def order(view: View, action: Number) -> Number:
        return action // count

    def price(view: View, action: Number) -> Number:
        return prices[(action % count).astype(int)]

    def start(generator: np.random.Generator, paths: int) -> Stock:
        units = jnp.asarray(np.asarray(found.starts)[generator.integers(0, len(found.starts), paths)], jnp.float32)
        return Stock(units[:, None, None], jnp.zeros((paths, 1, 0)), jnp.zeros((paths, 1)))

    rules = Rules(within(order, found.capacity), _on_hand_and_left, booked_profit, price, response)
    space = Box(0.0, np.array([found.capacity, found.periods], np.float32), dtype=np.float32)
    actions_there = Discrete((found.largest_order + 1) * count)
    return Task(setting, length, actions_there, space, ("on_hand", "periods_left"), rules, moves=True, start=start)


def _on_hand_and_left(view: View, asked: Number) -> Float[Array, " observation"]:
    return jnp.stack([view.stock.on_hand.sum(), view.known.features[0]])


find_instance = finder(KIND, PUBLISHED)
