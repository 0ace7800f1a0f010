"""Where people decide: a project, its state, and who acts. Every action goes through here, whoever calls."""

import getpass
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from restock.errors import UsageError
from restock.language import Text
from restock.workflows.approval.roles import Actor, Permission, Role, need
from restock.workflows.project import Project

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from restock.storage.state.database import State

ADDRESS = "RESTOCK_DATABASE"


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Desk:
    """A project, its state, and who acts."""

    project: Project
    state: "State"
    actor: Actor
    clock: Callable[[], datetime] = now

    def as_(self, actor: Actor) -> "Desk":
        """The same for somebody else."""
        return replace(self, actor=actor)

    @contextmanager
    def look(self, permission: Permission = "read") -> "Iterator[Session]":
        """Read, if the actor may.

        Raises:
            ForbiddenError: it may not.
            StorageError: the database cannot be reached.
        """
        need(self.actor, permission)
        with self.state.read() as session:
            yield session

    @contextmanager
    def change(self, permission: Permission) -> "Iterator[Session]":
        """Change, if the actor may: all of it, or nothing.

        Raises:
            ForbiddenError: it may not.
            StorageError: the database cannot be reached or is full.
        """
        need(self.actor, permission)
        with self.state.write() as session:
            yield session

    def note(self, session: "Session", action: str, kind: str, name: object, **details: Any) -> None:
        """Write into the trail, in the same transaction as what is done."""
        from restock.storage.state.tables import Audit

        entry = Audit(
            at=self.clock(),
            actor=self.actor.name,
            via=self.actor.via,
            action=action,
            kind=kind,
            object=str(name)[:200],
            details={key: value for key, value in details.items() if value is not None},
        )
        session.add(entry)

    def tell(self, session: "Session", event: str, body: dict[str, Any]) -> None:
        """Have everybody told who asked for it: sent by a worker, after this transaction."""
        from restock.storage.state.tables import Delivery
        from restock.storage.state.work import list_webhooks

        at = self.clock()
        for webhook in list_webhooks(session):
            if event in webhook.events or "*" in webhook.events:
                delivery = Delivery(
                    id=new_id(at),
                    webhook_id=webhook.id,
                    event=event,
                    body={"event": event, "at": at.isoformat(), **body},
                    state="waiting",
                    attempts=0,
                    due=at,
                    created=at,
                )
                session.add(delivery)


def open_desk(project: Project, name: str | None = None, role: Role = "admin") -> Desk:
    """The desk of whoever sits at this machine: who can write the project's files may do everything.

    Args:
        name: in whose name; none: the user of the operating system.

    Raises:
        UsageError: the packages that keep state are not installed.
        StorageError: the database cannot be reached or is of another version.
    """
    return Desk(project, state_of(project), Actor(name or _system_user(), role))


def state_of(project: Project) -> "State":
    """The state of a project.

    Raises:
        UsageError: the packages that keep state are not installed.
        StorageError: the database cannot be reached or is of another version.
    """
    try:
        from restock.storage.state.database import open_state
    except ModuleNotFoundError as error:
        raise not_installed(error) from None
    try:
        return open_state(project.folder, address_of(project))
    except ModuleNotFoundError as error:
        raise not_installed(error) from None


def address_of(project: Project) -> str:
    """Where the state is: an address, or empty for a file in the project's folder."""
    return os.environ.get(ADDRESS) or project.config.service.database


def not_installed(error: ModuleNotFoundError) -> UsageError:
    """What to say where a package of an extra is missing."""
    extra = "postgres" if error.name in ("psycopg", "psycopg_binary") else "service"
    return UsageError(
        Text(f"the package `{error.name}` is not installed", f"没有安装软件包 `{error.name}`"),
        hint=Text(f"`pip install 'restock[{extra}]'` installs it", f"运行 `pip install 'restock[{extra}]'` 安装"),
    )


def new_id(at: datetime) -> str:
    """An id that nobody can guess; ids sort by time."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(8)}"


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
