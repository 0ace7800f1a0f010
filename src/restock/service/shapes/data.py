"""The shop's data and what policies make of them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from restock.service.problems import Said


class Snapshot(BaseModel):
    """The shop's data as of one moment."""

    id: str
    created: datetime
    rows: dict[str, int]
    sources: list[dict[str, Any]]
    author: str | None = Field(description="None: it was loaded on the command line")


class Item(BaseModel):
    """An item at a site as it stands today; what a policy says of it is there once one was trained."""

    model_config = ConfigDict(extra="allow")

    item: str
    site: str
    name: str | None = None
    on_hand: float
    on_order: float
    stock_counted: bool


class Forecast(BaseModel):
    """Demand over lead time and review period, in units."""

    item: str
    site: str
    first_day: str
    periods: float = Field(description="Lead time and review period")
    period_days: int
    mean: float
    spread: float
    per_period: float
    quantiles: dict[str, float]


class Explanation(BaseModel):
    """One line taken apart: the parts add up to the quantity."""

    model_config = ConfigDict(extra="allow")

    item: str
    site: str
    policy: str
    quantity: float
    reason: Said
    limit: Said
    parts: list[dict[str, Any]]
