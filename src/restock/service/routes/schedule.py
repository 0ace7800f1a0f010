"""The daily work: when it is due, what it did, and to have it done now."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from restock.service.access import CanPlan, CanRead, TheHost
from restock.service.once import DESCRIPTION, Once
from restock.service.paging import Limit
from restock.service.problems import documented
from restock.service.routes.jobs import accepted, started
from restock.service.shapes.jobs import Job
from restock.workflows.timetable import timetable

router = APIRouter(tags=["schedule"], route_class=Once)
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}


class DayDone(BaseModel):
    """One day's work."""

    job: str
    state: str
    attempt: int
    started: datetime | None
    finished: datetime | None
    plan: str | None
    steps: list[dict[str, Any]] = Field(description="What each step did: `step`, `state` done, skipped or failed, ...")


class Schedule(BaseModel):
    """When the daily work is due, and what it did; the newest first."""

    time: str | None = Field(description="On the clock of the shop; none: there is no schedule")
    zone: str
    next: datetime | None
    history: list[DayDone]


@router.get("/schedule", responses=documented(401, 403))
def get_schedule(desk: CanRead, limit: Limit = 20) -> Schedule:
    """When the daily work is due next, and what it did on the last days."""
    return Schedule.model_validate(timetable(desk, limit=limit).to_json())


@router.post("/schedule/run", status_code=202, responses={**documented(401, 403, 409), **accepted}, openapi_extra=ONCE)
def run_now(desk: CanPlan, host: TheHost, response: Response, request: Request) -> Job:
    """Have the daily work done now; 202 with the job that does it."""
    return started(desk, host, "daily", {}, response, request)
