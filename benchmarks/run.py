"""Run a bench and keep its result with machine, versions and commit: python benchmarks/run.py lost-sales --seeds 3"""

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from restock.errors import RestockError
from restock.language import NOTHING, Text
from restock.workflows.bench import bench
from restock.workflows.benches.result import BenchResult, Row

RESULTS = Path(__file__).parent / "results"


class Lines:
    """Progress as lines on stderr."""

    def start(self, what: Text, total: int | None) -> None:
        print(f"{what} ({total})", file=sys.stderr)

    def advance(self, done: int, note: Text = NOTHING) -> None:
        print(f"{done:4d}  {note}", file=sys.stderr, flush=True)

    def finish(self) -> None:
        pass


def git(*words: str) -> str:
    return subprocess.run(
        ("git", *words), cwd=RESULTS.parent, capture_output=True, text=True, check=False
    ).stdout.strip()


def commit() -> str:
    return (git("rev-parse", "--short", "HEAD") or "unknown") + "+changes" * bool(
        git("status", "--porcelain", "../src")
    )


@dataclass(frozen=True)
class Run:
    """Where rows come from; a result that was measured in parts has several."""

    command: str
    commit: str
    machine: dict[str, Any]
    seconds: float


def merge(earlier: dict[str, Any], result: BenchResult, run: Run) -> dict[str, Any]:
    """What was kept and what is new; rows measured again are replaced, runs of which no row is left are forgotten."""
    place = len(earlier.get("runs", ()))
    new = {(row.instance, row.method): {**row.to_json(), "run": place} for row in result.rows}
    rows = {(row["instance"], row["method"]): row for row in earlier.get("rows", ())} | new
    runs = [*earlier.get("runs", ()), asdict(run)]
    used = sorted({row["run"] for row in rows.values()})
    known = {field.name for field in fields(Row)}
    records = [Row(**{key: value for key, value in row.items() if key in known}) for row in rows.values()]
    return {
        "name": result.name,
        "rows": [{**row, "run": used.index(row["run"])} for row in rows.values()],
        "summary": replace(result, rows=tuple(records)).summary(),
        "runs": [runs[place] for place in used],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--methods", default="")
    parser.add_argument("--instances", default="")
    parser.add_argument("--seeds", default="1", help="how many, or a range such as 0-4")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--add", action="store_true", help="to what is kept already; rows measured again are replaced")
    asked = parser.parse_args()
    methods, instances = ([part for part in said.split(",") if part] for said in (asked.methods, asked.instances))
    measured = commit()
    try:
        result = bench(asked.name, methods, instances, asked.seeds, asked.quick, Lines())
    except RestockError as error:
        print(f"error: {error.message}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    file = asked.out or RESULTS / f"{asked.name}.json"
    run = Run(" ".join(["python", "benchmarks/run.py", *sys.argv[1:]]), measured, result.machine, result.seconds)
    earlier = json.loads(file.read_text(encoding="utf-8")) if asked.add and file.exists() else {}
    kept = merge(earlier, result, run)
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept["summary"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
