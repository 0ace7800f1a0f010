"""What customers of the sample shop want, before anybody looks at the stock."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from restock.simulator.demand import NegativeBinomial
from restock.simulator.sample_shop.calendar import EVENTS, LUNAR_NEW_YEAR, Calendar
from restock.simulator.sample_shop.catalogue import CATEGORIES, Catalogue
from restock.simulator.sample_shop.prices import Prices

Floats = NDArray[np.float64]

MIDSUMMER = 0.55  # part of the year
NEVER_OUT = 0.3  # a rival out of stock is worth as much as a price higher by this logarithm
LEADS = 0.7  # share of a day's views that come from tomorrow's buyers
DIP_MEMORY = 0.8  # share of the stocking-up at home that is left a day later


class Response(NamedTuple):
    """How an item's customers react. [item]"""

    elasticity: Floats  # of demand to the own price, negative
    rival_elasticity: Floats  # to the competitor's price; 0 where there is none
    promotion_uplift: Floats  # logarithm, of a promotion at full strength, beside its price
    dip: Floats  # logarithm lost right after a long promotion
    event: Floats  # multiplies the logarithm of Double 11, 618, Black Friday, Double 12
    new_year: Floats  # the same for the Spring Festival
    dispersion: Floats  # of the negative binomial law
    conversion: Floats  # buyers per view
    cart: Floats  # share of views that add to the cart


class Market(NamedTuple):
    """Demand as it is and what shows of it in advance. [item, day]"""

    response: Response
    on_sale: NDArray[np.bool_]
    mean: Floats
    demand: NDArray[np.int64]
    views: NDArray[np.int64]
    carts: NDArray[np.int64]


def draw_market(catalogue: Catalogue, calendar: Calendar, prices: Prices, rng: np.random.Generator) -> Market:
    """Mean demand = level x trend x season x events x price x promotion x rival x interest; counts around it."""
    response = _draw_response(catalogue, prices, rng)
    days = np.arange(len(calendar.dates))
    on_sale = (days >= catalogue.launch[:, None]) & (days <= catalogue.last[:, None])
    logs = _season(catalogue, calendar, rng) + _events(response, calendar) + _life(catalogue, days)
    logs += _price_effect(catalogue, prices, response)
    logs += _interest(logs.shape, rng)
    mean = np.where(on_sale, catalogue.level[:, None] * np.exp(logs), 0.0)
    demand = NegativeBinomial(mean, response.dispersion[:, None]).draw(rng, mean.shape).astype(np.int64)
    tomorrow = np.concatenate([mean[:, 1:], mean[:, -1:]], -1)
    wish = (LEADS * tomorrow + (1.0 - LEADS) * mean) / response.conversion[:, None]
    views = np.where(on_sale, rng.poisson(wish * rng.lognormal(-0.005, 0.1, wish.shape)), 0)
    rate = np.minimum(response.cart[:, None] * (1.0 + 1.5 * calendar.presale), 0.9)
    return Market(response, on_sale, mean, demand, views, rng.binomial(views, rate))


def _draw_response(catalogue: Catalogue, prices: Prices, rng: np.random.Generator) -> Response:
    n = len(catalogue.item)
    has_rival = np.isfinite(prices.rival).any(-1)
    double_11, new_year = (
        np.array([getattr(c, name) for c in CATEGORIES])[catalogue.category] for name in ("double_11", "new_year")
    )
    return Response(
        elasticity=-np.clip(rng.normal(2.0, 0.5, n), 0.6, 3.5),
        rival_elasticity=np.where(has_rival, np.clip(rng.normal(0.7, 0.25, n), 0.1, 1.5), 0.0),
        promotion_uplift=np.clip(rng.normal(0.35, 0.12, n), 0.05, 0.8),
        dip=rng.uniform(0.15, 0.5, n),
        event=np.clip(double_11 * rng.normal(1.0, 0.15, n), 0.3, 1.6),
        new_year=np.clip(new_year * rng.normal(1.0, 0.15, n), 0.3, 1.8),
        dispersion=0.03 + 0.1 * np.exp(0.4 * rng.standard_normal(n)) + 0.15 / np.sqrt(catalogue.level),
        conversion=np.clip(0.035 * np.exp(0.35 * rng.standard_normal(n)), 0.01, 0.15),
        cart=rng.uniform(0.06, 0.16, n),
    )


