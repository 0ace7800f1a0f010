"""What trees look at: one row per series and step of the horizon, from what was known at an origin. No units in it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.baselines import CYCLE, Observed, seasonal_mean
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

CYCLES = {1: 28, 7: 13}  # periods that are seen before the first origin to learn from
WINDOWS = {1: (7, 14, 28, 56), 7: (2, 4, 8, 26)}
LAGS = {1: (1, 2, 3, 7, 14), 7: (1, 2, 3, 4)}
SMALLEST_SCALE = 0.1  # units per period


class Design(NamedTuple):
    """Inputs of all series at one origin."""

    inputs: Floats  # [series, step, feature]
    scale: Floats  # units per period [series]
    categories: tuple[int, ...]  # columns that are codes


def design(panel: Panel, demand: Floats, origin: int, steps: int) -> Design:
    """Features of the `steps` periods from `origin` on.

    Args:
        panel: plans and calendar may be looked at up to the last step, observations before `origin` only.
        demand: units, NaN where not observed. [series, period]
        origin: periods that had been observed.
        steps: of the horizon.
    """
    past, days = demand[:, :origin], panel.period_days
    scale = _scale(past, days)
    flat = _of_past(panel, past, scale, origin)
    stepped = [np.broadcast_to(np.arange(steps, dtype=np.float32), (len(past), steps))]
    season = seasonal_mean(Observed(past, days), np.array([origin]), steps)[0]
    stepped.append(season / scale[:, None])
    cycle = panel.season(max(origin + steps - panel.shape[1], 0))[origin : origin + steps]
    stepped.append(np.broadcast_to(cycle.astype(np.float32), (len(past), steps)))
    if days == 7:
        stepped += [np.broadcast_to(f(2 * np.pi * cycle / CYCLE[7]), (len(past), steps)) for f in (np.sin, np.cos)]
    stepped += _planned(panel, origin, steps)
    codes = [panel.codes[:, i].astype(np.float32) for i in range(panel.codes.shape[1])]
    traits = [panel.traits[:, i] for i in range(panel.traits.shape[1])]
    series = [*codes, *flat, *traits]
    wide = [np.broadcast_to(column[:, None], (len(past), steps)) for column in series]
    inputs = np.stack([*wide, *stepped], axis=-1).astype(np.float32)
    return Design(inputs, scale, tuple(range(len(codes))))


def _scale(past: Floats, days: int) -> Floats:
    """Mean of the last weeks and of all that was seen, so that a new item has one as well. [series]"""
    recent, whole = past[:, -CYCLES[days] :], past
    count, more = (~np.isnan(recent)).sum(axis=1), (~np.isnan(whole)).sum(axis=1)
    mean = np.nansum(recent, axis=1) / np.maximum(count, 1)
    all_of_it = np.nansum(whole, axis=1) / np.maximum(more, 1)
    return np.maximum(np.where(mean > 0, mean, all_of_it), SMALLEST_SCALE).astype(np.float32)


def _of_past(panel: Panel, past: Floats, scale: Floats, origin: int) -> list[Floats]:
    days = panel.period_days
    columns: list[NDArray[np.floating]] = [np.log(scale)]
    for lag in LAGS[days]:
        value = past[:, -lag] if origin >= lag else np.full(len(past), np.nan)
        columns.append(value / scale)
    for window in WINDOWS[days]:
        part = past[:, -window:]
        there = ~np.isnan(part)
        count = np.maximum(there.sum(axis=1), 1)
        mean = np.where(there, part, 0.0).sum(axis=1) / count
        columns.append(mean / scale)
        spread = np.sqrt(np.where(there, (part - mean[:, None]) ** 2, 0.0).sum(axis=1) / count)
        columns.append(spread / scale)
        columns.append((there & (part == 0)).sum(axis=1) / count)
    out = panel.available[:, max(origin - 28, 0) : origin]
    columns.append(1 - out.mean(axis=1) if out.shape[1] else np.zeros(len(past)))
    seen = np.cumsum(~np.isnan(past), axis=1)
    columns.append(np.log1p(seen[:, -1]) if origin else np.zeros(len(past)))
    sold = np.where(np.nan_to_num(past) > 0, np.arange(past.shape[1]), -1).max(axis=1, initial=-1)
    columns.append(np.log1p(origin - 1 - sold))
    for i in range(panel.past.shape[2]):
        recent = panel.past[:, max(origin - 7, 0) : origin, i]
        columns += [recent[:, -1], recent.mean(axis=1)] if recent.shape[1] else [np.zeros(len(past))] * 2
    return [column.astype(np.float32) for column in columns]


def _planned(panel: Panel, origin: int, steps: int) -> list[NDArray[np.floating]]:
    """Plans of the period, of the one before, and what has been usual lately; the calendar of three periods."""
    found: list[NDArray[np.floating]] = []
    shape = (panel.shape[0], steps)
    last = panel.calendar.shape[0] - 1
    columns = np.minimum(origin + np.arange(steps), last)
    for i in range(panel.future.shape[2]):
        plan = panel.future[:, :, i]
        usual = plan[:, max(origin - 28, 0) : max(origin, 1)].mean(axis=1, keepdims=True)
        found += [plan[:, columns], plan[:, np.maximum(columns - 1, 0)], np.broadcast_to(usual, shape)]
    for i in range(panel.calendar.shape[1]):
        for shift in (-1, 0, 1):
            day = panel.calendar[np.clip(columns + shift, 0, last), i]
            found.append(np.broadcast_to(day, shape))
    return found
