"""Policies that learn while they decide: what a shop sees of each period is all that they may remember."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.dynamics import receive, settle
from restock.simulator.rollout import Stretch, everything
from restock.simulator.types import Decision, Known, Number, Period, Shop, Stock, View


class Seen(eqx.Module):
    """What a shop sees of a period once it is over, or of a period before it begins to order."""

    sales: Number  # units sold or promised to customers who wait
    hidden: Number  # 1 where more may have been asked for
    weight: Number  # 0 where nothing could be seen: no stock and no sale, or no record at all
    leads: Float[Array, "*axes count"]  # orders that came 0, 1, 2, ... periods after they left; last: given up as lost


@runtime_checkable
class Remembering(Protocol):
    """A policy with a memory of one item."""

    def begin(self, shop: Shop, known: Known) -> Any:
        """The memory before anything has been seen."""
        ...

    def decide(self, view: View, memory: Any) -> Decision:
        """The decision at this stock, with this past."""
        ...

    def remember(self, memory: Any, shop: Shop, known: Known, seen: Seen) -> Any:
        """The memory after a period."""
        ...


def see(shop: Shop, known: Known, before: Stock, received: Stock, after: Stock, period: Period) -> Seen:
    """What there is to be seen of a period that was lived; demand that is lost goes unseen.

    Args:
        before: at the start, before its deliveries.
        received: after them.
        after: at the end.
    """
    sales = period.sold.sum() + period.waited.sum()
    hidden = ((period.on_hand.sum() <= 0) & (shop.waiting.min() < 1)).astype(float)
    came = before.on_order[0] > received.on_order[0]
    at_once = (period.ordered[0] > 0) & (after.on_order[0, :1].sum() < period.ordered[0])
    oldest = received.on_order[0, -1:].sum() > 0  # next period it would be older than any order that still comes
    leads = jnp.concatenate([at_once[None], came, oldest[None]]).astype(float)
    return Seen(sales, hidden, 1.0 - hidden * (sales <= 0), leads)


def run_remembering(
    policy: Remembering, stretch: Stretch, memory: Any, keep: Callable[[Shop, Period], Any] = everything
) -> tuple[Stock, Any, Any]:
    """`run` for a policy with a memory.

    Args:
        stretch: `known` and `arrives` with period axes.
        memory: of each row, before the first period. [row]

    Returns:
        Stock and memory after the last period [row], and what `keep` made of each period [row, period].
    """
    known, demand, arrives = jax.tree.map(
        _periods_first, (stretch.known, stretch.chance.demand, stretch.chance.arrives)
    )
    shop, stock, memory = jax.tree.map(_rows_last, (stretch.shop, stretch.stock, memory))

    def one_row(shop: Shop, stock: Stock, memory: Any, known: Known, chance: Any) -> Any:
        received, arrived = receive(stock, chance)
        view = View(shop, received, known)
        after, period = settle(view, policy.decide(view, memory), chance, arrived, stretch.respond)
        memory = policy.remember(memory, shop, known, see(shop, known, stock, received, after, period))
        return (after, memory), keep(shop, period)

    def one_period(carry: Any, today: Any) -> tuple[Any, Any]:
        stock, memory = carry
        known, demand, arrives = today
        chance = type(stretch.chance)(demand, arrives)
        return jax.vmap(one_row, in_axes=-1, out_axes=-1)(shop, stock, memory, known, chance)

    (after, memory), kept = jax.lax.scan(jax.checkpoint(one_period), (stock, memory), (known, demand, arrives))
    kept = jax.tree.map(lambda x: jnp.moveaxis(x, (-1, 0), (0, 1)), kept)
    return *jax.tree.map(_rows_first, (after, memory)), kept


def recall(policy: Remembering, shop: Shop, known: Known, seen: Seen) -> Any:
    """The memory of each row after what was seen before the first decision. [row]

    Args:
        shop: [row]
        known: [row, period]
        seen: [row, period]; periods without a record have weight 0.
    """
    memory = jax.vmap(policy.begin)(shop, jax.tree.map(lambda x: x[:, 0], known))
    shop, memory = jax.tree.map(_rows_last, (shop, memory))

    def one_period(memory: Any, today: Any) -> tuple[Any, None]:
        return jax.vmap(policy.remember, in_axes=-1, out_axes=-1)(memory, shop, *today), None

    past = jax.tree.map(_periods_first, (known, seen))
    return jax.tree.map(_rows_first, jax.lax.scan(jax.checkpoint(one_period), memory, past)[0])


def _periods_first(array: Array) -> Array:
    return jnp.moveaxis(array, (1, 0), (0, -1))


def _rows_last(array: Array) -> Array:
    return jnp.moveaxis(array, 0, -1)


def _rows_first(array: Array) -> Array:
    return jnp.moveaxis(array, -1, 0)
