"""The learned policy: a scale-free network around a base-stock order.

Everything in units is divided by the item's own demand scale, so one network serves the whole catalogue and items
that it has never seen. The order is `softplus(level - position + correction)`: the level is the newsvendor's, bent by
what the network sees of demand; the correction reads the stock and the pipeline. Untrained, it is close to the
newsvendor policy. The form is that of large public deployments (policy regularisation, arXiv 2603.19621).
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from restock.policies.rules import buy, critical_ratio, position
from restock.simulator.types import Decision, Known, Number, Shop, View

SHARPNESS = 4.0  # of the softplus at zero, in demand scales
TERMS = 6  # inputs that `terms` makes


class Context(eqx.Module):
    """What a network makes of an item and a moment, before it looks at the stock."""

    level: Number  # units to have on hand and on order
    hidden: Float[Array, "*axes hidden"]


class Parts(eqx.Module):
    """What an order is made of, in units: about level - position + correction, never below zero."""

    level: Number
    correction: Number
    order: Number


class Layer(eqx.Module):
    """An affine map."""

    weight: Float[Array, "*axes out into"]
    bias: Float[Array, "*axes out"]

    def __call__(self, x: Float[Array, " into"]) -> Float[Array, " out"]:
        return self.weight @ x + self.bias


def layer_sizes(inputs: int, lead: int, hidden: int) -> dict[str, tuple[int, int]]:
    """Outputs and inputs of each layer.

    Args:
        inputs: numbers that are seen before the stock is looked at.
        lead: places of the pipeline.
        hidden: units of each layer.
    """
    return {
        "see": (hidden, inputs),
        "mix": (hidden, hidden),
        "level": (2, hidden),
        "join": (hidden, hidden),
        "weigh": (hidden, 2 + lead),
        "think": (hidden, hidden),
        "correct": (1, hidden),
    }


def draw_layers(sizes: dict[str, tuple[int, int]], key: Array) -> dict[str, Layer]:
    """Random layers; those that bend a rule begin close to none."""
    layers: dict[str, Layer] = {}
    # One draw for all layers: each call of a random function costs seconds of compilation.
    drawn = jax.random.normal(key, (sum(out * into for out, into in sizes.values()),))
    for name, (out, into) in sizes.items():
        weight, drawn = drawn[: out * into].reshape(out, into), drawn[out * into :]
        gain = 0.05 if name in ("level", "correct") else 1.0
        layers[name] = Layer(weight * gain / into**0.5, jnp.zeros(out))
    return layers


class Network(eqx.Module):
    """One member of an ensemble. Features in, one order out."""

    see: Layer
    mix: Layer
    level: Layer
    join: Layer
    weigh: Layer
    think: Layer
    correct: Layer

    def __init__(self, features: int, lead: int, hidden: int, key: Array) -> None:
        for name, layer in draw_layers(layer_sizes(features + TERMS, lead, hidden), key).items():
            setattr(self, name, layer)

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.decide(view, self.foresee(view.shop, view.known))

    @property
    def slots(self) -> int:
        """Places of the pipeline: the longest lead time."""
        return self.weigh.weight.shape[-1] - 2

    def foresee(self, shop: Shop, known: Known) -> Context:
        """All that does not depend on stock: for a whole path at once, outside the loop over periods."""
        hidden = jnp.tanh(self.see(jnp.concatenate([known.features, terms(shop, known)])))
        hidden = hidden + jnp.tanh(self.mix(hidden))
        bend, safety = self.level(hidden)
        usual = known.lead_demand + (normal_safety(shop, known) + safety) * known.lead_spread
        return Context(usual * jnp.exp(jnp.clip(bend, -3.0, 3.0)), self.join(hidden))

    def decide(self, view: View, context: Context) -> Decision:
        """The order at this stock."""
        return buy(view, self.order(view, context))

    def order(self, view: View, context: Context) -> Number:
        """Units to buy, before packs and minimum."""
        return self.parts(view, context).order

    def parts(self, view: View, context: Context) -> "Parts":
        """What the order is made of."""
        scale = view.known.scale
        missing = (context.level - position(view)) / scale
        joint = jnp.tanh(context.hidden + self.weigh(stock_inputs(view, missing, self.slots)))
        joint = joint + jnp.tanh(self.think(joint))
        correction = self.correct(joint)[0]
        order = jax.nn.softplus(SHARPNESS * (missing + correction)) / SHARPNESS * scale
        return Parts(context.level, correction * scale, order)


class Ensemble(eqx.Module):
    """Several networks that saw different paths; their mean order."""

    members: Network  # every array with a leading member axis

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.decide(view, self.foresee(view.shop, view.known))

    def foresee(self, shop: Shop, known: Known) -> Context:
        """The contexts of all members, with a leading member axis."""
        return eqx.filter_vmap(lambda member: member.foresee(shop, known))(self.members)

    def decide(self, view: View, context: Context) -> Decision:
        """The mean order."""
        orders = eqx.filter_vmap(lambda member, context: member.order(view, context))(self.members, context)
        return buy(view, orders.mean())

    def parts(self, view: View) -> Parts:
        """The mean over the members of what their orders are made of."""
        context = self.foresee(view.shop, view.known)
        parts = eqx.filter_vmap(lambda member, context: member.parts(view, context))(self.members, context)
        return jax.tree.map(jnp.mean, parts)


READS_HIDDEN = ("mix", "level", "join", "think", "correct")  # layers whose inputs are hidden units


def silence_units(network: Network, share: float, key: Array) -> Network:
    """Dropout: a smaller network, in which each layer misses some of the hidden units that it reads.

    The same units for all rows and periods of an update (Gal and Ghahramani 2016, arXiv 1512.05287); those that remain
    count for more.
    """
    if share == 0.0:
        return network
    layers = [getattr(network, name).weight for name in READS_HIDDEN]
    # One draw for all layers: each call of a random function costs seconds of compilation.
    keep = jax.random.bernoulli(key, 1.0 - share, (len(layers), layers[0].shape[-1])) / (1.0 - share)
    thinned = [weight * kept for weight, kept in zip(layers, keep, strict=True)]
    return eqx.tree_at(lambda n: [getattr(n, name).weight for name in READS_HIDDEN], network, thinned)


def terms(shop: Shop, known: Known) -> Float[Array, " term"]:
    """The shop's terms for this item, without units."""
    scale = known.scale
    ratio = jnp.clip(critical_ratio(shop, known), 0.01, 0.999)
    leads = jnp.arange(shop.lead_chance.shape[-1])
    spare = jnp.maximum(shop.holding[0] * scale, 1e-6)
    return jnp.stack(
        [
            jnp.log(ratio / (1.0 - ratio)) / 3.0,
            jnp.log1p(shop.lead_chance[0] @ leads),
            jnp.log(shop.review[0]),
            jnp.log1p(shop.pack[0] / scale),
            jnp.log1p(shop.minimum[0] / scale),
            jnp.log1p(shop.order_cost[0] / spare) / 3.0,
        ]
    )


def stock_inputs(view: View, missing: Number, slots: int) -> Float[Array, " input"]:
    """On hand and on order by age, in demand scales, around one period's demand.

    The longest lead time seen may change between training and use: older orders are then added to the oldest slot.
    """
    stock, scale = view.stock, view.known.scale
    on_order = stock.on_order[0]
    if on_order.shape[0] < slots:
        on_order = jnp.pad(on_order, (0, slots - on_order.shape[0]))
    elif on_order.shape[0] > slots > 0:
        on_order = on_order[:slots].at[-1].add(on_order[slots:].sum())
    units = jnp.concatenate([(stock.on_hand.sum() - stock.backlog.sum())[None], on_order[:slots]]) / scale
    return jnp.concatenate([jnp.arcsinh(units) - 1.0, jnp.arcsinh(missing)[None]])


def normal_safety(shop: Shop, known: Known) -> Number:
    """The newsvendor's safety factor."""
    return norm.ppf(jnp.clip(critical_ratio(shop, known), 0.05, 0.995))


def make_ensemble(features: int, lead: int, hidden: int, keys: Array) -> Network:
    """Networks with a leading member axis, one per key."""
    return eqx.filter_vmap(lambda key: Network(features, lead, hidden, key))(keys)
