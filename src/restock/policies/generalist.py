"""One policy for items and shops that it has never seen: a memory, and a network that bends a base-stock order.

A rule with the same memory, the base stock that estimates mean and spread anew in every period, is its rival.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from restock.policies.memory import Beliefs, Memory, Told, believe, empty_memory, expected, outline, remember
from restock.policies.network import Layer, Network, Parts
from restock.policies.rules import buy, critical_ratio, position
from restock.simulator.remembering import Seen
from restock.simulator.types import Decision, Known, Shop, View

BOUND = 1.2  # of the network: a level is a third to three times the usual one, so that no world is given up
NEWS = 8  # inputs of the learned memory


class Recalled(eqx.Module):
    """The kept means, and what the network has learned to keep."""

    kept: Memory
    state: Float[Array, "*axes state"]


class Generalist(eqx.Module):
    """A network that reads its own memory; works from the first period on, with nothing seen at all."""

    network: Network
    write: Layer  # news -> what to keep, and how much of the old to give up for it

    def __init__(self, longest: int, hidden: int, state: int, key: Array) -> None:
        inner, other = jax.random.split(key)
        inputs = outline_length(longest) + state
        self.network = Network(inputs, longest, hidden, inner, BOUND)
        drawn = jax.random.normal(other, (2 * state, NEWS)) / NEWS**0.5
        # at first, places forget at rates from a half to a hundredth
        rates = jnp.linspace(0.0, -4.5, state)
        self.write = Layer(drawn, jnp.concatenate([jnp.zeros(state), rates]))

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """Nothing seen."""
        longest = shop.lead_chance.shape[-1] - 1
        return Recalled(empty_memory(longest), jnp.zeros(self.write.bias.shape[0] // 2))

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The order at this stock."""
        return buy(view, self.parts(view, memory).order)

    def parts(self, view: View, memory: Recalled) -> Parts:
        """What the order is made of."""
        view = self.informed(view, memory)
        return self.network.parts(view, self.network.foresee(view.shop, view.known))

    def informed(self, view: View, memory: Recalled) -> View:
        """What the network sees: beliefs in place of facts that the shop does not have."""
        beliefs = believe(memory.kept, view.shop, view.known)
        shop = eqx.tree_at(lambda s: s.lead_chance, view.shop, beliefs.law[None, :-1])
        known = expected(beliefs, view.shop, view.known, beliefs.means[2], beliefs.spreads[0])
        features = jnp.concatenate([outline(memory.kept, beliefs, view.known), memory.state])
        return View(shop, view.stock, eqx.tree_at(lambda k: k.features, known, features))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """One more period. What was seen is taken as given: its own orders are not judged by what they let it see."""
        seen = jax.lax.stop_gradient(seen)
        news = _news(believe(memory.kept, shop, known), memory.kept, known, seen)
        new, rate = jnp.split(self.write(news), 2)
        share = jax.nn.sigmoid(rate) * jnp.minimum(seen.weight, 1.0)
        state = memory.state + share * (jnp.tanh(new) - memory.state)
        return Recalled(jax.lax.stop_gradient(remember(memory.kept, shop, known, seen)), state)


class AdaptiveBaseStock(eqx.Module):
    """Order up to mean and safety over lead time and review period, both estimated anew in every period.

    Numbers are tuned, see `restock bench generalist`.
    """

    rate: int = eqx.field(static=True)  # place in `memory.RATES`
    open: bool = eqx.field(static=True)  # means of periods in which nothing was hidden
    safety: Float[Array, ""]  # multiple of the newsvendor's safety factor
    more: Float[Array, ""]  # multiple of mean demand

    def begin(self, shop: Shop, known: Known) -> Memory:
        """Nothing seen."""
        return empty_memory(shop.lead_chance.shape[-1] - 1)

    def decide(self, view: View, memory: Memory) -> Decision:
        """The order at this stock."""
        beliefs = believe(memory, view.shop, view.known)
        mean = (beliefs.open_means[0 if self.rate < 3 else 1]) if self.open else beliefs.means[self.rate]
        known = expected(beliefs, view.shop, view.known, self.more * mean, beliefs.spreads[0])
        told = Told(*view.known.features)
        now = jnp.where(jnp.maximum(told.promotion, told.event) > 0, jnp.clip(beliefs.lift, 0.3, 10.0), 1.0)
        level = known.lead_demand + (now - 1.0) * mean
        factor = self.safety * norm.ppf(jnp.clip(critical_ratio(view.shop, view.known), 0.01, 0.999))
        return buy(view, level + factor * known.lead_spread - position(view))

    def remember(self, memory: Memory, shop: Shop, known: Known, seen: Seen) -> Memory:
        """One more period."""
        return remember(memory, shop, known, seen)


class Team(eqx.Module):
    """Several generalists, each with a memory of its own; their mean order."""

    members: Generalist  # every array with a leading member axis

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """Nothing seen. [member]"""
        return eqx.filter_vmap(lambda member: member.begin(shop, known))(self.members)

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The mean order."""
        orders = eqx.filter_vmap(lambda member, memory: member.decide(view, memory).order[0])(self.members, memory)
        return buy(view, orders.mean())

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """One more period, for each."""
        return eqx.filter_vmap(lambda member, memory: member.remember(memory, shop, known, seen))(self.members, memory)


def outline_length(longest: int) -> int:
    """Numbers that `outline` gives."""
    from restock.simulator.rollout import fixed_lead_time, nothing_known

    def make() -> Array:
        known = eqx.tree_at(lambda k: k.features, nothing_known(), jnp.zeros(len(Told._fields)))
        memory, law = empty_memory(longest), jnp.append(fixed_lead_time(longest)[0], 0.0)
        one = jnp.ones(())
        beliefs = Beliefs(
            one, memory.means, memory.open_means, memory.squares, memory.week, memory.year, one, law, one, one
        )
        return outline(memory, beliefs, known)

    return jax.eval_shape(make).shape[0]


def _news(beliefs: Beliefs, kept: Memory, known: Known, seen: Seen) -> Float[Array, " news"]:
    """What happened, without units."""
    told, scale = Told(*known.features), beliefs.scale
    sales = jnp.log1p(seen.sales / scale)
    day = jnp.where(told.days > 0, jnp.log(jnp.clip(beliefs.week[0], 0.1, 10.0)), 0.0)
    mean = jnp.log1p(beliefs.means[2] / scale)
    return jnp.stack(
        [
            sales,
            sales - mean,
            (seen.sales <= 0).astype(float),
            seen.hidden,
            jnp.maximum(told.promotion, told.event),
            day,
            told.price,
            1.0 / (1.0 + kept.count),
        ]
    )
