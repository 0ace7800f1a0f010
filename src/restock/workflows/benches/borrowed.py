"""A network that another library has trained, as a policy of the simulator: priced by the same code as ours."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from restock.environments.task import Order, Task
from restock.policies.network import Layer
from restock.policies.rules import buy
from restock.simulator.types import Decision, Number, View

Look = Callable[[View], Float[Array, " observation"]]
FURTHEST = 10.0  # where normalised observations are cut off, as Stable-Baselines3 does
TINY = 1e-8  # added to a variance, as there


class Trained(NamedTuple):
    """A training, and what it had come to on its way."""

    seconds: float
    steps: int  # periods lived in the environment
    course: tuple[tuple[float, Any], ...]  # seconds, and the policy at that time; the last one is the result


class Borrowed(eqx.Module):
    """Layers that choose an order: the best-rated of a list, or an amount."""

    layers: tuple[Layer, ...]
    mean: Float[Array, " observation"]  # taken off what is seen
    variance: Float[Array, " observation"]
    look: Look = eqx.field(static=True)
    order: Order = eqx.field(static=True)  # action -> units
    bend: Literal["tanh", "relu"] = eqx.field(static=True)  # between layers
    most: float | None = eqx.field(static=True)  # units of the largest amount; None: a list of choices
    normalised: bool = eqx.field(static=True)

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return buy(view, self.order(view, self.action(self.look(view))))

    def action(self, seen: Float[Array, " observation"]) -> Number:
        """The action that is likeliest."""
        x = seen
        if self.normalised:
            x = jnp.clip((seen - self.mean) / jnp.sqrt(self.variance + TINY), -FURTHEST, FURTHEST)
        for layer in self.layers[:-1]:
            x = jnp.tanh(layer(x)) if self.bend == "tanh" else jax.nn.relu(layer(x))
        out = self.layers[-1](x)
        if self.most is None:
            return jnp.argmax(out).astype(jnp.float32)
        return 0.5 * (jnp.tanh(out[0]) + 1.0) * self.most


def borrow(
    task: Task,
    layers: Sequence[tuple[Any, Any]],
    bend: Literal["tanh", "relu"],
    moments: tuple[Any, Any] | None = None,
    look: Look | None = None,
) -> Borrowed:
    """A network as a policy.

    Args:
        task: what it has learned.
        layers: weights [out, into] and biases [out] of each.
        bend: what stands between them.
        moments: mean and variance that observations are normalised by; none: they are not.
        look: what it sees; none: what the task shows.
    """
    width = np.shape(layers[0][0])[1]
    mean, variance = moments if moments is not None else (np.zeros(width), np.ones(width))
    most = None if task.action_space.shape == () else float(np.asarray(task.action_space.high)[0])  # pyright: ignore
    made = tuple(Layer(jnp.asarray(weight, jnp.float32), jnp.asarray(bias, jnp.float32)) for weight, bias in layers)
    return Borrowed(
        made,
        jnp.asarray(mean, jnp.float32),
        jnp.asarray(variance, jnp.float32),
        look or _shown(task.rules.observe),
        task.rules.order,
        bend,
        most,
        moments is not None,
    )


_LOOKS: dict[Any, Look] = {}


def _shown(observe: Any) -> Look:
    """The same function for the same rules, so that policies of one shape are compiled once."""

    def look(view: View) -> Array:
        return observe(view, jnp.zeros(()))

    return _LOOKS.setdefault(observe, look)
