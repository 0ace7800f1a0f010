"""Files to frames of text: CSV and its cousins, Excel, Parquet. Nothing is understood here but where the header stands.

All cells of CSV and Excel stay text: an id keeps its zeros and its nineteen digits, and parse.py says what is a number.
Parquet columns keep their types.
"""

import csv
import io
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from restock.errors import DataError
from restock.intake.encoding import separator_of, text_of
from restock.intake.findings import ROW
from restock.intake.synonyms import normal, ranks, without_unit
from restock.language import NOTHING, Text

HEADER_WITHIN = 15  # lines; exports put a title and a date above the header
READABLE = {".csv", ".tsv", ".txt", ".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".parquet", ".pq"}
CSV_IN_DISGUISE = {".xls"}  # platforms sell tab separated text under this name


@dataclass(frozen=True)
class Sheet:
    """One table as it stands in a file: headers as column names, `ROW` = line in the file, cells as text or typed."""

    path: Path
    frame: pl.DataFrame
    ragged: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])  # (line, cells) with too many cells
    sheet: str = ""
    separator: str = ","

    @property
    def headers(self) -> list[str]:
        """The columns of the file."""
        return [name for name in self.frame.columns if name != ROW]


def read_sheet(path: Path) -> Sheet:
    """One file as a frame of text.

    Raises:
        DataError: missing, a folder, not readable, empty, or of an unknown or broken format; or a header stands twice.
    """
    data = _bytes(path)
    if not data.strip():
        raise _bad(path, Text("is empty", "是空文件"), EXPORT_AGAIN)
    if data.startswith(b"PAR1") or path.suffix.lower() in {".parquet", ".pq"}:
        return _parquet(path, data)
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _excel(path, data)
    if path.suffix.lower() in READABLE - {".csv", ".tsv", ".txt"} - CSV_IN_DISGUISE:
        raise _bad(
            path,
            Text("has an Excel name but is not an Excel file", "的扩展名是 Excel，但内容不是 Excel 文件"),
            SAVE_AGAIN,
        )
    if data.lstrip()[:200].lower().startswith((b"<html", b"<!doctype", b"<table", b"<?xml")):
        raise _bad(path, Text("is a web page, not a table", "是网页，不是表格"), SAVE_AGAIN)
    return _text(path, text_of(data, path.name))


SAVE_AGAIN = Text("open it and save it as .xlsx or CSV (UTF-8)", "请打开后另存为 .xlsx 或 CSV（UTF-8）")
EXPORT_AGAIN = Text("export it again, for days on which something was sold", "请重新导出，并选择有销售的日期范围")


def _bad(path: Path, what: Text, hint: Text = NOTHING) -> DataError:
    return DataError(Text(f"`{path}` {what.en}", f"`{path}` {what.zh}"), hint=hint)


def _bytes(path: Path) -> bytes:
    if path.is_dir():
        inside = sorted(p.name for p in path.iterdir() if p.suffix.lower() in READABLE)
        names = " ".join(f"`{path / name}`" for name in inside[:5])
        hint = Text(f"name the files: {names}", f"请写出文件名：{names}") if inside else Text(
            "it holds no CSV, Excel or Parquet file", "其中没有 CSV、Excel 或 Parquet 文件"
        )  # fmt: skip
        raise _bad(path, Text("is a folder, not a file", "是文件夹，不是文件"), hint)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _bad(
            path, Text("does not exist", "不存在"), Text("check the name and the folder", "请检查文件名和所在文件夹")
        ) from None
    except PermissionError:
        raise _bad(
            path, Text("may not be read", "没有读取权限"), Text(f"try `chmod u+r {path}`", f"可尝试 `chmod u+r {path}`")
        ) from None
    except OSError as error:
        raise _bad(path, Text(f"cannot be read: {error.strerror}", f"无法读取：{error.strerror}")) from None


def _parquet(path: Path, data: bytes) -> Sheet:
    try:
        frame = pl.read_parquet(io.BytesIO(data))
    except Exception as error:  # a broken file raises whatever the first broken part raises
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise _bad(path, Text(f"is not a readable Parquet file: {reason}", f"不是可读的 Parquet 文件：{reason}"),
                   Text("copy or export it again", "请重新复制或导出该文件")) from None  # fmt: skip
    if not frame.height:
        raise _bad(path, Text("has a header but no rows", "只有表头，没有数据行"), EXPORT_AGAIN)
    nested = [name for name, dtype in frame.schema.items() if dtype.is_nested() or dtype == pl.Object]
    frame = frame.drop(nested).with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))
    return Sheet(path, frame.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64)))


