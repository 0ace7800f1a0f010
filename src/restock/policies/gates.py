"""Whether to order at all, decided apart from how much: for what each order costs, whatever its size.

The derivative of profit says how much to order; it says nothing of the jump between an order and none. So a second
network gives the chance of an order, and is taught by what followed when there was one and when there was none.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.policies.actors import FURTHEST, Perceptron, observe
from restock.policies.network import SHARPNESS
from restock.policies.rules import buy
from restock.simulator.types import Decision, Number, Shop, View

STEEPNESS = 4.0  # log odds of an order per demand scale that is missing


class Gated(eqx.Module):
    """An (s, S) rule whose s and S are bent by a network each; with a key, whether there is an order is drawn.

    Untrained, s is the newsvendor's level and S lies the quantity of Harris (1913) above it. From a policy that orders
    in every period a gate learns nothing: with such small orders each period without one is dear.
    """

    gate: Perceptron
    bend: Perceptron
    slots: int = eqx.field(static=True)

    def __init__(self, inputs: int, slots: int, hidden: int, key: Array) -> None:
        gate, bend = jax.random.split(key)
        self.gate = Perceptron((inputs, hidden, hidden, 1), gate)
        self.bend = Perceptron((inputs + 1, hidden, hidden, 1), bend)
        self.slots = slots

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        seen = observe(view, self.slots)
        passes = self.log_odds(seen) > 0 if key is None else self.draw(seen, jax.random.uniform(key))
        return self.decide(view, seen, passes)

    def log_odds(self, seen: Float[Array, " input"]) -> Number:
        """Of an order against none."""
        missing = jnp.sinh(seen[-1])  # the last input of `observe`
        return STEEPNESS * (missing + FURTHEST * jnp.tanh(self.gate(seen)[0] / FURTHEST))

    def draw(self, seen: Float[Array, " input"], luck: Number) -> Array:
        """Whether there is an order. luck: evenly drawn between 0 and 1"""
        return luck < jax.nn.sigmoid(self.log_odds(seen))

    def log_chance(self, seen: Float[Array, " input"], passes: Array) -> tuple[Number, Number]:
        """Log probability of what the gate did, and the entropy of its law, nats."""
        odds = self.log_odds(seen)
        yes, no = jax.nn.log_sigmoid(odds), jax.nn.log_sigmoid(-odds)
        return jnp.where(passes, yes, no), -(jnp.exp(yes) * yes + jnp.exp(no) * no)

    def decide(self, view: View, seen: Float[Array, " input"], passes: Array) -> Decision:
        """The order, never below the supplier's minimum, or none: what the gate said is not rounded away."""
        batch, least = harris(view.shop, view.known.scale), view.shop.minimum[0] / view.known.scale
        bend = FURTHEST * jnp.tanh(self.bend(jnp.append(seen, batch))[0] / FURTHEST)
        more = jnp.sinh(seen[-1]) + batch + bend - least
        amount = least + jax.nn.softplus(SHARPNESS * more) / SHARPNESS
        return buy(view, amount * passes * view.known.scale)


def harris(shop: Shop, scale: Number) -> Number:
    """The order quantity of Harris (1913), at least the supplier's minimum, demand scales."""
    held = jnp.maximum(shop.holding[0] * scale, 1e-6)
    return jnp.maximum((2.0 * shop.order_cost[0] / held) ** 0.5, shop.minimum[0] / scale)
