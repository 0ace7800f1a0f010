"""What the tables of the documentation are made of: results as they were kept, and how a figure is written."""

import json
import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median
from typing import Any

RESULTS = Path(__file__).parent / "results"
FREE = ("dqn", "ppo", "a2c", "td3", "ddpg")  # learn from what happened alone
TRAINED = {*FREE, "pathwise", "pathwise_with_history", "pathwise_together", "rollout", "shac"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """Rows of one result, and the runs that they come from."""

    rows: tuple[Row, ...]
    runs: tuple[dict[str, Any], ...]

    def pick(self, methods: Iterable[str] | None = None, instances: Iterable[str] | None = None) -> "Results":
        """Some of the rows, in the order that they are kept in."""
        wanted, places = (None if names is None else set(names) for names in (methods, instances))
        kept = (r for r in self.rows if wanted is None or r["method"] in wanted)
        return Results(tuple(r for r in kept if places is None or r["instance"] in places), self.runs)

    def get(self, instance: str, method: str) -> Row | None:
        """The row, if it has been measured."""
        return next((r for r in self.rows if (r["instance"], r["method"]) == (instance, method)), None)

    def methods(self, order: Sequence[str]) -> list[str]:
        """Those that have been measured, in a given order."""
        return [name for name in order if any(r["method"] == name for r in self.rows)]

    @property
    def instances(self) -> list[str]:
        """In the order that they are kept in."""
        return list(dict.fromkeys(r["instance"] for r in self.rows))

    @property
    def used(self) -> list[dict[str, Any]]:
        """The runs that these rows come from."""
        return [self.runs[place] for place in sorted({r["run"] for r in self.rows})]


def read(name: str) -> dict[str, Any]:
    """A result as it was kept."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def load(name: str) -> Results:
    """What was kept of a bench."""
    kept = read(name)
    return Results(tuple(kept["rows"]), tuple(kept["runs"]))


def between(numbers: Iterable[float], digits: int = 0) -> str:
    """From the least to the most, or the one there is."""
    listed = list(numbers)
    low, high = (f"{edge(listed):,.{digits}f}" for edge in (min, max))
    return low if low == high else f"{low} to {high}"


def spread(row: Row) -> float:
    """Between seeds, as a number of the row's own kind; older rows have it by their standard error alone."""
    return row.get("seed_spread") or row["stderr"] * row["seeds"] ** 0.5


def percent(row: Row | None, digits: int = 2, noise: Callable[[Row], float] = spread) -> str:
    """The gap of a row, with what it varies by where there are several seeds."""
    if row is None:
        return ""
    gap = round(row["gap_percent"], digits) + 0.0  # no -0.00
    if row["seeds"] == 1:
        return f"{gap:,.{digits}f} %"
    return f"{gap:,.{digits}f} ± {100 * noise(row) / abs(row['best_known']):,.{digits}f} %"


def gaps(results: Results) -> list[float]:
    return [r["gap_percent"] for r in results.rows]


def seconds(results: Results) -> str:
    """First trainings: the median and the longest."""
    measured = [r["seconds"] for r in results.rows]
    return f"{median(measured):.0f}, {max(measured):.0f}"


def caption(results: Results, says: str) -> str:
    """Seeds, seconds, machine and commits of what is trained, before a table."""
    learned = results.pick(TRAINED)
    source = learned if learned.rows else results
    loads = [run["machine"]["load"] for run in source.used if run["machine"].get("load") is not None]
    cores = between({run["machine"]["cores"] for run in source.used})
    parts = [f"{seeds} seed{'s' * (seeds != '1')}" for seeds in [between({r["seeds"] for r in source.rows})]]
    if learned.rows:
        # an instance that an earlier training covered took no time of its own
        times = [r["seconds"] for r in learned.rows if r["seconds"] >= 1] or [0.0]
        one = len(set(times)) == 1
        parts += [
            f"first training {times[0]:.0f} s"
            if one
            else f"first training {median(times):.0f} s in the median, {max(times):.0f} s at most"
        ]
    parts += [f"{cores} cores" + (f" at a load of {between(loads, 1)} when it began" if loads else "")]
    commits = ", ".join(dict.fromkeys(f"`{run['commit']}`" for run in results.used))
    text = f"{says} {'; '.join(parts)}; commit{'s' * (',' in commits)} {commits}."
    return "\n".join(textwrap.wrap(text, 130, break_on_hyphens=False)) + "\n\n"


def table(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def bold(cells: Iterable[str]) -> list[str]:
    return [f"**{cell}**" if cell else "" for cell in cells]


def ends(results: Results, columns: Sequence[str], digits: Sequence[int], before: int) -> list[list[str]]:
    """The last lines of a table: mean and worst gap of each method."""
    return [
        bold([name, *[""] * before])
        + bold(f"{f(gaps(results.pick([m]))):.{d}f} %" for m, d in zip(columns, digits, strict=True))
        for name, f in (("mean", fmean), ("worst", max))
    ]
