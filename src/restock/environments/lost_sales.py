"""The single-store lost-sales problem of Zipkin (2008) and its published instances.

One item, one store; what is not served is lost. State x = (x0, x1, ..., x[L-1]): x0 on hand *including what has just
arrived*, xk arrives k periods from now. In a period: order z, which can be sold L periods later; demand d comes; pay
holding * (x0 - d)+ + penalty * (d - x0)+; next on hand is (x0 - d)+ + x1. Orders are whole units, demand is independent
and identically distributed, and what counts is the average cost per period over an infinite horizon.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Course, Setting, empty_stock, plain_shop, steady
from restock.language import Text

Law = Literal["poisson", "geometric"]
LAWS: tuple[Law, ...] = get_args(Law)
PENALTIES = (4, 9, 19, 39)
KIND = Text("lost-sales", "缺货损失（lost sales）")


@dataclass(frozen=True)
class LostSales:
    """One instance; `geometric` counts failures, so both laws live on 0, 1, 2, ..."""

    demand: Law
    lead_time: int  # L: an order of period t can be sold in period t + L, at least 1
    penalty: float  # money per unit lost
    mean: float = 5.0  # units per period
    holding: float = 1.0  # money per unit left at the end of a period

    def __post_init__(self) -> None:
        right = self.demand in LAWS and self.lead_time >= 1 and min(self.penalty, self.mean, self.holding) > 0
        if not right:
            raise not_an_instance(
                KIND,
                self,
                Text(
                    f"demand is one of {', '.join(LAWS)}; lead_time is 1 or more; the other numbers are positive",
                    f"demand 只能是 {'、'.join(LAWS)}；lead_time 至少为 1；其余数值必须为正数",
                ),
            )

    @property
    def name(self) -> str:
        """Such as `poisson-p4-L4`; mean and holding appear only when they are not the usual 5 and 1."""
        rest = f"-m{self.mean:g}" * (self.mean != 5) + f"-h{self.holding:g}" * (self.holding != 1)
        return f"{self.demand}-p{self.penalty:g}-L{self.lead_time}{rest}"

    @property
    def fractile(self) -> float:
        """The newsvendor's fractile p / (p + h)."""
        return self.penalty / (self.penalty + self.holding)

    def demand_chances(self, below: int) -> NDArray[np.float64]:
        """P(D = d) for d = 0 .. below - 1."""
        units = np.arange(below)
        if self.demand == "poisson":
            return np.array(stats.poisson.pmf(units, self.mean), dtype=np.float64)
        return np.power(self.mean / (1 + self.mean), units, dtype=np.float64) / (1 + self.mean)

    def draw(self, generator: np.random.Generator, shape: int | tuple[int, ...]) -> NDArray[np.int64]:
        """Demand of independent periods."""
        if self.demand == "poisson":
            return generator.poisson(self.mean, shape)
        return generator.geometric(1 / (1 + self.mean), shape) - 1

    def newsvendor(self, periods: int) -> int:
        """Smallest stock that covers the demand of so many periods with chance p / (p + h)."""
        if self.demand == "poisson":
            return int(stats.poisson.ppf(self.fractile, periods * self.mean))
        return int(stats.nbinom.ppf(self.fractile, periods, 1 / (1 + self.mean)))

    def setting(self) -> Setting:
        """The instance as the simulator sees it; units cost nothing."""
        variance = self.mean if self.demand == "poisson" else self.mean * (1 + self.mean)
        known = steady(self.mean, variance, self.lead_time + 1)

        def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
            return Course(jnp.asarray(self.draw(generator, (paths, periods)), jnp.float32), known)

        shop = plain_shop(lead_time=self.lead_time, holding=self.holding, shortage=self.penalty)
        return Setting(self.name, shop, empty_stock(self.lead_time), float(self.newsvendor(1) + 1), draw)

    def expected_costs(self, up_to: int) -> NDArray[np.float64]:
        """Expected cost of a period that starts with 0 .. up_to units on hand."""
        chances = self.demand_chances(up_to + 1)
        left = np.concatenate([[0.0], np.cumsum(np.cumsum(chances))[:-1]])  # E (x - D)+, rises by P(D <= x)
        lost = self.mean - np.arange(up_to + 1) + left
        return self.holding * left + self.penalty * lost


