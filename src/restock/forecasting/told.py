"""What a shop's own records tell a policy with a memory: what was seen of each period, what is known ahead of it.

Column t of what was seen may be remembered from period t + 1 on; column t of what is told is known before period t.
Like items are the one that an item is said to be like, those of its group, or the whole shop where a group is small:
their past says what to expect of an item that has none.
"""

from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.forecasting.outlook import SCALE_WINDOW, running_sum
from restock.policies.memory import YEAR, Told
from restock.simulator.history import Floats, History
from restock.simulator.remembering import Seen
from restock.simulator.types import Shop

DISCOUNT = 0.05  # from which a planned discount is a promotion
STRENGTH = 0.25  # of a planned promotion, 1 is full
LIFTS = 1.2  # demand in an event / usual demand, from which it is told the next time
PLANNED = 9  # periods before one, in which it is decided whether it is told
SLOW = ("_presale", "_run_up")  # ends of names: weeks in which demand rises slowly are no events of a few days
MEASURED = "measured"
LIKE_ITEMS, LIKE_PERIODS = 3, 4  # with a past of so many periods, from which items of a group give a guess
NOTHING, SHOP, GROUP, LIKE_ITEM = range(4)  # what a guess rests on, the nearest last
KEPT = 0.95  # chance that a promised order comes at all, as in the prior of worlds
LEAST = 0.01  # units per period: nothing is guessed to be slower

Doubles = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Guess(NamedTuple):
    """What like items say of each item before each period. [item, period + 1]"""

    level: Floats  # units per period
    dispersion: Floats  # (variance - mean) / mean²
    rests_on: NDArray[np.int8]  # NOTHING, SHOP, GROUP or LIKE_ITEM


def seen_of(history: History, longest: int) -> Seen:
    """What was seen of each period: sales, and where the shelf was empty only that more may have been asked for.

    Args:
        history: up to now.
        longest: lead time, periods; nothing is told of single deliveries.
    """
    known = history.known > 0
    sales = np.where(known, history.demand, history.sold)
    there = (history.on_sale > 0) & (known | (sales > 0))
    return Seen(
        sales=jnp.asarray(sales * there, jnp.float32),
        hidden=jnp.asarray((history.on_sale > 0) & ~known, jnp.float32),
        weight=jnp.asarray(there, jnp.float32),
        leads=jnp.zeros((*history.shape, longest + 2)),
    )


def told_shop(shop: Shop, lead_kind: NDArray[np.str_]) -> Shop:
    """The terms as a policy should take them: a promise of a lead time may be broken. [item]"""
    kept = np.where(lead_kind == MEASURED, 1.0, KEPT).astype(np.float32)
    return eqx.tree_at(lambda s: s.lead_chance, shop, shop.lead_chance * kept[:, None, None])


def told_of(history: History, lead_kind: NDArray[np.str_], guess: Guess) -> Floats:
    """What is known ahead of each period, in the order of `policies.memory.Told`. [item, period + 1, told]

    Args:
        history: up to now; plans and calendar reach further.
        lead_kind: what the lead time rests on: measured, promised or assumed; an assumed one counts as a promise, as
            nothing better is known. [item]
        guess: of the same history.
    """
    shape = (history.shape[0], history.shape[1] + 1)
    discount, promotion = _plans(history)
    measured = np.asarray(lead_kind == MEASURED)[:, None]
    columns = Told._make(
        (
            np.float32(history.period_days == 1),
            np.float32(history.period_days == 7),
            _moves(history)[None, :],
            np.float32(len(history.planned_names) > 0),
            *_three(promotion, shape[1]),
            *_three(np.log(1.0 - discount), shape[1]),
            *_three(_events(history)[None, :], shape[1]),
            guess.rests_on > NOTHING,
            guess.level,
            guess.dispersion,
            measured,
            ~measured,
        )
    )
    return np.stack([np.broadcast_to(np.asarray(c, np.float32), shape) for c in columns], axis=-1)


def _plans(history: History) -> tuple[Floats, Floats]:
    """Planned discount, and 1 in planned promotions. [item, period + ahead]"""
    names, shape = history.planned_names, history.planned.shape[:2]
    discount = np.zeros(shape, np.float32)
    if "discount" in names:
        discount = np.clip(history.planned[:, :, names.index("discount")], 0.0, 0.8)
    kinds = [i for i, name in enumerate(names) if name != "discount"]
    strength = history.planned[:, :, kinds].max(axis=-1, initial=0.0)
    return discount, ((strength >= STRENGTH) | (discount >= DISCOUNT)).astype(np.float32)


