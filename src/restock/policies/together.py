"""Policies that were learned side by side and order together."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from restock.policies.actors import Chooser, Mover
from restock.policies.gates import Gated
from restock.policies.network import Ensemble, Network
from restock.policies.rules import buy
from restock.simulator.types import Decision, Number, View

Actor = Chooser | Mover | Gated
Members = Network | Actor  # every array with a leading member axis


class Actors(eqx.Module):
    """Several actors: whether to order is what at least half of them would, how much the mean of those that do.

    A plain mean would make of a gate that is open in one of four a quarter of an order, which nobody wants.
    """

    members: Actor  # every array with a leading member axis

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.order(view))

    def order(self, view: View) -> Number:
        """Units to buy, before packs and minimum."""
        orders = eqx.filter_vmap(lambda member: member(view).order[0])(self.members)
        some = (orders > 0).sum()
        return jnp.where(2 * some >= orders.shape[0], orders.sum() / jnp.maximum(some, 1), 0.0)


def together(members: Members) -> Ensemble | Actors:
    """The policy that they are together."""
    return Ensemble(members) if isinstance(members, Network) else Actors(members)
