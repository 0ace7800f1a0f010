"""Items that have hardly sold yet: what items like them sell, by category, site, title, price, picture and plans.

The log of an item's mean demand is learned twice, and the two are averaged: by ridge regression on codes as indicators,
the title's words hashed, traits as numbers and usual plans (discounts, promotions), and by boosted trees on codes,
traits, plans and the main axes of the titles.
Errors of items left out tell how wide the forecast must be. An item alone in its category leans on the rest.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.correction import recover
from restock.forecasting.forecast import Forecast, of_samples
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

Doubles = NDArray[np.float64]

DIMENSIONS = 256  # of a hashed title
WORD = re.compile(r"[a-z]+|\d+|[\u4e00-\u9fff]")
PENALTIES = tuple(10.0**power for power in (-1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0))
SMALLEST = 0.01  # units per period
LAST = {1: 56, 7: 13}  # periods that tell what an item sells
DRAWS = 500
AXES = 32  # of the traits, that trees look at
WIDE = 40  # traits from which on there are axes
FEW = 60  # items below which there are no trees
FOLDS = 5
ROUNDS = 300
TREES: dict[str, Any] = {
    "objective": "regression_l1",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_data_in_leaf": 20,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "verbosity": -1,
    "deterministic": True,
    "num_threads": 1,
}


def hashed_titles(titles: Sequence[str], dimensions: int = DIMENSIONS) -> Floats:
    """Words and pairs of neighbours, each added with a sign at a place that its hash tells. [title, dimension]

    A Chinese character counts as a word, so pairs are what most words are.
    """
    found = np.zeros((len(titles), dimensions), np.float32)
    for row, title in enumerate(titles):
        words = WORD.findall(title.lower())
        for part in (*words, *(f"{a} {b}" for a, b in pairwise(words))):
            number = int.from_bytes(blake2b(part.encode(), digest_size=8).digest(), "big")
            found[row, number % dimensions] += 1 if number >> 63 else -1
    return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)


@dataclass(frozen=True)
class Newcomers:
    """Demand of items from their attributes alone."""

    name: str = "newcomers"
    by_category_only: bool = False  # the rival: the mean of the item's category

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedNewcomers":
        """Learn what attributes say, from items that sell."""
        demand = recover(panel).demand[:, -LAST[panel.period_days] :].astype(np.float64)
        there = ~np.isnan(demand)
        taken = there.sum(axis=1) >= 1
        mean = np.where(there, demand, 0.0).sum(axis=1)[taken] / there.sum(axis=1)[taken]
        inputs = self.inputs(panel)[taken]
        centre = inputs.mean(axis=0) if len(inputs) else np.zeros(inputs.shape[1])
        target = np.log(np.maximum(mean, SMALLEST))
        middle = float(target.mean()) if len(target) else np.log(SMALLEST)
        weights, error, left_out = _ridge(inputs - centre, target - middle)
        grown = None if self.by_category_only or len(target) < FEW else _grow(panel.rows(np.flatnonzero(taken)), target)
        if grown is not None:
            left_out = (left_out + grown.left_out - middle) / 2
            error = float(np.sqrt(((target - middle - left_out) ** 2).mean()))
        # Unbiased in units: what was expected of items left out adds up to what they sold.
        factor = float(mean.sum() / max(np.exp(middle + left_out).sum(), 1e-9)) if len(mean) else 1.0
        place = panel.season() if panel.period_days == 1 else np.zeros(panel.shape[1], np.int64)
        week = _week(demand, place[-demand.shape[1] :])
        return FittedNewcomers(self, weights, centre, middle, error, factor, week, grown)

    def inputs(self, panel: Panel) -> Doubles:
        """Attributes as numbers. [series, input]"""
        parts = [
            (panel.codes[:, i : i + 1] == np.arange(len(levels))).astype(np.float64)
            for i, levels in enumerate(panel.levels)
            if not self.by_category_only or panel.attributes[i] == "category"
        ]
        if not self.by_category_only:
            parts += [np.nan_to_num(panel.traits).astype(np.float64), _plans(panel)]
        return np.concatenate([np.zeros((panel.shape[0], 0)), *parts], axis=1)


@dataclass(frozen=True)
class FittedNewcomers:
    """What attributes say of demand."""

    settings: Newcomers
    weights: Doubles  # [input]
    centre: Doubles  # [input]
    middle: float  # log units
    error: float  # standard deviation of the log of an item's mean
    factor: float  # from the median of that log-normal to its mean
    week: Doubles  # of each weekday, its mean 1
    grown: "Grown | None" = None  # trees, where there were enough items

    def median(self, panel: Panel) -> Doubles:
        """Units per period that half of such items would sell less than. [series]"""
        logs = self.middle + (self.settings.inputs(panel) - self.centre) @ self.weights
        return np.exp(logs if self.grown is None else (logs + self.grown.logs(panel)) / 2)

    def level(self, panel: Panel) -> Doubles:
        """Expected units per period of items of which nothing was seen. [series]"""
        return self.factor * self.median(panel)

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """The next periods; what the items themselves have sold is not looked at."""
        draw = np.random.default_rng(ask.seed)
        level = self.level(panel)
        place = panel.season(ask.h)[-ask.h :] if panel.period_days == 1 else np.zeros(ask.h, np.int64)
        n = max(ask.n_samples, DRAWS)
        unsure = np.exp(self.error * draw.standard_normal((n, len(level))) - self.error**2 / 2)
        mean = level[:, None] * self.week[place]
        samples = draw.poisson(unsure[:, :, None] * mean).astype(np.float32)
        days = panel.days(ask.h)[-ask.h :]
        found = of_samples(self.settings.name, panel.ids, days, samples, ask.levels)
        kept = samples[: ask.n_samples] if ask.n_samples else None
        return Forecast(found.method, found.ids, days, mean.astype(np.float32), found.levels, found.quantiles, kept)


@dataclass(frozen=True)
class Grown:
    """Boosted trees of the log of an item's mean demand."""

    model: Any
    axes: Doubles  # main directions of the traits [trait, axis]
    left_out: Doubles  # what trees expect of each item that they have not seen [series]

    def logs(self, panel: Panel) -> Doubles:
        """Of items of which nothing was seen. [series]"""
        return self.model.predict(_leaves(panel, self.axes))


