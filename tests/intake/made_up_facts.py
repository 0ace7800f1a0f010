"""Small tables with the columns of docs/architecture.md."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl

MONDAY = date(2026, 3, 2)
SALES = {
    "item": pl.String,
    "site": pl.String,
    "channel": pl.String,
    "order": pl.String,
    "at": pl.Datetime("us"),
    "quantity": pl.Float64,
    "unit_price": pl.Float64,
    "discount": pl.Float64,
    "promotion": pl.Float64,
    "in_stock": pl.Float64,
    "suspect": pl.Boolean,
}


def day(number: int) -> date:
    """Days from a Monday."""
    return MONDAY + timedelta(number)


def line(number: int, item: str, quantity: float, **columns: Any) -> dict[str, Any]:
    """One sales row, `number` days from a Monday, at nine in the morning."""
    at = datetime.combine(day(number), datetime.min.time()) + timedelta(hours=9)
    usual = {"site": "main", "channel": "main", "order": None, "unit_price": 2.0, "suspect": False}
    return {"item": item, "at": at, "quantity": quantity, **usual, **columns}


def sales(*lines: dict[str, Any]) -> pl.DataFrame:
    """The table of sales."""
    return pl.DataFrame([{name: row.get(name) for name in SALES} for row in lines], schema=SALES)


def table(*rows: dict[str, Any], **types: Any) -> pl.DataFrame:
    """Any other table."""
    return pl.DataFrame(list(rows), schema_overrides=types)
