"""Ask for long work, look how far it is, stop it, ask again."""

from typing import Any, cast

from restock.errors import ConflictError, MissingError
from restock.language import Text
from restock.storage.state import work
from restock.storage.state.tables import Job
from restock.workflows.approval.desk import Desk, new_id
from restock.workflows.approval.roles import Actor, Role, need
from restock.workflows.jobs.kinds import check_arguments, kind_of

OVER = ("done", "failed", "cancelled")
STATES = ("queued", "running", *OVER)


def ask(desk: Desk, kind: str, arguments: dict[str, Any], name: str | None = None) -> Job:
    """Have something done; a worker takes it up.

    Args:
        name: of the job; none: a new one.

    Raises:
        ForbiddenError: the actor may not do this itself either.
        UsageError: there is no such work, or it takes other arguments.
    """
    check_arguments(kind, arguments)
    at = desk.clock()
    with desk.change(kind_of(kind).permission) as session:
        job = Job(
            id=name or new_id(at),
            kind=kind,
            arguments=arguments,
            state="queued",
            attempt=0,
            cancel=False,
            done=0,
            author=desk.actor.name,
            role=desk.actor.role,
            created=at,
        )
        session.add(job)
        desk.note(session, "ask", "job", job.id, job=kind, arguments=arguments or None)
    return job


def find_job(desk: Desk, job: str) -> Job:
    """How far it is.

    Raises:
        MissingError: there is none of this id.
    """
    with desk.look() as session:
        found = work.get_job(session, job)
    if found is None:
        raise _missing(job)
    return found


def cancel(desk: Desk, job: str) -> Job:
    """Stop it: at once where it still waits, at its next step where it runs.

    Raises:
        MissingError: there is none of this id.
        ForbiddenError: the actor may not do such work.
        ConflictError: it is over.
    """
    with desk.change("read") as session:
        found = work.get_job(session, job, lock=True)
        if found is None:
            raise _missing(job)
        need(desk.actor, kind_of(found.kind).permission)
        if found.state in OVER:
            raise ConflictError(
                Text(f"job `{job}` is {found.state} already", f"任务 `{job}` 已结束（{found.state}）"),
                hint=Text("ask for it anew", "请重新发起"),
            )
        found.cancel = True
        if found.state == "queued":
            found.state, found.finished = "cancelled", desk.clock()
        desk.note(session, "cancel", "job", job)
    return found


def resume(desk: Desk, job: str) -> Job:
    """Go on with one that failed or was cancelled; training continues at its last checkpoint.

    Raises:
        MissingError: there is none of this id.
        ForbiddenError: the actor may not do such work.
        ConflictError: it waits, runs, or is done.
    """
    with desk.change("read") as session:
        found = work.get_job(session, job, lock=True)
        if found is None:
            raise _missing(job)
        need(desk.actor, kind_of(found.kind).permission)
        if found.state not in ("failed", "cancelled"):
            raise ConflictError(
                Text(f"job `{job}` is {found.state}", f"任务 `{job}` 的状态为 {found.state}"),
                hint=Text("only one that failed or was cancelled goes on", "只有失败或已取消的任务可以继续"),
            )
        found.state, found.cancel, found.finished, found.error = "queued", False, None, None
        desk.note(session, "resume", "job", job)
    return found


def worker_of(job: Job) -> Actor:
    """Who acts while a job runs: whoever asked for it."""
    return Actor(job.author, cast(Role, job.role), "job")


def show_job(job: Job) -> dict[str, Any]:
    """For programs."""
    names = ("id", "kind", "arguments", "state", "attempt", "done", "total", "what", "result", "error", "author")
    times = ("created", "started", "finished")
    shown = {name: getattr(job, name) for name in (*names, *times)}
    return shown | {"cancelling": job.cancel and job.state == "running"}


def _missing(job: str) -> MissingError:
    return MissingError(Text(f"there is no job `{job}`", f"没有任务 `{job}`"))
