"""Any forecaster in the place of the simple outlook: what it told before each period of the demand over a lead time.

A forecaster is fitted again and again as history grows, at moments that later data do not move, so that the past of a
policy looks the same tomorrow. The same fits tell of other pasts, and draw courses of demand that never were.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.forecaster import Ask, Fitted, Forecaster, predict_at
from restock.forecasting.outlook import Outlook
from restock.forecasting.panel import Panel
from restock.forecasting.scores import independent
from restock.policies.rules import QUANTILES
from restock.simulator.history import Floats, History
from restock.simulator.resample import round_at_random, sells_whole_units

START = {1: 28, 7: 13}  # periods that are seen before the first fit
EVERY = {1: 28, 7: 13}  # periods between two fits
SAMPLES = 200
LEVELS = tuple(float(level) for level in np.asarray(QUANTILES))


@dataclass(frozen=True)
class Fits:
    """A forecaster, fitted at several moments of a history."""

    name: str
    at: tuple[int, ...]  # periods that had been observed, rising
    fitted: tuple[Fitted, ...]
    seed: int

    def until(self, period: int) -> "Fits":
        """Those that were there before a period."""
        count = max(sum(at < period for at in self.at), 1)
        return replace(self, at=self.at[:count], fitted=self.fitted[:count])

    def of(self, origin: int) -> Fitted | None:
        """The newest one that could be there at that moment; none before the first."""
        there = [fitted for at, fitted in zip(self.at, self.fitted, strict=True) if at <= origin]
        return there[-1] if there else None


def fit_along(
    forecaster: Forecaster, panel: Panel, h: int, first: int = 0, every: int | None = None, seed: int = 0
) -> Fits:
    """Fit at all moments that forecasts from period `first` on need.

    Args:
        forecaster: what learns.
        panel: the whole history.
        h: longest time that an order must last for, periods.
        first: period from which on forecasts are wanted.
        every: periods between two fits; none: 28 days or 13 weeks.
        seed: of the learning.
    """
    start, step = START[panel.period_days], every or EVERY[panel.period_days]
    moments = np.arange(start, panel.shape[1] + 1, step)
    needed = moments[np.append(moments[1:], np.iinfo(np.int64).max) > first]
    fitted = tuple(forecaster.fit(panel.until(int(at)), h, seed) for at in needed)
    return Fits(forecaster.name, tuple(int(at) for at in needed), fitted, seed)


def foretell(fits: Fits, panel: Panel, outlook: Outlook, first: int = 0) -> Outlook:
    """The outlook with the forecasts of a forecaster, from the first fit on; before, it is normal around its mean.

    Args:
        fits: made before each moment.
        panel: of the same rows as the outlook; a past that never was may stand in for the real one.
        outlook: the simple one.
        first: earliest period that is wanted.
    """
    mean, spread = outlook.lead_demand.copy(), outlook.lead_spread.copy()
    safety = _normal(LEVELS)
    quantiles = np.maximum(mean[:, :, None] + spread[:, :, None] * safety, 0.0).astype(np.float32)
    for origin in range(first, panel.shape[1] + 1):
        fitted = fits.of(origin)
        if fitted is None:
            continue
        ask = Ask(int(outlook.protect.max(initial=1)), FULL, SAMPLES, fits.seed + origin)
        answer = predict_at(fitted, panel, origin, ask)
        sums = sums_of(answer, outlook.protect)
        mean[:, origin] = np.cumsum(answer.mean, axis=1)[np.arange(len(sums.T)), outlook.protect - 1]
        spread[:, origin] = sums.std(axis=0)
        quantiles[:, origin] = np.quantile(sums, LEVELS, axis=0).T
    return replace(outlook, lead_demand=mean, lead_spread=spread, lead_quantiles=quantiles)


def sums_of(answer: Forecast, protect: NDArray[np.int64]) -> Floats:
    """Samples of demand over each series' own number of periods. [sample, series]"""
    rows = np.arange(len(answer.ids))
    if answer.samples is not None:
        return np.cumsum(answer.samples, axis=2)[:, rows, protect - 1]
    found = np.zeros((SAMPLES, len(rows)), np.float32)
    for length in np.unique(protect):
        some = np.flatnonzero(protect == length)
        found[:, some] = independent(answer.rows(some), int(length), SAMPLES)
    return found


def imagine(fits: Fits, panel: Panel, h: int, last: int, seed: int) -> Panel:
    """A course of demand as the forecaster believes it might have been: the world model of the shop.

    It goes on from what was seen at the first fit, `h` periods at a time, each drawn after the ones before it; prices,
    promotions and calendar are those of the real past, and nothing is ever sold out.

    Args:
        fits: of the real past.
        panel: the real past.
        h: periods that are drawn at once, as many as the forecaster tells.
        last: where the course ends.
        seed: of the course.
    """
    known, y, available = panel.known, panel.y.copy(), panel.available.copy()
    whole, draw = sells_whole_units(np.nan_to_num(y))[:, None], np.random.default_rng(seed)
    for number, origin in enumerate(range(fits.at[0], last, h)):
        fitted = fits.of(origin)
        assert fitted is not None  # the first one is there from the beginning
        so_far = replace(panel, y=y, available=available)
        told = predict_at(fitted, so_far, origin, Ask(h, FULL, 1, seed * 7919 + number))
        end = min(origin + h, last)
        drawn = path_of(told)[:, : end - origin]
        drawn = np.where(whole, round_at_random(drawn, draw), drawn)
        y[:, origin:end] = np.where(known[:, origin:end], drawn, np.nan)
        available[:, origin:end] = 1.0
    return replace(panel, y=y, available=available)


def path_of(told: Forecast) -> Floats:
    """One path. [series, h]"""
    if told.samples is not None:
        return told.samples[0]
    return np.concatenate([independent(_step(told, i), 1, 1) for i in range(told.horizon)]).T


def imagined(history: History, panel: Panel, first: int) -> History:
    """The history of a shop whose customers asked for what the panel says from period `first` on."""
    made = np.arange(history.shape[1]) >= first
    demand = np.where(made & panel.known, np.nan_to_num(panel.y), history.demand).astype(np.float32)
    sold = np.where(made & panel.known, demand, history.sold).astype(np.float32)
    known = np.where(made & panel.known, 1.0, history.known).astype(np.float32)
    return replace(history, demand=demand, sold=sold, known=known)


def seen_as(panel: Panel, history: History) -> Panel:
    """The panel of a history that was drawn from the real one: its demand, never sold out."""
    y = np.where(panel.known, history.demand, np.nan).astype(np.float32)
    return replace(panel, y=y, available=np.ones_like(panel.available))


def _step(told: Forecast, step: int) -> Forecast:
    return replace(told, mean=told.mean[:, step : step + 1], quantiles=told.quantiles[:, step : step + 1])


def _normal(levels: Sequence[float]) -> NDArray[np.float64]:
    from scipy.stats import norm

    return np.asarray(norm.ppf(np.asarray(levels)))
