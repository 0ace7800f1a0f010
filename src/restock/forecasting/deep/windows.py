"""One window of one series: what is seen before its first period, and the targets after.

All numbers are in units of the series' own scale, so that fast and slow series look alike.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from restock.forecasting.deep.inputs import LONG, SEASON, YEAR, Length, Source

SHORT = {1: (7, 28), 7: (4, 13)}  # windows of memory inside the context
AROUND = {1: (3, 28), 7: (1, 8)}  # last year: periods left and right of the same one; the stretch it is relative to
SMALLEST = 0.02  # units per period that a scale is at least
Number = Float[Array, ""]


class Window(eqx.Module):
    """What the network sees, without units, and the scale that gives them back."""

    scale: Number  # units per period
    values: Float[Array, " context"]  # log of 1 + sales per period on the shelf
    shelf: Float[Array, " context"]  # share on the shelf, 0 where nothing is known
    past: Float[Array, "context covariate"]
    covariates: Float[Array, "context_h covariate"]
    memory: Float[Array, " memory"]
    codes: Int[Array, " attribute"]
    name: Int[Array, ""]
    traits: Float[Array, " trait"]
    bases: Float[Array, "h base"]  # simple forecasts, in scales
    last_year: Float[Array, "h 2"]  # same time of last year against the weeks before it, log; whether it is known


class Target(NamedTuple):
    """What came."""

    y: Float[Array, " h"]
    available: Float[Array, " h"]
    known: Float[Array, " h"]


def cut(source: Source, length: Length, row: Array, origin: Array, seen: Array) -> Window:
    """The window of a series before period `origin`. seen: 0 hides all its past, as if it were new"""
    context, h, days = length

    def piece(values: Array, start: Array, size: int) -> Array:
        return jax.lax.dynamic_slice_in_dim(values[row], start, size)

    y = piece(source.y, origin, context) * seen
    watched = piece(source.watched, origin, context) * seen
    prior = jnp.maximum(source.prior[source.group[row], origin], SMALLEST)
    scale = jnp.maximum((y.sum() + prior) / (watched.sum() + 1.0), SMALLEST)
    rate = y / jnp.maximum(watched, 0.3) / scale
    values = jnp.log1p(rate) * (watched > 0)
    short = [_level(y[-size:], watched[-size:], scale) for size in SHORT[days]]
    covariates = jnp.concatenate(
        [
            piece(source.future, origin, context + h),
            jax.lax.dynamic_slice_in_dim(source.calendar, origin, context + h),
        ],
        axis=-1,
    )
    memory = jnp.stack(
        [
            *(jnp.log(level) for level in short),
            *_long_memory(source, days, row, origin, seen, scale),
            (values * (watched > 0)).sum() / jnp.maximum((watched > 0).sum(), 1.0),
            jnp.sqrt(jnp.maximum(_mean(values**2, watched > 0) - _mean(values, watched > 0) ** 2, 0.0)),
            _mean((y > 0).astype(jnp.float32), watched > 0),
            watched.mean(),
            watched[-7:].mean(),
            source.since[row, origin] * seen,
            source.age[row, origin] * seen,
            jnp.log(scale) / 3.0,
            jnp.log(scale / prior) / 3.0,
            seen,
            *source.totals[source.group[row], origin],
            *source.totals[-1, origin],
        ]
    )
    return Window(
        scale=scale,
        values=values,
        shelf=piece(source.shelf, origin, context) * seen,
        past=piece(source.past, origin, context) * seen,
        covariates=covariates,
        memory=memory,
        codes=source.codes[row],
        name=source.name[row],
        traits=source.traits[row],
        bases=_bases(y, watched, scale, short, length),
        last_year=_last_year(source, length, row, origin) * seen,
    )


def targets(source: Source, length: Length, row: Array, origin: Array) -> Target:
    """What came after `origin`; periods that are not known do not count."""

    def piece(values: Array) -> Array:
        return jax.lax.dynamic_slice_in_dim(values[row], origin + length.context, length.h)

    return Target(piece(source.y), piece(source.available), piece(source.known))


def base_count(length: Length) -> int:
    """How many simple forecasts `Window.bases` holds."""
    return len(SHORT[length.days]) + 3


def _bases(y: Array, watched: Array, scale: Array, short: list[Array], length: Length) -> Array:
    """The scale, recent means, means of the same day of the week (of weeks: the last one, the last two). [h, base]"""
    context, h, days = length
    flat = jnp.broadcast_to(jnp.stack([jnp.ones(()), *short]), (h, 1 + len(short)))
    season = SEASON[days]
    if season == 1:
        near = jnp.stack([_level(y[-size:], watched[-size:], scale) for size in (1, 2)])
        return jnp.concatenate([flat, jnp.broadcast_to(near, (h, 2))], axis=1)
    weeks = context // season
    if weeks == 0:
        return jnp.concatenate([flat, flat[:, :2]], axis=1)
    usual = short[-1] * scale
    grids = [part[context - weeks * season :].reshape(weeks, season) for part in (y, watched)]
    profiles = []
    for size in (min(4, weeks), weeks):
        sold, times = (grid[-size:].sum(0) for grid in grids)
        profiles.append((sold + usual) / (times + 1.0) / scale)
    return jnp.concatenate([flat, jnp.stack(profiles, -1)[jnp.arange(h) % season]], axis=1)


def _long_memory(source: Source, days: int, row: Array, origin: Array, seen: Array, scale: Array) -> list[Array]:
    """Log levels of long windows and of everything, against the scale."""
    sums = source.sums[row]
    levels = []
    for window in (*LONG[days], sums.shape[0]):
        sold, watched = (sums[origin] - sums[jnp.maximum(origin - window, 0)]) * seen
        levels.append(jnp.log((sold / scale + 1.0) / (watched + 1.0)))
    return levels


def _last_year(source: Source, length: Length, row: Array, origin: Array) -> Array:
    """The same periods a year ago against the weeks before that origin, log, and whether they are known. [h, 2]"""
    _, h, days = length
    sums, year = source.sums[row], YEAR[days]
    side, usual = AROUND[days]
    middle = origin - year + jnp.arange(h)

    def rate(begin: Array, end: Array) -> tuple[Array, Array]:
        both = sums[jnp.clip(end, 0, origin)] - sums[jnp.clip(begin, 0, origin)]
        return both[..., 0], both[..., 1]

    sold, watched = rate(middle - side, middle + side + 1)
    before, times = rate(jnp.asarray(origin - year - usual), jnp.asarray(origin - year))
    level = (before + 1e-3) / (times + 1e-3)
    there = (times > 0) & (watched > 0)
    ratio = jnp.log((sold + level) / (watched + 1.0) / level)
    return jnp.stack([jnp.where(there, jnp.clip(ratio, -2.0, 2.0), 0.0), there.astype(jnp.float32)], -1)


def _level(y: Array, watched: Array, scale: Array) -> Array:
    """Sales per period on the shelf, in scales; a window that saw nothing is at 1."""
    return (y.sum() / scale + 1.0) / (watched.sum() + 1.0)


def _mean(values: Array, counts: Array) -> Array:
    return (values * counts).sum() / jnp.maximum(counts.sum(), 1.0)
