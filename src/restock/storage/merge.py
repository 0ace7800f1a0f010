"""How new rows join the rows that are there: each table has a key, and a later row replaces an earlier one."""

from typing import NamedTuple

import polars as pl

from restock.errors import StorageError
from restock.language import Text

KEYS: dict[str, tuple[str, ...]] = {
    "items": ("item",),
    "stock": ("item", "site", "date"),
    "purchase_orders": ("order", "item", "site"),
    "supply": ("item", "site", "supplier"),
    "promotions": ("item", "site", "start", "kind"),
    "prices": ("item", "site", "date"),
    "events": ("name", "start"),
}
LINE = ("item", "site", "channel", "order", "at", "quantity", "unit_price", "discount", "promotion", "in_stock")
DAY = ("item", "site", "channel", "day")
TABLES = ("sales", *KEYS)


class Merged(NamedTuple):
    """A table after new rows have joined it."""

    frame: pl.DataFrame
    new: int  # rows with a key that was not there
    replaced: int  # rows that were there and now say something else


def merge(table: str, old: pl.DataFrame | None, new: pl.DataFrame) -> Merged:
    """The table with the new rows in it, old rows first.

    Sales have two kinds of rows. An order line has no key of its own: an exact repeat is dropped, so that exports may
    overlap. A day's sum (`order` is null) replaces the earlier sum of its item, site, channel and day.

    Raises:
        StorageError: the table is unknown, or a column has another type than before.
    """
    if table not in TABLES:
        known = ", ".join(TABLES)
        raise StorageError(
            Text(f"there is no table `{table}`; known: {known}", f"没有名为 `{table}` 的表；可用：{known}")
        )
    old, new = _alike(table, new.clear() if old is None else old, new)
    if table != "sales":
        return _by_key(old, new, KEYS[table], tuple(new.columns))
    lines = pl.col("order").is_not_null()
    by_line = _by_key(old.filter(lines), new.filter(lines), LINE, LINE)
    day = pl.col("at").dt.date().alias("day")
    by_day = _by_key(
        old.filter(~lines).with_columns(day), new.filter(~lines).with_columns(day), DAY, (*new.columns, "day")
    )
    parts = [part for part in (by_line.frame, by_day.frame.drop("day")) if part.height]
    return Merged(pl.concat(parts or [new]), by_line.new + by_day.new, by_day.replaced)


def _by_key(old: pl.DataFrame, new: pl.DataFrame, key: tuple[str, ...], same: tuple[str, ...]) -> Merged:
    """A row of `new` is nothing new where `old` has the same `same`, and replaces the one with the same `key`."""
    varying = _varying(old, new)
    key_now = [column for column in key if column in varying] or list(key[:1])
    same_now = [column for column in same if column in varying] or list(key[:1])
    fresh = new.unique(subset=key_now, keep="last", maintain_order=True)
    if not old.height:
        return Merged(fresh, fresh.height, 0)
    # A day's orders against years of them: look closely only at the few old rows that could be meant.
    near = ["order"] if "order" in key_now else key_now
    few = fresh.height * 4 < old.height
    around = old.join(fresh.select(near), on=near, how="semi", nulls_equal=True) if few else old
    fresh = fresh.join(around, on=same_now, how="anti", nulls_equal=True, maintain_order="left")
    if not fresh.height:
        return Merged(old, 0, 0)
    kept = old if key == same else old.join(fresh, on=key_now, how="anti", nulls_equal=True, maintain_order="left")
    replaced = old.height - kept.height
    return Merged(pl.concat([kept, fresh]), fresh.height - replaced, replaced)


def _varying(old: pl.DataFrame, new: pl.DataFrame) -> set[str]:
    # Comparing five million rows costs by the column, and most shops have one site, one channel and no discounts.
    def ends(frame: pl.DataFrame) -> list[tuple[object, ...]]:
        frames = (frame.min(), frame.max(), frame.select(pl.all().null_count()))
        return [(*(f[name].item() for f in frames), frame.height) for name in frame.columns] if frame.height else []

    def constant(low: object, high: object, nulls: object, height: object) -> bool:
        return (low is not None and low == high and nulls == 0) or nulls == height

    names, found = new.columns, [ends(frame) for frame in (old, new) if frame.height]
    if not found:
        return set(names)
    columns = zip(names, *found, strict=True)
    return {name for name, *parts in columns if not all(constant(*p) for p in parts) or len({p[0] for p in parts}) > 1}


def _alike(table: str, old: pl.DataFrame, new: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both with the same columns, in the same order, of the same types; what one of them lacks is null."""
    wanted = {**dict.fromkeys((*LINE, "suspect") if table == "sales" else KEYS[table], pl.Null()), **new.schema}
    for name, there in old.schema.items():
        here = wanted.get(name, pl.Null())
        if (
            there != here
            and not isinstance(there, pl.Null)
            and not isinstance(here, pl.Null)
            and not _times(there, here)
        ):
            raise StorageError(
                Text(
                    f"column `{name}` of `{table}` was {there} in the last snapshot and is {here} now",
                    f"`{table}` 的列 `{name}` 在上一快照中是 {there}，现在是 {here}",
                )
            )
        wanted[name] = there if isinstance(here, pl.Null) else here
    types = {name: pl.Datetime("us") if isinstance(kind, pl.Datetime) else kind for name, kind in wanted.items()}

    def shaped(frame: pl.DataFrame) -> pl.DataFrame:
        columns = [(pl.col(n) if n in frame.columns else pl.lit(None)).cast(t).alias(n) for n, t in types.items()]
        return frame.select(columns) if frame.width else pl.DataFrame(schema=types)

    return shaped(old), shaped(new)


def _times(one: pl.DataType, other: pl.DataType) -> bool:
    return isinstance(one, pl.Datetime) and isinstance(other, pl.Datetime)
