"""What the network is fed: a panel as arrays from which windows are cut on the device.

Nothing has units: sales are divided by the series' own scale at the origin of a window. All that a window sees of the
past ends one period before its first target.
"""

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from restock.forecasting.panel import Panel
from restock.simulator.history import Floats

SEASON = {1: 7, 7: 1}  # periods of the short cycle
YEAR = {1: 364, 7: 52}
YEARLY = 540  # days of history from which on the time of the year says something
LONG = {1: (112, 364), 7: (26, 52)}  # windows of long memory; shorter ones are taken from the context
TOTALS = {1: ((7, 28), (28, 112)), 7: ((2, 8), (8, 26))}  # recent against usual, of the group and of all
CLIP = 5.0


class Length(NamedTuple):
    """How long things are, in periods."""

    context: int
    h: int
    days: int  # of a period


@dataclass(frozen=True)
class Scaling:
    """What a network needs to read a panel as it did when it learned: names, means, deviations."""

    future: tuple[str, ...]
    calendar: tuple[str, ...]
    past: tuple[str, ...]
    traits: tuple[str, ...]
    attributes: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    ids: tuple[str, ...]
    yearly: bool
    means: dict[str, Floats]
    deviations: dict[str, Floats]

    def apply(self, name: str, values: Floats) -> Floats:
        """Centred, scaled, cut; what is missing is in the middle."""
        centred = (values - self.means[name]) / self.deviations[name]
        return np.nan_to_num(np.clip(centred, -CLIP, CLIP)).astype(np.float32)


class Source(eqx.Module):
    """A panel on the device. Columns begin `context` periods before the first one and end `h` after the last."""

    y: Float[Array, "series column"]  # units sold, 0 where not known
    available: Float[Array, "series column"]
    known: Float[Array, "series column"]  # 1 where observed
    watched: Float[Array, "series column"]  # periods that sales are taken to be of
    shelf: Float[Array, "series column"]  # share on the shelf as it was told
    future: Float[Array, "series column covariate"]
    calendar: Float[Array, "column covariate"]
    past: Float[Array, "series column covariate"]
    sums: Float[Array, "series period_1 2"]  # of y and watched, before each period
    since: Float[Array, "series period_1"]  # log of periods since the last sale
    age: Float[Array, "series period_1"]  # log of periods since the first observation
    prior: Float[Array, "group period_1"]  # sales per series and period of each group, before each period
    totals: Float[Array, "group period_1 2"]  # log of recent over usual sales of each group
    group: Int[Array, " series"]
    codes: Int[Array, "series attribute"]  # 0: unknown
    name: Int[Array, " series"]  # 0: unknown
    traits: Float[Array, "series trait"]


class Groups(NamedTuple):
    """What is known of groups of series and, last, of all: made once, even where series are read in parts."""

    prior: Floats  # [group, period + 1]
    totals: Floats  # [group, period + 1, 2]


def fit_scaling(panel: Panel) -> Scaling:
    """From the observed periods of a panel."""
    series, periods = panel.shape
    parts = {
        "future": panel.future[:, :periods].reshape(series * periods, -1) if panel.future_names else np.zeros((1, 0)),
        "calendar": panel.calendar[:periods],
        "past": panel.past.reshape(series * periods, -1) if panel.past_names else np.zeros((1, 0)),
        "traits": panel.traits,
    }
    means, deviations = {}, {}
    for name, values in parts.items():
        there = np.isfinite(values)
        count = np.maximum(there.sum(0), 1)
        mean = np.where(there, values, 0.0).sum(0) / count
        square = np.where(there, (values - mean) ** 2, 0.0).sum(0) / count
        means[name] = mean.astype(np.float32)
        # Rare flags (a holiday in a year) would become huge numbers: their deviation is taken for at least 0.1.
        deviations[name] = np.maximum(np.sqrt(square), 0.1 if name != "traits" else 1e-3).astype(np.float32)
    return Scaling(
        future=panel.future_names,
        calendar=panel.calendar_names,
        past=panel.past_names,
        traits=panel.trait_names,
        attributes=panel.attributes,
        levels=panel.levels,
        ids=panel.ids,
        yearly=periods * panel.period_days >= YEARLY,
        means=means,
        deviations=deviations,
    )