@dataclass(frozen=True)
class Published:
    """What is known of an instance elsewhere; None where nothing is."""

    optimum: float | None  # exact average cost
    best_known: float | None  # the best published cost of a learned policy, where the lead time is long
    best_base_stock: float  # cost of the best base-stock level
    source: str


# Exact to five decimals by relative value iteration to a span of 1e-6, by another program than `exact.lost_sales`; all
# 32 agree with the two decimals of Zipkin (2008), "Old and new methods for lost-sales inventory systems", tables 3, 4.
# Rows: penalty 4, 9, 19, 39; columns: lead time 1, 2, 3, 4.
_OPTIMA: dict[Law, tuple[tuple[float, ...], ...]] = {
    "poisson": (
        (4.04071, 4.39530, 4.59872, 4.72853),
        (5.43822, 6.09364, 6.53137, 6.83594),
        (6.67574, 7.66442, 8.36251, 8.88718),
        (7.83595, 9.10638, 10.03848, 10.79441),
    ),
    "geometric": (
        (9.81749, 10.24021, 10.46671, 10.60650),
        (14.50817, 15.50289, 16.13674, 16.57737),
        (19.21790, 20.89056, 22.06454, 22.95300),
        (23.86569, 26.21377, 27.96354, 29.35593),
    ),
}
# Best base stock as printed by Zipkin (2008), tables 3 and 4.
_BASE_STOCKS: dict[Law, tuple[tuple[float, ...], ...]] = {
    "poisson": (
        (4.16, 4.64, 4.98, 5.20),
        (5.55, 6.32, 6.86, 7.27),
        (6.73, 7.84, 8.60, 9.23),
        (7.86, 9.19, 10.22, 11.06),
    ),
    "geometric": (
        (10.04, 10.70, 11.13, 11.44),
        (14.73, 15.99, 16.87, 17.54),
        (19.40, 21.31, 22.73, 23.85),
        (24.00, 26.55, 28.51, 30.12),
    ),
}
# Poisson, lead time 6, one per penalty: by `exact.lost_sales` of this package; none is published above lead time 4.
_OPTIMA_LEAD_TIME_6 = (4.87252, 7.22896, 9.64788, 11.94882)
# Deep Controlled Learning: Temizoz et al., European Journal of Operational Research (2025), logs of the authors'
# replication repository (classifier trained on 20,000 samples); simulated, so a cost may lie a little under the
# optimum. Poisson. Rows: penalty 4, 9, 19, 39; columns: lead time 6, 8, 10.
_LONG_LEAD_TIMES = (6, 8, 10)
_CONTROLLED_LEARNING = (
    (4.87206, 4.95078, 5.02385),
    (7.22889, 7.49138, 7.67552),
    (9.64778, 10.1752, 10.5743),
    (11.9477, 12.8106, 13.4869),
)
_LONG_BASE_STOCKS = (
    (5.5079, 5.71969, 5.87092),
    (7.88644, 8.31805, 8.64139),
    (10.1843, 10.905, 11.4746),
    (12.3587, 13.3863, 14.2357),
)


def _table() -> dict[LostSales, Published]:
    zipkin = "Zipkin (2008), tables 3 and 4; optimum to five digits by value iteration"
    learned = "Temizoz et al. (2025), Deep Controlled Learning, logs"
    table: dict[LostSales, Published] = {}
    for law in LAWS:
        for penalty, optima, levels in zip(PENALTIES, _OPTIMA[law], _BASE_STOCKS[law], strict=True):
            for lead_time, (optimum, level) in enumerate(zip(optima, levels, strict=True), start=1):
                table[LostSales(law, lead_time, penalty)] = Published(optimum, None, level, zipkin)
    for row, penalty in enumerate(PENALTIES):
        for place, lead_time in enumerate(_LONG_LEAD_TIMES):
            optimum = _OPTIMA_LEAD_TIME_6[row] if lead_time == 6 else None
            cost, level = _CONTROLLED_LEARNING[row][place], _LONG_BASE_STOCKS[row][place]
            table[LostSales("poisson", lead_time, penalty)] = Published(optimum, cost, level, learned)
    return table


PUBLISHED = _table()
ZIPKIN = tuple(instance for instance in PUBLISHED if instance.lead_time <= 4)
"""The 32 instances of Zipkin: two laws, four penalties, lead times 1 to 4."""
LONG = tuple(instance for instance in PUBLISHED if instance.lead_time > 4)
"""The 12 Poisson instances with lead times 6, 8 and 10."""
find_instance = finder(KIND, PUBLISHED)
