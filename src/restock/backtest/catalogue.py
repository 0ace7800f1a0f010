"""All items of a shop as arrays, ready to be simulated over any stretch of its history."""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.problem import Problem
from restock.backtest.replay import Window
from restock.backtest.windows import Windows
from restock.forecasting.features import Scaling, fit_scaling, make_features
from restock.forecasting.foretelling import Fits, foretell
from restock.forecasting.outlook import Outlook, look_out, standard_errors, usual_price
from restock.forecasting.panel import Panel
from restock.policies.rules import QUANTILES, Past
from restock.policies.tuning import Trial
from restock.simulator.demand import lead_time_arrivals
from restock.simulator.history import Floats, History
from restock.simulator.rollout import Stretch, under_way
from restock.simulator.types import Chance, Known, Shop, Stock

ORDER_SEED = 20  # of delivery delays, so that every policy meets the same


class Told(NamedTuple):
    """A forecaster along the history, and the panel that it reads."""

    fits: Fits
    panel: Panel


@dataclass(frozen=True)
class Catalogue:
    """Rows are items at a site. Column t of everything is what is known before period t."""

    history: History
    shop: Shop  # [row], NumPy
    objective: str  # "profit" or "cost"
    outlook: Outlook
    price: Floats  # money per unit, known before the period; 0 where only costs count [row, period + ahead]
    at: NDArray[np.intp]  # periods for which features exist
    features: Floats  # raw [row, len(at), feature]
    feature_names: tuple[str, ...]
    told: Told | None = None  # what the outlook was made by, where a forecaster was chosen

    @property
    def rows(self) -> int:
        """Number of items."""
        return self.history.shape[0]

    @property
    def forecaster(self) -> str:
        """Whose forecasts the outlook holds; empty: the simple one."""
        return "" if self.told is None else self.told.fits.name

    @property
    def warm_up(self) -> int:
        """Periods after which the starting stock no longer matters much: lead time, review period and one more."""
        return int(self.outlook.protect.max(initial=1)) + 1

    def known(self, first: int, last: int, scaling: Scaling) -> Known:
        """What a policy may know in periods first <= t < last."""
        columns = np.arange(first, last)
        cut = np.searchsorted(self.at, columns)
        price, told = self.price[:, np.minimum(columns, self.price.shape[1] - 1)], self.outlook.lead_quantiles
        return Known(
            scale=jnp.asarray(self.outlook.scale[:, columns]),
            averages=jnp.asarray(self.outlook.averages[:, columns]),
            lead_demand=jnp.asarray(self.outlook.lead_demand[:, columns]),
            lead_spread=jnp.asarray(self.outlook.lead_spread[:, columns]),
            features=jnp.asarray(scaling.apply(self.features[:, cut])),
            price=jnp.asarray(price)[:, :, None],
            may_order=jnp.asarray(self.may_order(columns))[:, :, None],
            lead_quantiles=None if told is None else jnp.asarray(told[:, columns]),
        )

    def may_order(self, columns: NDArray[np.intp]) -> Floats:
        """Review days are counted from a fixed date, so that they stay the same as history grows. [row, period]"""
        start = int(self.history.starts[0].astype("datetime64[D]").astype(int)) // self.history.period_days
        return ((start + columns)[None, :] % self.shop.review[:, :1] == 0).astype(np.float32)

    def chance(self, first: int, last: int) -> Chance:
        """Demand as it was, deliveries by the lead times of the terms: fixed ones without a period axis."""
        demand = jnp.asarray(self.history.demand[:, first:last, None])
        chances = np.asarray(self.shop.lead_chance)
        if np.all((chances == 0) | (chances == 1)):
            return Chance(demand, jnp.asarray(chances))
        draws = np.random.default_rng(ORDER_SEED)
        arrives = lead_time_arrivals(draws, chances[:, 0], self.history.shape[1])
        return Chance(demand, jnp.asarray(arrives[:, first:last, None], jnp.float32))

    def usual_stock(self, period: int) -> Stock:
        """What every policy starts a replay with: a review period and a bit on hand, the usual orders of the past."""
        scale, lead = self.outlook.scale[:, period], self.shop.lead_chance.shape[-1] - 1
        times = period - 1 - np.arange(lead)
        review = self.shop.review[:, :1]
        on_order = np.round(scale[:, None] * review * self.may_order(times))
        on_hand = np.round(scale * (review[:, 0] + 0.5))
        return Stock(
            jnp.asarray(on_hand, jnp.float32)[:, None, None],
            jnp.asarray(on_order, jnp.float32)[:, None, :],
            jnp.zeros((self.rows, 1)),
        )

    def take(self, rows: NDArray[np.intp]) -> "Catalogue":
        """Only some rows. What was made from the whole shop stays as it is."""
        given = [f.name for f in fields(Outlook) if getattr(self.outlook, f.name) is not None]
        outlook = replace(self.outlook, **{name: getattr(self.outlook, name)[rows] for name in given})
        shop = jax.tree.map(lambda x: x[rows], self.shop)
        return replace(
            self,
            history=self.history.rows(rows),
            shop=shop,
            outlook=outlook,
            price=self.price[rows],
            features=self.features[rows],
            told=None if self.told is None else self.told._replace(panel=self.told.panel.rows(rows)),
        )

    def with_features(self, names: tuple[str, ...]) -> "Catalogue":
        """These features in this order, as a model was trained on them; one that is not there any more is unknown.

        The set of features follows the history: a year of weeks brings last year's, a first promotion brings its kind.
        """
        if names == self.feature_names:
            return self
        place = {name: i for i, name in enumerate(self.feature_names)}
        unknown = np.full(self.features.shape[:2], np.nan, np.float32)
        columns = [self.features[:, :, place[name]] if name in place else unknown for name in names]
        return replace(self, features=np.stack(columns, axis=-1), feature_names=names)

    def stretch(self, first: int, last: int, scaling: Scaling) -> Stretch:
        """Periods first <= t < last from the usual stock; estimated demand has no weight."""
        weight = jnp.asarray(self.history.known[:, first:last])
        stock, chance = self.usual_stock(first), self.chance(first, last)
        stock = replace(stock, on_order=stock.on_order * under_way(chance.arrives))  # the others have arrived long ago
        return Stretch(jnp_shop(self.shop), stock, self.known(first, last, scaling), chance, weight)

    def window(self, window: tuple[int, int], scaling: Scaling) -> Window:
        """A window with its warm-up before it."""
        first = max(window[0] - self.warm_up, int(self.at[0]))
        known = self.history.known[:, window[0] : window[1]]
        return Window(self.stretch(first, window[1], scaling), window[0] - first, known, self.history.period_days)

    def trial(self, windows: Windows, scaling: Scaling) -> Trial:
        """Training and validation periods in one stretch, for the search of rules."""
        first = int(self.at[0])
        stretch = self.stretch(first, windows.validation[1], scaling)
        columns = first + jnp.arange(stretch.weight.shape[1])
        train = (columns >= windows.train[0] + self.warm_up) & (columns < windows.train[1])
        return Trial(stretch, stretch.weight * train, stretch.weight * (columns >= windows.validation[0]))

    def problem(self, train: tuple[int, int], scaling: Scaling) -> Problem:
        """What networks learn from."""
        stretch = self.stretch(*train, scaling)
        chance, rows = stretch.chance, jnp.ones(self.rows)
        return Problem(
            stretch.shop, stretch.known, chance.demand, chance.arrives, stretch.weight, rows, 0, train[1] - train[0]
        )


