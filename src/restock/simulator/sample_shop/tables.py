"""The sample shop as the files that a shop would have; column names as in docs/architecture.md.

Columns are NumPy arrays of one length: text as fixed-width strings ("" = null), numbers as float64 (nan = null), days
as datetime64[D] and moments as datetime64[ms] (NaT = null). A column that is None is absent.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.sample_shop.calendar import EVENTS, Calendar, places
from restock.simulator.sample_shop.catalogue import CATEGORIES, LONGEST_LEAD, Catalogue
from restock.simulator.sample_shop.market import Market
from restock.simulator.sample_shop.prices import Prices, Promotions
from restock.simulator.sample_shop.stock import Bought

Column = np.ndarray
SITE = "main"
RIVAL = "Sample rival"
NEW_FOR = 60  # days after launch in which an item names another one that it resembles


class Items(NamedTuple):
    """An item per row."""

    item: Column
    name: Column
    name_zh: Column
    category: Column
    brand: Column
    unit_cost: Column
    list_price: Column
    launch: Column
    status: Column
    like_item: Column


class Stock(NamedTuple):
    """What was counted each evening."""

    item: Column
    site: Column
    date: Column
    on_hand: Column


class PurchaseOrders(NamedTuple):
    """`expected` is the promise; `received` is null while the order is on its way."""

    order: Column
    item: Column
    site: Column
    ordered: Column
    expected: Column
    quantity: Column
    received: Column


class Supply(NamedTuple):
    """A supplier per item; `lead_time` is what he promises, `lead_time_sd` how far he strays."""

    item: Column
    site: Column
    supplier: Column
    lead_time: Column
    lead_time_sd: Column
    minimum: Column
    pack: Column
    unit_cost: Column
    review: Column


class PromotionRows(NamedTuple):
    """Past and planned promotions."""

    item: Column
    site: Column
    start: Column
    end: Column
    kind: Column
    value: Column


class PriceRows(NamedTuple):
    """A price from a day on, planned ones too."""

    item: Column
    site: Column
    date: Column
    price: Column


class Competitors(NamedTuple):
    """What the rival was seen to charge, from a day on."""

    item: Column
    date: Column
    seller: Column
    price: Column
    in_stock: Column


class Traffic(NamedTuple):
    """Visits to the item's page; buyers come a day later."""

    item: Column
    date: Column
    views: Column
    add_to_cart: Column


class Events(NamedTuple):
    """Past and coming events, presales on their own."""

    name: Column
    name_zh: Column
    start: Column
    end: Column


def item_rows(catalogue: Catalogue, dates: Column, days: int) -> Items:
    """See `Items`."""
    like = _like(catalogue, days)
    status = np.where(catalogue.last < days, "discontinued", np.where(catalogue.last < days + 365, "ending", "active"))
    return Items(
        item=catalogue.item,
        name=catalogue.name,
        name_zh=catalogue.name_zh,
        category=np.array([c.name for c in CATEGORIES])[catalogue.category],
        brand=catalogue.brand,
        unit_cost=catalogue.unit_cost,
        list_price=catalogue.list_price,
        launch=dates[0] + catalogue.launch,
        status=status,
        like_item=np.where(like >= 0, catalogue.item[like], ""),
    )


def stock_rows(catalogue: Catalogue, dates: Column, bought: Bought, on_sale: NDArray[np.bool_]) -> Stock:
    """A count of every evening from launch on; after the end as long as something is left."""
    item, day = np.nonzero(on_sale | (bought.on_hand > 0))
    return Stock(catalogue.item[item], _site(item), dates[day], bought.on_hand[item, day].astype(np.float64))


def order_rows(catalogue: Catalogue, dates: Column, bought: Bought, days: int) -> PurchaseOrders:
    """One order per supplier and day, one line per item."""
    orders = bought.orders
    day = np.datetime_as_string(dates[0] + orders.ordered, "D") if len(orders.item) else np.zeros(0, "U10")
    supplier = catalogue.supplier[orders.item]
    names = np.char.add(np.char.add("PO-", day), np.char.add("-", np.char.mod("%02d", supplier + 1)))
    received = np.where(orders.arrived < days, dates[0] + orders.arrived, np.datetime64("NaT", "D"))
    return PurchaseOrders(
        order=names,
        item=catalogue.item[orders.item],
        site=_site(orders.item),
        ordered=dates[0] + orders.ordered,
        expected=dates[0] + orders.expected,
        quantity=orders.quantity.astype(np.float64),
        received=received,
    )


