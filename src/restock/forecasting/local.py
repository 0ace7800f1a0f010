"""From a baseline's mean to quantiles and paths: its own errors at the origins before, by horizon.

Errors are divided by the root of the mean that was forecast, as those of counts grow with it, and multiplied again.
A path adds the errors of one past origin to the mean, so periods hang together as they did then.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.baselines import Baseline, Observed
from restock.forecasting.correction import observed_demand, recover
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

PAST_ORIGINS = {1: 56, 7: 39}  # whose errors are used, by days of a period
NEIGHBOURS = 3  # steps of the horizon before and after whose errors count as well
FEWEST = 20  # errors of a series; below, those of all series are used
SMALLEST_MEAN = 0.1  # units; keeps the scale of errors above zero
SERIES_AT_ONCE = 4096


DemandOf = Callable[[Panel], Floats]


def recovered_demand(panel: Panel) -> Floats:
    """What was sold and what a stock-out hid, see `correction.recover`. [series, period]"""
    return recover(panel).demand


@dataclass(frozen=True)
class Local:
    """A baseline for each series by itself, with an interval from its own past errors."""

    name: str
    baseline: Baseline
    demand_of: DemandOf = observed_demand  # what a sold-out period counts as; here: nothing

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedLocal":
        """Local methods learn when they forecast: only the spread of errors of all series together is kept."""
        errors = _errors(self.baseline, panel, self.demand_of(panel), h)[1]
        pooled = errors[~np.isnan(errors)]
        levels = np.linspace(0, 1, 201)
        shared = np.quantile(pooled, levels) if len(pooled) else np.zeros(len(levels))
        return FittedLocal(self.name, self.baseline, shared.astype(np.float32), self.demand_of)


@dataclass(frozen=True)
class FittedLocal:
    """Knows how errors of all series together are spread, for those that have too few of their own."""

    name: str
    baseline: Baseline
    shared: Floats  # quantiles of the scaled errors at levels 0, 0.005, ..., 1
    demand_of: DemandOf

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of the panel."""
        parts = [self._part(panel.rows(rows), ask) for rows in _chunks(panel.shape[0])]
        mean, quantiles = (np.concatenate([part[i] for part in parts]) for i in (0, 1))
        samples = np.concatenate([part[2] for part in parts], axis=1) if ask.n_samples else None
        days = panel.days(ask.h)[-ask.h :]
        return Forecast(self.name, panel.ids, days, mean, ask.levels, quantiles, samples)

    def _part(self, panel: Panel, ask: Ask) -> tuple[Floats, Floats, Floats]:
        mean, errors = _errors(self.baseline, panel, self.demand_of(panel), ask.h)
        scale = np.sqrt(np.maximum(mean, SMALLEST_MEAN))
        few = (~np.isnan(errors)).sum(axis=(0, 2)) < FEWEST
        shared = np.interp(ask.levels, np.linspace(0, 1, len(self.shared)), self.shared)
        own = _by_step(errors, ask.levels)
        spread = np.where(few[:, None, None] | np.isnan(own), shared, own)
        quantiles = np.maximum(mean[:, :, None] + spread * scale[:, :, None], 0.0)
        samples = np.zeros((0, *mean.shape), np.float32)
        if ask.n_samples:
            samples = self._paths(mean, errors, few, ask)
        return mean.astype(np.float32), quantiles.astype(np.float32), samples

    def _paths(self, mean: NDArray[np.float64], errors: Floats, few: NDArray[np.bool_], ask: Ask) -> Floats:
        """Mean plus the errors of origins drawn at random; where one is missing, an error of all series."""
        draw = np.random.default_rng(ask.seed)
        drawn = errors[draw.integers(errors.shape[0], size=ask.n_samples)]
        other = self.shared[draw.integers(len(self.shared), size=drawn.shape)]
        drawn = np.where(np.isnan(drawn) | few[None, :, None], other, drawn)
        return np.maximum(mean + drawn * np.sqrt(np.maximum(mean, SMALLEST_MEAN)), 0.0).astype(np.float32)


def _errors(baseline: Baseline, panel: Panel, demand: Floats, h: int) -> tuple[NDArray[np.float64], Floats]:
    """Mean forecast from the end [series, h], and scaled errors from origins before it [origin, series, h]."""
    periods = demand.shape[1]
    origins = np.arange(max(periods - PAST_ORIGINS[panel.period_days] - h + 1, min(1, periods - 1)), periods + 1)
    found = np.maximum(baseline(Observed(demand, panel.period_days), origins, h), 0.0)
    columns = origins[:-1, None] + np.arange(h)
    actual = np.moveaxis(np.where(columns < periods, demand[:, np.minimum(columns, periods - 1)], np.nan), 0, 1)
    actual = np.where(np.moveaxis(panel.known[:, np.minimum(columns, periods - 1)], 0, 1), actual, np.nan)
    past = found[:-1]
    return found[-1], ((actual - past) / np.sqrt(np.maximum(past, SMALLEST_MEAN))).astype(np.float32)


def _by_step(errors: Floats, levels: tuple[float, ...]) -> NDArray[np.float64]:
    """Quantiles of each series' errors, by step of the horizon and with the neighbouring steps. [series, h, level]"""
    _, series, h = errors.shape
    found = np.empty((series, h, len(levels)))
    for step in range(h):
        near = errors[:, :, max(step - NEIGHBOURS, 0) : step + NEIGHBOURS + 1]
        found[:, step] = _quantiles(np.moveaxis(near, 1, 0).reshape(series, -1), levels)
    return found


def _quantiles(values: Floats, levels: tuple[float, ...]) -> NDArray[np.float64]:
    """Of each row, NaN left out, at place (n + 1) q as split conformal intervals ask for. [row, level]"""
    rising = np.sort(values, axis=1)  # NaN last
    count = (~np.isnan(values)).sum(axis=1)[:, None]
    place = np.clip((count + 1) * np.asarray(levels) - 1, 0, np.maximum(count - 1, 0))
    low = np.floor(place).astype(np.int64)
    part = place - low
    high = np.minimum(low + 1, np.maximum(count - 1, 0))
    return np.take_along_axis(rising, low, axis=1) * (1 - part) + np.take_along_axis(rising, high, axis=1) * part


def _chunks(series: int) -> list[NDArray[np.int64]]:
    return [np.arange(begin, min(begin + SERIES_AT_ONCE, series)) for begin in range(0, series, SERIES_AT_ONCE)]
