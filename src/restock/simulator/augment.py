"""Other pasts that the same shop might have had: training on them keeps a policy from learning one past by heart.

Every change keeps the shape, `on_sale`, `calendar` and all plans beyond the last period. What moves in time is not
demand itself but its ratio to a base = the item's own smooth level times what its group did in that period. So the
weekday, a Double 11 or a holiday stays on its date as far as the group shares it, while an item's own ups and downs
move, together with its price and promotions. The price of that: the part of a peak that only this item had moves off
its date, and one that it missed appears. Moves are whole weeks, therefore they never mix weekdays.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restock.errors import UsageError
from restock.language import Text
from restock.simulator.history import History
from restock.simulator.resample import causal_level, round_at_random, sells_whole_units

Doubles = NDArray[np.float64]
Places = NDArray[np.intp]

STEADIEST = 1000.0  # units by which at most a period's demand is pulled towards the level around it
FAST = 20.0  # units per period from which an item's ratio counts fully in its group
LARGEST_FACTOR = 4.0  # a level is never scaled further than this, up or down
SWAP_REACH = 3.0  # items trade ratios only if their levels differ by less than this factor


@dataclass(frozen=True)
class Augmentation:
    """How much each change does; 0 turns it off."""

    scale: int | float = 0.3  # standard deviation of the logarithm of an item's new level
    shift: int = 26  # largest move in time, weeks
    swap: int | float = 0.25  # share of each item's past that is traded with a similar item
    noise: int | float = 0.1  # standard deviation of each period's factor

    def __post_init__(self) -> None:
        limits = {"scale": np.inf, "shift": np.inf, "swap": 1.0, "noise": np.inf}
        for name, most in limits.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise UsageError(
                    Text(
                        f"augmentation `{name}` must be between 0 and {most:g}, got {value:g}",
                        f"数据增强参数 `{name}` 必须在 0 到 {most:g} 之间，实际为 {value:g}",
                    ),
                    hint=Text(f"`{name}` = 0 turns this change off", f"`{name}` = 0 表示关闭该项变化"),
                )


OFF = Augmentation(0.0, 0, 0.0, 0.0)


def augment(history: History, rng: np.random.Generator, settings: Augmentation = Augmentation()) -> History:
    """Another past of the same shop, with the same shapes.

    Demand of an item stays the same on average over draws; it never gets negative; whole units stay whole; where demand
    was observed, `sold` stays equal to it. `known` marks estimates wherever they move.
    """
    items = len(history.items)
    if settings.swap:
        history = swap(history, rng, settings.swap)
    if settings.shift:
        weeks = rng.integers(-settings.shift, settings.shift + 1, items)
        history = shift(history, rng, weeks)
    if settings.scale:
        logs = rng.normal(-(settings.scale**2) / 2.0, settings.scale, items)
        factor = np.clip(np.exp(logs), 1.0 / LARGEST_FACTOR, LARGEST_FACTOR)
        history = thin(history, rng, factor)
    if settings.noise:
        history = noise(history, rng, settings.noise)
    return history


def thin(history: History, rng: np.random.Generator, factor: NDArray[np.floating]) -> History:
    """Scale each item's level by its factor, and draw the noise of counts anew.

    A factor below 1 keeps each unit with that chance, one above 1 adds Poisson units around each period's likely mean,
    so that an item scaled to half or to double is as noisy as one that really sells so much. Fractions are just scaled.

    Args:
        history: the past.
        rng: where the draws come from.
        factor: what the level is multiplied by, 0 or more. [item]
    """
    share = np.asarray(factor, np.float64)[:, None]
    sold = history.sold.astype(np.float64)
    unmet = np.maximum(history.demand - sold, 0.0)
    observed = (history.known > 0) & (history.on_sale > 0)
    level = _level(np.where(observed, sold, np.nan))
    pull = _pull(sold, level, observed)
    likely = np.where(observed & (level > 0.0), level * (sold + pull) / np.maximum(level + pull, 1e-9), sold)
    whole = sells_whole_units(sold)[:, None] & (sold == np.rint(sold))
    new_sold = np.where(whole, _count(sold, likely, share, rng), sold * share)
    new_unmet = np.where(whole & (unmet == np.rint(unmet)), _count(unmet, unmet, share, rng), unmet * share)
    return replace(history, sold=_floats(new_sold), demand=_floats(new_sold + new_unmet))


def shift(history: History, rng: np.random.Generator, weeks: NDArray[np.integer]) -> History:
    """Move each item's ratios, prices and plans later by whole weeks within the time that it was on sale.

    What leaves at one end comes in at the other; the level stays where it was, so there is no jump at the seam.

    Args:
        history: the past.
        rng: rounds at random.
        weeks: negative moves earlier. [item]
    """
    on_sale = history.on_sale > 0
    order = np.argsort(~on_sale, axis=-1, kind="stable")  # periods on sale come first, in order
    count = on_sale.sum(-1, keepdims=True)
    week = _week(history)
    length = count // week * week
    back = np.where(length > 0, (np.asarray(weeks, np.intp)[:, None] * week) % np.maximum(length, 1), 0)
    rank = np.where(on_sale, np.cumsum(on_sale, -1) - 1, 0)
    source = rank - back
    source = np.where(source < 0, source + length, source)
    when = np.take_along_axis(order, source, -1)
    when = np.where(on_sale, when, np.arange(on_sale.shape[1]))
    rows = np.broadcast_to(np.arange(len(when))[:, None], when.shape)
    return _move(history, rng, rows, when)


def swap(history: History, rng: np.random.Generator, share: int | float, weeks: int = 8) -> History:
    """Trade stretches of ratios, relative prices and plans between items of the same group with similar levels.

    Args:
        history: the past.
        rng: picks partners and stretches, rounds at random.
        share: of each paired item's periods, on average.
        weeks: length of a stretch.
    """
    items, periods = history.shape
    partner = _partners(history, rng)
    length = max(1, min(weeks * _week(history), periods))
    pieces = -(-periods // length) + 1
    low = np.minimum(partner, np.arange(items))  # both of a pair must agree
    traded = (rng.random((items, pieces)) < share)[low]
    offset = rng.integers(0, length, items)[low]
    piece = (np.arange(periods) + offset[:, None]) // length
    both = (history.on_sale > 0) & (history.on_sale[partner] > 0)
    rows = np.where(np.take_along_axis(traded, piece, -1) & both, partner[:, None], np.arange(items)[:, None])
    return _move(history, rng, rows, np.broadcast_to(np.arange(periods), rows.shape))


def noise(history: History, rng: np.random.Generator, spread: int | float) -> History:
    """Multiply each period's demand by a log-normal factor with mean 1; zero stays zero."""
    factor = rng.lognormal(-(spread**2) / 2.0, spread, history.shape)
    return _with_demand(history, rng, history.demand * factor, _served(history), history.known)


