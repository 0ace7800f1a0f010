"""Which row of the arrays a row of a table belongs to."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

ANY_SITE = "main"  # where a file knows no sites


class Codes(NamedTuple):
    """Numbers instead of (item, site) pairs."""

    code: NDArray[np.int64]  # per row of the table
    items: tuple[str, ...]  # per code
    sites: tuple[str, ...]  # per code


def encode(frame: pl.DataFrame) -> Codes:
    """Number the (item, site) pairs of a table, sorted by item, then site."""
    item, items = _numbers(frame["item"])
    site, sites = _numbers(frame["site"])
    pairs = item * len(sites) + site
    if len(sites) == 1:
        return Codes(pairs, tuple(items), tuple(sites) * len(items))
    found, code = np.unique(pairs, return_inverse=True)
    names = [(items[pair // len(sites)], sites[pair % len(sites)]) for pair in found.tolist()]
    return Codes(code.reshape(-1), tuple(n[0] for n in names), tuple(n[1] for n in names))


def _numbers(column: pl.Series) -> tuple[NDArray[np.int64], list[str]]:
    names = column.unique().sort()
    if len(names) == 1:
        return np.zeros(len(column), np.int64), names.to_list()
    known = pl.DataFrame({"name": names}).with_row_index("number")
    # A hash join is several times faster than the rank or a categorical of millions of texts.
    joined = column.alias("name").to_frame().join(known, on="name", how="left", maintain_order="left")
    return joined["number"].to_numpy().astype(np.int64), names.to_list()


def rows_frame(items: Sequence[str], sites: Sequence[str]) -> pl.DataFrame:
    """`item`, `site` and `row`, the index into the arrays."""
    frame = pl.DataFrame({"item": items, "site": sites}, schema={"item": pl.String, "site": pl.String})
    return frame.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))


def at_site(table: pl.DataFrame | None, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table that name an item's own site, with `row`."""
    if table is None or not table.height:
        return _empty(table)
    return table.join(rows, on=["item", "site"], how="inner")


def at_every_site(table: pl.DataFrame | None, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of a table with `row`; one that names no site stands for every site of its item."""
    if table is None or not table.height:
        return _empty(table)
    if "site" not in table.columns:
        return table.join(rows.select("item", "row"), on="item", how="inner")
    named = table.filter(pl.col("site").is_not_null()).join(rows, on=["item", "site"], how="inner")
    unnamed = table.filter(pl.col("site").is_null()).drop("site").join(rows, on="item", how="inner")
    return pl.concat([named, unnamed.select(named.columns)])


def column(frame: pl.DataFrame, name: str, kind: type[pl.DataType] = pl.Float64) -> pl.Expr:
    """A column that a file may lack: null then."""
    return (pl.col(name) if name in frame.columns else pl.lit(None)).cast(kind).alias(name)


def _empty(table: pl.DataFrame | None) -> pl.DataFrame:
    schema = {} if table is None else dict(table.schema)
    return pl.DataFrame(schema={**schema, "row": pl.Int64})
