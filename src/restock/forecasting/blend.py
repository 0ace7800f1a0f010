"""Two forecasters as one: the middle of demand from both, its ends and how periods hang together from the first.

Trees tell the middle as well as a network does and err elsewhere, so their mean is better than either. But they learn
each level by itself, which makes the extreme ones too narrow, and know nothing of how periods hang together.
"""

from dataclasses import dataclass, replace

import numpy as np

from restock.forecasting.forecast import QUANTILES, Forecast, between
from restock.forecasting.forecaster import Ask, Fitted, Forecaster, predict_at
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

LOW, HIGH = QUANTILES[0], QUANTILES[-1]  # between them both count


@dataclass(frozen=True)
class Blend:
    """The mean of two forecasters' quantiles from 10 to 90 %; the first one's beyond."""

    name: str
    first: Forecaster
    second: Forecaster

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedBlend":
        """Fit both."""
        return FittedBlend(self.name, self.first.fit(panel, h, seed), self.second.fit(panel, h, seed))


@dataclass(frozen=True)
class FittedBlend:
    """Both, fitted."""

    name: str
    first: Fitted
    second: Fitted

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of the panel."""
        return self.predict_at(panel, panel.shape[1], ask)

    def predict_at(self, panel: Panel, origin: int, ask: Ask) -> Forecast:
        """The same from an earlier moment."""
        wider = ask._replace(levels=tuple(sorted({*ask.levels, *QUANTILES})))
        first, second = (predict_at(each, panel, origin, wider) for each in (self.first, self.second))
        both = _in_the_middle(np.asarray(wider.levels))
        mixed = np.where(both, (first.quantiles + second.quantiles) / 2, first.quantiles)
        blend = replace(
            first,
            method=self.name,
            mean=(first.mean + second.mean) / 2,
            quantiles=np.sort(mixed, axis=-1),
            samples=None,
        )
        samples = None if first.samples is None else _moved(first.samples, blend, ask.seed)
        asked = between(blend.quantiles, wider.levels, ask.levels)
        return replace(blend, levels=ask.levels, quantiles=asked, samples=samples)


def _moved(paths: Floats, blend: Forecast, seed: int) -> Floats:
    """The first one's paths with the blend's quantiles: each period keeps its rank among all paths."""
    noise = np.random.default_rng(seed).random(paths.shape, dtype=np.float32)  # equal units come in any order
    rank = np.lexsort((noise, paths), axis=0).argsort(axis=0)
    level = (np.arange(len(paths)) + 0.5) / len(paths)
    table = np.moveaxis(between(blend.quantiles, blend.levels, level.tolist()), -1, 0)
    return np.where(_in_the_middle(level)[rank], np.take_along_axis(table, rank, axis=0), paths)


def _in_the_middle(level: np.ndarray) -> np.ndarray:
    return (level >= LOW) & (level <= HIGH)
