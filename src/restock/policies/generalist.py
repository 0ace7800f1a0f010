"""One policy for items and shops that it has never seen: a memory, and a network that bends what a rule would order.

`adaptive` holds rules with the same memory.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from restock.policies.lots import Habits, Usual, still_to_come, terms_of, usual, whole
from restock.policies.memory import Beliefs, Memory, Told, believe, empty_memory, remember
from restock.policies.network import Layer, Parts, draw_layers, layer_sizes, stock_inputs
from restock.policies.outline import Outline, outline
from restock.policies.rules import buy, position
from restock.simulator.remembering import Seen
from restock.simulator.types import Decision, Known, Number, Shop, View

NEWS = 9  # inputs of the learned memory
FACTOR, SAFETY, PATIENCE, PAYS = 0.7, 1.5, 0.2, -0.5  # about the habits of the best rule on worlds of the prior
BENDS = 2.0  # logarithm of the factors on demand and on safety
CORRECTIONS = 4.0  # usual surprises
LEAST = 1e-6  # units that are any
EAGER = 2.0  # how far an untrained one goes by what was seen lately, as log odds


class Recalled(eqx.Module):
    """The kept means, and what the network has learned to keep."""

    kept: Memory
    state: Float[Array, "*axes state"]


class Scene(eqx.Module):
    """What a network looks at: facts without units, and what a rule would do."""

    view: View  # orders under way cut to what can be hoped for, units per usual surprise
    usual: Usual
    facts: Outline
    blind: Bool[Array, "*axes"]  # nothing can be learned by waiting, and a lot would pay


class Wish(eqx.Module):
    """An order in the making, in units."""

    level: Number  # to have on hand and on order
    correction: Number  # for how the stock is spread over the shelf and the pipeline
    missing: Number  # level and correction less what is there
    usual: Usual

    def order(self, shop: Shop) -> Number:
        """What the supplier gets."""
        return whole(self.missing, self.usual.lot, shop, self.usual.lot.worth > PAYS)


class Generalist(eqx.Module):
    """A network that reads its own memory; works from the first period on, with nothing seen at all."""

    heed: Layer  # signs that the law of demand changes -> how far to go by what was seen lately
    see: Layer
    mix: Layer
    level: Layer
    join: Layer
    weigh: Layer
    think: Layer
    correct: Layer
    write: Layer  # news -> what to keep, and how much of the old to give up for it

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """Nothing seen."""
        longest = shop.lead_chance.shape[-1] - 1
        return Recalled(empty_memory(longest), jnp.zeros(self.write.bias.shape[0] // 2))

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The order at this stock."""
        return buy(view, self.wish(view, memory).order(view.shop))

    def parts(self, view: View, memory: Recalled) -> Parts:
        """What the order is made of."""
        wish = self.wish(view, memory)
        return Parts(wish.level, wish.correction, wish.order(view.shop))

    def wish(self, view: View, memory: Recalled) -> Wish:
        """What to order, before packs and minimum."""
        return self.bend(look(view, memory.kept), memory.state)

    def bend(self, scene: Scene, state: Array) -> Wish:
        """What the network makes of it."""
        rule, grain = scene.usual, scene.usual.grain
        lately = self.heeded(scene.facts) * jnp.concatenate([scene.facts.fast, state])
        hidden = jnp.tanh(self.see(jnp.concatenate([scene.facts.slow, lately])))
        hidden = hidden + jnp.tanh(self.mix(hidden))
        of_demand, of_safety = jnp.exp(BENDS * jnp.tanh(self.level(hidden) / BENDS))
        level = rule.demand * of_demand + rule.safety * of_safety

        missing = level - position(scene.view)
        slots = self.weigh.weight.shape[-1] - 2
        joint = jnp.tanh(self.join(hidden) + self.weigh(stock_inputs(scene.view, missing / grain, slots)))
        joint = joint + jnp.tanh(self.think(joint))
        correction = CORRECTIONS * jnp.tanh(self.correct(joint)[0] / CORRECTIONS) * grain
        correction = jnp.where(scene.blind, 0.0, correction)  # who waits to see what sells would wait for ever
        return Wish(level, correction, missing + correction, rule)

    def heeded(self, facts: Outline) -> Number:
        """How far it goes by what was seen lately, 0 to 1: where nothing changes, that is but noise."""
        return jax.nn.sigmoid(self.heed(facts.change)[0])

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """One more period. What was seen is taken as given: its own orders are not judged by what they let it see."""
        seen = jax.lax.stop_gradient(seen)
        news = news_of(believe(memory.kept, shop, known), memory.kept, known, seen)
        kept = jax.lax.stop_gradient(remember(memory.kept, shop, known, seen))
        return Recalled(kept, self.learn(memory.state, news, seen.weight))

    def learn(self, state: Array, news: Array, weight: Array) -> Array:
        """What is kept of news."""
        new, rate = jnp.split(self.write(news), 2)
        share = jax.nn.sigmoid(rate) * jnp.minimum(weight, 1.0)
        return state + share * (jnp.tanh(new) - state)


