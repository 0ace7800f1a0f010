"""Which header is which column. The user's word wins, then memory, then the platform, then the synonyms."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import polars as pl

from restock.errors import DataError, UsageError
from restock.intake.contract import ALIASES, TABLES
from restock.intake.detect import candidates, date_headers, table_of
from restock.intake.parse import to_time
from restock.intake.read import Sheet
from restock.intake.synonyms import Platform, is_personal, normal, pattern, platforms, ranks, recognise, signature
from restock.language import Text

MUST_BE_CLEAR = {"quantity", "on_hand"}  # two headers of equal rank for these are an error, never a guess
NAMES = {
    "item": Text("item (SKU)", "商品编码（SKU）"), "at": Text("date", "日期"), "quantity": Text("quantity", "数量"),
    "on_hand": Text("stock on hand", "库存数量"),
    "start": Text("start date", "开始日期"), "end": Text("end date", "结束日期"),
    "date": Text("date", "日期"), "price": Text("price", "价格"), "name": Text("name", "名称"),
}  # fmt: skip


@dataclass(frozen=True)
class ReadOptions:
    """What a user can say about files; everything has a default."""

    mapping: Mapping[str, str | None] = field(
        default_factory=dict[str, str | None]
    )  # contract column -> file header; None leaves a column out
    table: str | None = None  # force the kind of table; else it is detected from the headers
    on_error: Literal["quarantine", "stop"] = "quarantine"
    max_bad_share: float = 0.2  # more bad rows than this in a file -> DataError
    day_first: bool | None = None  # how to read 03/04/2026 where the column does not decide
    as_of: date | None = None  # the day of a stock count without a date

    def __post_init__(self) -> None:
        known = {column.name for table in TABLES.values() for column in table.reading} | set(ALIASES)
        wrong = sorted(set(self.mapping) - known)
        if wrong:
            names = ", ".join(sorted(known - set(ALIASES)))
            raise UsageError(Text(f"`{wrong[0]}` is not a column that can be mapped", f"`{wrong[0]}` 不是可以映射的列"),
                             hint=Text(f"columns: {names}", f"可用的列：{names}"))  # fmt: skip
        if self.table is not None and self.table not in TABLES:
            raise UsageError(Text(f"`{self.table}` is not a table", f"`{self.table}` 不是已知的表"),
                             hint=Text(f"tables: {', '.join(TABLES)}", f"可用的表：{'、'.join(TABLES)}"))  # fmt: skip


@dataclass(frozen=True)
class FileMapping:
    """How one file was understood."""

    file: str
    table: str
    platform: str | None
    columns: dict[str, str]  # reading column -> header
    unused: tuple[str, ...]  # headers that the reader has no use for
    personal: tuple[str, ...]  # headers dropped since they hold data about people
    signature: str  # of the headers: what was said about them is remembered under this
    days: tuple[str, ...] = ()  # headers that are dates: one column per day
    arrivals: tuple[str, ...] = ()  # stock: headers such as `arrives 2026-11-30`
    rows: int = 0
    sheet: str = ""

    def remember(self) -> dict[str, str | None]:
        """What to keep under `signature` so that the next file of this layout is read in the same way."""
        return {"table": self.table, **self.columns}

    def to_json(self) -> dict[str, Any]:
        """For reports and for storing."""
        return {
            "file": self.file, "sheet": self.sheet, "table": self.table, "platform": self.platform, "rows": self.rows,
            "columns": self.columns, "unused": list(self.unused), "personal": list(self.personal),
            "days": len(self.days), "arrivals": list(self.arrivals), "signature": self.signature,
        }  # fmt: skip


Remembered = Mapping[str, Mapping[str, str | None]]


def map_sheet(sheet: Sheet, options: ReadOptions, remembered: Remembered) -> FileMapping:
    """Decide the kind of table and the column behind each header.

    Raises:
        DataError: a required column is missing, or two headers could equally be the quantity.
    """
    headers = sheet.headers
    said = _said(options.mapping, headers)
    known = remembered.get(signature(headers), {})
    usable = [header for header in headers if not is_personal(header)]
    platform = recognise(headers)
    told = {**{k: v for k, v in known.items() if k != "table"}, **said}
    table = (
        options.table
        or known.get("table")
        or (platform.table if platform else table_of(headers, told, sheet.path.name))
    )
    platform = platform if platform and platform.table == table else None
    taken = _headers_there({k: v for k, v in told.items() if v is not None and TABLES[table].reads(k)}, headers)
    if platform and not known:
        taken = {**_platform_columns(platform, headers, taken), **taken}
        usable = [header for header in usable if header not in taken.values()]
    left_out = {column for column, header in told.items() if header is None}
    days = (
        tuple(date_headers(usable, options.day_first))
        if table == "sales" and not {"at", "quantity"} <= set(taken)
        else ()
    )
    days = days if len(days) > 1 else ()
    arrivals = tuple(_arrivals(usable)) if table == "stock" else ()
    free = [header for header in usable if header not in {*days, *arrivals}]
    columns = _choose(sheet, table, free, taken, left_out | ({"quantity", "at"} if days else set()))
    _check_required(sheet, table, columns, days)
    used = {*columns.values(), *days, *arrivals}
    personal = tuple(header for header in headers if is_personal(header) and header not in used)
    unused = tuple(header for header in headers if header not in used and header not in personal)
    return FileMapping(
        file=sheet.path.name,
        table=table,
        platform=platform.name if platform else None,
        columns=columns,
        unused=unused,
        personal=personal,
        signature=signature(headers),
        days=days,
        arrivals=arrivals,
        rows=sheet.frame.height + len(sheet.ragged),
        sheet=sheet.sheet,
    )


def fill_down_of(mapping: FileMapping) -> tuple[str, ...]:
    """Order-level columns that this platform leaves blank on continuation rows."""
    return next((p.fill_down for p in platforms() if p.name == mapping.platform), ())


def _said(mapping: Mapping[str, str | None], headers: Sequence[str]) -> dict[str, str | None]:
    """The user's words with aliases resolved and headers found as they are written in the file."""
    by_key = {normal(header): header for header in headers}
    resolved: dict[str, str | None] = {}
    for column, header in mapping.items():
        there = None if header is None else header if header in headers else by_key.get(normal(header))
        if header is None or there is not None:
            names = {column, ALIASES.get(column, column)}
            resolved |= dict.fromkeys(names, there)
    return resolved


