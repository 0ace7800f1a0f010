"""One site whose customers all wait, with normal demand: where a base stock is optimal and its cost a closed form.

In a period: order, which can be sold L periods later; demand comes, a normal number where it is positive, else zero;
pay holding per unit left and penalty per unit that waits, both at the end of the period. Orders may be fractions. What
counts is the average cost per period over an infinite horizon.
"""

from dataclasses import dataclass

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from scipy import stats

from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Course, Setting, plain_shop, steady
from restock.language import Text
from restock.simulator.types import Stock

KIND = Text("backlog", "缺货等待（backlog）")
ORDER_SPREADS = 5  # the largest order worth offering: so many standard deviations above the mean


@dataclass(frozen=True)
class Backlog:
    """One instance."""

    lead_time: int  # L: an order of period t can be sold in period t + L; 0: at once
    penalty: float  # money per waiting unit and period
    mean: float = 5.0  # units per period, before what is below zero is cut off
    spread: float = 1.6  # standard deviation, likewise
    holding: float = 1.0  # money per unit left at the end of a period

    def __post_init__(self) -> None:
        if self.lead_time < 0 or min(self.penalty, self.mean, self.spread, self.holding) <= 0:
            raise not_an_instance(
                KIND,
                self,
                Text(
                    "lead_time is 0 or more; the other numbers are positive",
                    "lead_time 至少为 0；其余数值必须为正数",
                ),
            )

    @property
    def name(self) -> str:
        """Such as `backlog-p4-L10`; what is not the usual normal(5, 1.6) with holding 1 is named too."""
        demand = f"-m{self.mean:g}-s{self.spread:g}" * ((self.mean, self.spread) != (5, 1.6))
        return f"backlog-p{self.penalty:g}-L{self.lead_time}{demand}" + f"-h{self.holding:g}" * (self.holding != 1)

    @property
    def protected(self) -> int:
        """Periods whose demand an order must cover together with what is there: the lead time and its own."""
        return self.lead_time + 1

    @property
    def safety(self) -> float:
        """Units that the optimal position exceeds mean demand of the protected periods by, see `exact.backlog`."""
        fractile = self.penalty / (self.penalty + self.holding)
        return float(stats.norm.ppf(fractile)) * self.spread * self.protected**0.5

    def draw(self, generator: np.random.Generator, paths: int, periods: int) -> np.ndarray:
        """Demand of independent periods. [path, period]"""
        return np.maximum(generator.normal(self.mean, self.spread, (paths, periods)), 0.0)

    def setting(self) -> Setting:
        """The instance as the simulator sees it: it starts with mean demand on order and the optimal safety on hand.

        From an empty shop, episodes with long lead times would be about the first periods alone.
        """
        known = steady(self.mean, self.spread**2, self.protected)

        def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
            return Course(jnp.asarray(self.draw(generator, paths, periods), jnp.float32), known)

        shop = eqx.tree_at(
            lambda s: (s.waiting, s.backlog_cost, s.pack),
            plain_shop(lead_time=self.lead_time, holding=self.holding),
            (jnp.ones(1), jnp.full(1, float(self.penalty)), jnp.zeros(1)),
        )
        stock = Stock(jnp.full((1, 1), max(self.safety, 0.0)), jnp.full((1, self.lead_time), self.mean), jnp.zeros(1))
        return Setting(self.name, shop, stock, self.mean + ORDER_SPREADS * self.spread, draw)


@dataclass(frozen=True)
class Published:
    """What is known of an instance elsewhere; its optimum is a closed form."""

    learned: float  # average cost per period of a policy learned through a differentiable simulator
    source: str


# Rows: penalty 4, 9, 19, 39; columns: lead time 1, 4, 7, 10, 15, 20.
PENALTIES = (4, 9, 19, 39)
LEAD_TIMES = (1, 4, 7, 10, 15, 20)
_LEARNED = (
    (3.17, 5.01, 6.33, 7.43, 8.95, 10.26),
    (3.97, 6.28, 7.94, 9.31, 11.23, 12.88),
    (4.67, 7.38, 9.33, 10.96, 13.21, 15.13),
    (5.29, 8.37, 10.58, 12.42, 14.97, 17.14),
)
PUBLISHED = {
    Backlog(lead_time, penalty): Published(
        cost,
        "Alvo, Russo and Kanoria, arXiv 2306.11246, hindsight differentiable policy optimization: test losses in the"
        " authors' repository, periods 3000 to 5000",
    )
    for penalty, costs in zip(PENALTIES, _LEARNED, strict=True)
    for lead_time, cost in zip(LEAD_TIMES, costs, strict=True)
}
find_instance = finder(KIND, PUBLISHED)