def _season(catalogue: Catalogue, calendar: Calendar, rng: np.random.Generator) -> Floats:
    """Week, year, yearly growth and slow drift, logarithm. [item, day]"""
    n, days = len(catalogue.item), len(calendar.dates)
    summer, weekend = (np.array([getattr(c, k) for c in CATEGORIES])[catalogue.category] for k in ("summer", "weekend"))
    wave = np.cos(2 * np.pi * (calendar.year_part - MIDSUMMER))
    week = np.array([0.04, 0.0, -0.04, -0.02, 0.02, 1.0, 0.9])[calendar.weekday] - 0.27
    growth = np.clip(rng.normal(0.05, 0.2, n), -0.5, 0.6)[:, None] * (np.arange(days) - days / 2) / 365.0
    drift = np.cumsum(rng.normal(0.0, 0.005, (n, days)), -1)
    own = rng.normal(1.0, 0.25, (2, n, 1))
    return (summer[:, None] * own[0]) * wave + (weekend[:, None] * own[1]) * week + growth + drift


def _events(response: Response, calendar: Calendar) -> Floats:
    """Days that the whole shop feels, each item in its measure, logarithm. [item, day]"""
    new_year = np.array([event is LUNAR_NEW_YEAR for event in EVENTS])
    shopping = response.event[:, None] * calendar.logs[~new_year].sum(0)
    return shopping + response.new_year[:, None] * calendar.logs[new_year].sum(0)


def _life(catalogue: Catalogue, days: NDArray[np.int64]) -> Floats:
    """New items start slowly and with a wave of curiosity, ending ones fade, logarithm. [item, day]"""
    age = np.maximum(days - catalogue.launch[:, None], 0)
    start = np.log(1.0 - 0.75 * np.exp(-age / 25.0) + 0.5 * np.exp(-(((age - 12) / 8.0) ** 2)))
    left = np.maximum(catalogue.last[:, None] - days, 0)
    return np.where(catalogue.launch[:, None] >= 0, start, 0.0) - 1.2 * np.maximum(1.0 - left / 60.0, 0.0)


def _price_effect(catalogue: Catalogue, prices: Prices, response: Response) -> Floats:
    """Own price, promotion and the quiet days after it, and the rival, logarithm. [item, day]"""
    own = response.elasticity[:, None] * np.log(prices.price / catalogue.list_price[:, None])
    at_home = np.asarray(lfilter([0.0, 1.0 - DIP_MEMORY], [1.0, -DIP_MEMORY], prices.promotion, axis=-1))
    promotion = response.promotion_uplift[:, None] * prices.promotion
    dip = response.dip[:, None] * at_home * (prices.promotion == 0)
    there = np.isfinite(prices.rival)
    rival = np.where(there, np.log(np.where(there, prices.rival, 1.0) / catalogue.list_price[:, None]), 0.0)
    return own + promotion - dip + response.rival_elasticity[:, None] * (rival + NEVER_OUT * ~prices.rival_in_stock)


def _interest(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """What nobody can explain but that lasts for days: fashion, weather, a video, logarithm. [item, day]"""
    last, spread = 0.75, 0.18
    shocks = rng.normal(0.0, spread * np.sqrt(1.0 - last**2), shape)
    shocks[:, 0] = rng.normal(0.0, spread, shape[0])
    return np.asarray(lfilter([1.0], [1.0, -last], shocks, axis=-1))
