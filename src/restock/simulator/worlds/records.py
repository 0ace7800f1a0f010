"""What a draw of worlds holds: the truth that runs the shop, and what the shop would know of it."""

import equinox as eqx
from jaxtyping import Array, Float, Int

from restock.simulator.types import Shop, Stock

LONGEST = 12  # periods; no order takes longer, unless it never comes
PARTS = (
    "jump",
    "trend",
    "walk",
    "memory",
    "life",
    "spike",
    "gap",
    "spread",
    "week",
    "year",
    "cycle",
    "event",
    "promotion",
)
NOISES = ("steady", "poisson", "mixed", "lumpy")
DELIVERIES = ("fixed", "crossing", "in_order")
SECOND_PARTS = ("regime", "threshold", "growth", "shot", "seasonal_walk")
SECOND_NOISES = ("customers", "weibull", "renewal", "excited")
SECOND_DELIVERIES = ("geometric", "congested", "two_suppliers")


class Told(eqx.Module):
    """What the shop knows ahead of the first decision; a flag says whether it knows it, and the value is 0 if not."""

    period_days: Float[Array, " row"]  # 1 or 7
    season_length: Float[Array, " row"]  # periods in the calendar's season: 7 of days, 52 of weeks, 0 not told
    phase: Float[Array, " row"]  # place of period 0 in that season, periods; 0 is Monday, or the year's first week
    lead_told: Float[Array, " row"]  # 1: `Shop.lead_chance` may be read, 0: it is the truth and must be hidden
    promise_told: Float[Array, " row"]  # 1 where the supplier named a lead time
    promised: Float[Array, " row"]  # that lead time, periods; may be shorter than the true one
    plan_told: Float[Array, " row"]  # 1 where price and promotion are planned ahead, else both are as usual
    price: Float[Array, "row period"]  # planned price / usual price
    promotion: Float[Array, "row period"]  # 1 in a planned promotion
    event: Float[Array, "row period"]  # 1 on days of events that the shop's calendar holds
    category_told: Float[Array, " row"]  # 1 where like items give a guess
    category_level: Float[Array, " row"]  # guess of demand, units per period
    category_dispersion: Float[Array, " row"]  # guess of (variance - mean) / mean² of demand
    demand_seen: Float[Array, " row"]  # 1 where lost demand is observed too, 0 where only what was sold


class Worlds(eqx.Module):
    """Rows are items of different shops, all independent; ready for `rollout.run`.

    `Shop.lead_chance` is the true law: it adds up to 1 less the share of orders that never come.
    """

    shop: Shop  # [row]
    stock: Stock  # [row], at the start of period 0, before its deliveries; orders under way may be lost already
    demand: Float[Array, "row period channel"]  # whole units that customers ask for, one channel
    arrives: Float[Array, "row period lane lead"]  # as in `Chance`, one lane, leads 0 .. LONGEST
    price: Float[Array, "row period channel"]  # money per unit that customers pay in the period
    may_order: Float[Array, "row period lane"]  # 1 on review days
    told: Told  # [row]
    mean: Float[Array, "row period"]  # expected demand of the period, units, given the world's parts; nobody knows it
    parts: Float[Array, "row part"]  # 1 where a world has the part of PARTS (or SECOND_PARTS)
    noise: Int[Array, " row"]  # place in NOISES (or SECOND_NOISES)
    delivery: Int[Array, " row"]  # place in DELIVERIES (or SECOND_DELIVERIES)
    loss: Float[Array, " row"]  # chance that an order never comes
