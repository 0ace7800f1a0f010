"""What the periods kept back say of the laws: how levels must be corrected, and how days hang together.

Where a period falls in its law, as a level, is uniform if the law is right. The levels at which the periods kept back
really lie correct it, horizon by horizon (conformal prediction for whole laws); a period that was sold out lies at
least as high as its sales, and counts as such (Kaplan and Meier 1958). Days of one series are tied by a Gaussian
copula: without it the sum over a lead time varies too little.
"""

from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray
from scipy import special

from restock.forecasting.deep.likelihood import Law
from restock.forecasting.deep.quantiles import FINE, chances_of, quantiles_of
from restock.forecasting.deep.windows import Target
from restock.simulator.history import Floats

LEVELS = np.asarray(FINE)
NEAR = {1: 3, 7: 1}  # horizons left and right that are corrected together
DOUBT = 150.0  # windows that no correction at all counts as
ENDS = (0.05, 0.1)  # below the first only the ends count, above the second only the middle
STRENGTHS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)  # of the ties: those of counts come out too weak
LEAD, DRAWS, ROWS = 7, 200, 512  # to choose among them: periods, paths, windows
PINBALL = np.asarray((0.1, 0.3, 0.5, 0.7, 0.9, 0.95))
Doubles = NDArray[np.float64]


class Calibration(NamedTuple):
    """How laws become quantiles and paths."""

    levels: Floats  # the level of the law at which each of `FINE` really lies [h, level]
    ties: Floats  # correlation of the normal scores of two periods [h, h]


def no_calibration(h: int) -> Calibration:
    """The laws as they are, periods independent."""
    return Calibration(np.tile(LEVELS, (h, 1)).astype(np.float32), np.eye(h, dtype=np.float32))


def calibrate(law: Law, target: Target, days: int, recalibrate: bool, seed: int) -> Calibration:
    """From the laws of windows kept back and what came. [window, h]"""
    draw = np.random.default_rng(seed)
    y, available, known = (np.asarray(part) for part in target)
    below, upto = chances_of(law, y)
    place = below + draw.random(y.shape) * (upto - below)
    whole = (known > 0) & (available >= 1)
    cut = (known > 0) & ~whole
    h = y.shape[1]
    levels = np.tile(LEVELS, (h, 1))
    if recalibrate:
        near = NEAR[days]
        for step in range(h):
            some = slice(max(step - near, 0), step + near + 1)
            there, out = whole[:, some], cut[:, some]
            levels[step] = _corrected(
                (below[:, some][there], place[:, some][there], upto[:, some][there]), below[:, some][out]
            )
    scores = special.ndtri(np.clip(_nominal(place, levels), 1e-4, 1 - 1e-4))
    ties = _ties(np.where(whole, scores, np.nan))
    calibration = Calibration(levels.astype(np.float32), ties.astype(np.float32))
    return _strongest(calibration, law, y, whole, draw)


def quantile_table(law: Law, calibration: Calibration, levels: NDArray) -> Floats:
    """Corrected quantiles, never falling along the last axis. [window, h, level]"""
    used = np.stack([np.interp(levels, LEVELS, row) for row in calibration.levels])
    return np.maximum.accumulate(quantiles_of(law, used), axis=-1)


def paths(table: Floats, ties: Floats, count: int, draw: np.random.Generator, *, whole: bool) -> Floats:
    """Demand of series over all periods together. table: quantiles at `FINE` [series, h, level] -> [path, series, h]"""
    series, h, _ = table.shape
    noise = draw.standard_normal((count, series, h), dtype=np.float32) @ _root(ties).T
    place = np.interp(special.ndtr(noise), LEVELS, np.arange(len(LEVELS))).astype(np.float32)
    low = np.minimum(place.astype(np.intp), len(LEVELS) - 2)
    flat = table.reshape(-1, table.shape[-1])
    cell = np.arange(series * h).reshape(1, series, h)
    units = flat[cell, low] + (flat[cell, low + 1] - flat[cell, low]) * (place - low)
    return np.round(units) if whole else units


