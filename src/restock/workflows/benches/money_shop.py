"""A sample shop whose demand is known, several forecasters of it, and what policies see of their forecasts."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.problem import Problem
from restock.backtest.catalogue import Catalogue, Told, make_catalogue, scaling_of, to_protect
from restock.environments.setting import plain_shop
from restock.forecasting.features import Scaling
from restock.forecasting.forecast import Forecast, of_samples
from restock.forecasting.forecaster import Ask, Forecaster
from restock.forecasting.foretelling import LEVELS, fit_along
from restock.forecasting.methods import find_method
from restock.forecasting.panel import Panel, bare_panel
from restock.policies.named import BENT
from restock.simulator.history import Floats, History
from restock.simulator.rollout import Stretch
from restock.simulator.sample_shop.settings import SampleSettings
from restock.simulator.sample_shop.shop import draw_shop
from restock.simulator.types import Shop

ITEMS, DAYS, AHEAD = 160, 300, 28
LEAD, HOLDING, SHORTAGES = 3, 1.0, (4.0, 9.0, 19.0)
TRAIN, VALIDATION, TEST = (60, 200), (200, 235), (235, DAYS)
OTHERS = ("ses", "seasonal_mean", "moving_average", "croston_sba")
FEWEST = 8.0  # days whose variance an item's own spread counts as much as that of all
CONTEXT = ("share of zeros", "deviation", "scale", "spread")
SHOPS = 5000  # added to seeds, to keep these shops apart from the ones that are shown


@dataclass(frozen=True)
class Regression:
    """Demand = level of the item x driver of the day, negative binomial, by maximum likelihood.

    The driver is the first covariate known ahead, a logarithm; without one it is 1 on every day. So the same model is
    right where it is told what moves demand, and wrong where it is not.
    """

    name: str = "regression"

    def fit(self, panel: Panel, h: int, seed: int = 0) -> "FittedRegression":
        """Level and spread of each item; the mean's likelihood has its maximum where sums agree."""
        periods = panel.shape[1]
        driver = _driver(panel)[:, :periods]
        there = panel.known
        level = np.nansum(panel.y, axis=1) / np.maximum((driver * there).sum(axis=1), 1e-9)
        mean = level[:, None] * driver
        excess = np.where(there, (np.nan_to_num(panel.y) - mean) ** 2 - mean, 0.0).sum(axis=1)
        square = np.where(there, mean**2, 0.0).sum(axis=1)
        shared = max(excess.sum() / max(square.sum(), 1e-9), 0.01)
        own = np.maximum(excess / np.maximum(square, 1e-9), 0.01)
        weight = there.sum(axis=1) / (there.sum(axis=1) + FEWEST)
        return FittedRegression(level, weight * own + (1 - weight) * shared)


@dataclass(frozen=True)
class FittedRegression:
    """What it learned."""

    level: np.ndarray  # [series]
    dispersion: np.ndarray  # variance = mean + dispersion mean² [series]
    name: str = "regression"

    def predict(self, panel: Panel, ask: Ask) -> Forecast:
        """Paths of independent days, given the mean."""
        now = panel.shape[1]
        mean = self.level[:, None] * _driver(panel, ask.h)[:, now : now + ask.h]
        draw, shape = np.random.default_rng(ask.seed), 1 / self.dispersion[:, None]
        paths = draw.poisson(draw.gamma(shape, mean / shape, (ask.n_samples, *mean.shape)))
        starts = panel.days(ask.h)[-ask.h :]
        return replace(of_samples(self.name, panel.ids, starts, paths.astype(np.float32), ask.levels), mean=mean)


def _driver(panel: Panel, ahead: int = 0) -> np.ndarray:
    if not panel.future_names:
        return np.ones((panel.shape[0], panel.shape[1] + ahead))
    return np.exp(panel.future[:, :, 0].astype(np.float64))


class MoneyShop(NamedTuple):
    """Rows are items, columns days."""

    catalogue: Catalogue  # with the simple outlook
    panel: Panel
    names: tuple[str, ...]  # of the forecasters, the one fitted by likelihood first
    named: Floats  # order-up-to level of each at the newsvendor's ratio, demand scales [item, day + 1, forecaster]
    tables: Floats  # the same at the levels of `BENT` [item, day + 1, forecaster, level]
    context: Floats  # [item, day + 1, number]

    def stretch(self, span: tuple[int, int], features: Floats) -> Stretch:
        """Days of the shop with a warm-up before them; policies see these features."""
        first = span[0] - self.catalogue.warm_up
        stretch = self.catalogue.stretch(first, span[1], _plain(self.catalogue))
        stretch = eqx.tree_at(lambda s: s.known.features, stretch, jnp.asarray(features[:, first : span[1]]))
        counts = jnp.arange(first, span[1]) >= span[0]
        return eqx.tree_at(lambda s: s.weight, stretch, jnp.ones_like(stretch.weight) * counts)

    def problem(self, span: tuple[int, int], features: Floats) -> Problem:
        """What is learned from."""
        problem = self.catalogue.problem(span, _plain(self.catalogue))
        known = eqx.tree_at(lambda k: k.features, problem.known, jnp.asarray(features[:, span[0] : span[1]]))
        return eqx.tree_at(lambda p: (p.known, p.weight), problem, (known, jnp.ones_like(problem.weight)))

    def seen(self, tables: bool) -> Floats:
        """Features: what forecasters name, their quantiles if wanted, and context."""
        items, days, count = self.named.shape
        middle = [self.tables.reshape(items, days, count * len(BENT))] if tables else []
        return np.concatenate([self.named, *middle, self.context], axis=-1)


