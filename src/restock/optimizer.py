"""The one place that talks to optax."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import optax
from jaxtyping import Array

P = TypeVar("P")


def adam(
    learning_rate: float, updates: int, *, weight_decay: float = 0.0, warm_up: float = 0.1
) -> optax.GradientTransformation:
    """Adam on a gradient cut to norm 1; the rate rises over `warm_up` of the updates and falls to zero at the end."""
    if warm_up > 0:
        rate = optax.cosine_onecycle_schedule(updates, learning_rate, pct_start=warm_up)
    else:
        rate = optax.cosine_decay_schedule(learning_rate, updates)
    return optax.flatten(optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=weight_decay)))


def steady_adam(learning_rate: float, *, weight_decay: float = 0.0) -> optax.GradientTransformation:
    """The same with a rate that never changes: for those who take a part of each step, as `follow` does."""
    return optax.flatten(
        optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(learning_rate, weight_decay=weight_decay))
    )


def start(optimizer: optax.GradientTransformation, policy: Any) -> Any:
    """The optimizer's memory before the first step."""
    return optimizer.init(eqx.filter(policy, eqx.is_inexact_array))


def descend(optimizer: optax.GradientTransformation, memory: Any, gradient: P, policy: P) -> tuple[P, Any]:
    """Take one step downhill; returns the new policy and the optimizer's new memory."""
    change, memory = optimizer.update(gradient, memory, eqx.filter(policy, eqx.is_inexact_array))  # pyright: ignore[reportArgumentType]
    return eqx.apply_updates(policy, change), memory


def follow(average: P, policy: P, rate: float | Array) -> P:
    """Move an average of weights a little towards the newest ones (Polyak averaging)."""
    moved, rest = eqx.partition(average, eqx.is_inexact_array)
    towards = eqx.filter(policy, eqx.is_inexact_array)
    return eqx.combine(jax.tree.map(lambda old, new: old + rate * (new - old), moved, towards), rest)
