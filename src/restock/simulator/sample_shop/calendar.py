"""The shopping year of a Chinese online shop: when everybody buys, and when nobody does."""

from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# first day of the lunar new year
SPRING_FESTIVAL = {
    2020: date(2020, 1, 25),
    2021: date(2021, 2, 12),
    2022: date(2022, 2, 1),
    2023: date(2023, 1, 22),
    2024: date(2024, 2, 10),
    2025: date(2025, 1, 29),
    2026: date(2026, 2, 17),
    2027: date(2027, 2, 6),
    2028: date(2028, 1, 26),
    2029: date(2029, 2, 13),
    2030: date(2030, 2, 3),
    2031: date(2031, 1, 23),
}


class Phase(NamedTuple):
    """A stretch of days around an event's day and what demand is multiplied by, for an item of average response."""

    first: int  # days after the event's day; negative: before
    last: int  # inclusive
    factor: float


class Event(NamedTuple):
    """A day that the whole shop feels, every year."""

    key: str
    name: str
    name_zh: str
    phases: tuple[Phase, ...]
    core: tuple[int, int]  # days of the event itself, as the shop's calendar names them
    presale: tuple[int, int] | None  # days in which customers reserve


DOUBLE_11 = Event(
    "double_11",
    "Double 11",
    "双十一",
    (
        Phase(-18, -12, 1.15),  # presale from 24 October
        Phase(-11, -11, 1.3),
        Phase(-10, -8, 1.6),  # first wave, 1 to 3 November
        Phase(-7, -2, 0.9),
        Phase(-1, -1, 1.6),
        Phase(0, 0, 3.8),
        Phase(1, 1, 1.6),
        Phase(3, 14, 0.82),
    ),
    core=(0, 0),
    presale=(-18, -1),
)
MID_YEAR = Event(
    "618",
    "618",
    "618 年中大促",
    (
        Phase(-25, -19, 1.1),  # presale from 24 May
        Phase(-18, -16, 1.4),  # first wave, 30 May to 2 June
        Phase(-15, -4, 0.95),
        Phase(-3, -1, 1.6),
        Phase(0, 0, 2.8),
        Phase(1, 2, 1.3),
        Phase(4, 12, 0.87),
    ),
    core=(0, 0),
    presale=(-25, -1),
)
BLACK_FRIDAY = Event("black_friday", "Black Friday", "黑色星期五", (Phase(0, 0, 2.2), Phase(1, 3, 1.6)), (0, 3), None)
DOUBLE_12 = Event("double_12", "Double 12", "双十二", (Phase(-1, -1, 1.1), Phase(0, 0, 1.8)), (0, 0), None)
LUNAR_NEW_YEAR = Event(
    "spring_festival",
    "Spring Festival",
    "春节",
    (
        Phase(-24, -15, 1.25),  # people stock up
        Phase(-14, -7, 1.5),
        Phase(-6, -3, 0.8),  # parcels slow down
        Phase(-2, 3, 0.35),
        Phase(4, 6, 0.55),
        Phase(7, 10, 0.85),
    ),
    core=(-1, 6),
    presale=None,
)
EVENTS = (DOUBLE_11, MID_YEAR, BLACK_FRIDAY, DOUBLE_12, LUNAR_NEW_YEAR)
CLOSED = (-3, 8)  # days around the lunar new year on which no supplier delivers


class Calendar(NamedTuple):
    """What is the same for every item."""

    dates: np.ndarray  # datetime64[D] [day]
    weekday: NDArray[np.intp]  # 0 is Monday [day]
    year_part: Floats  # 0 on 1 January, 1 a year later [day]
    logs: Floats  # logarithm of each event's factor [event, day]
    core: NDArray[np.bool_]  # [event, day]
    presale: NDArray[np.bool_]  # any event's presale [day]
    open_day: NDArray[np.intp]  # first day at or after this one on which goods arrive [day + 60]


def event_day(event: Event, year: int) -> date:
    """The event's day in a year."""
    if event is LUNAR_NEW_YEAR:
        return SPRING_FESTIVAL[year]
    if event is BLACK_FRIDAY:  # the day after the fourth Thursday of November
        first = date(year, 11, 1)
        return first + timedelta(days=(3 - first.weekday()) % 7 + 22)
    month, day = {"double_11": (11, 11), "618": (6, 18), "double_12": (12, 12)}[event.key]
    return date(year, month, day)


def draw_calendar(dates: np.ndarray) -> Calendar:
    """Events, weeks and years over these days; nothing here is random."""
    days = len(dates)
    logs, core = np.zeros((len(EVENTS), days)), np.zeros((len(EVENTS), days), bool)
    presale, closed = np.zeros(days, bool), np.zeros(days + 60, bool)
    for row, event, place in places(dates):
        for phase in event.phases:
            logs[row, _clip(place, phase.first, phase.last)] = np.log(phase.factor)
        core[row, _clip(place, *event.core)] = True
        if event.presale:
            presale[_clip(place, *event.presale)] = True
        if event is LUNAR_NEW_YEAR:
            closed[_clip(place, *CLOSED)] = True
    open_day = np.arange(days + 60)
    for t in range(days + 58, -1, -1):
        if closed[t]:
            open_day[t] = open_day[t + 1]
    number = dates.astype(np.int64)  # days since 1970-01-01, a Thursday
    start = dates.astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return Calendar(dates, (number + 3) % 7, (number - start) / 365.25, logs, core, presale, open_day)


def places(dates: np.ndarray) -> list[tuple[int, Event, int]]:
    """Each event near these days: its row in EVENTS, itself, and its day counted from the first of `dates`."""
    first, last = dates[0].astype(date), dates[-1].astype(date)
    years = range(first.year, min(last.year + 1, max(SPRING_FESTIVAL)) + 1)
    return [(row, event, (event_day(event, y) - first).days) for row, event in enumerate(EVENTS) for y in years]


def _clip(place: int, first: int, last: int) -> slice:
    """Days first..last around a place, as far as they are not before day 0."""
    return slice(max(0, place + first), max(0, place + last + 1))