def _headers_there(told: Mapping[str, str | None], headers: Sequence[str]) -> dict[str, str]:
    return {column: header for column, header in told.items() if header is not None and header in headers}


def _platform_columns(platform: Platform, headers: Sequence[str], taken: Mapping[str, str]) -> dict[str, str]:
    by_key = {normal(header): header for header in reversed(headers)}
    found: dict[str, str] = {}
    for column, names in platform.columns.items():
        there = [by_key[normal(name)] for name in names if normal(name) in by_key]
        if there and column not in taken:
            found[column] = there[0]
    return found


def _choose(sheet: Sheet, table: str, free: Sequence[str], taken: dict[str, str], left_out: set[str]) -> dict[str, str]:
    columns = dict(taken)
    order = sorted(TABLES[table].reading, key=lambda column: not column.required)
    options = candidates(table, free)
    for column in order:
        if column.name in columns or column.name in left_out:
            continue
        fitting = [(rank, header) for rank, header in options[column.name] if header not in columns.values()]
        if not fitting and column.name == "out_of_stock_hours":
            fitting = [((0, False), h) for h in free if pattern(column.name).search(normal(h))]  # pyright: ignore[reportAssignmentType]
        if not fitting:
            continue
        tied = [header for rank, header in fitting if rank == fitting[0][0]]
        if len(tied) > 1 and column.name in MUST_BE_CLEAR and not _same_cells(sheet, tied):
            raise _two_quantities(sheet, column.name, tied)
        columns[column.name] = tied[0]
    return columns


def _same_cells(sheet: Sheet, headers: Sequence[str]) -> bool:
    cells = [sheet.frame[header].cast(pl.String) for header in headers]
    return all(cells[0].equals(other.alias(cells[0].name), null_equal=True) for other in cells[1:])


