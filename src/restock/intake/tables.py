"""Files in, facts out: the one door to reading.

reading = read_tables([Path("sales.csv"), Path("stock.xlsx")])
reading.tables["sales"], reading.quarantine, reading.counts, reading.mappings
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import polars as pl

from restock.errors import DataError, UsageError
from restock.intake.clean import Tables, clean_table, merge_items, merge_rows
from restock.intake.contract import TABLES
from restock.intake.extract import extract
from restock.intake.findings import QUARANTINE, Count, Findings, merged
from restock.intake.lines import clean_sales
from restock.intake.mapping import FileMapping, ReadOptions, Remembered, check_said, map_sheet
from restock.intake.read import Sheet, read_sheet
from restock.language import Text

__all__ = ["Count", "FileMapping", "ReadOptions", "Reading", "read_tables"]


@dataclass(frozen=True)
class Reading:
    """What files became."""

    tables: dict[
        str, pl.DataFrame
    ]  # by table name, exactly the contract's columns and types; only tables that files gave
    quarantine: pl.DataFrame  # file, row (line in the file), column, value, reason_en, reason_zh
    mappings: list[FileMapping]  # one per file
    counts: list[Count]  # every repair, removal and flag

    @property
    def remembered(self) -> dict[str, dict[str, str | None]]:
        """How each layout of columns was read: pass it to the next `read_tables`."""
        return {mapping.signature: mapping.remember() for mapping in self.mappings}


class FileFacts(NamedTuple):
    """One file, read."""

    mapping: FileMapping
    tables: Tables
    findings: Findings


def read_tables(
    paths: Sequence[Path],
    options: ReadOptions = ReadOptions(),
    remembered: Remembered = MappingProxyType({}),
    products: frozenset[str] = frozenset(),
) -> Reading:
    """Read files of any kind of table, in order: of two rows with one key the later file's stands.

    Args:
        paths: CSV, TSV, Excel or Parquet.
        options: what the user says about them.
        remembered: `Reading.remembered` of earlier readings; the user's word in `options` wins over it.
        products: ids that a table of items has listed before; a short one is then no code of a fee.

    Raises:
        UsageError: no files, or an option that fits none of them.
        DataError: a file that cannot be read or understood, or with more bad rows than `options.max_bad_share`.
    """
    if not paths:
        raise UsageError(
            Text("no files to read", "没有要读取的文件"), hint=Text("name at least one file", "请至少给出一个文件")
        )
    sheets = [read_sheet(Path(path)) for path in paths]
    check_said(options, sheets)
    files = _read_all(sheets, options, remembered, products)
    found: defaultdict[str, list[pl.DataFrame]] = defaultdict(list)
    about_items: list[pl.DataFrame] = []
    for file in files:
        for name, frame in file.tables.items():
            (about_items if name == "items" and file.mapping.table != "items" else found[name]).append(frame)
    tables = {name: merge_rows(name, frames) for name, frames in found.items() if name != "items"}
    if found["items"] or any(frame.height for frame in about_items):
        tables["items"] = merge_items(found["items"], about_items)
    return Reading(
        {name: tables[name] for name in TABLES if name in tables},
        pl.concat([pl.DataFrame(schema=QUARANTINE), *(file.findings.quarantine for file in files)]),
        [file.mapping for file in files],
        merged([count for file in files for count in file.findings.counts]),
    )


def _read_all(
    sheets: Sequence[Sheet], options: ReadOptions, remembered: Remembered, products: frozenset[str]
) -> list[FileFacts]:
    """In order; what files of items list is known before any sales are read."""
    mappings = [map_sheet(sheet, options, remembered) for sheet in sheets]
    files: dict[int, FileFacts] = {}
    for place in sorted(range(len(sheets)), key=lambda place: mappings[place].table != "items"):
        files[place] = _read(sheets[place], mappings[place], options, products)
        if mappings[place].table == "items":
            products |= frozenset(files[place].tables["items"]["item"])
    return [files[place] for place in range(len(sheets))]


def _read(sheet: Sheet, mapping: FileMapping, options: ReadOptions, products: frozenset[str]) -> FileFacts:
    findings = Findings(mapping.table, mapping.file)
    frame = extract(sheet, mapping, options, findings)
    if mapping.table == "sales":
        sold = clean_sales(frame, mapping, findings, products)
        parts = {"sales": sold.sales, "items": sold.items, "stock": sold.stock}
        tables = {name: TABLES[name].conform(part) for name, part in parts.items() if name == "sales" or part.width}
    else:
        tables = clean_table(frame, mapping, options, findings)
    _check_bad(sheet, mapping, options, findings)
    if not tables[mapping.table].height:
        raise _nothing_left(sheet, mapping, findings)
    return FileFacts(mapping, tables, findings)


def _check_bad(sheet: Sheet, mapping: FileMapping, options: ReadOptions, findings: Findings) -> None:
    bad = findings.quarantine
    rows = bad["row"].n_unique()
    share = rows / max(mapping.rows, 1)
    if not rows or (options.on_error == "quarantine" and share <= options.max_bad_share):
        return
    examples = bad.head(3).rows(named=True)
    en = "; ".join(f"row {e['row']}, `{e['column']}` = `{e['value']}`: {e['reason_en']}" for e in examples)
    zh = "；".join(f"第 {e['row']} 行，`{e['column']}` = `{e['value']}`：{e['reason_zh']}" for e in examples)
    raise DataError(
        Text(f"`{sheet.path}`: {rows} of {mapping.rows} rows cannot be used ({share:.0%}): {en}",
             f"`{sheet.path}`：{mapping.rows} 行中有 {rows} 行无法使用（{share:.0%}）：{zh}"),
        hint=Text(f"correct the file, map other columns, or allow more: `--max-bad-share {min(1.0, share + 0.05):.2f}`",
                  f"请修正文件、改用其他列，或放宽限制：`--max-bad-share {min(1.0, share + 0.05):.2f}`"),
    )  # fmt: skip


def _nothing_left(sheet: Sheet, mapping: FileMapping, findings: Findings) -> DataError:
    en = "; ".join(f"{count.text.en} ({count.rows})" for count in findings.counts if count.effect == "removal")
    zh = "；".join(f"{count.text.zh}（{count.rows}）" for count in findings.counts if count.effect == "removal")
    return DataError(
        Text(f"`{sheet.path}`: none of {mapping.rows} rows is left as {mapping.table}: {en or 'all rows are empty'}",
             f"`{sheet.path}`：{mapping.rows} 行中没有一行可用作 {mapping.table}：{zh or '所有行都是空的'}"),
        hint=Text("look at the mapping: `restock check FILE`", "请查看列映射：`restock check 文件`"),
    )  # fmt: skip
