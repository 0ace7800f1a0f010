"""A policy with a memory that is filled from records: all that it sees but the stock is known beforehand.

A shop has seen its own past whatever the policy would have ordered in it. So the memories of a whole history are made
once (`inform`), travel in `Known.features` behind what is told of the period, and the policy decides like any other.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from restock.policies.generalist import Team
from restock.policies.memory import USUAL, Told, believe, week_factor
from restock.policies.network import Parts
from restock.simulator.remembering import Remembering, Seen, recall
from restock.simulator.types import Decision, Known, Shop, View

TOLD = len(Told._fields)


class Informed(eqx.Module):
    """Decides from the memory that `inform` has put into what it knows."""

    policy: Remembering

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        known, memory = unpacked(self.policy, view.shop, view.known)
        return self.policy.decide(View(view.shop, view.stock, known), memory)

    def parts(self, view: View) -> Parts:
        """What the order of a team is made of."""
        known, memory = unpacked(self.policy, view.shop, view.known)
        return self.policy.parts(View(view.shop, view.stock, known), memory)  # pyright: ignore[reportAttributeAccessIssue]


def unpacked(policy: Remembering, shop: Shop, known: Known) -> tuple[Known, Any]:
    """What is told, and the memory, of one row and period."""
    told, packed = known.features[:TOLD], known.features[TOLD:]
    known = eqx.tree_at(lambda k: k.features, known, told)
    empty = jax.eval_shape(policy.begin, shop, known)
    restore = ravel_pytree(jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), empty))[1]
    return known, restore(packed)


@eqx.filter_jit
def inform(team: Team, shop: Shop, known: Known, seen: Seen, first: int) -> Known:
    """What a team knows of periods first, ..., n, its memory filled with the periods before each. [row, n + 1 - first]

    Scale, demand over the lead time and its spread are what the team believes, for whoever explains its orders.

    Args:
        shop: [row]
        known: [row, n + 1]; `features` as `Told`.
        seen: of periods 0, ..., n - 1. [row, n]
    """
    past, later = (jax.tree.map(lambda x, part=part: x[:, part], known) for part in (slice(first), slice(first, None)))
    memory = jax.vmap(team.begin)(shop, jax.tree.map(lambda x: x[:, 0], known))
    if first > 0:
        memory = recall(team, shop, past, jax.tree.map(lambda x: x[:, :first], seen))
    # The last period has not been lived: what is seen of it is nothing, and leads nowhere.
    rest = jax.tree.map(lambda x: jnp.pad(x[:, first:], [(0, 0), (0, 1), *[(0, 0)] * (x.ndim - 2)]), seen)

    def one_row(shop: Shop, memory: Any, known: Known, seen: Seen) -> tuple[Any, Known]:
        return team.remember(memory, shop, known, seen), _packed(shop, known, memory)

    def one_period(memory: Any, today: Any) -> tuple[Any, Known]:
        return jax.vmap(one_row)(shop, memory, *today)

    by_period = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (later, rest))
    return jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), jax.lax.scan(one_period, memory, by_period)[1])


def _packed(shop: Shop, known: Known, memory: Any) -> Known:
    kept = jax.tree.map(lambda x: x[0], memory.kept)  # the same for all members
    beliefs = believe(kept, shop, known)
    covered = beliefs.lead + shop.review[0]
    mean = beliefs.full_means[USUAL]
    demand = mean * covered * week_factor(beliefs.week, covered)
    spread = jnp.sqrt(covered * beliefs.spreads[USUAL] ** 2 + (mean * beliefs.lead_spread) ** 2)
    return eqx.tree_at(
        lambda k: (k.scale, k.lead_demand, k.lead_spread, k.features),
        known,
        (mean * beliefs.week.mean(), demand, spread, jnp.concatenate([known.features, ravel_pytree(memory)[0]])),
    )


@eqx.filter_jit
def member_features(team: Team, shop: Shop, known: Known) -> Array:
    """What `inform` packed for a team, as each member alone would have it. [member, row, period, feature]"""
    one_shop, one_known = jax.tree.map(lambda x: x[0], shop), jax.tree.map(lambda x: x[0, 0], known)

    def split(features: Array) -> Array:
        told, memory = unpacked(team, one_shop, eqx.tree_at(lambda k: k.features, one_known, features))
        packed = jax.vmap(lambda memory: ravel_pytree(memory)[0])(memory)
        told = jnp.broadcast_to(told.features, (packed.shape[0], TOLD))
        return jnp.concatenate([told, packed], axis=1)

    return jnp.moveaxis(jax.vmap(jax.vmap(split))(known.features), 2, 0)
