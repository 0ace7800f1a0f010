"""Items that have never sold, but are announced: which ones, where they will be sold, and when that begins.

The table of items announces one that has not sold in the complete periods and is not discontinued, by a `launch` that
lies ahead or back no further than `RECENT`, or by a `like_item` that is known. Of the sites at which the shop sells, it
has those that sales rows, stock, orders or supply terms name for it; else those of its like item; else those of its
category; else all.
"""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.intake.assumptions import Assumption, listed
from restock.intake.rows import column
from restock.language import Text
from restock.simulator.history import History

NAMING = ("sales", "stock", "purchase_orders", "supply")  # tables that say where an item is kept
RECENT = {1: 28, 7: 8}  # periods since a launch, by days of a period: what has not sold by then is not new


class Announced(NamedTuple):
    """The rows that they become, by item, then site."""

    items: tuple[str, ...]
    sites: tuple[str, ...]
    assumptions: tuple[Assumption, ...] = ()


NOBODY = Announced((), ())


def find_announced(facts: Mapping[str, pl.DataFrame], sold: pl.DataFrame, now: int, period_days: int) -> Announced:
    """Where each announced item will be sold.

    Args:
        facts: the tables of docs/architecture.md.
        sold: `item` and `site` of the rows that sold.
        now: day number of the first day after the history.
        period_days: 1 or 7.
    """
    items = facts.get("items")
    if items is None or not items.height:
        return NOBODY
    launch = column(items, "launch", pl.Date).cast(pl.Int32).cast(pl.Int64)
    kinds = (column(items, name, pl.String) for name in ("category", "status"))
    about = items.select("item", _known_like(items, sold), *kinds, launch=launch).unique("item", keep="last")
    unsold = about.join(sold, on="item", how="anti").filter(pl.col("status").ne_missing("discontinued"))
    long_ago = pl.col("launch") < now - RECENT[period_days] * period_days
    new = unsold.filter(pl.col("like").is_not_null() | ~long_ago)  # a launch that is not known is no sign
    left_out = unsold.filter(pl.col("like").is_null() & long_ago)["item"].sort().to_list()
    places = _places(new, facts, sold.join(about, on="item", how="left")).sort("item", "site")
    said = (*_said(places), *_said_late(left_out, RECENT[period_days], period_days))
    return Announced(tuple(places["item"]), tuple(places["site"]), said)


def launches(items: pl.DataFrame | None) -> dict[str, date]:
    """The day on which each item is first sold, where the table of items says it."""
    if items is None or "launch" not in items.columns:
        return {}
    return dict(items.select("item", "launch").drop_nulls().iter_rows())


def periods_to_launch(items: pl.DataFrame | None, history: History) -> NDArray[np.int64]:
    """Periods after the history that pass before that of the launch; 0 for what has been on sale. [row]"""
    known, end = launches(items), history.starts[-1] + np.timedelta64(history.period_days, "D")
    waits = np.zeros(history.shape[0], np.int64)
    for row in np.flatnonzero(~history.begun).tolist():
        launch = known.get(history.items[row])
        days = 0 if launch is None else int((np.datetime64(launch) - end).astype(int))
        waits[row] = max(days, 0) // history.period_days
    return waits


def _known_like(items: pl.DataFrame, sold: pl.DataFrame) -> pl.Expr:
    """The like item, null where it is the item itself or nobody knows it."""
    like, known = column(items, "like_item", pl.String), pl.concat([items["item"], sold["item"]])
    return pl.when((like != pl.col("item")) & like.is_in(known.implode())).then(like).alias("like")


def _places(new: pl.DataFrame, facts: Mapping[str, pl.DataFrame], sold: pl.DataFrame) -> pl.DataFrame:
    """`item` and `site` of each new item, from what says most to what says least."""
    place = ("item", "site")
    everywhere = sold.select("site").unique()
    named = [facts[name].select(place) for name in NAMING if name in facts and "site" in facts[name].columns]
    named = pl.concat([sold.select(place).clear(), *named]).join(everywhere, on="site", how="semi")
    alike = sold.select("site", like="item")
    found = sold.select(place).clear()
    for choice in (
        named.join(new, on="item", how="semi"),
        new.join(alike, on="like"),
        new.join(sold.select("site", "category"), on="category"),
        new.join(everywhere, how="cross"),
    ):
        rest = choice.select(place).join(found, on="item", how="anti")
        found = pl.concat([found, rest.unique()])
    return found


def _said(places: pl.DataFrame) -> list[Assumption]:
    if not places.height:
        return []
    items, several = places["item"].unique(maintain_order=True).to_list(), places["site"].n_unique() > 1
    where = places.group_by("item", maintain_order=True).agg(pl.col("site").str.join(", "))
    names = ", ".join(f"`{item}` ({site})" for item, site in where.head(5).iter_rows()) if several else listed(items)
    more = " ..." if several and len(items) > 5 else ""
    return [
        Assumption(
            "announced",
            str(len(items)),
            Text(
                f"{len(items)} items have never sold, but a launch date or a like item announces them; they count as "
                f"not on sale so far and are planned at sites that stock, orders or supply terms name, else where "
                f"their like item sells, else their category: {names}{more}",
                f"{len(items)} 个商品从未售出，但已用上架日期或参照商品预告；视为至今未上架，计划地点取自库存、"
                f"采购订单或供应表，否则为参照商品的销售地点，再否则为同类商品的销售地点：{names}{more}",
            ),
            Text(
                "name their sites in the stock or supply table; an item with `status` discontinued is left out",
                "在库存表或供应表中写明地点；`status` 为 discontinued 的商品不参与计算",
            ),
        )
    ]


def _said_late(items: list[str], periods: int, period_days: int) -> list[Assumption]:
    """Items whose launch lies so far back that they are not new any more."""
    if not items:
        return []
    unit = Text("weeks", "周") if period_days == 7 else Text("days", "天")
    return [
        Assumption(
            "launched_unsold",
            str(len(items)),
            Text(
                f"{len(items)} items have never sold since their launch more than {periods} {unit.en} ago and are left "
                f"out: {listed(items)}",
                f"{len(items)} 个商品上架已超过 {periods} {unit.zh}但从未售出，不参与计算：{listed(items)}",
            ),
            Text(
                "correct `launch`, or name a `like_item`, to have them planned",
                "如需计划，请更正 `launch` 或填写 `like_item`",
            ),
        )
    ]
