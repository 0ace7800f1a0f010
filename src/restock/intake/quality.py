"""How good the data are: one record for the report, the page and `restock check`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any

import polars as pl

from restock.intake.findings import Count
from restock.intake.tables import Reading
from restock.language import Text

LISTED = 60  # missing days that are written out; `days_missing` counts all of them


@dataclass(frozen=True)
class Quality:
    """Numbers of a reading, with the facts that were there before."""

    rows_read: int  # in all files
    rows_kept: dict[str, int]  # per table, after cleaning
    rows_bad: int  # in quarantine
    counts: tuple[Count, ...]
    items: int
    sites: int
    first_day: date | None
    last_day: date | None
    days_missing: int  # days between the first and the last on which the whole shop sold nothing
    missing_days: tuple[date, ...]  # the first of them
    share_with_price: float  # of sales rows
    share_with_stock_flag: float
    share_suspect: float

    @property
    def bad_share(self) -> float:
        """Rows in quarantine of all rows read."""
        return self.rows_bad / self.rows_read if self.rows_read else 0.0

    @property
    def sentences(self) -> list[Text]:
        """What a planner should know, in order of weight."""
        said = [_read(self)]
        if self.first_day and self.last_day:
            said.append(_span(self))
            said.append(_known(self))
        said += [_counted(count) for count in self.counts if count.effect != "note"]
        return said

    def to_json(self) -> dict[str, Any]:
        """For `--json` and the report."""
        return {
            "rows_read": self.rows_read, "rows_kept": self.rows_kept, "rows_bad": self.rows_bad,
            "bad_share": self.bad_share,
            "items": self.items, "sites": self.sites,
            "first_day": self.first_day.isoformat() if self.first_day else None,
            "last_day": self.last_day.isoformat() if self.last_day else None,
            "days_missing": self.days_missing, "missing_days": [day.isoformat() for day in self.missing_days],
            "share_with_price": self.share_with_price, "share_with_stock_flag": self.share_with_stock_flag,
            "share_suspect": self.share_suspect, "counts": [count.to_json() for count in self.counts],
            "sentences": [{"en": text.en, "zh": text.zh} for text in self.sentences],
        }  # fmt: skip


def judge(reading: Reading, existing: Mapping[str, pl.DataFrame] = MappingProxyType({})) -> Quality:
    """The quality of a reading; dates, items and shares are of `existing` sales and the new ones together."""
    both = [tables["sales"] for tables in (existing, reading.tables) if "sales" in tables]
    sales = (
        pl.concat(both)
        if both
        else pl.DataFrame(schema={"item": pl.String, "site": pl.String, "at": pl.Datetime("us")})
    )
    days = sales["at"].dt.date()
    selling = days.filter(sales["quantity"] > 0).unique() if sales.height else days
    missing = _missing(selling)
    first, last = (days.min(), days.max()) if sales.height else (None, None)
    return Quality(
        rows_read=sum(mapping.rows for mapping in reading.mappings),
        rows_kept={name: frame.height for name, frame in reading.tables.items()},
        rows_bad=reading.quarantine.select(pl.struct("file", "row").n_unique()).item()
        if reading.quarantine.height
        else 0,
        counts=tuple(reading.counts),
        items=sales["item"].n_unique() if sales.height else 0,
        sites=sales["site"].n_unique() if sales.height else 0,
        first_day=first if isinstance(first, date) else None,
        last_day=last if isinstance(last, date) else None,
        days_missing=len(missing),
        missing_days=tuple(missing[:LISTED].to_list()),
        share_with_price=_share_known(sales, "unit_price"),
        share_with_stock_flag=_share_known(sales, "in_stock"),
        share_suspect=float(sales["suspect"].sum() / sales.height) if sales.height else 0.0,
    )


def _missing(selling: pl.Series) -> pl.Series:
    if not len(selling):
        return pl.Series([], dtype=pl.Date)
    every = pl.select(pl.date_range(pl.lit(selling.min()), pl.lit(selling.max()), "1d")).to_series()
    return every.filter(~every.is_in(selling.implode()))


def _share_known(sales: pl.DataFrame, column: str) -> float:
    return 1.0 - sales[column].null_count() / sales.height if sales.height else 0.0


def _read(quality: Quality) -> Text:
    kept = ", ".join(f"{name} {rows:,}" for name, rows in quality.rows_kept.items())
    return Text(
        f"{quality.rows_read:,} rows read; kept: {kept}; {quality.rows_bad:,} in quarantine ({quality.bad_share:.2%})",
        f"共读取 {quality.rows_read:,} 行；保留：{kept}；隔离 {quality.rows_bad:,} 行（{quality.bad_share:.2%}）",
    )


def _span(quality: Quality) -> Text:
    gaps, gaps_zh = f"{quality.days_missing} days", f"{quality.days_missing} 天"
    return Text(
        f"sales of {quality.items:,} items at {quality.sites:,} sites from {quality.first_day} to {quality.last_day}; "
        f"{gaps} without any sale",
        f"{quality.sites:,} 个仓店、{quality.items:,} 个商品的销售，"
        f"{quality.first_day} 至 {quality.last_day}；其中 {gaps_zh}完全没有销售",
    )


def _known(quality: Quality) -> Text:
    price, stock = quality.share_with_price, quality.share_with_stock_flag
    return Text(
        f"{price:.0%} of sales rows have a price, {stock:.0%} say whether the item was in stock, "
        f"{quality.share_suspect:.2%} are suspect",
        f"{price:.0%} 的销售行有价格，{stock:.0%} 注明是否有货，{quality.share_suspect:.2%} 为可疑行",
    )


def _counted(count: Count) -> Text:
    units = f", {count.units:,.0f} units" if count.units else ""
    units_zh = f"，{count.units:,.0f} 件" if count.units else ""
    return Text(f"{count.text.en} ({count.rows:,} rows{units})", f"{count.text.zh}（{count.rows:,} 行{units_zh}）")
