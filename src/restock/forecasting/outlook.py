"""A simple forecast for every item and period at once, made from what came before.

Column t of every array is what was known before period t; there is one column more than the history has periods, for
the period that is decided next. Level by exponential smoothing, season from the item's group: days of the week, and
the same weeks a year ago once there is a year.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.simulator.history import Floats, History

WINDOWS = {1: (3, 7, 14, 28, 56), 7: (2, 4, 8, 13, 26)}  # periods of `Known.averages`, by days in a period
SCALE_WINDOW = {1: 28, 7: 13}
SMALLEST_SCALE = 0.3  # units per period
SMOOTHING = {1: 0.1, 7: 0.2}  # of the level, per period
PRICE_WINDOW = {1: 28, 7: 8}
ERROR_SMOOTHING = {1: 0.05, 7: 0.1}
YEAR = 52  # weeks
SEASON_WEEKS = 8  # the recent stretch that the season is relative to


@dataclass(frozen=True)
class Outlook:
    """[item, period + 1] arrays; `averages` has a last axis of windows."""

    scale: Floats  # units per period
    averages: Floats  # units per period
    lead_demand: Floats  # units over the periods to protect
    lead_spread: Floats  # units, standard deviation of the error of `lead_demand`
    protect: NDArray[np.int64]  # lead time + review period [item]
    lead_quantiles: Floats | None = None  # of `lead_demand` at `rules.QUANTILES`, where a forecaster was chosen


def look_out(history: History, protect: NDArray[np.int64]) -> Outlook:
    """The outlook of every item at every period.

    Args:
        history: demand up to now.
        protect: periods that an order must last for: lead time + review period. [item]
    """
    demand, days = history.demand, history.period_days
    windows = (*WINDOWS[days], SCALE_WINDOW[days])
    means = trailing_means(demand, history.on_sale, windows)
    averages, recent = means[:, :, :-1], means[:, :, -1]
    season = seasonal_index(history, int(protect.max(initial=1)))
    lead_demand = smoothed_level(history, season) * season_sum(season, history.groups, protect)
    spread = lead_error_spread(demand, lead_demand, protect, ERROR_SMOOTHING[days])
    return Outlook(np.maximum(recent, SMALLEST_SCALE), averages, lead_demand, spread, protect)


def usual_price(history: History) -> Floats:
    """What a unit should bring: the median of recent list prices, less the planned discount. [item, period + ahead]

    The price that customers really paid in a period is known only afterwards, and hangs together with how much they
    bought (large orders get rebates): decisions and money use the price that can be known before.
    """
    discount = np.zeros_like(history.price)
    if "discount" in history.planned_names:
        discount = np.clip(history.planned[:, :, history.planned_names.index("discount")], 0.0, 0.95)
    window = PRICE_WINDOW[history.period_days]
    listed = history.price[:, : history.shape[1]] / (1.0 - discount[:, : history.shape[1]])
    padded = np.pad(listed, ((0, 0), (window, 0)), mode="edge")
    usual = np.median(np.lib.stride_tricks.sliding_window_view(padded, window, axis=1), axis=-1)
    ahead = np.repeat(usual[:, -1:], max(history.price.shape[1] - usual.shape[1], 0), axis=1)
    usual = np.concatenate([usual, ahead], axis=1)[:, : history.price.shape[1]]
    return np.nan_to_num(usual * (1.0 - discount)).astype(np.float32)


def trailing_means(values: Floats, counts: Floats, windows: tuple[int, ...]) -> Floats:
    """Mean of the last n columns that count, before each period, for each n. [item, period + 1, window]"""
    total, number = running_sum(values * counts), running_sum(counts)
    means = []
    for window in windows:
        begin = np.maximum(np.arange(total.shape[1]) - window, 0)
        mean = (total - total[:, begin]) / np.maximum(number - number[:, begin], 1)
        means.append(np.maximum(mean, 0.0).astype(np.float32))  # differences of sums may be a hair below zero
    return np.stack(means, axis=-1)


def running_sum(values: Floats) -> NDArray[np.float64]:
    """Sums of all columns before each period. [item, period + 1]"""
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float64)


def seasonal_index(history: History, ahead: int) -> Floats:
    """Next demand relative to the recent level; the last group is the shop. [group, period + 1, ahead]"""
    totals = group_totals(history)
    index = (
        _weekday_index(totals, history.period_days, ahead) if history.period_days == 1 else _year_index(totals, ahead)
    )
    return index.astype(np.float32)


def group_totals(history: History) -> NDArray[np.float64]:
    """Demand by group and, last, of the whole shop. [group, period]"""
    totals = np.zeros((history.groups.max(initial=-1) + 2, history.shape[1]))
    known = history.groups >= 0
    np.add.at(totals, history.groups[known], history.demand[known])
    totals[-1] = history.demand.sum(axis=0)
    return totals


def _weekday_index(totals: NDArray[np.float64], days: int, ahead: int) -> NDArray[np.float64]:
    """Share of each weekday in the last eight weeks; small groups lean on the shop's."""
    groups, periods = totals.shape
    index = np.ones((groups, periods + 1, ahead))
    if periods < 14:
        return index
    for weekday in range(7):
        on_day = (np.arange(periods) % 7 == weekday).astype(float)
        same = _window_sum(totals * on_day, 7 * SEASON_WEEKS)
        share = 7.0 * same / np.maximum(_window_sum(totals, 7 * SEASON_WEEKS), 1e-9)
        trust = np.minimum(_window_sum(totals, 7 * SEASON_WEEKS) / 500.0, 1.0)
        share = trust * share + (1 - trust) * share[-1:]
        share[:, :14] = 1.0  # two weeks at least, before a weekday can be told from chance
        for step in range(ahead):
            moments = (np.arange(periods + 1) + step) % 7 == weekday
            index[:, moments, step] = share[:, moments]
    return np.clip(index, 0.1, 5.0)


