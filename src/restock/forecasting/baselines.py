"""The classical rivals, each a function from what was observed to the mean of the next periods.

Every function forecasts from many origins at once: an origin is the number of periods that may be seen. Shapes are
[origin, series, step]. Periods that were not observed are NaN and skipped.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.history import Floats

Doubles = NDArray[np.float64]
Places = NDArray[np.int64]

CYCLE = {1: 7, 7: 52}  # periods, by days of a period
CYCLES_BACK = {1: 8, 7: 3}
MOVING = {1: 28, 7: 8}  # periods of the moving average
VELOCITY = {1: ((7, 0.5), (14, 0.3), (30, 0.2)), 7: ((2, 0.5), (4, 0.3), (8, 0.2))}  # planners' usual weights
LEVEL_RATES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5)  # of exponential smoothing, tried on each series
CROSTON_RATE = 0.1
SBA = 1 - CROSTON_RATE / 2  # Syntetos and Boylan (2005), International Journal of Forecasting 21, 303-314
ETS_RATES = tuple(
    (level, trend, season) for level in (0.05, 0.1, 0.3) for trend in (0.0, 0.05) for season in (0.05, 0.2)
)
DAMPING = 0.9
LEAN = 20.0  # units on a weekday with which a series' own week counts as much as that of all


class Observed(NamedTuple):
    """What local methods look at."""

    demand: Floats  # units, NaN where not observed [series, period]
    period_days: int


Baseline = Callable[[Observed, Places, int], Doubles]


def seasonal_naive(seen: Observed, origins: Places, h: int) -> Doubles:
    """The latest value of the same weekday, or of the same week a year ago; where there is none, the last value."""
    last = _last_value(seen.demand)
    return _by_origin(origins, lambda t: _first_known(_same_season(seen, t, h), last[:, t]))


def seasonal_mean(seen: Observed, origins: Places, h: int) -> Doubles:
    """Mean of the same weekday in eight weeks; of weeks, of the same three weeks in the years before."""
    usual = _means(seen.demand, origins, MOVING[seen.period_days])

    def at(t: int) -> Doubles:
        values = _same_season(seen, t, h)
        if seen.period_days == 7:
            values = np.concatenate([values, _same_season(seen, t, h, -1), _same_season(seen, t, h, 1)], axis=2)
        count = (~np.isnan(values)).sum(axis=2)
        mean = np.nansum(values, axis=2) / np.maximum(count, 1)
        return np.where(count > 0, mean, usual[np.searchsorted(origins, t)][:, None])

    return _by_origin(origins, at)


def moving_average(seen: Observed, origins: Places, h: int) -> Doubles:
    """Mean of the last 28 days, or 8 weeks."""
    return _flat(_means(seen.demand, origins, MOVING[seen.period_days]), h)


def weighted_velocity(seen: Observed, origins: Places, h: int) -> Doubles:
    """Sales per day as planners reckon it: half the last week, 30 % the last two weeks, 20 % the last month."""
    parts = [weight * _means(seen.demand, origins, window) for window, weight in VELOCITY[seen.period_days]]
    return _flat(np.sum(parts, axis=0), h)


def ses(seen: Observed, origins: Places, h: int) -> Doubles:
    """Simple exponential smoothing, l <- l + a (y - l); per series the rate with the least squared error so far."""
    rates = np.array(LEVEL_RATES)[:, None]
    demand = seen.demand.astype(np.float64)
    level = np.tile(_first_value(demand), (len(rates), 1))
    squares, found = np.zeros_like(level), np.zeros((len(origins), demand.shape[0]))
    for t in range(demand.shape[1] + 1):
        for place in np.flatnonzero(origins == t):
            found[place] = _best(level, squares)
        if t == demand.shape[1]:
            break
        there = ~np.isnan(demand[:, t])
        miss = np.where(there, demand[:, t] - level, 0.0)
        squares += miss**2
        level = level + rates * miss
    return _flat(found, h)


def croston_sba(seen: Observed, origins: Places, h: int) -> Doubles:
    """Croston's mean size / mean interval of demands, less the bias of the quotient: x (1 - a / 2)."""
    size, interval, _ = _intermittent(seen.demand, origins)
    return _flat(np.where(size > 0, SBA * size / np.maximum(interval, 1.0), 0.0), h)


def tsb(seen: Observed, origins: Places, h: int) -> Doubles:
    """Size x chance of a demand, the chance falling with every period without (Teunter, Syntetos and Babai 2011)."""
    size, _, chance = _intermittent(seen.demand, origins)
    return _flat(size * chance, h)


