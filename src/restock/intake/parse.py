"""Text cells to ids, numbers, flags and dates. Every function maps a whole column; what it cannot read becomes null."""

import re
from functools import cache
from typing import NamedTuple

import polars as pl

from restock.intake.synonyms import words

MONEY = r"[¥￥$£€元₩₹\s\u00a0']|(?i:cny|rmb|usd|eur|gbp|hkd|jpy)"
FULL_WIDTH = {chr(0xFF01 + i): chr(0x21 + i) for i in range(94)} | {"\u3000": " ", "−": "-", "–": "-"}
SCAR = r"""^[\s="'`\u{feff}\u{a0}\u{3000}]|[\s"'`\u{a0}\u{3000}]$"""
TIME_UNITS = r"(?i)(business\s*|working\s*|calendar\s*)?(days?|d|天|日|个?工作日)$"
WEEK_UNITS = r"(?i)(weeks?|wks?|w|周|星期)$"


def bare(column: str) -> pl.Expr:
    """A text cell without the scars of exports: `="123"`, quotes, tabs, blanks at the ends."""
    text = pl.col(column).str.strip_chars(" \t\r\n\u00a0\u3000\ufeff")
    return text.str.replace(r'^="?(.*?)"?$', "$1").str.strip_chars("\"'`\t ")


@cache
def missing_pattern() -> str:
    """Cells that say that there is nothing: empty, `-`, `N/A`, ..."""
    return "(?i)^(?:" + "|".join(re.escape(word) for word in words("missing")) + ")$"


def tidy(series: pl.Series) -> pl.Series:
    """Text cells without scars, and null where they say that there is nothing; other types as they are."""
    if series.dtype != pl.String:
        return series
    frame = series.to_frame("x")
    # most columns are clean: one look is five times cheaper than three replacements
    scarred = frame.select(pl.col("x").str.contains(SCAR).any()).item()
    text = bare("x") if scarred else pl.col("x")
    return frame.select(pl.when(~text.str.contains(missing_pattern())).then(text).alias(series.name)).to_series()


def to_text(series: pl.Series) -> pl.Series:
    """Cells as text; whole floats without their `.0`."""
    if series.dtype == pl.String:
        return tidy(series)
    if series.dtype.is_float():
        frame = series.to_frame("x")
        whole = (pl.col("x") == pl.col("x").round()) & (pl.col("x").abs() < 2**53)
        text = (
            pl.when(whole)
            .then(pl.col("x").cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(pl.col("x").cast(pl.String))
        )
        return frame.select(pl.when(pl.col("x").is_finite()).then(text).alias(series.name)).to_series()
    return series.cast(pl.String)


def to_id(series: pl.Series) -> pl.Series:
    """Ids as text. Null where missing and where digits are lost (`1.23457E+18`): an id is never guessed."""
    text = to_text(series)
    if text.str.contains(r"^\d+\.0$").any() and text.drop_nulls().str.contains(r"^\d+(\.0)?$").all():
        text = text.str.strip_suffix(".0")  # a column of whole numbers that went through floats
    frame = text.to_frame("x")
    lost = pl.col("x").str.contains(r"^\d(\.\d+)?[eE]\+\d+$")
    return frame.select(pl.when(~lost).then(pl.col("x")).alias(series.name)).to_series()


def to_number(series: pl.Series, separator: str = ",") -> pl.Series:
    """Numbers in whatever dress: `1,200`, `1.200,50`, `￥8`, `20%` (0.2), `(5)`, `5-`, `8.5折`, `7 days`, `2周`."""
    if series.dtype == pl.Boolean or series.dtype.is_numeric():
        return series.cast(pl.Float64)
    if series.dtype != pl.String:
        return pl.Series(series.name, [None] * len(series), dtype=pl.Float64)
    series = tidy(series)
    quick = series.cast(pl.Float64, strict=False)
    comma = _decimal_comma(series, separator)
    if not comma and quick.null_count() == series.null_count():
        return quick
    distinct = (
        series.drop_nulls().unique().to_frame("raw").with_columns(text=bare("raw")).with_columns(value=_number(comma))
    )
    table = distinct.select("raw", "value")
    return series.to_frame("raw").join(table, on="raw", how="left", maintain_order="left")["value"].rename(series.name)


def _decimal_comma(series: pl.Series, separator: str) -> bool:
    """Whether the comma is this column's decimal point: some cell leaves no other reading."""
    with_comma = series.filter(series.str.contains(",", literal=True).fill_null(value=False)).str.replace_all(MONEY, "")
    if not len(with_comma):
        return False
    thousands = with_comma.str.contains(r"^\(?[-+]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?%?\)?-?$")
    decimal = with_comma.str.contains(r"^\(?[-+]?\d{1,3}(\.\d{3})+,\d+%?\)?-?$|^\(?[-+]?\d+,\d+%?\)?-?$") & ~thousands
    return (
        bool(decimal.any())
        if separator != ";"
        else bool(decimal.any() or not with_comma.str.contains(".", literal=True).any())
    )


def _number(comma: bool) -> pl.Expr:
    text = pl.col("text").str.replace_many(FULL_WIDTH).str.to_lowercase().str.replace_all(MONEY, "")
    week = text.str.contains(WEEK_UNITS)
    text = text.str.replace(TIME_UNITS, "").str.replace(WEEK_UNITS, "").str.replace(r"(pcs|件|个|units?|kg|折|%)$", "")
    digits = (
        text.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True) if comma else _grouped(text)
    )
    digits = digits.str.replace(r"^\((.+)\)$", "-$1").str.replace(r"^(\d.*)-$", "-$1")
    value = digits.cast(pl.Float64, strict=False)
    raw = pl.col("text").str.replace_many(FULL_WIDTH)
    parts = (
        pl.when(raw.str.contains("%", literal=True)).then(100.0).when(raw.str.contains("折", literal=True)).then(10.0)
    )
    return value / parts.otherwise(1.0) * pl.when(week).then(7.0).otherwise(1.0)


