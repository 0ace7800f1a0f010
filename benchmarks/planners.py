"""Twenty planners at once: python benchmarks/planners.py --seconds 60

Each of them looks at pages of a plan, changes a quantity, writes a comment, approves lines and takes that back, over
REST, on a real server with SQLite and then with PostgreSQL (which it starts, where it is installed). An answer that is
no success counts as an error, unless it says that somebody else was quicker (409, 412), which is what it should say.
Writes benchmarks/results/planners.json.
"""

import argparse
import http.client
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from databases import running_postgres
from made_up_plan import PLAN, make_project
from serving import Server, call, commit, keep, percentile, serving

from restock.workflows.accounts.keys import create_key
from restock.workflows.accounts.users import add_user
from restock.workflows.approval.desk import ADDRESS, open_desk
from restock.workflows.approval.plans import store_plan
from restock.workflows.benches.result import this_machine
from restock.workflows.project import Project

RESULTS = Path(__file__).parent / "results"
SCOPES = ["read", "edit", "approve"]
PACK, SHOWN = 5.0, 50


@dataclass
class Planner:
    """One of them, on a connection of their own."""

    port: int
    key: str
    seed: int
    lines: int
    took: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])

    def work(self, until: float) -> None:
        """Until the time is over."""
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        chance = random.Random(self.seed)
        while time.perf_counter() < until:
            self._look_and_change(chance)

    def _look_and_change(self, chance: random.Random) -> None:
        self._ask("plan", "GET", f"/plans/{PLAN}")
        page = self._ask("page", "GET", f"/plans/{PLAN}/lines?limit={SHOWN}&site={chance.choice(['SH', 'BJ'])}")
        line = chance.choice(page["items"]) if page else None
        if line is None:
            return
        name, quantity = line["id"], PACK * chance.randint(2, 40)
        body = {"quantity": quantity, "why": "demand"}
        self._ask("edit", "PATCH", f"/lines/{name}", body, {"If-Match": "*"})
        self._ask("comment", "POST", f"/lines/{name}/comments", {"text": f"seen by {self.seed}"})
        self._ask("approve", "POST", "/lines/approve", {"lines": [{"id": name}], "anyway": True})
        self._ask("reopen", "POST", "/lines/reopen", {"lines": [{"id": name}]})

    def _ask(self, what: str, method: str, path: str, body: Any = None, more: dict[str, str] | None = None) -> Any:
        began = time.perf_counter()
        content = None if body is None else json.dumps(body).encode()
        status, answer = call(self.connection, method, path, self.key, content, more)
        self.took.setdefault(what, []).append(time.perf_counter() - began)
        self.statuses[what, status] += 1
        return json.loads(answer) if status < 400 else None


def at_once(server: Server, keys: list[str], seconds: float, lines: int) -> dict[str, Any]:
    """All planners together, and what became of their calls."""
    planners = [Planner(server.port, key, seed, lines) for seed, key in enumerate(keys)]
    before, began = server.cpu_seconds(), time.perf_counter()
    threads = [threading.Thread(target=planner.work, args=(began + seconds,)) for planner in planners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent, wall = server.cpu_seconds() - before, time.perf_counter() - began
    statuses = sum((planner.statuses for planner in planners), Counter[tuple[str, int]]())
    took = {what: [one for planner in planners for one in planner.took.get(what, [])] for what, _ in statuses}
    every = [one for some in took.values() for one in some]
    return {
        "planners": len(planners),
        "lines": lines,
        "calls": len(every),
        "errors": sum(count for (_, status), count in statuses.items() if status >= 400 and status not in (409, 412)),
        "somebody_was_quicker": sum(count for (_, status), count in statuses.items() if status in (409, 412)),
        "seconds": round(wall, 1),
        "calls_per_second": round(len(every) / wall, 1),
        "p50_ms": percentile(every, 0.5),
        "p99_ms": percentile(every, 0.99),
        "server_cpu_ms_per_call": round(1000 * spent / max(len(every), 1), 2),
        "of_each": {
            what: {"p50_ms": percentile(some, 0.5), "p99_ms": percentile(some, 0.99)} for what, some in took.items()
        },
        "statuses": {f"{what} {status}": count for (what, status), count in sorted(statuses.items())},
    }


def people(project: Project, count: int) -> list[str]:
    """Keys of so many planners who may approve."""
    desk = open_desk(project)
    store_plan(desk, PLAN)
    keys = []
    for number in range(count):
        add_user(desk, f"planner-{number}", "approver")
        keys.append(create_key(desk, f"key-{number}", SCOPES, user=f"planner-{number}").token)
    desk.state.close()
    return keys


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The address of a new, empty database."""
    if kind == "sqlite":
        yield ""
        return
    with running_postgres(folder / "server") as server:
        yield server.new_database()


def measure(asked: argparse.Namespace, kind: str) -> dict[str, Any]:
    """One kind of database."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.chmod(0o755)  # PostgreSQL runs as a user without rights
        with database(kind, folder) as address:
            os.environ[ADDRESS] = address
            project = make_project(folder / "shop", lines=asked.lines)
            keys = people(project, asked.planners)
            with serving(project, folder / "log") as server:
                return at_once(server, keys, asked.seconds, asked.lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--planners", type=int, default=20)
    parser.add_argument("--lines", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--out", type=Path, default=RESULTS / "planners.json")
    asked = parser.parse_args()
    machine = this_machine()
    found = {kind: measure(asked, kind) for kind in asked.databases.split(",")}
    command = " ".join(["python", "benchmarks/planners.py", *sys.argv[1:]])
    keep(asked.out, {"name": "planners", **found, "machine": machine, "commit": commit(), "command": command})


if __name__ == "__main__":
    main()