def _move(history: History, rng: np.random.Generator, rows: Places, when: Places) -> History:
    """Give each place the ratio, price, plans and what was seen of another place (rows, when). [item, period]"""
    base, ratio = _parts(history)
    periods, own = history.shape[1], np.arange(len(rows))[:, None]
    demand = np.where((rows == own) & (when == np.arange(periods)), history.demand, ratio[rows, when] * base)
    price, planned = history.price.copy(), history.planned.copy()
    seen = history.seen[rows, when]
    usual = _usual(history.price)
    price[:, :periods] = price[rows, when] * np.where(rows == own, 1.0, usual[:, None] / usual[rows])
    planned[:, :periods] = planned[rows, when]
    moved = _with_demand(history, rng, demand, _served(history)[rows, when], history.known[rows, when])
    return replace(moved, price=price, planned=planned, seen=seen)


def _with_demand(
    history: History, rng: np.random.Generator, demand: Doubles, served: Doubles, known: NDArray[np.float32]
) -> History:
    """New demand, rounded where the item sells whole units, and what of it was sold."""
    whole = sells_whole_units(history.sold.astype(np.float64))[:, None]
    was_whole = whole & ((known > 0) | _whole_estimates(history))
    demand = np.where(was_whole, round_at_random(demand, rng), demand) * (history.on_sale > 0)
    sold = np.where(known > 0, demand, demand * served)
    sold = np.where(whole & (known <= 0), np.minimum(round_at_random(sold, rng), demand), sold)
    sold = np.where(whole, np.floor(sold), sold)
    return replace(history, demand=_floats(demand), sold=_floats(sold), known=known)


def _parts(history: History) -> tuple[Doubles, Doubles]:
    """Base and ratio of each period, scaled so that ratios are 1 and bases are demand on average. [item, period]"""
    on_sale = history.on_sale > 0
    base = _base(history) * on_sale
    ratio = np.divide(history.demand, base, out=np.zeros_like(base), where=base > 0.0)
    count = np.maximum(on_sale.sum(-1, keepdims=True), 1)
    total = (history.demand * on_sale).sum(-1, keepdims=True, dtype=np.float64)
    mean, whole_base = ratio.sum(-1, keepdims=True) / count, base.sum(-1, keepdims=True)
    base *= np.divide(total, whole_base, out=np.zeros_like(total), where=whole_base > 0.0)
    return base, np.divide(ratio, mean, out=np.zeros_like(ratio), where=mean > 0.0)