def _text(path: Path, text: str) -> Sheet:
    # exports that end lines with \r alone are old, but they exist
    text = text.replace("\r", "\n") if "\r" in text[:20_000] and "\n" not in text[:20_000] else text
    first, separator = text.split("\n", 1)[0].strip().lower(), separator_of(text)
    told = first.startswith("sep=") and len(first) == 5
    separator = first[4] if told else separator
    frame, ragged = _cells(text, separator, path)
    if told:
        frame = frame.slice(1)
    return _with_header(Sheet(path, frame, ragged, separator=separator))


def _cells(text: str, separator: str, path: Path) -> tuple[pl.DataFrame, list[tuple[int, int]]]:
    """All cells, a row per record, `ROW` = line where it begins; and the lines with more cells than the header."""
    width = max(line.count(separator) for line in text[:100_000].split("\n")[: HEADER_WITHIN * 4]) + 1
    schema = {f"c{i}": pl.String() for i in range(width)}
    data = text.encode()
    try:
        frame = pl.read_csv(io.BytesIO(data), has_header=False, schema=schema, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError:
        return _cells_slowly(text, separator)
    frame = frame.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64))
    if frame.height != data.count(b"\n") + (not data.endswith(b"\n")):  # line breaks inside quotes
        inside = pl.sum_horizontal(pl.col(name).str.count_matches("\n", literal=True).fill_null(0) for name in schema)
        frame = frame.with_columns(pl.col(ROW) + inside.cum_sum().shift(1, fill_value=0).cast(pl.Int64))
    return frame, []


