"""What an order is worth as a whole: what of the pipeline will come, how large a lot is, and whether it pays.

None of it has a useful derivative along a path (an order is placed or not), so it is computed, not learned.
"""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Bool, Float

from restock.policies.memory import Beliefs, slow_mean, week_factor
from restock.simulator.types import Known, Number, Shop, Stock

ROUND_UP = 0.95  # of a pack that is begun
NEAREST = 0.5  # of a single unit
MOST_GOODWILL = 0.75  # share of what a unit short costs, in worlds that a network has seen
SAFETY = (0.05, 0.995)  # critical ratios that the normal law is asked for


class Lot(eqx.Module):
    """One order, in units and money."""

    more: Number  # units beyond the level that a fixed cost suggests (Harris 1913)
    least: Number  # units of the smallest order that the supplier takes
    worth: Number  # what a unit of it earns on average, as a share of its margin


class Usual(eqx.Module):
    """What a rule would do: order up to demand and safety, where that pays."""

    demand: Number  # until the order after this one arrives, units
    safety: Number  # units beyond it
    spread: Number  # of that demand, units
    grain: Number  # size of a usual surprise, units
    lot: Lot


class Habits(eqx.Module):
    """Numbers of the rule."""

    factor: Number  # multiple of mean demand
    safety: Number  # multiple of the newsvendor's safety factor
    patience: Number  # share of the time that its margin would pay for, in which a unit of safety should be sold
    pays: Number  # least worth of a lot, as a share of the margin


def still_to_come(stock: Stock, law: Float[Array, " count"]) -> Stock:
    """The stock with orders under way cut to the part that can be hoped for: some may be lost.

    Args:
        stock: after deliveries of the period.
        law: chances that an order comes after 0, 1, 2, ... periods; last: never.
    """
    later = jnp.cumsum(law[:-1][::-1])[::-1] - law[:-1]  # P(comes after more than so many periods)
    hope = later / jnp.maximum(later + law[-1], 1e-6)
    ages = stock.on_order.shape[-1]
    hope = jnp.pad(hope[1:], (0, max(0, ages + 1 - hope.shape[0])))[:ages]
    return eqx.tree_at(lambda s: s.on_order, stock, stock.on_order * hope)


def margin_of(shop: Shop, known: Known) -> Number:
    """Money that a unit short costs."""
    return jnp.maximum(known.price[0] - shop.unit_cost[0], 0.0) + shop.shortage[0] + shop.backlog_cost[0]


def lot_of(shop: Shop, known: Known, mean: Number, interval: Number) -> Lot:
    """The order that a rule would place.

    A unit waits until all before it are sold, at least until the next customer comes.

    Args:
        mean: demand per period, units.
        interval: periods between two with demand.
    """
    mean, holding = jnp.maximum(mean, 1e-9), jnp.maximum(shop.holding[0], 1e-9)
    margin = jnp.maximum(margin_of(shop, known), 1e-9)
    more = jnp.sqrt(2.0 * shop.order_cost[0] * mean / holding)
    least = jnp.maximum(shop.pack[0], shop.minimum[0])
    units = jnp.maximum(jnp.maximum(more, least), 1e-9)
    waits = (units / mean + interval) / 2.0
    return Lot(more, least, 1.0 - (shop.order_cost[0] / units + holding * waits) / margin)


def usual(beliefs: Beliefs, shop: Shop, known: Known, mean: Number, spread: Number, habits: Habits) -> Usual:
    """What a rule would do.

    Args:
        beliefs: of the item.
        shop: its terms.
        known: of this period.
        mean: of a period, on a usual weekday, units.
        spread: of a period's surprise, units.
        habits: numbers of the rule.
    """
    mean = habits.factor * mean
    average = mean * beliefs.week.mean()
    lot = lot_of(shop, known, average, beliefs.interval)
    covered = beliefs.lead + shop.review[0]
    demand = mean * covered * week_factor(beliefs.week, covered)
    lead_spread = jnp.sqrt(covered * spread**2 + (mean * beliefs.lead_spread) ** 2)
    margin, holding = margin_of(shop, known), jnp.maximum(shop.holding[0], 1e-9)
    # the larger the lot, the more rarely stock runs out, and the longer a spare unit is held
    cycle = jnp.maximum(shop.review[0], jnp.maximum(lot.more, lot.least) / jnp.maximum(average, 1e-9))
    ratio = margin / jnp.maximum(margin + shop.holding[0] * cycle, 1e-9)
    safety = habits.safety * norm.ppf(jnp.clip(ratio, *SAFETY)) * lead_spread
    safety = jnp.minimum(safety, habits.patience * margin / holding * average)
    return Usual(demand, safety, lead_spread, jnp.sqrt(beliefs.scale**2 + spread**2), lot)


def whole(missing: Number, lot: Lot, shop: Shop, pays: Bool[Array, "*axes"]) -> Number:
    """The order that fills what is missing, in packs, with the lot that a fixed cost suggests; none if it can't pay."""
    units, packs = jnp.maximum(missing + lot.more, shop.minimum[0]), shop.pack[0] > 0
    pack = jnp.where(packs, shop.pack[0], 1.0)
    filled = jnp.where(packs, jnp.floor(units / pack + jnp.where(pack == 1.0, NEAREST, ROUND_UP)) * pack, units)
    return jnp.where((missing > 0) & pays, filled, 0.0)


def terms_of(rule: Usual, beliefs: Beliefs, shop: Shop, known: Known) -> Float[Array, " term"]:
    """The shop's terms for this item, and what a rule makes of them, without units."""
    scale, margin = slow_mean(beliefs), margin_of(shop, known)
    waits = shop.waiting[0] > 0
    holding = jnp.maximum(shop.holding[0], 1e-9)
    return jnp.stack(
        [
            jnp.log(jnp.clip(margin / holding, 1e-2, 1e4)) / 3.0,
            rule.safety / rule.spread,
            jnp.log1p(beliefs.lead),
            jnp.log(shop.review[0]),
            jnp.log1p(shop.pack[0] / scale),
            jnp.log1p(shop.minimum[0] / scale),
            jnp.log1p(rule.lot.more / scale),
            jnp.clip(rule.lot.worth, -2.0, 1.0),
            shop.waiting[0],
            jnp.where(waits, jnp.log1p(shop.backlog_cost[0] / holding) / 3.0, 0.0),
            jnp.minimum(shop.shortage[0] / jnp.maximum(margin, 1e-9), MOST_GOODWILL),
            jnp.log1p(rule.demand / scale),
            jnp.log1p(rule.spread / scale),
            jnp.log(rule.grain / scale),
            jnp.log(beliefs.interval) / 2.0,
        ]
    )
