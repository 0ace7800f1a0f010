"""Shopping festivals: when they are, from `events.csv` and the shop's own file of the same form.

A row is a rule for every year, or the days of one year. Days are `11-11`, `2025-07-08`, `11-thu-4` (the fourth Thursday
of November), `easter`, or `lunar-01-01`; ` +3` and ` -21` behind it move by days.
"""

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path

import holidays

from restock.errors import ConfigError
from restock.language import Text

FILE = "events.csv"
COLUMNS = ("name", "region", "year", "start", "end", "en", "zh")
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LUNAR = {  # how the public holidays of China call the days of the lunar year that rules may name
    "lunar-01-01": "Chinese New Year (Spring Festival)",
    "lunar-05-05": "Dragon Boat Festival",
    "lunar-08-15": "Mid-Autumn Festival",
}
DAY = re.compile(
    r"(?:(?P<fixed>\d\d-\d\d)|(?P<date>\d{4}-\d\d-\d\d)|(?P<nth>\d\d-[a-z]{3}-\d)|(?P<word>[a-z][a-z0-9-]*))"
    r"(?: (?P<move>[+-]\d+))?"
)

Span = tuple[date, date]  # first and last day


@dataclass(frozen=True)
class Event:
    """A festival by its rule, or its days in one year."""

    name: str
    regions: tuple[str, ...]  # ISO codes of countries; empty: everywhere
    year: int | None  # none: every year
    start: str
    end: str
    title: Text

    def span(self, year: int) -> Span | None:
        """First and last day in a year; none where it is not held, or its day is not known."""
        if self.year not in (None, year):
            return None
        start, end = find_day(self.start, year), find_day(self.end, year)
        return None if start is None or end is None else (start, end)


def shipped_events() -> tuple[Event, ...]:
    """The festivals that everybody knows."""
    return _shipped()


def read_events(folder: Path) -> tuple[Event, ...]:
    """Shipped festivals and those of the shop's own `events.csv`, which replaces all rows of the names that it has.

    Raises:
        ConfigError: a line is wrong; names line and column.
    """
    path = folder / FILE
    if not path.is_file():
        return shipped_events()
    own = parse_events(path.read_text(encoding="utf-8-sig"), str(path))
    names = {event.name for event in own}
    return (*(event for event in shipped_events() if event.name not in names), *own)


def parse_events(text: str, source: str) -> tuple[Event, ...]:
    """Read the lines of a file.

    Raises:
        ConfigError: a line is wrong; names line and column.
    """
    rows = list(csv.DictReader(text.splitlines()))
    if rows and (missing := [name for name in ("name", "start", "end") if name not in rows[0]]):
        raise _wrong(source, 1, missing[0], "")
    return tuple(_event(source, line, row) for line, row in enumerate(rows, start=2))


def festivals(events: Iterable[Event], years: Iterable[int], country: str = "") -> Mapping[str, list[Span]]:
    """Days of each festival in some years, by name; of one country, or of all where none is given."""
    found: dict[str, list[Span]] = {}
    wanted = tuple(years)
    for event in events:
        if country and event.regions and country.upper() not in event.regions:
            continue
        spans = [span for year in wanted if (span := event.span(year)) is not None]
        if spans:
            found.setdefault(event.name, []).extend(spans)
    return found


def find_day(rule: str, year: int) -> date | None:
    """The day of a rule in a year; none where the lunar calendar does not reach.

    Raises:
        ValueError: this is no rule.
    """
    found = DAY.fullmatch(rule.strip())
    if found is None:
        raise ValueError(rule)
    anchor = _anchor(found, year)
    return None if anchor is None else anchor + timedelta(int(found["move"] or 0))


def _anchor(found: re.Match[str], year: int) -> date | None:
    if found["date"]:
        return date.fromisoformat(found["date"])
    if found["fixed"]:
        month, day = map(int, found["fixed"].split("-"))
        return date(year, month, min(day, 28)) if (month, day) == (2, 29) else date(year, month, day)
    if found["nth"]:
        month, weekday, number = found["nth"].split("-")
        first = date(year, int(month), 1)
        return first + timedelta((WEEKDAYS.index(weekday) - first.weekday()) % 7 + 7 * (int(number) - 1))
    if found["word"] == "easter":
        return easter(year)
    if found["word"] in LUNAR:
        return lunar_day(found["word"], year)
    raise ValueError(found[0])


@cache
def lunar_day(name: str, year: int) -> date | None:
    """A day of the Chinese lunar year that begins in `year`; none where the calendar does not reach."""
    known = holidays.country_holidays("CN", years=year, language="en_US")
    days = [day for day, said in known.items() if LUNAR[name] in said and "observed" not in said]
    return min(days, default=None)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (Meeus 1991, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 19 * m) // 433
    month = (h + m - 7 * n + 90) // 25
    return date(year, month, (h + m - 7 * n + 33 * month + 19) % 32)


@cache
def _shipped() -> tuple[Event, ...]:
    return parse_events(files("restock").joinpath(FILE).read_text(encoding="utf-8"), FILE)


def _event(source: str, line: int, row: Mapping[str, str | None]) -> Event:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not cells["name"]:
        raise _wrong(source, line, "name", "")
    if cells["year"] and not cells["year"].isdigit():
        raise _wrong(source, line, "year", cells["year"])
    for name in ("start", "end"):
        try:
            find_day(cells[name], 2024)
        except ValueError:
            raise _wrong(source, line, name, cells[name]) from None
    return Event(
        cells["name"],
        tuple(cells["region"].upper().split()),
        int(cells["year"]) if cells["year"] else None,
        cells["start"],
        cells["end"],
        Text(cells["en"] or cells["name"], cells["zh"] or cells["en"] or cells["name"]),
    )


def _wrong(source: str, line: int, column: str, cell: str) -> ConfigError:
    return ConfigError(
        Text(
            f"`{source}`, line {line}: `{cell}` in column `{column}`",
            f"`{source}` 第 {line} 行：`{column}` 列的 `{cell}`",
        ),
        hint=Text(
            "a day is `11-11`, `2025-07-08`, `11-thu-4`, `easter` or `lunar-01-01`, and may be moved: `easter -2`",
            "日期写作 `11-11`、`2025-07-08`、`11-thu-4`、`easter` 或 `lunar-01-01`，可加减天数：`easter -2`",
        ),
    )
