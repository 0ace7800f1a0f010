"""The tables of the state. Facts, models and reports stay files; here is what changes: decisions, people, work.

A quantity recommended is never kept apart from the snapshot, model and settings that it came from (`plans`).
"""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, Date, DateTime, Dialect, Float, ForeignKey, Index, Integer, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class UtcTime(TypeDecorator[datetime]):
    """A moment; SQLite forgets the zone, so it is put back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC."""
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """With its zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """All tables."""

    type_annotation_map = {  # noqa: RUF012
        datetime: UtcTime,
        date: Date,
        float: Float(53),
        str: String(200),
        int: Integer,
        dict[str, Any]: JSON,
        list[Any]: JSON,
    }


class User(Table):
    """Somebody who may sign in."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)
    role: Mapped[str] = mapped_column(String(20))
    password: Mapped[str | None]  # hash
    active: Mapped[bool] = mapped_column(default=True)
    language: Mapped[str] = mapped_column(String(5), default="en")
    created: Mapped[datetime]


class Key(Table):
    """A program that may call; only the hash of its secret is kept."""

    __tablename__ = "keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    prefix: Mapped[str] = mapped_column(String(20), unique=True)
    secret: Mapped[str] = mapped_column(String(64))  # SHA-256
    scopes: Mapped[list[Any]]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    used: Mapped[datetime | None]


class Login(Table):
    """A browser that is signed in, or a link that signs in once; known by the hash of its token."""

    __tablename__ = "logins"

    token: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256
    kind: Mapped[str] = mapped_column(String(10))  # session, link
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    csrf: Mapped[str] = mapped_column(String(64), default="")
    created: Mapped[datetime]
    expires: Mapped[datetime]


class Snapshot(Table):
    """Who brought which facts; the facts themselves are files."""

    __tablename__ = "snapshots"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    created: Mapped[datetime]
    author: Mapped[str]
    rows: Mapped[dict[str, Any]]
    sources: Mapped[list[Any]]


class Run(Table):
    """A command that left something behind in `runs/` or `models/`, and what it came from."""

    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    snapshot: Mapped[str | None] = mapped_column(String(80))
    policy: Mapped[str | None] = mapped_column(String(80))
    settings: Mapped[dict[str, Any]]
    author: Mapped[str]
    created: Mapped[datetime]
    job_id: Mapped[str | None] = mapped_column(String(40))


class Plan(Table):
    """A plan whose lines people decide on."""

    __tablename__ = "plans"

    id: Mapped[str] = mapped_column(String(80), primary_key=True)  # of the run
    snapshot: Mapped[str] = mapped_column(String(80))
    model: Mapped[str] = mapped_column(String(80))
    settings: Mapped[dict[str, Any]]
    date: Mapped[str] = mapped_column(String(10))
    created: Mapped[datetime]
    author: Mapped[str]
    lines: Mapped[int]


class Line(Table):
    """One order line of a plan: what was recommended, and what people made of it."""

    __tablename__ = "lines"
    __table_args__ = (
        Index("lines_of_plan", "plan_id", "rank"),
        Index("lines_by_state", "plan_id", "state", "rank"),
        Index("lines_of_item", "item", "site"),
        Index("lines_of_export", "export_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(80), ForeignKey("plans.id"))
    rank: Mapped[int]
    item: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    lane: Mapped[str] = mapped_column(Text)
    policy: Mapped[str] = mapped_column(String(80))
    group: Mapped[str] = mapped_column(String(80))
    suggested: Mapped[float]
    pack: Mapped[float]
    minimum: Mapped[float]
    unit_cost: Mapped[float]
    order_by: Mapped[date]
    binding: Mapped[str] = mapped_column(String(40))
    reason_en: Mapped[str] = mapped_column(Text)
    reason_zh: Mapped[str] = mapped_column(Text)
    on_hand: Mapped[float]
    on_order: Mapped[float]
    days_of_cover: Mapped[float]
    forecast: Mapped[float]
    stockout_without: Mapped[float]
    stockout_with: Mapped[float]
    expected_profit: Mapped[float]
    profit_per_cash: Mapped[float]
    stock_counted: Mapped[bool]
    quantity: Mapped[float]  # what people made of it
    state: Mapped[str] = mapped_column(String(12))  # proposed, waiting, approved, rejected, snoozed, exported
    attention: Mapped[str]  # why a person should look, codes with blanks between
    version: Mapped[int] = mapped_column(default=1)
    changed_by: Mapped[str | None]  # the quantity
    why: Mapped[str | None] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    first_by: Mapped[str | None]  # of two who must approve
    decided_by: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    export_id: Mapped[str | None] = mapped_column(String(100))


class Approval(Table):
    """A decision on a line, as it was made; nothing here is ever changed."""

    __tablename__ = "approvals"
    __table_args__ = (Index("approvals_of_line", "line_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"))
    author: Mapped[str]
    decision: Mapped[str] = mapped_column(String(12))  # approve, reject, snooze, reopen
    quantity: Mapped[float]
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]


class Override(Table):
    """A quantity that somebody changed, and why: kept to see later who was right."""

    __tablename__ = "overrides"
    __table_args__ = (Index("overrides_of_line", "line_id"), Index("overrides_of_item", "item", "site"))

    id: Mapped[int] = mapped_column(primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("lines.id"))
    item: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    suggested: Mapped[float]
    before: Mapped[float]
    after: Mapped[float]
    why: Mapped[str] = mapped_column(String(40))
    note: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str]
    at: Mapped[datetime]


