"""Festivals on the right days, and a shop's own."""

from datetime import date

import pytest

from restock.errors import ConfigError
from restock.events import FILE, easter, festivals, find_day, lunar_day, parse_events, read_events, shipped_events

# Hong Kong Observatory, Gregorian-Lunar Calendar Conversion Tables
LUNAR_NEW_YEARS = {
    2015: (2, 19), 2016: (2, 8), 2017: (1, 28), 2018: (2, 16), 2019: (2, 5), 2020: (1, 25), 2021: (2, 12),
    2022: (2, 1), 2023: (1, 22), 2024: (2, 10), 2025: (1, 29), 2026: (2, 17), 2027: (2, 6), 2028: (1, 26),
    2029: (2, 13), 2030: (2, 3),
}  # fmt: skip
MID_AUTUMN = {
    2020: (10, 1), 2021: (9, 21), 2022: (9, 10), 2023: (9, 29), 2024: (9, 17), 2025: (10, 6), 2026: (9, 25),
    2027: (9, 15), 2028: (10, 3), 2029: (9, 22), 2030: (9, 12),
}  # fmt: skip
DRAGON_BOAT = {
    2020: (6, 25), 2021: (6, 14), 2022: (6, 3), 2023: (6, 22), 2024: (6, 10), 2025: (5, 31), 2026: (6, 19),
    2027: (6, 9), 2028: (5, 28), 2029: (6, 16), 2030: (6, 5),
}  # fmt: skip


def days(name, year, country=""):
    return festivals(shipped_events(), [year], country).get(name)


@pytest.mark.parametrize("year", LUNAR_NEW_YEARS)
def test_spring_festival_is_on_the_right_day(year):
    assert lunar_day("lunar-01-01", year) == date(year, *LUNAR_NEW_YEARS[year])


@pytest.mark.parametrize("year", MID_AUTUMN)
def test_other_lunar_festivals_are_on_the_right_day(year):
    assert days("mid_autumn", year) == [(date(year, *MID_AUTUMN[year]),) * 2]
    assert find_day("lunar-05-05", year) == date(year, *DRAGON_BOAT[year])
    ((qixi, _),) = days("qixi", year)
    assert 37 <= (date(year, *MID_AUTUMN[year]) - qixi).days <= 38  # 7/7 to 8/15: a lunar month has 29 or 30 days


def test_black_friday_follows_the_fourth_thursday():
    found = {year: days("black_friday", year)[0][0] for year in (2011, 2018, 2024, 2026)}
    # 2018 and 2024 begin November on a Thursday and a Friday: the two ends of the range
    assert found == {
        2011: date(2011, 11, 25),
        2018: date(2018, 11, 23),
        2024: date(2024, 11, 29),
        2026: date(2026, 11, 27),
    }
    assert days("cyber_monday", 2026)[0][0] == date(2026, 11, 30)


# United States Naval Observatory, dates of Easter
@pytest.mark.parametrize("day", ["2019-04-21", "2024-03-31", "2025-04-20", "2026-04-05", "2038-04-25", "1961-04-02"])
def test_easter_is_on_the_right_day(day):
    assert str(easter(int(day[:4]))) == day


def test_double_11_has_a_presale_and_prime_day_its_yearly_days():
    assert days("double_11_presale", 2025) == [(date(2025, 10, 21), date(2025, 11, 9))]
    assert days("double_11", 2025) == [(date(2025, 11, 10), date(2025, 11, 11))]
    assert days("prime_day", 2025) == [(date(2025, 7, 8), date(2025, 7, 11))]
    assert days("prime_day", 2031) is None  # not announced: not guessed
    assert days("double_12", 2027) == [(date(2027, 12, 12),) * 2]


def test_a_festival_is_held_where_it_is_held():
    assert days("618", 2026, "us") is None
    assert days("thanksgiving", 2026, "US") == [(date(2026, 11, 23), date(2026, 11, 26))]
    assert days("black_friday", 2026, "PL") is not None


def test_every_shipped_festival_is_named_in_both_languages_and_ends_after_it_begins():
    for event in shipped_events():
        assert event.title.en
        assert any("\u4e00" <= letter <= "\u9fff" for letter in event.title.zh) or event.name in ("618",)
        for year in range(2020, 2031):
            if (span := event.span(year)) is not None:
                assert span[0] <= span[1], event.name


def test_a_shops_own_file_adds_and_replaces(tmp_path):
    assert read_events(tmp_path) == shipped_events()
    text = "name,year,start,end\nanniversary,,05-tue-2 -1,05-tue-2\nprime_day,2026,2026-07-14,2026-07-15\n"
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    found = festivals(read_events(tmp_path), [2025, 2026])
    assert found["anniversary"] == [
        (date(2025, 5, 12), date(2025, 5, 13)),
        (date(2026, 5, 11), date(2026, 5, 12)),
    ]
    assert found["prime_day"] == [(date(2026, 7, 14), date(2026, 7, 15))]
    assert "christmas" in found


@pytest.mark.parametrize(
    ("line", "said"),
    [("fair,,someday,11-11", "`someday` in column `start`"), ("fair,next,11-11,11-11", "`next` in column `year`"),
     (",,11-11,11-11", "line 2: `` in column `name`"), ("fair,,11-11,11-xyz-1", "in column `end`")],
)  # fmt: skip
def test_a_wrong_line_is_named(line, said):
    with pytest.raises(ConfigError, match=said) as error:
        parse_events(f"name,year,start,end\n{line}\n", "events.csv")
    assert "11-thu-4" in error.value.hint.en