def group_sales(panel: Panel, sold_out: str = "thin") -> Groups:
    """Of the first attribute's groups and, last, of all series; a group's codes are those of the panel."""
    group = _group_of(panel)
    count = _groups_in(panel)
    sold, _, _, watched = observed(panel, sold_out)
    sums = np.zeros((2, count, panel.shape[1]))
    for which, values in enumerate((sold, watched)):
        np.add.at(sums[which], group, values)
        sums[which, -1] = values.sum(0)
    total, number = (_before(values) for values in sums)
    window = 8 * SEASON[panel.period_days] if panel.period_days == 1 else 13
    begin = np.maximum(np.arange(total.shape[1]) - window, 0)
    every = (total[-1:] - total[-1:, begin] + 1e-3) / np.maximum(number[-1:] - number[-1:, begin], 1.0)
    prior = (total - total[:, begin] + 20.0 * every) / (number - number[:, begin] + 20.0)
    ratios = []
    for short, long in TOTALS[panel.period_days]:
        recent, usual = (_window_rate(total, number, window) for window in (short, long))
        ratios.append(np.clip(np.log((recent + 1e-3) / (usual + 1e-3)), -2.0, 2.0))
    return Groups(prior.astype(np.float32), np.stack(ratios, -1).astype(np.float32))


def make_source(panel: Panel, scaling: Scaling, length: Length, groups: Groups, sold_out: str = "thin") -> Source:
    """Lay out a panel; its covariates must be those of `scaling`, in the same order."""
    periods = panel.shape[1]
    y, available, known, watched = observed(panel, sold_out)
    shelf = np.where(panel.known, np.clip(panel.available, 0.0, 1.0), 0.0).astype(np.float32)
    pads, right = (length.context, length.h), (length.context, max(0, length.h - panel.ahead))
    future = scaling.apply("future", panel.future[:, : periods + length.h])
    return Source(
        *(jnp.asarray(_padded(values, pads)) for values in (y, available, known, watched, shelf)),
        future=jnp.asarray(_padded(future, right, "edge")),
        calendar=jnp.asarray(_calendar(panel, scaling, length)),
        past=jnp.asarray(_padded(scaling.apply("past", panel.past), pads)),
        sums=jnp.asarray(np.stack([_before(y), _before(watched)], -1).astype(np.float32)),
        since=jnp.asarray(_since(y > 0)),
        age=jnp.asarray(np.log1p(_since(_first(panel.known))) / 4.0),
        prior=jnp.asarray(groups.prior),
        totals=jnp.asarray(groups.totals),
        group=jnp.asarray(_group_of(panel)),
        codes=jnp.asarray(_codes(panel, scaling)),
        name=jnp.asarray(_names(panel, scaling)),
        traits=jnp.asarray(scaling.apply("traits", panel.traits)),
    )


def observed(panel: Panel, sold_out: str) -> tuple[Floats, Floats, Floats, Floats]:
    """Sales, the share that the likelihood reads, what counts, and periods that sales are taken to be of.

    Args:
        panel: as it is.
        sold_out: what sales of a sold-out period are. `thin`: demand of the share of the period on the shelf, which
            must be a share of demand, not only of hours, and a lower bound where none is told; `bound`: a lower bound
            always; `leave_out`: nothing, so that demand of periods without a stock-out is forecast; `ignore`: demand.
    """
    known, y = panel.known, np.nan_to_num(panel.y)
    share = np.where(known, np.clip(panel.available, 0.0, 1.0), 0.0)
    if sold_out == "ignore":
        share = known.astype(np.float32)
    elif sold_out == "leave_out":
        known = panel.whole
    elif sold_out == "bound":
        share = np.where(share < 1.0, 0.0, share)
    # A period in which it was out and nothing was sold tells nothing; one that sold something is worth a whole one.
    known = known & ~((share == 0) & (y == 0))
    watched = np.where(share > 0, share, y > 0) * known
    counted = np.where(known, y, 0.0)
    return tuple(part.astype(np.float32) for part in (counted, share * known, known, watched))  # pyright: ignore