def _base(history: History) -> Doubles:
    """What an item would sell if it did as its group does in that period. [item, period]"""
    usable = (history.known > 0) & (history.on_sale > 0)
    level = _level(np.where(usable, history.demand, np.nan).astype(np.float64))
    # each item counts as much as the noise of its counts allows, and never towards its own base
    weight = np.where(usable & (level > 0.0), level / (1.0 + level / FAST), 0.0)
    units = np.divide(weight * history.demand, level, out=np.zeros_like(level), where=weight > 0.0)
    shop = (units.sum(0) - units + FAST) / (weight.sum(0) - weight + FAST)
    groups = np.unique(history.groups, return_inverse=True)[1]
    member = (groups == np.arange(groups.max() + 1)[:, None]).astype(np.float64)  # [group, item]
    others, trust = (member @ units)[groups] - units, (member @ weight)[groups] - weight
    return level * (others + FAST * shop) / (trust + FAST)


def _level(demand: Doubles) -> Doubles:
    """Smooth level around each period, from both sides. [item, period]"""
    before = causal_level(demand)[:, 1:]
    after = causal_level(demand[:, ::-1])[:, :0:-1]
    return np.where((before > 0.0) & (after > 0.0), (before + after) / 2.0, np.maximum(before, after))


def _pull(sold: Doubles, level: Doubles, observed: NDArray[np.bool_]) -> Doubles:
    """Units by which a period's demand is pulled to the level to tell its likely mean: 1 / dispersion. [item, 1]

    An item as noisy as Poisson is pulled wholly, so that its noise is not scaled up; one with real peaks keeps them.
    """
    extra = np.where(observed, (sold - level) ** 2 - level, 0.0).sum(-1, keepdims=True)
    squares = np.where(observed, level**2, 0.0).sum(-1, keepdims=True)
    return squares / np.maximum(extra, np.maximum(squares / STEADIEST, 1e-9))


def _partners(history: History, rng: np.random.Generator) -> Places:
    """A partner for most items: same group, similar level; itself where there is none. [item]"""
    seen = np.maximum((history.on_sale > 0).sum(-1), 1)
    level = np.log(np.maximum((history.demand * (history.on_sale > 0)).sum(-1) / seen, 1e-6))
    order = np.lexsort((level + rng.normal(0.0, 0.5, len(level)), history.groups))
    first = int(rng.integers(0, 2))
    pairs = order[first : first + (len(order) - first) // 2 * 2].reshape(-1, 2)
    fits = (history.groups[pairs[:, 0]] == history.groups[pairs[:, 1]]) & (
        np.abs(level[pairs[:, 0]] - level[pairs[:, 1]]) < np.log(SWAP_REACH)
    )
    partner = np.arange(len(level))
    partner[pairs[fits, 0]], partner[pairs[fits, 1]] = pairs[fits, 1], pairs[fits, 0]
    return partner


def _usual(price: NDArray[np.float32]) -> Doubles:
    """Mean price of an item, 1 where none is known. [item]"""
    there = np.isfinite(price) & (price > 0.0)
    total, count = np.where(there, price, 0.0).sum(-1, dtype=np.float64), there.sum(-1)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0)


def _count(units: Doubles, likely: Doubles, share: Doubles, rng: np.random.Generator) -> Doubles:
    """Whole units at another level: thinned, or with more drawn around what is likely."""
    kept = rng.binomial(np.rint(units).astype(np.int64), np.minimum(share, 1.0))
    return (kept + rng.poisson(np.maximum(share - 1.0, 0.0) * likely)).astype(np.float64)


def _served(history: History) -> Doubles:
    """Share of demand that was sold; 1 where nobody asked. [item, period]"""
    demand = history.demand.astype(np.float64)
    return np.minimum(np.divide(history.sold, demand, out=np.ones_like(demand), where=demand > 0.0), 1.0)


def _whole_estimates(history: History) -> NDArray[np.bool_]:
    """Whether the estimates of an item's lost demand are whole units too. [item, 1]"""
    estimate = np.where(history.known > 0, 0.0, history.demand)
    return (estimate == np.rint(estimate)).all(-1, keepdims=True)


def _week(history: History) -> int:
    """Periods in a week."""
    return max(1, 7 // history.period_days)


def _floats(units: Doubles) -> NDArray[np.float32]:
    return units.astype(np.float32)
