"""What lies in the shop now and what is on its way: where simulation of the future, and today's plan, begin."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.intake.assumptions import Assumption, listed
from restock.intake.rows import at_site, column, rows_frame
from restock.intake.terms import Terms
from restock.language import Text
from restock.simulator.history import Floats, History

Doubles = NDArray[np.float64]


class StartingStock(NamedTuple):
    """Stock at the first moment after a history."""

    on_hand: Floats  # units; 0 where nobody has counted [item]
    on_order: Floats  # units ordered 1, 2, ... periods ago and not yet here, up to the longest lead time [item, lead]
    known: NDArray[np.bool_]  # False where nobody has counted [item]
    assumptions: tuple[Assumption, ...]


def starting_stock(facts: Mapping[str, pl.DataFrame], history: History, terms: Terms) -> StartingStock:
    """The newest count of each row, and its open purchase orders at the age that brings them in when they are expected.

    Counts up to one day after the history are taken; where there is none, the first one after that.

    Args:
        facts: the tables; `stock` and `purchase_orders` are read where they are there.
        history: its rows are those of the result, its end is the moment.
        terms: lead times of the same rows.
    """
    rows = rows_frame(history.items, history.sites)
    now = int(history.starts[-1].astype(int)) + history.period_days
    counts, pooled = _at_rows(facts.get("stock"), rows)
    on_hand, known, said = _counts(counts, rows, now)
    said += _not_counted(rows, ~known, history.begun)
    on_order, due, said_orders = _orders(
        _at_rows(facts.get("purchase_orders"), rows)[0], terms, now, history.period_days
    )
    return StartingStock(
        (on_hand + due).astype(np.float32), on_order.astype(np.float32), known, (*_pooled(pooled), *said, *said_orders)
    )


def _at_rows(table: pl.DataFrame | None, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The table with `row`, and the sites that were put together: all of them, where the sales know only one."""
    sold_at = rows["site"].unique()
    if table is None or not table.height or len(sold_at) > 1:
        return at_site(table, rows), []
    others = table["site"].unique().sort().to_list()
    found = table.join(rows.select("item", "row"), on="item", how="inner")
    return found, others if set(others) != set(sold_at) else []


def _counts(counts: pl.DataFrame, rows: pl.DataFrame, now: int) -> tuple[Doubles, NDArray[np.bool_], list[Assumption]]:
    on_hand, known = np.zeros(rows.height), np.zeros(rows.height, bool)
    said: list[Assumption] = []
    if counts.height:
        day = pl.col("date").cast(pl.Int32).cast(pl.Int64)
        dated = counts.select("row", "site", day.alias("day"), column(counts, "on_hand").fill_null(0.0)).sort("day")
        place = ["row", "site"]
        before = dated.filter(pl.col("day") <= now).unique(place, keep="last")
        after = dated.filter(pl.col("day") > now).join(before, on=place, how="anti").unique(place, keep="first")
        found = pl.concat([before, after])
        np.add.at(on_hand, found["row"].to_numpy(), found["on_hand"].to_numpy())
        known[found["row"].to_numpy()] = True
        if after.height:
            said.append(_counted_late(after["row"].n_unique(), int(after["day"].to_numpy().max()) - now))
    if (on_hand < 0).any():
        said.append(_below_zero([rows["item"][int(i)] for i in np.flatnonzero(on_hand < 0)]))
    return np.maximum(on_hand, 0), known, said


def _orders(
    orders: pl.DataFrame, terms: Terms, now: int, period_days: int
) -> tuple[Doubles, Doubles, list[Assumption]]:
    """Units by age, units that are here at once since their item has no lead time, and what was assumed."""
    chance = terms.shop.lead_chance[:, 0]
    on_order, due = np.zeros((len(chance), chance.shape[1] - 1)), np.zeros(len(chance))
    if orders.height:
        orders = orders.filter(column(orders, "received", pl.Date).is_null() & (pl.col("quantity") > 0))
    if not orders.height:
        return on_order, due, []
    days = orders.select(
        column(orders, name, pl.Date).cast(pl.Int32).cast(pl.Float64) for name in ("ordered", "expected")
    )
    ordered, expected = (days[name].fill_null(float("nan")).to_numpy() for name in ("ordered", "expected"))
    row, quantity = orders["row"].to_numpy(), orders["quantity"].to_numpy()
    longest = (chance.shape[1] - 1 - np.argmax(np.asarray(chance)[:, ::-1] > 0, axis=1))[row]
    to_come = np.floor((expected - now) / period_days)
    since = np.where(
        np.isnan(expected), np.ceil((now - ordered) / period_days), np.rint(terms.lead_time[row]) - to_come
    )
    overdue, undated = to_come < 0, np.isnan(since)
    early = (since < 1) & (longest > 0)  # it would have to leave today or later
    age = np.where(overdue, longest, np.clip(np.nan_to_num(since, nan=1), 1, np.maximum(longest, 1))).astype(int)
    waits = longest > 0
    np.add.at(on_order, (row[waits], age[waits] - 1), quantity[waits])
    np.add.at(due, row[~waits], quantity[~waits])
    names = orders["order"].to_list()
    kinds = {"orders_overdue": overdue, "orders_far": early, "orders_undated": undated}
    said = [_about_orders(key, [names[i] for i in np.flatnonzero(which)]) for key, which in kinds.items()]
    return on_order, due, [assumption for some in said for assumption in some]


