from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from restock.errors import ConfigError
from restock.intake.calendar import build_calendar


def starts(first: date, periods: int, days: int) -> np.ndarray:
    return np.array([first + timedelta(days * n) for n in range(periods)], "datetime64[D]")


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
