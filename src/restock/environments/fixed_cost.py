"""Lost sales with a fixed order cost, and the published instance of Bijvank, Bhulai and Huh (2015).

Everything is as in `lost_sales`, and in addition each period in which something is ordered costs a fixed amount. What
counts is the average cost per period over an infinite horizon.
"""

from dataclasses import dataclass, replace

from restock.environments.lost_sales import LostSales
from restock.environments.naming import finder, not_an_instance
from restock.environments.setting import Setting, plain_shop
from restock.language import Text

KIND = Text("fixed-cost", "固定订货成本")


@dataclass(frozen=True)
class FixedCost:
    """One instance: a lost-sales problem, and what an order costs."""

    linear: LostSales  # the same problem with orders for free
    order_cost: float  # money per order placed, whatever its size

    def __post_init__(self) -> None:
        if self.order_cost <= 0:
            raise not_an_instance(
                KIND,
                self,
                Text(
                    "order_cost is positive; without one it is `LostSales`",
                    "order_cost 必须为正；为零时请用 `LostSales`",
                ),
            )

    @property
    def name(self) -> str:
        """Such as `poisson-p14-L2-K5`."""
        return f"{self.linear.name}-K{self.order_cost:g}"

    @property
    def most(self) -> int:
        """Units of the largest order worth offering: it lasts as long as holding has not cost another order."""
        return self.linear.newsvendor(1) + self.saved_units

    @property
    def saved_units(self) -> int:
        """Units that cost as much to hold for one period as one order costs, rounded up."""
        return int(-(-self.order_cost // self.linear.holding))

    def setting(self) -> Setting:
        """The instance as the simulator sees it; units cost nothing, only orders do."""
        linear = self.linear
        shop = plain_shop(
            lead_time=linear.lead_time, holding=linear.holding, shortage=linear.penalty, order_cost=self.order_cost
        )
        return replace(linear.setting(), name=self.name, shop=shop, most=float(self.most))


@dataclass(frozen=True)
class Published:
    """Average costs per period; rules order on the inventory position x, once it is s or less."""

    optimum: float
    min_max: float  # (s, S): order S - x
    batches: float  # (s, nQ): order the fewest batches of Q that lift x above s
    capped_min_max: float  # (s, S, q): order S - x, at most q
    source: str


PUBLISHED = {
    FixedCost(LostSales("poisson", 2, 14), 5): Published(
        11.4631,
        11.62,
        11.56,
        11.50,
        "Bijvank, Bhulai and Huh (2015), Parametric replenishment policies for inventory systems with lost sales and"
        " fixed order cost; the optimum to four decimals as others computed it again",
    )
}
find_instance = finder(KIND, PUBLISHED)