def _pooled(sites: list[str]) -> list[Assumption]:
    if not sites:
        return []
    return [
        Assumption(
            "stock_sites",
            str(len(sites)),
            Text(
                f"the sales know one site only, so the stock and orders of {listed(sites)} are added up",
                f"销售数据只有一个地点，因此 {listed(sites)} 的库存和采购订单合并计算",
            ),
            Text("add a site column to the sales", "在销售数据中加入地点列"),
        )
    ]


def _counted_late(rows: int, days: int) -> Assumption:
    return Assumption(
        "stock_date",
        str(rows),
        Text(
            f"{rows} items were counted up to {days} days after the history ends; the count is taken as it is",
            f"{rows} 个商品的盘点日期比历史数据结束晚（最多 {days} 天），按盘点数使用",
        ),
        Text("load the sales up to the day of the count", "请导入截至盘点日的销售数据"),
    )


def _below_zero(items: list[str]) -> Assumption:
    return Assumption(
        "stock_below_zero",
        str(len(items)),
        Text(
            f"{len(items)} items have a count below 0; 0 is used: {listed(items)}",
            f"{len(items)} 个商品的库存为负，按 0 计算：{listed(items)}",
        ),
        Text("correct the counts in the stock table", "请更正库存表中的数量"),
    )


def _not_counted(rows: pl.DataFrame, uncounted: NDArray[np.bool_], sold: NDArray[np.bool_]) -> list[Assumption]:
    """Of what has been on sale nobody knows what is left; what has not is taken to be nowhere yet."""
    unknown, nowhere = (rows["item"].filter(pl.Series(uncounted & some)).to_list() for some in (sold, ~sold))
    total = rows.height
    texts = {
        "stock": Text(
            f"{len(unknown)} of {total} items have no stock count; what is on hand is not known: {listed(unknown)}",
            f"{total} 个商品中有 {len(unknown)} 个没有库存数据，现有库存未知：{listed(unknown)}",
        ),
        "stock_unsold": Text(
            f"{len(nowhere)} items have never sold and have no stock count; nothing is on hand: {listed(nowhere)}",
            f"{len(nowhere)} 个商品从未售出且没有库存数据，按现有库存为 0 计算：{listed(nowhere)}",
        ),
    }
    how = Text("load a stock table with `item`, `date` and `on_hand`", "请导入包含 `item`、`date`、`on_hand` 的库存表")
    found = zip(texts.items(), (unknown, nowhere), strict=True)
    return [Assumption(key, str(len(items)), text, how) for (key, text), items in found if items]


ORDERS = {
    "orders_overdue": (
        Text("are overdue and are taken to arrive now", "已逾期，视为即将到货"),
        Text("close them, or give a new expected date", "请关闭这些订单，或填写新的预计到货日期"),
    ),
    "orders_far": (
        Text(
            "are expected later than an order of today would be; they are taken to have left just now",
            "的预计到货晚于今天下单的到货时间，视为刚刚发出",
        ),
        Text("correct the lead time in the supply table, or the expected date", "请更正供应表中的交期，或预计到货日期"),
    ),
    "orders_undated": (
        Text("have no date; they are taken to have left just now", "没有日期，视为刚刚发出"),
        Text("give `ordered` or `expected`", "请填写 `ordered` 或 `expected`"),
    ),
}


def _about_orders(key: str, orders: list[str]) -> list[Assumption]:
    if not orders:
        return []
    what, how = ORDERS[key]
    text = Text(
        f"{len(orders)} purchase orders {what.en}: {listed(orders)}",
        f"{len(orders)} 张采购订单{what.zh}：{listed(orders)}",
    )
    return [Assumption(key, str(len(orders)), text, how)]
