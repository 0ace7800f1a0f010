"""Classical ordering rules, each with the few numbers that a planner would set.

Numbers in periods multiply the item's own demand, so the same number suits a fast and a slow item. `unit` is the
item's mean demand per period over the time the rule was tuned on: levels that never move are multiples of it.
"""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from restock.errors import UsageError
from restock.language import Text
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, Known, Number, Shop, View


def position(view: View) -> Number:
    """Inventory position: on hand and on order, less what customers wait for."""
    stock = view.stock
    return stock.on_hand.sum() + stock.on_order.sum() - stock.backlog.sum()


def buy(view: View, quantity: Number) -> Decision:
    """Order from the first lane at the planned price, liquidate nothing."""
    lanes, sites = view.known.may_order.shape[-1], view.stock.on_hand.shape[0]
    order = jnp.zeros(lanes).at[0].set(jnp.maximum(quantity, 0.0))
    return Decision(order, view.known.price, jnp.zeros(sites))


def critical_ratio(shop: Shop, known: Known) -> Number:
    """Share of demand worth covering: cost of a missing unit against that of a spare unit until the next review."""
    missing = jnp.maximum(known.price[0] - shop.unit_cost[0], 0.0) + shop.shortage[0] + shop.backlog_cost[0]
    spare = shop.holding[0] * shop.review[0]
    return missing / jnp.maximum(missing + spare, 1e-9)


class Experience(eqx.Module):
    """The average of the last periods times the periods to cover."""

    window: Number  # index into `Known.averages`
    cover: Number  # periods

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.cover * recent(view, self.window) - position(view))


class Forecast(eqx.Module):
    """The forecast over lead time and review period, and safety stock."""

    safety: Number  # standard deviations of the forecast's error

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.level(view) - position(view))

    def level(self, view: View) -> Number:
        """What is ordered up to, units."""
        return view.known.lead_demand + self.safety * view.known.lead_spread


class Balance(eqx.Module):
    """Keep the days of cover between two marks: below the lower one, fill to the upper one."""

    window: Number  # index into `Known.averages`
    low: Number  # periods
    more: Number  # periods from the lower to the upper mark

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        usual, stock = recent(view, self.window), position(view)
        return buy(view, jnp.where(stock < self.low * usual, (self.low + self.more) * usual - stock, 0.0))


class FixedQuantity(eqx.Module):
    """Reorder point and fixed quantity, (s, Q)."""

    point: Number  # periods of the usual demand
    quantity: Number  # periods of the usual demand
    unit: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, jnp.where(position(view) <= self.point * self.unit, self.quantity * self.unit, 0.0))


class Newsvendor(eqx.Module):
    """The quantile of demand over lead time and review period at the critical ratio.

    The forecaster's own quantile if there is one, else that of a normal distribution.
    """

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.level(view) - position(view))

    def level(self, view: View) -> Number:
        """What is ordered up to, units."""
        known, ratio = view.known, critical_ratio(view.shop, view.known)
        if known.lead_quantiles is not None:
            return jnp.interp(ratio, QUANTILES, known.lead_quantiles)
        return known.lead_demand + norm.ppf(jnp.clip(ratio, 0.01, 0.999)) * known.lead_spread


class BaseStock(eqx.Module):
    """Order up to a level that never moves: optimal for backlog, linear costs and a demand law that never changes."""

    level: Number  # periods of the usual demand
    unit: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.level * self.unit - position(view))


class CappedBaseStock(eqx.Module):
    """Order up to a level, but never more than a cap: close to optimal for lost sales with long lead times."""

    level: Number  # periods of the usual demand
    cap: Number  # periods of the usual demand
    unit: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, jnp.minimum(self.level * self.unit - position(view), self.cap * self.unit))


class MinMax(eqx.Module):
    """Below s, order up to S: optimal for backlog with a fixed order cost (Scarf 1960)."""

    low: Number  # s, periods of the usual demand
    more: Number  # S - s, periods of the usual demand
    unit: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        low, stock = self.low * self.unit, position(view)
        return buy(view, jnp.where(stock <= low, low + self.more * self.unit - stock, 0.0))


class ConstantOrder(eqx.Module):
    """The same order each period, whatever the stock; a full shelf stops it."""

    quantity: Number  # periods of the usual demand
    unit: Number

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.quantity * self.unit)


