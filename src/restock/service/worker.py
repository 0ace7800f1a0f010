"""A worker: does jobs, takes up what others left behind, and sends what others are to be told."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

import httpx2 as httpx
import structlog

from restock.errors import RestockError
from restock.service.alive import give_sign
from restock.service.queue import HueyQueue, open_queue
from restock.storage.state.tables import Delivery, Webhook
from restock.workflows import webhooks
from restock.workflows.approval.desk import Desk, state_of
from restock.workflows.approval.roles import Actor
from restock.workflows.jobs.working import take_up_lost, work_on
from restock.workflows.project import Project, open_project
from restock.workflows.timetable import ask_if_due

LOOK_AGAIN = 5.0  # seconds between two looks for lost jobs and messages to send
PATIENCE = 10.0  # seconds in all that an address may take, however slowly it drips
BOT = Actor("worker", "admin", "job")


class Worker:
    """One process that works for a project."""

    def __init__(self, project: Project, workers: int = 1) -> None:
        self.desk = Desk(project, state_of(project), BOT)
        self.workers, self.stopping = workers, threading.Event()
        self.queue = open_queue(project, self.do)
        self.log = structlog.get_logger()

    def do(self, job: str) -> None:
        """One job."""
        self.log.info("job begins", job=job)
        ended = work_on(self.desk, job)
        self.log.info("job ends", job=job, state=None if ended is None else ended.state)

    def run(self) -> None:
        """Work until told to stop."""
        watch = threading.Thread(target=self.watch, name="watch", daemon=True)
        watch.start()
        consumer = self.queue.huey.create_consumer(workers=self.workers, periodic=False, max_delay=2.0)
        try:
            consumer.run()
        finally:
            self.stopping.set()
            watch.join(PATIENCE + LOOK_AGAIN)
            self.desk.state.close()

    def watch(self, every: float = LOOK_AGAIN) -> None:
        """Look after what was lost and what is due, again and again."""
        offered: dict[str, float] = {}
        while not self.stopping.is_set():
            try:
                give_sign(self.desk.project.path)
                begin_day(self.desk, self.queue)
                offer(self.desk, self.queue, offered)
                send_due(self.desk)
            except RestockError as error:
                self.log.warning("cannot look after jobs", error=error.message.en)
            except Exception as error:  # the watch must go on
                self.log.error("unexpected", exc_info=error)
            self.stopping.wait(every)


def begin_day(desk: Desk, queue: HueyQueue) -> str | None:
    """Put the daily work into the queue when its time has come; the settings are read anew, so that they may change."""
    job = ask_if_due(replace(desk, project=open_project(desk.project.path)))
    if job is None:
        return None
    queue.put(job.id)
    return job.id


def offer(desk: Desk, queue: HueyQueue, offered: dict[str, float], again: float = 60.0) -> None:
    """Put the names of waiting jobs into the queue, each at most once a minute: a name may be lost with a worker."""
    now = desk.clock().timestamp()
    waiting = take_up_lost(desk)
    for job in waiting:
        if now - offered.get(job, 0.0) >= again:
            offered[job] = now
            queue.put(job)
    for job in set(offered) - set(waiting):
        del offered[job]


def send_due(desk: Desk, patience: float = PATIENCE) -> int:
    """Send every message whose time has come; returns how many were taken."""
    due = webhooks.take_due(desk)
    if not due:
        return 0
    return asyncio.run(_send_all(desk, due, patience))


async def _send_all(desk: Desk, due: Sequence[tuple[Delivery, Webhook]], patience: float) -> int:
    async with httpx.AsyncClient(timeout=patience, follow_redirects=False, trust_env=False) as client:
        answers = await asyncio.gather(*(_send(client, delivery, to, desk.clock, patience) for delivery, to in due))
    for (delivery, _), (taken, answer) in zip(due, answers, strict=True):
        webhooks.settle(desk, delivery.id, answer, taken=taken)
    return sum(taken for taken, _ in answers)


async def _send(
    client: httpx.AsyncClient, delivery: Delivery, to: Webhook, clock: Callable[[], datetime], patience: float
) -> tuple[bool, str]:
    body = json.dumps(delivery.body, ensure_ascii=False, sort_keys=True).encode()
    headers = {
        "Content-Type": "application/json",
        webhooks.SIGNATURE: webhooks.sign(to.secret, body, clock()),
        webhooks.DELIVERY: delivery.id,
        webhooks.EVENT: delivery.event,
    }
    try:
        async with asyncio.timeout(patience), client.stream("POST", to.url, content=body, headers=headers) as response:
            return response.is_success, f"HTTP {response.status_code}"
    except TimeoutError:
        return False, f"no answer within {patience:g} s"
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return False, f"{type(error).__name__}: {error}"
