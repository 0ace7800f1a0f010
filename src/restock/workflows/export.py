"""A plan as a file that a purchasing system or a spreadsheet takes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from restock.errors import UsageError
from restock.language import Text
from restock.storage.folder import explained, write_whole
from restock.storage.frames import read_frame
from restock.workflows.plan import LINES
from restock.workflows.project import Project
from restock.workflows.runs import the_run

Form = Literal["csv", "xlsx", "json", "parquet"]
FORMULA = r"^[=+\-@\t\r]"  # a cell that begins so is a formula to a spreadsheet


@dataclass(frozen=True)
class ExportResult:
    """What was written."""

    run: str
    path: Path
    format: Form
    lines: int

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"run": self.run, "path": str(self.path), "format": self.format, "lines": self.lines}


def export(project: Project, run: str | None = None, format: Form = "csv", path: Path | None = None) -> ExportResult:
    """Write the lines of a plan.

    Args:
        run: of the plan; none: the newest.
        path: the file to write; none: beside the plan.

    Raises:
        UsageError: there is no such plan, or the file exists already.
        StorageError: no room or no permission.
    """
    hint = Text("`restock plan` makes one", "运行 `restock plan` 可生成")
    place = the_run(project.folder, "plan", run, hint)
    lines = read_frame(place / LINES).with_columns(pl.lit(place.name).alias("run"))
    target = place / f"orders.{format}" if path is None else Path(path)
    if target.exists() and path is not None:
        raise UsageError(
            Text(f"`{target}` exists already", f"`{target}` 已存在"),
            hint=Text("choose another name: a file of yours is never overwritten", "请换一个文件名：不会覆盖您的文件"),
        )
    writers: dict[str, Callable[[Path], object]] = {
        "csv": lambda p: write_csv(lines, p),
        "xlsx": lambda p: write_xlsx(lines, p),
        "json": lambda p: p.write_text(lines.write_json(), encoding="utf-8"),
        "parquet": lambda p: lines.write_parquet(p),
    }
    with explained(target):
        target.unlink(missing_ok=True)
    write_whole(target, writers[format])
    return ExportResult(place.name, target, format, lines.height)


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """Text that a spreadsheet would run as a formula gets an apostrophe in front."""
    return frame.with_columns(
        pl.when(pl.col(name).str.contains(FORMULA)).then("'" + pl.col(name)).otherwise(pl.col(name)).alias(name)
        for name, kind in frame.schema.items()
        if kind == pl.String
    )


def write_csv(lines: pl.DataFrame, path: Path) -> None:
    """A file that spreadsheets open as what it is: UTF-8, and no cell a formula."""
    path.write_bytes(b"\xef\xbb\xbf" + harmless(lines).write_csv().encode())


def write_xlsx(lines: pl.DataFrame, path: Path) -> None:
    """A workbook; no cell is a formula or a link."""
    import xlsxwriter

    # Strings are written as strings: nothing that begins with = becomes a formula.
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        lines.write_excel(book, worksheet="orders", autofit=True)
