"""What is sent and answered: the fields, their meaning and an example each. What comes in is checked here first."""

from datetime import date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from restock.service.problems import Said
from restock.workflows.approval.roles import Permission, Role
from restock.workflows.webhooks import Event

T = TypeVar("T")


def without_nul(text: str) -> str:
    """No database keeps a NUL in a text."""
    if "\0" in text:
        raise ValueError("a NUL sign cannot be kept")
    return text


Words = Annotated[str, AfterValidator(without_nul), Field(max_length=2000)]
Short = Annotated[str, AfterValidator(without_nul), Field(max_length=200)]
LineId = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Asked(BaseModel):
    """Something that is sent; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """Something that is answered, also made from a record."""

    model_config = ConfigDict(from_attributes=True)


class Page(BaseModel, Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None = Field(description="The cursor of the next page; none: this is the last")


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


class SafeAsked(Asked):
    """All lines that nobody needs to look at."""

    anyway: bool = False


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


class Job(BaseModel):
    """Long work and how far it is."""

    id: str
    kind: str
    arguments: dict[str, Any]
    state: str = Field(description="queued, running, done, failed, cancelled")
    attempt: int
    done: int
    total: int | None
    what: Said | None
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    author: str
    created: datetime
    started: datetime | None
    finished: datetime | None
    cancelling: bool


class RunAsked(Asked):
    """How to train or test."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"seed": 1}]})

    seed: int | None = Field(default=None, ge=0, lt=2**31, description="Of training; none: 0")
    model: Short | None = Field(default=None, description="To test; none: the newest")

    def of(self, kind: str) -> dict[str, Any]:
        """What this kind of work takes of it."""
        taken = {"train": {"seed": self.seed}, "backtest": {"model": self.model}}[kind]
        return {key: value for key, value in taken.items() if value is not None}


class Run(Told):
    """A command that left something behind, and what it came from."""

    id: str
    kind: str
    snapshot: str | None
    policy: str | None
    settings: dict[str, Any]
    author: str
    created: datetime
    job_id: str | None


class Snapshot(BaseModel):
    """The shop's data as of one moment."""

    id: str
    created: datetime
    rows: dict[str, int]
    sources: list[dict[str, Any]]
    author: str | None = Field(description="None: it was loaded on the command line")


class Audit(Told):
    """Who did what."""

    id: int
    at: datetime
    actor: str
    via: str
    action: str
    kind: str
    object: str
    details: dict[str, Any]


class User(Told):
    """Somebody who may sign in."""

    name: str
    role: str
    active: bool
    language: str
    created: datetime


class UserAsked(Asked):
    """A new user."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "mei", "role": "planner"}]})

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.@+-]{1,80}$")]
    role: Role
    language: Annotated[str, Field(pattern="^(en|zh)$")] = "en"


class UserChanges(Asked):
    """What is to be different about a user."""

    role: Role | None = None
    active: bool | None = None
    language: Annotated[str, Field(pattern="^(en|zh)$")] | None = None


class Link(BaseModel):
    """A link that signs in once."""

    user: str
    link: str


class Me(BaseModel):
    """Who is signed in."""

    name: str
    role: str
    permissions: list[Permission]
    language: str
    csrf: str = Field(
        description="To be sent as `X-CSRF-Token` with everything that changes something; empty for a key"
    )


class SignInAsked(Asked):
    """A name and a password."""

    name: Short
    password: Short


class FollowLinkAsked(Asked):
    """The token of a link, and the password to have from now on."""

    token: Short
    password: Short


class KeyAsked(Asked):
    """A key for a program."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"name": "till", "scopes": ["decide"], "days": 90}]}
    )

    name: Annotated[Short, Field(min_length=1, max_length=80)]
    scopes: list[Permission] = Field(min_length=1, max_length=20)
    user: Short | None = Field(default=None, description="In whose name it acts; none: yours")
    days: int | None = Field(default=365, ge=1, le=3650, description="Until it ends; none: never")


class Key(BaseModel):
    """A key, without its secret."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    user: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None
    used: datetime | None


class NewKey(Key):
    """A key with its secret: the only time that it is shown."""

    token: str


class WebhookAsked(Asked):
    """An address to tell of events."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://erp.example/hook", "events": ["export.created"]}]},
    )

    url: Words
    events: list[Event] = Field(min_length=1, max_length=20)


class Webhook(Told):
    """An address that is told of events."""

    id: int
    url: str
    events: list[str]
    author: str
    created: datetime


class NewWebhook(Webhook):
    """The same with its secret: the only time that it is shown."""

    secret: str


class Delivery(Told):
    """One message to one address."""

    id: str
    event: str
    state: str = Field(description="waiting, delivered, given_up")
    attempts: int
    due: datetime
    answer: str | None
    created: datetime
    delivered: datetime | None


class Health(BaseModel):
    """Whether the server can work."""

    status: str
    version: str


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