def ets(seen: Observed, origins: Places, h: int) -> Doubles:
    """Level, damped trend and additive week (Holt and Winters); the rates with the least squared error so far.

    l' = a (y - s) + (1 - a)(l + p b), b' = c (l' - l) + (1 - c) p b, s' = g (y - l - p b) + (1 - g) s, with p = 0.9.
    Weeks have no season here: a year is rarely seen twice.
    """
    demand = seen.demand.astype(np.float64)
    cycle = 7 if seen.period_days == 1 else 1
    rates = np.array(ETS_RATES)[:, :, None]
    alpha, beta, gamma = rates[:, 0], rates[:, 1], rates[:, 2] * (cycle > 1)
    first_level, first_season = _starting_season(demand, cycle)
    level = np.tile(first_level, (len(rates), 1))
    trend, season = np.zeros_like(level), np.tile(first_season, (len(rates), 1, 1))
    squares, found = np.zeros_like(level), np.zeros((len(origins), demand.shape[0], h))
    damped = np.cumsum(DAMPING ** np.arange(1, h + 1))
    for t in range(demand.shape[1] + 1):
        for place in np.flatnonzero(origins == t):
            best = np.argmin(squares, axis=0)
            rows = np.arange(demand.shape[0])
            weeks = season[best, rows][:, (t + np.arange(h)) % cycle]
            found[place] = level[best, rows][:, None] + trend[best, rows][:, None] * damped + weeks
        if t == demand.shape[1]:
            break
        there = ~np.isnan(demand[:, t])
        y, week = np.where(there, demand[:, t], 0.0), season[:, :, t % cycle]
        ahead = level + DAMPING * trend
        squares += np.where(there, (y - ahead - week) ** 2, 0.0)
        risen = np.where(there, alpha * (y - week) + (1 - alpha) * ahead, ahead)
        trend = np.where(there, beta * (risen - level) + (1 - beta) * DAMPING * trend, DAMPING * trend)
        season[:, :, t % cycle] = np.where(there, gamma * (y - ahead) + (1 - gamma) * week, week)
        level = risen
    return np.maximum(found, 0.0)


def median_ensemble(seen: Observed, origins: Places, h: int) -> Doubles:
    """Median of seasonal mean, ETS, and velocity, smoothing and TSB of demand without its week: nothing to tune."""
    if seen.period_days == 7:
        members = [member(seen, origins, h) for member in (seasonal_mean, weighted_velocity, ses, tsb, ets)]
        return np.median(members, axis=0)
    week = _week(seen.demand)
    level = Observed((seen.demand / week[:, np.arange(seen.demand.shape[1]) % 7]).astype(np.float32), 1)
    again = np.stack([week[:, (t + np.arange(h)) % 7] for t in origins])
    members = [member(seen, origins, h) for member in (seasonal_mean, ets)]
    members += [member(level, origins, h) * again for member in (weighted_velocity, ses, tsb)]
    return np.median(members, axis=0)


BASELINES: dict[str, Baseline] = {
    "seasonal_naive": seasonal_naive,
    "seasonal_mean": seasonal_mean,
    "moving_average": moving_average,
    "weighted_velocity": weighted_velocity,
    "ses": ses,
    "croston_sba": croston_sba,
    "tsb": tsb,
    "ets": ets,
    "median_ensemble": median_ensemble,
}


def _by_origin(origins: Places, at: Callable[[int], NDArray[np.floating]]) -> Doubles:
    return np.stack([at(int(t)) for t in origins]).astype(np.float64)


def _flat(mean: Doubles, h: int) -> Doubles:
    return np.repeat(mean[:, :, None], h, axis=2)


