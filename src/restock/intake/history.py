"""From tables to arrays: one row per item and site that sold, or is announced, one column per day or week."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.config import Config
from restock.errors import DataError
from restock.intake.announced import NOBODY, Announced, find_announced
from restock.intake.assumptions import Assumption
from restock.intake.calendar import build_calendar
from restock.intake.outages import SHORT, correct, shelf_share
from restock.intake.periods import Periods, find_periods
from restock.intake.plans import build_plans, price_plan
from restock.intake.remarks import like_remarks, never_sold, outage_remarks, promotion_remarks, sales_remarks
from restock.intake.rows import column, encode, rows_frame
from restock.language import Text
from restock.simulator.history import Floats, History

Doubles = NDArray[np.float64]
Facts = Mapping[str, pl.DataFrame]
NEVER = 2**40  # a day
AHEAD = {1: 28, 7: 8}  # periods of plans, by days of a period


class HistoryResult(NamedTuple):
    """The arrays, and what had to be assumed to make them."""

    history: History
    assumptions: tuple[Assumption, ...]
    shelf: Floats | None = None  # share of the open time on the shelf, where anything tells [item, period]


@dataclass(frozen=True)
class Lines:
    """Sales rows with numbers instead of names; `row` -1 is an item that never sold."""

    items: tuple[str, ...]  # per row of the history
    sites: tuple[str, ...]
    frame: (
        pl.DataFrame
    )  # row, day, period, quantity, unit_price, discount, promotion, in_stock, suspect; inside the periods
    first_day: NDArray[np.int64]  # on which the item is in the file at all [item]
    last_day: NDArray[np.int64]  # on which it sold

    def late(self, periods: Periods, launched: NDArray[np.bool_]) -> list[str]:
        """Items that appear after the first period, of those without a launch date."""
        appeared = (periods.index(self.first_day) > 0) & (self.first_day < NEVER)
        return [self.items[i] for i in np.flatnonzero(appeared & ~launched)]

    def with_unsold(self, new: Announced) -> "Lines":
        """Rows without a line below the others."""
        never = np.full(len(new.items), NEVER)
        return replace(
            self,
            items=self.items + new.items,
            sites=self.sites + new.sites,
            first_day=np.append(self.first_day, never),
            last_day=np.append(self.last_day, -never),
        )


def build_history(facts: Facts, config: Config, ahead: int | None = None, *, announced: bool = False) -> HistoryResult:
    """The shop's past as arrays.

    Rows come by money sold, the most first. Returns are taken off the sales of the period in which they came back. A
    period before an item's first row, or its launch if that is known, is not on sale.

    Args:
        facts: the tables of docs/architecture.md; only `sales` must be there.
        config: the shop's settings.
        ahead: periods beyond the last for which plans are laid out; none: 8 weeks or 28 days.
        announced: whether items that have never sold, but are announced, are rows, too: the last ones, never on sale.

    Raises:
        DataError: there are no sales, or not one complete period.
    """
    sales = _sales(facts)
    periods, assumptions = find_periods(sales["day"].to_numpy(), config.shop)
    ahead = AHEAD[periods.days] if ahead is None else ahead
    lines, unsold = _lines(sales, periods)
    new = _announced(facts, lines, periods) if announced else NOBODY
    lines = lines.with_unsold(new)
    rows = rows_frame(lines.items, lines.sites)
    shape = (rows.height, periods.count)
    cell = lines.frame["row"].to_numpy() * periods.count + lines.frame["period"].to_numpy()

    def total(values: pl.Expr) -> Doubles:
        weights: Doubles = lines.frame.select(values).to_series().to_numpy()
        return np.asarray(np.bincount(cell, weights, shape[0] * shape[1]), np.float64).reshape(shape)

    net = total(pl.col("quantity"))
    usual = total(pl.col("quantity") * ~pl.col("suspect")) if lines.frame["suspect"].any() else net
    share = _shelf(lines, facts.get("stock"), rows, periods)
    launch = np.where(lines.first_day < NEVER, _launch_days(facts.get("items"), rows), NEVER)
    on_sale = _on_sale(lines, launch, _ended(facts.get("items"), rows), periods)
    missing = np.broadcast_to(periods.missing_share > 0.5, shape)
    demand = correct(np.maximum(usual, 0), np.ones(shape) if share is None else share, on_sale & ~missing)
    price, guessed = price_plan(_paid(total), facts, rows, periods, ahead)
    early = config.shop.promotions == "planned"
    plans = build_plans(lines.frame, facts.get("promotions"), rows, periods, ahead, early)
    calendar = build_calendar(periods.starts(ahead), periods.days, config.shop.country, facts.get("events"))
    history = History(
        items=lines.items,
        sites=lines.sites,
        groups=_groups(facts.get("items"), rows),
        like=_like(facts.get("items"), rows),
        starts=periods.starts(),
        period_days=periods.days,
        sold=np.maximum(net, 0).astype(np.float32),
        demand=demand.demand.astype(np.float32),
        known=(demand.known & on_sale & ~missing).astype(np.float32),
        on_sale=on_sale.astype(np.float32),
        price=price.astype(np.float32),
        seen=plans.seen.values,
        seen_names=plans.seen.names,
        planned=plans.planned.values,
        planned_names=plans.planned.names,
        calendar=calendar[0],
        calendar_names=calendar[1],
    )
    said = [
        *never_sold([item for item in unsold if item not in new.items]),
        *new.assumptions,
        *sales_remarks(lines.frame, net, lines.late(periods, launch < NEVER)),
        *promotion_remarks(lines.frame, early),
        *outage_remarks(share, on_sale & ~missing, SHORT),
        *like_remarks(facts.get("items")),
    ]
    shelf = None if share is None else share.astype(np.float32)
    return HistoryResult(history, (*assumptions, *said, *guessed), shelf)


def _sales(facts: Facts) -> pl.DataFrame:
    """The columns that are needed, with `day`; flags and numbers that the file lacks are null."""
    sales = facts.get("sales")
    if sales is None or not sales.height:
        raise DataError(
            Text("there are no sales rows", "没有销售记录"),
            hint=Text(
                "load a file of order lines or daily sums with `restock load FILES`",
                "请用 `restock load 文件` 导入订单明细或每日汇总",
            ),
        )
    return sales.select(
        "item",
        column(sales, "site", pl.String).fill_null("main"),
        pl.col("at").dt.date().cast(pl.Int32).cast(pl.Int64).alias("day"),
        column(sales, "quantity").fill_null(0.0),
        *(column(sales, name) for name in ("unit_price", "discount", "promotion", "in_stock")),
        column(sales, "suspect", pl.Boolean).fill_null(False),
    )


def _announced(facts: Facts, lines: Lines, periods: Periods) -> Announced:
    sold = pl.DataFrame({"item": lines.items, "site": lines.sites})
    return find_announced(facts, sold, periods.first + periods.count * periods.days, periods.days)


def _lines(sales: pl.DataFrame, periods: Periods) -> tuple[Lines, list[str]]:
    """Number the item-site pairs that sold inside the periods, by money sold, then by name; and the other items."""
    codes = encode(sales)
    day = sales["day"].to_numpy()
    period = periods.index(day)
    inside = (period >= 0) & (period < periods.count)
    quantity = sales["quantity"].to_numpy()
    sold = np.where(inside, np.maximum(quantity, 0), 0)
    units = np.bincount(codes.code, sold, len(codes.items))
    money = np.bincount(codes.code, sold * sales["unit_price"].fill_null(0.0).to_numpy(), len(codes.items))
    # Cents: the last bits of a sum depend on the order of the rows, and the order of the items must not.
    worth = np.round(money if money.any() else units, 2)
    order = np.lexsort((np.arange(len(worth)), -worth))
    order = order[units[order] > 0]
    if not len(order):
        raise DataError(
            Text(
                f"none of {len(sales)} sales rows has a quantity above 0", f"{len(sales)} 条销售记录中没有数量大于 0 的"
            ),
            hint=Text("check which column is the quantity", "请检查数量列是否正确"),
        )
    row_of = np.full(len(worth), -1)
    row_of[order] = np.arange(len(order))
    first, last = np.full(len(worth), NEVER), np.full(len(worth), -NEVER)
    np.minimum.at(first, codes.code, np.where(quantity >= 0, day, NEVER))
    np.maximum.at(last, codes.code, np.where(quantity > 0, day, -NEVER))
    row = row_of[codes.code]
    keep = inside & (row >= 0)
    frame = sales.drop("item", "site").with_columns(row=pl.Series(row), period=pl.Series(period))
    frame = frame if keep.all() else frame.filter(pl.Series(keep))
    items, sites = tuple(codes.items[i] for i in order), tuple(codes.sites[i] for i in order)
    return Lines(items, sites, frame, first[order], last[order]), [codes.items[i] for i in np.flatnonzero(units == 0)]


def _shelf(lines: Lines, stock: pl.DataFrame | None, rows: pl.DataFrame, periods: Periods) -> Doubles | None:
    """Share of the open time on the shelf; of what has never sold nothing is asked. [item, period]"""
    sold = rows.filter(pl.Series(lines.first_day < NEVER))
    share = shelf_share(lines.frame, stock, sold, periods)
    return None if share is None else np.pad(share, ((0, rows.height - sold.height), (0, 0)), constant_values=1.0)


def _launch_days(items: pl.DataFrame | None, rows: pl.DataFrame) -> NDArray[np.int64]:
    """Day number of each row's launch, `NEVER` where it is not known."""
    return _of_items(items, rows, "launch", pl.Date).cast(pl.Int32).cast(pl.Int64).fill_null(NEVER).to_numpy()


