"""Lines of a plan as somebody browses them: a stretch of a long list in any order, and sums by supplier and site."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from restock.storage.state.tables import Line

OPEN = ("proposed", "waiting")
CASH = Line.quantity * Line.unit_cost
SORTED = {  # by what a list can be sorted
    **{name: getattr(Line, name) for name in ("rank", "item", "name", "lane", "site", "quantity", "suggested")},
    **{name: getattr(Line, name) for name in ("order_by", "on_hand", "on_order", "days_of_cover", "forecast")},
    **{name: getattr(Line, name) for name in ("stockout_without", "expected_profit", "state", "unit_cost")},
    "cash": CASH,
    "attention": Line.attention,
}


class Wanted(NamedTuple):
    """Which lines somebody looks for; none: all."""

    state: str | None = None  # one of `tables.Line.state`, or `open`
    lane: str | None = None
    site: str | None = None
    attention: bool | None = None
    due: date | None = None  # to be ordered by this day
    search: str = ""  # in item and name


class Stretch(NamedTuple):
    """Which part of the list, and in which order."""

    sort: str = "rank"
    descending: bool = False
    begin: int = 0
    rows: int = 100


class Sum(NamedTuple):
    """The lines that one supplier brings to one site."""

    lane: str
    site: str
    lines: int
    open: int  # not yet decided
    cash: float
    open_cash: float


def browse(session: Session, plan: str, wanted: Wanted, stretch: Stretch) -> tuple[list[Line], int]:
    """A stretch of the lines, and how many there are in all."""
    count = session.scalar(_wanted(select(func.count()).select_from(Line), plan, wanted)) or 0
    column = SORTED.get(stretch.sort, Line.rank)
    order = column.desc() if stretch.descending else column.asc()
    query = _wanted(select(Line), plan, wanted).order_by(order, Line.rank)
    return list(session.scalars(query.offset(stretch.begin).limit(stretch.rows))), count


def sums(session: Session, plan: str) -> list[Sum]:
    """Lines and money by supplier and site, the most money first."""
    undecided = Line.state.in_(OPEN)
    cash = func.sum(CASH)
    query = (
        select(
            Line.lane,
            Line.site,
            func.count(),
            func.sum(case((undecided, 1), else_=0)),
            cash,
            func.sum(case((undecided, CASH), else_=0.0)),
        )
        .where(Line.plan_id == plan)
        .group_by(Line.lane, Line.site)
        .order_by(cash.desc(), Line.lane, Line.site)
    )
    return [
        Sum(lane, site, n, open_, cash or 0.0, rest or 0.0)
        for lane, site, n, open_, cash, rest in _rows(session, query)
    ]


def total(session: Session, plan: str, wanted: Wanted) -> tuple[int, float]:
    """How many lines there are, and what they cost."""
    query: Any = select(func.count(), func.sum(CASH))
    lines, cash = _rows(session, _wanted(query, plan, wanted))[0]
    return lines, cash or 0.0


def _rows(session: Session, query: Any) -> list[Any]:
    return list(session.execute(query))


def _wanted(query: Select[Any], plan: str, wanted: Wanted) -> Select[Any]:
    query = query.where(Line.plan_id == plan)
    if wanted.state == "open":
        query = query.where(Line.state.in_(OPEN))
    elif wanted.state:
        query = query.where(Line.state == wanted.state)
    if wanted.lane is not None:
        query = query.where(Line.lane == wanted.lane)
    if wanted.site is not None:
        query = query.where(Line.site == wanted.site)
    if wanted.attention is not None:
        query = query.where(Line.attention != "" if wanted.attention else Line.attention == "")
    if wanted.due is not None:
        query = query.where(Line.order_by <= wanted.due)
    if wanted.search:
        query = query.where(
            or_(*(column.icontains(wanted.search, autoescape=True) for column in (Line.item, Line.name)))
        )
    return query


def lines_of_item(session: Session, item: str, site: str, limit: int) -> list[Line]:
    """What plans said of an item, the newest plan first."""
    query = select(Line).where(Line.item == item, Line.site == site).order_by(Line.plan_id.desc(), Line.id)
    return list(session.scalars(query.limit(limit)))
