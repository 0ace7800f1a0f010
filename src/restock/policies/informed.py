"""A team of generalists whose memory is filled from records: all that it sees but the stock is known beforehand.

A shop has seen its own past whatever the policy would have ordered in it. So memories of a whole history are made once
(`inform`), travel in `Known.features`, and the team decides like any other policy (`Informed`).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.policies.generalist import Generalist, Team
from restock.policies.network import Context, Parts
from restock.policies.rules import buy
from restock.simulator.remembering import Seen, recall
from restock.simulator.types import Decision, Known, Shop, Stock, View


class Informed(eqx.Module):
    """The mean order of a team that was informed."""

    members: Generalist  # every array with a leading member axis

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.decide(view, self.foresee(view.shop, view.known))

    def foresee(self, shop: Shop, known: Known) -> Context:
        """The contexts of all members, with a leading member axis."""

        def one(member: Generalist, features: Array) -> Context:
            return member.network.foresee(*member_sees(shop, known, features))

        return eqx.filter_vmap(one)(self.members, self._features(shop, known))

    def decide(self, view: View, context: Context) -> Decision:
        """The mean order."""
        orders = eqx.filter_vmap(lambda member, context: member.network.order(view, context))(self.members, context)
        return buy(view, orders.mean())

    def parts(self, view: View) -> Parts:
        """The mean over the members of what their orders are made of."""
        context = self.foresee(view.shop, view.known)
        parts = eqx.filter_vmap(lambda member, context: member.network.parts(view, context))(self.members, context)
        return jax.tree.map(jnp.mean, parts)

    def _features(self, shop: Shop, known: Known) -> Float[Array, "member feature"]:
        return features_of_members(shop, known, jax.tree.leaves(self.members)[0].shape[0])


def features_of_members(shop: Shop, known: Known, members: int) -> Float[Array, "member feature"]:
    """What `inform` packed, taken apart: for each member the chances of lead times, then its inputs."""
    law, rest = jnp.split(known.features, [shop.lead_chance.shape[-1]])
    inputs = rest.reshape(members, -1)
    return jnp.concatenate([jnp.broadcast_to(law, (members, law.shape[0])), inputs], axis=1)


def member_sees(shop: Shop, known: Known, features: Float[Array, " feature"]) -> tuple[Shop, Known]:
    """What the network of one member is shown."""
    law, inputs = jnp.split(features, [shop.lead_chance.shape[-1]])
    shop = eqx.tree_at(lambda s: s.lead_chance, shop, law[None])
    return shop, eqx.tree_at(lambda k: k.features, known, inputs)


def inform(team: Team, shop: Shop, known: Known, seen: Seen, first: int) -> Known:
    """What a team knows of periods first, ..., n, its memory filled with the periods before each. [row, n + 1 - first]

    Args:
        shop: [row]
        known: [row, n + 1]; `features` as `Told`.
        seen: of periods 0, ..., n - 1. [row, n]
    """
    return _inform(team, shop, known, seen, first)


@eqx.filter_jit
def _inform(team: Team, shop: Shop, known: Known, seen: Seen, first: int) -> Known:
    past, later = (jax.tree.map(lambda x, part=part: x[:, part], known) for part in (slice(first), slice(first, None)))
    memory = jax.vmap(team.begin)(shop, jax.tree.map(lambda x: x[:, 0], known))
    if first > 0:
        memory = recall(team, shop, past, jax.tree.map(lambda x: x[:, :first], seen))
    # The last period has not been lived: what is seen of it is nothing, and leads nowhere.
    rest = jax.tree.map(lambda x: jnp.pad(x[:, first:], [(0, 0), (0, 1), *[(0, 0)] * (x.ndim - 2)]), seen)

    def one_row(shop: Shop, memory: Any, known: Known, seen: Seen) -> tuple[Any, Known]:
        view = View(shop, _no_stock(shop), known)
        informed = eqx.filter_vmap(lambda member, memory: member.informed(view, memory))(team.members, memory)
        law, mine = informed.shop.lead_chance[0, 0], informed.known
        shared = jax.tree.map(lambda x: x[0], mine)  # all but the learned memory is the same for all members
        features = jnp.concatenate([law, mine.features.reshape(-1)])
        return team.remember(memory, shop, known, seen), eqx.tree_at(lambda k: k.features, shared, features)

    def one_period(memory: Any, today: Any) -> tuple[Any, Known]:
        return jax.vmap(one_row)(shop, memory, *today)

    by_period = jax.tree.map(lambda x: jnp.moveaxis(x, 1, 0), (later, rest))
    return jax.tree.map(lambda x: jnp.moveaxis(x, 0, 1), jax.lax.scan(one_period, memory, by_period)[1])


def _no_stock(shop: Shop) -> Stock:
    lanes, leads = shop.lead_chance.shape
    return Stock(jnp.zeros((1, 1)), jnp.zeros((lanes, leads - 1)), jnp.zeros(shop.shortage.shape))
