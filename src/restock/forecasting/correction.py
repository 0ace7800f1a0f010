"""Demand on days with a stock-out: what was sold is only a lower bound.

Customers come as a Poisson process whose rate varies from day to day (gamma). Seen for a share s of the day's demand,
with y units sold, the rate's expectation is (r + y) / (r / m + s), where m is usual demand and r the shape of the
gamma: demand of the whole day is y + (1 - s) (r + y) / (r / m + s). That sales stopped because they were many changes
nothing: the likelihood of a process watched until it is stopped depends on y and s only.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]

SHORT = 0.75  # share of the open time on the shelf from which sales still tell the demand
HALF_WINDOW = {1: 28, 7: 8}  # periods before and after whose sales tell what is usual
LEAN = 2.0  # periods of full exposure with which an item's own level counts as much as its whole past
WEEK_LEAN = 50.0  # units on a weekday with which an item's own week counts as much as that of all
ROUGHEST, SMOOTHEST = 0.3, 1e4  # shape of the gamma


class Recovered(NamedTuple):
    """Demand as far as it can be told, and how much of it was seen."""

    demand: Floats  # units, NaN where nothing is known [series, period]
    seen: Floats  # share of the period's demand that fell into time on the shelf [series, period]
    usual: Floats  # units expected of a whole period [series, period]


def observed_demand(panel: Panel) -> Floats:
    """Sales per share of the time on the shelf; NaN where that was under 75 %. [series, period]"""
    share = np.clip(panel.available, SHORT, 1.0)
    return np.where(panel.available >= SHORT, panel.y / share, np.nan).astype(np.float32)


def recover(panel: Panel, seen: Floats | None = None) -> Recovered:
    """Expected demand of every period, given what was sold while the item was on the shelf.

    Args:
        panel: sales and shares of time on the shelf.
        seen: shares of demand instead of time, from `demand_share`; none: customers come evenly. [series, period]
    """
    share = (panel.available if seen is None else seen).astype(np.float64)
    known = panel.known
    y = np.where(known, panel.y, 0.0).astype(np.float64)
    exposure = np.where(known, np.clip(share, 0.0, 1.0), 0.0)
    usual = _usual(y, exposure, panel)
    shape = _shape(y, exposure, usual)[:, None]
    rate = (shape + y) / (shape / np.maximum(usual, 1e-9) + exposure)
    demand = np.where(exposure >= 1, y, y + (1 - exposure) * rate)
    return Recovered(
        np.where(known, demand, np.nan).astype(np.float32), exposure.astype(np.float32), usual.astype(np.float32)
    )


def hourly_pattern(hours: NDArray[np.integer], quantity: NDArray[np.floating]) -> Doubles:
    """Share of the day's demand in each hour, from order lines; even where there are none. [24]

    Lines of hours in which goods were often sold out are missing in it: give only days that were wholly in stock.
    """
    units = np.bincount(hours, np.maximum(quantity, 0.0), 24).astype(np.float64)
    return units / units.sum() if units.sum() > 0 else np.full(24, 1 / 24)


def demand_share(
    first_out: NDArray[np.integer], hours_out: NDArray[np.integer], pattern: Doubles, open_hours: tuple[int, int]
) -> Floats:
    """Share of a day's demand that came before and after a stock-out.

    Args:
        first_out: hour in which the shelf became empty, -1 = never. Any shape.
        hours_out: how many of the open hours it was empty, from then on and, if that is more, before as well.
        pattern: from `hourly_pattern`. [24]
        open_hours: first hour and hour after the last.
    """
    opens, closes = open_hours
    inside = np.where((np.arange(24) >= opens) & (np.arange(24) < closes), pattern, 0.0)
    total = np.concatenate([[0.0], np.cumsum(inside)]) / max(inside.sum(), 1e-12)
    begin = np.clip(first_out, opens, closes)
    end = np.clip(begin + hours_out, opens, closes)
    left = np.maximum(hours_out - (end - begin), 0)  # as the day ended too early for them
    begin = np.maximum(begin - left, opens)
    out = np.where((first_out >= 0) & (hours_out > 0), total[end] - total[begin], 0.0)
    return (1.0 - out).astype(np.float32)


def _usual(y: Doubles, exposure: Doubles, panel: Panel) -> Doubles:
    """Units of a whole period: sales per exposure around it, times the place in the week. [series, period]"""
    place = panel.season() if panel.period_days == 1 else np.zeros(panel.shape[1], np.int64)
    week = _week(y, exposure, place)[:, place]
    half = HALF_WINDOW[panel.period_days]
    near = _around(y, half)
    watched = _around(exposure * week, half)
    overall = y.sum(axis=1) / np.maximum((exposure * week).sum(axis=1), 1e-9)
    level = (near + LEAN * overall[:, None]) / (watched + LEAN)
    return level * week


def _week(y: Doubles, exposure: Doubles, place: NDArray[np.int64]) -> Doubles:
    """Demand of each place in the week over its mean; rare sellers lean on all series. [series, place]"""
    places = int(place.max(initial=0)) + 1
    units = np.stack([y[:, place == p].sum(axis=1) for p in range(places)], axis=1)
    days = np.stack([exposure[:, place == p].sum(axis=1) for p in range(places)], axis=1)
    shared = units.sum(axis=0) / np.maximum(days.sum(axis=0), 1e-9)
    shared = shared / shared.mean() if shared.mean() > 0 else np.ones(places)
    level = units.sum(axis=1, keepdims=True) / np.maximum((days * shared).sum(axis=1, keepdims=True), 1e-9)
    week = (units + WEEK_LEAN * shared) / (level * days + WEEK_LEAN)
    return week / np.maximum(week.mean(axis=1, keepdims=True), 1e-9)


def _around(values: Doubles, half: int) -> Doubles:
    """Sums over the periods from `half` before to `half` after."""
    total = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    columns = np.arange(values.shape[1])
    end, begin = np.minimum(columns + half + 1, values.shape[1]), np.maximum(columns - half, 0)
    return total[:, end] - total[:, begin]


def _shape(y: Doubles, exposure: Doubles, usual: Doubles) -> Doubles:
    """r of variance = m + m^2 / r, by moments from wholly seen periods; series with few lean on all. [series]"""
    whole = exposure >= 1
    square = np.where(whole, usual**2, 0.0).sum(axis=1)
    extra = np.where(whole, (y - usual) ** 2 - usual, 0.0).sum(axis=1)
    shared = square.sum() / max(extra.sum(), 1e-9)
    lean = np.maximum(square.mean(), 1e-9)
    inverse = (extra + lean / max(shared, ROUGHEST)) / (square + lean)
    return np.clip(1 / np.maximum(inverse, 1 / SMOOTHEST), ROUGHEST, SMOOTHEST)
