"""What waits for a planner this morning: items and lines by what is the matter with them, in money and number."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.language import Text
from restock.workflows.approval.attention import CYCLES
from restock.workflows.plan import chances
from restock.workflows.situation import day
from restock.workflows.today import Today

SOLD_OUT = 0.5  # units: less than this is nothing
SOMEBODY_ASKS = 0.5  # units over lead time and review period
LIKELY = 0.5  # chance of running out
COLUMNS = ("item", "site", "name", "money", "on_hand", "on_order", "days_of_cover", "forecast", "stockout_without")


@dataclass(frozen=True)
class Queue:
    """Items with the same trouble, the most money first."""

    name: str
    title: Text
    meaning: Text  # of the money
    items: pl.DataFrame  # the columns above

    @property
    def count(self) -> int:
        """How many."""
        return self.items.height

    @property
    def money(self) -> float:
        """How much is at stake."""
        return float(self.items["money"].sum())

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"name": self.name, "count": self.count, "money": round(self.money, 2), "items": self.items.to_dicts()}


TITLES = {
    "stocked_out": (Text("Stocked out", "已缺货"), Text("margin lost a day", "每天损失的毛利")),
    "will_stock_out": (
        Text("Will stock out", "即将缺货"),
        Text("margin expected to be lost without an order", "不订货预计损失的毛利"),
    ),
    "gap": (
        Text("Gap before arrival", "到货前断货"),
        Text("margin lost until the next delivery", "下次到货前损失的毛利"),
    ),
    "overdue": (Text("Overdue", "逾期未到"), Text("orders that should be here, at cost", "应到未到的订单金额")),
    "excess": (
        Text("Excess", "库存过多"),
        Text(f"stock beyond {CYCLES:.0f} order cycles, at cost", f"超过 {CYCLES:.0f} 个订货周期的库存金额"),
    ),
}


def item_queues(today: Today) -> tuple[Queue, ...]:
    """Queues of items, as today's data have them; an item stands in the first of the first three that fits."""
    decided, shop = today.decided, today.situation.terms.shop
    hand, coming = decided.on_hand, decided.on_order.sum(axis=1)
    rate, asked = np.maximum(decided.scale, 1e-6), decided.lead_demand
    cost = np.asarray(shop.unit_cost)[:, 0]
    margin = np.maximum(decided.price - cost - np.asarray(shop.transport)[:, 0], 0.0)
    lost = _expected_lost(today, hand + coming)
    gap = _gap(today, hand / rate)
    out = (hand < SOLD_OUT) & (asked >= SOMEBODY_ASKS)
    gapped = ~out & (gap > 0) & (asked >= SOMEBODY_ASKS)
    frame = today.items
    likely = _in_rows(today, frame, "stockout_without") >= LIKELY
    spare = hand + coming - CYCLES * np.maximum(asked, SOMEBODY_ASKS)
    found: dict[str, tuple[NDArray[np.bool_], NDArray[np.floating]]] = {
        "stocked_out": (out, margin * rate / today.situation.history.period_days),
        "will_stock_out": (~out & ~gapped & likely, margin * lost),
        "gap": (gapped, margin * rate * gap),
        "excess": (spare > 0, cost * spare),
    }
    late = overdue(today)
    queues = [_queue(today, name, *found[name]) for name in ("stocked_out", "will_stock_out", "gap")]
    return (*queues, _named("overdue", late), _queue(today, "excess", *found["excess"]))


def overdue(today: Today) -> pl.DataFrame:
    """Items of open purchase orders that were expected before today; money is what is still to come, at cost."""
    orders = today.situation.facts.tables.get("purchase_orders")
    items = today.items
    if orders is None or not orders.height:
        return items.head(0).with_columns(money=pl.lit(0.0)).select(COLUMNS)
    still = orders.filter(
        (pl.col("expected") < first_day(today)) & pl.col("received").is_null() & (pl.col("quantity") > 0)
    )
    units = still.group_by("item", "site").agg(units=pl.col("quantity").sum())
    joined = items.join(units, on=["item", "site"]).with_columns(money=pl.col("units") * pl.col("unit_cost"))
    return joined.select(COLUMNS).sort("money", "item", "site", descending=[True, False, False])


def first_day(today: Today) -> date:
    """The day that is planned."""
    history = today.situation.history
    return day(history, history.shape[1]).astype(object)


def _expected_lost(today: Today, position: NDArray[np.floating]) -> NDArray[np.floating]:
    """Units that customers will ask for in vain over lead time and review period, without an order. [row]"""
    decided = today.decided
    lost = np.zeros(len(position))
    for chance, error in zip(chances(), decided.errors.T, strict=True):
        demand = np.maximum(decided.lead_demand + error * decided.lead_spread, 0.0)
        lost += chance * np.maximum(demand - position, 0.0)
    return lost


def _gap(today: Today, lasts: NDArray[np.floating]) -> NDArray[np.floating]:
    """Periods between the last unit on hand and the next delivery under way; 0 where none is. [row]

    An order that is older than the lead time is expected at once.
    """
    order = today.decided.on_order
    oldest = np.where((order > 0).any(axis=1), order.shape[1] - np.argmax(order[:, ::-1] > 0, axis=1), 0)
    arrives = np.maximum(today.situation.terms.lead_time - oldest, 0.0)
    return np.where(oldest > 0, np.maximum(arrives - lasts, 0.0), 0.0)


def _queue(today: Today, name: str, found: NDArray[np.bool_], money: NDArray[np.floating]) -> Queue:
    history = today.situation.history
    mine = pl.DataFrame(
        {
            "item": [item for item, is_one in zip(history.items, found, strict=True) if is_one],
            "site": [site for site, is_one in zip(history.sites, found, strict=True) if is_one],
            "money": np.round(money[found].astype(np.float64), 4),
        },
        schema={"item": pl.String, "site": pl.String, "money": pl.Float64},
    )
    joined = mine.join(today.items, on=["item", "site"]).select(COLUMNS)
    return _named(name, joined.sort("money", "item", "site", descending=[True, False, False]))


def _named(name: str, items: pl.DataFrame) -> Queue:
    return Queue(name, *TITLES[name], items)


def _in_rows(today: Today, frame: pl.DataFrame, column: str) -> NDArray[np.float64]:
    """A column of the sorted items in the order of the history's rows."""
    history = today.situation.history
    rows = pl.DataFrame({"item": list(history.items), "site": list(history.sites)})
    return rows.join(frame, on=["item", "site"], how="left", maintain_order="left")[column].to_numpy()
