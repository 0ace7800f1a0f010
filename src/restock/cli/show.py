"""What a workflow returned, for a person: sentences, then tables; made from the same record as the JSON."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text as Line

from restock.cli.labels import LABELS, label
from restock.language import Language, Text

SHOWN = 40  # rows of a table; everything is in the JSON and in exports
WIDE = 200  # columns where nobody says how wide the paper is: a pipe, a file
# Programs get every column; people the ones that they decide by.
COLUMNS = {
    "policies": (
        *("policy", "kind", "profit", "share_of_oracle", "fill_rate", "in_stock_rate", "turnover", "stock_value"),
        "lost_units",
    ),
    "lines": ("rank", "item", "site", "lane", "quantity", "order_by", "reason", "binding", "expected_profit"),
    "not_ordered": ("item", "site", "on_hand", "on_order", "days_of_cover", "reason"),
    "assumptions": ("text", "replace"),
    "rounds": ("updates", "ensemble", "seconds"),
}
STATES = {"ok": "green", "warn": "yellow", "fail": "bold red"}
Record = Mapping[str, Any]


def show(record: Record, language: Language) -> None:
    """Print a record to stdout."""
    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else WIDE)
    for block in blocks(record, language):
        console.print(block, soft_wrap=isinstance(block, str))


def blocks(record: Record, language: Language) -> Iterator[str | Line | Table]:
    """The parts of a record in its own order: first what is long, last what is one value."""
    for key, value in record.items():
        if key.endswith("against_best_classical") and value:
            yield _against(
                _learned(record) if key.startswith("against") else record.get("chosen", "-"), value, language
            )
        elif key == "checks":
            yield from (_check(check, language) for check in value)
        elif _rows(value):
            rows = [_spoken(row, language) for row in value]
            kept = COLUMNS.get(key, tuple(dict.fromkeys(name for row in rows for name in row)))
            yield _table(label(key, language), [_only(row, kept) for row in rows], language, record.get("chosen"))
            if len(value) > SHOWN:
                yield _more(len(value) - SHOWN, language)
        elif isinstance(value, Mapping) and not _is_text(value) and value:
            yield from _nested(key, value, language)
    singles = {key: value for key, value in record.items() if _is_single(value)}
    for key, value in singles.items():
        yield f"{label(key, language)}: {cell(key, value, language)}"


def cell(key: str, value: Any, language: Language) -> str:
    """One value as it is read: shares in percent, large numbers in groups of three, nothing as a dash."""
    if value is None or value == "":
        return "-"
    if _is_text(value):
        return str(value[language]) or "-"
    if isinstance(value, bool):
        return Text("yes" if value else "no", "是" if value else "否").in_(language)
    if isinstance(value, int | float):
        return _number(key, value)
    if isinstance(value, Mapping):
        return ", ".join(
            f"{label(str(name), language)} {cell(str(name), part, language)}" for name, part in value.items()
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(cell(key, part, language) for part in value) or "-"
    if key == "kind" and value in LABELS:
        return label(value, language)
    return str(value)


def _number(key: str, value: float) -> str:
    if key.endswith(("_rate", "_share")) or key.startswith(("share", "stockout_")):
        return f"{value:.1%}"
    if key.endswith(("percent", "seconds", "turnover")):
        return f"{value:,.2f}"
    if isinstance(value, int) or (abs(value) >= 1000 and key != "year"):
        return f"{value:,.0f}"
    return f"{value:,.4g}"


def _learned(record: Record) -> str:
    names = [row["policy"] for row in record.get("policies", ()) if row.get("kind") == "learned"]
    return "learned" if "learned" in names else next(iter(names), "-")


def _spoken(row: Record, language: Language) -> Record:
    """A row where `reason` and `reason_zh` have become one."""
    return {
        key: row.get(f"{key}_zh", value) if language == "zh" else value
        for key, value in row.items()
        if not key.endswith("_zh")
    }


def _only(row: Record, columns: Sequence[str]) -> Record:
    return {key: row.get(key) for key in columns}


def _against(ours: str, against: Record, language: Language) -> str:
    """The answer in one sentence: more, less, or nobody can tell."""
    rival, difference = against.get("policy"), against.get("difference")
    low, high = against.get("low"), against.get("high")
    if difference is None:
        return Text(f"{ours} was not compared with {rival}", f"{ours} 没有与 {rival} 比较").in_(language)
    interval = "" if low is None or high is None else f"{low:+,.0f} … {high:+,.0f}"
    if low is not None and high is not None and low <= 0 <= high:
        said = Text(
            f"{ours} and {rival} cannot be told apart: {difference:+,.0f} (95 % interval {interval})",
            f"{ours} 与 {rival} 没有显著差别：{difference:+,.0f}（95% 区间 {interval}）",
        )
    else:
        more, better = ("more", "多") if difference >= 0 else ("less", "少")
        between, among = (f" (95 % interval {interval})", f"（95% 区间 {interval}）") if interval else ("", "")
        said = Text(
            f"{ours} earns {abs(difference):,.0f} {more} than {rival}, the best classical policy{between}",
            f"{ours} 比最好的传统策略 {rival} {better}赚 {abs(difference):,.0f}{among}",
        )
    return said.in_(language)


def _check(check: Record, language: Language) -> Line:
    state = str(check.get("state", "ok"))
    line = Line(f"{label(state, language):<5}", style=STATES.get(state, ""))
    line.append(f" {cell('text', check.get('text'), language)}", style="default")
    hint = cell("hint", check.get("hint"), language)
    return line if hint == "-" else line.append(f"\n      {hint}", style="dim")


def _nested(key: str, value: Record, language: Language) -> Iterator[Table]:
    """A small dictionary: names beside values, or one row per name where the values are records."""
    if all(isinstance(part, Mapping) and not _is_text(part) for part in value.values()):
        yield _table(label(key, language), [{"name": name, **part} for name, part in value.items()], language)
    else:
        pairs = [
            {"name": label(str(name), language), "value": cell(str(name), part, language)}
            for name, part in value.items()
        ]
        yield _table(label(key, language), pairs, language)


def _table(title: str, rows: Sequence[Record], language: Language, chosen: str | None = None) -> Table:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    columns = [key for key in columns if any(row.get(key) not in (None, "", [], {}) for row in rows)]
    table = Table(title=title, title_justify="left", header_style="bold")
    for key in columns:
        numeric = all(isinstance(row.get(key), int | float | None) for row in rows)
        table.add_column(label(key, language), justify="right" if numeric else "left", overflow="fold")
    for row in rows[:SHOWN]:
        cells = [cell(key, row.get(key), language) for key in columns]
        if chosen is not None and row.get("policy") == chosen:
            cells[columns.index("policy")] += f" ← {label('chosen', language)}"
        table.add_row(*(Line(part) for part in cells))
    return table


def _more(count: int, language: Language) -> str:
    return Text(f"… and {count:,} more; `--json` has them all", f"… 另有 {count:,} 行；`--json` 输出全部内容").in_(
        language
    )


def _rows(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) and not _is_text(row) for row in value)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, Mapping) and value.keys() == {"en", "zh"}


def _is_single(value: Any) -> bool:
    return value is not None and (
        not isinstance(value, Mapping | list)
        or _is_text(value)
        or (isinstance(value, list) and bool(value) and not _rows(value))
    )
