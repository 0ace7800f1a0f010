"""What is known of an item ahead of time: its price, its discount, its promotions."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.intake.assumptions import Assumption, listed
from restock.intake.periods import Periods
from restock.intake.rows import at_every_site, column
from restock.language import Text
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]
DAY = pl.Int32


class Covariates(NamedTuple):
    """Numbers of an item beside its demand, with their names."""

    values: Floats  # [item, period, covariate]
    names: tuple[str, ...]


class Plans(NamedTuple):
    """What is known ahead, and what is known only once a period is over."""

    planned: Covariates  # period + ahead columns
    seen: Covariates


def price_plan(
    seen: Doubles, facts: Mapping[str, pl.DataFrame], rows: pl.DataFrame, periods: Periods, ahead: int
) -> tuple[Doubles, list[Assumption]]:
    """Money per unit of every period, past and ahead. [item, period + ahead]

    A period without a sale has the price of the period before it, the time before the first sale the first price.
    Ahead, the last price holds until a newer one of the table `prices` begins.

    Args:
        seen: mean price paid, NaN where nothing was sold. [item, period]
        facts: the tables.
        rows: item, site and row.
        periods: the time axis.
        ahead: periods beyond the last.
    """
    table = at_every_site(facts.get("prices"), rows)
    listed_prices = _list_prices(facts.get("items"), table, rows)
    none = np.isnan(seen).all(1)
    seen = seen.copy()
    seen[none, 0] = listed_prices[none]
    still: NDArray[np.bool_] = np.asarray(np.isnan(seen).all(axis=1))
    assumptions = []
    if still.any() and not still.all():
        middle = float(np.nanmedian(seen))
        seen[still, 0] = middle
        assumptions = [_guessed(rows, still, middle)]
    price = carried(seen)
    future = np.repeat(price[:, -1:], ahead, axis=1)
    last = np.where(none, -1, seen.shape[1] - 1 - np.argmax(~np.isnan(seen)[:, ::-1], axis=1))
    newer = _newer(table, np.where(last < 0, np.iinfo(np.int32).min, periods.first + last * periods.days))
    if newer.height and ahead:
        _lay(future, newer, periods)
    return np.concatenate([price, future], axis=1), assumptions


def carried(values: Doubles) -> Doubles:
    """NaN replaced by the last number before it in its row, else by the first one after it."""
    there = ~np.isnan(values)
    index = np.maximum.accumulate(np.where(there, np.arange(values.shape[1]), -1), axis=1)
    index = np.where(index < 0, np.argmax(there, axis=1)[:, None], index)
    return np.take_along_axis(values, index, axis=1)


def _list_prices(items: pl.DataFrame | None, table: pl.DataFrame, rows: pl.DataFrame) -> Doubles:
    known = rows.select("item", "row")
    if items is not None and items.height:
        known = known.join(
            items.select("item", column(items, "list_price")), on="item", how="left", maintain_order="left"
        )
    else:
        known = known.with_columns(list_price=pl.lit(None, pl.Float64))
    if table.height:
        first = table.filter(pl.col("price") > 0).sort("date").group_by("row").agg(pl.col("price").first())
        known = known.join(first, on="row", how="left", maintain_order="left").with_columns(
            pl.col("list_price").fill_null(pl.col("price"))
        )
    found = known.sort("row").select(pl.when(pl.col("list_price") > 0).then("list_price").otherwise(None)).to_series()
    return found.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def _newer(table: pl.DataFrame, since: NDArray[np.int64]) -> pl.DataFrame:
    # What was paid lately says more than a price list from before it.
    if not table.height:
        return pl.DataFrame()
    day = pl.col("date").cast(DAY).cast(pl.Int64).alias("day")
    begun = pl.DataFrame({"row": np.arange(len(since)), "since": since.astype(np.int64)})
    joined = table.select("row", day, column(table, "price")).join(begun, on="row")
    return joined.filter((pl.col("day") >= pl.col("since")) & (pl.col("price") > 0)).select("row", "day", "price")


def _lay(future: Doubles, newer: pl.DataFrame, periods: Periods) -> None:
    """Put planned prices over the carried ones, in place; a period of two prices has the mean of its days."""
    ahead = future.shape[1]
    first = periods.first + periods.count * periods.days
    touched = newer["row"].unique().sort()
    grid = pl.DataFrame({"row": touched}).join(
        pl.DataFrame({"day": np.arange(first, first + ahead * periods.days)}), how="cross"
    )
    laid = grid.sort("day").join_asof(newer.sort("day"), on="day", by="row", check_sortedness=False)
    daily = (
        laid.sort("row", "day")["price"].fill_null(float("nan")).to_numpy().reshape(len(touched), ahead, periods.days)
    )
    index = touched.to_numpy()
    future[index] = np.where(np.isnan(daily), future[index][:, :, None], daily).mean(2)


def _guessed(rows: pl.DataFrame, still: NDArray[np.bool_], middle: float) -> Assumption:
    names = rows["item"].filter(pl.Series(still)).to_list()
    return Assumption(
        "price",
        f"{middle:.2f}",
        Text(
            f"{len(names)} items have no price; the median of all prices, {middle:.2f}, is used: {listed(names)}",
            f"{len(names)} 个商品没有价格，使用全部价格的中位数 {middle:.2f}：{listed(names)}",
        ),
        Text("add `list_price` to the items table", "在商品表中加入 `list_price`"),
    )


def build_plans(
    sales: pl.DataFrame, promotions: pl.DataFrame | None, rows: pl.DataFrame, periods: Periods, ahead: int, early: bool
) -> Plans:
    """Discount, promotion, and one covariate per kind of planned promotion; only those that are not always the same.

    Args:
        sales: row, period, discount and promotion of the sales rows.
        promotions: the table of planned promotions.
        rows: item, site and row.
        periods: the time axis.
        ahead: periods beyond the last.
        early: whether discounts and promotions of the sales rows were known ahead, too.
    """
    shape = (rows.height, periods.count + ahead)
    kinds = _promotion_days(at_every_site(promotions, rows), periods, shape)
    found = _of_sales_rows(sales, shape)
    if not early:
        seen = {name: values[:, : periods.count] for name, values in found.items()}
        return Plans(_varying(kinds, shape), _varying(seen, (rows.height, periods.count)))
    if "promotion" in found:
        planned = np.clip(sum(kinds.values(), np.zeros(shape, np.float32)), 0, 1)
        found["promotion"] = np.maximum(found["promotion"], planned).astype(np.float32)
    return Plans(_varying(kinds | found, shape), _varying({}, (rows.height, periods.count)))


def _of_sales_rows(sales: pl.DataFrame, shape: tuple[int, int]) -> dict[str, Floats]:
    """Share off the list price, carried over periods without a sale, and share of the lines on promotion."""
    found: dict[str, Floats] = {}
    discount = _mean(
        sales.with_columns(value=(1 - pl.col("discount")).clip(0, 1)).filter(pl.col("discount") > 0), shape
    )
    if discount is not None:
        before = np.cumsum(~np.isnan(discount), axis=1) == 0
        found["discount"] = np.where(before, 0, carried(discount)).astype(np.float32)
    promotion = _mean(
        sales.with_columns(value=pl.col("promotion").clip(0, 1)).filter(pl.col("promotion").is_not_null()), shape
    )
    if promotion is not None:
        found["promotion"] = np.nan_to_num(promotion, nan=0).astype(np.float32)
    return found


def _varying(found: dict[str, Floats], shape: tuple[int, int]) -> Covariates:
    varying = {name: values for name, values in found.items() if values.min() < values.max()}
    empty = np.zeros((*shape, 0), np.float32)
    return Covariates(np.stack(list(varying.values()), axis=-1) if varying else empty, tuple(varying))


def _mean(sales: pl.DataFrame, shape: tuple[int, int]) -> Doubles | None:
    """Mean of `value` per row and period, NaN where there is none. [item, period + ahead]"""
    if not sales.height:
        return None
    means = sales.group_by("row", "period").agg(pl.col("value").mean())
    grid = np.full(shape, np.nan)
    grid[means["row"].to_numpy(), means["period"].to_numpy()] = means["value"].to_numpy()
    return grid


def _promotion_days(table: pl.DataFrame, periods: Periods, shape: tuple[int, int]) -> dict[str, Floats]:
    """Per kind: value times the share of the period's days inside. [item, period + ahead]"""
    if not table.height:
        return {}
    first, end = periods.first, periods.first + shape[1] * periods.days
    spans = table.select(
        "row",
        "kind",
        column(table, "value").fill_null(1.0),
        begin=pl.max_horizontal(pl.col("start").cast(DAY), pl.lit(first, DAY)) - first,
        end=pl.min_horizontal(pl.col("end").cast(DAY), pl.lit(end - 1, DAY)) - first,
    ).filter(pl.col("begin") <= pl.col("end"))
    cells = (
        spans.with_columns(period=pl.int_ranges(pl.col("begin") // periods.days, pl.col("end") // periods.days + 1))
        .explode("period")
        .with_columns(
            days=pl.min_horizontal("end", pl.col("period") * periods.days + periods.days - 1)
            - pl.max_horizontal("begin", pl.col("period") * periods.days)
            + 1
        )
        .group_by("kind", "row", "period")
        .agg(value=(pl.col("value") * pl.col("days")).sum() / periods.days)
    )
    found = {}
    for (kind,), part in sorted(cells.partition_by("kind", as_dict=True).items()):
        grid = np.zeros(shape, np.float32)
        grid[part["row"].to_numpy(), part["period"].to_numpy()] = part["value"].to_numpy()
        found[str(kind)] = grid
    return found
