"""The deep forecaster: settings that fit, and what has been fitted."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.errors import DataError
from restock.forecasting.deep.calibration import Calibration, calibrate, no_calibration, paths, quantile_table
from restock.forecasting.deep.inputs import Groups, Length, Scaling, Source, fit_scaling, group_sales, make_source
from restock.forecasting.deep.network import Tide
from restock.forecasting.deep.quantiles import FINE
from restock.forecasting.deep.settings import CONTEXT, KEPT_BACK, DeepConfig
from restock.forecasting.deep.training import JUDGED, Learner, Stage, advance, begin, came, fit, foresee, restart
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel, check_ahead
from restock.language import Text

AT_ONCE = 2048  # series that are forecast together
LEAST = 12  # observed periods below which nothing is kept back


@dataclass(frozen=True)
class Deep:
    """One network for all series, learned by the likelihood of what was sold."""

    config: DeepConfig = field(default_factory=DeepConfig)
    name: str = "deep"

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedDeep":
        """Learn from all observed periods.

        The last ones are kept back at first: they say when to stop, how levels must be corrected, and how periods hang
        together. Then the network goes on for a while with them.

        Raises:
            DataError: nothing was ever observed.
            TrainingError: a loss is not a number.
        """
        config, days = self.config, panel.period_days
        there = np.flatnonzero(panel.known.any(1))
        if not len(there) or panel.shape[1] < 2:
            raise DataError(
                Text(
                    f"nothing to learn from: {panel.shape[0]} series, {int(panel.known.sum())} observed periods",
                    f"没有可学习的数据：{panel.shape[0]} 条序列，{int(panel.known.sum())} 个观测期",
                ),
                hint=Text("give at least two periods of sales", "请提供至少两期销售数据"),
            )
        length = Length(config.context or CONTEXT[days], h, days)
        scaling = fit_scaling(panel)
        source = make_source(panel, scaling, length, group_sales(panel, config.sold_out), config.sold_out)
        learner = begin(config, scaling, source, length, seed)
        periods = panel.shape[1]
        back = min(config.kept_back or KEPT_BACK[days], periods // 4) if periods >= LEAST else 0
        calibration, updates, looks = no_calibration(h), config.updates // 5, ()
        if back:
            windows = _kept_back(panel, there, back, seed)
            target = came(source, length, *windows)
            plan = (_stage(panel, there, periods - back), windows, target)
            course = fit(config, source, length, plan, learner, seed)
            learner, updates, looks = course.learner, course.updates, course.looks
            law, target = jax.device_get((course.law, target))
            calibration = calibrate(law, target, days, config.recalibrate, seed)
        learner = _catch_up(config, source, length, _stage(panel, there, periods), learner, (back, updates, seed))
        return FittedDeep(self.name, config, scaling, length, learner.average, calibration, looks)


@dataclass(frozen=True)
class FittedDeep:
    """What has been learned, and the numbers that read a panel as it was then."""

    name: str
    config: DeepConfig
    scaling: Scaling
    length: Length
    networks: Tide  # leading axis: members
    calibration: Calibration
    looks: tuple[float, ...] = ()  # log likelihood of the periods kept back, after each round

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Forecast from the end of a panel with the same covariates: any series, also such as were never met.

        Raises:
            DataError: a covariate is missing, or more periods are asked for than were learned.
        """
        return self.predict_at(panel, panel.shape[1], ask)

    def predict_at(self, panel: Panel, origin: int, ask: Ask) -> Forecast:
        """The same from an earlier moment: the program is compiled once for all moments of a panel."""
        self._check(panel.until(origin), ask.h)
        groups, draw = group_sales(panel, self.config.sold_out), np.random.default_rng(ask.seed)
        moment = (origin, groups)
        parts = [self._part(panel, moment, rows, ask, draw) for rows in _chunks(panel.shape[0])]
        mean, quantiles, samples = (list(part) for part in zip(*parts, strict=True))
        return Forecast(
            method=self.name,
            ids=panel.ids,
            starts=panel.days(ask.h)[origin : origin + ask.h],
            mean=np.concatenate(mean),
            levels=ask.levels,
            quantiles=np.concatenate(quantiles),
            samples=np.concatenate(samples, axis=1) if ask.n_samples else None,
        )

    def _part(
        self, panel: Panel, moment: tuple[int, Groups], rows: NDArray[np.integer], ask: Ask, draw: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        some, count, (origin, groups) = panel.rows(rows), len(np.unique(rows)), moment
        source = make_source(some, self.scaling, self.length, groups, self.config.sold_out)
        index = jnp.arange(len(rows))
        law = jax.device_get(foresee(self.networks, source, self.length, index, jnp.full(len(rows), origin)))
        law = jax.tree.map(lambda values: values[:count, : ask.h], law)
        near = Calibration(self.calibration.levels[: ask.h], self.calibration.ties[: ask.h, : ask.h])
        quantiles = quantile_table(law, near, np.asarray(ask.levels))
        samples = np.zeros((0, count, ask.h), np.float32)
        if ask.n_samples:
            table = quantile_table(law, near, np.asarray(FINE))
            samples = paths(table, near.ties, ask.n_samples, draw, whole=self.config.law != "tweedie")
        return np.asarray(law.expected, np.float32), quantiles, samples

    def _check(self, panel: Panel, h: int) -> None:
        check_ahead(panel, h)
        if h > self.length.h:
            raise DataError(
                Text(
                    f"asked for {h} periods; the forecaster has learned {self.length.h}",
                    f"要求预测 {h} 期，而模型只学习了 {self.length.h} 期",
                ),
                hint=Text(f"fit it with h={h}", f"请以 h={h} 重新训练"),
            )
        for kind in ("future", "calendar", "past"):
            learned, given = getattr(self.scaling, kind), getattr(panel, f"{kind}_names")
            if learned != given:
                wrong = sorted(set(learned) ^ set(given)) or list(given)
                raise DataError(
                    Text(
                        f"the panel's covariates are not those that were learned: {', '.join(wrong)}",
                        f"协变量与训练时不同：{', '.join(wrong)}",
                    ),
                    hint=Text("give the same ones in the same order", "请按相同顺序提供相同的协变量"),
                )


def _stage(panel: Panel, there: NDArray[np.integer], end: int) -> Stage:
    """Windows of all series that had been observed by then; the last target is period `end` - 1."""
    first = panel.known[there].argmax(1) + 1
    old = np.flatnonzero(first < end)
    chosen = np.resize(old if len(old) else np.arange(len(there)), len(there))
    first = np.minimum(first[chosen], end - 1)
    return Stage(jnp.asarray(there[chosen]), jnp.asarray(first), jnp.int32(end - 1), jnp.int32(end))


def _kept_back(panel: Panel, there: NDArray[np.integer], back: int, seed: int) -> tuple[Array, Array]:
    """Some windows whose targets all lie in the last periods."""
    draw, periods = np.random.default_rng(seed), panel.shape[1]
    step = 7 if panel.period_days == 1 else 2
    origins = np.arange(periods - back, periods, step)
    rows, origins = (part.ravel() for part in np.meshgrid(there, origins, indexing="ij"))
    chosen = draw.permutation(len(rows))[:JUDGED]
    chosen = np.resize(chosen, min(JUDGED, 1 << (len(chosen) - 1).bit_length()))
    return jnp.asarray(rows[chosen]), jnp.asarray(origins[chosen])


def _catch_up(
    config: DeepConfig, source: Source, length: Length, stage: Stage, learner: Learner, course: tuple[int, int, int]
) -> Learner:
    """Go on with all periods; from nothing where none were kept back. course: periods kept back, steps made, seed"""
    back, made, seed = course
    updates = round(made * config.catch_up) if back else made
    if updates <= 0:
        return learner
    learner = restart(config, learner.average)
    for begin_ in range(0, updates, config.round):
        learner = advance(config, source, length, stage, learner, (updates, begin_, seed + 1))
    return learner


def _chunks(series: int) -> list[NDArray[np.integer]]:
    """Rows in parts of one size, so that nothing is compiled twice; the last part repeats its last row."""
    size = min(AT_ONCE, series)
    starts = range(0, series, size)
    return [np.minimum(np.arange(start, start + size), series - 1) for start in starts]
