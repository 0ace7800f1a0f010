"""Who did what, what was brought and made, and what calls were answered: the SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from restock.storage.state.tables import Answer, Audit, Run, Snapshot


class AuditFilter(NamedTuple):
    """Which entries are wanted; none: all."""

    kind: str | None = None
    object: str | None = None
    actor: str | None = None
    action: str | None = None


def find_audit(session: Session, wanted: AuditFilter, before: int | None, limit: int) -> list[Audit]:
    """Entries, the newest first, from the one before `before` on."""
    query = select(Audit).order_by(Audit.id.desc()).limit(limit)
    for name, value in wanted._asdict().items():
        if value is not None:
            query = query.where(getattr(Audit, name) == value)
    return list(session.scalars(query if before is None else query.where(Audit.id < before)))


def known_snapshots(session: Session, ids: Sequence[str]) -> dict[str, Snapshot]:
    """What is written of these snapshots."""
    return {one.id: one for one in session.scalars(select(Snapshot).where(Snapshot.id.in_(ids)))}


def list_runs(session: Session, kind: str | None, before: str | None, limit: int) -> list[Run]:
    """Runs, the newest first."""
    query = select(Run).order_by(Run.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(Run.kind == kind)
    return list(session.scalars(query if before is None else query.where(Run.id < before)))


def run_of_job(session: Session, job: str, kind: str) -> Run | None:
    """What a job has left behind already, in an attempt whose worker died before it could say so."""
    return session.scalar(select(Run).where(Run.job_id == job, Run.kind == kind).order_by(Run.id.desc()).limit(1))


def take_answer(session: Session, key: str, request: str, at: datetime) -> Answer | None:
    """Claim an idempotency key; returns the answer that is there already, none when it is now ours."""
    found = session.get(Answer, key)
    if found is not None:
        return found
    try:
        with session.begin_nested():
            session.add(Answer(key=key, request=request, status=None, body=None, headers=None, at=at))
    except IntegrityError:
        session.expire_all()
        return session.get(Answer, key)
    return None


def give_answer(session: Session, key: str, status: int, body: str, headers: dict[str, str]) -> None:
    """Keep what was answered."""
    answer = session.get(Answer, key)
    if answer is not None:
        answer.status, answer.body, answer.headers = status, body, dict(headers)


def drop_answer(session: Session, key: str) -> None:
    """The call failed in a way that may be tried again."""
    session.execute(delete(Answer).where(Answer.key == key))


def drop_old_answers(session: Session, before: datetime) -> None:
    """Forget answers that nobody asks for any more."""
    session.execute(delete(Answer).where(Answer.at < before))