def to_share(series: pl.Series) -> pl.Series:
    """A flag or share between 0 and 1: numbers, percents, words such as yes, 否, 有货; null where it is none."""
    if series.dtype == pl.Boolean:
        return series.cast(pl.Float64)
    value = to_number(series)
    if series.dtype != pl.String:
        return value
    text = series.to_frame("x").select(bare("x").str.to_lowercase()).to_series()
    said = pl.select(
        pl.when(text.is_in(list(words("yes")))).then(1.0).when(text.is_in(list(words("no")))).then(0.0).otherwise(value)
    ).to_series()
    return said.rename(series.name)


def _grouped(text: pl.Expr) -> pl.Expr:
    # groups of three, or of two in India; a comma anywhere else is no number
    grouped = text.str.contains(r"^\(?[-+]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?\)?-?$")
    return pl.when(grouped).then(text.str.replace_all(",", "", literal=True)).otherwise(text)


class Days(NamedTuple):
    """Dates and times of a column, and whether `03/04/2026` can be read in two ways that the column does not decide."""

    values: pl.Series
    undecided: int  # cells that could be day-first or month-first
    example: str = ""


def to_time(series: pl.Series, day_first: bool | None = None) -> Days:
    """Dates and times, local as written (a zone at the end is ignored). See tests/intake/test_parse.py for the forms.

    `03/04/2026` is decided by the other cells of the column (first number above 12: day first) or by `day_first`.
    """
    if series.dtype.is_temporal():
        if isinstance(series.dtype, pl.Datetime) and series.dtype.time_zone:
            series = series.dt.replace_time_zone(None)
        return Days(series.cast(pl.Datetime("us")), 0)
    if series.dtype != pl.String:
        series = to_text(series)
    series = tidy(series)
    table = series.drop_nulls().unique().to_frame("raw").with_columns(text=_plain_date())
    slashed = (
        table.filter(pl.col("text").str.contains(SLASHED))
        .select(pl.col("text").str.extract_groups(SLASHED))
        .unnest("text")
    )
    dotted = slashed.height > 0 and not table["text"].str.contains(r"^\d{1,2}[-/]\d{1,2}[-/]").any()
    order = _day_first(slashed, True if dotted and day_first is None else day_first)  # 1.11.2026 is always day first
    table = table.with_columns(value=_times(bool(order)))
    undecided, example = 0, ""
    if order is None and slashed.height:
        unclear = table.filter(pl.col("text").str.contains(SLASHED))
        undecided, example = int(series.is_in(unclear["raw"].implode()).sum()), str(unclear["raw"].sort()[0])
    values = series.to_frame("raw").join(table, on="raw", how="left", maintain_order="left")["value"]
    return Days(values.rename(series.name), undecided, example)


CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{1,2})(?::(?P<s>\d{1,2}))?(?:\.\d+)?\s*(?P<p>[ap]m)?"
ZONE = r"\s*(?:z|utc|gmt|[-+]\d{2}:?\d{2})?"
SLASHED = rf"^(?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})[-/.](?P<y>\d{{4}}|\d{{2}})(?:[ t,]+{CLOCK})?$"
YEAR_FIRST = rf"^(?P<y>\d{{4}})[-/.](?P<a>\d{{1,2}})[-/.](?P<b>\d{{1,2}})(?:[ t]*{CLOCK})?{ZONE}$"
COMPACT = r"^(?P<y>(?:19|20)\d{2})(?P<a>\d{2})(?P<b>\d{2})[t ]?(?:(?P<h>\d{2}):?(?P<m>\d{2}):?(?P<s>\d{2})?)?$"
NAMED = ("%d-%b-%Y", "%b-%d-%Y", "%d-%B-%Y", "%B-%d-%Y")
SERIAL = r"^\d{5}(\.\d+)?$"


def _plain_date() -> pl.Expr:
    text = bare("raw").str.replace_many(FULL_WIDTH).str.to_lowercase()
    text = (
        text.str.replace_all(r"\s*[年月]\s*", "-").str.replace_all(r"\s*[日号]\s*", " ").str.replace_all(r"[时分]", ":")
    )
    text = text.str.replace_all("秒", "").str.replace_all(r"^(mon|tue|wed|thu|fri|sat|sun)[a-z]*[, ]+", "")
    return text.str.replace(r"\s*星期.$|\s*周.$", "").str.strip_chars(" :")


def _day_first(groups: pl.DataFrame, told: bool | None) -> bool | None:
    """True, False, or None where cells could be read in both ways and nothing decides."""
    if not groups.height or told is not None:
        return told
    first, second = groups["a"].cast(pl.Int32), groups["b"].cast(pl.Int32)
    days_first, days_second = bool((first > 12).any()), bool((second > 12).any())
    if days_first != days_second:
        return days_first
    return True if not days_first and bool((first == second).all()) else None


def _parts(regex: str, day_first: bool) -> pl.Expr:
    """One form of date by its named groups: y, a and b (month and day, or day and month), h, m, s, p (am or pm)."""
    groups = pl.col("text").str.extract_groups(regex)
    part = {name: groups.struct.field(name).cast(pl.Int32, strict=False) for name in "yabhms"}
    short = groups.struct.field("y").str.len_chars() == 2
    year = pl.when(short).then(part["y"] + 2000).otherwise(part["y"])
    month, day = (part["b"], part["a"]) if day_first else (part["a"], part["b"])
    text = pl.format("{}-{}-{}", year, month.cast(pl.String).str.zfill(2), day.cast(pl.String).str.zfill(2))
    date = text.str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    hour, minute, second = (part[name].fill_null(0) for name in "hms")
    if "(?P<p>" in regex:
        half = groups.struct.field("p")
        hour = pl.when(half == "pm").then(hour % 12 + 12).when(half == "am").then(hour % 12).otherwise(hour)
    fine = (hour < 24) & (minute < 60) & (second < 60)
    return pl.when(fine).then(date + pl.duration(hours=hour, minutes=minute, seconds=second))


def _times(day_first: bool) -> pl.Expr:
    text = pl.col("text")
    dashed = text.str.replace(r"\s\d{1,2}:\d{2}(:\d{2})?.*$", "").str.replace_all(r"[\s,./-]+", "-")
    dashed = dashed.str.replace(r"^(.*[a-z].*)-(\d{2})$", "${1}-20${2}")
    named = [dashed.str.to_date(form, strict=False).cast(pl.Datetime("us")) for form in NAMED]
    serial = pl.when(text.str.contains(SERIAL)).then(text.cast(pl.Float64, strict=False))
    since_1900 = pl.datetime(1899, 12, 30) + pl.duration(seconds=(serial * 86_400).round())
    seconds = pl.when(text.str.contains(r"^1\d{9}$|^1\d{12}$")).then(text.str.slice(0, 10).cast(pl.Int64, strict=False))
    return pl.coalesce(
        _parts(YEAR_FIRST, day_first=False),
        _parts(COMPACT, day_first=False),
        _parts(SLASHED, day_first),
        pl.when(serial.is_between(20_000, 80_000)).then(since_1900),
        *named,
        pl.from_epoch(seconds, time_unit="s").cast(pl.Datetime("us")),
    )
