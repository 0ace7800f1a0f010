"""What one period costs and earns: one function per term."""

from jaxtyping import Array, Float

from restock.simulator.types import Decision, Money, Number, Period, Shop, Stock


def sales(price: Float[Array, " channel"], sold: Float[Array, " channel"], waited: Float[Array, " channel"]) -> Number:
    """Customers who wait have paid: a web shop takes the money with the order."""
    return price @ (sold + waited)


def order_cost(shop: Shop, order: Float[Array, " lane"]) -> Number:
    """A fixed amount for each order placed; its derivative in the quantity is zero almost everywhere."""
    return shop.order_cost @ (order > 0).astype(order.dtype)


def book(
    shop: Shop,
    decision: Decision,
    sold: Float[Array, " channel"],
    waited: Float[Array, " channel"],
    lost: Float[Array, " channel"],
    after: Stock,
) -> Money:
    """All terms of one period, from what was decided, what was sold and what is left."""
    return Money(
        sales=sales(decision.price, sold, waited),
        liquidation=shop.salvage @ decision.liquidate,
        purchase=shop.unit_cost @ decision.order,
        order_cost=order_cost(shop, decision.order),
        transport=shop.transport @ decision.order,
        holding=shop.holding @ after.on_hand.sum(axis=-1),
        shortage=shop.shortage @ lost,
        backlog=shop.backlog_cost @ after.backlog,
    )


def profit_at_cost(shop: Shop, period: Period) -> Number:
    """Profit with purchases charged when sold, so that stock left at the end of a window is neither gain nor loss.

    Everything bought raises the inventory position, everything sold, waited for or liquidated lowers it. Leading axes
    of `period` and `shop` must broadcast.
    """
    change = period.ordered.sum(-1) - period.sold.sum(-1) - period.waited.sum(-1) - period.liquidated.sum(-1)
    return period.money.profit + shop.unit_cost[..., 0] * change
