"""Plans, what was approved of them, and purchase orders."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from restock.service.problems import Said
from restock.service.shapes.base import Asked, Short, Told


class SafeAsked(Asked):
    """All lines that nobody needs to look at."""

    anyway: bool = False


class Total(Told):
    """Lines of one state, added up."""

    state: str
    lines: int
    cash: float
    expected_profit: float


class Plan(BaseModel):
    """A plan, what it came from, and how far people are with it."""

    plan: str
    date: str
    snapshot: str
    model: str
    settings: dict[str, Any]
    created: datetime
    author: str
    lines: int
    totals: list[Total]
    changed: int
    budget: float | None
    override_budget: int | None
    stale: list[Said] = Field(description="Why it no longer follows from what is known; empty: it does")


class PlanRow(Told):
    """A plan in a list."""

    id: str
    date: str
    snapshot: str
    model: str
    created: datetime
    author: str
    lines: int


class NotOrdered(BaseModel):
    """An item that is not ordered, and why."""

    item: str
    site: str
    name: str | None
    on_hand: float
    on_order: float
    days_of_cover: float
    stockout_without: float
    policy: str
    reason: Said


class Approved(BaseModel):
    """What became of all safe lines."""

    plan: str
    approved: int
    cash: float
    waiting: int
    left: int = Field(description="For a person to look at")
    over_budget: int


class Order(BaseModel):
    """What one supplier brings to one site."""

    supplier: str
    site: str
    lines: int
    cash: float
    stem: str = Field(description="Names its file")


class Export(BaseModel):
    """Purchase orders that were handed over under one id."""

    export: str
    plan: str
    again: bool = Field(description="Nothing new was approved: this is the one from before")
    lines: int
    cash: float
    author: str
    at: datetime
    orders: list[Order]


class ExportRow(Told):
    """An export in a list."""

    id: str
    plan_id: str
    number: int
    lines: int
    cash: float
    author: str
    at: datetime


class ExportAsked(Asked):
    """Hand the approved lines of a plan over."""

    plan: Short


class Reread(BaseModel):
    """What an edited sheet changed."""

    plan: str
    rows: int
    changed: int
    lines: list[int]
