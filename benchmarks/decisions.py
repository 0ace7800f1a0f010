"""How many requests for decisions a server answers: python benchmarks/decisions.py --seconds 20

Starts `restock serve` on an empty project and calls `POST /api/v1/decisions` for 100 items from a second process on the
same machine, over connections that stay open. First as fast as answers come (`full`), then at a fixed pace, each call
timed from the moment at which it was due (`paced`). CPU milliseconds of the server per request do not depend on who
else uses the machine; requests per second and milliseconds do. Writes benchmarks/results/decisions.json.
"""

import argparse
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
BODIES = 16  # different requests, so that nothing is answered from memory
DAYS = 28


@dataclass(frozen=True)
class Load:
    """What the calling process found out."""

    requests: int
    errors: int
    seconds: float
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    caller_cpu_ms_per_request: float


def bodies(items: int, seed: int = 0) -> list[bytes]:
    """Requests as a shop would send them: every item with sales, stock, pipeline and terms of its own."""
    rng = np.random.default_rng(seed)

    def item(place: int) -> dict[str, Any]:
        rate, price = float(np.exp(rng.normal(1.5, 1.0))), round(float(rng.uniform(3, 30)), 2)
        return {
            "item": f"A-{place}",
            "site": "SH",
            "on_hand": int(rng.integers(0, 60)),
            "on_order": [{"periods_ago": int(rng.integers(1, 4)), "quantity": int(rng.integers(1, 30))}],
            "sales": rng.poisson(rate, DAYS).tolist(),
            "terms": {
                "price": price,
                "unit_cost": round(0.6 * price, 2),
                "lead_time": int(rng.integers(1, 8)),
                "pack": int(rng.integers(1, 13)),
            },
        }

    return [
        json.dumps({"period": "day", "today": "2026-11-24", "items": [item(i) for i in range(items)]}).encode()
        for _ in range(BODIES)
    ]


def put_load(port: int, key: str, asked: argparse.Namespace, pace: float | None) -> Load:
    """Call again and again on several connections; pace: calls per second in all, none: as fast as answers come."""
    from serving import call, percentile

    sent, began = bodies(asked.items), time.perf_counter()
    end, took, errors = began + asked.seconds, [], []

    def caller(place: int) -> None:
        connection, count = http.client.HTTPConnection("127.0.0.1", port, timeout=60), 0
        while True:
            due = time.perf_counter() if pace is None else began + (count * asked.connections + place) / pace
            if max(due, time.perf_counter()) >= end:  # what is late by then was not answered in time
                return
            time.sleep(max(due - time.perf_counter(), 0.0))
            status, content = call(connection, "POST", "/decisions", key, sent[(count + place) % BODIES])
            took.append(time.perf_counter() - due)
            if status != 200 or b'"quantity"' not in content:
                errors.append(status)
            count += 1

    cpu = time.process_time()
    threads = [threading.Thread(target=caller, args=(place,)) for place in range(asked.connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Load(
        requests=len(took),
        errors=len(errors),
        seconds=round(seconds, 2),
        requests_per_second=round(len(took) / seconds, 1),
        p50_ms=percentile(took, 0.5),
        p99_ms=percentile(took, 0.99),
        caller_cpu_ms_per_request=round(1000 * cpu / max(len(took), 1), 2),
    )


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Both kinds of load on one server."""
    from serving import call, commit, key_for, serving

    from restock.workflows.benches.result import this_machine
    from restock.workflows.project import open_project

    machine = this_machine()
    with tempfile.TemporaryDirectory() as folder:
        project = open_project(Path(folder))
        key = key_for(project, "planner", ["decide"])
        with serving(project, Path(folder) / "log") as server:
            first = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
            for body in bodies(asked.items)[:4]:  # compiled by now, and never again
                assert call(first, "POST", "/decisions", key, body)[0] == 200
            found = {}
            for name, pace in (("full", None), ("paced", asked.pace)):
                before = server.cpu_seconds()
                load = _in_second_process(server.port, key, asked, pace)
                spent = server.cpu_seconds() - before
                per_request = {"server_cpu_ms_per_request": round(1000 * spent / max(load["requests"], 1), 2)}
                found[name] = {"pace": pace, **load, **per_request}
    command = " ".join(["python", "benchmarks/decisions.py", *sys.argv[1:]])
    return {
        "name": "decisions",
        "items": asked.items,
        **found,
        "machine": machine,
        "commit": commit(),
        "command": command,
    }


def _in_second_process(port: int, key: str, asked: argparse.Namespace, pace: float | None) -> dict[str, Any]:
    told = ["--port", port, "--items", asked.items, "--seconds", asked.seconds, "--connections", asked.connections]
    told += [] if pace is None else ["--pace", pace]
    command = [sys.executable, __file__, *map(str, told)]
    ran = subprocess.run(command, input=key, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0, help="of each load")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--pace", type=float, help="calls per second of the second load; default 200")
    parser.add_argument("--port", type=int, help="only call the server there; the key is read from stdin")
    parser.add_argument("--out", type=Path, default=RESULTS / "decisions.json")
    asked = parser.parse_args()
    if asked.port is not None:
        print(json.dumps(asdict(put_load(asked.port, sys.stdin.read().strip(), asked, asked.pace))))
        return
    from serving import keep

    asked.pace = 200.0 if asked.pace is None else asked.pace
    keep(asked.out, measure(asked))


if __name__ == "__main__":
    main()
