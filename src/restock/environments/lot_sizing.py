"""Lot sizing on a forecast that moves: the published instances of Dehaybe, Catanzaro and Chevalier (2024).

Lost sales with a fixed order cost over a finite time; mean demand of each period is known a while ahead. In a period:
order, which can be sold L periods later; demand comes; pay holding per unit left, shortage per unit lost, and a fixed
amount if something was ordered. Units cost nothing, what is left at the end is worth nothing, nothing is discounted:
what counts is the cost of all periods together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Course, Setting, empty_stock, plain_shop
from restock.language import Text
from restock.simulator.types import Known

Law = Literal["poisson", "normal"]
LAWS: tuple[Law, ...] = get_args(Law)
KIND = Text("lot-sizing", "批量订货（lot sizing）")

PERIODS = 104  # of an episode
AHEAD = 32  # periods whose mean demand is known, this one included
_DRIFT = PERIODS + AHEAD  # periods over which demand grows or declines


def _seasonal(cycles: int) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    return lambda t: 10 + 5 * np.sin(2 * np.pi * cycles * t / PERIODS)


# Mean demand of period t = 1, 2, ..., units.
PATTERNS: dict[str, Callable[[NDArray[np.float64]], NDArray[np.float64]]] = {
    "constant-5": lambda t: np.full(t.shape, 5.0),
    "constant-10": lambda t: np.full(t.shape, 10.0),
    "constant-15": lambda t: np.full(t.shape, 15.0),
    "seasonal-1": _seasonal(1),
    "seasonal-2": _seasonal(2),
    "seasonal-4": _seasonal(4),
    "growth": lambda t: np.interp(t, [1, _DRIFT], [5.0, 15.0]),
    "decline": lambda t: np.interp(t, [1, _DRIFT], [15.0, 5.0]),
}


@dataclass(frozen=True)
class LotSizing:
    """One instance."""

    pattern: str  # of mean demand, one of `PATTERNS`
    law: Law  # of demand around its mean; `normal` is cut off at zero
    variation: float = 0.2  # standard deviation of the normal law as a share of the mean
    lead_time: int = 2  # L: an order of period t can be sold in period t + L
    holding: float = 1.0  # money per unit left at the end of a period
    shortage: float = 5.0  # money per unit lost
    order_cost: float = 10.0  # money per order placed
    start: int = 20  # units on hand before the first period; nothing is on order

    def __post_init__(self) -> None:
        known = self.pattern in PATTERNS and self.law in LAWS
        if not known or min(self.lead_time, self.start) < 0 or min(self.numbers) <= 0:
            raise not_an_instance(
                KIND,
                self,
                Text(
                    f"pattern is one of {', '.join(PATTERNS)}; law is one of {', '.join(LAWS)}; lead_time and start are"
                    " 0 or more; the other numbers are positive",
                    f"pattern 只能是 {'、'.join(PATTERNS)}；law 只能是 {'、'.join(LAWS)}；lead_time 和 start 至少为 0；"
                    "其余数值必须为正数",
                ),
            )

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """Variation and costs."""
        return self.variation, self.holding, self.shortage, self.order_cost

    @property
    def name(self) -> str:
        """Such as `seasonal-1-poisson`; what is not as published is named too."""
        usual = LotSizing("constant-5", "poisson")
        marks = {"cv": "variation", "L": "lead_time", "h": "holding", "b": "shortage", "K": "order_cost", "x": "start"}
        rest = (f"-{mark}{getattr(self, f):g}" for mark, f in marks.items() if getattr(self, f) != getattr(usual, f))
        return f"{self.pattern}-{self.law}" + "".join(rest)

    @property
    def batch(self) -> float:
        """The order quantity of Harris (1913) at the highest mean demand, units."""
        return (2 * self.order_cost * self.peak / self.holding) ** 0.5

    @property
    def peak(self) -> float:
        """The highest mean demand of a period, units."""
        return float(self.means(_DRIFT).max())

    def means(self, periods: int) -> NDArray[np.float64]:
        """Mean demand of the periods 1, 2, ..., units. [period]"""
        return PATTERNS[self.pattern](np.arange(1.0, periods + 1))

    def variances(self, means: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance of demand around its means."""
        return means if self.law == "poisson" else (self.variation * means) ** 2

    def draw(self, generator: np.random.Generator, paths: int, periods: int) -> NDArray[np.float64]:
        """Demand from the first period on. [path, period]"""
        means = self.means(periods)
        if self.law == "poisson":
            return generator.poisson(means, (paths, periods)).astype(np.float64)
        return np.maximum(generator.normal(means, self.variation * means, (paths, periods)), 0.0)

    def known(self, paths: int, periods: int) -> Known:
        """What a policy may know; the same on all paths, since nothing of it is learned from demand. [path, period]

        - `features`: mean demand of this period and the next, `AHEAD` in all, over `scale`;
        - `scale`: mean demand of the whole time, a constant of the instance;
        - `averages`: mean demand of this period, units, where a shop has averages of the past;
        - `lead_demand`, `lead_spread`: mean and standard deviation of demand from this period to L periods ahead.
        """
        means = self.means(periods + max(AHEAD, self.lead_time + 1))
        scale = float(self.means(_DRIFT).mean())

        def ahead(of: NDArray[np.float64], length: int) -> NDArray[np.float64]:
            return np.lib.stride_tricks.sliding_window_view(of, length)[:periods]

        lead_demand = ahead(means, self.lead_time + 1).sum(axis=-1)
        lead_variance = ahead(self.variances(means), self.lead_time + 1).sum(axis=-1)

        def rows(values: NDArray[np.float64]) -> jnp.ndarray:
            return jnp.broadcast_to(jnp.asarray(values, jnp.float32), (paths, *values.shape))

        return Known(
            scale=rows(np.full(periods, scale)),
            averages=rows(means[:periods, None]),
            lead_demand=rows(lead_demand),
            lead_spread=rows(np.sqrt(lead_variance)),
            features=rows(ahead(means, AHEAD) / scale),
            price=rows(np.zeros((periods, 1))),
            may_order=rows(np.ones((periods, 1))),
        )

    def setting(self) -> Setting:
        """The instance as the simulator sees it; orders are whole units, fractions where demand is normal.

        A path always begins with period 1. Patterns that drift stay where they are once the drift is over.
        """

        def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
            drawn = self.draw(generator, paths, periods)
            return Course(jnp.asarray(drawn, jnp.float32), self.known(paths, periods))

        shop = plain_shop(
            lead_time=self.lead_time, holding=self.holding, shortage=self.shortage, order_cost=self.order_cost
        )
        if self.law == "normal":
            shop = eqx.tree_at(lambda s: s.pack, shop, jnp.zeros(1))
        stock = empty_stock(self.lead_time, float(self.start))
        return Setting(self.name, shop, stock, float(round(self.peak + self.batch)), draw, PERIODS)


