"""What tests of several layers share: what is compiled, the two databases, and a shop with a plan without training."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

DATABASES = ["sqlite", "postgres"]

# What JAX compiles is kept for the other worker, for processes that tests begin and for the next run. It is named by
# what was compiled, so it is never out of date; `--cache-clear` forgets it. Set before jax is imported: in no hook.
os.environ |= {
    "JAX_COMPILATION_CACHE_DIR": str(Path(__file__).parents[1] / ".pytest_cache" / "d" / "compiled"),
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
    "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0",
}


@pytest.fixture(scope="session")
def postgres() -> Iterator:
    """A PostgreSQL server; its folder must be reachable for a user without rights, so it is not in pytest's."""
    from databases import running_postgres

    with tempfile.TemporaryDirectory(prefix="restock-postgres-") as folder:
        Path(folder).chmod(0o755)
        with running_postgres(Path(folder) / "server") as server:
            yield server


@pytest.fixture(scope="session")
def migrated(postgres, tmp_path_factory) -> str:
    """The name of a PostgreSQL database with all tables, to be copied."""
    from restock.storage.folder import Folder
    from restock.storage.state.database import connect, upgrade

    address = postgres.new_database()
    state = connect(Folder(tmp_path_factory.mktemp("migrated")), address)
    upgrade(state, Folder(tmp_path_factory.mktemp("migrated")))
    state.close()
    return address.rpartition("/")[2]


@pytest.fixture(params=DATABASES)
def address(request: pytest.FixtureRequest) -> str:
    """Where the state of this test is: a file, then PostgreSQL."""
    if request.param == "sqlite":
        return ""
    server = request.getfixturevalue("postgres")
    return server.new_database(request.getfixturevalue("migrated"))


@pytest.fixture
def state(address: str, tmp_path: Path) -> Iterator:
    """An open, empty state."""
    from restock.storage.folder import Folder
    from restock.storage.state.database import open_state

    opened = open_state(Folder(tmp_path / "shop"), address)
    yield opened
    opened.close()


@pytest.fixture
def project(tmp_path: Path):
    """A shop with a plan of twelve lines."""
    from made_up_plan import make_project

    return make_project(tmp_path / "shop")


@pytest.fixture
def desk(project, state):
    """The desk of an administrator."""
    from restock.workflows.approval.desk import Desk
    from restock.workflows.approval.roles import Actor

    return Desk(project, state, Actor("ada", "admin"))
