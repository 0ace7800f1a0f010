"""Carry jobs out. A worker that dies is noticed by its silence; its job is taken up again, or marked."""

import json
import threading
import traceback
from dataclasses import replace
from datetime import timedelta
from typing import Any

from restock.errors import RestockError
from restock.language import NOTHING, Text
from restock.storage.state import work
from restock.storage.state.database import State
from restock.storage.state.tables import Job
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import need
from restock.workflows.jobs.asking import worker_of
from restock.workflows.jobs.kinds import kind_of
from restock.workflows.project import open_project

BEAT = 2.0  # seconds between two signs of life
SILENT = timedelta(seconds=30)  # after which a worker counts as dead
ATTEMPTS = 3


class StoppedError(Exception):
    """Somebody cancelled the job, or another worker has it now."""


def work_on(desk: Desk, job: str, beat: float = BEAT) -> Job | None:
    """Do a job that waits; none: it does not wait any more.

    Whatever the outcome, the job is written as done, failed or cancelled; only if the process dies it is not, and then
    `take_up_lost` finds it.
    """
    with desk.state.write() as session:
        ours = work.claim_job(session, job, desk.clock())
    if ours is None:
        return None
    mine = replace(desk.as_(worker_of(ours)), project=open_project(desk.project.path))
    progress = JobProgress(desk, ours, beat)
    end: dict[str, Any]
    try:
        with progress:
            need(mine.actor, kind_of(ours.kind).permission)
            result = kind_of(ours.kind).do(mine, ours, progress)
            end = {"state": "done", "result": _plain(result)}
    except StoppedError:
        end = {"state": "cancelled"}
    except RestockError as error:
        end = {"state": "failed", "error": _error(error.message, error.hint)}
    except Exception as error:  # a worker outlives whatever a job does
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        told = _error(Text(f"unexpected {what}", f"意外错误 {what}"), NOTHING)
        end = {"state": "failed", "error": told | {"traceback": traceback.format_exc(limit=-8)}}
    return _finish(mine, ours, progress, end)


def take_up_lost(desk: Desk) -> list[str]:
    """Jobs whose worker died wait again, or are marked as failed after too many attempts; returns all that wait."""
    now = desk.clock()
    with desk.state.write() as session:
        for job in work.lost_jobs(session, now - SILENT):
            mine = desk.as_(worker_of(job))
            again = job.attempt < ATTEMPTS and not job.cancel
            job.state = "queued" if again else ("cancelled" if job.cancel else "failed")
            if not again:
                job.finished = now
                steps = f"{job.done}/{job.total or '?'}"
                job.error = _error(
                    Text(
                        f"its worker died {job.attempt} times, the last time after {steps} steps",
                        f"执行进程中断 {job.attempt} 次，最后一次完成 {steps} 步",
                    ),
                    Text("look at the memory and the log of the worker, then resume", "请检查内存和日志，然后继续"),
                )
                mine.tell(session, "job.failed", {"job": job.id, "kind": job.kind})
            mine.note(session, "lost", "job", job.id, attempt=job.attempt, again=again)
        session.flush()
        return work.waiting_jobs(session)


class JobProgress:
    """Progress that is kept in the state, and a sign of life while the job says nothing."""

    def __init__(self, desk: Desk, job: Job, beat: float) -> None:
        self.state: State = desk.state
        self.clock, self.job, self.attempt, self.beat = desk.clock, job.id, job.attempt, beat
        self.done, self.total, self.what = 0, job.total, NOTHING
        self.stopped = False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._live, name=f"beat {job.id}", daemon=True)

    def __enter__(self) -> "JobProgress":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def start(self, what: Text, total: int | None) -> None:
        """Begin a part of the work."""
        self.what, self.total, self.done = what, total, 0
        self._check()

    def advance(self, done: int, note: Text = NOTHING) -> None:
        """So far; stops here if somebody cancelled."""
        self.done = done
        self._check()

    def finish(self) -> None:
        """Nothing to tidy up."""

    def values(self) -> dict[str, Any]:
        """What is kept."""
        what = None if self.what == NOTHING else {"en": self.what.en, "zh": self.what.zh}
        return {"beat": self.clock(), "done": self.done, "total": self.total, "what": what}

    def _check(self) -> None:
        if self.stopped:
            raise StoppedError

    def _live(self) -> None:
        while not self.over.wait(self.beat):
            try:
                with self.state.write() as session:
                    ours = work.beat_job(session, self.job, self.attempt, self.values())
                    job = work.get_job(session, self.job) if ours else None
                self.stopped = job is None or job.cancel
            except RestockError:
                continue  # the database is away for a moment; the job need not end for that


def _finish(desk: Desk, job: Job, progress: JobProgress, end: dict[str, Any]) -> Job | None:
    """Write the end, unless another worker has the job by now."""
    with desk.state.write() as session:
        values = progress.values() | {"finished": desk.clock(), **end}
        if not work.beat_job(session, job.id, job.attempt, values):
            return None
        told = {"job": job.id, "kind": job.kind}
        desk.note(session, end["state"], "job", job.id, job=job.kind)
        desk.tell(session, f"job.{end['state']}", told)
        return work.get_job(session, job.id)


def _error(message: Text, hint: Text) -> dict[str, Any]:
    return {"message": {"en": message.en, "zh": message.zh}, "hint": {"en": hint.en, "zh": hint.zh}}


def _plain(result: dict[str, Any]) -> dict[str, Any]:
    """What JSON can hold; a number that is none becomes null."""
    return json.loads(json.dumps(result, default=str), parse_constant=lambda _: None)
