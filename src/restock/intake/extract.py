"""A sheet and its mapping to typed reading columns; rows that cannot be used go to quarantine with a reason."""

from typing import NamedTuple

import polars as pl

from restock.errors import DataError
from restock.intake.cancelled import without_cancelled_orders
from restock.intake.contract import DTYPES, TABLES, Column
from restock.intake.findings import ROW, Findings
from restock.intake.mapping import NAMES, FileMapping, ReadOptions, fill_down_of
from restock.intake.parse import tidy, to_id, to_number, to_share, to_text, to_time
from restock.intake.read import Sheet
from restock.intake.synonyms import normal, pattern
from restock.language import Text

LARGEST = 1e9  # units or money in one cell; beyond it the cell is a mistake
FIRST_YEAR, LAST_YEAR = 1990, 2100
MONEY_THAT_MUST_BE_RIGHT = {"unit_price", "net_amount"}
WRONG: dict[str, Text] = {
    "id": Text("the id has lost digits (Excel turned it into a number)", "编码丢失了位数（被 Excel 转成了数字）"),
    "number": Text("is not a usable number", "不是可用的数字"),
    "share": Text("is neither yes, no nor a share", "不是“是/否”，也不是比例"),
    "date": Text("is not a date", "不是日期"),
    "time": Text("is not a date", "不是日期"),
    "text": Text("cannot be read", "无法读取"),
}


def extract(sheet: Sheet, mapping: FileMapping, options: ReadOptions, findings: Findings) -> pl.DataFrame:
    """`ROW` and every reading column of the table, typed (null where the file has none).

    Raises:
        DataError: a date column that can be read in two ways.
    """
    table = TABLES[mapping.table]
    frame = sheet.frame.select(ROW, *(pl.col(header).alias(column) for column, header in mapping.columns.items()),
                               *mapping.days, *mapping.arrivals)  # fmt: skip
    if mapping.days:
        frame = _melted(frame, mapping)
    frame = _without_totals(_filled_down(frame, mapping, findings), findings)
    for line, cells in sheet.ragged:
        one = pl.DataFrame({ROW: [line]})
        findings.reject(
            one, "", pl.Series([f"{cells} cells"]), Text("has more cells than the header", "单元格数多于表头")
        )
    if mapping.table == "sales":
        frame = without_cancelled_orders(frame, findings)
    alive = pl.repeat(value=True, n=frame.height, eager=True)
    typed: dict[str, pl.Series] = {}
    for column in sorted(table.reading, key=lambda c: not c.required):
        if column.name not in frame.columns:
            typed[column.name] = pl.Series(column.name, [None], dtype=DTYPES[column.kind]).new_from_index(
                0, frame.height
            )
            continue
        raw = tidy(frame[column.name])
        typed[column.name] = _typed(raw, column, sheet, options)
        must = column.required and not (column.name == "quantity" and "outstanding" in mapping.columns)
        if column.name == "item" and mapping.platform and "name" in frame.columns:
            typed["item"] = _named(typed["item"], frame["name"], raw, findings)
        cells = Cells(column, mapping.columns.get(column.name, column.name), must, raw, typed[column.name])
        alive &= ~_refused(frame, cells, alive, findings)
        typed[column.name] = _usable(typed[column.name], column)
    names = [column.name for column in table.reading]
    extra = frame.select(ROW, *mapping.arrivals)
    result = extra.with_columns(typed[name].alias(name) for name in names)
    return result if alive.all() else result.filter(alive)


def _melted(frame: pl.DataFrame, mapping: FileMapping) -> pl.DataFrame:
    """A table with a column per day as one row per day; an empty cell is no row."""
    index = [name for name in frame.columns if name not in mapping.days]
    frame = frame.with_columns(pl.col(name).cast(pl.String) for name in mapping.days)
    long = frame.unpivot(on=list(mapping.days), index=index, variable_name="at", value_name="quantity")
    return long.with_columns(tidy(long["quantity"])).drop_nulls("quantity").sort(ROW, maintain_order=True)


def _filled_down(frame: pl.DataFrame, mapping: FileMapping, findings: Findings) -> pl.DataFrame:
    """Order-level cells that an export leaves blank on the further lines of an order."""
    names = [name for name in fill_down_of(mapping) if name in frame.columns and frame[name].dtype == pl.String]
    if not names or "order" not in frame.columns:
        return frame
    blank = frame.with_columns(tidy(frame[name]) for name in names)
    filled = blank.with_columns(pl.col(name).forward_fill().over("order") for name in names)
    changed = (
        blank.select(pl.any_horizontal(pl.col(n).is_null() & filled[n].is_not_null() for n in names)).to_series().sum()
    )
    findings.count("filled_down", "repair", Text("lines took date and status from the first line of their order",
                   "行从同一订单的首行补上了日期和状态"), changed)  # fmt: skip
    return filled