def _events(history: History) -> Floats:
    """1 in periods of events of a few days that have lifted the shop's demand before. [period + ahead]

    A festival that comes for the first time is not told, as it may pass this shop by. A single public holiday makes no
    week an event.
    """
    names, periods = history.calendar_names, history.shape[1]
    daily = history.period_days == 1
    kept = [i for i, name in enumerate(names) if not name.endswith(SLOW) and (daily or name != "holiday")]
    happens = history.calendar[:, kept] > 0
    total = (history.demand * history.on_sale).sum(axis=0, dtype=np.float64)
    sums, window = running_sum(total[None].astype(np.float32))[0], SCALE_WINDOW[history.period_days]
    begin = np.maximum(np.arange(periods) - window, 0)
    usual = (sums[:-1] - sums[begin]) / np.maximum(np.arange(periods) - begin, 1)
    lift = np.where(usual > 0, total / np.maximum(usual, 1e-9), 1.0)[:, None]
    before = [
        np.cumsum(np.pad(x, ((PLANNED, 0), (0, 0))), axis=0) for x in (happens[:periods] * lift, happens[:periods])
    ]
    column = np.minimum(np.arange(len(happens)), periods + PLANNED - 1)  # of what was known when it was planned for
    lifts = before[0][column] >= LIFTS * np.maximum(before[1][column], 1)
    return np.asarray((happens & lifts).any(axis=1), np.float32)


def _moves(history: History) -> Floats:
    """1 where the next period lies in the next of the year's parts of four weeks. [period + 1]"""
    starts = history.starts[0] + np.arange(history.shape[1] + 2) * np.timedelta64(history.period_days, "D")
    day = (starts.astype("datetime64[D]") - starts.astype("datetime64[Y]")).astype(int)
    part = np.minimum(day // 28, YEAR - 1)
    return (part[1:] != part[:-1]).astype(np.float32)


def _three(values: Floats, columns: int) -> tuple[Floats, Floats, Floats]:
    """A plan now, its mean over the next three periods, and over the five after those; the last one holds on."""

    def ahead(first: int, last: int) -> Floats:
        at = np.arange(columns)[:, None] + np.arange(first, last)
        return values[:, np.minimum(at, values.shape[1] - 1)].mean(axis=-1)

    return ahead(0, 1), ahead(1, 4), ahead(4, 9)


def guess_of(history: History) -> Guess:
    """What to expect of each item before each period: what the item sold that it is said to be like.

    Where that has not been seen for long enough, and without such an item, medians over the last weeks of its group, or
    else of the shop.
    """
    measures, there = _measured(history)
    values, rests_on = np.zeros_like(measures), np.full(there.shape, NOTHING, np.int8)

    def rest(rows: NDArray[np.intp], on: int, found: Doubles, given: Flags) -> None:
        values[:, rows] = np.where(given, found[:, None], values[:, rows])
        rests_on[rows] = np.where(given, on, rests_on[rows])

    rest(np.arange(history.shape[0]), SHOP, *_medians(measures, there))
    for group in np.unique(history.groups[history.groups >= 0]):
        rows = np.flatnonzero(history.groups == group)
        rest(rows, GROUP, *_medians(measures[:, rows], there[rows]))
    for row, named in _named(history):
        rest(np.array([row]), LIKE_ITEM, *_last_seen(measures[:, named], there[named]))
    return Guess(values[0].astype(np.float32), values[1].astype(np.float32), rests_on)


def _measured(history: History) -> tuple[Doubles, Flags]:
    """Level and dispersion of each item's last weeks [measure, item, period + 1], and whether they are enough."""
    counts = history.on_sale * history.known
    window = SCALE_WINDOW[history.period_days]
    begin = np.maximum(np.arange(history.shape[1] + 1) - window, 0)

    def recent(values: Floats) -> Doubles:
        total = running_sum(values)
        return total - total[:, begin]

    number = recent(counts)
    mean = recent(counts * history.demand) / np.maximum(number, 1.0)
    square = recent(counts * history.demand**2) / np.maximum(number, 1.0)
    spread = (square - mean**2 - mean) / np.maximum(mean, LEAST) ** 2
    return np.stack([np.maximum(mean, LEAST), np.maximum(spread, 0.0)]), number >= LIKE_PERIODS


def _named(history: History) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Rows that are said to be like an item, each with that item's rows: all of them, then the one at its own site."""
    asking = [row for row, item in enumerate(history.like) if item]
    wanted = {history.like[row] for row in asking}
    rows_of: dict[str, list[int]] = {}
    for row, item in enumerate(history.items):
        if item in wanted:
            rows_of.setdefault(item, []).append(row)
    for row in asking:
        everywhere = rows_of.get(history.like[row], [])
        here = [other for other in everywhere if history.sites[other] == history.sites[row]]
        yield from ((row, np.array(rows)) for rows in (everywhere, here) if rows)


def _last_seen(measures: Doubles, there: Flags) -> tuple[Doubles, Flags]:
    """Of each measure the mean over some items [measure, period], and whether any of them has a past [period].

    An item that is sold no more counts as it was last seen: a successor begins where it ended.
    """
    last = np.maximum.accumulate(np.where(there, np.arange(there.shape[1]), -1), axis=1)
    seen = last >= 0
    values = np.take_along_axis(measures, np.maximum(last, 0)[None], axis=2)
    number = seen.sum(axis=0)
    return (values * seen).sum(axis=1) / np.maximum(number, 1), number > 0


def _medians(measures: Doubles, there: Flags) -> tuple[Doubles, Flags]:
    """Of each measure over the items that are there [measure, period], and whether those are enough [period]."""
    enough = there.sum(axis=0) >= LIKE_ITEMS
    found = np.zeros((len(measures), there.shape[1]))
    if enough.any():
        found[:, enough] = np.nanmedian(np.where(there, measures, np.nan)[:, :, enough], axis=1)
    return found, enough