def _cells_slowly(text: str, separator: str) -> tuple[pl.DataFrame, list[tuple[int, int]]]:
    """The same record by record, for files that the fast reader refuses: rows with too many cells, stray quotes."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    lines: list[tuple[int, list[str]]] = []
    begins = 1
    for record in reader:
        lines.append((begins, record))
        begins = reader.line_num + 1
    header = max((record for _, record in lines[:HEADER_WITHIN]), key=lambda cells: sum(bool(c.strip()) for c in cells))
    width = len(header)
    ragged = [(row, len(cells)) for row, cells in lines if any(cell.strip() for cell in cells[width:])]
    over = {row for row, _ in ragged}
    kept = [(row, (cells + [""] * width)[:width]) for row, cells in lines if row not in over]
    columns: dict[str, Any] = {ROW: [row for row, _ in kept]}
    columns |= {f"c{i}": [cells[i] or None for _, cells in kept] for i in range(width)}
    return pl.DataFrame(columns, schema={ROW: pl.Int64()} | {f"c{i}": pl.String() for i in range(width)}), ragged


def _excel(path: Path, data: bytes) -> Sheet:
    import fastexcel

    try:
        book = fastexcel.read_excel(data)
        names = book.sheet_names
        heads = [
            book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string", n_rows=HEADER_WITHIN) for name in names
        ]
        scores = [_best_header(head.to_polars())[1] for head in heads]
        name = names[max(range(len(names)), key=lambda i: (scores[i], -i))]
        frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
        numeric = _lost_digits(book, name, frame)
    except fastexcel.FastExcelError as error:
        reason = str(error).splitlines()[0]
        raise _bad(
            path, Text(f"is not a readable Excel file: {reason}", f"不是可读的 Excel 文件：{reason}"), SAVE_AGAIN
        ) from None
    frame = frame.rename({old: f"c{i}" for i, old in enumerate(frame.columns)}).with_columns(numeric)
    return _with_header(Sheet(path, frame.with_row_index(ROW, 1).with_columns(pl.col(ROW).cast(pl.Int64)), sheet=name))


def _lost_digits(book: Any, name: str, frame: pl.DataFrame) -> list[pl.Expr]:
    """Long ids that Excel kept as numbers lost digits: shown as Excel does, `1.23457E+18`, they are refused."""
    long = [i for i, column in enumerate(frame.columns) if frame[column].str.contains(r"^\d{16,}$").any()]
    if not long:
        return []
    start = _best_header(frame)[0] + 1
    typed = book.load_sheet(name, header_row=None, skip_rows=start, use_columns=long, dtypes=None).to_polars()
    lost = [long[i] for i, dtype in enumerate(typed.dtypes) if dtype.is_numeric()]
    return [_as_excel_shows(pl.col(f"c{i}")) for i in lost]


def _as_excel_shows(cell: pl.Expr) -> pl.Expr:
    power = (cell.str.len_chars() - 1).cast(pl.String)
    shown = pl.format("{}.{}E+{}", cell.str.slice(0, 1), cell.str.slice(1, 5), power)
    return pl.when(cell.str.contains(r"^\d{16,}$")).then(shown).otherwise(cell).name.keep()


def known_headers() -> frozenset[str]:
    """Every header that some table understands, normalised."""
    tables = ("sales", "items", "stock", "purchase_orders", "supply", "promotions", "prices", "events")
    return frozenset(header for table in tables for tiers in ranks(table).values() for header in tiers)


def _best_header(frame: pl.DataFrame) -> tuple[int, int]:
    """The row that reads most like a header, and how many headers it has that we know."""
    known = known_headers()
    columns = [name for name in frame.columns if name != ROW]
    rows = frame.select(columns).head(HEADER_WITHIN).rows()
    scores = [sum(bool(c) and (normal(c) in known or without_unit(c) in known) for c in row) for row in rows]
    filled = [sum(bool(c and c.strip()) for c in row) for row in rows]
    if not rows or not any(filled):
        return 0, 0
    best = max(range(len(rows)), key=lambda i: (scores[i], -i))
    if scores[best] >= 2:
        return best, scores[best]
    # nothing known: the first row that is as wide as the table
    return next(i for i, n in enumerate(filled) if n == max(filled)), scores[best]


def _with_header(sheet: Sheet) -> Sheet:
    """The sheet from its header on; rows that reach beyond the header are put aside as ragged."""
    path, frame = sheet.path, sheet.frame
    columns = sheet.headers
    if not frame.height or not columns:
        raise _bad(path, Text("is empty", "是空文件"), EXPORT_AGAIN)
    at, _ = _best_header(frame)
    names = [(cell or "").strip().lstrip("\ufeff").strip() for cell in frame.select(columns).row(at)]
    filled = {name: pl.col(name).str.strip_chars().str.len_chars() > 0 for name in columns}
    rows = frame.slice(at + 1).filter(pl.any_horizontal(filled.values()))
    beyond = _beyond(rows, columns, names)
    aside = rows.filter(pl.any_horizontal(filled[name] for name in beyond)) if beyond else rows.clear()
    ragged = sheet.ragged + [(line, len(columns)) for line in aside[ROW]]
    rows = rows.filter(~pl.col(ROW).is_in(aside[ROW].implode()))
    there = [
        (old, new or f"column {old[1:]}")
        for old, new in zip(columns, names, strict=True)
        if new or (old not in beyond and rows[old].null_count() < rows.height)
    ]
    headers = [new for _, new in there]
    _check_headers(path, headers)
    if not rows.height and not ragged:
        listed = Text(", ".join(headers), "、".join(headers))
        what = Text(f"has a header but no rows ({listed.en})", f"只有表头，没有数据行（{listed.zh}）")
        raise _bad(path, what, EXPORT_AGAIN)
    return replace(sheet, frame=rows.select(ROW, *(pl.col(old).alias(new) for old, new in there)), ragged=ragged)


def _beyond(rows: pl.DataFrame, columns: list[str], names: list[str]) -> list[str]:
    """Columns right of the last header that only some rows reach: those rows have too many cells."""
    last = max((i for i, name in enumerate(names) if name), default=-1)
    seldom = [name for name in columns[last + 1 :] if rows[name].null_count() * 2 > rows.height]
    return seldom if len(seldom) == len(columns) - last - 1 else []


def _check_headers(path: Path, headers: list[str]) -> None:
    twice = sorted({name for name in headers if headers.count(name) > 1})
    if twice:
        listed = ", ".join(f"`{name}`" for name in twice)
        what = Text(f"has the same header more than once: {listed}", f"有重复的表头：{listed}")
        raise _bad(path, what, Text("rename one of them in the file", "请在文件中改掉其中一个列名"))
