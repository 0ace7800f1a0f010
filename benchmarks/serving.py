"""A real server for measurements: its process, its CPU seconds, and somebody who calls it from another process."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restock.workflows.accounts.keys import create_key
from restock.workflows.accounts.users import add_user
from restock.workflows.approval.desk import open_desk
from restock.workflows.project import Project

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A server that answers."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Of the server, all its threads, so far."""
        said = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(said[11]) + int(said[12])) / TICKS


@contextmanager
def serving(project: Project, log: Path, **environment: str) -> Iterator[Server]:
    """Start `restock serve` as a user would, without a worker, and stop it in the end."""
    port = _free_port()
    command = [sys.executable, "-m", "restock.cli.main", "serve", "--project", str(project.path), "--no-worker"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port)], stdout=out, stderr=out, env={**os.environ, **environment}
        )
        try:
            _wait_for(port, process)
            yield Server(port, process)
        finally:
            process.terminate()
            process.wait(30)


def key_for(project: Project, role: str, scopes: list[str]) -> str:
    """A key of a new user."""
    desk = open_desk(project)
    add_user(desk, f"load-{role}", role)  # pyright: ignore[reportArgumentType]
    token = create_key(desk, role, scopes, user=f"load-{role}").token
    desk.state.close()
    return token


def call(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    key: str,
    body: bytes | None = None,
    more: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """One call on an open connection: status and content."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(more or {})}
    connection.request(method, f"/api/v1{path}", body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read()


def percentile(seconds: list[float], share: float) -> float:
    """In milliseconds."""
    ranked = sorted(seconds)
    return round(1000 * ranked[min(int(share * len(ranked)), len(ranked) - 1)], 2) if ranked else float("nan")


def commit() -> str:
    """Of the source, with a mark where it is changed."""
    place = Path(__file__).parent

    def git(*words: str) -> str:
        return subprocess.run(("git", *words), cwd=place, capture_output=True, text=True, check=False).stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "unknown") + "+changes" * bool(
        git("status", "--porcelain", "../src")
    )


def keep(file: Path, record: dict[str, Any]) -> None:
    """Write a result."""
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=1, ensure_ascii=False))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[bytes], seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/api/v1/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.5)
    raise RuntimeError("the server did not start")
