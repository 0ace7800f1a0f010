"""What festivals do to demand: learned from all items together, so that an item's first festival is not its surprise.

A lift is demand on the days of an event over what the weeks before say. An item leans on its category, a category on
the shop: `(sold + k lift) / (usual + k)` with k units of the wider group's lift.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.baselines import Observed, seasonal_mean
from restock.forecasting.correction import observed_demand
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask, Fitted, Forecaster
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

LEAN = 100.0  # units that an item must have been expected to sell on an event before its own lift counts half
SMALLEST, LARGEST = 0.1, 20.0
INSIDE = 0.5  # share of a period inside an event from which it counts as a period of the event


@dataclass(frozen=True)
class Lifts:
    """Demand on an event over usual demand. [series, event]"""

    names: tuple[str, ...]
    series: NDArray[np.float64]
    shop: NDArray[np.float64]  # [event]
    seen: NDArray[np.bool_]  # whether the event has ever been observed [event]

    def factors(self, calendar: Floats) -> NDArray[np.float64]:
        """Of each period: the lifts of its events multiplied, each by its share of the period. [series, period]"""
        logs = np.log(self.series) * self.seen
        return np.exp(logs @ np.nan_to_num(calendar).T.astype(np.float64))


def measure_lifts(panel: Panel) -> Lifts:
    """Lifts of all events of the panel's calendar; an event that nobody has seen lifts nothing.

    Usual demand is the mean of the same weekdays of the eight weeks before, without periods of events.
    """
    demand = observed_demand(panel).astype(np.float64)
    periods = demand.shape[1]
    calendar = panel.calendar[:periods]
    busy = (calendar >= INSIDE).any(axis=1)
    calm = np.where(busy, np.nan, demand).astype(np.float32)
    category = _categories(panel)
    series = np.ones((panel.shape[0], calendar.shape[1]))
    shop, seen = np.ones(calendar.shape[1]), np.zeros(calendar.shape[1], bool)
    for event in range(calendar.shape[1]):
        columns = np.flatnonzero(calendar[:, event] >= INSIDE)
        columns = columns[columns >= 1]
        if not len(columns):
            continue
        usual = np.stack(
            [seasonal_mean(Observed(calm, panel.period_days), np.array([t]), 1)[0, :, 0] for t in columns], 1
        )
        there = ~np.isnan(demand[:, columns]) & panel.known[:, columns]
        sold, expected = (np.where(there, part, 0.0).sum(axis=1) for part in (demand[:, columns], usual))
        if expected.sum() <= 0:
            continue
        seen[event] = True
        shop[event] = sold.sum() / expected.sum()
        wider = np.full(panel.shape[0], shop[event])
        for code in np.unique(category[category >= 0]):
            mine = category == code
            wider[mine] = (sold[mine].sum() + LEAN * shop[event]) / (expected[mine].sum() + LEAN)
        series[:, event] = (sold + LEAN * wider) / (expected + LEAN)
    return Lifts(panel.calendar_names, np.clip(series, SMALLEST, LARGEST), shop, seen)


@dataclass(frozen=True)
class Lifted:
    """A forecaster that knows no calendar, with the lifts of events around it."""

    name: str
    inner: Forecaster

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedLifted":
        """Measure the lifts, take them out, and learn the rest."""
        lifts = measure_lifts(panel)
        return FittedLifted(self.name, self.inner.fit(_calmed(panel, lifts), h, seed), lifts)


@dataclass(frozen=True)
class FittedLifted:
    """Forecasts calm demand and puts the events back in."""

    name: str
    inner: Fitted
    lifts: Lifts

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of the panel; series that were not fitted have the lifts of the shop."""
        lifts = self.lifts
        if len(lifts.series) != panel.shape[0]:
            lifts = replace(lifts, series=np.tile(np.clip(lifts.shop, SMALLEST, LARGEST), (panel.shape[0], 1)))
        calm = self.inner.predict(_calmed(panel, lifts), ask)
        end = panel.shape[1]
        ahead = panel.calendar[end : end + ask.h]
        factor = np.ones((panel.shape[0], ask.h), np.float32)
        factor[:, : len(ahead)] = lifts.factors(ahead)
        samples = None if calm.samples is None else (calm.samples * factor).astype(np.float32)
        quantiles = (calm.quantiles * factor[:, :, None]).astype(np.float32)
        mean = (calm.mean * factor).astype(np.float32)
        return replace(calm, method=self.name, mean=mean, quantiles=quantiles, samples=samples)


def _calmed(panel: Panel, lifts: Lifts) -> Panel:
    factors = lifts.factors(panel.calendar[: panel.shape[1]])
    return replace(panel, y=(panel.y / factors).astype(np.float32))


def _categories(panel: Panel) -> NDArray[np.int32]:
    if "category" not in panel.attributes:
        return np.full(panel.shape[0], -1, np.int32)
    return panel.codes[:, panel.attributes.index("category")]
