"""Sales rows of the sample shop: sums of a day, or single order lines."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.sample_shop.catalogue import Catalogue
from restock.simulator.sample_shop.prices import Prices
from restock.simulator.sample_shop.stock import Bought
from restock.simulator.sample_shop.tables import SITE, Column

CHANNELS = np.array(["app", "marketplace", "web"])
SHARES = np.array([5.0, 3.0, 2.0])  # usual shares of the channels, up to a factor
NEW_LINE = 0.85  # chance that the next unit sold belongs to another customer
JOINED = 0.2  # chance that a line belongs to the order before it
DAY = 86_400_000  # milliseconds


class Sales(NamedTuple):
    """What was bought: never what was wanted; returns are not drawn."""

    item: Column
    site: Column
    channel: Column
    order: Column | None  # None for sums of a day
    at: Column
    quantity: Column
    unit_price: Column  # paid
    discount: Column  # paid / list price
    promotion: Column  # strength
    in_stock: Column  # share of the day on sale


class Sums(NamedTuple):
    """Units by day, item and channel, in this order."""

    day: NDArray[np.intp]
    item: NDArray[np.intp]
    channel: NDArray[np.intp]
    units: NDArray[np.int64]


def day_sums(bought: Bought, rng: np.random.Generator) -> Sums:
    """Split each day's sales of an item over the channels by its own shares."""
    sold = bought.sold.T
    weights = rng.gamma(8.0 * SHARES / SHARES.sum(), size=(sold.shape[1], len(SHARES)))
    first, second = weights[:, 0] / weights.sum(-1), weights[:, 1] / weights[:, 1:].sum(-1)
    day, item = np.nonzero(sold)
    units = sold[day, item]
    app = rng.binomial(units, first[item])
    market = rng.binomial(units - app, second[item])
    split = np.stack([app, market, units - app - market], -1)
    row, channel = np.nonzero(split)
    return Sums(day[row], item[row], channel, split[row, channel])


def day_rows(catalogue: Catalogue, dates: Column, sums: Sums, prices: Prices, bought: Bought) -> Sales:
    """One row per item, channel and day with sales."""
    return _rows(catalogue, sums, dates[sums.day].astype("datetime64[ms]"), None, prices, bought)


def line_rows(
    catalogue: Catalogue, dates: Column, sums: Sums, prices: Prices, bought: Bought, rng: np.random.Generator
) -> Sales:
    """One row per order line: small quantities, an evening peak, some orders with several items."""
    starts = rng.random(int(sums.units.sum())) < NEW_LINE
    starts[np.concatenate([[0], np.cumsum(sums.units)[:-1]])[: len(sums.units)]] = True
    quantity = np.bincount(np.cumsum(starts) - 1)
    source = np.repeat(np.arange(len(sums.units)), sums.units)[starts]
    day, channel = sums.day[source], sums.channel[source]
    evening = rng.random(len(source)) < 0.6
    hour = np.where(evening, rng.normal(20.5, 1.6, len(source)), rng.uniform(8.0, 23.9, len(source)))
    moment = (np.clip(hour, 0.0, 23.999) / 24.0 * DAY).astype(np.int64) + day * DAY
    order = np.lexsort((moment, channel, day))
    source, moment, quantity = source[order], moment[order], quantity[order]
    day, channel = day[order], channel[order]
    joins = rng.random(len(order)) < JOINED
    joins[1:] &= (day[1:] == day[:-1]) & (channel[1:] == channel[:-1])
    joins[:1] = False
    number = np.cumsum(~joins)
    # an item stands in an order once: readers take a repeated line for a mistake
    items = len(catalogue.item)
    keys, first, line = np.unique(number * items + sums.item[source], return_index=True, return_inverse=True)
    quantity = np.bincount(line, quantity, len(keys)).astype(np.int64)
    number, item = keys // items, keys % items
    placed = moment[~joins][number - 1]  # all lines of an order have its moment
    names = np.char.mod("SYN%09d", number) if len(number) else np.zeros(0, "U12")
    at = dates[0].astype("datetime64[ms]") + placed
    return _rows(catalogue, Sums(day[first], item, channel[first], quantity), at, names, prices, bought)


def _rows(
    catalogue: Catalogue,
    sums: Sums,
    at: Column,
    order: Column | None,
    prices: Prices,
    bought: Bought,
) -> Sales:
    item, day = sums.item, sums.day
    paid = prices.price[item, day]
    return Sales(
        item=catalogue.item[item],
        site=np.full(len(item), SITE),
        channel=CHANNELS[sums.channel],
        order=order,
        at=at,
        quantity=sums.units.astype(np.float64),
        unit_price=paid,
        discount=np.round(paid / prices.listed[item, day], 4),
        promotion=prices.promotion[item, day],
        in_stock=np.round(bought.in_stock[item, day], 3),
    )
