"""A second prior, for proof only: other mechanisms of demand and delivery than the first. Nothing is trained on it.

Regimes of a Markov chain, threshold autoregression, logistic growth and fall, shot noise, profiles that drift; batches
of customers, Weibull sizes, a few regular buyers, sales that excite sales; geometric, congested and two-way deliveries.
Costs and rules of the shop are drawn as in the first, since both are about the same business. Its numbers are fixed:
a proof that can be adjusted proves nothing.
"""

import jax
import numpy as np
from numpy.typing import NDArray
from scipy import special

from restock.simulator.worlds.deliveries import LEADS, NEVER, Deliveries
from restock.simulator.worlds.demand import Demand
from restock.simulator.worlds.draw import CHUNK, Drawn, assemble, draw_shop, require
from restock.simulator.worlds.draws import Floats, Rng, chosen, evenly, in_logs, joined, normal, poisson
from restock.simulator.worlds.prior import PRIOR
from restock.simulator.worlds.records import LONGEST, SECOND_DELIVERIES, SECOND_NOISES, SECOND_PARTS, Worlds
from restock.simulator.worlds.seasons import draw_calendar

PART_SHARE = 0.3  # of worlds that have a part, each
MIDDLE, WIDTH = 3.0, 2.3  # median of demand in units per period, standard deviation of its logarithm
LEAST, MOST = 0.01, 2e4  # units per period
BUYERS = 4


def draw_second_worlds(generator: Rng, count: int, periods: int) -> Worlds:
    """Like `draw_worlds`, from the second prior; `parts`, `noise` and `delivery` are places in SECOND_*."""
    require("count", count, 1)
    require("periods", periods, 4)
    sizes = [min(CHUNK, count - first) for first in range(0, count, CHUNK)]
    pieces = [_draw(generator, size, periods) for size in sizes]
    return assemble(jax.tree.map(joined, *pieces))


def _draw(rng: Rng, count: int, periods: int) -> Drawn:
    return draw_shop(rng, PRIOR, _draw_demand(rng, count, periods), _draw_deliveries(rng, count, periods))


def _draw_demand(rng: Rng, count: int, periods: int) -> Demand:
    level = np.clip(MIDDLE * np.exp(WIDTH * normal(rng, count)), LEAST, MOST)
    parts = rng.random((count, len(PARTS)), np.float32) < PART_SHARE
    factor = np.ones((count, periods), np.float32)
    for column, part in enumerate(PARTS.values()):
        rows = np.flatnonzero(parts[:, column])
        factor[rows] *= part(rng, len(rows), periods)
    mean = np.minimum(level[:, None] * factor, np.float32(MOST))
    noise = rng.integers(0, len(NOISES), count, np.int32)
    units = np.empty_like(mean)
    for number, draw in enumerate(NOISES.values()):
        rows = np.flatnonzero(noise == number)
        units[rows], mean[rows] = draw(rng, mean[rows])
    nothing = np.zeros(mean.shape, bool)
    spread = in_logs(rng, (0.05, 2.0), count)  # a guess that has little to do with the truth
    calendar = draw_calendar(rng, PRIOR.demand, count)
    return Demand(units, mean, level, spread, np.ones_like(mean), nothing, nothing, calendar, parts, noise)


def regimes(rng: Rng, count: int, periods: int) -> Floats:
    """A Markov chain of three regimes, each with its own factor. [row, period]"""
    factor = np.exp(normal(rng, (count, 3)) * in_logs(rng, (0.2, 1.2), (count, 1)))
    leaves = rng.random((count, periods)) < in_logs(rng, (0.01, 0.2), (count, 1))
    leaves[:, 0] = False
    state = (rng.integers(0, 3, (count, 1)) + np.cumsum(leaves * rng.integers(1, 3, (count, periods)), 1)) % 3
    return np.take_along_axis(factor, state, 1)


