"""Returns and cancellations find the sale that they undo, without knowing the customer."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

INDEX = "__index"


class Matched(NamedTuple):
    """What is left of the lines once returns are settled."""

    sales: pl.DataFrame  # positive lines; partly returned ones are smaller
    undone: pl.DataFrame  # sales that were taken back as a whole
    reduced: float  # units taken off sales that were partly returned
    partial: int  # returns that took off those units
    alone: pl.DataFrame  # returns without a sale


def match_returns(lines: pl.DataFrame) -> Matched:
    """Each return (negative quantity) undoes the latest earlier sale of the item at the site that is still open.

    First whole sales of the same size and price, then of the same size at any price, then part of a larger sale at the
    same price. What finds no sale is left alone: it belongs to a sale before the file begins.
    """
    lines = lines.with_row_index(INDEX).with_columns(
        size=pl.col("quantity").abs(), cents=(pl.col("unit_price").fill_null(-1) * 10_000).round().cast(pl.Int64)
    )
    gone: list[pl.Series] = []
    left = lines
    for by in (["site", "item", "size", "cents"], ["site", "item", "size"]):
        gone.append(_pairs(left, by))
        left = left.filter(~pl.col(INDEX).is_in(gone[-1].implode()))
    sales, returns = left.filter(pl.col("quantity") > 0), left.filter(pl.col("quantity") < 0)
    undone = lines.filter((pl.col("quantity") > 0) & pl.col(INDEX).is_in(pl.concat(gone).implode()))
    parts = _parts(sales, returns)
    taken = parts.group_by("sale").agg(pl.col("size").sum().alias("taken"))
    sales = sales.join(taken, left_on=INDEX, right_on="sale", how="left", maintain_order="left")
    sales = sales.with_columns(pl.col("quantity") - pl.col("taken").fill_null(0.0))
    alone = returns.filter(~pl.col(INDEX).is_in(parts[INDEX].implode()))
    names = [name for name in lines.columns if name not in (INDEX, "size", "cents")]
    return Matched(sales.filter(pl.col("quantity") > 0).select(names), undone.select(names), float(parts["size"].sum()),
                   parts.height, alone.select(names))  # fmt: skip


def _pairs(lines: pl.DataFrame, by: list[str]) -> pl.Series:
    """Index of every sale and return that pair up within `by`, last sale first: brackets, by a running sum.

    A sale opens (+1), a return closes (-1). A return that takes the sum below its lowest value so far closes nothing.
    On one level of the sum opening and closing alternate, so a sale is closed if something follows it on its level.
    """
    keys = lines.select(by).hash_rows(seed=0)  # only to narrow down: groups without a return pair nothing
    some = lines.filter(keys.is_in(keys.filter(lines["quantity"] < 0).unique().implode()))
    some = some.select(*by, "at", "quantity", INDEX).sort(*by, "at", pl.col("quantity") < 0, INDEX)
    edges = pl.any_horizontal((pl.col(name) != pl.col(name).shift()).fill_null(value=True) for name in by)
    group = some.select(edges.cum_sum()).to_series().to_numpy().astype(np.int64)
    return some[INDEX].filter(pl.Series(paired(group, some["quantity"].to_numpy() > 0)))


def paired(group: NDArray[np.int64], opens: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which sales (`opens`) and returns pair up within a `group`; groups count up, events stand in time order."""
    total = np.cumsum(np.where(opens, 1, -1))
    first = np.flatnonzero(np.diff(group, prepend=-1))
    before = np.concatenate([[0], total])[first]
    depth = total - np.repeat(before, np.diff(np.append(first, len(group))))
    # the running minimum restarts with each group, since every group lies a whole span below the one before
    span = 2 * len(group) + 2
    lowest = np.minimum(np.minimum.accumulate(np.minimum(depth, 0) - group * span) + group * span, 0)
    floor = np.concatenate([[0], lowest[:-1]])
    floor[first] = 0
    may = opens | (depth >= floor)
    level = np.where(opens, depth - lowest, depth - lowest + 1)
    index = np.flatnonzero(may)
    index = index[np.lexsort((index, level[index], group[index]))]
    next_is_same = np.zeros(len(index), dtype=bool)
    next_is_same[:-1] = (group[index][1:] == group[index][:-1]) & (level[index][1:] == level[index][:-1])
    result = np.zeros(len(group), dtype=bool)
    result[index] = ~opens[index] | next_is_same
    return result


def _parts(sales: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    """Returns of part of a sale: the latest earlier sale at that price, as long as it has units left."""
    keys = ["site", "item", "cents"]
    right = sales.select(*keys, "at", pl.col(INDEX).alias("sale"), pl.col("quantity").alias("sold")).sort("at", "sale")
    left = returns.select(*keys, "at", INDEX, "size").sort("at", INDEX)
    found = left.join_asof(right, on="at", by=keys, strategy="backward", check_sortedness=False)
    found = found.filter(pl.col("sale").is_not_null() & (pl.col("size") <= pl.col("sold")))
    return found.filter(pl.col("size").cum_sum().over("sale") <= pl.col("sold")).select(INDEX, "sale", "size")