def _calendar(panel: Panel, scaling: Scaling, length: Length) -> Floats:
    """Events, days of the week, the time of the month and, with a long history, of the year. [column, covariate]"""
    ahead = length.h
    events = panel.calendar[: panel.shape[1] + ahead]
    events = _padded(scaling.apply("calendar", events)[None], (0, panel.shape[1] + ahead - len(events)), "edge")[0]
    first = panel.starts[0] - length.context * np.timedelta64(panel.period_days, "D")
    days = first + np.arange(length.context + panel.shape[1] + ahead) * np.timedelta64(panel.period_days, "D")
    month = (days - days.astype("datetime64[M]")).astype(int) / 31.0
    waves = [np.sin(2 * np.pi * month), np.cos(2 * np.pi * month)]
    if panel.period_days == 1:
        weekday = (days.astype(np.int64) + 3) % 7
        waves += [(weekday == k).astype(float) for k in range(7)]
    if scaling.yearly:
        year = (days - days.astype("datetime64[Y]")).astype(int) / 365.25
        waves += [wave(2 * np.pi * k * year) for k in (1, 2, 3) for wave in (np.sin, np.cos)]
    before = np.zeros((length.context, events.shape[1]))
    return np.concatenate([np.concatenate([before, events]), np.stack(waves, -1)], axis=1).astype(np.float32)


def _padded(values: Floats, pads: tuple[int, int], mode: str = "constant") -> Floats:
    """More columns before and after; the left ones are always zero."""
    rest = ((0, 0),) * (values.ndim - 2)
    values = np.pad(values, ((0, 0), (0, pads[1]), *rest), mode=mode)  # pyright: ignore[reportArgumentType, reportCallIssue]
    return np.pad(values, ((0, 0), (pads[0], 0), *rest)).astype(np.float32)


def _before(values: NDArray) -> NDArray[np.float64]:
    """Sums of all columns before each period. [row, period + 1]"""
    return np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1, dtype=np.float64)


def _window_rate(total: NDArray, number: NDArray, window: int) -> NDArray[np.float64]:
    begin = np.maximum(np.arange(total.shape[1]) - window, 0)
    return (total - total[:, begin]) / np.maximum(number - number[:, begin], 1.0)


def _since(happened: NDArray[np.bool_]) -> Floats:
    """Log of periods since it last happened, before each period. [series, period + 1]"""
    columns = np.arange(1, happened.shape[1] + 1)
    last = np.maximum.accumulate(np.where(happened, columns, 0), axis=1)
    since = np.arange(happened.shape[1] + 1) - np.pad(last, ((0, 0), (1, 0)))
    return (np.log1p(since) / 4.0).astype(np.float32)


def _first(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Only the first True of each row."""
    return known & (np.cumsum(known, axis=1) == 1)


def _groups_in(panel: Panel) -> int:
    return (len(panel.levels[0]) if panel.levels else 0) + 1


def _group_of(panel: Panel) -> NDArray[np.int32]:
    """The first attribute; all series together where it is unknown."""
    last = _groups_in(panel) - 1
    if not panel.attributes:
        return np.full(panel.shape[0], last, np.int32)
    return np.where(panel.codes[:, 0] >= 0, panel.codes[:, 0], last).astype(np.int32)


def _codes(panel: Panel, scaling: Scaling) -> NDArray[np.int32]:
    """Codes of the panel as those that were learned, one higher; 0 where the network has never met it."""
    columns = []
    for place, levels in enumerate(panel.levels):
        learned = {level: number + 1 for number, level in enumerate(scaling.levels[place])}
        table = np.array([*(learned.get(level, 0) for level in levels), 0], np.int32)
        columns.append(table[panel.codes[:, place]])  # -1, unknown, is the last
    return np.stack(columns, 1) if columns else np.zeros((panel.shape[0], 0), np.int32)


def _names(panel: Panel, scaling: Scaling) -> NDArray[np.int32]:
    if panel.ids == scaling.ids:
        return np.arange(1, len(panel.ids) + 1, dtype=np.int32)
    learned = {name: number + 1 for number, name in enumerate(scaling.ids)}
    return np.array([learned.get(name, 0) for name in panel.ids], np.int32)
