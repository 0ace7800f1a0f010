"""A server over a shop with a made-up plan, spoken to without a network."""

from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient
from made_up_plan import make_project

from restock.service.app import create_app
from restock.service.host import Host
from restock.storage.state.database import State, open_state
from restock.workflows.accounts.keys import create_key
from restock.workflows.accounts.users import add_user
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import PERMISSIONS, ROLES, Actor
from restock.workflows.project import Project

HOSTED = "http://localhost"


class Names:
    """A queue that remembers what was put in."""

    def __init__(self) -> None:
        self.jobs: list[str] = []

    def put(self, job: str) -> None:
        self.jobs.append(job)


class Served(SimpleNamespace):
    """A running application and what is behind it."""

    project: Project
    state: State
    host: Host
    queue: Names
    client: TestClient
    admin: Desk
    keys: dict[str, str]

    def as_(self, role: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[role]}"}

    def get(self, path: str, role: str = "admin", **more):
        return self.client.get(f"/api/v1{path}", headers=self.as_(role) | more.pop("headers", {}), **more)

    def post(self, path: str, json=None, role: str = "admin", **more):
        headers = self.as_(role) | more.pop("headers", {})
        return self.client.post(f"/api/v1{path}", json=json, headers=headers, **more)


def start(folder: Path, address: str = "", settings: str = "") -> Served:
    project = make_project(folder, settings)
    state, queue = open_state(project.folder, address), Names()
    host = Host(project.path, state, queue)
    admin = Desk(project, state, Actor("ada", "admin"))
    keys = {}
    for role in ROLES:
        add_user(admin, role, role)
        keys[role] = create_key(admin, role, PERMISSIONS, user=role).token
    client = TestClient(create_app(host), base_url=HOSTED, raise_server_exceptions=False)
    return Served(project=project, state=state, host=host, queue=queue, client=client, admin=admin, keys=keys)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    started = start(tmp_path / "served")
    yield started
    started.client.close()
    started.state.close()


@pytest.fixture
def lines(served: Served) -> Callable[[], list[dict]]:
    """The lines of the plan as they are now."""

    def now() -> list[dict]:
        from made_up_plan import PLAN

        return served.get(f"/plans/{PLAN}/lines").json()["items"]

    return now
