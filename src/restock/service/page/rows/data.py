"""The shop's data: snapshots, what reading made of files, and what was set aside."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from restock.language import Language
from restock.workflows.approval.desk import Desk
from restock.workflows.load import QUALITY, LoadResult, check
from restock.workflows.runs import from_file, runs_of
from restock.workflows.uploads import named_as_sent

MOST = 500


def snapshot_rows(desk: Desk) -> list[dict[str, Any]]:
    """What was known when, the newest first."""
    facts = desk.project.folder.facts
    with desk.look():
        found = facts.iterdir() if facts.exists() else ()
        names = sorted((path.name for path in found if path.is_dir() and not path.name.startswith(".")), reverse=True)
        manifests = [(name, desk.project.facts.manifest(name)) for name in names[:100]]
    return [
        {
            "id": name,
            "created": f"{manifest.created}"[:16].replace("T", " "),
            "files": ", ".join(source.name for source in manifest.sources),
            "rows": ", ".join(f"{table} {part.rows:,}" for table, part in sorted(manifest.tables.items())),
        }
        for name, manifest in manifests
    ]


def sentences_of_last_load(desk: Desk, language: Language) -> list[str]:
    """What the newest reading says of its files."""
    runs = runs_of(desk.project.folder, "load")
    if not runs:
        return []
    record = from_file(desk.project.folder.runs / max(runs) / QUALITY)
    return [said[language] for said in record["quality"]["sentences"]]


def quarantine_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """Rows that could not be used, with the reason."""
    with desk.look():
        frame = desk.project.facts.quarantine() if desk.project.facts.latest() else None
    if frame is None:
        return []
    said = "reason_zh" if language == "zh" else "reason_en"
    return [
        {"file": row["file"], "row": row["row"], "column": row["column"], "value": row["value"], "reason": row[said]}
        for row in frame.head(MOST).to_dicts()
    ]


def preview(files: Sequence[Path]) -> LoadResult:
    """What loading would make of files of one folder; keeps nothing.

    Raises:
        DataError, UsageError: a file cannot be read or understood.
    """
    with named_as_sent(files[0].parent):
        return check(files)


def mapping_rows(result: LoadResult) -> list[dict[str, Any]]:
    """Which column of a file is taken for what."""
    return [
        {
            "file": one.file + (f" · {one.sheet}" if one.sheet else ""),
            "table": one.table,
            "rows": one.rows,
            "columns": ", ".join(f"{mine} ← {header}" for mine, header in one.columns.items()),
            "unused": ", ".join(one.unused),
            "personal": ", ".join(one.personal),
        }
        for one in result.reading.mappings
    ]
