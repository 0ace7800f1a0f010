from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.intake.parse import to_id, to_number, to_share, to_text, to_time


def column(*cells: object) -> pl.Series:
    return pl.Series("v", list(cells))


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("3", 3.0),
        ("1,200", 1200.0),
        ("1,234,567.89", 1234567.89),
        ("12,34,567", 1234567.0),
        ("￥8.50", 8.5),
        ("¥8", 8.0),
        ("$-3.20", -3.2),
        ("£1,000", 1000.0),
        ("€5", 5.0),
        ("20%", 0.2),
        ("(5)", -5.0),
        ("5-", -5.0),
        ("８５", 85.0),
        ("−4", -4.0),
        ('="44"', 44.0),
        ('"3"', 3.0),
        ("7\t", 7.0),
        ("1 234", 1234.0),
        ("8.5折", 0.85),
        ("7 days", 7.0),
        ("2周", 14.0),
        ("10 天", 10.0),
        ("3 件", 3.0),
        ("1e3", 1000.0),
        ("CNY 12", 12.0),
    ],
)
def test_a_number_is_read_in_any_dress(cell: str, number: float) -> None:
    assert to_number(column(cell, "1")).to_list() == [pytest.approx(number), 1.0]


@pytest.mark.parametrize("cell", ["abc", "1.2.3", "12,5,7", "--5", "five"])
def test_what_is_no_number_is_null(cell: str) -> None:
    assert to_number(column(cell)).to_list() == [None]


@pytest.mark.parametrize("cell", ["", " ", "-", "N/A", "null", "None", "—"])
def test_cells_that_say_nothing_are_missing(cell: str) -> None:
    assert to_number(column(cell)).to_list() == [None]
    assert to_text(column(cell)).to_list() == [None]


def test_one_cell_tells_that_the_comma_is_the_decimal_point() -> None:
    assert to_number(column("1,5", "1.200,75", "3")).to_list() == [1.5, 1200.75, 3.0]
    assert to_number(column("1,200", "1,300")).to_list() == [1200.0, 1300.0]
    assert to_number(column("1,200", "1,300"), separator=";").to_list() == [1.2, 1.3]


@given(st.floats(-1e9, 1e9).map(lambda x: round(x, 4)))
def test_a_number_with_thousands_reads_back(number: float) -> None:
    assert to_number(column(f"{number:,.4f}", "1.5"))[0] == pytest.approx(number, abs=1e-9)


def test_ids_keep_zeros_and_nineteen_digits_and_lost_digits_are_refused() -> None:
    cells = column("00123", '="1234567890123456789"', "1.23457E+18", "85123A\t", "1E10")
    assert to_id(cells).to_list() == ["00123", "1234567890123456789", None, "85123A", "1E10"]


def test_ids_that_went_through_floats_lose_the_point() -> None:
    assert to_id(column(1.0, 22423.0)).to_list() == ["1", "22423"]
    assert to_id(column("1.0", "22423")).to_list() == ["1", "22423"]
    assert to_id(column("1.0", "A-2")).to_list() == ["1.0", "A-2"]  # not a column of numbers: leave it


@pytest.mark.parametrize(
    ("cell", "when"),
    [
        ("2026-11-01", datetime(2026, 11, 1)),
        ("2026/11/1 0:03", datetime(2026, 11, 1, 0, 3)),
        ("20261101", datetime(2026, 11, 1)),
        ("2026年11月1日", datetime(2026, 11, 1)),
        ("2026年11月1日 8时05分", datetime(2026, 11, 1, 8, 5)),
        ("2026.11.1", datetime(2026, 11, 1)),
        ("46327", datetime(2026, 11, 1)),
        ("46327.5", datetime(2026, 11, 1, 12)),
        ("2026-11-01T03:04:05+00:00", datetime(2026, 11, 1, 3, 4, 5)),
        ("2026-11-01 10:00:00 +0800", datetime(2026, 11, 1, 10)),
        ("2026-11-01T10:00:00.123Z", datetime(2026, 11, 1, 10)),
        ("1 Nov 2026", datetime(2026, 11, 1)),
        ("Nov 1, 2026", datetime(2026, 11, 1)),
        ("01-Nov-26", datetime(2026, 11, 1)),
        ("20261101123000", datetime(2026, 11, 1, 12, 30)),
        ("11/11/2026", datetime(2026, 11, 11)),
        ("25.12.2026", datetime(2026, 12, 25)),
        ("12/25/2026 1:05 PM", datetime(2026, 12, 25, 13, 5)),
        ("12/25/2026 12:05 am", datetime(2026, 12, 25, 0, 5)),
    ],
)
def test_a_date_is_read_in_any_form(cell: str, when: datetime) -> None:
    days = to_time(column(cell))
    assert (days.values.to_list(), days.undecided) == ([when], 0)


@pytest.mark.parametrize("cell", ["2026-13-01", "2026-02-30", "sunday", "12", "2026", "2026-11-01 25:00", "99999"])
def test_what_is_no_date_is_null(cell: str) -> None:
    assert to_time(column(cell)).values.to_list() == [None]


def test_forms_and_excel_serials_mix_in_one_column() -> None:
    days = to_time(column("2026-11-01", "2026/11/2", "46329", "2026年11月4日", None)).values
    assert days.dt.day().to_list() == [1, 2, 3, 4, None]


def test_one_cell_above_twelve_decides_day_first() -> None:
    assert to_time(column("3/4/2026", "25/4/2026")).values.dt.month().to_list() == [4, 4]
    assert to_time(column("3/4/2026", "4/25/2026")).values.dt.month().to_list() == [3, 4]
    assert to_time(column("3.4.2026", "5.4.2026")).values.dt.month().to_list() == [4, 4]  # points: always day first


def test_dates_that_nothing_decides_are_reported_not_guessed() -> None:
    days = to_time(column("3/4/2026", "5/4/2026", "2026-04-06"))
    assert (days.undecided, days.example) == (2, "3/4/2026")
    assert to_time(column("3/4/2026"), day_first=True).values.dt.month().to_list() == [4]
    assert to_time(column("25/4/2026"), day_first=False).values.to_list() == [None]


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_every_date_reads_the_same_in_every_form(day: date) -> None:
    chinese = f"{day.year}年{day.month}月{day.day}日"
    cells = [day.isoformat(), f"{day.year}/{day.month}/{day.day}", f"{day:%Y%m%d}", chinese,
             str((day - date(1899, 12, 30)).days)]  # fmt: skip
    assert to_time(column(*cells)).values.dt.date().to_list() == [day] * len(cells)


def test_typed_dates_lose_their_zone_not_their_hour() -> None:
    zoned = pl.Series("v", [datetime(2026, 11, 1, 9)]).dt.replace_time_zone("Asia/Shanghai")
    assert to_time(zoned).values.to_list() == [datetime(2026, 11, 1, 9)]


def test_flags_are_read_in_both_languages() -> None:
    assert to_share(column("yes", "否", "有货", "50%", "0.5", "zzz")).to_list() == [1.0, 0.0, 1.0, 0.5, 0.5, None]
    assert to_share(column(True, False)).to_list() == [1.0, 0.0]