class Team(eqx.Module):
    """Several generalists, each with a memory of its own; the order of their mean wish.

    What they have learned to keep differs, what was seen does not: it is worked on once, and stored with each.
    """

    members: Generalist  # every array with a leading member axis

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """Nothing seen. [member]"""
        return eqx.filter_vmap(lambda member: member.begin(shop, known))(self.members)

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The order of the mean wish."""
        return buy(view, self.parts(view, memory).order)

    def parts(self, view: View, memory: Recalled) -> Parts:
        """The means of what their orders are made of."""
        scene = look(view, _one(memory.kept))
        wishes = eqx.filter_vmap(lambda member, state: member.bend(scene, state))(self.members, memory.state)
        wish = Wish(wishes.level.mean(0), wishes.correction.mean(0), wishes.missing.mean(0), scene.usual)
        return Parts(wish.level, wish.correction, wish.order(view.shop))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """One more period, for each."""
        kept = _one(memory.kept)
        news = news_of(believe(kept, shop, known), kept, known, seen)
        state = eqx.filter_vmap(lambda member, state: member.learn(state, news, seen.weight))(
            self.members, memory.state
        )
        members, kept = state.shape[0], remember(kept, shop, known, seen)
        return Recalled(jax.tree.map(lambda x: jnp.broadcast_to(x, (members, *x.shape)), kept), state)


def _one(kept: Memory) -> Memory:
    return jax.tree.map(lambda x: x[0], kept)


def look(view: View, kept: Memory) -> Scene:
    """What there is to be seen of an item and a moment."""
    beliefs = believe(kept, view.shop, view.known)
    rule, facts = _facts(kept, beliefs, view.shop, view.known)
    stock = still_to_come(view.stock, beliefs.law)
    view = eqx.tree_at(lambda v: (v.stock, v.known.scale), view, (stock, rule.grain))
    return Scene(view, rule, facts, _nothing_to_see(view, kept) & (rule.lot.worth > 0))


def _nothing_to_see(view: View, kept: Memory) -> Bool[Array, "*axes"]:
    """The shelf is empty, nothing is on the way, and for a while nothing was for sale, of an item with some demand."""
    never = (kept.means[-1] <= 0) & (kept.open_weights[-1] <= 0)
    lately = (kept.last.sum() <= 0) & (kept.last_hidden.min() > 0)
    some_demand = (kept.means[-1] > 0) | (Told(*view.known.features).category > 0)
    return (position(view) <= LEAST) & (never | lately) & some_demand


def _facts(kept: Memory, beliefs: Beliefs, shop: Shop, known: Known) -> tuple[Usual, Outline]:
    habits = Habits(*map(jnp.asarray, (FACTOR, SAFETY, PATIENCE, PAYS)))
    rule = usual(beliefs, shop, known, beliefs.full_means[-1], beliefs.spreads[-1], habits)
    facts = outline(kept, beliefs, known)
    return rule, facts._replace(slow=jnp.concatenate([facts.slow, terms_of(rule, beliefs, shop, known)]))


def untrained(longest: int, hidden: int, state: int, key: Array) -> Generalist:
    """About what the rule orders.

    Args:
        longest: lead time, periods.
        hidden: units of each layer.
        state: numbers of the learned memory.
        key: of the weights.
    """
    facts = facts_lengths(longest)
    inputs = facts.slow + facts.fast + state
    sizes = {**layer_sizes(inputs, longest, hidden), "write": (2 * state, NEWS), "heed": (1, facts.change)}
    layers = draw_layers(sizes, key)
    # at first, places of the state forget at rates from a half to a hundredth
    rates = jnp.concatenate([jnp.zeros(state), jnp.linspace(0.0, -4.5, state)])
    layers["write"] = Layer(layers["write"].weight, rates)
    layers["heed"] = Layer(0.1 * layers["heed"].weight, layers["heed"].bias + EAGER)
    return Generalist(**layers)


class Lengths(NamedTuple):
    """Numbers in each part of the facts."""

    slow: int
    fast: int
    change: int


def facts_lengths(longest: int) -> Lengths:
    """How many facts there are."""
    from restock.simulator.rollout import nothing_known

    def make() -> Outline:
        known = eqx.tree_at(lambda k: k.features, nothing_known(), jnp.zeros(len(Told._fields)))
        one = jnp.ones(1)
        terms = dict.fromkeys(Shop.__dataclass_fields__, one)
        shop = Shop(**{**terms, "lead_chance": jnp.zeros((1, longest + 1))})
        memory = empty_memory(longest)
        return _facts(memory, believe(memory, shop, known), shop, known)[1]

    return Lengths(*(part.shape[0] for part in jax.eval_shape(make)))


def news_of(beliefs: Beliefs, kept: Memory, known: Known, seen: Seen) -> Float[Array, " news"]:
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
            jnp.arcsinh((seen.sales - beliefs.means[2]) / beliefs.spreads[0]),
        ]
    )
