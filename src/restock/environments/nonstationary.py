"""Ordering for demand that jumps between a slow and a fast regime: `NonstationaryInventory` of decisionrl.

In a period: order, which comes at once, at most so much and up to the capacity; demand comes, Poisson with the mean of
the regime; earn the price per unit sold, pay for what was ordered, `holding` per unit left and `shortage` per unit
lost; the regime changes with a small chance. An episode starts with any stock from 0 to the capacity and in either
regime, all equally likely. What is left at the end is worth nothing; what counts is the profit of an episode.

The regime itself is never seen, but a planner may see more or less of what it did:

- `average`: the stock and an exponential average of demand, which is all that decisionrl shows. Before the first period
  the average is the mean of the regime at hand, so the start gives it away.
- `history`: all demand so far and the first regime, which amounts to the chance that the regime is the fast one.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Course, Setting, empty_stock, plain_shop
from restock.language import Text
from restock.simulator.types import Known, Stock

KIND = Text("nonstationary", "非平稳需求（nonstationary）")
Sees = Literal["average", "history"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Drawn(NamedTuple):
    """Chance along paths, and what it showed before each period. [path, period]"""

    fast: NDArray[np.bool_]  # never seen
    demand: Integers  # units
    average: Floats  # exponential average of demand before the period, units
    chance: Floats  # that the regime is the fast one, given the first regime and all demand before the period


@dataclass(frozen=True)
class Nonstationary:
    """One instance."""

    slow: float = 2.0  # mean demand, units per period
    fast: float = 14.0
    switching: float = 0.05  # chance that the regime changes after a period
    smoothing: float = 0.5  # weight of the latest demand in the average
    price: float = 1.0  # money per unit sold
    unit_cost: float = 0.3  # money per unit ordered
    holding: float = 0.25  # money per unit left at the end of a period
    shortage: float = 0.8  # money per unit lost, beside the price
    capacity: int = 30  # units on hand after an order, at most
    largest_order: int = 18  # units
    periods: int = 80

    def __post_init__(self) -> None:
        shares = 0 < self.switching < 1 and 0 < self.smoothing <= 1
        whole = min(self.capacity, self.largest_order, self.periods) >= 1
        if not (shares and whole and 0 < self.slow < self.fast):
            raise not_an_instance(
                KIND,
                self,
                Text(
                    "0 < slow < fast; switching and smoothing are shares; the whole numbers are 1 or more",
                    "要求 0 < slow < fast；switching 和 smoothing 是比例；其余整数至少为 1",
                ),
            )

    @property
    def name(self) -> str:
        """Such as `nonstationary-2-14`."""
        return f"nonstationary-{self.slow:g}-{self.fast:g}"

    @property
    def means(self) -> Floats:
        """Mean demand of the slow and the fast regime."""
        return np.array([self.slow, self.fast])

    def allowed(self, stock: Integers, order: Integers) -> Integers:
        """The part of an order that may be placed."""
        return np.clip(order, 0, np.minimum(self.largest_order, self.capacity - stock))

    def draw(self, generator: np.random.Generator, paths: int, periods: int) -> Drawn:
        """Regimes, demand, and what they showed."""
        changes = generator.random((paths, periods)) < self.switching
        changes[:, 0] = generator.random(paths) < 0.5
        fast = np.cumsum(changes, axis=1) % 2 == 1
        demand = generator.poisson(np.where(fast, self.fast, self.slow))
        average, chance = np.empty((2, paths, periods))
        average[:, 0], chance[:, 0] = np.where(fast[:, 0], self.fast, self.slow), fast[:, 0]
        for period in range(periods - 1):
            average[:, period + 1] = average[:, period] + self.smoothing * (demand[:, period] - average[:, period])
            chance[:, period + 1] = self.learn(chance[:, period], demand[:, period])
        return Drawn(fast, demand, average, chance)

    def learn(self, chance: Floats, demand: Integers) -> Floats:
        """The chance of the fast regime in the next period, once the demand of this one is known."""
        odds = np.exp(self.fast - self.slow - demand * np.log(self.fast / self.slow))  # of this demand: slow to fast
        now = chance / np.maximum(chance + (1 - chance) * odds, 1e-300)
        return now * (1 - self.switching) + (1 - now) * self.switching

    @property
    def average_error(self) -> float:
        """Standard deviation of the average as a forecast of the next demand, once the start is forgotten.

        Demand is a regime, whose correlation falls by 1 - 2 switching per period, and Poisson noise around it.
        """
        kept, regime = 1 - self.smoothing, (self.fast - self.slow) ** 2 / 4
        persistence, noise = 1 - 2 * self.switching, (self.slow + self.fast) / 2
        together = self.smoothing * persistence / (1 - kept * persistence)  # covariance with the regime / its variance
        share = self.smoothing / (1 + kept)  # sum of squared weights
        alike = share * (1 + kept * persistence) / (1 - kept * persistence)
        return (regime + noise + share * noise + (alike - 2 * together) * regime) ** 0.5

    def known(self, drawn: Drawn, sees: Sees) -> Known:
        """What a policy may know. [path, period]

        `features` is the average over the largest order, at most 1, as decisionrl shows it; or the chance of the fast
        regime. `lead_demand` and `lead_spread` are the forecast of this period's demand that follows from it, and the
        standard deviation of its error. `averages` holds the forecast too, which is the average, cut off at the largest
        order, where that is seen.
        """
        if sees == "average":
            forecast = np.minimum(drawn.average, self.largest_order)
            feature, spread = forecast / self.largest_order, np.full(forecast.shape, self.average_error)
        else:
            forecast, feature = self.slow + drawn.chance * (self.fast - self.slow), drawn.chance
            spread = np.sqrt(forecast + drawn.chance * (1 - drawn.chance) * (self.fast - self.slow) ** 2)
        one = np.ones((*forecast.shape, 1))
        parts = (np.full(forecast.shape, self.means.mean()), forecast[..., None], forecast, spread)
        parts = (*parts, feature[..., None], self.price * one, one)
        return Known(*(jnp.asarray(part, jnp.float32) for part in parts))

    def starting_stock(self, generator: np.random.Generator, paths: int) -> Stock:
        """Stocks that episodes start with. [path]"""
        drawn = generator.integers(0, self.capacity + 1, paths)
        return Stock(
            jnp.asarray(drawn, jnp.float32).reshape(paths, 1, 1), jnp.zeros((paths, 1, 0)), jnp.zeros((paths, 1))
        )

    def setting(self, sees: Sees = "average") -> Setting:
        """The instance as the simulator sees it.

        Three things to mind. Its stock is the mean start; published figures start with `starting_stock`. They sum
        `Money.profit`, which charges orders when they are placed; `profit_at_cost` values what is left at its cost. And
        the simulator has no capacity: more than `allowed` may be ordered, which the best policy never wants.
        """

        def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
            drawn = self.draw(generator, paths, periods)
            return Course(jnp.asarray(drawn.demand, jnp.float32), self.known(drawn, sees))

        shop = plain_shop(lead_time=0, holding=self.holding, shortage=self.shortage, unit_cost=self.unit_cost)
        stock = empty_stock(0, self.capacity / 2)
        return Setting(f"{self.name}-{sees}", shop, stock, float(self.largest_order), draw, self.periods)


@dataclass(frozen=True)
class Published:
    """Expected profit of an episode."""

    full_information: float  # of a planner that sees the regime: a bound
    history: float  # of the best planner that sees all demand
    level_table: float  # sees the average: order up to a level for each of 15 ranges of it, searched
    level_line: float  # sees the average: order up to 2 + 1.2 times it
    learned: float  # sees the average: the package's own policy by proximal policy optimisation
    base_stock: float  # the best level that never moves, as the package states it
    source: str


PUBLISHED = {
    Nonstationary(): Published(
        357.7,
        312.8,
        309.4,
        297.8,
        278.5,
        240.7,
        "PyPI package decisionrl 0.4.0 (learned, within 2.4; base stock, of which 237.9 can be reproduced); the others"
        " are computed for this project, table and line simulated within 1.0",
    )
}
find_instance = finder(KIND, PUBLISHED)