def _same_season(seen: Observed, t: int, h: int, shift: int = 0) -> Floats:
    """Values whole cycles before each of the next periods, the latest first, else NaN. [series, h, cycle]"""
    cycle = CYCLE[seen.period_days]
    back = (np.arange(h) // cycle + 1)[:, None] + np.arange(CYCLES_BACK[seen.period_days])
    columns = t + np.arange(h)[:, None] - cycle * back + shift
    inside = (columns >= 0) & (columns < t)
    return np.where(inside, seen.demand[:, np.clip(columns, 0, seen.demand.shape[1] - 1)], np.nan)


def _first_known(values: Floats, otherwise: NDArray[np.floating]) -> Floats:
    """The first that is not NaN along the last axis."""
    there = ~np.isnan(values)
    first = np.take_along_axis(values, there.argmax(axis=2)[:, :, None], axis=2)[:, :, 0]
    return np.where(there.any(axis=2), first, otherwise[:, None]).astype(np.float32)


def _last_value(demand: Floats) -> Floats:
    """The last value before each period, 0 before the first. [series, period + 1]"""
    columns = np.where(~np.isnan(demand), np.arange(demand.shape[1]), -1)
    last = np.maximum.accumulate(np.pad(columns, ((0, 0), (1, 0)), constant_values=-1), axis=1)
    value = np.take_along_axis(demand, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, value, 0.0).astype(np.float32)


def _first_value(demand: Doubles) -> Doubles:
    there = ~np.isnan(demand)
    first = np.take_along_axis(demand, there.argmax(axis=1)[:, None], axis=1)[:, 0]
    return np.where(there.any(axis=1), first, 0.0)


def _means(demand: Floats, origins: Places, window: int) -> Doubles:
    """Mean of the observed of the last `window` periods; if none, the last value. [origin, series]"""
    there = ~np.isnan(demand)
    total = np.cumsum(np.pad(np.where(there, demand, 0.0), ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    count = np.cumsum(np.pad(there, ((0, 0), (1, 0))), axis=1)
    begin = np.maximum(origins - window, 0)
    number = count[:, origins] - count[:, begin]
    mean = (total[:, origins] - total[:, begin]) / np.maximum(number, 1)
    return np.where(number > 0, mean, _last_value(demand)[:, origins]).T


def _best(values: Doubles, squares: Doubles) -> Doubles:
    return np.take_along_axis(values, squares.argmin(axis=0)[None], axis=0)[0]


def _intermittent(demand: Floats, origins: Places) -> tuple[Doubles, Doubles, Doubles]:
    """Smoothed size and interval of demands, and chance of one in a period. [origin, series]"""
    series = demand.shape[0]
    size, interval, chance = np.zeros(series), np.zeros(series), np.full(series, np.nan)
    since = np.zeros(series)
    found = np.zeros((3, len(origins), series))
    for t in range(demand.shape[1] + 1):
        for place in np.flatnonzero(origins == t):
            found[:, place] = size, interval, np.nan_to_num(chance)
        if t == demand.shape[1]:
            break
        y = demand[:, t]
        there, busy = ~np.isnan(y), np.nan_to_num(y) > 0
        since = since + there
        fresh = busy & (size == 0)
        size = np.where(fresh, y, np.where(busy, size + CROSTON_RATE * (y - size), size))
        interval = np.where(fresh, since, np.where(busy, interval + CROSTON_RATE * (since - interval), interval))
        began = np.where(np.isnan(chance), busy, chance + CROSTON_RATE * (busy - chance))
        chance = np.where(there, began, chance)
        since = np.where(busy, 0.0, since)
    return found[0], found[1], found[2]


def _starting_season(demand: Doubles, cycle: int) -> tuple[Doubles, Doubles]:
    """Level and season of the first four cycles. [series], [series, cycle]"""
    first = demand[:, : 4 * cycle] if cycle > 1 else demand[:, :4]
    first = np.pad(first, ((0, 0), (0, -first.shape[1] % cycle)), constant_values=np.nan)
    there = ~np.isnan(first)
    count = there.sum(axis=1)
    level = np.where(count > 0, np.nansum(first, axis=1) / np.maximum(count, 1), _first_value(demand))
    gap = np.where(there, first - level[:, None], 0.0).reshape(len(demand), -1, cycle)
    number = there.reshape(len(demand), -1, cycle).sum(axis=1)
    return level, gap.sum(axis=1) / np.maximum(number, 1) if cycle > 1 else np.zeros((len(demand), 1))


def _week(demand: Floats) -> Doubles:
    """Demand of each place in the week over its mean, of the last eight weeks; rare sellers lean on all. [series, 7]"""
    begin = max(demand.shape[1] - 56, 0)
    recent, place = demand[:, begin:], np.arange(begin, demand.shape[1]) % 7
    there = ~np.isnan(recent)
    units = np.stack([np.nansum(np.where(place == d, recent, 0.0), axis=1) for d in range(7)], axis=1, dtype=np.float64)
    days = np.stack([(there & (place == d)).sum(axis=1) for d in range(7)], axis=1)
    shared = units.sum(axis=0) / np.maximum(days.sum(axis=0), 1)
    shared = shared / shared.mean() if shared.mean() > 0 else np.ones(7)
    level = units.sum(axis=1, keepdims=True) / np.maximum((days * shared).sum(axis=1, keepdims=True), 1e-9)
    week = (units + LEAN * shared) / (level * days + LEAN)
    return np.clip(week / week.mean(axis=1, keepdims=True), 0.1, 5.0)
