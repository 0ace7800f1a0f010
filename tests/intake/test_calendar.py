from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from restock.errors import ConfigError
from restock.intake.calendar import build_calendar, festivals, lunar_new_year

# Hong Kong Observatory, Gregorian-Lunar Calendar Conversion Tables
LUNAR_NEW_YEARS = {
    2015: (2, 19),
    2016: (2, 8),
    2017: (1, 28),
    2018: (2, 16),
    2019: (2, 5),
    2020: (1, 25),
    2021: (2, 12),
    2022: (2, 1),
    2023: (1, 22),
    2024: (2, 10),
    2025: (1, 29),
    2026: (2, 17),
    2027: (2, 6),
    2028: (1, 26),
    2029: (2, 13),
    2030: (2, 3),
}


def starts(first: date, periods: int, days: int) -> np.ndarray:
    return np.array([first + timedelta(days * n) for n in range(periods)], "datetime64[D]")


@pytest.mark.parametrize("year", LUNAR_NEW_YEARS)
def test_spring_festival_is_on_the_right_day(year: int):
    assert lunar_new_year(year) == date(year, *LUNAR_NEW_YEARS[year])


def test_black_friday_follows_the_fourth_thursday():
    found = {year: festivals(year)["black_friday"][0] for year in (2011, 2018, 2024, 2026)}
    # 2018 and 2024 begin November on a Thursday and a Friday: the two ends of the range
    assert found == {
        2011: date(2011, 11, 25),
        2018: date(2018, 11, 23),
        2024: date(2024, 11, 29),
        2026: date(2026, 11, 27),
    }
    assert festivals(2026)["cyber_monday"][0] == date(2026, 11, 30)


def test_a_week_holds_the_share_of_its_days():
    values, names = build_calendar(starts(date(2026, 11, 2), 3, 7), 7)
    shares = dict(zip(names, values.T.tolist(), strict=True))
    # Monday 9 November is the last day of the presale; the peak is Tuesday and Wednesday
    assert shares["double_11_presale"] == pytest.approx([1, 1 / 7, 0])
    assert shares["double_11"] == pytest.approx([0, 2 / 7, 0])
    assert "black_friday" not in shares


def test_holidays_are_those_of_the_country():
    values, names = build_calendar(starts(date(2024, 9, 30), 7, 1), 1, "CN")
    assert names == ("holiday",)
    assert values[:, 0].tolist() == [0, 1, 1, 1, 1, 0, 0] or values[:, 0].tolist()[1:4] == [1, 1, 1]
    british, _ = build_calendar(starts(date(2024, 12, 23), 7, 1), 1, "gb")
    assert british[:, 0].tolist()[2:4] == [1, 1]


def test_the_shops_own_events_may_cross_the_edges():
    events = pl.DataFrame(
        {
            "name": ["fair", "fair", "opening"],
            "start": [date(2026, 1, 30), date(2026, 2, 8), date(2020, 1, 1)],
            "end": [date(2026, 2, 2), date(2026, 3, 30), date(2020, 1, 2)],
        }
    )
    values, names = build_calendar(starts(date(2026, 2, 1), 10, 1), 1, "", events)
    assert dict(zip(names, values.T.tolist(), strict=True))["fair"] == [1, 1, 0, 0, 0, 0, 0, 1, 1, 1]
    assert "opening" not in names


def test_what_never_varies_is_left_out():
    values, names = build_calendar(starts(date(2026, 8, 3), 4, 7), 7)
    assert names == ()
    assert values.shape == (4, 0)
    assert values.dtype == np.float32


def test_an_unknown_country_is_an_error_with_a_hint():
    with pytest.raises(ConfigError, match="no public holidays are known for `XX`") as error:
        build_calendar(starts(date(2026, 2, 1), 10, 1), 1, "XX")
    assert "ISO" in error.value.hint.en
