"""Scale-free inputs of networks, known before each period: what one item looks like without units.

Units are divided by the item's own demand scale, so that a fast and a slow item look alike. Column t uses demand of
periods before t, and plans and the calendar of periods from t on.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.outlook import SCALE_WINDOW, WINDOWS, YEAR, Outlook, group_totals, running_sum
from restock.policies.rules import QUANTILES
from restock.simulator.history import Floats, History

LAGS = {1: 14, 7: 13}
PLANS_AHEAD = 4  # periods from now on for which plans and calendar are seen one by one
SEEN_LEVELS = (0.1, 0.5, 0.9, 0.98)  # of a forecaster's quantiles
CLIP = 4.0


@dataclass(frozen=True)
class Scaling:
    """How raw features become inputs: fitted on the training periods, kept with the model."""

    mean: Floats  # [feature]
    deviation: Floats  # [feature]

    def apply(self, features: Floats) -> Floats:
        """Centred, scaled and cut to +-4; what is not known (NaN) is in the middle."""
        return np.nan_to_num(np.clip((features - self.mean) / self.deviation, -CLIP, CLIP)).astype(np.float32)


def fit_scaling(features: Floats) -> Scaling:
    """From features of the training periods. [item, period, feature]"""
    flat = features.reshape(-1, features.shape[-1]).astype(np.float64)
    return Scaling(flat.mean(axis=0).astype(np.float32), (flat.std(axis=0) + 1e-3).astype(np.float32))


def make_features(history: History, outlook: Outlook, at: NDArray[np.intp]) -> tuple[Floats, tuple[str, ...]]:
    """Raw features at some periods, and their names. [item, len(at), feature]

    Args:
        history: up to now; plans and calendar reach `history.ahead` further.
        outlook: of the same history.
        at: periods to make them for, each <= the number of periods.
    """
    parts: list[tuple[str, Floats]] = []
    parts += _of_demand(history, outlook, at)
    parts += _of_forecast(outlook, at)
    parts += _of_price(history, at)
    parts += _of_seen(history, at)
    parts += _of_plans(history, at)
    parts += _of_calendar(history, at)
    parts += _of_others(history, at)
    shape = (history.shape[0], len(at))
    stacked = np.stack([np.broadcast_to(values, shape) for _, values in parts], axis=-1)
    return np.nan_to_num(stacked).astype(np.float32), tuple(name for name, _ in parts)


def _of_demand(history: History, outlook: Outlook, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    days, scale = history.period_days, outlook.scale[:, at]
    parts = [(f"lag {k}", np.log1p(_lag(history.demand, at, k) / scale)) for k in range(1, LAGS[days] + 1)]
    if history.shape[1] > YEAR and days == 7:
        parts += [(f"lag {k}", np.log1p(_lag(history.demand, at, k) / scale)) for k in range(YEAR - 3, YEAR + 2)]
    for i, window in enumerate(WINDOWS[days]):
        parts.append((f"mean {window}", np.log1p(outlook.averages[:, at, i] / scale)))
    window = SCALE_WINDOW[days]
    zeros = _window_mean((history.demand == 0).astype(np.float32), at, window)
    square = _window_mean(history.demand**2, at, window)
    mean = _window_mean(history.demand, at, window)
    parts.append(("share of zeros", zeros))
    parts.append(("deviation", np.log1p(np.sqrt(np.maximum(square - mean**2, 0.0)) / scale)))
    parts += [(f"estimated {k}", 1.0 - _lag(history.known, at, k)) for k in (1, 2, 3)]
    parts.append(("age", np.log1p(running_sum(history.on_sale)[:, at]) / 4.0))
    parts.append(("since last sale", np.log1p(_since_last(history.demand > 0)[:, at]) / 4.0))
    parts.append(("scale", np.log(scale) / 3.0))
    return [(name, np.asarray(values, np.float32)) for name, values in parts]


def _of_forecast(outlook: Outlook, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    scale, protect = outlook.scale[:, at], outlook.protect[:, None]
    mean, spread = outlook.lead_demand[:, at], outlook.lead_spread[:, at]
    parts = [("forecast", mean / (scale * protect)), ("spread", spread / (scale * np.sqrt(protect)))]
    if outlook.lead_quantiles is not None:
        for level in SEEN_LEVELS:
            place = int(np.abs(np.asarray(QUANTILES) - level).argmin())
            parts.append((f"forecast {level:g}", outlook.lead_quantiles[:, at, place] / (scale * protect)))
    return [(name, np.log1p(values)) for name, values in parts]


def _of_price(history: History, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    price = history.price[:, : history.shape[1]]
    if not np.any(price > 0):
        return []
    usual = np.maximum(_window_mean(price, at, SCALE_WINDOW[history.period_days]), 1e-6)
    return [(f"price {k}", np.clip(np.log(np.maximum(_lag(price, at, k), 1e-6) / usual), -1.0, 1.0)) for k in (1, 2)]


def _of_seen(history: History, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    parts: list[tuple[str, Floats]] = []
    for i, name in enumerate(history.seen_names):
        values = history.seen[:, :, i]
        parts += [(f"seen {name} {k} ago", _lag(values, at, k)) for k in (1, 2, 7 if history.period_days == 1 else 4)]
        parts.append((f"seen {name} lately", _window_mean(values, at, SCALE_WINDOW[history.period_days])))
    return parts


def _of_plans(history: History, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    parts: list[tuple[str, Floats]] = []
    for i, name in enumerate(history.planned_names):
        plan = history.planned[:, :, i]
        parts += [(f"{name} in {k}", _at(plan, at + k)) for k in range(PLANS_AHEAD)]
        parts += [(f"{name} {k} ago", _lag(plan, at, k)) for k in (1, 7 if history.period_days == 1 else 2)]
        parts.append((f"{name} lately", _window_mean(plan, at, SCALE_WINDOW[history.period_days])))
    return parts


def _of_calendar(history: History, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    parts: list[tuple[str, Floats]] = []
    for i, name in enumerate(history.calendar_names):
        row = history.calendar[None, :, i]
        parts += [(f"{name} in {k}", _at(row, at + k)) for k in range(PLANS_AHEAD)]
        parts.append((f"{name} 1 ago", _lag(row, at, 1)))
    if history.period_days == 1:
        parts += [(f"weekday {k}", (at % 7 == k).astype(np.float32)[None, :]) for k in range(7)]
        return parts
    angle = 2 * np.pi * (_week_of_year(history) + at) / YEAR
    waves = [
        ("week sin", np.sin(angle)),
        ("week cos", np.cos(angle)),
        ("week sin 2", np.sin(2 * angle)),
        ("week cos 2", np.cos(2 * angle)),
    ]
    return parts + [(name, values.astype(np.float32)[None, :]) for name, values in waves]


def _of_others(history: History, at: NDArray[np.intp]) -> list[tuple[str, Floats]]:
    """How the item's group and the whole shop move: recent weeks against the stretch before."""
    totals = group_totals(history)
    short, long = (7, 28) if history.period_days == 1 else (2, 8)
    parts: list[tuple[str, Floats]] = []
    for name, rows in (("group", totals[history.groups]), ("shop", totals[-1:])):
        for window in (1, short):
            recent, usual = _window_mean(rows, at, window), _window_mean(rows, at, long)
            parts.append((f"{name} {window} to {long}", np.log((recent + 1.0) / (usual + 1.0)).astype(np.float32)))
    return parts