def thresholds(rng: Rng, count: int, periods: int) -> Floats:
    """Self-exciting threshold autoregression of the logarithm: quick to fall, slow to come back, or the reverse."""
    low, high = evenly(rng, (-0.4, 0.95), (2, count))
    shock = normal(rng, (periods, count)) * in_logs(rng, (0.05, 0.4), count)
    for t in range(1, periods):
        shock[t] += np.where(shock[t - 1] < 0, low, high) * shock[t - 1]
    return np.exp(np.clip(shock.T, -4, 3))


def growths(rng: Rng, count: int, periods: int) -> Floats:
    """Logistic growth to a ceiling; half of them fall again by another logistic curve."""
    t = np.arange(periods, dtype=np.float32)
    up = (t - evenly(rng, (-20, 0.7 * periods), (count, 1))) / in_logs(rng, (1, 15), (count, 1))
    down = (t - evenly(rng, (0.3 * periods, 1.2 * periods), (count, 1))) / in_logs(rng, (1, 15), (count, 1))
    down = np.where(chosen(rng, 0.5, count)[:, None], down, -np.inf).astype(np.float32)
    return special.expit(up) * special.expit(-down)


def shots(rng: Rng, count: int, periods: int) -> Floats:
    """Shot noise: shocks come by chance, have exponential sizes and fade. Expectation 1 + rate * size / (1 - fade)."""
    hit = rng.random((periods, count)) < in_logs(rng, (0.01, 0.15), count)
    shot = hit * rng.standard_exponential((periods, count), np.float32) * in_logs(rng, (0.5, 6), count)
    fade = evenly(rng, (0, 0.9), count)
    for t in range(1, periods):
        shot[t] += fade * shot[t - 1]
    return 1 + shot.T.astype(np.float32)


