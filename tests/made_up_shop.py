"""Shops of a few numbers: one item, or rows of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.simulator.rollout import Stretch, nothing_known
from restock.simulator.types import Chance, Decision, Known, Shop, Stock, View

TERMS = {
    "unit_cost": 6.0, "order_cost": 0.0, "transport": 0.0, "pack": 1.0, "minimum": 0.0, "review": 1.0,
    "holding": 0.5, "salvage": 0.0, "shortage": 0.0, "waiting": 0.0, "backlog_cost": 0.0,
}  # fmt: skip
OF_LANE = ("unit_cost", "order_cost", "transport", "pack", "minimum", "review")
OF_SITE = ("holding", "salvage")


class Script(eqx.Module):
    """Orders, then units to liquidate, as `Known.features` has them."""

    def __call__(self, view: View, key=None) -> Decision:
        lanes = view.known.may_order.shape[-1]
        return Decision(view.known.features[:lanes], view.known.price, view.known.features[lanes:])


def made_up_shop(lead: int = 1, *, lead_chance=None, lanes: int = 1, channels: int = 1, **changes) -> Shop:
    """A shop of one item; unnamed terms are those of `TERMS`."""
    numbers = {**TERMS, **changes}
    sizes = {name: lanes if name in OF_LANE else 1 if name in OF_SITE else channels for name in TERMS}
    arrays = {name: jnp.broadcast_to(jnp.asarray(x, float), (sizes[name],)) for name, x in numbers.items()}
    fixed = np.tile(np.eye(lead + 1)[-1], (lanes, 1))
    return Shop(**arrays, lead_chance=jnp.asarray(fixed if lead_chance is None else lead_chance, jnp.float32))


def made_up_stock(on_hand: float = 0.0, on_order=(0.0,), backlog=(0.0,)) -> Stock:
    """One lane, unless `on_order` has two axes."""
    return Stock(
        jnp.array([[float(on_hand)]]), jnp.atleast_2d(jnp.asarray(on_order, float)), jnp.asarray(backlog, float)
    )


def made_up_known(**changes) -> Known:
    """One moment; one channel at price 10, one lane that takes orders."""
    usual = eqx.tree_at(lambda k: k.price, nothing_known(), jnp.array([10.0]))
    changes = {name: jnp.asarray(value, float) for name, value in changes.items()}
    return Known(**{**usual.__dict__, **changes})


def scripted(known: Known, orders, may_order=None) -> Known:
    """The same moment in every period, with orders and perhaps units to liquidate. [period, lane + site]"""
    orders = np.asarray(orders, np.float32)
    orders = orders.reshape(len(orders), -1)
    if orders.shape[1] == known.may_order.shape[-1]:
        orders = np.pad(orders, ((0, 0), (0, 1)))
    every = jax.tree.map(lambda x: jnp.broadcast_to(x, (len(orders), *x.shape)), known)
    every = eqx.tree_at(lambda k: k.features, every, jnp.asarray(orders))
    return every if may_order is None else eqx.tree_at(lambda k: k.may_order, every, jnp.asarray(may_order, float))


def rows_of(shop: Shop, stock: Stock, known: Known, demand, weight=None) -> Stretch:
    """One shop on many demand paths. demand: [row, period]; known: one moment or all periods of one row"""
    demand = jnp.asarray(demand, jnp.float32)

    def repeat(tree):
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (demand.shape[0], *x.shape)), tree)

    chance = Chance(demand[:, :, None], repeat(shop.lead_chance))
    return Stretch(repeat(shop), repeat(stock), repeat(known), chance, jnp.ones(demand.shape))