def _year_index(totals: NDArray[np.float64], ahead: int) -> NDArray[np.float64]:
    """The same weeks a year ago, against the weeks before them; one without a year behind it."""
    groups, periods = totals.shape
    index = np.ones((groups, periods + 1, ahead))
    smooth = np.stack([np.convolve(row, np.ones(3) / 3, mode="same") for row in totals])
    level = _window_sum(totals, SEASON_WEEKS) / SEASON_WEEKS
    for t in range(YEAR + SEASON_WEEKS, periods + 1):
        for step in range(ahead):
            then = t + step - YEAR
            if then < t:  # only weeks that have been seen; the smoothing looks one week further
                seen = smooth[:, then] if then + 1 < t else totals[:, then]
                index[:, t, step] = seen / np.maximum(level[:, t - YEAR], 1e-9)
    trust = np.minimum(level / 50.0, 1.0)[:, :, None]
    return np.clip(trust * index + (1 - trust) * index[-1:], 0.4, 3.0)


def _window_sum(totals: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    total = np.cumsum(np.pad(totals, ((0, 0), (1, 0))), axis=1)
    return total - total[:, np.maximum(np.arange(total.shape[1]) - window, 0)]


def season_sum(season: Floats, groups: NDArray[np.int32], protect: NDArray[np.int64]) -> Floats:
    """The index summed over each item's periods to protect. [item, period + 1]"""
    summed = np.cumsum(season, axis=-1)
    return summed[groups, :, protect - 1]


def smoothed_level(history: History, season: Floats) -> Floats:
    """Exponentially smoothed demand per period, season taken out. [item, period + 1]"""
    items, periods = history.shape
    level = np.zeros((items, periods + 1), np.float32)
    age = np.zeros(items, np.float32)
    rate = SMOOTHING[history.period_days]
    for t in range(periods):
        seen = history.demand[:, t] / season[history.groups, t, 0]
        age = age + history.on_sale[:, t]
        weight = np.where(history.on_sale[:, t] > 0, np.maximum(rate, 1.0 / np.maximum(age, 1.0)), 0.0)
        level[:, t + 1] = level[:, t] + weight * (seen - level[:, t])
    return level


def lead_error_spread(demand: Floats, lead_demand: Floats, protect: NDArray[np.int64], rate: float) -> Floats:
    """Smoothed standard deviation of past errors, scaled to the present level. [item, period + 1]

    An error enters once its last period is over. Variance is taken to grow like mean + mean² / 5, and its multiple is
    smoothed from one on, so that an item without a past has a believable spread.
    """
    items, columns = lead_demand.shape
    usual = lead_demand + 0.2 * lead_demand**2 + 0.1
    total = running_sum(demand)
    multiple = np.ones((items, columns), np.float32)
    for t in range(1, columns):
        origin = t - protect
        old = np.maximum(origin, 0)
        rows = np.arange(items)
        error = total[:, t] - total[rows, old] - lead_demand[rows, old]
        ratio = np.minimum(error**2 / usual[rows, old], 25.0)
        multiple[:, t] = multiple[:, t - 1] + np.where(origin > 0, rate, 0.0) * (ratio - multiple[:, t - 1])
    return np.sqrt(multiple * usual).astype(np.float32)


def standard_errors(demand: Floats, outlook: Outlook, first: int, last: int) -> Floats:
    """Errors of the lead-time forecast in spreads, for origins first <= t < last. [item, origin]; NaN: not over yet"""
    total = running_sum(demand)
    rows = np.arange(demand.shape[0])[:, None]
    origins = np.arange(first, last)[None, :]
    end = origins + outlook.protect[:, None]
    actual = total[rows, np.minimum(end, last)] - total[rows, origins]
    errors = (actual - outlook.lead_demand[:, first:last]) / outlook.lead_spread[:, first:last]
    return np.where(end <= last, errors, np.nan).astype(np.float32)
