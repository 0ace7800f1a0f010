"""Prices: what items sell for, what was paid lately, and which prices and promotions are planned, with their source."""

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from restock.backtest.price_charts import PriceCourse
from restock.language import Language, Text
from restock.simulator.history import History
from restock.storage.facts import FactStore
from restock.workflows.approval.desk import Desk
from restock.workflows.explain import find_row
from restock.workflows.queues import first_day
from restock.workflows.situation import day
from restock.workflows.today import Today

LATELY = timedelta(days=28)
MOST = 200  # items or plans that are listed
PLANNED_PRICE = Text("price", "价格")
EVERYWHERE = Text("all", "全部")
SOURCE = Text("table {}, data of {}", "{} 表，数据版本 {}")


def price_rows(today: Today, text: str) -> tuple[list[dict[str, Any]], int]:
    """Prices as `GET /prices` has them, with names, list price and what was paid lately; and how many there are."""
    frame = today.prices().join(today.items.select("item", "site", "name"), on=["item", "site"], how="left")
    if text.strip():
        words = pl.concat_str("item", pl.col("name").fill_null(""), separator=" ").str.to_lowercase()
        frame = frame.filter(words.str.contains(text.strip().lower(), literal=True))
    shown = frame.head(MOST).join(_paid_lately(today), on=["item", "site"], how="left", maintain_order="left")
    prices = _list_prices(today)
    return [{**row, "list_price": prices.get(row["item"])} for row in shown.to_dicts()], frame.height


def coming_rows(desk: Desk, today: Today, language: Language) -> list[dict[str, Any]]:
    """Prices and promotions that begin or still run after the last day of sales, the earliest first."""
    tables, first = today.situation.facts.tables, first_day(today)
    found: list[dict[str, Any]] = []
    prices, promotions = tables.get("prices"), tables.get("promotions")
    if prices is not None and prices.height:
        source = _source(desk, today, "prices", language)
        for row in prices.filter(pl.col("date") >= first).sort("date", "item").head(MOST).to_dicts():
            said = PLANNED_PRICE.in_(language)
            found.append(_coming(row, row["date"], None, said, language) | {"price": row["price"], "source": source})
    if promotions is not None and promotions.height:
        source = _source(desk, today, "promotions", language)
        for row in promotions.filter(pl.col("end") >= first).sort("start", "item").head(MOST).to_dicts():
            strength = 1.0 if row.get("value") is None else row["value"]
            told = {"strength": strength, "source": source}
            found.append(_coming(row, row["start"], row["end"], row["kind"], language) | told)
    return sorted(found, key=lambda row: (row["start"], row["item"], row["what"]))[:MOST]


def course_of(today: Today, item: str, site: str | None) -> PriceCourse:
    """The prices of one item, past and to come.

    Raises:
        UsageError: there is no such item or site.
    """
    row, history = find_row(today.situation, item, site), today.situation.history
    now, columns = history.shape[1], history.price.shape[1]
    price = history.price[row].astype(np.float64)
    ahead = np.arange(columns) >= now
    sold = np.zeros(columns, bool)
    sold[:now] = history.sold[row] > 0
    return PriceCourse(
        days=np.array([day(history, period) for period in range(columns)]),
        paid=np.where(sold, price, np.nan),
        planned=np.where(ahead & (price > 0), price, np.nan),
        promotion=_promotion(history, row),
        unit_cost=float(np.asarray(today.situation.terms.shop.unit_cost)[row, 0]),
        list_price=_list_prices(today).get(item),
    )


def _promotion(history: History, row: int) -> np.ndarray:
    """How strongly an item was or will be promoted, whatever the kind. [period + ahead]"""
    strength = np.zeros(history.price.shape[1])
    for values, names in ((history.planned, history.planned_names), (history.seen, history.seen_names)):
        for place, name in enumerate(names):
            if name != "discount":
                mine = values[row, :, place]
                strength[: len(mine)] = np.maximum(strength[: len(mine)], mine)
    return strength


def _paid_lately(today: Today) -> pl.DataFrame:
    sales = today.situation.facts.tables["sales"]
    last = pl.col("at").max()
    recent = sales.filter(
        (pl.col("at") > last - LATELY) & (pl.col("quantity") > 0) & pl.col("unit_price").is_not_null()
    )
    money = (pl.col("unit_price") * pl.col("quantity")).sum() / pl.col("quantity").sum()
    return recent.group_by("item", "site").agg(money.alias("paid"))


def _list_prices(today: Today) -> dict[str, float]:
    items = today.situation.facts.tables.get("items")
    if items is None or "list_price" not in items.columns:
        return {}
    return dict(items.filter(pl.col("list_price") > 0).select("item", "list_price").iter_rows())


def _coming(row: dict[str, Any], start: Any, end: Any, what: str, language: Language) -> dict[str, Any]:
    site = row.get("site") or EVERYWHERE.in_(language)
    return {"item": row["item"], "site": site, "start": f"{start}", "end": f"{end or ''}", "what": what}


def _source(desk: Desk, today: Today, table: str, language: Language) -> str:
    """The table, and the data with which it came as it is now."""
    came = _came_with(desk.project.facts, today.situation.facts.id, table)
    return SOURCE.in_(language).format(table, came)


def _came_with(facts: FactStore, snapshot: str, table: str) -> str:
    manifest = facts.manifest(snapshot)
    mine = manifest.tables[table].sha256
    while manifest.previous is not None and (facts.folder.facts / manifest.previous).is_dir():
        before = facts.manifest(manifest.previous)
        if table not in before.tables or before.tables[table].sha256 != mine:
            break
        manifest = before
    return manifest.id