def supply_rows(catalogue: Catalogue) -> Supply:
    """See `Supply`."""
    lead = np.arange(LONGEST_LEAD)
    mean = catalogue.lead_chance @ lead
    spread = np.sqrt(catalogue.lead_chance @ lead**2 - mean**2)
    return Supply(
        item=catalogue.item,
        site=_site(catalogue.item),
        supplier=np.char.mod("Sample supplier %02d", catalogue.supplier + 1),
        lead_time=catalogue.lead.astype(np.float64),
        lead_time_sd=np.round(spread, 1),
        minimum=catalogue.minimum.astype(np.float64),
        pack=catalogue.pack.astype(np.float64),
        unit_cost=catalogue.unit_cost,
        review=catalogue.review.astype(np.float64),
    )


def promotion_rows(catalogue: Catalogue, dates: Column, promotions: Promotions) -> PromotionRows:
    """See `PromotionRows`."""
    start, end = dates[promotions.start], dates[promotions.end]
    item = catalogue.item[promotions.item]
    return PromotionRows(item, _site(item), start, end, promotions.kind, promotions.value)


def price_rows(catalogue: Catalogue, dates: Column, prices: Prices, on_sale: NDArray[np.bool_]) -> PriceRows:
    """Days on which the price differs from the day before."""
    item, day = np.nonzero(_changes(prices.price, on_sale))
    return PriceRows(catalogue.item[item], _site(item), dates[day], prices.price[item, day])


def competitor_rows(catalogue: Catalogue, dates: Column, prices: Prices, on_sale: NDArray[np.bool_]) -> Competitors:
    """Days of the history on which the rival's price or stock differs from the day before."""
    days = on_sale.shape[1]
    seen = on_sale & np.isfinite(prices.rival[:, :days])
    moved = _changes(prices.rival[:, :days], seen) | _changes(prices.rival_in_stock[:, :days], seen)
    item, day = np.nonzero(moved)
    in_stock = prices.rival_in_stock[item, day].astype(np.float64)
    return Competitors(catalogue.item[item], dates[day], np.full(len(item), RIVAL), prices.rival[item, day], in_stock)


def traffic_rows(catalogue: Catalogue, dates: Column, market: Market, days: int) -> Traffic:
    """Days of the history with views."""
    item, day = np.nonzero(market.views[:, :days])
    views, carts = market.views[item, day].astype(np.float64), market.carts[item, day].astype(np.float64)
    return Traffic(catalogue.item[item], dates[day], views, carts)


def event_rows(calendar: Calendar) -> Events:
    """Events that touch the history or the time planned ahead."""
    rows = []
    first, days = calendar.dates[0], len(calendar.dates)
    for row, _, place in places(calendar.dates):
        event = EVENTS[row]
        stretches = [(event.name, event.name_zh, event.core)]
        if event.presale:
            stretches.append((f"{event.name} presale", f"{event.name_zh}预售", event.presale))
        for name, name_zh, (start, end) in stretches:
            if place + end >= 0 and place + start < days:
                rows.append((name, name_zh, first + (place + start), first + (place + end)))
    rows.sort(key=lambda r: (r[2], r[0]))
    names, names_zh, starts, ends = zip(*rows, strict=True) if rows else ((), (), (), ())
    day = "datetime64[D]"
    return Events(np.array(names, "U32"), np.array(names_zh, "U32"), np.array(starts, day), np.array(ends, day))


def _like(catalogue: Catalogue, days: int) -> NDArray[np.intp]:
    """For items launched lately: the old item of the same category with the nearest list price, else -1. [item]"""
    old = catalogue.launch < 0
    like = np.full(len(catalogue.item), -1)
    for i in np.flatnonzero(catalogue.launch > days - NEW_FOR):
        rivals = np.flatnonzero(old & (catalogue.category == catalogue.category[i]))
        if len(rivals):
            like[i] = rivals[np.argmin(np.abs(np.log(catalogue.list_price[rivals] / catalogue.list_price[i])))]
    return like


def _changes(values: Column, there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a value is there and differs from the day before, or was not there then. [item, day]"""
    before = np.zeros_like(there)
    before[:, 1:] = there[:, :-1] & (values[:, 1:] == values[:, :-1])
    return there & ~before


def _site(rows: Column) -> Column:
    return np.full(len(rows), SITE)
