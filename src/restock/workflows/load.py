"""Files to facts: read, check, keep; and what the facts say of the shop."""

import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from restock.intake.quality import Quality, judge
from restock.intake.tables import Reading, ReadOptions, read_tables
from restock.language import Text
from restock.storage.facts import Source
from restock.storage.folder import Folder, new_directory, write_whole
from restock.storage.frames import file_hash
from restock.workflows.project import Project
from restock.workflows.runs import from_file, new_run, runs_of, to_bytes
from restock.workflows.situation import understand

QUALITY = "load.json"


@dataclass(frozen=True)
class LoadResult:
    """What was read and what of it was new."""

    snapshot: str | None  # None: only looked at
    unchanged: bool  # nothing in the files was new
    new_rows: dict[str, int]
    replaced_rows: dict[str, int]
    reading: Reading
    quality: Quality
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        bad = self.reading.quarantine.head(20).to_dicts()
        return {
            "snapshot": self.snapshot,
            "unchanged": self.unchanged,
            "new_rows": self.new_rows,
            "replaced_rows": self.replaced_rows,
            "mappings": [m.to_json() for m in self.reading.mappings],
            "quality": self.quality.to_json(),
            "quarantine": [
                {k: row[k] for k in ("file", "row", "column", "value")}
                | {"reason": {"en": row["reason_en"], "zh": row["reason_zh"]}}
                for row in bad
            ],
            "seconds": round(self.seconds, 2),
        }


def load(project: Project, files: Sequence[Path], options: ReadOptions | None = None) -> LoadResult:
    """Read files, clean them, keep what is new as a snapshot.

    Raises:
        DataError, UsageError: a file cannot be read or understood; nothing has been kept.
        StorageError: no room or no permission; nothing has been kept.
    """
    began = time.perf_counter()
    store = project.facts
    latest = store.latest()
    remembered: Mapping[str, Mapping[str, str | None]] = {} if latest is None else store.manifest(latest).mappings
    listed = store.newest("items")
    products = frozenset[str]() if listed is None else frozenset(listed["item"].to_list())
    reading = read_tables(files, options or ReadOptions(), remembered, products)
    rows = {m.file: m.rows for m in reading.mappings}
    sources = [Source(name=Path(f).name, sha256=file_hash(Path(f)), rows=rows.get(Path(f).name, 0)) for f in files]
    quarantine = reading.quarantine if reading.quarantine.height else None
    saved = store.save(reading.tables, sources, reading.remembered, quarantine)
    quality = judge(reading)
    result = LoadResult(
        saved.snapshot,
        saved.unchanged,
        saved.new_rows,
        saved.replaced_rows,
        reading,
        quality,
        time.perf_counter() - began,
    )
    if not saved.unchanged:
        with new_directory(project.folder.runs / new_run(project.folder, "load")) as place:
            write_whole(place / QUALITY, to_bytes(result.to_json()))
    return result


def check(files: Sequence[Path], options: ReadOptions | None = None) -> LoadResult:
    """What `load` would make of files; writes nothing."""
    began = time.perf_counter()
    reading = read_tables(files, options or ReadOptions())
    rows = {name: frame.height for name, frame in reading.tables.items()}
    return LoadResult(None, False, rows, {}, reading, judge(reading), time.perf_counter() - began)


def repairs(folder: Folder) -> list[dict[str, Any]]:
    """Every repair, removal and flag of all loads, added up."""
    total: Counter[tuple[str, str, str]] = Counter()
    for name in runs_of(folder, "load"):
        for count in from_file(folder.runs / name / QUALITY)["quality"]["counts"]:
            total[count["effect"], count["text"]["en"], count["text"]["zh"]] += count["rows"]
    return [{"effect": effect, "text": Text(en, zh), "rows": rows} for (effect, en, zh), rows in total.items()]


@dataclass(frozen=True)
class Profile:
    """What is known of the shop."""

    snapshot: str
    items: int
    sites: int
    period: str  # "day" or "week"
    periods: int
    first_day: str
    last_day: str
    objective: str
    estimated_share: float  # of item-periods on sale whose demand is an estimate
    planned: tuple[str, ...]  # what is known ahead of items
    calendar: tuple[str, ...]  # what is known ahead of days
    value_classes: dict[str, int]
    steadiness_classes: dict[str, int]
    patterns: dict[str, int]
    assumptions: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "planned": list(self.planned), "calendar": list(self.calendar)}


def profile(project: Project) -> Profile:
    """Items, classes, demand patterns, gaps and every assumption.

    Raises:
        UsageError: nothing has been loaded.
    """
    situation = understand(project, announced=True)
    history, classes = situation.history, situation.classes()
    on_sale = history.on_sale > 0
    last = history.starts[-1] + np.timedelta64(history.period_days - 1, "D")

    def counted(names: np.ndarray) -> dict[str, int]:
        return {str(name): int(count) for name, count in zip(*np.unique(names, return_counts=True), strict=True)}

    return Profile(
        snapshot=situation.facts.id,
        items=history.shape[0],
        sites=len(set(history.sites)),
        period="day" if history.period_days == 1 else "week",
        periods=history.shape[1],
        first_day=str(history.starts[0]),
        last_day=str(last),
        objective=situation.terms.objective,
        estimated_share=float(1.0 - history.known[on_sale].mean()) if on_sale.any() else 0.0,
        planned=history.planned_names,
        calendar=history.calendar_names,
        value_classes=counted(classes.value),
        steadiness_classes=counted(classes.steadiness),
        patterns=counted(classes.pattern),
        assumptions=[
            {
                "key": a.key,
                "value": a.value,
                "text": {"en": a.text.en, "zh": a.text.zh},
                "replace": {"en": a.replace.en, "zh": a.replace.zh},
            }
            for a in situation.assumptions
        ],
    )