def _without_totals(frame: pl.DataFrame, findings: Findings) -> pl.DataFrame:
    """Sheets end with a row of totals, which is no item."""
    if "item" not in frame.columns or frame["item"].dtype != pl.String:
        return frame
    total = (
        frame["item"].tail(3).map_elements(lambda cell: bool(pattern("not_an_item").match(normal(cell))), pl.Boolean)
    )
    mask = pl.concat([pl.repeat(False, frame.height - len(total), eager=True), total.fill_null(value=False)])
    findings.count("totals", "removal", Text("total rows at the end left out", "去掉末尾的合计行"), int(mask.sum()))
    return frame.filter(~mask)


def _typed(raw: pl.Series, column: Column, sheet: Sheet, options: ReadOptions) -> pl.Series:
    match column.kind:
        case "id":
            return to_id(raw)
        case "number":
            return to_number(raw, sheet.separator)
        case "share":
            share = to_share(raw)
            # a promotion is often named, not flagged: a name counts as 1
            named = column.name == "promotion" and raw.dtype == pl.String
            return pl.select(pl.when(raw.is_not_null()).then(share.fill_null(1.0))).to_series() if named else share
        case "date" | "time":
            days = to_time(raw, options.day_first)
            if days.undecided:
                raise _ambiguous(sheet, raw.name, days.undecided, days.example)
            return days.values.cast(DTYPES[column.kind])
        case _:
            return to_text(raw)


def _ambiguous(sheet: Sheet, column: str, cells: int, example: str) -> DataError:
    name = NAMES.get(column, Text(column, column))
    return DataError(
        Text(f"`{sheet.path}`: {cells} cells of the {name.en} column can be read in two ways, such as `{example}`",
             f"`{sheet.path}`：{name.zh}列有 {cells} 个单元格有两种读法，例如 `{example}`"),
        hint=Text("say `--day-first` (3/4 is 3 April) or `--month-first` (3/4 is 4 March)",
                  "请指定 `--day-first`（3/4 为 4 月 3 日）或 `--month-first`（3/4 为 3 月 4 日）"),
    )  # fmt: skip


def _named(item: pl.Series, name: pl.Series, raw: pl.Series, findings: Findings) -> pl.Series:
    """Platforms leave the code blank where the seller gave none: then the name is the id."""
    text = to_text(name)
    blank = item.is_null() & text.is_not_null() & raw.is_null()
    findings.count(
        "named",
        "repair",
        Text("lines without a code took the name as id", "没有编码的行以商品名称作为编码"),
        int(blank.sum()),
    )
    return pl.select(pl.when(blank).then(text).otherwise(item)).to_series().alias("item")


class Cells(NamedTuple):
    """One column of a sheet: as it stood, and as it was read."""

    column: Column
    header: str
    must: bool  # an empty cell makes the row unusable
    raw: pl.Series
    value: pl.Series


def _refused(frame: pl.DataFrame, cells: Cells, alive: pl.Series, findings: Findings) -> pl.Series:
    """Rows that this column makes unusable; they go to quarantine. Lesser columns only lose the cell, with a count."""
    column, header, must, raw, value = cells
    said = raw.is_not_null() | value.is_not_null()  # a line without a code may have taken its name
    wrong = said & (value.is_null() | ~_plausible(value, column))
    none = pl.repeat(False, len(raw), eager=True)
    if not (column.required or column.name in MONEY_THAT_MUST_BE_RIGHT):
        text = WRONG[column.kind]
        lost = Text(f"`{header}`: cell {text.en}, left empty", f"`{header}`：单元格{text.zh}，按空处理")
        findings.count(f"unread_{column.name}", "repair", lost, (wrong & alive).sum())
        return none
    absent = ~said if must else none
    name = NAMES.get(column.name, Text(column.name, column.name))
    for mask, reason in ((wrong, WRONG[column.kind]), (absent, Text(f"no {name.en}", f"缺少{name.zh}"))):
        rows = mask & alive
        findings.reject(frame.filter(rows), header, raw.filter(rows), reason)
    return wrong | absent


def _plausible(value: pl.Series, column: Column) -> pl.Series:
    if column.kind in ("date", "time"):
        return value.dt.year().is_between(FIRST_YEAR, LAST_YEAR)
    if column.kind in ("number", "share"):
        return value.is_finite() & (value.abs() <= LARGEST)
    return pl.repeat(True, len(value), eager=True)


def _usable(value: pl.Series, column: Column) -> pl.Series:
    """Implausible cells of columns that do not refuse the row become null."""
    if column.kind in ("id", "text", "flag"):
        return value
    return pl.select(pl.when(_plausible(value, column)).then(value)).to_series().alias(column.name)
