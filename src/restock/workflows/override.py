"""`overrides.csv` in the project folder: what planners know better, one line each, theirs to edit."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from restock.errors import UsageError
from restock.forecasting.overrides import Override
from restock.language import Text
from restock.storage.folder import explained, one_at_a_time

FILE = "overrides.csv"
COLUMNS = ("item", "site", "start", "end", "kind", "amount", "reason", "expires")
KINDS: dict[str, Literal["units", "percent", "value"]] = {"units": "units", "percent": "percent", "value": "value"}
LIKE = "like "  # and an item, in the column `kind`


def read_overrides(project: Path) -> tuple[Override, ...]:
    """The overrides of a project; none without the file.

    Raises:
        UsageError: a line is wrong; names line, column and value.
    """
    path = project / FILE
    if not path.exists():
        return ()
    with explained(path), path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    missing = [name for name in COLUMNS if rows and name not in rows[0]]
    if missing:
        raise _wrong(1, missing[0], "", Text("the column is missing", "缺少该列"))
    return tuple(_read(number, row) for number, row in enumerate(rows, start=2))


@dataclass(frozen=True)
class OverrideResult:
    """What was written."""

    path: Path
    override: Override
    overrides: int  # lines there are now

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        each = self.override
        days = {name: str(getattr(each, name)) for name in ("start", "end", "expires")}
        kind = f"{LIKE}{each.like}" if each.like else each.kind
        row = {"item": each.item, "site": each.site, "kind": kind, "amount": each.amount, "reason": each.reason}
        return {**row, **days, "path": str(self.path), "overrides": self.overrides}


def add_override(project: Path, change: str, cells: dict[str, str]) -> OverrideResult:
    """Write one more line.

    Args:
        project: the folder.
        change: `+20%`, `-5` (units a period), `=40` (units a period) or `80% like B-1042`: as that item is forecast.
        cells: item, site, start, end, reason, and expires, which may be empty: the day after the end.

    Raises:
        UsageError: something of it is wrong.
        StorageError: the file cannot be written.
    """
    path = project / FILE
    with one_at_a_time(path):
        there = len(read_overrides(project))
        share, like, other = change.partition(LIKE)
        kind = "percent" if change.endswith("%") else "value" if change.startswith("=") else "units"
        kind = f"{LIKE}{other.strip()}" if like else kind
        row: dict[str, str | None] = {**cells, "kind": kind, "amount": share.strip().strip("=%")}
        if not row["expires"]:
            row["expires"] = str(_day(there + 2, "end", cells["end"]) + timedelta(1))
        override = _read(there + 2, row)
        text = io.StringIO()
        writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
        if not path.exists():
            writer.writeheader()
        writer.writerow({name: row[name] for name in COLUMNS})
        with explained(path):
            kept = path.read_text(encoding="utf-8") if path.exists() else ""
            gap = "" if not kept or kept.endswith("\n") else "\n"
            draft = path.with_name(f".{path.name}.new")
            draft.write_text(kept + gap + text.getvalue(), encoding="utf-8")
            draft.replace(path)
    return OverrideResult(path, override, there + 1)


def _read(line: int, row: dict[str, str | None]) -> Override:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    for name in ("item", "reason"):
        if not cells[name]:
            raise _wrong(line, name, "", Text("it must not be empty", "不能为空"))
    like = cells["kind"].removeprefix(LIKE).strip() if cells["kind"].startswith(LIKE) else ""
    if cells["kind"] not in KINDS and not like:
        use = Text(
            "use units, percent, value, or `like` and an item", "请使用 units、percent、value，或 `like` 加商品编号"
        )
        raise _wrong(line, "kind", cells["kind"], use)
    if like == cells["item"]:
        raise _wrong(line, "kind", cells["kind"], Text("an item is always like itself", "商品不能参照自身"))
    start, end, expires = (_day(line, name, cells[name]) for name in ("start", "end", "expires"))
    if end < start:
        raise _wrong(line, "end", cells["end"], Text(f"it lies before the start, {start}", f"早于开始日期 {start}"))
    try:
        amount = float(cells["amount"].rstrip("%"))
    except ValueError:
        raise _wrong(line, "amount", cells["amount"], Text("it must be a number", "必须是数字")) from None
    kind = "like" if like else KINDS[cells["kind"]]
    return Override(cells["item"], cells["site"], start, end, kind, amount, cells["reason"], expires, like)


def _day(line: int, name: str, cell: str) -> date:
    try:
        return date.fromisoformat(cell)
    except ValueError:
        raise _wrong(line, name, cell, Text("it must be a day such as 2025-11-11", "应为日期，如 2025-11-11")) from None


def _wrong(line: int, column: str, cell: str, why: Text) -> UsageError:
    what = f"`{cell}` in column `{column}`" if cell else f"column `{column}`"
    zh = f"`{column}` 列的 `{cell}`" if cell else f"`{column}` 列"
    header = ",".join(COLUMNS)
    return UsageError(
        Text(f"`{FILE}`, line {line}: {what}: {why.en}", f"`{FILE}` 第 {line} 行 {zh}：{why.zh}"),
        hint=Text(f"the columns are `{header}`", f"列为 `{header}`"),
    )
