"""Forecasters chosen or weighted by the money that orders made from them would have cost, not by their errors.

On rolling windows of the past each candidate names a stock level for the demand of a lead time; what it then costs to
hold too much or to miss a sale is known. `select` takes the candidate that cost least, `weigh` mixes levels so that the
mixture cost least, `average` trusts all alike. Choosing only the model by money, and fitting it by likelihood, is what
holds up best when a model is wrong (arXiv 2304.06833).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.forecaster import Ask, Fitted, Forecaster, Windows, cross_validate, predict_at
from restock.forecasting.panel import Panel
from restock.forecasting.scores import lead_demand, patterns
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]
How = Literal["average", "select", "weigh"]
FEWEST = 40  # decisions of a class of demand, below which it goes with all
STEPS, RATE = 400, 0.5  # of the search for weights
PULL = 0.02  # towards equal weights, in shares of the average's cost: few windows say little
SAMPLES = 200


@dataclass(frozen=True)
class Costs:
    """What a unit too many and a unit too few cost over one lead time, and how long that is."""

    holding: float = 1.0
    shortage: float = 4.0
    lead: int = 7

    @property
    def ratio(self) -> float:
        """The share of lead times in which everything should be served (the newsvendor's)."""
        return self.shortage / (self.shortage + self.holding)

    def of(self, level: NDArray[np.floating], demand: NDArray[np.floating]) -> Doubles:
        """Cost of a stock level once demand is known."""
        left = np.asarray(level, np.float64) - demand
        return self.holding * np.maximum(left, 0.0) + self.shortage * np.maximum(-left, 0.0)


class Decisions(NamedTuple):
    """Stock levels that candidates named in the past, and the demand that came. Only what was wholly observed."""

    levels: Doubles  # [decision, candidate]
    demand: Doubles  # [decision]
    series: NDArray[np.int64]  # [decision]


@dataclass(frozen=True)
class Chosen:
    """Several forecasters as one."""

    candidates: tuple[Forecaster, ...]
    costs: Costs = field(default_factory=Costs)
    how: How = "weigh"
    n_windows: int = 3

    @property
    def name(self) -> str:
        """A column of tables."""
        return self.how

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedChosen":
        """Try the candidates on windows of the past, then fit each on everything."""
        classes = patterns(panel)
        weights = {"": np.full(len(self.candidates), 1.0 / len(self.candidates))}
        if self.how != "average":
            past = decide(self.candidates, panel, Windows(h, self.n_windows, refit=False), self.costs, seed)
            weights = weigh_classes(past, classes, self.costs, self.how)
        fitted = tuple(candidate.fit(panel, h, seed) for candidate in self.candidates)
        return FittedChosen(self.name, fitted, weights)


@dataclass(frozen=True)
class FittedChosen:
    """Fitted candidates and how much each is trusted, by class of demand; "" stands for every other class."""

    name: str
    fitted: tuple[Fitted, ...]
    weights: dict[str, Doubles]  # [candidate]

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Quantiles are weighted means of the candidates'; of the paths each candidate gives its share."""
        return self.predict_at(panel, panel.shape[1], ask)

    def predict_at(self, panel: Panel, origin: int, ask: Ask) -> Forecast:
        """The same from an earlier moment."""
        answers = [predict_at(each, panel, origin, ask) for each in self.fitted]
        trust = self.trust(panel.until(origin))
        mean = sum(trust[:, k, None] * answer.mean for k, answer in enumerate(answers))
        quantiles = sum(trust[:, k, None, None] * answer.quantiles for k, answer in enumerate(answers))
        return Forecast(
            method=self.name,
            ids=panel.ids,
            starts=answers[0].starts,
            mean=np.asarray(mean, np.float32),
            levels=answers[0].levels,
            quantiles=np.asarray(quantiles, np.float32),
            samples=_pooled(answers, trust, ask) if ask.n_samples else None,
        )

    def trust(self, panel: Panel) -> Doubles:
        """The weights of each series. [series, candidate]"""
        return np.stack([self.weights.get(str(name), self.weights[""]) for name in patterns(panel)])


def decide(candidates: Sequence[Forecaster], panel: Panel, windows: Windows, costs: Costs, seed: int = 0) -> Decisions:
    """The levels that candidates would have named in each window."""
    levels: list[Doubles] = []
    demand = rows = np.zeros(0)
    for candidate in candidates:
        named, came, series = [], [], []
        for origin, forecast in cross_validate(candidate, panel, windows, Ask(windows.h, FULL, SAMPLES, seed), seed):
            lead = slice(origin, origin + min(costs.lead, windows.h))
            whole = np.flatnonzero(panel.whole[:, lead].all(axis=1))
            named.append(stock_level(forecast, costs)[whole])
            came.append(panel.y[whole, lead].sum(axis=1))
            series.append(whole)
        levels.append(np.concatenate(named).astype(np.float64))
        demand, rows = np.concatenate(came), np.concatenate(series)
    return Decisions(np.stack(levels, axis=1), demand.astype(np.float64), rows.astype(np.int64))


def stock_level(forecast: Forecast, costs: Costs) -> Floats:
    """The newsvendor's level for the demand of a lead time. [series]"""
    lead = min(costs.lead, forecast.horizon)
    return np.quantile(lead_demand(forecast, lead), costs.ratio, axis=0).astype(np.float32)


def weigh_classes(past: Decisions, classes: NDArray[np.str_], costs: Costs, how: How) -> dict[str, Doubles]:
    """Weights of each class of demand that has enough decisions, and of all under ""."""
    weights = {"": best_weights(past.levels, past.demand, costs, how)}
    for name in np.unique(classes):
        some = classes[past.series] == name
        if some.sum() >= FEWEST:
            weights[str(name)] = best_weights(past.levels[some], past.demand[some], costs, how)
    return weights


def best_weights(levels: Doubles, demand: Doubles, costs: Costs, how: How) -> Doubles:
    """Weights of the candidates whose levels would have cost least. [candidate]

    The cost of a mixture is convex in the weights, so multiplying them by the exponential of minus the slope, again and
    again, finds the least one; the best point on the way counts.
    """
    count = levels.shape[1]
    equal = np.full(count, 1.0 / count)
    if not len(demand) or how == "average":
        return equal
    if how == "select":
        return np.eye(count)[int(np.argmin(costs.of(levels, demand[:, None]).sum(axis=0)))]
    usual = max(float(costs.of(levels @ equal, demand).mean()), 1e-9)
    weights, best, least = equal, equal, np.inf
    for step in range(STEPS):
        mixed = levels @ weights
        loss = float(costs.of(mixed, demand).mean()) / usual + PULL * count * float(((weights - equal) ** 2).sum())
        if loss < least:
            best, least = weights, loss
        slope = np.where(mixed > demand, costs.holding, -costs.shortage)
        gradient = (slope @ levels) / len(demand) / usual + 2 * PULL * count * (weights - equal)
        gradient -= gradient.mean()
        weights = weights * np.exp(-RATE / np.sqrt(step + 1.0) * gradient / max(np.abs(gradient).max(), 1e-9))
        weights = weights / weights.sum()
    return best


def _pooled(answers: Sequence[Forecast], trust: Doubles, ask: Ask) -> Floats:
    """Each path of a series is one candidate's, drawn by trust. [sample, series, h]"""
    paths = np.stack([_paths(answer) for answer in answers])
    draw = np.random.default_rng(ask.seed)
    upto = np.cumsum(trust, axis=1)
    which = (draw.random((ask.n_samples, len(trust), 1)) > upto[None, :, :-1]).sum(axis=-1)
    return paths[which, np.arange(ask.n_samples)[:, None], np.arange(len(trust))[None, :]]


def _paths(answer: Forecast) -> Floats:
    assert answer.samples is not None  # asked for
    return answer.samples
