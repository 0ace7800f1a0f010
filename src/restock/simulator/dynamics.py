"""One period in the shop."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.money import book
from restock.simulator.types import Chance, Decision, Known, Period, Shop, Stock, View

Response = Callable[[View, Decision, Chance], Chance]  # what customers make of a decision, such as its price


def no_response(view: View, decision: Decision, chance: Chance) -> Chance:
    """Demand is what it is, whatever is decided."""
    return chance


def step(
    shop: Shop, stock: Stock, known: Known, decide, chance: Chance, respond: Response = no_response
) -> tuple[Stock, Period]:
    """Advance one item by one period.

    1. Deliveries due now arrive. 2. The policy sees the `View` and decides. 3. Orders leave, whole packs and at least
    the minimum, and only where the supplier takes orders. 4. Demand comes; channels are served in order of index, in
    each of them those who wait before those who come. 5. What is not served is lost or waits. 6. Money is booked.

    A lead time of L means: ordered in period t, can be sold in period t + L (0: at once). Chance enters only through
    `chance`, so history can be replayed, and the result has a derivative in the order almost everywhere.

    Args:
        shop: costs, lanes and rules of this item.
        stock: what the period starts with.
        known: what the policy may know.
        decide: View -> Decision.
        chance: demand and which orders arrive.
        respond: what becomes of demand under this decision.
    """
    stock, arrived = receive(stock, chance)
    view = View(shop, stock, known)
    return settle(view, decide(view), chance, arrived, respond)


def receive(stock: Stock, chance: Chance) -> tuple[Stock, Float[Array, " lane"]]:
    """Put what arrives from earlier orders on the shelf."""
    coming = stock.on_order * chance.arrives[:, 1:]
    arrived = coming.sum(axis=-1)
    on_hand = stock.on_hand + arrived.sum()
    return Stock(on_hand, stock.on_order - coming, stock.backlog), arrived


def settle(
    view: View, decision: Decision, chance: Chance, arrived: Float[Array, " lane"], respond: Response = no_response
) -> tuple[Stock, Period]:
    """Ship, sell and pay: everything that follows the decision."""
    shop, stock = view.shop, view.stock
    chance = respond(view, decision, chance)
    order = allowed(shop, view.known.may_order, decision.order)
    at_once = order * chance.arrives[:, 0]
    shelf = stock.on_hand.sum() + at_once.sum()
    liquidate = jnp.clip(decision.liquidate, 0.0, shelf)
    decision = eqx.tree_at(lambda d: (d.order, d.liquidate), decision, (order, liquidate))

    wanted = stock.backlog + chance.demand
    available = shelf - liquidate.sum()
    ahead = jnp.cumsum(wanted) - wanted  # units that channels before this one take
    served = jnp.clip(available - ahead, 0.0, wanted)
    from_backlog = jnp.minimum(stock.backlog, served)
    sold = served - from_backlog
    waited = shop.waiting * (chance.demand - sold)
    lost = chance.demand - sold - waited

    left = (available - served.sum()).reshape(1, 1)
    on_order = jnp.concatenate([(order - at_once)[:, None], stock.on_order], axis=-1)[:, : stock.on_order.shape[-1]]
    after = Stock(left, on_order, stock.backlog - from_backlog + waited)
    money = book(shop, decision, sold, waited, lost, after)
    return after, Period(
        chance.demand, sold, waited, lost, left.sum(axis=-1), order, arrived + at_once, liquidate, money
    )


def allowed(shop: Shop, may_order: Float[Array, " lane"], order: Float[Array, " lane"]) -> Float[Array, " lane"]:
    """The nearest order that the supplier takes: whole packs, the minimum or nothing, review days only.

    Rounds in the forward pass; the derivative is that of the order before rounding (straight-through).
    """
    pack = jnp.where(shop.pack > 0, shop.pack, 1.0)
    packs = jnp.where(shop.pack > 0, jnp.round(order / pack) * pack, order)
    least = jnp.where(shop.pack > 0, jnp.ceil(shop.minimum / pack) * pack, shop.minimum)
    taken = jnp.where(packs >= least, packs, jnp.where(order >= least / 2, least, 0.0))
    taken = jnp.maximum(taken, 0.0)
    return (order + jax.lax.stop_gradient(taken - order)) * may_order