def _corrected(seen: tuple[Doubles, Doubles, Doubles], least: Doubles) -> Doubles:
    """For each of `FINE`, the level below which that share of demand really lies.

    Demand comes in whole units: a quantile holds more than its level, an interval more than it should. So the ends are
    set by how often demand lies beyond them, the middle by where it lies at all.

    Args:
        seen: P(less), a place drawn between, and P(less or the same), of demand that was seen whole.
        least: P(less) than the sales of sold-out periods.
    """
    if not len(seen[0]):
        return LEVELS
    low, middle, high = (_one(part, least) for part in (seen[2], seen[1], seen[0]))
    weight = np.clip((ENDS[1] - np.minimum(LEVELS, 1.0 - LEVELS)) / (ENDS[1] - ENDS[0]), 0.0, 1.0)
    found = weight * np.where(LEVELS < 0.5, low, high) + (1.0 - weight) * middle
    return np.maximum.accumulate(np.clip(found, 1e-4, 1 - 1e-4))


def _one(seen: Doubles, least: Doubles) -> Doubles:
    values = np.concatenate([seen, least])
    happened = np.concatenate([np.ones(len(seen)), np.zeros(len(least))])
    order = np.argsort(values, kind="stable")
    left = len(values) - np.arange(len(values))
    share = 1.0 - np.cumprod(1.0 - happened[order] / (left + 1.0))
    found = np.interp(LEVELS, share, values[order])
    # Where nothing above was seen whole, the tail keeps its shape.
    top = share[-1]
    tail = values[order][-1] + (LEVELS - top) / max(1.0 - top, 1e-6) * (1.0 - values[order][-1])
    found = np.where(top < LEVELS, tail, found)
    trust = len(seen) / (len(seen) + DOUBT)
    return trust * found + (1.0 - trust) * LEVELS


def _nominal(place: Doubles, levels: Doubles) -> Doubles:
    """The level at which a place in the law really lies."""
    return np.stack([np.interp(place[:, step], levels[step], LEVELS) for step in range(place.shape[1])], axis=1)


def _ties(scores: Doubles) -> Doubles:
    """Correlation by the distance of two periods, falling with it and never negative. NaN: not known."""
    h = scores.shape[1]
    by_lag = [1.0]
    for lag in range(1, h):
        pair = scores[:, lag:] * scores[:, : h - lag]
        there = np.isfinite(pair)
        square = 0.5 * (np.nanmean(scores[:, lag:] ** 2) + np.nanmean(scores[:, : h - lag] ** 2)) if there.any() else 1
        found = pair[there].mean() / max(square, 1e-6) if there.sum() >= 30 else by_lag[-1]
        by_lag.append(float(np.clip(found, 0.0, 0.95)))
    distance = np.abs(np.subtract.outer(np.arange(h), np.arange(h)))
    return np.asarray(by_lag)[distance]


def _strongest(
    calibration: Calibration, law: Law, y: Floats, whole: NDArray[np.bool_], draw: np.random.Generator
) -> Calibration:
    """The strength of the ties under which demand of a lead time is foretold best."""
    lead = min(LEAD, y.shape[1])
    rows = np.flatnonzero(whole[:, :lead].all(1))[:ROWS]
    if lead < 2 or len(rows) < 50:
        return calibration
    some = jax.tree.map(lambda values: values[rows], law)
    table, came = quantile_table(some, calibration, LEVELS)[:, :lead], y[rows, :lead].sum(1)
    scale = np.maximum(table.mean((1, 2)), 1e-6)
    losses = []
    for strength in STRENGTHS:
        ties = _stronger(calibration.ties, strength)
        sums = paths(table, ties[:lead, :lead], DRAWS, np.random.default_rng(0), whole=True).sum(-1)
        quantile = np.quantile(sums, PINBALL, axis=0)
        error = came - quantile
        losses.append((np.maximum(PINBALL[:, None] * error, (PINBALL[:, None] - 1) * error) / scale).mean())
    return calibration._replace(ties=_stronger(calibration.ties, STRENGTHS[int(np.argmin(losses))]))


def _stronger(ties: Floats, strength: float) -> Floats:
    off = np.clip(ties * strength, 0.0, 0.95)
    np.fill_diagonal(off, 1.0)
    return off.astype(np.float32)


def _root(ties: Floats) -> Floats:
    """A matrix whose rows mix independent scores into tied ones, each of variance 1."""
    values, vectors = np.linalg.eigh(ties.astype(np.float64))
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return (root / np.linalg.norm(root, axis=1, keepdims=True)).astype(np.float32)
