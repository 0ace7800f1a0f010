"""Demand as level times ratio: the ratios of the past, drawn again, make paths of the future."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from restock.errors import UsageError
from restock.language import Text

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]

MEMORY = 28  # periods over which the level forgets: a month of days, half a year of weeks
TRUST = 4.0  # units that must be seen within the memory before they outweigh the item's whole past


def bootstrap_paths(
    demand: NDArray[np.floating],
    rng: np.random.Generator,
    paths: int,
    periods: int,
    block: int = 7,
    level: NDArray[np.floating] | None = None,
) -> Floats:
    """Draw paths of future demand for one moment by resampling stretches of the past.

    The past is divided by its own causal level; stretches of `block` such ratios are put behind each other and
    multiplied by the level at the end. A block of whole weeks of days (a multiple of 7) keeps every weekday in its
    place; peaks of the calendar come back on random dates, so a known event ahead belongs into `level`. The mean of
    an item's paths is its level. An item without one usable ratio gets Poisson demand around its level.

    Args:
        demand: the past; nan where it shall not be drawn from: before launch, estimated. [item, period]
        rng: where the draws come from.
        paths: how many per item.
        periods: how long.
        block: periods that stay together.
        level: units per period, if something better is known than the smoothed past. [item], or [item, periods]

    Returns:
        Units, whole where the item sells whole units. [item, path, period]
    """
    _check(demand, paths, periods, block)
    past = np.asarray(demand, np.float64)
    levels = causal_level(past)
    target = levels[:, -1:] if level is None else np.asarray(level, np.float64).reshape(len(past), -1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = past / levels[:, :-1]
    ratios[~np.isfinite(ratios)] = np.nan
    drawn, usable = _draw_blocks(ratios, rng, (paths, periods), block)
    mean = target[:, None, :]
    drawn = np.where(usable[:, None, None], drawn * mean, rng.poisson(np.broadcast_to(mean, drawn.shape)))
    whole = sells_whole_units(past)
    drawn[whole] = round_at_random(drawn[whole], rng)
    return drawn.astype(np.float32)


def causal_level(demand: NDArray[np.floating]) -> Doubles:
    """What demand was about, before each period and after the last: column t is made from columns before t only.

    An exponential average for items that sell much; for slow items it leans on the mean of the whole past, as the
    mean of a gamma prior worth `TRUST` units does, so that a long pause does not make the next sale look like a peak.
    nan is skipped; 0 until the first unit is sold. [item, period + 1]
    """
    seen = np.isfinite(demand)
    units = np.where(seen, demand, 0.0)
    fade = [1.0, -(1.0 - 1.0 / MEMORY)]
    recent = np.asarray(lfilter([1.0], fade, units, axis=-1))
    weight = np.asarray(lfilter([1.0], fade, seen.astype(np.float64), axis=-1))
    overall = np.cumsum(units, -1) / np.maximum(np.cumsum(seen, -1), 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        level = np.where(overall > 0.0, (recent + TRUST) / (weight + TRUST / overall), 0.0)
    return np.concatenate([np.zeros_like(level[:, :1]), level], -1)


def sells_whole_units(demand: NDArray[np.floating]) -> Flags:
    """Whether most of what was ever asked for came in whole units; estimates of lost demand may be fractions. [item]"""
    asked = np.isfinite(demand) & (demand > 0.0)
    fraction = asked & (np.abs(demand - np.rint(demand)) > 1e-3)
    return 2 * fraction.sum(-1) <= asked.sum(-1)


def round_at_random(units: NDArray[np.floating], rng: np.random.Generator) -> Doubles:
    """Whole units with the same mean: 2.3 is 3 in three draws of ten. What is whole stays."""
    return np.floor(units + rng.random(units.shape))


def _draw_blocks(
    ratios: Doubles, rng: np.random.Generator, shape: tuple[int, int], block: int
) -> tuple[Doubles, Flags]:
    """Ratios [item, path, period] with mean 1, and whether an item has any. [item]

    Blocks with a gap are left out; an item that has only such blocks is drawn from one period at a time.
    """
    drawn = np.ones((len(ratios), *shape))
    left = np.arange(len(ratios))
    for length in dict.fromkeys((min(block, ratios.shape[1]), 1)):
        if not len(left):
            break
        starts = _starts(ratios[left], length, phase=7 if length % 7 == 0 else 1)
        some = starts.any(-1)
        if some.any():
            drawn[left[some]] = _join(ratios[left[some]], starts[some], rng, shape, length)
        left = left[~some]
    usable = np.ones(len(ratios), bool)
    usable[left] = False
    return drawn, usable


def _starts(ratios: Doubles, length: int, phase: int) -> Flags:
    """Where a block without a gap may start so that it ends in step with the end of the past. [item, period]

    All starts of an item count only if its ratios there are not all 0: nothing could be scaled to the level.
    """
    items, periods = ratios.shape
    gaps = np.concatenate([np.zeros((items, 1)), np.cumsum(np.isnan(ratios), -1)], -1)
    sums = np.concatenate([np.zeros((items, 1)), np.cumsum(np.nan_to_num(ratios), -1)], -1)
    at = np.arange(periods - length + 1)
    starts = ((gaps[:, at + length] == gaps[:, at]) & ((periods - at) % phase == 0)).astype(bool)
    any_units = np.where(starts, sums[:, at + length] - sums[:, at], 0.0).sum(-1) > 0.0
    return starts & any_units[:, None]


def _join(ratios: Doubles, starts: Flags, rng: np.random.Generator, shape: tuple[int, int], length: int) -> Doubles:
    """Random blocks behind each other, scaled so that the mean over all blocks that could be drawn is 1."""
    paths, periods = shape
    count = starts.sum(-1)
    places = np.argsort(~starts, axis=-1, kind="stable")  # the starts come first
    pick = (rng.random((len(ratios), paths, -(-periods // length))) * count[:, None, None]).astype(np.intp)
    first = np.take_along_axis(places, pick.reshape(len(ratios), -1), -1).reshape(pick.shape)
    when = (first[..., None] + np.arange(length)).reshape(len(ratios), -1)
    drawn = np.take_along_axis(ratios, when, -1).reshape(len(ratios), paths, -1)[..., :periods]
    sums = np.concatenate([np.zeros((len(ratios), 1)), np.cumsum(np.nan_to_num(ratios), -1)], -1)
    blocks = sums[:, length:] - sums[:, : sums.shape[1] - length]
    mean = np.where(starts, blocks, 0.0).sum(-1) / (np.maximum(count, 1) * length)
    return drawn / mean[:, None, None]


def _check(demand: NDArray[np.floating], paths: int, periods: int, block: int) -> None:
    """Raise UsageError for counts below 1 or demand that is no table."""
    counts = {"paths": paths, "periods": periods, "block": block, "columns of `demand`": demand.shape[-1]}
    for name, count in counts.items():
        if count < 1 or demand.ndim != 2:
            raise UsageError(
                Text(
                    f"paths need demand [item, period], counts of 1 or more; got {demand.ndim} axes, {name} = {count}",
                    f"生成路径需要二维需求 [item, period] 且各数量至少为 1，实际为 {demand.ndim} 维，{name} = {count}",
                ),
                hint=Text("give at least one period of history and one path", "请至少提供一个周期的历史和一条路径"),
            )
