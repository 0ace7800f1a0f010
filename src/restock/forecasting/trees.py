"""One gradient-boosted model for all series: the strongest rival of a network.

`Trees` learns the mean (Tweedie) and takes the spread from its own past errors; `QuantileTrees` learns each level by
itself. Rows are (series, origin, step): direct forecasts, so that one model serves every step of the horizon.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

from restock.forecasting.correction import observed_demand
from restock.forecasting.forecast import Forecast, between
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel
from restock.forecasting.tree_features import CYCLES, design
from restock.simulator.history import Floats

LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
ROWS = 400_000  # learned from, at most
SETTINGS: dict[str, Any] = {
    "learning_rate": 0.05,
    "num_leaves": 63,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 1.0,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "max_cat_to_onehot": 8,
}
ROUNDS = 300
QUANTILE_ROUNDS = 150
SMALLEST_SPREAD = 0.01
SMALL = 50_000  # rows below which waiting for other threads costs more than they do
HELD_OUT = 0.25  # of the origins, the latest, whose errors tell the spread


@dataclass(frozen=True)
class Trees:
    """The mean by Tweedie regression of demand / scale, and a negative binomial around it."""

    name: str = "lightgbm"
    rounds: int = ROUNDS

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedTrees":
        """Learn the mean on the earlier origins, the spread from errors on the later ones, then the mean on all."""
        rows = learning_rows(panel, h, seed)
        settings = {**SETTINGS, "objective": "tweedie", "tweedie_variance_power": 1.3, "seed": seed}
        late = rows.origin >= np.quantile(rows.origin, 1 - HELD_OUT) if len(rows.y) else np.zeros(0, bool)
        alpha = 1.0
        if late.any() and not late.all():
            first = _train(settings, _bins(rows.only(~late)), self.rounds)
            alpha = dispersion(rows.y[late], rows.scale[late] * first.predict(rows.inputs[late]))
        return FittedTrees(self.name, _train(settings, _bins(rows), self.rounds), alpha)


@dataclass(frozen=True)
class QuantileTrees:
    """Each level by quantile regression; crossing levels are put in order."""

    name: str = "lightgbm_quantile"
    rounds: int = QUANTILE_ROUNDS

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedQuantileTrees":
        """Learn one model per level and one for the mean."""
        bins = _bins(learning_rows(panel, h, seed))
        models = [
            _train({**SETTINGS, "objective": "quantile", "alpha": level, "seed": seed}, bins, self.rounds)
            for level in LEVELS
        ]
        settings = {**SETTINGS, "objective": "tweedie", "tweedie_variance_power": 1.3, "seed": seed}
        return FittedQuantileTrees(self.name, tuple(models), _train(settings, bins, self.rounds))


@dataclass(frozen=True)
class FittedTrees:
    """Trees for the mean, and how spread demand is around it."""

    name: str
    model: Any
    alpha: float  # of the negative binomial: variance = mean + alpha mean^2

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of the panel."""
        inputs, scale = _ahead(panel, ask.h)
        mean = np.maximum(self.model.predict(inputs), 0.0).reshape(panel.shape[0], ask.h) * scale[:, None]
        size = 1 / max(self.alpha, SMALLEST_SPREAD)
        chance = size / (size + np.maximum(mean, 1e-6))
        quantiles = nbinom.ppf(np.asarray(ask.levels), size, chance[:, :, None]).astype(np.float32)
        samples = None
        if ask.n_samples:
            draw = np.random.default_rng(ask.seed)
            samples = draw.negative_binomial(size, chance, (ask.n_samples, *mean.shape)).astype(np.float32)
        days = panel.days(ask.h)[-ask.h :]
        return Forecast(self.name, panel.ids, days, mean.astype(np.float32), ask.levels, quantiles, samples)