def make_catalogue(history: History, shop: Shop, objective: str, first: int, told: Told | None = None) -> Catalogue:
    """Outlook and features of every period from `first` to the next one that is decided.

    Args:
        history: up to now.
        shop: terms. [row]
        objective: "profit" or "cost".
        first: earliest period that something is decided in.
        told: a forecaster in the place of the simple outlook.
    """
    outlook = look_out(history, to_protect(shop))
    if told is not None:
        outlook = foretell(told.fits, told.panel, outlook, first)
    at = np.arange(first, history.shape[1] + 1)
    features, names = make_features(history, outlook, at)
    price = usual_price(history) if objective == "profit" else np.zeros_like(history.price)
    return Catalogue(history, shop, objective, outlook, price, at, features, names, told)


def to_protect(shop: Shop) -> NDArray[np.int64]:
    """Periods that an order must last for: mean lead time, rounded up, and review period. [row]"""
    leads = np.arange(shop.lead_chance.shape[-1])
    mean_lead = np.asarray(shop.lead_chance)[:, 0] @ leads
    return np.ceil(mean_lead - 1e-6).astype(np.int64) + np.asarray(shop.review)[:, 0].astype(np.int64)


def scaling_of(catalogue: Catalogue, train: tuple[int, int]) -> Scaling:
    """The scaling of features over the training periods."""
    first = int(catalogue.at[0])
    return fit_scaling(catalogue.features[:, train[0] - first : train[1] - first])


def past_of(catalogue: Catalogue, train: tuple[int, int], groups: NDArray[np.int32]) -> Past:
    """What rules may take from the training periods: mean demand, and the forecast's errors by group."""
    history = catalogue.history
    sold = (history.demand * history.on_sale)[:, : train[1]]
    mean = sold.sum(axis=1) / np.maximum(history.on_sale[:, : train[1]].sum(axis=1), 1.0)
    errors = standard_errors(history.demand[:, : train[1]], catalogue.outlook, *train)
    table = np.zeros((catalogue.rows, len(QUANTILES)), np.float32)
    for group in np.unique(groups):
        seen = errors[groups == group]
        seen = seen[np.isfinite(seen)]
        table[groups == group] = np.quantile(seen, np.asarray(QUANTILES)) if len(seen) else 0.0
    return Past(jnp.asarray(mean, jnp.float32), jnp.asarray(table))


def jnp_shop(shop: Shop) -> Shop:
    """The same terms as arrays of the simulator."""
    return jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), shop)
