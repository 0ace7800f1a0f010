"""Which kind of table a file is, judged by its headers."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import polars as pl

from restock.intake.contract import TABLES
from restock.intake.parse import to_time
from restock.intake.synonyms import is_personal, normal, ranks, without_unit, words

DATE_HEADER = re.compile(
    r"^\D?\d{4}\D\d{1,2}\D\d{1,2}|^\d{8}$|^\d{5}$"
    r"|^\d{1,2}[-/.]\d{1,2}[-/.](\d{2}|\d{4})$|^\d{1,2}[- ][A-Za-z]{3,9}[- ]\d{2,4}$"
)
GENERIC = 2  # the tier of `stock.on_hand` with headers such as `quantity`, which alone do not say that a file is stock
ABOUT_ITEM = {"name", "category", "brand", "unit_cost", "list_price", "launch", "like_item"}


class Rank(NamedTuple):
    """How well a header fits a column; smaller is better."""

    tier: int
    without_unit: bool


def candidates(table: str, headers: Sequence[str]) -> dict[str, list[tuple[Rank, str]]]:
    """For each reading column of a table, the headers that may be it, best first."""
    found: dict[str, list[tuple[Rank, str]]] = {}
    for column in TABLES[table].reading:
        tiers = ranks(table).get(column.name, {})
        fitting: list[tuple[Rank, str]] = []
        for header in headers:
            full, short = normal(header), without_unit(header)
            if full in tiers:
                fitting.append((Rank(tiers[full], False), header))
            elif short in tiers:
                fitting.append((Rank(tiers[short], True), header))
        found[column.name] = sorted(fitting, key=lambda pair: pair[0])
    return found


def date_headers(headers: Sequence[str], day_first: bool | None = None) -> dict[str, pl.Series]:
    """Headers that are dates, in file order, for tables with a column per day; the value is a series of one date."""
    maybe = [header for header in headers if DATE_HEADER.match(header.strip())]
    times = to_time(pl.Series(maybe, dtype=pl.String), day_first)
    return {header: times.values[i : i + 1] for i, header in enumerate(maybe) if times.values[i] is not None}


def table_of(headers: Sequence[str], told: Mapping[str, str | None], file_name: str) -> str:
    """The kind of table; `sales` where nothing fits, so that the error speaks of sales."""
    usable = [header for header in headers if not is_personal(header)]
    has = {name: _has(name, usable, told) for name in TABLES}
    sales, orders = has["sales"], has["purchase_orders"]
    real_stock = "on_hand" in has["stock"] and (_tier("stock", "on_hand", usable) < GENERIC or "on_hand" in told)
    about_orders = orders & {"expected", "received", "outstanding", "received_quantity"}
    bought = any(
        normal(header).startswith(("po", "purchaseorder", "supplier", "vendor", "采购", "供应商")) for header in usable
    )
    a_sale = {"item", "at", "quantity"} <= sales
    rules = {
        "sales": "item" in sales and len(date_headers(usable)) > 1,
        "purchase_orders": {"item", "quantity"} <= orders | ({"quantity"} if "outstanding" in orders else set())
        and bool(about_orders) and not real_stock and (bought or not sales & {"unit_price", "net_amount"}),
        "supply": {"item", "lead_time"} <= has["supply"] and not a_sale and not real_stock,
        "stock": {"item", "on_hand"} <= has["stock"] and real_stock and not a_sale,
        "promotions": {"item", "start", "end"} <= has["promotions"] and not a_sale,
        "prices": {"item", "date", "price"} <= has["prices"] and "quantity" not in sales,
        "events": {"name", "start"} <= has["events"] and "item" not in sales,
        "items": "item" in has["items"] and bool(has["items"] & ABOUT_ITEM) and not sales & {"at", "quantity"},
    }  # fmt: skip
    first = next((name for name, fits in rules.items() if fits), None)
    if first:
        return first
    says_stock = any(word in file_name.casefold() for word in words("stock_file"))
    return "stock" if says_stock and not a_sale and {"item", "on_hand"} <= has["stock"] else "sales"


def _has(table: str, headers: Sequence[str], told: Mapping[str, str | None]) -> set[str]:
    found = {column for column, fitting in candidates(table, headers).items() if fitting}
    mapped = {column for column, header in told.items() if header in headers and TABLES[table].reads(column)}
    return (found | mapped) - {column for column, header in told.items() if header is None}


def _tier(table: str, column: str, headers: Sequence[str]) -> int:
    fitting = candidates(table, headers)[column]
    return fitting[0][0].tier if fitting else GENERIC
