"""The bound: what a shop would earn that knew all demand and all delays beforehand.

Stock that is there serves the first customers; what it does not serve is bought, each unit by the latest order that
still arrives in time, if the unit earns more than it costs to hold. With a fixed order cost, orders are joined by the
recursion of Wagner and Whitin (1958) for lost sales. Packs and minimum orders are ignored, so no policy can do better
where unserved customers are lost and prices do not fall while the first deliveries are under way.
"""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from restock.policies.rules import buy
from restock.simulator.rollout import Stretch
from restock.simulator.types import Decision, Known, Shop, View

LONGEST_COVER = 30  # periods that one order may serve


class Script(eqx.Module):
    """Orders fixed beforehand; the order of a period is in its `Known.features`."""

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, view.known.features[0])


class Prices(NamedTuple):
    """What a unit earns and costs. [row] each, `gain` [row, period]."""

    gain: NDArray[np.float64]  # of serving one customer at once, before holding
    holding: NDArray[np.float64]
    order_cost: NDArray[np.float64]


def with_foresight(stretch: Stretch) -> tuple[Script, Stretch]:
    """The policy that knows all, and the stretch to run it on (no packs, orders scripted).

    Args:
        stretch: one lane, one channel, with period axes in `known`.
    """
    orders = best_orders(stretch)
    free = eqx.tree_at(lambda s: (s.pack, s.minimum), stretch.shop, replace_fn=jnp.zeros_like)
    known = eqx.tree_at(lambda k: k.features, stretch.known, jnp.asarray(orders, jnp.float32)[:, :, None])
    return Script(), eqx.tree_at(lambda s: (s.shop, s.known), stretch, (free, known))


def best_orders(stretch: Stretch) -> Float[np.ndarray, "row period"]:
    """Units to order in each period, knowing everything."""
    shop, known = stretch.shop, stretch.known
    demand = np.asarray(stretch.chance.demand, np.float64)[:, :, 0]
    ordered_at = order_that_arrives(np.asarray(stretch.chance.arrives), np.asarray(known.may_order)[:, :, 0] > 0)
    unserved = what_stock_leaves(stretch, demand)
    prices = _prices(shop, known)
    bought = cover(unserved, ordered_at >= 0, prices)
    orders = np.zeros_like(demand)
    rows, periods = np.nonzero(ordered_at >= 0)
    np.add.at(orders, (rows, ordered_at[rows, periods]), bought[rows, periods])
    return orders


def _prices(shop: Shop, known: Known) -> Prices:
    price = np.asarray(known.price, np.float64)[:, :, 0]
    costs = (
        np.asarray(shop.unit_cost + shop.transport, np.float64)[:, :1] - np.asarray(shop.shortage, np.float64)[:, :1]
    )
    return Prices(
        price - costs, np.asarray(shop.holding, np.float64)[:, 0], np.asarray(shop.order_cost, np.float64)[:, 0]
    )


def order_that_arrives(arrives: NDArray[np.floating], may_order: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The newest period whose order arrives in each period, -1 where none does. [row, period]"""
    rows, periods = may_order.shape
    arrives = np.broadcast_to(arrives[:, None], (rows, periods, *arrives.shape[1:])) if arrives.ndim == 3 else arrives
    ordered_at = np.full((rows, periods), -1)
    for age in range(arrives.shape[-1] - 1, -1, -1):
        origin = np.arange(periods) - age
        possible = (arrives[:, :, 0, age] > 0) & (origin >= 0) & may_order[:, np.maximum(origin, 0)]
        ordered_at = np.where(possible, origin, ordered_at)
    return ordered_at


def what_stock_leaves(stretch: Stretch, demand: NDArray[np.float64]) -> NDArray[np.float64]:
    """Demand that the stock and the pipeline at the start do not serve. [row, period]"""
    shelf = np.asarray(stretch.stock.on_hand, np.float64).sum(axis=(1, 2))
    on_order = np.asarray(stretch.stock.on_order, np.float64)[:, 0]
    arrives = np.asarray(stretch.chance.arrives)[..., 0, 1:]
    unserved = np.empty_like(demand)
    for t in range(demand.shape[1]):
        coming = on_order * (arrives if arrives.ndim == 2 else arrives[:, t])
        shelf = shelf + coming.sum(axis=1)
        on_order = np.pad((on_order - coming)[:, :-1], ((0, 0), (1, 0)))[:, : on_order.shape[1]]
        served = np.minimum(shelf, demand[:, t])
        unserved[:, t], shelf = demand[:, t] - served, shelf - served
    return unserved


def cover(unserved: NDArray[np.float64], can_arrive: NDArray[np.bool_], prices: Prices) -> NDArray[np.float64]:
    """Units to let arrive in each period: Wagner and Whitin's recursion, from the end. [row, period]"""
    rows, periods = unserved.shape
    value = np.zeros((rows, periods + 1))  # best profit from each period on, nothing bought before
    reach = np.zeros(
        (rows, periods), np.int64
    )  # first period that the order of each period no longer serves; 0: no order
    for first in range(periods - 1, -1, -1):
        best, until = value[:, first + 1].copy(), np.zeros(rows, np.int64)
        earned = np.zeros(rows)
        for last in range(first, min(first + LONGEST_COVER, periods)):
            gain = prices.gain[:, last] - prices.holding * (last - first)
            earned += np.maximum(gain, 0.0) * unserved[:, last]
            total = earned - prices.order_cost + value[:, last + 1]
            better = can_arrive[:, first] & (earned > 0) & (total > best)
            best, until = np.where(better, total, best), np.where(better, last + 1, until)
        value[:, first], reach[:, first] = best, until
    bought, at = np.zeros((rows, periods)), np.zeros(rows, np.int64)
    for first in range(periods):
        starts = (at == first) & (reach[:, first] > 0)
        for last in range(first, min(first + LONGEST_COVER, periods)):
            worth = prices.gain[:, last] > prices.holding * (last - first)
            bought[:, first] += np.where(starts & (last < reach[:, first]) & worth, unserved[:, last], 0.0)
        at = np.where(starts, reach[:, first], np.where(at == first, first + 1, at))
    return bought
