"""Parts of the mean that belong to the item alone: logarithms of factors, 0 where nothing happens. [row, period]"""

import numpy as np

from restock.simulator.worlds.draws import Floats, Rng, chosen, evenly, in_logs, normal
from restock.simulator.worlds.prior import DemandPrior

NOTHING = np.float32(-1e4)  # the exponential of this is 0


def jumps(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """One to three steps to another level."""
    size = normal(rng, (count, 3)) * evenly(rng, prior.jump, (count, 1))
    size *= np.arange(3) < rng.integers(1, 4, (count, 1))
    log = np.zeros((count, periods), np.float32)
    np.add.at(log, (np.arange(count)[:, None], rng.integers(0, periods, (count, 3))), size)
    return np.cumsum(log, 1, np.float32)


def trends(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """Growth or decline by the same share each period."""
    slope = in_logs(rng, prior.trend, count) * np.where(chosen(rng, 0.5, count), np.float32(1), np.float32(-1))
    return slope[:, None] * np.arange(periods, dtype=np.float32)


def walks(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """A random walk; the factor's expectation stays 1."""
    spread = in_logs(rng, prior.walk, (count, 1))
    log = normal(rng, (count, periods)) * spread
    return np.cumsum(log - spread**2 / 2, 1, np.float32)


def memories(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """A stationary autoregression of order 1; the factor's expectation is 1."""
    tie = evenly(rng, prior.memory, count)
    log = normal(rng, (periods, count))
    log[1:] *= np.sqrt(1 - tie**2)
    for t in range(1, periods):
        log[t] += tie * log[t - 1]
    spread = in_logs(rng, prior.memory_spread, (count, 1))
    return log.T * spread - spread**2 / 2


def lives(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """From launch over a peak to decline: age^rise exp(-age rise / peak), 1 at the peak; some end for good."""
    rise, peak = evenly(rng, prior.life_rise, (count, 1)), in_logs(rng, prior.life_peak, (count, 1))
    born = evenly(rng, prior.life_age, (count, 1)) * chosen(rng, 0.5, count)[:, None]
    age = (np.arange(periods, dtype=np.float32) + (born + np.float32(0.5))) / peak
    log = rise * (np.log(age) + 1 - age)
    end = np.where(chosen(rng, prior.life_end, count), rng.integers(periods // 4, periods + 1, count), periods)
    log[np.arange(periods) >= end[:, None]] = NOTHING
    return log


def spikes(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """One or two shocks that fade; four of five lift demand."""
    log = np.zeros((count, periods), np.float32)
    for number in range(2):
        there = chosen(rng, 0.5, count) if number else np.ones(count, bool)
        size = evenly(rng, prior.spike, count) * np.where(chosen(rng, 0.8, count), 1, -1) * there
        since = np.arange(periods, dtype=np.float32) - rng.integers(0, periods, (count, 1), np.int32)
        life = in_logs(rng, prior.spike_life, (count, 1))
        faded = np.exp(-np.maximum(since, 0) / life.astype(np.float32), dtype=np.float32)
        log += size.astype(np.float32)[:, None] * faded * (since >= 0)
    return log


def gaps(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """One or two runs of periods in which nobody asks."""
    log, t = np.zeros((count, periods), np.float32), np.arange(periods)
    for number in range(2):
        there = chosen(rng, 0.5, count) if number else np.ones(count, bool)
        since = t - rng.integers(0, periods, (count, 1))
        length = in_logs(rng, prior.gap, count) * there
        log[(since >= 0) & (since < length[:, None])] = NOTHING
    return log


def spreads(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Floats:
    """The logarithm of dispersion steps to another level once: the only part that leaves the mean as it is."""
    size = normal(rng, count) * evenly(rng, prior.spread, count)
    return (np.arange(periods) >= rng.integers(1, periods + 1, (count, 1))) * size[:, None]
