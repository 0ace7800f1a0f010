"""Whether a server or a worker is well, for whoever watches containers; quick, so nothing large is imported here."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from restock.config import read_config

SIGN = ".worker"  # touched by every worker with each look
SILENT = 60.0  # seconds after which a worker counts as dead
PATIENCE = 8.0


@dataclass(frozen=True)
class Alive:
    """What was found."""

    part: str
    well: bool
    reason: str

    @property
    def exit_code(self) -> int:
        """1 if it is not well."""
        return int(not self.well)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"part": self.part, "well": self.well, "reason": self.reason}


def check_server(folder: Path, port: int | None = None) -> Alive:
    """Ask the server on this machine."""
    address = f"http://127.0.0.1:{port or read_config(folder / 'restock.toml').service.port}/api/v1/health"
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address, timeout=PATIENCE) as answer:
            return Alive("server", answer.status == 200, f"HTTP {answer.status}")
    except (urllib.error.URLError, OSError) as error:
        return Alive("server", False, f"{type(error).__name__}: {error}")


def check_worker(folder: Path) -> Alive:
    """Look when a worker of this project last gave a sign of life."""
    try:
        silent = time.time() - (folder / SIGN).stat().st_mtime
    except OSError:
        return Alive("worker", False, "it has never given a sign of life")
    return Alive("worker", silent < SILENT, f"the last sign of life was {silent:.0f} s ago")


def give_sign(folder: Path) -> None:
    """Say that a worker is alive."""
    (folder / SIGN).touch()
