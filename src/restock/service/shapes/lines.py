"""Order lines and what people make of them."""

from datetime import date, datetime

from pydantic import ConfigDict, Field

from restock.service.shapes.base import Asked, LineId, Short, Told, Words


class Line(Told):
    """An order line: what was recommended, from what, and what people made of it. Units and money."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [{"id": 17, "item": "A-1", "site": "SH", "suggested": 24, "quantity": 30, "state": "proposed"}]
        },
    )

    id: int
    plan_id: str
    rank: int = Field(description="By expected profit per unit of cash, the best first")
    item: str
    site: str
    name: str
    lane: str = Field(description="The supplier")
    policy: str
    group: str = Field(description="The kind of demand")
    suggested: float
    quantity: float
    pack: float
    minimum: float
    unit_cost: float
    order_by: date
    binding: str = Field(description="The limit that binds, empty where none does")
    reason_en: str
    reason_zh: str
    on_hand: float
    on_order: float
    days_of_cover: float
    forecast: float
    stockout_without: float
    stockout_with: float
    expected_profit: float
    profit_per_cash: float
    stock_counted: bool
    state: str = Field(description="proposed, waiting, approved, rejected, snoozed, exported")
    attention: str = Field(description="Why a person should look, codes with blanks between; empty: safe")
    version: int
    changed_by: str | None
    why: str | None
    note: str | None
    first_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    export_id: str | None


class EditAsked(Asked):
    """A new quantity, and why."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"quantity": 30, "why": "promotion", "note": "moved to May"}]}
    )

    quantity: float = Field(ge=0, le=1e9, allow_inf_nan=False)
    why: Short = Field(default="", description="promotion, demand, stock, supplier, cash, ending, other")
    note: Words = ""


class Seen(Asked):
    """A line, as it was seen."""

    id: LineId
    version: LineId | None = Field(default=None, description="None: whatever is there")


class LinesAsked(Asked):
    """Lines to decide on: all of them, or none."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"lines": [{"id": 17, "version": 1}], "anyway": False}]}
    )

    lines: list[Seen] = Field(min_length=1, max_length=5000)


class ApproveAsked(LinesAsked):
    """Lines to let go."""

    anyway: bool = Field(default=False, description="Although out of date, or ordered by another plan")


class RejectAsked(LinesAsked):
    """Lines not to order."""

    reason: Words


class SnoozeAsked(LinesAsked):
    """Lines to leave alone."""

    until: date
    reason: Words = ""


class CommentAsked(Asked):
    """What to write about an item."""

    text: Words


class Comment(Told):
    """What somebody wrote about an item."""

    id: int
    item: str
    site: str
    line_id: int | None
    text: str
    author: str
    at: datetime
