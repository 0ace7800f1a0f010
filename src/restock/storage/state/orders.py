"""Plans, their lines, and what was decided on them: the SQL."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session

from restock.storage.state.tables import Approval, Comment, Export, Line, Override, Plan, Snooze

AT_ONCE = 500  # values in one `in (...)`
Place = tuple[str, str]  # item, site


class Total(NamedTuple):
    """Lines of one state, added up."""

    state: str
    lines: int
    cash: float
    expected_profit: float


class LineFilter(NamedTuple):
    """Which lines of a plan are wanted; none: all."""

    state: str | None = None
    lane: str | None = None
    site: str | None = None
    item: str | None = None
    attention: bool | None = None
    export: str | None = None


def add_plan(session: Session, plan: Plan, lines: Sequence[Mapping[str, Any]]) -> None:
    """Keep a plan with all its lines."""
    session.add(plan)
    session.flush()
    for begin in range(0, len(lines), 10_000):
        session.execute(insert(Line), list(lines[begin : begin + 10_000]))


def get_plan(session: Session, plan: str, *, lock: bool = False) -> Plan | None:
    """One plan; locked, nobody else can decide on its lines meanwhile."""
    return session.get(Plan, plan, with_for_update=lock or None)


def list_plans(session: Session, before: str | None, limit: int) -> list[Plan]:
    """Plans, the newest first."""
    query = select(Plan).order_by(Plan.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Plan.id < before)))


def get_lines(session: Session, ids: Iterable[int], *, lock: bool = False) -> list[Line]:
    """Some lines, in the order of their ids; locked, with their plans, the plans first, as everybody does it."""
    wanted, found = sorted(set(ids)), []
    if lock:
        plans = {line.plan_id for line in get_lines(session, wanted)}
        for plan in sorted(plans):
            get_plan(session, plan, lock=True)
        session.expire_all()  # what was read before the lock may have changed
    for begin in range(0, len(wanted), AT_ONCE):
        query = select(Line).where(Line.id.in_(wanted[begin : begin + AT_ONCE])).order_by(Line.id)
        found += session.scalars(query.with_for_update() if lock else query)
    return found


def find_lines(session: Session, plan: str, wanted: LineFilter, after: int = 0, limit: int | None = None) -> list[Line]:
    """Lines of a plan by rank, from the one after rank `after` on."""
    query = select(Line).where(Line.plan_id == plan, Line.rank > after).order_by(Line.rank).limit(limit)
    columns = {"state": Line.state, "lane": Line.lane, "site": Line.site, "item": Line.item, "export": Line.export_id}
    for name, column in columns.items():
        if (value := getattr(wanted, name)) is not None:
            query = query.where(column == value)
    if wanted.attention is not None:
        query = query.where(Line.attention != "" if wanted.attention else Line.attention == "")
    return list(session.scalars(query))


def last_rank(session: Session, plan: str) -> int:
    """The rank of the last line; 0: there is none."""
    return session.scalar(select(func.max(Line.rank)).where(Line.plan_id == plan)) or 0


def totals(session: Session, plan: str) -> list[Total]:
    """Lines, cash and expected profit by state."""
    query = (
        select(Line.state, func.count(), func.sum(Line.quantity * Line.unit_cost), func.sum(Line.expected_profit))
        .where(Line.plan_id == plan)
        .group_by(Line.state)
        .order_by(Line.state)
    )
    return [Total(state, lines, cash or 0.0, profit or 0.0) for state, lines, cash, profit in session.execute(query)]


def committed_cash(session: Session, plan: str) -> float:
    """Money of the lines that are approved or handed over."""
    return sum(total.cash for total in totals(session, plan) if total.state in ("approved", "exported"))


def changed_lines(session: Session, plan: str) -> int:
    """Lines whose quantity people changed."""
    query = select(func.count()).where(Line.plan_id == plan, Line.quantity != Line.suggested)
    return session.scalar(query) or 0


def ordered_since(session: Session, places: Sequence[Place], since: datetime, but: str) -> dict[Place, str]:
    """Items that another plan has ordered since a moment, and that plan: the facts of that moment don't know it."""
    query = (
        select(Line.item, Line.site, Line.plan_id)
        .where(Line.plan_id != but, Line.state.in_(("approved", "exported")), Line.decided_at > since)
        .order_by(Line.id)
    )
    if len(places) <= AT_ONCE:
        query = query.where(Line.item.in_([item for item, _ in places]))
    wanted = set(places)
    return {(item, site): plan for item, site, plan in session.execute(query) if (item, site) in wanted}


def approve_all(session: Session, ids: Sequence[int], author: str, at: datetime) -> None:
    """Approve lines that nobody else can touch meanwhile."""
    values = {"state": "approved", "decided_by": author, "decided_at": at, "version": Line.version + 1}
    for begin in range(0, len(ids), AT_ONCE):
        some = ids[begin : begin + AT_ONCE]
        session.execute(
            update(Line).where(Line.id.in_(some)).values(values).execution_options(synchronize_session=False)
        )


def add_approvals(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write many decisions down at once."""
    session.execute(insert(Approval), list(rows))


def active_snoozes(session: Session, today: date) -> dict[Place, date]:
    """Items that shall not be asked about today, and until when."""
    query = select(Snooze.item, Snooze.site, func.max(Snooze.until)).where(
        and_(Snooze.until > today, Snooze.ended.is_(None))
    )
    return {(item, site): until for item, site, until in session.execute(query.group_by(Snooze.item, Snooze.site))}


def end_snoozes(session: Session, place: Place, at: datetime) -> None:
    """Ask about an item again."""
    query = update(Snooze).where(Snooze.item == place[0], Snooze.site == place[1], Snooze.ended.is_(None))
    session.execute(query.values(ended=at))


def overrides_of(session: Session, line: int) -> list[Override]:
    """How a line's quantity was changed, the first change first."""
    return list(session.scalars(select(Override).where(Override.line_id == line).order_by(Override.id)))


def comments_on(session: Session, place: Place, limit: int = 200) -> list[Comment]:
    """What was written about an item, the newest first."""
    query = select(Comment).where(Comment.item == place[0], Comment.site == place[1])
    return list(session.scalars(query.order_by(Comment.id.desc()).limit(limit)))


def get_export(session: Session, export: str) -> Export | None:
    """One handing-over."""
    return session.get(Export, export)


def last_export(session: Session, plan: str) -> Export | None:
    """The newest handing-over of a plan."""
    return session.scalar(select(Export).where(Export.plan_id == plan).order_by(Export.number.desc()).limit(1))


def list_exports(session: Session, before: str | None, limit: int) -> list[Export]:
    """Handings-over, the newest first."""
    query = select(Export).order_by(Export.id.desc()).limit(limit)
    return list(session.scalars(query if before is None else query.where(Export.id < before)))


def lines_of_export(session: Session, export: str) -> list[Line]:
    """What was handed over, by supplier, site and item."""
    query = select(Line).where(Line.export_id == export)
    return list(session.scalars(query.order_by(Line.lane, Line.site, Line.item)))
