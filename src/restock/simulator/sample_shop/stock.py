"""How the sample shop bought: by a naive rule, from suppliers who come late, so that it ran out now and then."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.sample_shop.calendar import BLACK_FRIDAY, DOUBLE_12, EVENTS, LUNAR_NEW_YEAR, Calendar
from restock.simulator.sample_shop.catalogue import Catalogue

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

RECENT, LONG = 28, 112  # days over which the buyers average sales
CAMPAIGN_STOCK = 1.4  # what they multiply their target by before Double 11 and 618


class Orders(NamedTuple):
    """One row per purchase order line; days counted from the first of the history."""

    item: Ints
    ordered: Ints
    expected: Ints  # as promised
    arrived: Ints  # in truth, may be after the history
    quantity: Ints


class Bought(NamedTuple):
    """What the shelves saw. [item, day]"""

    sold: Ints
    on_hand: Ints  # in the evening
    in_stock: Floats  # share of the day on sale with stock
    orders: Orders


class Rule(NamedTuple):
    """The buyers' rule. [item]"""

    cover: Floats  # days of sales they want beyond lead time and review
    batch: Floats  # days of sales they buy on top once they order
    weekday: Ints  # day of the cycle on which they look


def run_stock(
    catalogue: Catalogue, calendar: Calendar, demand: Ints, on_sale: NDArray[np.bool_], rng: np.random.Generator
) -> Bought:
    """Run the shop day by day: receive in the morning, order, sell until the shelf is empty.

    The buyers order up to recent sales times days of cover. They take sales for demand, so a stock-out lowers their
    next order; they know that Double 11 comes, but not how large it is.
    """
    items, days = demand.shape
    rule = Rule(
        cover=np.exp(rng.normal(np.log(2.0), 0.8, items)),
        batch=rng.uniform(3.0, 12.0, items),
        weekday=rng.integers(0, 7, items),
    )
    rush = _rush(calendar, days)
    due = np.zeros((len(calendar.open_day) + 1, items), np.int64)
    guess = catalogue.level * (catalogue.lead + rule.cover + rule.batch) * np.exp(rng.normal(0.0, 0.4, items))
    due[np.clip(catalogue.launch, 0, days), np.arange(items)] = np.maximum(np.ceil(guess), 1).astype(np.int64)
    bounds = np.cumsum(catalogue.lead_chance, -1)[:, :-1]
    asked, open_shop = np.ascontiguousarray(demand.T), np.ascontiguousarray(on_sale.T)
    sums = np.zeros((days + 1, items), np.int64)  # of sales up to each day
    evening, parts = np.zeros((days, items), np.int64), []
    on_hand, on_order = np.zeros((2, items), np.int64)
    for t in range(days):
        on_hand += due[t]
        on_order -= np.minimum(due[t], on_order)  # the first stock of an item was on no order
        wanted = _wanted(catalogue, rule, on_hand + on_order, _speed(sums, t, catalogue.launch), rush[t])
        looks = ((t + rule.weekday) % catalogue.review == 0) & open_shop[t] & (t < catalogue.last - 30)
        buys = np.flatnonzero(looks & (wanted > 0) & (calendar.open_day[t] == t))
        if len(buys):
            lead = (rng.random(len(buys))[:, None] >= bounds[buys]).sum(-1)
            arrived = calendar.open_day[t + lead]
            due[arrived, buys] += wanted[buys]
            on_order[buys] += wanted[buys]
            parts.append((buys, np.full(len(buys), t), t + catalogue.lead[buys], arrived, wanted[buys]))
        sold = np.minimum(asked[t], on_hand)
        on_hand = on_hand - sold
        evening[t], sums[t + 1] = on_hand, sums[t] + sold
    columns = [np.concatenate(c) for c in zip(*parts, strict=True)] if parts else [np.zeros(0, np.int64)] * 5
    sold = np.diff(sums, axis=0).T
    return Bought(sold, evening.T, _in_stock(sold, evening.T, demand, on_sale, rng), Orders(*columns))


def _speed(sums: Ints, t: int, launch: Ints) -> Floats:
    """Sales per day as the buyers see them: recent ones, for slow items leaning on the longer past. [item]"""
    known = np.clip(t - np.maximum(launch, 0), 1, None)
    recent = (sums[t] - sums[max(t - RECENT, 0)]) / np.minimum(known, RECENT)
    longer = (sums[t] - sums[max(t - LONG, 0)]) / np.minimum(known, LONG)
    return np.maximum(recent, 0.6 * longer)


def _wanted(catalogue: Catalogue, rule: Rule, position: Ints, speed: Floats, rush: float) -> Ints:
    """Units to order if this is the day: 0, or whole packs of at least the minimum. [item]"""
    point = np.maximum(speed * (catalogue.lead + catalogue.review + rule.cover) * rush, 1.0)
    short = np.maximum(point + speed * rule.batch - position, 0.0)
    packs = np.ceil(short / catalogue.pack).astype(np.int64) * catalogue.pack
    return np.where(position < point, np.maximum(packs, catalogue.minimum), 0)


def _rush(calendar: Calendar, days: int) -> Floats:
    """What targets are multiplied by before an event for which the buyers plan ahead. [day]"""
    planned = [i for i, event in enumerate(EVENTS) if event not in (BLACK_FRIDAY, DOUBLE_12, LUNAR_NEW_YEAR)]
    peak = np.convolve(calendar.core[planned].any(0), np.ones(36))[35:]  # one of the next 35 days
    rush = np.where(peak[:days] > 0, CAMPAIGN_STOCK, 1.0)
    festival = np.convolve(calendar.core[EVENTS.index(LUNAR_NEW_YEAR)], np.ones(31))[30:]
    return np.where(festival[:days] > 0, np.maximum(rush, 1.3), rush)


def _in_stock(sold: Ints, evening: Ints, demand: Ints, on_sale: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Share of each day with stock: customers come evenly, the shelf is empty after the last unit."""
    share = np.minimum((sold + rng.random(sold.shape)) / (demand + 1.0), 1.0)
    share = np.where(demand > sold, share, np.where((evening == 0) & (sold > 0), np.maximum(share, 0.5), 1.0))
    return np.where(on_sale & ((sold > 0) | (evening > 0)), share, 0.0)
