"""When the daily work is due: at a time of day on the shop's clock; what was missed is made up for once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from restock.config import ScheduleConfig
from restock.storage.state import work
from restock.storage.state.tables import Job
from restock.workflows.approval.desk import Desk
from restock.workflows.jobs import asking

KIND = "daily"


@dataclass(frozen=True)
class Timetable:
    """The settings, when it is due next, and what has been done."""

    schedule: ScheduleConfig
    next: datetime | None  # none: there is no schedule
    history: tuple[Job, ...]  # the newest first

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        shown = [_show(job) for job in self.history]
        due = None if self.next is None else self.next.isoformat()
        return {"time": self.schedule.time or None, "zone": self.schedule.zone, "next": due, "history": shown}


def latest_due(schedule: ScheduleConfig, now: datetime) -> datetime | None:
    """The last moment until now at which the work was due, in UTC; none: there is no schedule."""
    return _around(schedule, now, later=False)


def next_due(schedule: ScheduleConfig, now: datetime) -> datetime | None:
    """The first moment after now, in UTC."""
    return _around(schedule, now, later=True)


def ask_if_due(desk: Desk) -> Job | None:
    """Ask for the daily work if its time has come and nobody has asked yet; none: not now.

    The moment names the job, so that of many workers one asks; of several moments that were missed the last counts.
    """
    from sqlalchemy.exc import IntegrityError

    due = latest_due(desk.project.config.schedule, desk.clock())
    if due is None:
        return None
    name = f"{due:%Y%m%dT%H%M%S%f}-{KIND}"
    with desk.look() as session:
        newest = work.newest_job(session, KIND)
    if newest is not None and newest.id >= name:
        return None
    try:
        return asking.ask(desk, KIND, {}, name)
    except IntegrityError:
        return None


def timetable(desk: Desk, before: str | None = None, limit: int = 20) -> Timetable:
    """What is due and what was done."""
    schedule = desk.project.config.schedule
    with desk.look() as session:
        history = work.list_jobs(session, None, before, limit, KIND)
    return Timetable(schedule, next_due(schedule, desk.clock()), tuple(history))


def run_now(desk: Desk) -> Timetable:
    """Do the daily work at once, in this process."""
    from restock.workflows.jobs.working import work_on

    work_on(desk, asking.ask(desk, KIND, {}).id)
    return timetable(desk, limit=1)


def _around(schedule: ScheduleConfig, now: datetime, *, later: bool) -> datetime | None:
    if not schedule.time:
        return None
    zone, at = ZoneInfo(schedule.zone), time.fromisoformat(schedule.time)
    today = now.astimezone(zone).date()
    days: Sequence[int] = (0, 1, 2) if later else (0, -1, -2)
    for step in days:
        # A time that the clock leaps over in spring is taken as if it had not leapt; in autumn the first of two counts.
        moment = datetime.combine(today + timedelta(days=step), at, zone).astimezone(UTC)
        if (moment > now) if later else (moment <= now):
            return moment
    return None


def _show(job: Job) -> dict[str, Any]:
    result = job.result or {}
    return {
        "job": job.id,
        "state": job.state,
        "attempt": job.attempt,
        "started": job.started,
        "finished": job.finished,
        "plan": result.get("plan"),
        "steps": result.get("steps", []),
    }
