"""The whole sample shop: drawn in one go, each part from its own stream of chance."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.language import Text
from restock.simulator.sample_shop import sales, tables
from restock.simulator.sample_shop.calendar import draw_calendar
from restock.simulator.sample_shop.catalogue import draw_catalogue
from restock.simulator.sample_shop.market import draw_market
from restock.simulator.sample_shop.prices import draw_prices, draw_promotions
from restock.simulator.sample_shop.settings import LABEL, SampleSettings
from restock.simulator.sample_shop.stock import run_stock

Floats = NDArray[np.float64]


class Truth(NamedTuple):
    """What no shop knows; rows in the order of the table `items`, days those of the history."""

    item: np.ndarray
    dates: np.ndarray  # datetime64[D] [day]
    mean: Floats  # expected demand, units [item, day]
    mean_ahead: Floats  # the same for the days after the history, at planned prices [item, ahead]
    demand: Floats  # what customers asked for, before stock-outs [item, day]
    sold: Floats  # what they got [item, day]
    in_stock: Floats  # share of the day on sale with stock, 0 where not on sale [item, day]
    on_sale: Floats  # 1 between launch and end [item, day]
    level: Floats  # usual demand, units per day [item]
    dispersion: Floats  # variance = mean + dispersion * mean² [item]
    elasticity: Floats  # of demand to the own price, negative [item]
    rival_elasticity: Floats  # to the competitor's price, 0 where there is none [item]
    promotion_uplift: Floats  # logarithm, at strength 1 and an unchanged price [item]
    lead_chance: (
        Floats  # P(lead time in days); around the Spring Festival goods wait for the first open day [item, lead]
    )


class SampleShop(NamedTuple):
    """A made-up shop: its tables as NumPy columns, and its truth."""

    settings: SampleSettings
    label: Text  # says that all of it is synthetic; show it with whatever is made from it
    sales: sales.Sales
    items: tables.Items
    stock: tables.Stock
    purchase_orders: tables.PurchaseOrders
    supply: tables.Supply
    promotions: tables.PromotionRows
    prices: tables.PriceRows
    competitors: tables.Competitors
    traffic: tables.Traffic
    events: tables.Events
    truth: Truth

    def tables(self) -> dict[str, dict[str, np.ndarray]]:
        """Columns by table, as they would be written to files; the truth is not among them."""
        inside = {"settings", "label", "truth"}
        named = {name: getattr(self, name)._asdict() for name in self._fields if name not in inside}
        return {name: {k: v for k, v in columns.items() if v is not None} for name, columns in named.items()}


def draw_shop(settings: SampleSettings = SampleSettings()) -> SampleShop:
    """Draw a shop; the same settings give the same bytes.

    Raises:
        UsageError: dates outside the years of which the lunar calendar is known (from `SampleSettings`).
    """
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(settings.seed).spawn(7)]
    dates, days = settings.dates, settings.days
    calendar = draw_calendar(dates)
    catalogue = draw_catalogue(settings, streams[0])
    promotions = draw_promotions(catalogue, calendar, streams[1])
    prices = draw_prices(catalogue, calendar, promotions, streams[2])
    market = draw_market(catalogue, calendar, prices, streams[3])
    on_sale = market.on_sale[:, :days]
    bought = run_stock(catalogue, calendar, market.demand[:, :days], on_sale, streams[4])
    sums = sales.day_sums(bought, streams[5])
    if settings.lines == "orders":
        sold = sales.line_rows(catalogue, dates, sums, prices, bought, streams[6])
    else:
        sold = sales.day_rows(catalogue, dates, sums, prices, bought)
    return SampleShop(
        settings=settings,
        label=LABEL,
        sales=sold,
        items=tables.item_rows(catalogue, dates, days),
        stock=tables.stock_rows(catalogue, dates, bought, on_sale),
        purchase_orders=tables.order_rows(catalogue, dates, bought, days),
        supply=tables.supply_rows(catalogue),
        promotions=tables.promotion_rows(catalogue, dates, promotions),
        prices=tables.price_rows(catalogue, dates, prices, market.on_sale),
        competitors=tables.competitor_rows(catalogue, dates, prices, on_sale),
        traffic=tables.traffic_rows(catalogue, dates, market, days),
        events=tables.event_rows(calendar),
        truth=Truth(
            item=catalogue.item,
            dates=dates[:days],
            mean=market.mean[:, :days],
            mean_ahead=market.mean[:, days:],
            demand=market.demand[:, :days].astype(np.float64),
            sold=bought.sold.astype(np.float64),
            in_stock=bought.in_stock,
            on_sale=on_sale.astype(np.float64),
            level=catalogue.level,
            dispersion=market.response.dispersion,
            elasticity=market.response.elasticity,
            rival_elasticity=market.response.rival_elasticity,
            promotion_uplift=market.response.promotion_uplift,
            lead_chance=catalogue.lead_chance,
        ),
    )