def _grow(panel: Panel, target: Doubles) -> Grown:
    import lightgbm

    traits = np.nan_to_num(panel.traits).astype(np.float64)
    axes = np.linalg.svd(traits - traits.mean(axis=0), full_matrices=False)[2][:AXES].T
    inputs = _leaves(panel, axes)

    def learn(rows: NDArray[np.bool_]) -> Any:
        settings = {**TREES, "min_data_in_leaf": min(TREES["min_data_in_leaf"], max(int(rows.sum()) // 20, 2))}
        return lightgbm.train(settings, lightgbm.Dataset(inputs[rows], target[rows]), num_boost_round=ROUNDS)

    fold = np.random.default_rng(0).permutation(len(target)) % FOLDS
    left_out = np.zeros(len(target))
    for number in range(FOLDS):
        left_out[fold == number] = learn(fold != number).predict(inputs[fold == number])
    return Grown(learn(np.ones(len(target), bool)), axes, left_out)


def _leaves(panel: Panel, axes: Doubles) -> Doubles:
    """What trees look at; of many traits the main axes. [series, input]"""
    traits = np.nan_to_num(panel.traits).astype(np.float64)
    plain = (
        traits if traits.shape[1] < WIDE else traits[:, [not name.startswith("title") for name in panel.trait_names]]
    )
    return np.concatenate([panel.codes.astype(np.float64), plain, _plans(panel), traits @ axes], axis=1)


def _plans(panel: Panel) -> Doubles:
    """What is usually planned for an item: while it was sold, or ahead if it never was. [series, covariate]"""
    counts = np.zeros(panel.future.shape[:2])
    counts[:, : panel.shape[1]] = panel.known
    counts[~panel.known.any(axis=1), panel.shape[1] :] = 1
    total = np.einsum("spc,sp->sc", np.nan_to_num(panel.future).astype(np.float64), counts)
    return total / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def _ridge(inputs: Doubles, target: Doubles) -> tuple[Doubles, float, Doubles]:
    """Weights, error of items left out, and what is expected of each then; with the penalty that is best for it."""
    if not len(target) or not inputs.shape[1]:
        return np.zeros(inputs.shape[1]), float(target.std()) if len(target) else 1.0, np.zeros(len(target))
    left, sizes, right = np.linalg.svd(inputs, full_matrices=False)
    along = left.T @ target
    best: tuple[float, Doubles, Doubles] | None = None
    for penalty in PENALTIES:
        shrunk = sizes**2 / (sizes**2 + penalty)
        leverage = np.clip((left**2 * shrunk).sum(axis=1) + 1 / len(target), 0.0, 0.999)
        miss = (target - left @ (shrunk * along)) / (1 - leverage)
        error = float(np.sqrt((miss**2).mean()))
        if best is None or error < best[0]:
            weights = right.T @ (sizes / (sizes**2 + penalty) * along)
            best = (error, weights, target - miss)
    assert best is not None
    return best[1], best[0], best[2]


def _week(demand: Doubles, place: NDArray[np.int64]) -> Doubles:
    """Demand of each place in the week over its mean, of all items together."""
    places = int(place.max(initial=0)) + 1
    total = np.array([np.nansum(demand[:, place == p]) for p in range(places)])
    days = np.array([(~np.isnan(demand[:, place == p])).sum() for p in range(places)])
    week = total / np.maximum(days, 1)
    return week / week.mean() if week.mean() > 0 else np.ones(places)
