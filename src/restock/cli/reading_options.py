"""The options of every command that reads files."""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from restock.cli.chinese import both
from restock.cli.command import parameter
from restock.errors import UsageError
from restock.language import Text

if TYPE_CHECKING:
    from restock.intake.tables import ReadOptions

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILES", help=both("CSV, TSV, Excel or Parquet files", "CSV、TSV、Excel 或 Parquet 文件")),
]
Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar='COLUMN="HEADER"',
        help=both(
            'What a header means, such as quantity="Units sold"; quantity= leaves it out; repeatable',
            '指定表头含义，例如 quantity="销售件数"；quantity= 表示不使用该列；可重复使用',
        ),
    ),
]
Table = Annotated[
    str | None,
    typer.Option("--table", help=both("The table that the files hold, such as sales", "文件属于哪张表，例如 sales")),
]
DayFirst = Annotated[
    bool | None,
    typer.Option(
        "--day-first/--month-first",
        help=both(
            "How 03/04/2026 is meant; default: told from the data",
            "03/04/2026 是 4 月 3 日还是 3 月 4 日，默认由数据判断",
        ),
    ),
]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        "--as-of",
        formats=["%Y-%m-%d"],
        metavar="YYYY-MM-DD",
        help=both("The day of stock counts without a date", "没有日期的库存属于哪一天"),
    ),
]
OnError = Annotated[
    Literal["quarantine", "stop"],
    typer.Option(
        "--on-error", help=both("What to do with rows that cannot be used", "如何处理无法使用的行：隔离或停止")
    ),
]
MaxBadShare = Annotated[
    float | None,
    typer.Option(
        "--max-bad-share",
        min=0,
        max=1,
        help=both("Reject the file when a larger share of its rows is bad", "坏行占比超过此值时拒绝整个文件"),
    ),
]

READING = (
    parameter("mapping", Map, None),
    parameter("table", Table, None),
    parameter("day_first", DayFirst, None),
    parameter("as_of", AsOf, None),
    parameter("on_error", OnError, "quarantine"),
    parameter("max_bad_share", MaxBadShare, None),
)


def read_options(mapping: list[str] | None, as_of: datetime | None, **given: Any) -> "ReadOptions":
    """The record that intake takes; what was not said keeps its default there."""
    named = dict(_meaning(said) for said in mapping or ())

    from restock.intake.tables import ReadOptions

    said = {"mapping": named or None, "as_of": as_of and as_of.date(), **given}
    return ReadOptions(**{name: value for name, value in said.items() if value is not None})


def existing(files: list[Path]) -> list[Path]:
    """The files, all of which are there.

    Raises:
        UsageError: some are not.
    """
    missing = [f"`{file}`" for file in files if not file.exists()]
    if missing:
        listed = ", ".join(missing[:5])
        raise UsageError(
            Text(
                f"{len(missing)} of {len(files)} files cannot be found: {listed}",
                f"{len(files)} 个文件中有 {len(missing)} 个找不到：{listed}",
            ),
            hint=Text(f"paths start at `{Path.cwd()}`", f"路径从 `{Path.cwd()}` 开始"),
        )
    return files


def _meaning(said: str) -> tuple[str, str | None]:
    column, sign, header = (part.strip() for part in said.partition("="))
    if not (column and sign):
        raise UsageError(
            Text(f"`--map {said}` names no column and header", f"`--map {said}` 没有写明列名和表头"),
            hint=Text('write it like `--map quantity="Units sold"`', '写法如 `--map quantity="销售件数"`'),
        )
    return column, header or None
