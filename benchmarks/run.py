"""Run a bench and keep its result with machine, versions and commit: python benchmarks/run.py lost-sales --seeds 3"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from restock.errors import RestockError
from restock.language import NOTHING, Text
from restock.workflows.bench import bench

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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("--methods", default="")
    parser.add_argument("--instances", default="")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    methods, instances = ([part for part in said.split(",") if part] for said in (asked.methods, asked.instances))
    measured = commit()
    try:
        result = bench(asked.name, methods, instances, asked.seeds, asked.quick, Lines())
    except RestockError as error:
        print(f"error: {error.message}\n\nhint: {error.hint}", file=sys.stderr)
        return error.exit_code
    words = ["python", "benchmarks/run.py", *sys.argv[1:]]
    kept: dict[str, Any] = {**result.to_json(), "commit": measured, "command": " ".join(words)}
    file = asked.out or RESULTS / f"{asked.name}.json"
    file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(kept["summary"], indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
