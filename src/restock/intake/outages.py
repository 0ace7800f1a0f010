"""Demand on days when the shelf was empty: sales are only a lower bound then."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.intake.periods import Periods
from restock.intake.rows import at_site, column

SHORT = 0.75  # share of the open time on sale from which sales still tell the demand
MEMORY = 0.9  # weight of a period in the running mean, against the one after it

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Corrected(NamedTuple):
    """Demand as far as it can be told."""

    demand: Doubles  # units [item, period]
    known: Flags  # False where demand is an estimate [item, period]


def correct(units: Doubles, share: Doubles, active: Flags) -> Corrected:
    """Estimate demand from sales.

    On sale for at least 75 % of the time: sales per share of time. Less: the running mean of the item's demand so far,
    or the sales if they are more. Column t is made from columns up to t only.

    Args:
        units: sold. [item, period]
        share: of the open time that the item was on the shelf, 1 = always. [item, period]
        active: where the item was on sale and the shop's data are there; elsewhere nothing is learned. [item, period]
    """
    long = (share < SHORT) & active
    demand = units / np.clip(share, SHORT, 1)
    whole = np.logical_and.accumulate(units == np.rint(units), axis=1)
    demand = np.where(whole, np.floor(demand + 0.5), demand)
    if not long.any():
        return Corrected(demand, np.ones_like(active))
    total, weight = np.zeros(len(units)), np.zeros(len(units))
    for period in range(units.shape[1]):
        level = total / np.maximum(weight, 1)
        guess = np.where(whole[:, period], np.floor(level + 0.5), level)
        out = long[:, period]
        demand[out, period] = np.maximum(guess, units[:, period])[out]
        learned = np.where(out, np.maximum(level, units[:, period]), demand[:, period])
        total = np.where(active[:, period], MEMORY * total + learned, total)
        weight = np.where(active[:, period], MEMORY * weight + 1, weight)
    return Corrected(demand, ~long)


def shelf_share(
    sales: pl.DataFrame, stock: pl.DataFrame | None, rows: pl.DataFrame, periods: Periods
) -> Doubles | None:
    """Share of the open time of each period that an item was on the shelf. [item, period]

    From `in_stock` of the sales rows, and from stock counts of 0 on days without it; a day that nobody speaks of counts
    as on the shelf. None if nothing speaks of it at all.

    Args:
        sales: `row`, `day` and `in_stock` of the sales.
        stock: the table of stock counts.
        rows: item, site and row.
        periods: the time axis.
    """
    told = (
        sales.filter(pl.col("in_stock").is_not_null()).group_by("row", "day").agg(pl.col("in_stock").mean().clip(0, 1))
    )
    counts = at_site(stock, rows)
    if counts.height:
        empty = counts.filter(column(counts, "on_hand") <= 0).select(
            "row", pl.col("date").cast(pl.Int32).cast(pl.Int64).alias("day"), pl.lit(0.0).alias("in_stock")
        )
        told = pl.concat([told, empty.unique().join(told, on=["row", "day"], how="anti")])
    told = told.filter(pl.col("in_stock") < 1)
    day = told["day"].to_numpy() - periods.first
    inside = (day >= 0) & (day < periods.count * periods.days)
    day, row, off = day[inside], told["row"].to_numpy()[inside], 1 - told["in_stock"].to_numpy()[inside]
    if periods.days > 1:
        opened = periods.open_days[day]
        day, row, off = day[opened], row[opened], off[opened]
    if not len(day):
        return None
    open_days = np.maximum(periods.open_days.reshape(-1, periods.days).sum(1), 1)
    missed = np.bincount(row * periods.count + day // periods.days, off, rows.height * periods.count)
    return np.clip(1 - missed.reshape(rows.height, periods.count) / open_days, 0, 1)