def seasonal_walks(rng: Rng, count: int, periods: int) -> Floats:
    """A profile of any length that drifts from one round to the next."""
    length = rng.integers(2, 53, (count, 1))
    t = np.arange(periods)
    profile = normal(rng, (count, 52)) * in_logs(rng, (0.05, 0.8), (count, 1))
    rounds = np.cumsum(normal(rng, (count, periods // 2 + 1)), 1) * evenly(rng, (0, 0.1), (count, 1))
    return np.exp(np.take_along_axis(profile, t % length, 1) + np.take_along_axis(rounds, t // length, 1))


PARTS = dict(zip(SECOND_PARTS, (regimes, thresholds, growths, shots, seasonal_walks), strict=True))


def customers(rng: Rng, mean: Floats) -> tuple[Floats, Floats]:
    """Compound Poisson: customers come independently, each takes a geometric number of units, one at least."""
    batch = in_logs(rng, (1.01, 30), (len(mean), 1))
    come = poisson(rng, mean / batch)
    more = rng.standard_gamma(come) * (batch - 1)
    return come + poisson(rng, more.astype(np.float32)), mean


def weibull(rng: Rng, mean: Floats) -> tuple[Floats, Floats]:
    """Weibull sizes each period, rounded at random."""
    shape = in_logs(rng, (0.5, 8), (len(mean), 1))
    size = rng.standard_exponential(mean.shape, np.float32) ** (1 / shape) / special.gamma(1 + 1 / shape)
    return np.floor(mean * size + rng.random(mean.shape, np.float32)), mean


def renewal(rng: Rng, mean: Floats) -> tuple[Floats, Floats]:
    """A few regular buyers, each with an interval of its own; the expectation of a period is what is due in it."""
    due, t = np.zeros_like(mean), np.arange(mean.shape[1])
    for _ in range(BUYERS):
        every = rng.integers(1, 21, (len(mean), 1))
        due += ((t + rng.integers(0, 21, every.shape)) % every == 0) * every
    due = mean * due / np.float32(BUYERS)
    spread = evenly(rng, (0, 0.5), (len(mean), 1))
    size = np.exp(spread * normal(rng, mean.shape) - spread**2 / 2)
    return np.floor(due * size + rng.random(mean.shape, np.float32)), due


def excited(rng: Rng, mean: Floats) -> tuple[Floats, Floats]:
    """Hawkes in discrete time: what was sold yesterday brings customers today (Ferland et al. 2006, INGARCH(1, 1))."""
    echo, keep = evenly(rng, (0.1, 0.6), len(mean)), evenly(rng, (0, 0.35), len(mean))
    units, rate = np.empty_like(mean), mean.copy()
    units[:, 0] = poisson(rng, rate[:, 0])
    for t in range(1, mean.shape[1]):
        rate[:, t] = (1 - echo - keep) * mean[:, t] + echo * units[:, t - 1] + keep * rate[:, t - 1]
        units[:, t] = poisson(rng, rate[:, t])
    return units, rate


NOISES = dict(zip(SECOND_NOISES, (customers, weibull, renewal, excited), strict=True))


def _draw_deliveries(rng: Rng, count: int, periods: int) -> Deliveries:
    kind = rng.integers(0, len(SECOND_DELIVERIES), count, np.int32)
    leads = np.empty((count, LONGEST + periods), np.int32)
    law = np.empty((count, LONGEST + 1), np.float32)
    for number, draw in enumerate((geometric, congested, two_suppliers)):
        rows = np.flatnonzero(kind == number)
        leads[rows], law[rows] = draw(rng, len(rows), LONGEST + periods)
    come = law.sum(1)
    promised = np.rint(law @ LEADS.astype(np.float32) / come) - chosen(rng, 0.4, count)
    told, named = chosen(rng, 0.5, count), chosen(rng, 0.8, count)
    promised = (np.maximum(promised, 0) * named).astype(np.float32)
    return Deliveries(leads, law, kind, np.maximum(1 - come, 0), told, named, promised)


def geometric(rng: Rng, count: int, orders: int) -> tuple[NDArray[np.int32], Floats]:
    """A least time, then the same chance each period; what would take longer than LONGEST never comes."""
    least, chance = rng.integers(0, 5, (count, 1)), evenly(rng, (0.25, 0.95), (count, 1))
    leads = least + rng.geometric(chance, (count, orders)) - 1
    law = np.where(least <= LEADS, chance * (1 - chance) ** np.maximum(LEADS - least, 0), 0)
    return np.minimum(leads, NEVER).astype(np.int32), law.astype(np.float32)


def congested(rng: Rng, count: int, orders: int) -> tuple[NDArray[np.int32], Floats]:
    """Log-normal lead times with a memory: a supplier that is late stays late for a while."""
    middle, spread = in_logs(rng, (0.5, 7), (count, 1)), evenly(rng, (0.1, 0.7), (count, 1))
    tie = evenly(rng, (0.5, 0.98), count)
    load = normal(rng, (orders, count))
    for t in range(1, orders):
        load[t] = tie * load[t - 1] + np.sqrt(1 - tie**2) * load[t]
    leads = np.minimum(np.rint(middle * np.exp(spread * load.T)), LONGEST).astype(np.int32)
    below = special.ndtr(np.log((LEADS + 0.5) / middle) / spread)
    below[:, -1] = 1
    return leads, np.diff(below, axis=1, prepend=0).astype(np.float32)


def two_suppliers(rng: Rng, count: int, orders: int) -> tuple[NDArray[np.int32], Floats]:
    """A quick supplier, and a slow one in whose stead it sometimes steps; runs of orders go the same way."""
    quick, extra = rng.integers(0, 5, (count, 1), np.int32), rng.integers(2, 8, (count, 1), np.int32)
    share, stays = evenly(rng, (0.1, 0.9), (count, 1)), evenly(rng, (0, 0.9), (count, 1))
    fresh = rng.random((count, orders), np.float32) >= stays
    fresh[:, 0] = True
    last = np.maximum.accumulate(np.where(fresh, np.arange(orders), 0), 1)
    slow = np.take_along_axis(rng.random((count, orders), np.float32) < share, last, 1)
    law = (quick == LEADS) * (1 - share) + (quick + extra == LEADS) * share
    return quick + extra * slow, law.astype(np.float32)
