"""The words of the model: axes, units and the records that move between functions.

Axes    `site` holds stock, `age` 0 is the youngest; `lane` brings goods, `lead` counts periods since the order left;
        `channel` is where customers buy. Everything is written for one item and one path: `vmap` adds both.
Today   one site and one age per item, any number of supplier lanes to it and of channels (served in order of index).
Units   quantities in units of the item, money in the shop's currency, time in periods (days or weeks).
"""

import equinox as eqx
from jaxtyping import Array, Float

Number = Float[Array, "*axes"]


class Shop(eqx.Module):
    """Costs, lanes and rules of one item: what does not change during an episode."""

    unit_cost: Float[Array, "*axes lane"]  # money per unit bought
    order_cost: Float[Array, "*axes lane"]  # money per order placed, whatever its size
    transport: Float[Array, "*axes lane"]  # money per unit moved
    pack: Float[Array, "*axes lane"]  # an order is a whole number of packs; 0: any quantity
    minimum: Float[Array, "*axes lane"]  # smallest order, units
    review: Float[Array, "*axes lane"]  # periods between two moments when an order may be placed
    lead_chance: Float[Array, "*axes lane lead"]  # P(an order arrives 0, 1, 2, ... periods after it left)
    holding: Float[Array, "*axes site"]  # money per unit left at the end of a period
    salvage: Float[Array, "*axes site"]  # money per unit liquidated
    shortage: Float[Array, "*axes channel"]  # goodwill, money per unit lost; the margin is lost by itself
    waiting: Float[Array, "*axes channel"]  # share of unserved customers who wait: 0 lost sales, 1 backlog
    backlog_cost: Float[Array, "*axes channel"]  # money per waiting unit and period


class Stock(eqx.Module):
    """What a period starts with."""

    on_hand: Float[Array, "*axes site age"]  # units
    on_order: Float[Array, "*axes lane lead"]  # units ordered 1, 2, 3, ... periods ago and not yet arrived
    backlog: Float[Array, "*axes channel"]  # units that customers wait for


class Known(eqx.Module):
    """What a policy may know of one item at one moment, all made from the past, or really planned ahead."""

    scale: Number  # the item's own demand scale, units per period
    averages: Float[Array, "*axes window"]  # mean demand of the last n periods, n of `forecasting.outlook`
    lead_demand: Number  # forecast of demand over lead time + review period, units
    lead_spread: Number  # standard deviation of that forecast's error, units
    features: Float[Array, "*axes feature"]  # scale-free inputs of networks
    price: Float[Array, "*axes channel"]  # planned price of this period
    may_order: Float[Array, "*axes lane"]  # 1 on review days of an open supplier, else 0
    # quantiles of that demand at `policies.rules.QUANTILES`; none: no forecaster was chosen, it is normal
    lead_quantiles: Float[Array, "*axes level"] | None = None


class View(eqx.Module):
    """What a policy decides from. Deliveries of this period have arrived, demand has not come."""

    shop: Shop
    stock: Stock
    known: Known


class Decision(eqx.Module):
    """What a policy decides for one period."""

    order: Float[Array, "*axes lane"]  # units
    price: Float[Array, "*axes channel"]  # money per unit
    liquidate: Float[Array, "*axes site"]  # units sold off at `Shop.salvage`


class Chance(eqx.Module):
    """What nobody decides, for one period (or, with a leading axis, for a path)."""

    demand: Float[Array, "*axes channel"]  # units that customers ask for
    # 1 where the order that left `lead` periods ago (0: now) comes in; no period axis where lead times never vary
    arrives: Float[Array, "*arrivals lane lead"]


class Money(eqx.Module):
    """Every term of profit, one period; costs are positive here and subtracted in `profit`."""

    sales: Number
    liquidation: Number
    purchase: Number
    order_cost: Number
    transport: Number
    holding: Number
    shortage: Number
    backlog: Number

    @property
    def profit(self) -> Number:
        """Larger is better."""
        costs = self.purchase + self.order_cost + self.transport + self.holding + self.shortage + self.backlog
        return self.sales + self.liquidation - costs


class Period(eqx.Module):
    """What happened: the only record that losses, metrics and reports read."""

    demand: Float[Array, "*axes channel"]  # units asked for
    sold: Float[Array, "*axes channel"]  # units of this period's demand served at once
    waited: Float[Array, "*axes channel"]  # units of this period's demand that wait
    lost: Float[Array, "*axes channel"]  # units lost for good
    on_hand: Float[Array, "*axes site"]  # units left at the end
    ordered: Float[Array, "*axes lane"]  # units
    arrived: Float[Array, "*axes lane"]  # units
    liquidated: Float[Array, "*axes site"]  # units
    money: Money
