"""How good forecasts were, series by series, so that methods can be compared on the same ones.

Periods with a stock-out are left out: what customers wanted then is not known. Units are divided by the series' own
mean step from one period to the next (the scale of the M5 competition), so that a fast and a slow item count alike.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.forecast import QUANTILES, Forecast, between
from restock.forecasting.forecaster import Tried
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]
INTERVAL = (0.05, 0.95)  # the interval whose coverage is measured
LEAD = 7  # periods of lead-time demand
DRAWS = 2000
TAILS = (0.025, 0.975)
INDEPENDENT_DRAWS = 200  # of sums of independent periods
SERIES_AT_ONCE = 2048
ADI, CV2 = 1.32, 0.49  # Syntetos, Boylan and Croston (2005), Journal of the Operational Research Society 56, 495-503


@dataclass(frozen=True)
class Scores:
    """Of one method over all windows; a value per series, NaN where nothing could be scored. [series]"""

    method: str
    scaled_pinball: Doubles  # mean over periods and levels 0.1 to 0.9, / scale
    lead_pinball: Doubles  # of the demand of the first `LEAD` periods together, / (scale x LEAD)
    scaled_square: Doubles  # mean squared error of the mean / mean squared step; RMSSE is its root
    inside: Doubles  # share of periods between the 5 % and the 95 % quantile
    error: Doubles  # sum of mean - actual, units
    absolute: Doubles  # sum of |median - actual|, units
    actual: Doubles  # sum, units
    periods: Doubles  # that were scored


class Summary(NamedTuple):
    """Numbers of one method over some series."""

    scaled_pinball: float
    lead_pinball: float
    rmsse: float  # mean over series
    coverage: float  # of the 90 % interval, over periods
    bias: float  # sum of errors / sum of sales
    wape: float  # sum of absolute errors / sum of sales
    series: int  # with a scale


class Difference(NamedTuple):
    """Mean of a score, a minus b, over the series that both have, and its 95 % interval."""

    value: float
    low: float
    high: float
    percent: float  # of b's mean
    series: int


def score(panel: Panel, tried: Sequence[Tried]) -> Scores:
    """Score the windows of one method against what was sold in them.

    The scale of a series is made from the periods before the first window.

    Args:
        panel: the whole history.
        tried: from `cross_validate`, one or more.
    """
    scale, square = scales(panel.until(min(origin for origin, _ in tried)))
    sums = [_window(panel, origin, forecast) for origin, forecast in tried]
    total = {name: np.sum([getattr(part, name) for part in sums], axis=0) for name in _Sums._fields}
    periods, leads = total["periods"], total["leads"]
    with np.errstate(divide="ignore", invalid="ignore"):
        return Scores(
            method=tried[0].forecast.method,
            scaled_pinball=_finite(total["pinball"] / periods / scale),
            lead_pinball=_finite(total["lead_pinball"] / leads / (scale * LEAD)),
            scaled_square=_finite(total["square"] / periods / square),
            inside=_finite(total["inside"] / periods),
            error=total["error"],
            absolute=total["absolute"],
            actual=total["actual"],
            periods=periods,
        )


def scales(panel: Panel) -> tuple[Doubles, Doubles]:
    """Mean absolute and mean squared step between neighbours that were wholly observed. [series]

    NaN for a series that never moved: nothing can be said of its errors without a unit.
    """
    y = np.where(panel.whole, panel.y, np.nan).astype(np.float64)
    step = np.diff(y, axis=1)
    there = ~np.isnan(step)
    count = np.where(there.any(axis=1), there.sum(axis=1), np.nan)
    step = np.where(there, step, 0.0)
    absolute, square = np.abs(step).sum(axis=1) / count, (step**2).sum(axis=1) / count
    return np.where(absolute > 0, absolute, np.nan), np.where(square > 0, square, np.nan)


def pinball(actual: NDArray[Any], quantiles: NDArray[Any], levels: Sequence[float]) -> Doubles:
    """max(q (y - f), (1 - q) (f - y)) of each level. [..., level]"""
    level = np.asarray(levels, np.float64)
    miss = actual[..., None] - quantiles
    return np.maximum(level * miss, (level - 1) * miss)


def average(scores: Sequence[Scores]) -> Scores:
    """What each series comes to in the mean of several trials of one method, say with several seeds."""
    names = [field.name for field in fields(Scores) if field.name != "method"]
    return replace(scores[0], **{name: np.mean([getattr(each, name) for each in scores], axis=0) for name in names})


def summarise(scores: Scores, rows: NDArray[Any] | None = None) -> Summary:
    """One line of a table, over all series or some. Each score is the mean over series, coverage over periods."""
    picked = scores if rows is None else _rows(scores, rows)
    counted = np.nan_to_num(picked.inside * picked.periods).sum() / max(picked.periods.sum(), 1)
    actual = picked.actual.sum() or np.nan
    return Summary(
        _mean(picked.scaled_pinball),
        _mean(picked.lead_pinball),
        _mean(np.sqrt(picked.scaled_square)),
        float(counted),
        float(picked.error.sum() / actual),
        float(picked.absolute.sum() / actual),
        int((~np.isnan(picked.scaled_pinball)).sum()),
    )


def summarise_by(scores: Scores, groups: NDArray[np.str_]) -> Mapping[str, Summary]:
    """One line per group of series, groups in order of name. [series]"""
    return {str(name): summarise(scores, groups == name) for name in np.unique(groups)}


def difference(a: Scores, b: Scores, name: str = "scaled_pinball", draws: int = DRAWS, seed: int = 0) -> Difference:
    """How much smaller a score is, by a paired bootstrap over series: both methods are drawn together."""
    mine, theirs = getattr(a, name), getattr(b, name)
    both = ~(np.isnan(mine) | np.isnan(theirs))
    gap, base = (mine - theirs)[both], theirs[both]
    if not len(gap):
        return Difference(np.nan, np.nan, np.nan, np.nan, 0)
    generator = np.random.default_rng(seed)
    means = np.array([gap[generator.integers(len(gap), size=len(gap))].mean() for _ in range(draws)])
    low, high = np.quantile(means, TAILS)
    return Difference(
        float(gap.mean()), float(low), float(high), float(100 * gap.mean() / (base.mean() or np.nan)), len(gap)
    )


def patterns(panel: Panel) -> NDArray[np.str_]:
    """`smooth`, `erratic`, `intermittent`, `lumpy` or `none` per series, from what was observed."""
    y = np.where(panel.known, panel.y, 0.0).astype(np.float64)
    busy = y > 0
    times = np.maximum(busy.sum(axis=1), 1)
    size = y.sum(axis=1) / times
    varied = (np.where(busy, y - size[:, None], 0.0) ** 2).sum(axis=1) / times >= CV2 * size**2
    rare = panel.known.sum(axis=1) / times >= ADI
    kinds = [~busy.any(axis=1), ~rare & ~varied, ~rare, ~varied]
    return np.select(kinds, ["none", "smooth", "erratic", "intermittent"], "lumpy")


def independent(forecast: Forecast, periods: int, n_samples: int = INDEPENDENT_DRAWS, seed: int = 0) -> Floats:
    """Demand of the first periods together if each were drawn on its own from its quantiles. [sample, series]"""
    generator = np.random.default_rng(seed)
    total = np.zeros((n_samples, len(forecast.ids)), np.float32)
    place = np.arange(len(forecast.levels), dtype=np.float64)
    for step in range(periods):
        drawn = np.interp(generator.random((n_samples, len(forecast.ids))), forecast.levels, place)
        low = np.minimum(np.floor(drawn).astype(np.int64), len(place) - 2)
        part = (drawn - low).astype(np.float32)
        rows = np.arange(len(forecast.ids))
        quantiles = forecast.quantiles[:, step]
        total += quantiles[rows, low] * (1 - part) + quantiles[rows, low + 1] * part
    return total


def lead_demand(forecast: Forecast, periods: int) -> Floats:
    """Samples of the demand of the first periods together; without paths, of independent periods. [sample, series]"""
    if forecast.samples is None:
        return independent(forecast, periods)
    return forecast.samples[:, :, :periods].sum(axis=2)


class _Sums(NamedTuple):
    """Over the wholly observed periods of one window. [series]"""

    pinball: Doubles
    lead_pinball: Doubles
    square: Doubles
    inside: Doubles
    error: Doubles
    absolute: Doubles
    actual: Doubles
    periods: Doubles
    leads: Doubles


def _window(panel: Panel, origin: int, forecast: Forecast) -> _Sums:
    window = slice(origin, origin + forecast.horizon)
    counts = panel.whole[:, window].astype(np.float64)
    y = np.where(counts > 0, panel.y[:, window], 0.0).astype(np.float64)
    loss = pinball(y, between(forecast.quantiles, forecast.levels, QUANTILES), QUANTILES).mean(axis=-1)
    low, high = (forecast.at(level) for level in INTERVAL)
    miss = forecast.mean - y
    lead = min(LEAD, forecast.horizon)
    leads = np.asarray((counts[:, :lead] > 0).all(axis=1), np.float64)
    return _Sums(
        pinball=(counts * loss).sum(axis=1),
        lead_pinball=leads * _lead_loss(forecast, y[:, :lead].sum(axis=1), lead) * (LEAD / lead),
        square=(counts * miss**2).sum(axis=1),
        inside=(counts * ((y >= low) & (y <= high))).sum(axis=1),
        error=(counts * miss).sum(axis=1),
        absolute=(counts * np.abs(forecast.at(0.5) - y)).sum(axis=1),
        actual=(counts * y).sum(axis=1),
        periods=counts.sum(axis=1),
        leads=leads,
    )


def _lead_loss(forecast: Forecast, actual: Doubles, lead: int) -> Doubles:
    samples = lead_demand(forecast, lead)
    parts = []
    for begin in range(0, len(actual), SERIES_AT_ONCE):
        rows = slice(begin, begin + SERIES_AT_ONCE)
        quantiles = np.quantile(samples[:, rows], QUANTILES, axis=0).T
        parts.append(pinball(actual[rows], quantiles, QUANTILES).mean(axis=-1))
    return np.concatenate(parts) if parts else np.zeros(0)


def _finite(values: Doubles) -> Doubles:
    return np.where(np.isfinite(values), values, np.nan)


def _mean(values: Doubles) -> float:
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")


def _rows(scores: Scores, rows: NDArray[Any]) -> Scores:
    arrays = {field.name: getattr(scores, field.name)[rows] for field in fields(scores) if field.name != "method"}
    return Scores(scores.method, **arrays)