def _at(values: Floats, columns: NDArray[np.intp]) -> Floats:
    """Columns, the last one repeated where plans end."""
    return values[:, np.minimum(columns, values.shape[1] - 1)]


def _lag(values: Floats, at: NDArray[np.intp], periods: int) -> Floats:
    """The column `periods` before each, zero before the first."""
    columns = at - periods
    return np.where(columns >= 0, values[:, np.maximum(columns, 0)], 0.0)


def _window_mean(values: NDArray[np.floating], at: NDArray[np.intp], window: int) -> Floats:
    """Mean of the `window` columns before each."""
    total = running_sum(values)  # type: ignore[arg-type]
    begin = np.maximum(at - window, 0)
    return ((total[:, at] - total[:, begin]) / np.maximum(at - begin, 1)).astype(np.float32)


def _since_last(happened: NDArray[np.bool_]) -> Floats:
    """Periods since it last happened, before each period. [item, period + 1]"""
    columns = np.arange(1, happened.shape[1] + 1)
    last = np.maximum.accumulate(np.where(happened, columns, 0), axis=1)
    return (np.arange(happened.shape[1] + 1) - np.pad(last, ((0, 0), (1, 0)))).astype(np.float32)


def _week_of_year(history: History) -> int:
    start = history.starts[0].astype("datetime64[D]")
    return int((start - start.astype("datetime64[Y]")).astype(int) // 7)
