"""AutoETS and AutoTheta of the package statsforecast, series by series, as rivals; extra `bench`."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import norm

from restock.forecasting.correction import observed_demand
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats
from restock.workflows.benches.needed import need

MODELS = ("auto_ets", "auto_theta")
SEASON = {1: 7, 7: 1}
FEWEST = 3  # observations of a series; with fewer, its mean
WIDE = 90  # the interval that is asked of the package


@dataclass(frozen=True)
class Rival:
    """A model of statsforecast; learning and forecasting are one."""

    name: str

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "Rival":
        """Nothing is learned before it is asked.

        Raises:
            UsageError: the package is not installed.
        """
        need(self.name, "statsforecast")
        return self

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Quantiles between and outside the package's intervals are those of a normal distribution of that width."""
        demand = observed_demand(panel)
        season = SEASON[panel.period_days]
        parts = [self._series(row, ask, season) for row in demand]
        mean = np.stack([part[0] for part in parts])
        quantiles = np.stack([part[1] for part in parts])
        days = panel.days(ask.h)[-ask.h :]
        return Forecast(
            self.name,
            panel.ids,
            days,
            np.maximum(mean, 0.0).astype(np.float32),
            ask.levels,
            np.maximum(quantiles, 0.0).astype(np.float32),
        )

    def _series(self, y: Floats, ask: Ask, season: int) -> tuple[Any, Any]:
        there = np.flatnonzero(~np.isnan(y))
        known = y[there[0] :] if len(there) else np.zeros(1)
        filled = np.interp(np.arange(len(known)), np.flatnonzero(~np.isnan(known)), known[~np.isnan(known)])
        if len(there) < FEWEST or np.ptp(filled) == 0:
            flat = np.full(ask.h, filled.mean())
            return flat, np.repeat(flat[:, None], len(ask.levels), axis=1)
        try:
            found = self._model(season, len(filled)).forecast(y=filled.astype(float), h=ask.h, level=[WIDE])
        except NotImplementedError:  # the package takes no series of a few observations
            flat = np.full(ask.h, filled.mean())
            return flat, flat[:, None] + filled.std() * norm.ppf(ask.levels)
        with np.errstate(invalid="ignore"):
            spread = (found[f"hi-{WIDE}"] - found[f"lo-{WIDE}"]) / (2 * norm.ppf(0.95))
        mean = np.where(np.isfinite(found["mean"]), found["mean"], filled.mean())
        spread = np.where(np.isfinite(spread), spread, filled.std())  # too few residuals to tell
        return mean, mean[:, None] + spread[:, None] * norm.ppf(ask.levels)

    def _model(self, season: int, periods: int) -> Any:
        from statsforecast import models  # pyright: ignore[reportMissingImports]

        season = season if periods >= 2 * season + 3 else 1
        return {"auto_ets": models.AutoETS, "auto_theta": models.AutoTheta}[self.name](season_length=season)
