"""A plan as a sheet to edit: out with ids and versions, back in by them, so that nobody's change is lost or doubled."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from restock.errors import DataError, RestockError
from restock.language import Text
from restock.storage.folder import explained
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.lines import Edit, change_quantity
from restock.workflows.approval.plans import store_plan
from restock.workflows.approval.wording import WHYS

KEPT = ("plan", "line", "version", "quantity", "why", "note")  # what is read back
SCHEMA: dict[str, Any] = {
    **{"plan": pl.String, "line": pl.Int64, "version": pl.Int64, "rank": pl.Int64, "state": pl.String},
    **{"supplier": pl.String, "site": pl.String, "item": pl.String, "name": pl.String, "suggested": pl.Float64},
    **{"quantity": pl.Float64, "why": pl.String, "note": pl.String, "pack": pl.Float64, "minimum": pl.Float64},
    **{"unit_cost": pl.Float64, "order_by": pl.Date, "on_hand": pl.Float64, "on_order": pl.Float64},
    **{"expected_profit": pl.Float64, "attention": pl.String, "reason": pl.String, "reason_zh": pl.String},
}
SHOWN = 5  # problems in a message


@dataclass(frozen=True)
class Reread:
    """What an edited sheet changed."""

    plan: str
    rows: int
    changed: tuple[int, ...]  # lines

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"plan": self.plan, "rows": self.rows, "changed": len(self.changed), "lines": list(self.changed)}


def worksheet(desk: Desk, plan: str | None = None) -> pl.DataFrame:
    """Every line of a plan as it is now; quantity, why and note may be edited and read back.

    Raises:
        MissingError: there is no such plan.
    """
    name = store_plan(desk, plan)
    with desk.look() as session:
        lines = orders.find_lines(session, name, LineFilter())
    taken = {"plan": "plan_id", "line": "id", "supplier": "lane", "reason": "reason_en"}
    rows = [{column: getattr(line, taken.get(column, column)) for column in SCHEMA} for line in lines]
    return pl.DataFrame(rows, schema=SCHEMA)


def read_back(desk: Desk, path: Path, plan: str | None = None) -> Reread:
    """Take the quantities of an edited sheet over: all that differ, or none when one of them cannot be.

    Args:
        path: CSV, XLSX or JSON as `worksheet` was written, edited by whatever program.
        plan: that it must be of; none: the newest.

    Raises:
        DataError: the file cannot be read, or rows of it cannot be taken; names each.
        MissingError: there is no such plan.
    """
    name = store_plan(desk, plan)
    rows = _rows(path)
    changed: list[int] = []
    problems: list[Text] = []
    with desk.change("edit") as session:
        there = {line.id: line for line in orders.find_lines(session, name, LineFilter())}
        for number, row in enumerate(rows, 2):
            try:
                edit = _edit(row, name)
                line = there.get(edit.line)
                if line is None:
                    raise _bad(
                        f"there is no line `{edit.line}` in plan `{name}`", f"计划 `{name}` 中没有订货行 `{edit.line}`"
                    )
                if edit.quantity != line.quantity:
                    changed.append(change_quantity(desk, session, edit).id)
            except RestockError as error:
                problems.append(Text(f"row {number}: {error.message.en}", f"第 {number} 行：{error.message.zh}"))
        if problems:
            raise _problems(path, problems, len(rows))
        desk.note(session, "read_back", "plan", name, file=path.name, rows=len(rows), changed=len(changed))
    return Reread(name, len(rows), tuple(changed))


def _rows(path: Path) -> list[dict[str, str]]:
    """The rows as text, whatever wrote them."""
    from fastexcel import FastExcelError
    from polars.exceptions import PolarsError

    with explained(path):
        content = path.read_bytes()
    try:
        if content.startswith(b"PK"):
            frame = pl.read_excel(content, infer_schema_length=0)
        elif content.lstrip()[:1] == b"[":
            listed = json.loads(content)
            frame = pl.DataFrame([{key: _cell(value) for key, value in row.items()} for row in listed])
        else:
            frame = pl.read_csv(content.removeprefix(b"\xef\xbb\xbf"), infer_schema=False, encoding="utf8")
    except (PolarsError, FastExcelError, ValueError, TypeError, AttributeError) as error:
        said = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            Text(f"`{path.name}` cannot be read: {said}", f"无法读取 `{path.name}`：{said}"),
            hint=Text("save the sheet as CSV (UTF-8) or XLSX", "请把表格另存为 CSV（UTF-8）或 XLSX"),
        ) from None
    missing = [column for column in KEPT if column not in frame.columns]
    if missing:
        named = ", ".join(f"`{column}`" for column in missing)
        raise DataError(
            Text(f"`{path.name}` lacks the columns {named}", f"`{path.name}` 缺少列 {named}"),
            hint=Text("keep all columns of the exported sheet", "请保留导出表格的所有列"),
        )
    return [{key: _plain(value) for key, value in row.items()} for row in frame.select(KEPT).to_dicts()]


def _cell(value: Any) -> str | None:
    return None if value is None else str(value)


def _plain(value: Any) -> str:
    """A cell without the apostrophe that kept a spreadsheet from running it."""
    text = "" if value is None else str(value).strip()
    return text[1:] if text[:1] == "'" and text[1:2] in tuple("=+-@\t\r") else text


def _edit(row: Mapping[str, str], plan: str) -> Edit:
    if row["plan"] != plan:
        raise _bad(f"it is of plan `{row['plan']}`, not `{plan}`", f"属于计划 `{row['plan']}`，而不是 `{plan}`")
    numbers = {}
    for column in ("line", "version", "quantity"):
        try:
            numbers[column] = float(row[column].replace(",", ""))
        except ValueError:
            raise _bad(
                f"`{row[column]}` in column `{column}` is no number", f"`{column}` 列的 `{row[column]}` 不是数字"
            ) from None
    return Edit(int(numbers["line"]), numbers["quantity"], _why(row["why"]), row["note"], int(numbers["version"]))


def _why(said: str) -> str:
    """The code of a reason, also where somebody wrote it in words."""
    words = {word.casefold(): code for code, text in WHYS.items() for word in (code, text.en, text.zh)}
    return words.get(said.strip().casefold(), said.strip())


def _bad(en: str, zh: str) -> DataError:
    return DataError(Text(en, zh))


def _problems(path: Path, problems: list[Text], rows: int) -> DataError:
    more = len(problems) - SHOWN
    rest = Text(f"; and {more} more", f"；另有 {more} 处") if more > 0 else Text("", "")
    return DataError(
        Text(
            f"{len(problems)} of {rows} rows of `{path.name}` cannot be taken, so none was: "
            + "; ".join(problem.en for problem in problems[:SHOWN])
            + rest.en,
            f"`{path.name}` 的 {rows} 行中有 {len(problems)} 行无法采用，因此全部未采用："
            + "；".join(problem.zh for problem in problems[:SHOWN])
            + rest.zh,
        ),
        hint=Text("correct these rows, or export the sheet anew", "请更正这些行，或重新导出表格"),
    )
