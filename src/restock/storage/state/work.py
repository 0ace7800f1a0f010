"""Jobs and messages to others: the SQL. A job is claimed by one worker, and only by its newest attempt changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from restock.storage.state.tables import Delivery, Job, Webhook


def get_job(session: Session, job: str, *, lock: bool = False) -> Job | None:
    """One job."""
    return session.get(Job, job, with_for_update=lock or None)


def newest_job(session: Session, kind: str) -> Job | None:
    """The last job of a kind."""
    return session.scalar(select(Job).where(Job.kind == kind).order_by(Job.id.desc()).limit(1))


def list_jobs(
    session: Session, state: str | None, before: str | None, limit: int, kind: str | None = None
) -> list[Job]:
    """Jobs, the newest first."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Job.kind == kind)
    if state is not None:
        query = query.where(Job.state == state)
    return list(session.scalars(query if before is None else query.where(Job.id < before)))


def claim_job(session: Session, job: str, now: datetime) -> Job | None:
    """Make a waiting job ours; none: somebody else has it, or it no longer waits."""
    query = update(Job).where(Job.id == job, Job.state == "queued")
    values = {"state": "running", "attempt": Job.attempt + 1, "started": now, "beat": now, "error": None}
    return get_job(session, job) if _changed(session, query.values(values)) else None


def beat_job(session: Session, job: str, attempt: int, values: dict[str, Any]) -> bool:
    """Say that a job is alive and how far it is; False: it is no longer ours."""
    query = update(Job).where(Job.id == job, Job.attempt == attempt, Job.state == "running")
    return _changed(session, query.values(values))


def lost_jobs(session: Session, silent_since: datetime) -> list[Job]:
    """Jobs that run, as is written, but whose worker has said nothing for long."""
    query = select(Job).where(Job.state == "running", or_(Job.beat < silent_since, Job.beat.is_(None)))
    return list(session.scalars(query.with_for_update(skip_locked=True)))


def waiting_jobs(session: Session) -> list[str]:
    """Jobs that wait, the oldest first."""
    return list(session.scalars(select(Job.id).where(Job.state == "queued").order_by(Job.created)))


def count_jobs(session: Session) -> dict[str, int]:
    """Jobs by state."""
    return {row[0]: row[1] for row in session.execute(select(Job.state, func.count()).group_by(Job.state))}


def list_webhooks(session: Session) -> list[Webhook]:
    """All addresses."""
    return list(session.scalars(select(Webhook).where(Webhook.active).order_by(Webhook.id)))


def claim_deliveries(
    session: Session, now: datetime, lease: datetime, limit: int
) -> Sequence[tuple[Delivery, Webhook]]:
    """Messages whose time has come; nobody else sees them before `lease`, so that none is sent twice at once."""
    query = (
        select(Delivery, Webhook)
        .join(Webhook, Delivery.webhook_id == Webhook.id)
        .where(and_(Delivery.state == "waiting", Delivery.due <= now, Webhook.active))
        .order_by(Delivery.due)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)
    )
    found = [(delivery, webhook) for delivery, webhook in session.execute(query)]
    for delivery, _ in found:
        delivery.due, delivery.attempts = lease, delivery.attempts + 1
    return found


def deliveries_of(session: Session, webhook: int, limit: int) -> list[Delivery]:
    """What was sent to an address, the newest first."""
    query = select(Delivery).where(Delivery.webhook_id == webhook).order_by(Delivery.created.desc(), Delivery.id)
    return list(session.scalars(query.limit(limit)))


def _changed(session: Session, query: Any) -> bool:
    return session.execute(query.execution_options(synchronize_session=False)).rowcount == 1  # pyright: ignore