QUANTILES = jnp.concatenate([jnp.linspace(0.02, 0.98, 49), jnp.array([0.99, 0.995, 0.998])])


class ForecastQuantile(eqx.Module):
    """A quantile of the forecast: the forecaster's own, or of past errors, pooled over items, around its mean."""

    quantile: Number  # 0 to 1
    errors: Float[Array, "*axes quantile"]  # past errors / spread at `QUANTILES`

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.level(view) - position(view))

    def level(self, view: View) -> Number:
        """What is ordered up to, units."""
        known = view.known
        if known.lead_quantiles is not None:
            return jnp.interp(self.quantile, QUANTILES, known.lead_quantiles)
        return known.lead_demand + jnp.interp(self.quantile, QUANTILES, self.errors) * known.lead_spread


def recent(view: View, window: Number) -> Number:
    """Mean demand over the window with this index."""
    averages = view.known.averages
    index = jnp.clip(jnp.floor(window).astype(int), 0, averages.shape[-1] - 1)
    return averages[index]


class Past(NamedTuple):
    """What a rule may take from the time it is tuned on, for one item."""

    unit: Number  # mean demand per period
    errors: Float[Array, " quantile"]  # past forecast errors / spread at `QUANTILES`


class Rule(NamedTuple):
    """A classical policy with the box in which its numbers are searched."""

    name: str
    label: Text
    numbers: tuple[str, ...]
    low: tuple[float, ...]  # multiples of the periods to protect where `in_leads`, else plain
    high: tuple[float, ...]
    in_leads: tuple[bool, ...]
    make: Callable[[Float[Array, " number"], Past], Policy]


RULES: tuple[Rule, ...] = (
    Rule(
        "experience", Text("experience", "经验法"), ("window", "cover"), (0, 0.5), (5, 5), (False, True),
        lambda n, past: Experience(n[0], n[1]),
    ),
    Rule(
        "forecast", Text("forecast + safety stock", "基本需求预测法"), ("safety",), (-1.5,), (5,), (False,),
        lambda n, past: Forecast(n[0]),
    ),
    Rule(
        "balance", Text("inventory balance", "库存平衡法"), ("window", "low", "more"),
        (0, 0.5, 0), (5, 4, 3), (False, True, True),
        lambda n, past: Balance(n[0], n[1], n[2]),
    ),
    Rule(
        "fixed_quantity", Text("fixed quantity (s, Q)", "定量库存管理 (s, Q)"), ("point", "quantity"),
        (0, 0.2), (4, 4), (True, True),
        lambda n, past: FixedQuantity(n[0], n[1], past.unit),
    ),
    Rule(
        "newsvendor", Text("newsvendor", "报童模型"), (), (), (), (),
        lambda n, past: Newsvendor(),
    ),
    Rule(
        "base_stock", Text("base stock", "基准库存"), ("level",), (0.2,), (5,), (True,),
        lambda n, past: BaseStock(n[0], past.unit),
    ),
    Rule(
        "capped_base_stock", Text("capped base stock", "限量基准库存"), ("level", "cap"),
        (0.2, 0.5), (5, 4), (True, False),
        lambda n, past: CappedBaseStock(n[0], n[1], past.unit),
    ),
    Rule(
        "min_max", Text("min-max (s, S)", "最小最大 (s, S)"), ("low", "more"), (0, 0), (4, 4), (True, True),
        lambda n, past: MinMax(n[0], n[1], past.unit),
    ),
    Rule(
        "constant_order", Text("constant order", "固定订货"), ("quantity",), (0.2,), (1.5,), (False,),
        lambda n, past: ConstantOrder(n[0], past.unit),
    ),
    Rule(
        "forecast_quantile", Text("forecast quantile", "预测分位数"), ("quantile",), (0.3,), (0.998,), (False,),
        lambda n, past: ForecastQuantile(n[0], past.errors),
    ),
)  # fmt: skip


def rule(name: str) -> Rule:
    """The rule with this name.

    Raises:
        UsageError: there is none; names those there are.
    """
    for candidate in RULES:
        if candidate.name == name:
            return candidate
    names = ", ".join(r.name for r in RULES)
    raise UsageError(
        Text(f"there is no classical policy `{name}`", f"没有名为 `{name}` 的传统策略"),
        hint=Text(f"choose from {names}", f"可选：{names}"),
    )
