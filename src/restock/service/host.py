"""What a server holds while it runs."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from restock.storage.champion import champion
from restock.storage.state.database import State
from restock.workflows.accounts.keys import Caller
from restock.workflows.accounts.secret import hash_token
from restock.workflows.accounts.sessions import Tries
from restock.workflows.approval.desk import Desk, now
from restock.workflows.approval.roles import Actor
from restock.workflows.project import Project, open_project
from restock.workflows.today import Today, understand_today

NOBODY = Actor("-", "viewer", "-", frozenset())


class Recent:
    """Keys that were good a moment ago, by their hash: for programs that ask hundreds of times a second."""

    SECONDS = 1.0  # that a key may still be taken after it was revoked
    MOST = 1000

    def __init__(self) -> None:
        self.kept: dict[str, tuple[float, Caller]] = {}

    def keep(self, token: str, caller: Caller) -> None:
        """It was looked up just now."""
        if len(self.kept) >= self.MOST:
            self.kept.clear()
        self.kept[hash_token(token)] = (time.monotonic(), caller)

    def find(self, token: str, now: datetime) -> Actor | None:
        """Who calls; none: it must be looked up."""
        at, caller = self.kept.get(hash_token(token), (0.0, None))
        if caller is None or time.monotonic() - at > self.SECONDS or (caller.expires and caller.expires <= now):
            return None
        return caller.actor


class Queue(Protocol):
    """Where the names of jobs wait for a worker."""

    def put(self, job: str) -> None:
        """Have a worker take up this job."""
        ...


@dataclass
class Host:
    """A project, its state, its queue; one per server."""

    path: Path
    state: State
    queue: Queue
    clock: Callable[[], datetime] = now
    tries: Tries = field(default_factory=Tries)
    recent: Recent = field(default_factory=Recent)
    lock: threading.Lock = field(default_factory=threading.Lock)
    given: dict[str, Any] = field(default_factory=dict[str, Any])  # settings of the server that win over the file
    opened: tuple[object, Project] | None = None  # the settings as they were read
    today_: tuple[object, Today] | None = None
    looked: tuple[float, Today | None] | None = None

    def project(self) -> Project:
        """The project with its settings as they are now: somebody may have edited the file."""
        config = self.path / "restock.toml"
        stamp = config.stat().st_mtime_ns if config.exists() else None
        if self.opened is None or self.opened[0] != stamp:
            self.opened = (stamp, with_service(open_project(self.path), self.given))
        return self.opened[1]

    def desk(self, actor: Actor = NOBODY) -> Desk:
        """The desk for somebody."""
        return Desk(self.project(), self.state, actor, self.clock)

    def today_of_trained(self) -> Today | None:
        """Today's situation if a policy has been trained; looked after once a second, for programs that ask often."""
        at = time.monotonic()
        if self.looked is None or at - self.looked[0] > Recent.SECONDS:
            trained = champion(self.project().folder) is not None
            self.looked = (at, self.today() if trained else None)
        return self.looked[1]

    def today(self) -> Today:
        """Today's situation, kept until data, policies or settings change.

        Raises:
            MissingError: nothing has been loaded.
        """
        project = self.project()
        with self.lock:  # one computes, the others wait for it
            if self.today_ is None or self.today_[0] != Today.mark(project):
                self.today_ = (Today.mark(project), understand_today(project))
            return self.today_[1]


def with_service(project: Project, given: dict[str, Any]) -> Project:
    """The project with other settings of the server."""
    service = project.config.service.model_copy(update=given)
    return Project(project.path, project.config.model_copy(update={"service": service}))