def _arrivals(headers: Sequence[str]) -> dict[str, pl.Series]:
    """Headers that say when ordered goods come: `arrives 2026-11-30`, `on order 2026-11-30`, `在途 2026-11-30`."""
    found = {header: match.group(1) for header in headers if (match := pattern("arrives").match(header.strip()))}
    times = to_time(pl.Series(list(found.values()), dtype=pl.String)).values
    return {header: times[i : i + 1] for i, header in enumerate(found) if times[i] is not None}


def arrival_dates(mapping: FileMapping) -> dict[str, date]:
    """The date in each header of `mapping.arrivals`."""
    return {header: series[0].date() for header, series in _arrivals(mapping.arrivals).items()}


def _two_quantities(sheet: Sheet, column: str, tied: Sequence[str]) -> DataError:
    names = NAMES[column]
    listed = " and ".join(f"`{header}`" for header in tied)
    listed_zh = "和".join(f"`{header}`" for header in tied)
    return DataError(
        Text(
            f"`{sheet.path}`: {listed} could both be the {names.en}", f"`{sheet.path}`：{listed_zh}都可能是{names.zh}"
        ),
        hint=Text(f'say which one: `--map {column}="{tied[0]}"`', f'请指明是哪一列：`--map {column}="{tied[0]}"`'),
    )


def _check_required(sheet: Sheet, table: str, columns: Mapping[str, str], days: Sequence[str]) -> None:
    there = set(columns) | ({"at", "quantity"} if days else set())
    if table == "purchase_orders" and "outstanding" in there:
        there.add("quantity")
    missing = [column.name for column in TABLES[table].reading if column.required and column.name not in there]
    if not missing:
        return
    listed = ", ".join(f"`{header}`" for header in sheet.headers[:40])
    names = [NAMES.get(name, Text(name, name)) for name in missing]
    guess = _guess(table, missing[0], [h for h in sheet.headers if h not in columns.values()])
    near = Text(f"; nearest: {guess}", f"；最接近的列：{guess}") if guess else Text("", "")
    lacking = " and no ".join(name.en for name in names)
    en = f"`{sheet.path}` has no {lacking} column ({table}); its columns are {listed}{near.en}"
    zh = f"`{sheet.path}` 缺少{'、'.join(n.zh for n in names)}列（{table}）；文件中的列：{listed}{near.zh}"
    header = guess.strip("`").split("`")[0] if guess else "..."
    raise DataError(Text(en, zh), hint=Text(
        f'name it: `--map {missing[0]}="{header}"`, or say what the file is: `--table stock`',
        f'请指明列名：`--map {missing[0]}="{header}"`，或指明表的类型：`--table stock`',
    ))  # fmt: skip


def _guess(table: str, column: str, headers: Sequence[str]) -> str:
    """Up to two headers that look like a column, by spelling."""
    wanted = [*ranks(table).get(column, {}), column]

    def nearness(header: str) -> float:
        key = normal(header)
        inside = max((len(word) / max(len(key), 1) for word in wanted if len(word) > 2 and word in key), default=0.0)
        alike = difflib.get_close_matches(key, wanted, n=1, cutoff=0.6)
        return max(inside, difflib.SequenceMatcher(None, key, alike[0]).ratio() if alike else 0.0)

    near = sorted(((nearness(h), h) for h in headers if not is_personal(h)), key=lambda pair: -pair[0])
    return ", ".join(f"`{header}`" for score, header in near[:2] if score >= 0.3)


def check_said(options: ReadOptions, sheets: Sequence[Sheet]) -> None:
    """A header that the user names must be in at least one file.

    Raises:
        UsageError: it is in none of them.
    """
    there = {normal(header) for sheet in sheets for header in sheet.headers}
    files = ", ".join(f"`{sheet.path}`" for sheet in sheets)
    for column, header in options.mapping.items():
        if header is not None and normal(header) not in there:
            said = f'`--map {column}="{header}"`'
            raise UsageError(
                Text(f"{said}: no file has this header ({files})", f"{said}：文件中没有这个表头（{files}）"),
                hint=Text("headers are compared without case and blanks", "比较表头时忽略大小写和空格"),
            )
