"""Policies of the model-free algorithms: a perceptron that scores orders, and what it looks at."""

from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from restock.policies.named import between, order_up_to
from restock.policies.network import SHARPNESS, Layer, normal_safety, stock_inputs, terms
from restock.policies.rules import buy, position
from restock.simulator.types import Decision, Known, Number, Shop, View

Grid = Literal["quantities", "bounded", "levels", "named"]
FURTHEST = 4.0  # demand scales that a `Mover` goes from the newsvendor's level


class Perceptron(eqx.Module):
    """Layers with tanh between them."""

    layers: tuple[Layer, ...]

    def __init__(self, sizes: tuple[int, ...], key: Array, last_gain: float = 0.01) -> None:
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        # One draw for all layers: each call of a random function costs seconds of compilation.
        drawn = jax.random.normal(key, (sum(out * into for out, into in shapes),))
        layers = []
        for place, (out, into) in enumerate(shapes):
            weight, drawn = drawn[: out * into].reshape(out, into), drawn[out * into :]
            gain = last_gain if place == len(shapes) - 1 else 1.0
            layers.append(Layer(weight * gain / into**0.5, jnp.zeros(out)))
        self.layers = tuple(layers)

    def __call__(self, x: Float[Array, " into"]) -> Float[Array, " out"]:
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x))
        return self.layers[-1](x)


def observe(view: View, slots: int) -> Float[Array, " input"]:
    """What a network sees, without units: features, the shop's terms, stock and pipeline.

    Args:
        slots: places of the pipeline, the longest lead time.
    """
    return jnp.concatenate([observe_moment(view), observe_stock(view, slots)])


def observe_moment(view: View) -> Float[Array, " input"]:
    """The part of `observe` that is the same whatever the stock."""
    return jnp.concatenate([view.known.features, terms(view.shop, view.known)])


def observe_stock(view: View, slots: int) -> Float[Array, " input"]:
    """The rest: on hand, the pipeline, and what is missing to the usual level."""
    missing = (usual_level(view.shop, view.known) - position(view)) / view.known.scale
    return stock_inputs(view, missing, slots)


def observed(features: int, slots: int) -> int:
    """Length of what `observe` gives."""
    return features + 6 + slots + 2


def usual_level(shop: Shop, known: Known) -> Number:
    """The newsvendor's order-up-to level, units."""
    return known.lead_demand + normal_safety(shop, known) * known.lead_spread