def draw_money_shop(well_specified: bool, seed: int) -> MoneyShop:
    """The same demand for both; only what the model fitted by likelihood is told differs."""
    drawn = draw_shop(SampleSettings(items=ITEMS, days=DAYS, seed=SHOPS + seed, ahead=AHEAD)).truth
    kept = np.flatnonzero(drawn.on_sale.all(axis=1) & (drawn.demand[:, : TRAIN[0]].sum(axis=1) > 0))
    demand, mean = drawn.demand[kept], np.concatenate([drawn.mean, drawn.mean_ahead], axis=1)[kept]
    history = _history(demand, drawn.dates, drawn.item[kept])
    panel = replace(bare_panel(demand, drawn.dates), ids=history.items)
    if well_specified:
        log = np.log(np.maximum(mean / mean[:, : TRAIN[0]].mean(axis=1, keepdims=True), 1e-6))
        panel = replace(panel, future=log[:, :, None].astype(np.float32), future_names=("driver",))
        panel = replace(panel, calendar=np.zeros((log.shape[1], 0), np.float32))
    shop = _shop(len(kept))
    simple = make_catalogue(history, shop, "cost", TRAIN[0] - LEAD - 4)
    candidates: tuple[Forecaster, ...] = (Regression(), *(find_method(name) for name in OTHERS))
    told = [_told(each, panel, simple, seed) for each in candidates]
    ratio = shop.shortage[:, 0] / (shop.shortage[:, 0] + shop.holding[:, 0])
    named = np.stack([_at(each, np.asarray(ratio)[:, None, None])[..., 0] for each in told], axis=-1)
    tables = np.stack([_at(each, np.asarray(BENT)[None, None]) for each in told], axis=2)
    return MoneyShop(simple, panel, tuple(each.name for each in candidates), named, tables, _context(simple))


def _told(forecaster: Forecaster, panel: Panel, simple: Catalogue, seed: int) -> Floats:
    """Quantiles of demand over the days to protect, in demand scales. [item, day + 1, level]"""
    longest, first = int(to_protect(simple.shop).max()), int(simple.at[0])
    fits = fit_along(forecaster, panel, longest, first, None, seed)
    catalogue = make_catalogue(simple.history, simple.shop, "cost", first, Told(fits, panel))
    quantiles = catalogue.outlook.lead_quantiles
    assert quantiles is not None  # a forecaster was given
    return (quantiles / simple.outlook.scale[:, :, None]).astype(np.float32)


def _at(table: Floats, levels: np.ndarray) -> Floats:
    """Quantiles of other levels, linear between the given ones. [item, day + 1, wanted]"""
    known = np.asarray(LEVELS)
    place = np.interp(np.clip(levels, known[0], known[-1]), known, np.arange(len(known)))
    low = np.minimum(place.astype(np.intp), len(known) - 2)
    shape = (*table.shape[:2], low.shape[-1])
    below = np.take_along_axis(table, np.broadcast_to(low, shape), axis=-1)
    above = np.take_along_axis(table, np.broadcast_to(low + 1, shape), axis=-1)
    return (below + (above - below) * (place - low)).astype(np.float32)


def _context(catalogue: Catalogue) -> Floats:
    """A few numbers of an item that say which forecaster suits it, centred over the training days."""
    places = [catalogue.feature_names.index(name) for name in CONTEXT]
    raw = catalogue.features[:, :, places]
    first = int(catalogue.at[0])
    seen = raw[:, TRAIN[0] - first : TRAIN[1] - first].reshape(-1, len(places))
    scaled = np.clip((raw - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-3), -3, 3).astype(np.float32)
    return np.pad(scaled, ((0, 0), (first, 0), (0, 0)))


def _shop(items: int) -> Shop:
    one = plain_shop(lead_time=LEAD, holding=HOLDING)
    rows = jax.tree.map(lambda x: np.repeat(np.asarray(x)[None], items, axis=0), one)
    shortage = np.asarray(SHORTAGES)[np.arange(items) % len(SHORTAGES)][:, None].astype(np.float32)
    return eqx.tree_at(lambda s: s.shortage, rows, shortage)


def _history(demand: np.ndarray, dates: np.ndarray, items: np.ndarray) -> History:
    shape, one = demand.shape, np.ones(demand.shape, np.float32)
    units = demand.astype(np.float32)
    return History(
        items=tuple(str(item) for item in items),
        sites=("main",) * shape[0],
        groups=np.zeros(shape[0], np.int32),
        like=("",) * shape[0],
        starts=dates,
        period_days=1,
        sold=units,
        demand=units,
        known=one,
        on_sale=one,
        price=np.zeros((shape[0], shape[1] + AHEAD), np.float32),
        seen=np.zeros((*shape, 0), np.float32),
        seen_names=(),
        planned=np.zeros((shape[0], shape[1] + AHEAD, 0), np.float32),
        planned_names=(),
        calendar=np.zeros((shape[1] + AHEAD, 0), np.float32),
        calendar_names=(),
    )


def _plain(catalogue: Catalogue) -> Scaling:
    return scaling_of(catalogue, TRAIN)
