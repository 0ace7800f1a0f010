"""Panels of a few series, drawn or given."""

from dataclasses import replace

import numpy as np

from restock.forecasting.forecast import of_samples
from restock.forecasting.panel import Panel, bare_panel

START = np.datetime64("2024-01-01")  # a Monday


def made_up_panel(
    y=None, *, series: int = 6, periods: int = 84, ahead: int = 14, days: int = 1, seed: int = 0
) -> Panel:
    """Poisson demand with a weekly cycle, a discount that lifts it, some stock-outs, two categories."""
    draw = np.random.default_rng(seed)
    discount = np.where(draw.random((series, periods + ahead)) < 0.1, 0.2, 0.0).astype(np.float32)
    available = np.where(draw.random((series, periods)) < 0.1, 0.5, 1.0).astype(np.float32)
    if y is None:
        wave = 1.0 + 0.5 * np.sin(2 * np.pi * np.arange(periods) / 7)
        level = np.linspace(0.5, 20, series)[:, None]
        y = draw.poisson(level * wave * (1 + 3 * discount[:, :periods]) * available).astype(np.float32)
    y = np.asarray(y, np.float32)
    series, periods = y.shape
    bare = bare_panel(y, START + np.arange(periods) * np.timedelta64(days, "D"), days)
    return replace(
        bare,
        available=available[:series, :periods],
        future=discount[:series, : periods + ahead, None],
        future_names=("discount",),
        past=draw.random((series, periods, 1)).astype(np.float32),
        past_names=("views",),
        calendar=(draw.random((periods + ahead, 1)) < 0.1).astype(np.float32),
        calendar_names=("holiday",),
        codes=(np.arange(series, dtype=np.int32) % 2)[:, None],
        attributes=("category",),
        levels=(("tea", "coffee"),),
    )


class Mean:
    """The mean of everything seen when fitted, as Poisson; knows how often it was fitted and on what."""

    name = "mean"

    def __init__(self):
        self.seen = []

    def fit(self, panel, h, seed=0):
        self.seen.append(panel)
        return FittedMean(np.nanmean(panel.y, axis=1))


class FittedMean:
    """What `Mean` learned."""

    def __init__(self, mean):
        self.mean = mean

    def predict(self, panel, ask):
        draw = np.random.default_rng(ask.seed)
        shape = (max(ask.n_samples, 200), len(self.mean), ask.h)
        samples = draw.poisson(self.mean[:, None], shape).astype(np.float32)
        return of_samples("mean", panel.ids, panel.days(ask.h)[-ask.h :], samples, ask.levels)