def _ended(items: pl.DataFrame | None, rows: pl.DataFrame) -> NDArray[np.bool_]:
    return (_of_items(items, rows, "status", pl.String) == "discontinued").fill_null(False).to_numpy()


def _of_items(items: pl.DataFrame | None, rows: pl.DataFrame, name: str, kind: type[pl.DataType]) -> pl.Series:
    """A column of the items table for every row, null where it is not known."""
    if items is None or not items.height:
        return pl.Series(name, [None] * rows.height, kind)
    known = items.select("item", column(items, name, kind)).unique("item", keep="last")
    return rows.join(known, on="item", how="left", maintain_order="left")[name]


def _on_sale(lines: Lines, launch: NDArray[np.int64], ended: NDArray[np.bool_], periods: Periods) -> NDArray[np.bool_]:
    """From the launch, or the first row if that is earlier, to the end; of a discontinued item, to its last sale."""
    begins = periods.index(np.minimum(lines.first_day, launch))
    ends = np.where(ended, periods.index(lines.last_day), periods.count)
    columns = np.arange(periods.count)
    return (columns >= begins[:, None]) & (columns <= ends[:, None])


def _paid(total: Callable[[pl.Expr], Doubles]) -> Doubles:
    """Mean price of what was sold, NaN where nothing was; one-off bulk has prices of its own and does not count."""
    counts = (pl.col("quantity") > 0) & (pl.col("unit_price") > 0) & ~pl.col("suspect")
    units = total(pl.when(counts).then("quantity").otherwise(0.0))
    money = total(pl.when(counts).then(pl.col("quantity") * pl.col("unit_price")).otherwise(0.0))
    return np.where(units > 0, money / np.where(units > 0, units, 1), np.nan)


def _groups(items: pl.DataFrame | None, rows: pl.DataFrame) -> NDArray[np.int32]:
    """A number per category, in the order of their names; -1 without one."""
    category = _of_items(items, rows, "category", pl.String)
    names = category.drop_nulls().unique().sort().to_list()
    number = {name: code for code, name in enumerate(names)}
    return np.array([number.get(name, -1) for name in category.to_list()], np.int32)


def _like(items: pl.DataFrame | None, rows: pl.DataFrame) -> tuple[str, ...]:
    """The other item that each row is said to sell like, "" where none is named."""
    named = _of_items(items, rows, "like_item", pl.String).fill_null("")
    return tuple(other if other != item else "" for item, other in zip(rows["item"], named, strict=True))
