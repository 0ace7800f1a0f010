"""Who is compared in the bench of forecasts: ours, the classical ones, and packages of others."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from restock.forecasting.blend import Blend
from restock.forecasting.forecaster import Fitted, Forecaster
from restock.forecasting.methods import METHODS as OWN
from restock.forecasting.panel import Panel
from restock.workflows.benches.mlforecast_rivals import NAME as MLFORECAST
from restock.workflows.benches.mlforecast_rivals import GlobalTrees
from restock.workflows.benches.statsforecast_rivals import MODELS, Rival

OURS = ("deep_trees", "deep", "lightgbm", "median_ensemble")  # the first that takes part is compared with all others
# Their numbers depend on a seed.
LEARNED = ("deep", "deep_trees", "deep_censored", "lightgbm", "lightgbm_quantile")
QUICK_METHODS = ("seasonal_naive", "seasonal_mean", "croston_sba", "ets", "median_ensemble", "lightgbm_quantile")


class Entry(NamedTuple):
    """A method that takes part."""

    forecaster: Forecaster
    learns: bool  # more than one seed says something


@dataclass(frozen=True)
class Once:
    """A forecaster that is fitted once to the same panel, though several methods want it; the last few are kept."""

    inner: Forecaster

    @property
    def name(self) -> str:
        """That of the forecaster."""
        return self.inner.name

    def fit(self, panel: Panel, h: int, seed: int = 0) -> Fitted:
        """Fit, or remember."""
        key = (self.name, panel.ids, panel.shape, float(np.nansum(panel.y)), h, seed)
        if key in _FITTED:
            fitted, seconds = _FITTED[key]
            spared.append(seconds)
            return fitted
        if len(_FITTED) >= KEPT:
            _FITTED.pop(next(iter(_FITTED)))
        began = time.perf_counter()
        fitted = self.inner.fit(panel, h, seed)
        _FITTED[key] = fitted, time.perf_counter() - began
        return fitted


spared: list[float] = []  # seconds of fits that were remembered, which count as if they had been made again
KEPT = 8  # fits: four windows of two forecasters, seed by seed
_FITTED: dict[Any, tuple[Fitted, float]] = {}
METHODS: dict[str, Callable[[], Forecaster]] = dict(OWN)
METHODS["deep"] = lambda: Once(OWN["deep"]())
METHODS["lightgbm_quantile"] = lambda: Once(OWN["lightgbm_quantile"]())
METHODS["deep_trees"] = lambda: Blend("deep_trees", METHODS["deep"](), METHODS["lightgbm_quantile"]())
if find_spec("statsforecast") is not None:  # the extra `bench`
    METHODS |= {name: partial(Rival, name) for name in MODELS}
if find_spec("mlforecast") is not None:
    METHODS[MLFORECAST] = GlobalTrees


def make(name: str) -> Entry:
    """A method by its name, newly made."""
    return Entry(METHODS[name](), name in LEARNED)
