"""SQLite in a file and PostgreSQL started for real, on loopback, as a user without rights."""

import os
import pwd
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from psycopg import sql

INSTALL = "apt-get install -y --no-install-recommends postgresql"
USER = "restock"


class Server(NamedTuple):
    """A running PostgreSQL."""

    folder: Path
    port: int
    binaries: Path

    def address(self, name: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str = "template1") -> str:
        name = f"t{uuid.uuid4().hex}"
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            query = sql.SQL("create database {} template {}")
            connection.execute(query.format(sql.Identifier(name), sql.Identifier(template)))
        return self.address(name)

    def control(self, *arguments: str) -> None:
        """`pg_ctl`: start, stop, restart."""
        log = self.folder / "log"
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"
        command = [self.binaries / "pg_ctl", "-D", self.folder / "data", "-w", "-l", log, "-o", options, *arguments]
        subprocess.run(command, check=True, capture_output=True, **as_nobody(), cwd=self.folder)


def as_nobody() -> dict[str, str]:
    """PostgreSQL refuses to run as root: it gets the user of its package, or the one without rights."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name for entry in pwd.getpwall()}
    return {"user": "postgres" if "postgres" in known else "nobody"}


def find_binaries() -> Path | None:
    """Where `initdb` is: Debian keeps it out of the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        places.append(Path(on_path).resolve().parent)
    return next((place for place in places if (place / "initdb").exists() and (place / "pg_ctl").exists()), None)


@contextmanager
def running_postgres(folder: Path) -> Iterator[Server]:
    """A server of its own; skips the test where PostgreSQL is not installed."""
    binaries = find_binaries()
    if binaries is None:
        pytest.skip(f"PostgreSQL is not installed: `{INSTALL}`")
    folder.mkdir(parents=True, exist_ok=True)
    if os.getuid() == 0:
        shutil.chown(folder, as_nobody()["user"])
    subprocess.run(
        [binaries / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True,
        capture_output=True,
        cwd=folder,
        **as_nobody(),
    )
    server = Server(folder, free_port(), binaries)
    server.control("start")
    try:
        yield server
    finally:
        server.control("stop", "-m", "immediate")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
