"""What a forecaster answers."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restock.simulator.history import Floats

QUANTILES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
FULL = (0.05, *QUANTILES, 0.95, 0.98, 0.99)  # what scores and policies ask for


@dataclass(frozen=True)
class Forecast:
    """Demand of the `horizon` periods after the last observed one. Units, never below 0."""

    method: str
    ids: tuple[str, ...]  # series
    starts: np.ndarray  # first day of each forecast period, datetime64[D]  [horizon]
    mean: Floats  # [series, horizon]
    levels: tuple[float, ...]  # of the quantiles, rising
    quantiles: Floats  # rising along the last axis [series, horizon, quantile]
    samples: Floats | None = None  # paths of demand: dependence over periods is in them [sample, series, horizon]

    @property
    def horizon(self) -> int:
        """How many periods."""
        return self.mean.shape[1]

    def at(self, level: float) -> Floats:
        """The quantile of a level; between two that were asked for, linearly. [series, horizon]"""
        return between(self.quantiles, self.levels, (level,))[..., 0]

    def rows(self, index: NDArray[np.integer]) -> "Forecast":
        """Only some series, in the order of `index`."""
        samples = None if self.samples is None else self.samples[:, index]
        ids = tuple(self.ids[i] for i in index)
        return replace(self, ids=ids, mean=self.mean[index], quantiles=self.quantiles[index], samples=samples)


def between(quantiles: Floats, levels: Sequence[float], wanted: Sequence[float]) -> Floats:
    """Quantiles of other levels, linear between the given ones and constant outside. [..., wanted]"""
    there = np.asarray(levels, np.float64)
    place = np.clip(np.interp(np.asarray(wanted, np.float64), there, np.arange(len(there))), 0, len(there) - 1)
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, len(there) - 1)
    part = (place - low).astype(np.float32)
    mixed = quantiles[..., low] * (1 - part) + quantiles[..., high] * part
    return mixed.astype(np.float32)


def of_samples(
    method: str, ids: tuple[str, ...], starts: np.ndarray, samples: Floats, levels: Sequence[float]
) -> Forecast:
    """The forecast that equally likely paths are. [sample, series, horizon]"""
    quantiles = np.moveaxis(np.quantile(samples, levels, axis=0), 0, -1).astype(np.float32)
    return Forecast(method, ids, starts, samples.mean(axis=0), tuple(levels), quantiles, samples)
