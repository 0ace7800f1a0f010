"""Draws that all parts of a world are made of, in float32."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]  # float32 throughout; the stubs of NumPy lose that in a division
Rng = np.random.Generator
Shape = int | tuple[int, ...]
Between = tuple[int | float, int | float]

CACHE_LINE = 64  # bytes
MANY = 30.0  # units; from here on a Poisson law is drawn from a normal one, with the same mean, variance and skewness


def joined(*parts: np.ndarray) -> np.ndarray:
    """Rows one after the other; truth values become numbers; where `jax.device_put` needs no copy."""
    kind = np.dtype(np.float32) if parts[0].dtype == bool else parts[0].dtype
    out = unfilled((sum(len(part) for part in parts), *parts[0].shape[1:]), kind)
    return np.concatenate(parts, out=out, casting="unsafe")


def unfilled(shape: tuple[int, ...], kind: np.dtype) -> np.ndarray:
    """Memory that starts with a cache line, which JAX takes as it is; copying the arrivals costs as much as drawing."""
    size = int(np.prod(shape)) * kind.itemsize
    raw = np.empty(size + CACHE_LINE, np.uint8)
    start = -raw.ctypes.data % CACHE_LINE
    return raw[start : start + size].view(kind).reshape(shape)


def evenly(rng: Rng, between: Between, shape: Shape) -> Floats:
    """Uniform between two numbers."""
    low, high = between
    return np.float32(low) + np.float32(high - low) * rng.random(shape, np.float32)


def in_logs(rng: Rng, between: Between, shape: Shape) -> Floats:
    """Uniform in logarithms between two positive numbers."""
    return np.exp(evenly(rng, (np.log(between[0]), np.log(between[1])), shape))


def normal(rng: Rng, shape: Shape) -> Floats:
    """Standard normal."""
    return rng.standard_normal(shape, np.float32)


def chosen(rng: Rng, share: float, count: int) -> NDArray[np.bool_]:
    """Which rows have something that a share of them has."""
    return rng.random(count, np.float32) < share


def among(rng: Rng, shares: list[float], count: int) -> NDArray[np.int32]:
    """One of several kinds for each row."""
    bounds = np.cumsum(shares)[:-1].astype(np.float32)
    return np.searchsorted(bounds, rng.random(count, np.float32), side="right").astype(np.int32)


def poisson(rng: Rng, rate: Floats) -> Floats:
    """Whole units with this mean and variance; the second term of Cornish and Fisher (1938) keeps the skewness."""
    units = np.empty_like(rate)
    many = rate > MANY
    units[~many] = rng.poisson(rate[~many])
    mean = rate[many]
    z = normal(rng, mean.shape)
    units[many] = np.rint(mean + np.sqrt(mean) * z + (z * z - 1) / 6)
    return units


def mixed_poisson(rng: Rng, mean: Floats, dispersion: Floats) -> Floats:
    """Negative binomial units: variance = mean + dispersion * mean²; dispersion must be above 0."""
    return poisson(rng, rng.standard_gamma(1 / dispersion, dtype=np.float32) * (dispersion * mean))
