"""What the sample shop and its rival charge, and when the shop promotes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.sample_shop.calendar import DOUBLE_11, EVENTS, MID_YEAR, Calendar, places
from restock.simulator.sample_shop.catalogue import Catalogue

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SLOT = 42  # days in which an item has at most one promotion of its own
CHANCE = 0.55  # that it has one
JOINS = 0.8  # share of items in a campaign of the whole shop
CAMPAIGNS = {DOUBLE_11.key: ((-10, -8), (0, 0)), MID_YEAR.key: ((-18, -16), (-2, 0))}


class Kind(NamedTuple):
    """A kind of promotion and how deep it cuts the price."""

    name: str
    least: float
    most: float


KINDS = (Kind("flash_sale", 0.12, 0.32), Kind("coupon", 0.05, 0.15), Kind("featured", 0.0, 0.0))
CAMPAIGN_DEPTH = (0.08, 0.28)


class Promotions(NamedTuple):
    """One row per promotion of an item; days inclusive."""

    item: Ints
    start: Ints
    end: Ints
    kind: np.ndarray
    value: Floats  # strength, 1 = full
    depth: Floats  # share taken off the list price


class Prices(NamedTuple):
    """Day by day. [item, day]"""

    listed: Floats
    price: Floats
    promotion: Floats  # strength, 0 = none
    rival: Floats  # nan where nobody else sells the item
    rival_in_stock: NDArray[np.bool_]


def draw_promotions(catalogue: Catalogue, calendar: Calendar, rng: np.random.Generator) -> Promotions:
    """Campaigns of the whole shop around Double 11 and 618, and each item's own promotions away from them."""
    items, days = len(catalogue.item), len(calendar.dates)
    parts, blocked = [], np.zeros(days + SLOT, bool)
    for row, event, place in places(calendar.dates):
        for first, last in CAMPAIGNS.get(EVENTS[row].key, ()):
            start, end = max(place + first, 0), min(place + last, days - 1)
            if start > end:
                continue
            blocked[max(start - 3, 0) : end + 4] = True
            joins = np.flatnonzero(rng.random(items) < JOINS)
            depth = rng.uniform(*CAMPAIGN_DEPTH, len(joins))
            parts.append(_rows(joins, np.full(len(joins), start), np.full(len(joins), end), event.key, depth))
    sums = np.concatenate([[0], np.cumsum(blocked)])
    for slot in range(0, days, SLOT):
        kind = rng.integers(0, len(KINDS), items)
        start = slot + rng.integers(0, SLOT - 8, items)
        end = start + rng.integers(2, 7, items)
        free = (sums[np.minimum(end + 1, days)] == sums[np.minimum(start, days)]) & (end < days)
        has = np.flatnonzero((rng.random(items) < CHANCE) & free)
        least, most = (np.array([getattr(k, name) for k in KINDS])[kind] for name in ("least", "most"))
        depth = rng.uniform(least, most)
        names = np.array([k.name for k in KINDS])[kind]
        parts.append(_rows(has, start[has], end[has], names[has], depth[has], rng.choice([0.5, 1.0, 1.0], len(has))))
    everything = _join(parts)
    alive = (everything.start >= catalogue.launch[everything.item]) & (
        everything.end <= catalogue.last[everything.item]
    )
    order = np.lexsort((everything.start, everything.item))
    return _pick(everything, order[alive[order]])


def draw_prices(catalogue: Catalogue, calendar: Calendar, promotions: Promotions, rng: np.random.Generator) -> Prices:
    """List prices that change about twice a year, promotions off them, and a rival who moves on his own."""
    shape = len(catalogue.item), len(calendar.dates)
    moves = np.where(rng.random(shape) < 1 / 180, rng.normal(0.015, 0.05, shape), 0.0)
    listed = np.round(catalogue.list_price[:, None] * np.exp(np.clip(np.cumsum(moves, -1), -0.25, 0.25)), 1)
    promotion, depth = np.zeros(shape), np.zeros(shape)
    long = int((promotions.end - promotions.start).max(initial=0)) + 1
    for k in range(long):  # the k-th day of every promotion
        day = promotions.start + k
        runs = day <= promotions.end
        promotion[promotions.item[runs], day[runs]] = promotions.value[runs]
        depth[promotions.item[runs], day[runs]] = promotions.depth[runs]
    price = np.maximum(np.round(listed * (1.0 - depth), 1), 0.1)
    rival, in_stock = _draw_rival(catalogue, calendar, rng)
    return Prices(listed, price, promotion, rival, in_stock)


def _draw_rival(catalogue: Catalogue, calendar: Calendar, rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """A competitor for 60 % of the items: new price every three weeks, sometimes out of stock, cheaper on Double 11."""
    shape = len(catalogue.item), len(calendar.dates)
    usual = catalogue.list_price * np.exp(rng.normal(0.0, 0.06, shape[0]))
    steps = rng.normal(0.0, 0.08, shape)
    logs = np.take_along_axis(steps, _stretch(shape, 21, rng), -1)
    campaign = calendar.core[EVENTS.index(DOUBLE_11)] | calendar.core[EVENTS.index(MID_YEAR)]
    rival = np.round(usual[:, None] * np.exp(logs - 0.15 * campaign), 1)
    rival[rng.random(shape[0]) >= 0.6] = np.nan
    empty = np.take_along_axis(rng.random(shape) < 0.05, _stretch(shape, 10, rng), -1)
    return rival, ~empty


def _stretch(shape: tuple[int, int], days: int, rng: np.random.Generator) -> Ints:
    """Number of the stretch that each day belongs to; stretches last `days` on average. [item, day]"""
    return np.cumsum(rng.random(shape) < 1.0 / days, -1, dtype=np.int64)


def _join(parts: list[Promotions]) -> Promotions:
    """All rows below each other."""
    return Promotions(
        item=np.concatenate([p.item for p in parts]),
        start=np.concatenate([p.start for p in parts]),
        end=np.concatenate([p.end for p in parts]),
        kind=np.concatenate([p.kind for p in parts]),
        value=np.concatenate([p.value for p in parts]),
        depth=np.concatenate([p.depth for p in parts]),
    )


def _pick(rows: Promotions, index: NDArray[np.intp]) -> Promotions:
    """Some rows, in the order of `index`."""
    return Promotions(
        rows.item[index], rows.start[index], rows.end[index], rows.kind[index], rows.value[index], rows.depth[index]
    )


def _rows(
    item: NDArray[np.intp],
    start: NDArray[np.integer],
    end: NDArray[np.integer],
    kind: str | np.ndarray,
    depth: Floats,
    value: Floats | None = None,
) -> Promotions:
    names = np.full(len(item), kind) if isinstance(kind, str) else kind
    strength = np.ones(len(item)) if value is None else value
    return Promotions(item.astype(np.int64), start.astype(np.int64), end.astype(np.int64), names, strength, depth)
