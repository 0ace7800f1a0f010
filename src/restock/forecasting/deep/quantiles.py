"""From a law of demand to its quantiles, and back: by the million, in NumPy arrays."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray
from scipy import special

from restock.forecasting.deep.likelihood import JUMPS, SHAPE, Hurdle, Law, NegativeBinomial, Tweedie
from restock.simulator.history import Floats

FINE = tuple(
    float(np.round(level, 4))
    for level in (
        *(0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04),
        *np.linspace(0.05, 0.95, 37),
        *(0.96, 0.97, 0.98, 0.985, 0.99, 0.995, 0.9975, 0.999),
    )
)
CHUNK = 1 << 15
COUNTED = 300.0  # units up to which chances are added up one by one; above, demand is as good as continuous
LOG_PURCHASES = np.linspace(-4.0, 4.0, 65)  # where the quantiles of the compound law are tabled


def quantiles_of(law: Law, levels: NDArray[np.floating]) -> Floats:
    """Quantiles of each law. levels: broadcast against the laws, with a last axis [level]. [..., level]"""
    levels = np.broadcast_to(levels, (*np.shape(law.expected), np.shape(levels)[-1]))
    if isinstance(law, NegativeBinomial):
        return count_quantiles(np.asarray(law.mean), np.asarray(law.spread), levels)
    if isinstance(law, Hurdle):
        none = 1.0 - np.asarray(law.chance, np.float64)[..., None]
        inner = np.clip((levels - none) / np.maximum(1.0 - none, 1e-9), 0.0, 1.0 - 1e-6)
        more = 1.0 + count_quantiles(np.asarray(law.rest.mean), np.asarray(law.rest.spread), inner)
        return np.where(levels > none, more, 0.0).astype(np.float32)
    return _tweedie_quantiles(law, levels)


def chances_of(law: Law, y: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """P(demand < y) and P(demand <= y)."""
    y = np.asarray(y, np.float64)
    if isinstance(law, NegativeBinomial):
        return _count_chance(law, y - 1.0), _count_chance(law, y)
    if isinstance(law, Hurdle):
        some = np.asarray(law.chance, np.float64)
        upto = [np.where(k < 0, 0.0, 1.0 - some + some * _count_chance(law.rest, k - 1.0)) for k in (y - 1.0, y)]
        return upto[0], upto[1]
    count, purchases, size = np.arange(1, JUMPS + 1), np.asarray(law.purchases)[..., None], np.asarray(law.size)
    chance = np.exp(count * np.log(purchases) - purchases - special.gammaln(count + 1.0))
    upto = np.exp(-purchases[..., 0]) + (chance * special.gammainc(SHAPE * count, (y / size)[..., None])).sum(-1)
    return np.where(y > 0, upto, 0.0), upto


def count_quantiles(mean: NDArray, spread: NDArray, levels: NDArray) -> Floats:
    """The smallest number of units that demand does not exceed with each chance. [..., level]"""
    flat = levels.reshape(-1, levels.shape[-1])
    mean, spread = mean.reshape(-1).astype(np.float32), spread.reshape(-1).astype(np.float32)
    result = np.empty(flat.shape, np.float32)
    small = mean + 8.0 * np.sqrt(mean + spread * mean**2) < COUNTED
    small &= np.log1p(mean * spread) / spread < 80.0  # else the chance of nothing is no float32
    order = np.flatnonzero(small)
    order = order[np.argsort(mean[order] * (1.0 + np.sqrt(spread[order])), kind="stable")]
    for begin in range(0, len(order), CHUNK):
        rows = order[begin : begin + CHUNK]
        padded = np.pad(rows, (0, -len(rows) % min(CHUNK, 1 << (len(rows) - 1).bit_length())), mode="edge")
        found = _count_up(mean[padded], spread[padded], flat[padded].astype(np.float32))
        result[rows] = np.asarray(found)[: len(rows)]
    large = np.flatnonzero(~small)
    if len(large):
        variance = (mean + spread * mean**2)[large, None].astype(np.float64)
        scale = variance / mean[large, None]
        units = special.gammaincinv(mean[large, None] / scale, flat[large].astype(np.float64)) * scale
        result[large] = np.maximum(np.ceil(units - 0.5), 0.0)
    return result.reshape(levels.shape)


@jax.jit
def _count_up(mean: jax.Array, spread: jax.Array, levels: jax.Array) -> jax.Array:
    size, full = 1.0 / spread, jnp.log1p(mean * spread)
    none, ratio = jnp.exp(-size * full), mean * spread / (1.0 + mean * spread)
    highest = levels.max(-1)

    def unfinished(state: tuple[jax.Array, ...]) -> jax.Array:
        unit, _, upto, _ = state
        return jnp.any(upto < highest) & (unit < 4 * COUNTED)

    def one_more(state: tuple[jax.Array, ...]) -> tuple[jax.Array, ...]:
        unit, chance, upto, found = state
        found = found + (upto[:, None] < levels)
        chance = chance * (unit + size) / (unit + 1.0) * ratio
        return unit + 1.0, chance, upto + chance, found

    start = (jnp.float32(0.0), none, none, jnp.zeros_like(levels))
    return jax.lax.while_loop(unfinished, one_more, start)[-1]


def _count_chance(law: NegativeBinomial, y: NDArray) -> NDArray[np.float64]:
    mean, size = np.asarray(law.mean, np.float64), 1.0 / np.asarray(law.spread, np.float64)
    return np.where(y < 0, 0.0, special.betainc(size, np.maximum(np.floor(y), 0.0) + 1.0, size / (size + mean)))


def _tweedie_quantiles(law: Tweedie, levels: NDArray) -> Floats:
    """From a table by the number of purchases, in units of their size."""
    table, purchases = _tweedie_table(), np.log(np.asarray(law.purchases, np.float64))
    place = np.clip(np.interp(purchases, LOG_PURCHASES, np.arange(len(LOG_PURCHASES))), 0, len(LOG_PURCHASES) - 1.001)
    row = np.floor(place).astype(int)[..., None]
    column = np.clip(np.interp(levels, FINE, np.arange(len(FINE))), 0, len(FINE) - 1.001)
    cell, up, across = np.floor(column).astype(int), (place[..., None] - row), column - np.floor(column)
    low = table[row, cell] * (1 - across) + table[row, cell + 1] * across
    high = table[row + 1, cell] * (1 - across) + table[row + 1, cell + 1] * across
    none = np.exp(-np.asarray(law.purchases))[..., None]
    units = (low * (1 - up) + high * up) * np.asarray(law.size)[..., None]
    return np.where(levels > none, units, 0.0).astype(np.float32)


@cache
def _tweedie_table() -> NDArray[np.float64]:
    """Quantiles of the compound law with purchases of size 1, by halving. [purchases, level]"""
    purchases = np.broadcast_to(np.exp(LOG_PURCHASES)[:, None], (len(LOG_PURCHASES), len(FINE)))
    law = Tweedie(jnp.asarray(purchases), jnp.ones(purchases.shape))
    low, high = np.zeros(purchases.shape), np.full(purchases.shape, 200.0)
    for _ in range(40):
        middle = 0.5 * (low + high)
        below = chances_of(law, middle)[1] < np.asarray(FINE)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high