@dataclass(frozen=True)
class FittedQuantileTrees:
    """Trees per level."""

    name: str
    models: tuple[Any, ...]
    mean: Any

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of the panel; paths are drawn period by period, each on its own."""
        inputs, scale = _ahead(panel, ask.h)
        shape = (panel.shape[0], ask.h)
        found = np.stack([model.predict(inputs).reshape(shape) for model in self.models], axis=-1)
        found = np.sort(np.maximum(found, 0.0), axis=-1) * scale[:, None, None]
        mean = np.maximum(self.mean.predict(inputs), 0.0).reshape(shape) * scale[:, None]
        quantiles = between(found.astype(np.float32), LEVELS, ask.levels)
        samples = None
        if ask.n_samples:
            draw = np.random.default_rng(ask.seed)
            samples = drawn(found.astype(np.float32), LEVELS, draw.random((ask.n_samples, *shape)))
        days = panel.days(ask.h)[-ask.h :]
        return Forecast(self.name, panel.ids, days, mean.astype(np.float32), ask.levels, quantiles, samples)


class Rows(NamedTuple):
    """What is learned from; demand is in units, models see it divided by scale."""

    inputs: Floats  # [row, feature]
    y: Floats  # units [row]
    scale: Floats  # units [row]
    origin: NDArray[np.int64]  # [row]
    categories: tuple[int, ...]  # columns that are codes

    def only(self, kept: NDArray[np.bool_]) -> "Rows":
        """Some rows."""
        return Rows(self.inputs[kept], self.y[kept], self.scale[kept], self.origin[kept], self.categories)


def learning_rows(panel: Panel, h: int, seed: int) -> Rows:
    """Origins spread over the past, every step where demand was observed; a draw where there are too many."""
    demand = observed_demand(panel)
    series, periods = panel.shape
    first = min(CYCLES[panel.period_days], max(periods // 3, 1))
    origins = np.arange(periods - 1, first - 1, -1 if series * periods * h < ROWS else -max(h // 3, 1))
    parts = []
    rng = np.random.default_rng(seed)
    share = min(1.0, ROWS / max(series * len(origins) * h, 1))
    for origin in origins:
        steps = np.arange(min(h, periods - origin))
        actual = demand[:, origin : origin + len(steps)]
        kept = ~np.isnan(actual) & panel.known[:, origin : origin + len(steps)]
        kept &= rng.random(kept.shape) < share
        found = design(panel, demand, int(origin), len(steps))
        row, step = np.nonzero(kept)
        parts.append((found.inputs[row, step], actual[row, step], found.scale[row], np.full(len(row), origin)))
    categories = design(panel, demand, int(origins[0]) if len(origins) else periods, 1).categories
    if not parts:
        return Rows(
            np.zeros((0, 1), np.float32), np.zeros(0, np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), ()
        )
    inputs, y, scale, origin = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Rows(inputs, y.astype(np.float32), scale.astype(np.float32), origin, categories)


def dispersion(actual: NDArray[np.floating], mean: NDArray[np.floating]) -> float:
    """Alpha of variance = mean + alpha mean^2 by moments; never below 0."""
    return float(max(((actual - mean) ** 2 - mean).sum() / max((mean**2).sum(), 1e-9), 0.0))


def drawn(quantiles: Floats, levels: Sequence[float], chance: NDArray[np.float64]) -> Floats:
    """Demand at random places of its quantile function. [sample, series, h]"""
    place = np.interp(chance, levels, np.arange(len(levels)))
    low = np.minimum(place.astype(np.int64), len(levels) - 2)
    part = (place - low).astype(np.float32)
    wide = np.broadcast_to(quantiles, (len(chance), *quantiles.shape))
    first = np.take_along_axis(wide, low[..., None], axis=-1)[..., 0]
    second = np.take_along_axis(wide, low[..., None] + 1, axis=-1)[..., 0]
    return (first * (1 - part) + second * part).astype(np.float32)


def _ahead(panel: Panel, h: int) -> tuple[Floats, Floats]:
    found = design(panel, observed_demand(panel), panel.shape[1], h)
    return found.inputs.reshape(-1, found.inputs.shape[-1]), found.scale


def _bins(rows: Rows) -> Any:
    """The rows as trees see them: sorted into bins once, however many models learn from them."""
    import lightgbm

    few = {**SETTINGS, "min_data_in_leaf": _least(len(rows.y)), "num_threads": _threads(len(rows.y))}
    categories = list(rows.categories) or "auto"
    share = rows.y / rows.scale
    return lightgbm.Dataset(rows.inputs, share, weight=rows.scale, categorical_feature=categories, params=few)


def _train(settings: dict[str, Any], bins: Any, rounds: int) -> Any:
    import lightgbm

    count = len(bins.get_label())
    few = {"min_data_in_leaf": _least(count), "num_threads": _threads(count)}
    return lightgbm.train({**settings, **few}, bins, num_boost_round=rounds)


def _least(rows: int) -> int:
    """Rows in a leaf."""
    return min(SETTINGS["min_data_in_leaf"], max(rows // 20, 1))


def _threads(rows: int) -> int:
    return 1 if rows < SMALL else 0
