"""Where the names of jobs wait: huey on SQLite beside the state, or in PostgreSQL.

What a job is and how far it is stands in the state; the queue only wakes a worker. A name that is lost there is found
again by `take_up_lost`, one that is there twice is done once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restock.storage.folder import Folder
from restock.workflows.approval.desk import address_of
from restock.workflows.project import Project

NAME = "restock"


@dataclass(frozen=True)
class HueyQueue:
    """The queue of a project."""

    huey: Any
    task: Callable[[str], object]

    def put(self, job: str) -> None:
        """Have a worker take up this job."""
        self.task(job)

    def close(self) -> None:
        """Let go of the connection of this thread."""
        self.huey.storage.close()


def open_queue(project: Project, work: Callable[[str], None] | None = None) -> HueyQueue:
    """The queue of a project.

    Args:
        work: what a worker does with a name; none: this process only puts names in.
    """
    address = address_of(project)
    huey = _postgres(address) if address.startswith("postgres") else _sqlite(project.folder)

    def run_job(job: str) -> None:
        if work is not None:
            work(job)

    return HueyQueue(huey, huey.task(name="run_job")(run_job))


def _sqlite(folder: Folder) -> Any:
    from huey import SqliteHuey

    folder.path.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(NAME, filename=str(folder.queue), results=False)


def _postgres(address: str) -> Any:
    from huey import PostgresHuey

    scheme, _, rest = address.partition("://")
    # Asked every now and then, without a listening connection that nobody would close.
    return PostgresHuey(NAME, dsn=f"{scheme.partition('+')[0]}://{rest}", results=False, blocking=False)
