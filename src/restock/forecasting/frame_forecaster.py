"""Any forecaster with frames in and out, called as Nixtla's packages are: `fit`, `predict`, `cross_validation`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from restock.errors import UsageError
from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.forecaster import Ask, Fitted, Forecaster, Windows, cross_validate, same_levels
from restock.forecasting.frames import ID, TARGET, TIME, Reading, read_frame
from restock.forecasting.panel import Panel, check_ahead
from restock.language import Text


class FrameForecaster:
    """A forecaster of long frames.

    Columns that are asked for as `level=(90,)` come as `NAME-lo-90` and `NAME-hi-90`, quantiles as `NAME-q-0.9`.
    """

    def __init__(self, forecaster: Forecaster, reading: Reading | None = None, seed: int = 0) -> None:
        self.forecaster = forecaster
        self.reading = reading or Reading()
        self.seed = seed
        self._kept: tuple[Any, Any, Panel, Fitted] | None = None

    def fit(self, df: Any, static_df: Any = None, h: int = 28) -> "FrameForecaster":
        """Learn from `unique_id, ds, y` and covariates, to forecast up to `h` periods."""
        panel = read_frame(df, static_df, reading=self.reading)
        self._kept = (df, static_df, panel, self.forecaster.fit(panel, h, self.seed))
        return self

    def predict(
        self,
        h: int,
        X_df: Any = None,  # noqa: N803 - the name that Nixtla gave it
        quantiles: Sequence[float] = FULL,
        level: Sequence[int] = (),
        n_samples: int = 0,
    ) -> pl.DataFrame:
        """The next `h` periods: `unique_id, ds, NAME, NAME-q-0.1, ...`, and `NAME-sample-0, ...` if asked for.

        Raises:
            UsageError: nothing was learned.
            DataError: a covariate known ahead is missing; names series, column and day.
        """
        if self._kept is None:
            raise UsageError(
                Text("nothing has been learned yet", "尚未训练"), hint=Text("call `fit` first", "请先 `fit`")
            )
        df, static, panel, fitted = self._kept
        if X_df is not None:
            panel = read_frame(df, static, X_df, self.reading)
        panel = panel if panel.future_names or panel.calendar_names else without_plans(panel, h)
        check_ahead(panel, h)
        levels = same_levels([*quantiles, *bounds(level)])
        forecast = fitted.predict(panel, Ask(h, levels, n_samples, self.seed))
        return to_frame(forecast, self.forecaster.name, same_levels(quantiles), level)

    def cross_validation(
        self,
        df: Any,
        h: int,
        n_windows: int = 4,
        step_size: int | None = None,
        refit: bool | int = True,
        quantiles: Sequence[float] = FULL,
    ) -> pl.DataFrame:
        """Rolling origins: `unique_id, ds, cutoff, y, NAME, NAME-q-0.1, ...`; `cutoff` is the last day seen."""
        panel = read_frame(df, reading=self.reading)
        levels = same_levels(quantiles)
        tried = cross_validate(
            self.forecaster, panel, Windows(h, n_windows, step_size, refit), Ask(h, levels), self.seed
        )
        return validation_frame(panel, ((origin, forecast) for origin, forecast in tried), self.forecaster.name)


def bounds(level: Iterable[int]) -> list[float]:
    """Quantiles at the ends of intervals: 90 -> 0.05, 0.95."""
    return [round(part, 6) for wide in level for part in (0.5 - wide / 200, 0.5 + wide / 200)]


def to_frame(forecast: Forecast, name: str, quantiles: Sequence[float], level: Sequence[int] = ()) -> pl.DataFrame:
    """One row per series and period."""
    series, h = forecast.mean.shape
    columns: dict[str, Any] = {
        ID: np.repeat(np.array(forecast.ids, object), h).tolist(),
        TIME: np.tile(forecast.starts.astype("datetime64[D]"), series),
        name: forecast.mean.ravel(),
    }
    columns |= {f"{name}-q-{q:g}": forecast.at(q).ravel() for q in quantiles}
    for wide in level:
        low, high = bounds((wide,))
        columns |= {f"{name}-lo-{wide}": forecast.at(low).ravel(), f"{name}-hi-{wide}": forecast.at(high).ravel()}
    if forecast.samples is not None:
        columns |= {f"{name}-sample-{i}": path.ravel() for i, path in enumerate(forecast.samples)}
    return pl.DataFrame(columns)


def validation_frame(panel: Panel, tried: Iterable[tuple[int, Forecast]], name: str) -> pl.DataFrame:
    """What was forecast in each window beside what came; `y` is null where nothing is known."""
    parts = []
    for origin, forecast in tried:
        actual = panel.y[:, origin : origin + forecast.horizon].ravel()
        frame = to_frame(forecast, name, forecast.levels, (90,) if 0.05 in forecast.levels else ())
        parts.append(
            frame.with_columns(
                pl.lit(panel.starts[origin - 1].astype("datetime64[D]").astype(object)).alias("cutoff"),
                pl.Series(TARGET, actual).fill_nan(None),
            ).select(ID, TIME, "cutoff", TARGET, *frame.columns[2:])
        )
    return pl.concat(parts)


def without_plans(panel: Panel, ahead: int) -> Panel:
    """Room for periods to come, of which nothing need be known."""
    series, periods = panel.shape
    return replace(
        panel,
        future=np.zeros((series, periods + ahead, 0), np.float32),
        calendar=np.zeros((periods + ahead, 0), np.float32),
    )
