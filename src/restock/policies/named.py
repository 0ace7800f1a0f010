"""Order up to a level that forecasters name: one of them, a mixture, or a mixture bent towards money.

The features of what is known begin with a level per forecaster (its quantile of demand over the lead time at the
newsvendor's ratio), then its quantiles at the levels of `BENT`, both in demand scales; what comes after is context.
A mixture with weights that add up to one lies between the lowest and the highest level named, and every place there is
some mixture: one number, from 0 (the lowest) to the count less one (the highest), says all that weights could say.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.policies.rules import buy, critical_ratio, position
from restock.simulator.types import Decision, Number, View

BENT = jnp.array([0.2, 0.35, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.93, 0.96, 0.98, 0.99, 0.995])
FURTHEST = 2.0  # logits that a ratio is moved, at most
STRETCH = 0.7  # logarithm that a level is stretched, at most
LEAST = 0.02  # weight with which learning starts, at least: from none no slope leads back


class Parts(NamedTuple):
    """What features are made of."""

    named: Float[Array, " forecaster"]  # scales
    tables: Float[Array, "forecaster level"]  # scales, at `BENT`
    context: Float[Array, " context"]


def parts_of(features: Float[Array, " feature"], count: int) -> Parts:
    """Take features apart. count: of forecasters"""
    size = len(BENT)
    named, tables, context = jnp.split(features, [count, count + count * size])
    return Parts(named, tables.reshape(count, size), context)


def order_up_to(view: View, level: Number) -> Decision:
    """Fill the position to a level in demand scales."""
    return buy(view, level * view.known.scale - position(view))


def between(named: Float[Array, " forecaster"], place: Number) -> Number:
    """The level at a place between the lowest and the highest one named."""
    return jnp.interp(place, jnp.arange(named.shape[0]), jnp.sort(named))


class Mixture(eqx.Module):
    """Levels mixed with fixed weights; with all of the weight on one forecaster, its newsvendor."""

    weights: Float[Array, " forecaster"]

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return order_up_to(view, self.weights @ parts_of(view.known.features, len(self.weights)).named)


class Bent(eqx.Module):
    """Weights, ratio and stretch of a mixture as linear functions of the context: what is learned end to end.

    Untrained it has the given weights, at the newsvendor's ratio.
    """

    weigh: Float[Array, "forecaster context"]
    lean: Float[Array, " forecaster"]  # logits of the weights
    move: Float[Array, " context1"]  # of the ratio, in logits
    stretch: Float[Array, " context1"]  # of the level, logarithm

    def __init__(self, weights: Array, context: int) -> None:
        self.weigh, self.lean = jnp.zeros((len(weights), context)), jnp.log(jnp.maximum(weights, LEAST))
        self.move, self.stretch = jnp.zeros(context + 1), jnp.zeros(context + 1)

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return order_up_to(view, self.level(view))

    def level(self, view: View) -> Number:
        """What is ordered up to, demand scales."""
        parts = parts_of(view.known.features, len(self.lean))
        seen = jnp.append(parts.context, 1.0)
        weights = jax.nn.softmax(self.weigh @ parts.context + self.lean)
        ratio = jnp.clip(critical_ratio(view.shop, view.known), 0.01, 0.99)
        logit = jnp.log(ratio) - jnp.log1p(-ratio) + FURTHEST * jnp.tanh(self.move @ seen)
        levels = jax.vmap(lambda table: jnp.interp(jax.nn.sigmoid(logit), BENT, table))(parts.tables)
        return weights @ levels * jnp.exp(STRETCH * jnp.tanh(self.stretch @ seen))
