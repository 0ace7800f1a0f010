"""Classical lot sizes on a forecast that moves: when to order, and how many periods an order should last.

They read `features` of the lot-sizing instances, mean demand of this period and the next over `scale`, and know it to
be right. Both order once the position is at most mean demand of the periods to protect and some safety.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from restock.language import Text
from restock.policies.rules import Rule, buy, position
from restock.simulator.types import Decision, Known, Number, Shop, View


def reorder_point(known: Known, safety: Number) -> Number:
    """Units, from mean and standard deviation of demand until an order of the next period could be sold."""
    return known.lead_demand + safety * known.lead_spread


class EconomicQuantity(eqx.Module):
    """(s, S) that moves: up to the reorder point and a multiple of the order quantity of Harris (1913)."""

    safety: Number  # standard deviations
    batch: Number  # order quantities

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        shop, low = view.shop, reorder_point(view.known, self.safety)
        mean = view.known.lead_demand / shop.lead_chance.shape[-1]
        quantity = self.batch * jnp.sqrt(2 * shop.order_cost[0] * mean / shop.holding[0])
        stock = position(view)
        return buy(view, jnp.where(stock <= low, low + quantity - stock, 0.0))


class SilverMeal(eqx.Module):
    """Up to mean demand of lead time and of as many periods as cost least per period (Silver and Meal 1973)."""

    safety: Number  # standard deviations, of the reorder point
    more: Number  # standard deviations that an order adds to mean demand of the periods it should cover

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        protected = view.shop.lead_chance.shape[-1]
        means = view.known.features * view.known.scale
        lasts = cheapest_cover(view.shop, means[protected - 1 :])
        covered = protected - 1 + lasts
        spread = view.known.lead_spread * jnp.sqrt(covered / protected)
        up_to = jnp.cumsum(means)[covered - 1] + self.more * spread
        stock = position(view)
        return buy(view, jnp.where(stock <= reorder_point(view.known, self.safety), up_to - stock, 0.0))


def cheapest_cover(shop: Shop, means: Array) -> Array:
    """Periods that an order should last, when units for the k-th of them are held k - 1 periods; counted from 1."""
    periods = jnp.arange(1, len(means) + 1)
    held = jnp.cumsum((periods - 1) * means)
    return 1 + jnp.argmin((shop.order_cost[0] + shop.holding[0] * held) / periods)


ECONOMIC = Rule(
    "economic_quantity", Text("moving (s, S)", "动态 (s, S)"), ("safety", "batch"),
    (-2, 0), (5, 3), (False, False),
    lambda n, past: EconomicQuantity(n[0], n[1]),
)  # fmt: skip
SILVER_MEAL = Rule(
    "silver_meal", Text("Silver-Meal", "Silver-Meal 批量法"), ("safety", "more"),
    (-2, -3), (5, 5), (False, False),
    lambda n, past: SilverMeal(n[0], n[1]),
)  # fmt: skip
