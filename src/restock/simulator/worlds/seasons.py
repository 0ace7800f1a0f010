"""Parts of the mean that the calendar and the shop bring: logarithms of factors. [row, period]"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.worlds.draws import Floats, Rng, chosen, evenly, in_logs, normal
from restock.simulator.worlds.prior import DemandPrior
from restock.simulator.worlds.shapes import NOTHING

YEAR = 365.25  # days
FADE = np.float32(0.5)  # of an event's length, in which its echo falls to 37 %


class Calendar(NamedTuple):
    """Where in week and year a row starts."""

    period_days: NDArray[np.int32]  # 1 or 7 [row]
    weekday: NDArray[np.int32]  # of period 0, where a period is a day [row]
    year_part: Floats  # place of period 0 in its year, 0 to 1 [row]

    @property
    def year(self) -> Floats:
        """Periods in a year. [row]"""
        return (YEAR / self.period_days).astype(np.float32)

    def rows(self, index: NDArray[np.intp]) -> "Calendar":
        """Only some rows."""
        return Calendar(self.period_days[index], self.weekday[index], self.year_part[index])


class Planned(NamedTuple):
    """A part and what the shop could have known of it ahead."""

    log: Floats  # [row, period]
    on: NDArray[np.bool_]  # where it takes place [row, period]
    price: Floats  # price / usual price [row, period]


def draw_calendar(rng: Rng, prior: DemandPrior, count: int) -> Calendar:
    """Days or weeks, starting anywhere."""
    period_days = np.where(chosen(rng, prior.days, count), 1, 7).astype(np.int32)
    return Calendar(period_days, rng.integers(0, 7, count, np.int32), rng.random(count, np.float32))


def weeks(rng: Rng, prior: DemandPrior, calendar: Calendar, periods: int) -> Floats:
    """A factor for each weekday, mean 1; Saturday and Sunday share half of their spread; some shops close."""
    count = len(calendar.weekday)
    log = normal(rng, (count, 7))
    log[:, 5:] += normal(rng, (count, 1))
    log *= in_logs(rng, prior.week, (count, 1))
    closed = chosen(rng, prior.closed, count)[:, None] & (np.arange(7) >= rng.integers(5, 7, (count, 1)))
    log[closed] = NOTHING
    log -= np.log(np.exp(log).mean(1, keepdims=True))
    return np.take_along_axis(log, (calendar.weekday[:, None] + np.arange(periods)) % 7, 1)


def years(rng: Rng, prior: DemandPrior, calendar: Calendar, periods: int) -> Floats:
    """A wave over the year and its first overtone."""
    part = calendar.year_part[:, None] + np.arange(periods, dtype=np.float32) / calendar.year[:, None]
    high = in_logs(rng, prior.year, (len(part), 1))
    turn, second = rng.random((2, len(part), 1), np.float32)
    angle = np.float32(2 * np.pi) * (part + turn)
    return high * (np.sin(angle) + evenly(rng, (0, 0.6), second.shape) * np.sin(2 * angle + second * 6))


def cycles(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """A wave of any length, which no calendar names."""
    length, turn = in_logs(rng, prior.cycle_length, (count, 1)), rng.random((count, 1), np.float32)
    angle = np.float32(2 * np.pi) * (np.arange(periods, dtype=np.float32) / length + turn)
    return in_logs(rng, prior.cycle, (count, 1)) * np.sin(angle)


def events(rng: Rng, prior: DemandPrior, calendar: Calendar, periods: int) -> Planned:
    """One to three peaks a year, each with a dip after it; every event happens at least once in the window."""
    count, t = len(calendar.weekday), np.arange(periods, dtype=np.float32)
    log, on = np.zeros((count, periods), np.float32), np.zeros((count, periods), bool)
    year = np.rint(calendar.year)[:, None]
    for number in range(3):
        there = (chosen(rng, 0.5, count) if number else np.ones(count, bool))[:, None]
        high, echo = evenly(rng, prior.event, (count, 1)), evenly(rng, prior.echo, (count, 1))
        length = np.floor(evenly(rng, prior.event_length, (count, 1)))
        place = np.floor(rng.random((count, 1), np.float32) * np.minimum(year, periods))
        since = t - place
        since -= year * np.floor(since / year)
        happens = (since < length) & there
        log += high * happens - _echo(since - length, high * echo * there, length)
        on |= happens
    return Planned(log, on, np.ones_like(log))


def promotions(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Planned:
    """Price cuts that come back, some left out; customers who stocked up are missing afterwards."""
    every = np.floor(evenly(rng, prior.promotion_every, (count, 1)))
    length = np.minimum(np.floor(evenly(rng, prior.promotion_length, (count, 1))), np.ceil(every / 2))
    clock = np.arange(periods, dtype=np.float32) + np.floor(rng.random((count, 1), np.float32) * every)
    number = np.floor(clock / every)
    since = clock - number * every
    most = int(np.ceil(periods / prior.promotion_every[0])) + 2
    held = rng.random((count, most), np.float32) >= evenly(rng, prior.skipped, (count, 1))
    held = np.take_along_axis(held, number.astype(np.intp), 1)
    cut = evenly(rng, prior.discount, (count, 1))
    high = -evenly(rng, prior.elasticity, (count, 1)) * np.log1p(-cut)
    on = held & (since < length)
    echo = _echo(since - length, high * evenly(rng, prior.echo, (count, 1)), length) * held
    return Planned(high * on - echo, on, 1 - cut * on)


def _echo(after: Floats, depth: Floats, length: Floats) -> Floats:
    """A dip that fades, from the first period after the end."""
    return np.where(after >= 0, depth * np.exp(-np.maximum(after, 0) / (FADE * length)), np.float32(0))
