"""Long work: ask, look, stop, go on; and the runs that it left behind."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator

from restock.service.access import CanLearn, CanRead, TheHost
from restock.service.host import Host
from restock.service.once import DESCRIPTION, Once
from restock.service.paging import Cursor, Limit, page, read_cursor
from restock.service.problems import documented
from restock.service.shapes.base import Page, without_nul
from restock.service.shapes.jobs import Job, Run, RunAsked
from restock.storage.state import trail, work
from restock.workflows.approval.desk import Desk
from restock.workflows.jobs import asking

router = APIRouter(tags=["jobs"], route_class=Once)
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}
JobId = Annotated[str, AfterValidator(without_nul), Path(max_length=40)]
State = Literal["queued", "running", "done", "failed", "cancelled"]
LOCATION = {"Location": {"schema": {"type": "string"}, "description": "Where to look how far it is"}}
accepted: dict[int | str, dict[str, Any]] = {202: {"description": "A worker will do it", "headers": LOCATION}}


def started(desk: Desk, host: Host, kind: str, arguments: dict[str, Any], response: Response, request: Request) -> Job:
    """Ask for work, wake a worker, and say where to look."""
    return told(host, asking.ask(desk, kind, arguments), response, request)


def told(host: Host, job: Any, response: Response, request: Request) -> Job:
    """Wake a worker for a job and say where to look."""
    host.queue.put(job.id)
    response.headers["Location"] = str(request.app.url_path_for("get_job", job=job.id))
    return Job.model_validate(asking.show_job(job))


@router.get("/jobs", responses=documented(401, 403))
def list_jobs(desk: CanRead, state: State | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[Job]:
    """Jobs, the newest first."""
    with desk.look() as session:
        found = work.list_jobs(session, state, read_cursor(cursor), limit + 1)
    shown = page(found, limit, lambda one: one.id, lambda one: Job.model_validate(asking.show_job(one)))
    return Page[Job](**shown)


@router.get("/jobs/{job}", responses=documented(401, 403, 404))
def get_job(desk: CanRead, job: JobId) -> Job:
    """How far a job is, and what came out."""
    return Job.model_validate(asking.show_job(asking.find_job(desk, job)))


@router.post("/jobs/{job}/cancel", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def cancel_job(desk: CanRead, job: JobId) -> Job:
    """Stop it: at once where it waits, at its next step where it runs. Needs what asking for it needs."""
    return Job.model_validate(asking.show_job(asking.cancel(desk, job)))


@router.post(
    "/jobs/{job}/resume", status_code=202, responses={**documented(401, 403, 404, 409), **accepted}, openapi_extra=ONCE
)
def resume_job(desk: CanRead, host: TheHost, job: JobId, response: Response, request: Request) -> Job:
    """Go on with one that failed or was cancelled. Needs what asking for it needs."""
    return told(host, asking.resume(desk, job), response, request)


@router.get("/runs", tags=["runs"], responses=documented(401, 403))
def list_runs(
    desk: CanRead,
    kind: Annotated[Literal["plan", "train", "backtest"] | None, Query()] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Run]:
    """What was made, and from which data, policy and settings; the newest first."""
    with desk.look() as session:
        found = trail.list_runs(session, kind, read_cursor(cursor), limit + 1)
    return Page[Run](**page(found, limit, lambda one: one.id, Run.model_validate))


@router.post(
    "/runs/{kind}",
    tags=["runs"],
    status_code=202,
    responses={**documented(401, 403, 409), **accepted},
    openapi_extra=ONCE,
)
def start_run(
    desk: CanLearn,
    host: TheHost,
    kind: Literal["train", "backtest"],
    asked: RunAsked,
    response: Response,
    request: Request,
) -> Job:
    """Train a policy, or test one on unseen periods; 202 with the job that does it."""
    return started(desk, host, kind, asked.of(kind), response, request)
