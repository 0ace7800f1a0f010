"""Demand of many worlds: a mean made of parts, and what happens around it."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.worlds import seasons, shapes
from restock.simulator.worlds.draws import Floats, Rng, among, in_logs, mixed_poisson, normal, poisson
from restock.simulator.worlds.prior import DemandPrior
from restock.simulator.worlds.records import NOISES, PARTS

NEVER = 1e-6  # units per period; a smaller mean is drawn as no demand at all


class Demand(NamedTuple):
    """What customers ask for, and the truth behind it."""

    units: Floats  # whole [row, period]
    mean: Floats  # units [row, period]
    level: Floats  # units per period before all parts [row]
    dispersion: Floats  # (variance - mean) / mean² at the level, -1 / level at least [row]
    price: Floats  # price / usual price [row, period]
    promotion: NDArray[np.bool_]  # [row, period]
    event: NDArray[np.bool_]  # [row, period]
    calendar: seasons.Calendar
    parts: NDArray[np.bool_]  # [row, part]
    noise: NDArray[np.int32]  # [row]


def draw_demand(rng: Rng, prior: DemandPrior, count: int, periods: int) -> Demand:
    """Draw level and parts, then the units of each period."""
    calendar = seasons.draw_calendar(rng, prior, count)
    level = in_logs(rng, prior.level, count)
    parts = rng.random((count, len(PARTS)), np.float32) < np.array([getattr(prior.parts, name) for name in PARTS])
    parts[:, PARTS.index("week")] &= calendar.period_days == 1
    has = {name: np.flatnonzero(parts[:, column]) for column, name in enumerate(PARTS)}

    log = np.repeat(np.log(level)[:, None], periods, 1)
    for name, part in ITEM_PARTS.items():
        log[has[name]] += part(rng, prior, len(has[name]), periods)
    for name, part in CALENDAR_PARTS.items():
        log[has[name]] += part(rng, prior, calendar.rows(has[name]), periods)
    price, promotion, event = np.ones_like(log), np.zeros(log.shape, bool), np.zeros(log.shape, bool)
    cut = seasons.promotions(rng, prior, len(has["promotion"]), periods)
    log[has["promotion"]] += cut.log
    price[has["promotion"]], promotion[has["promotion"]] = cut.price, cut.on
    peak = seasons.events(rng, prior, calendar.rows(has["event"]), periods)
    log[has["event"]] += peak.log
    event[has["event"]] = peak.on

    mean = np.exp(np.minimum(log, np.float32(np.log(prior.most)), out=log), out=log)
    change = np.zeros_like(mean)
    change[has["spread"]] = shapes.spreads(rng, prior, len(has["spread"]), periods)
    units, dispersion, noise = _draw_units(rng, prior, mean, level, np.exp(change))
    return Demand(units, mean, level, dispersion, price, promotion, event, calendar, parts, noise)


ITEM_PARTS = {
    "jump": shapes.jumps,
    "trend": shapes.trends,
    "walk": shapes.walks,
    "memory": shapes.memories,
    "life": shapes.lives,
    "spike": shapes.spikes,
    "gap": shapes.gaps,
    "cycle": seasons.cycles,
}
CALENDAR_PARTS = {"week": seasons.weeks, "year": seasons.years}


def _draw_units(
    rng: Rng, prior: DemandPrior, mean: Floats, level: Floats, change: Floats
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Units, dispersion at the level, and kind of noise, for means [row, period] and a factor on dispersion."""
    noise = among(rng, [getattr(prior.noises, name) for name in NOISES], len(mean))
    units, dispersion = np.empty_like(mean), np.zeros(len(mean), np.float32)

    rows = np.flatnonzero(noise == NOISES.index("steady"))
    variation = in_logs(rng, prior.steady, len(rows))
    units[rows] = steady_units(rng, mean[rows], variation[:, None] * np.sqrt(change[rows]))
    dispersion[rows] = variation**2 - 1 / level[rows]

    rows = np.flatnonzero(noise == NOISES.index("poisson"))
    units[rows] = poisson(rng, mean[rows])

    rows = np.flatnonzero(noise == NOISES.index("mixed"))
    dispersion[rows] = in_logs(rng, prior.dispersion, len(rows))
    units[rows] = mixed_poisson(rng, mean[rows], dispersion[rows, None] * change[rows])

    rows = np.flatnonzero(noise == NOISES.index("lumpy"))
    interval, sizes = in_logs(rng, prior.interval, len(rows)), in_logs(rng, prior.size_dispersion, len(rows))
    units[rows] = lumpy_units(rng, mean[rows], 1 / interval[:, None], sizes[:, None] * change[rows])
    dispersion[rows] = lumpy_dispersion(level[rows], 1 / interval, sizes)
    return units, dispersion, noise


def steady_units(rng: Rng, mean: Floats, variation: Floats) -> Floats:
    """Whole units close to the mean, rounded at random so that the mean stays: contracts, subscriptions."""
    wished = mean * np.maximum(1 + variation * normal(rng, mean.shape), 0)
    return np.floor(wished + rng.random(mean.shape, np.float32))


def lumpy_units(rng: Rng, mean: Floats, often: Floats, dispersion: Floats) -> Floats:
    """Nothing in most periods, else one unit and a negative binomial number more (Croston 1972, with sizes by count).

    Args:
        mean: units per period over all periods. [row, period]
        often: chance that anybody asks in a period; no more than the mean, as a size is one unit at least. [row, 1]
        dispersion: of the size beyond the first unit.
    """
    often = np.minimum(often, mean)
    busy = (rng.random(mean.shape, np.float32) < often) & (mean > NEVER)
    further = np.maximum(mean[busy] / often[busy] - 1, 0)
    units = np.zeros_like(mean)
    units[busy] = 1 + mixed_poisson(rng, further, np.broadcast_to(dispersion, mean.shape)[busy])
    return units


def lumpy_dispersion(mean: Floats, often: Floats, sizes: Floats) -> Floats:
    """(variance - mean) / mean² of `lumpy_units`."""
    often = np.minimum(often, mean)
    further = mean / often - 1
    variance = often * ((1 + further) ** 2 + further + sizes * further**2) - mean**2
    return (variance - mean) / mean**2