@dataclass(frozen=True)
class Published:
    """Expected cost of 104 periods. None where nothing is known.

    `optimum` is that of a policy that does not know the end: it minimises the cost of 136 periods. That is the fair bar
    for a policy that sees 32 periods ahead. Normal demand: orders and demand in steps of half a unit.
    """

    optimum: float
    optimum_with_end: float  # of a policy that knows the time ends after 104 periods
    simple_min_max: float | None = None  # s and S anew in each period by a normal approximation
    rolling: float | None = None  # dynamic program over the forecast, again in each period
    learned: float | None = None


# Optima by another program than `exact.lot_sizing`. Simple and rolling: results published with the code of Dehaybe,
# Catanzaro and Chevalier (2024), Deep reinforcement learning for inventory optimization with non-stationary uncertain
# demand, European Journal of Operational Research 314(2); simulated, the simple rule with the normal law (its shortages
# fit no other), the rolling program with the Poisson law. Learned: a public benchmark of 2025, normal law; it is quoted
# there against the Poisson costs, which no policy under normal demand should be.
PUBLISHED = {
    LotSizing("constant-5", "poisson"): Published(1181.5, 1170.9, rolling=1215.26),
    LotSizing("constant-10", "poisson"): Published(1643.2, 1630.7, rolling=1711.74),
    LotSizing("constant-15", "poisson"): Published(1945.3, 1925.2, rolling=2072.16),
    LotSizing("seasonal-1", "poisson"): Published(1596.6, 1583.9, rolling=1675.81),
    LotSizing("constant-5", "normal"): Published(981.8, 970.4, simple_min_max=1252.49, learned=1026.3),
    LotSizing("constant-10", "normal"): Published(1428.4, 1416.2, simple_min_max=1832.91, learned=1539.0),
    LotSizing("constant-15", "normal"): Published(1750.1, 1730.0, simple_min_max=2369.63, learned=1785.2),
    LotSizing("seasonal-1", "normal"): Published(1385.4, 1370.9, simple_min_max=1824.98, learned=1517.1),
}
find_instance = finder(KIND, PUBLISHED)