class Choices(eqx.Module):
    """Orders on a grid.

    `quantities`: so many steps. `bounded`: the same, but never beyond the newsvendor's level and half the largest
    order, so stock does not run away while orders are tried at random. `levels`: up to that level and some steps.
    `named`: up to a level that a forecaster names, see `policies.named`; an index is a forecaster.

    Prices are a second grid: an index counts pairs, and those with the same order lie side by side.
    """

    kind: Grid = eqx.field(static=True)
    count: int = eqx.field(static=True)  # of orders
    step: Number  # demand scales between two orders
    prices: tuple[float, ...] = eqx.field(static=True, default=(1.0,))  # multiples of the planned price

    @property
    def pairs(self) -> int:
        """How many choices there are."""
        return self.count * len(self.prices)

    def decide(self, view: View, index: Int[Array, ""]) -> Decision:
        """The order and the price of a choice."""
        order, price = jnp.divmod(index, len(self.prices))
        decision = buy(view, self.order(view, order))
        return eqx.tree_at(lambda d: d.price, decision, decision.price * jnp.asarray(self.prices)[price])

    def order(self, view: View, index: Array) -> Number:
        """Units, before packs and minimum. index: of the orders"""
        scale = view.known.scale
        if self.kind == "named":
            return jnp.maximum(view.known.features[: self.count][index] * scale - position(view), 0.0)
        if self.kind == "quantities":
            return index * self.step * scale
        if self.kind == "bounded":
            most = usual_level(view.shop, view.known) + (self.count // 2) * self.step * scale
            return jnp.clip(index * self.step * scale, 0.0, jnp.maximum(most - position(view), 0.0))
        level = usual_level(view.shop, view.known) + (index - self.count // 2) * self.step * scale
        return jnp.maximum(level - position(view), 0.0)


class Chooser(eqx.Module):
    """Scores every choice and takes the best; with a key and a temperature, draws from the softmax of the scores."""

    scores: Perceptron
    choices: Choices
    slots: int = eqx.field(static=True)
    temperature: float = eqx.field(static=True, default=0.0)

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        scores = self.rate(observe(view, self.slots))
        if key is None or self.temperature == 0.0:
            return self.decide(view, jnp.argmax(scores))
        return self.decide(view, jax.random.categorical(key, scores / self.temperature))

    def decide(self, view: View, index: Int[Array, ""]) -> Decision:
        """The order and the price of that choice."""
        return self.choices.decide(view, index)

    def sample(self, seen: Float[Array, " input"], key: Array) -> Int[Array, ""]:
        """A choice drawn from the softmax of the scores."""
        return jax.random.categorical(key, self.rate(seen) / (self.temperature or 1.0))

    def log_chance(self, seen: Float[Array, " input"], index: Int[Array, ""]) -> tuple[Number, Number]:
        """Log probability of a choice, and the entropy of the law it is drawn from, nats."""
        log = jax.nn.log_softmax(self.rate(seen) / (self.temperature or 1.0))
        return log[index], -(jnp.exp(log) * log).sum()

    def rate(self, seen: Float[Array, " input"]) -> Float[Array, " choice"]:
        """A score for every choice; networks with one output more are duelling: value and advantages."""
        out = self.scores(seen)
        return out if out.shape[0] == self.choices.pairs else duel(out)


def duel(out: Float[Array, " out"]) -> Float[Array, " choice"]:
    """Value plus advantages that average to zero (Wang et al. 2016, arXiv 1511.06581)."""
    return out[0] + out[1:] - out[1:].mean()


class Mover(eqx.Module):
    """A base-stock order bent by a perceptron; with a key, drawn from a normal law around it."""

    bend: Perceptron
    log_spread: Number  # of the normal law, in logs of demand scales
    slots: int = eqx.field(static=True)

    def __init__(self, inputs: int, slots: int, hidden: int, key: Array, spread: float = 0.3) -> None:
        self.bend = Perceptron((inputs, hidden, hidden, 1), key)
        self.log_spread = jnp.log(jnp.asarray(spread, jnp.float32))  # of the type that training returns
        self.slots = slots

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        seen = observe(view, self.slots)
        return self.decide(view, self.amount(seen) if key is None else self.sample(seen, key))

    def amount(self, seen: Float[Array, " input"]) -> Number:
        """The order, in demand scales: what is missing to the newsvendor's level, bent, never below zero.

        The bend is bounded: where a critic is wrong, an actor that may go anywhere runs away.
        """
        missing = jnp.sinh(seen[-1])  # the last input of `observe`
        bend = FURTHEST * jnp.tanh(self.bend(seen)[0] / FURTHEST)
        return jax.nn.softplus(SHARPNESS * (missing + bend)) / SHARPNESS

    def decide(self, view: View, amount: Number) -> Decision:
        """Order so many demand scales."""
        return buy(view, amount * view.known.scale)

    def sample(self, seen: Float[Array, " input"], key: Array) -> Number:
        """An amount drawn from the normal law; below zero it means none."""
        return self.amount(seen) + jnp.exp(self.log_spread) * jax.random.normal(key)

    def log_chance(self, seen: Float[Array, " input"], amount: Number) -> tuple[Number, Number]:
        """Log density of an amount, and the entropy of the law it is drawn from, nats."""
        away = (amount - self.amount(seen)) / jnp.exp(self.log_spread)
        log = -0.5 * (away**2 + jnp.log(2 * jnp.pi)) - self.log_spread
        return log, 0.5 * jnp.log(2 * jnp.pi * jnp.e) + self.log_spread


class Weigher(eqx.Module):
    """A place between the levels that forecasters name (`policies.named`): their weights, as one number."""

    bend: Perceptron
    slots: int = eqx.field(static=True)
    count: int = eqx.field(static=True)  # of forecasters

    def __init__(self, inputs: int, slots: int, hidden: int, key: Array, count: int) -> None:
        self.bend = Perceptron((inputs, hidden, hidden, 1), key)
        self.slots, self.count = slots, count

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return self.decide(view, self.amount(observe(view, self.slots)))

    def amount(self, seen: Float[Array, " input"]) -> Number:
        """From 0, the lowest level, to the count less one, the highest; the middle before any learning."""
        return (self.count - 1) * jax.nn.sigmoid(self.bend(seen)[0])

    def decide(self, view: View, amount: Number) -> Decision:
        """Order up to the level at that place."""
        return order_up_to(view, between(view.known.features[: self.count], amount))
