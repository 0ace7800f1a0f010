"""Returns and cancellations find the sale that they undo, without knowing the customer."""

from typing import NamedTuple

import polars as pl

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
    """Index of every sale and return that form a pair within `by`, last sale first: brackets, counted with a running sum.

    A sale opens (+1), a return closes (-1). A return that takes the sum below its lowest value so far closes nothing.
    On one level of the sum opening and closing alternate, so a sale is closed if something follows it on its level.
    """
    returned = lines.filter(pl.col("quantity") < 0).select(by).unique()
    some = lines.join(returned, on=by, how="semi").sort(*by, "at", pl.col("quantity") < 0, INDEX)
    some = some.with_columns(opens=pl.col("quantity") > 0)
    some = some.with_columns(depth=pl.when("opens").then(1).otherwise(-1).cum_sum().over(by))
    some = some.with_columns(lowest=pl.min_horizontal(pl.col("depth").cum_min().over(by), 0))
    before = pl.col("lowest").shift(1, fill_value=0).over(by)
    some = some.filter(pl.col("opens") | (pl.col("depth") >= before))
    level = pl.col("depth") - pl.col("lowest") + pl.when("opens").then(0).otherwise(1)
    some = some.with_columns(level=level)
    followed = pl.col("opens").shift(-1).over([*by, "level"]).is_not_null()
    return some.filter(~pl.col("opens") | followed)[INDEX]


def _parts(sales: pl.DataFrame, returns: pl.DataFrame) -> pl.DataFrame:
    """Returns of part of a sale: the latest earlier sale at that price, as long as it has units left."""
    keys = ["site", "item", "cents"]
    right = sales.select(*keys, "at", pl.col(INDEX).alias("sale"), pl.col("quantity").alias("sold")).sort("at", "sale")
    left = returns.select(*keys, "at", INDEX, "size").sort("at", INDEX)
    found = left.join_asof(right, on="at", by=keys, strategy="backward", check_sortedness=False)
    found = found.filter(pl.col("sale").is_not_null() & (pl.col("size") <= pl.col("sold")))
    return found.filter(pl.col("size").cum_sum().over("sale") <= pl.col("sold")).select(INDEX, "sale", "size")
