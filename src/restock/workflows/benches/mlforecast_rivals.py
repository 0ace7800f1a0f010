"""One LightGBM for all series as the package mlforecast makes it, as a rival; extra `bench`.

Lags, moving averages and the calendar of its own documentation, what is known ahead beside them, a Tweedie loss, and
the package's conformal intervals as quantiles.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from restock.forecasting.correction import observed_demand
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats
from restock.workflows.benches.needed import need

NAME = "mlforecast_lgbm"
MODEL = "trees"
LAGS = {1: (1, 2, 3, 4, 5, 6, 7, 14, 21, 28), 7: (1, 2, 3, 4, 8, 13)}
AVERAGES = {1: (7, 28), 7: (4, 13)}  # periods that lag 1 is averaged over
WINDOWS = 2  # that the intervals are calibrated on
TREES = {"objective": "tweedie", "n_estimators": 200, "learning_rate": 0.05, "num_leaves": 31, "verbosity": -1}


@dataclass(frozen=True)
class GlobalTrees:
    """One model for all series; learning and forecasting are one, since intervals are calibrated on the newest."""

    seed: int = 0

    @property
    def name(self) -> str:
        """A column of tables."""
        return NAME

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "GlobalTrees":
        """Nothing is learned before it is asked.

        Raises:
            UsageError: the package is not installed.
        """
        need(NAME, "mlforecast")
        return GlobalTrees(seed)

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """A series too short for the intervals is forecast by its mean and standard deviation."""
        demand = observed_demand(panel)
        series = [_filled(row) for row in demand]
        least = WINDOWS * ask.h + max(LAGS[panel.period_days]) + 1
        long = [row for row, values in enumerate(series) if len(values) >= least]
        mean = np.zeros((len(series), ask.h))
        quantiles = np.zeros((len(series), ask.h, len(ask.levels)))
        for row, values in enumerate(series):
            mean[row], quantiles[row] = values.mean(), np.quantile(values, ask.levels)
        if long:
            mean[long], quantiles[long] = self._learned(panel, [(row, series[row]) for row in long], ask)
        return Forecast(
            NAME,
            panel.ids,
            panel.days(ask.h)[-ask.h :],
            np.maximum(mean, 0.0).astype(np.float32),
            ask.levels,
            np.maximum(np.sort(quantiles, axis=-1), 0.0).astype(np.float32),
        )

    def _learned(self, panel: Panel, series: list[tuple[int, Floats]], ask: Ask) -> tuple[Floats, Floats]:
        import lightgbm
        from mlforecast import MLForecast  # pyright: ignore[reportMissingImports]
        from mlforecast.lag_transforms import RollingMean  # pyright: ignore[reportMissingImports]
        from mlforecast.utils import PredictionIntervals  # pyright: ignore[reportMissingImports]

        days = panel.period_days
        averages: list[Any] = [RollingMean(window_size=periods) for periods in AVERAGES[days]]
        models: dict[str, Any] = {MODEL: lightgbm.LGBMRegressor(**TREES, random_state=self.seed, n_jobs=1)}
        model = MLForecast(
            models=models,
            freq=f"{days}d",
            lags=list(LAGS[days]),
            lag_transforms={1: averages},
            date_features=["weekday", "month"] if days == 1 else ["week"],
        )
        planned = panel.future_names + panel.calendar_names if panel.ahead >= ask.h else ()
        seen, ahead = _frame(panel, series, planned), _plans(panel, series, planned, ask.h)
        wide = sorted({_width(level) for level in ask.levels} - {0.0})
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as its advice on names of columns
            model.fit(seen, static_features=[], prediction_intervals=PredictionIntervals(n_windows=WINDOWS, h=ask.h))
            found: Any = model.predict(ask.h, level=wide, X_df=ahead if planned else None)
        shape = (len(series), ask.h)
        middle = found[MODEL].to_numpy().reshape(shape)
        columns = [_column(found, level) for level in ask.levels]
        return middle, np.stack([column.reshape(shape) for column in columns], axis=-1)


def _width(level: float) -> float:
    """Of the interval that ends at a quantile, percent."""
    return round(100 * abs(1 - 2 * level), 6)


def _column(found: Any, level: float) -> Floats:
    side = "hi" if level > 0.5 else "lo"
    return found[MODEL if level == 0.5 else f"{MODEL}-{side}-{_width(level)}"].to_numpy()


def _filled(row: Floats) -> Floats:
    """A series from its first observation on, gaps filled by what lies around them."""
    there = np.flatnonzero(~np.isnan(row))
    if len(there) == 0:
        return np.zeros(1, np.float32)
    return np.interp(np.arange(there[0], len(row)), there, row[there]).astype(np.float32)


def _frame(panel: Panel, series: list[tuple[int, Floats]], planned: tuple[str, ...]) -> Any:
    """Long, with what was known ahead of each period."""
    parts = []
    for row, values in series:
        first = panel.shape[1] - len(values)
        parts.append(_rows(panel, row, planned, slice(first, panel.shape[1]), panel.starts[first:]) | {"y": values})
    return _joined(parts)


def _plans(panel: Panel, series: list[tuple[int, Floats]], planned: tuple[str, ...], h: int) -> Any:
    """Long, of the periods to forecast."""
    now, days = panel.shape[1], panel.days(h)[-h:]
    return _joined([_rows(panel, row, planned, slice(now, now + h), days) for row, _ in series])


def _rows(panel: Panel, row: int, planned: tuple[str, ...], periods: slice, days: np.ndarray) -> dict[str, Any]:
    told = np.concatenate([panel.future[row, periods], panel.calendar[periods]], axis=-1) if planned else None
    columns = {} if told is None else {f"plan_{i}": told[:, i] for i in range(told.shape[1])}
    return {"unique_id": np.full(len(days), f"{row:09d}"), "ds": days, **columns}


def _joined(parts: list[dict[str, Any]]) -> Any:
    import polars as pl

    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return pl.DataFrame(joined | {"ds": joined["ds"].astype("datetime64[ms]")})
