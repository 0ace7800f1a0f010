"""Targets and losses of reinforcement learning: one function, one equation. Time is the first axis.

Horizons are truncated, never terminal: the value after the last step is always bootstrapped.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def n_step_rewards(r_t: Float[Array, "time *row"], discount: float, n: int) -> Float[Array, "start *row"]:
    """Discounted sum of the next n rewards, for every start with so many ahead. Sutton and Barto (2018), eq. 7.1."""
    count = r_t.shape[0] - n + 1
    return sum(discount**k * r_t[k : k + count] for k in range(1, n)) + r_t[:count]


def advantages(
    r_t: Float[Array, "time *row"], values: Float[Array, "time1 *row"], discount: float, lambda_: float
) -> Float[Array, "time *row"]:
    """Generalised advantage estimation: Schulman et al. 2016 (arXiv 1506.02438), equation 16.

    Args:
        values: of every state, one more than there are steps.
    """
    delta = r_t + discount * values[1:] - values[:-1]

    def back(later: Array, delta: Array) -> tuple[Array, Array]:
        now = delta + discount * lambda_ * later
        return now, now

    return jax.lax.scan(back, jnp.zeros_like(delta[0]), delta, reverse=True)[1]


def double_q_values(
    q_t_selector: Float[Array, "*row choice"], q_t_value: Float[Array, "*row choice"]
) -> Float[Array, "*row"]:
    """What the best choice of one network is worth to the other: van Hasselt et al. 2016 (arXiv 1509.06461)."""
    best = jnp.argmax(q_t_selector, axis=-1, keepdims=True)
    return jnp.take_along_axis(q_t_value, best, axis=-1)[..., 0]


def chosen(table: Float[Array, "*row choice"], a_t: Int[Array, "*row"]) -> Float[Array, "*row"]:
    """The entry of each row's choice."""
    return jnp.take_along_axis(table, a_t[..., None], axis=-1)[..., 0]


def huber(error: Float[Array, "*row"], delta: float = 1.0) -> Float[Array, "*row"]:
    """Half the square up to `delta`, straight beyond."""
    size = jnp.abs(error)
    near = jnp.minimum(size, delta)
    return 0.5 * near**2 + delta * (size - near)


def entropy(logits: Float[Array, "*row choice"]) -> Float[Array, "*row"]:
    """Of the softmax of the logits, nats."""
    log = jax.nn.log_softmax(logits)
    return -(jnp.exp(log) * log).sum(axis=-1)


def policy_gradient_loss(log_pi_a: Float[Array, "*row"], advantage: Float[Array, "*row"]) -> Float[Array, ""]:
    """Its gradient is that of expected return: Williams (1992), with a baseline."""
    return -(log_pi_a * jax.lax.stop_gradient(advantage)).mean()


def clipped_surrogate_loss(
    ratio: Float[Array, "*row"], advantage: Float[Array, "*row"], clip: float
) -> Float[Array, ""]:
    """Proximal policy optimisation: Schulman et al. 2017 (arXiv 1707.06347), equation 7.

    Args:
        ratio: probability of the action now, over that when it was taken.
    """
    advantage = jax.lax.stop_gradient(advantage)
    return -jnp.minimum(ratio * advantage, jnp.clip(ratio, 1.0 - clip, 1.0 + clip) * advantage).mean()