class Snooze(Table):
    """An item that shall not be asked about until a day."""

    __tablename__ = "snoozes"
    __table_args__ = (Index("snoozes_of_item", "item", "site"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    until: Mapped[date]
    reason: Mapped[str | None] = mapped_column(Text)
    author: Mapped[str]
    at: Mapped[datetime]
    ended: Mapped[datetime | None]


class Comment(Table):
    """What somebody wrote about an item."""

    __tablename__ = "comments"
    __table_args__ = (Index("comments_of_item", "item", "site"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    item: Mapped[str] = mapped_column(Text)
    site: Mapped[str] = mapped_column(Text)
    line_id: Mapped[int | None] = mapped_column(ForeignKey("lines.id"))
    text: Mapped[str] = mapped_column(Text)
    author: Mapped[str]
    at: Mapped[datetime]


class Export(Table):
    """Approved lines that were handed over; its lines are found by its id and never change again."""

    __tablename__ = "exports"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    plan_id: Mapped[str] = mapped_column(String(80), ForeignKey("plans.id"))
    number: Mapped[int]
    lines: Mapped[int]
    cash: Mapped[float]
    author: Mapped[str]
    at: Mapped[datetime]


class Job(Table):
    """Long work; the queue carries only its id."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_state", "state", "created"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))  # queued, running, done, failed, cancelled
    attempt: Mapped[int] = mapped_column(default=0)
    cancel: Mapped[bool] = mapped_column(default=False)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    what: Mapped[dict[str, Any] | None]  # in both languages
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    author: Mapped[str]
    role: Mapped[str] = mapped_column(String(20))
    created: Mapped[datetime]
    started: Mapped[datetime | None]
    beat: Mapped[datetime | None]  # when its worker was last alive
    finished: Mapped[datetime | None]


class Webhook(Table):
    """An address that is told of events."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    url: Mapped[str] = mapped_column(Text)
    secret: Mapped[str] = mapped_column(String(80))
    events: Mapped[list[Any]]
    active: Mapped[bool] = mapped_column(default=True)
    author: Mapped[str]
    created: Mapped[datetime]


class Delivery(Table):
    """One event for one address: written with what it tells of, sent later, tried again until it is taken."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("deliveries_due", "state", "due"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"))
    event: Mapped[str] = mapped_column(String(40))
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12))  # waiting, delivered, given_up
    attempts: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(Text)
    created: Mapped[datetime]
    delivered: Mapped[datetime | None]


class Audit(Table):
    """Who did what to what, and when."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_of_object", "kind", "object"), Index("audit_by_time", "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    via: Mapped[str] = mapped_column(String(40))
    action: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    object: Mapped[str]
    details: Mapped[dict[str, Any]]


class Answer(Table):
    """What a call with an idempotency key was answered, so that the same call is not carried out twice."""

    __tablename__ = "answers"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of caller, route and key
    request: Mapped[str] = mapped_column(String(64))  # SHA-256 of the content
    status: Mapped[int | None]  # none: still under way
    body: Mapped[str | None] = mapped_column(Text)
    headers: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]
