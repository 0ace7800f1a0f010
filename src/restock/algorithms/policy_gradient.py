"""Policy gradient with advantages: A2C, and PPO which goes over each window several times.

The policy draws its orders: from a softmax over choices, or from a normal law around a base-stock order. Each is pushed
towards the orders that earned more than the value network expected. Mnih et al. 2016 (arXiv 1602.01783), Schulman et
al. 2017 (arXiv 1707.06347), with generalised advantages. Rewards are differences from their running mean.
"""

from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import Field

from restock.algorithms.experience import ModelFreeConfig, centre_of, live_on, next_window
from restock.algorithms.problem import Problem
from restock.algorithms.returns import advantages, clipped_surrogate_loss, policy_gradient_loss
from restock.optimizer import adam, descend, follow, start
from restock.policies.actors import Choices, Chooser, Grid, Mover, Perceptron, observed
from restock.simulator.types import Decision, Stock, View


class PolicyGradientConfig(ModelFreeConfig):
    """Settings."""

    kind: Literal["a2c", "ppo"] = Field(default="ppo", description="One step on each window, or several, clipped")
    rounds: int = Field(default=400, gt=0, description="Windows lived, each followed by gradient steps")
    rows: int = Field(default=1024, gt=0, description="Shops that live side by side")
    epochs: int = Field(default=4, gt=0, description="PPO: times that a window is gone over")
    batches: int = Field(default=4, gt=0, description="PPO: parts of a window, each a gradient step")
    orders: Literal["normal", "softmax"] = Field(default="normal", description="Law that orders are drawn from")
    spread: float = Field(default=0.3, gt=0, description="Normal: standard deviation at first, demand scales")
    grid: Grid = Field(default="levels", description="Softmax: choices are orders, or levels to order up to")
    choices: int = Field(default=31, gt=0, description="Softmax: choices of order")
    step: float = Field(default=0.2, gt=0, description="Softmax: demand scales between two choices")
    prices: tuple[float, ...] = Field(
        default=(1.0,), min_length=1, description="Softmax: prices offered, multiples of the planned one"
    )
    temperature: float = Field(default=1.0, gt=0, description="Softmax: above 1 more even, below 1 more decided")
    lambda_: float = Field(default=0.95, ge=0, le=1, description="0: trust the value network; 1: trust what happened")
    clip: float = Field(default=0.2, gt=0, description="PPO: largest change of a probability that is rewarded")
    entropy: float = Field(default=0.01, ge=0, description="Reward for trying different orders, at first; falls to 0")
    average_rate: float = Field(default=0.005, gt=0, le=1, description="How fast the averaged policy follows")


class Learner(eqx.Module):
    """All that training carries from one round to the next."""

    actor: Chooser | Mover
    value: Perceptron
    average: Chooser | Mover  # weights averaged over the last updates: less noise than the newest
    optimizer: Any
    stock: Stock
    centre: Float[Array, ""]  # running mean of the reward
    rounds: Float[Array, ""]  # done so far


class Lived(NamedTuple):
    """One step, as the loss sees it."""

    seen: Array
    action: Array
    log_pi: Array  # log probability of the action when it was taken
    advantage: Array
    value: Array  # target of the value network


def untrained(config: PolicyGradientConfig, features: int, lead: int, key: Array) -> Chooser | Mover:
    """A policy that has learned nothing."""
    inputs = observed(features, lead)
    if config.orders == "normal":
        return Mover(inputs, lead, config.hidden, key, config.spread)
    choices = Choices(config.grid, config.choices, jnp.asarray(config.step), config.prices)
    scores = Perceptron((inputs, config.hidden, config.hidden, choices.pairs), key)
    return Chooser(scores, choices, lead, config.temperature)


def begin(config: PolicyGradientConfig, problem: Problem, key: Array) -> Learner:
    """A policy and a value network that have seen nothing."""
    make, act, stock = jax.random.split(key, 3)
    inputs = observed(problem.known.features.shape[-1], problem.lead)
    actor = untrained(config, problem.known.features.shape[-1], problem.lead, act)
    value = Perceptron((inputs, config.hidden, config.hidden, 1), make)
    window = next_window(problem, config.rows, config.periods, stock, None)
    none = jnp.zeros(())
    return Learner(actor, value, actor, start(_optimizer(config), (actor, value)), window.stock, none, none)


def learn(
    config: PolicyGradientConfig, problem: Problem, learner: Learner, keys: Array
) -> tuple[Learner, dict[str, Array]]:
    """One round per key; returns mean reward and entropy of each [round], and the loss of each step [round, step]."""
    optimizer = _optimizer(config)
    ppo = config.kind == "ppo"

    def loss(networks: tuple[Any, Perceptron], batch: Lived, bonus: Array) -> Any:
        actor, value = networks
        log_pi, entropy = jax.vmap(actor.log_chance)(batch.seen, batch.action)
        spread = batch.advantage.std() + 1e-6
        advantage = (batch.advantage - batch.advantage.mean()) / spread
        if ppo:
            policy = clipped_surrogate_loss(jnp.exp(log_pi - batch.log_pi), advantage, config.clip)
        else:
            policy = policy_gradient_loss(log_pi, advantage)
        error = jax.vmap(value)(batch.seen)[:, 0] - batch.value
        return policy - bonus * entropy.mean() + 0.5 * jnp.square(error).mean(), entropy.mean()

    def one_round(learner: Learner, key: Array) -> tuple[Learner, dict[str, Array]]:
        draw, act, shuffle = jax.random.split(key, 3)
        draws = jax.random.split(act, config.periods)
        stock, steps = live_on(config, problem, _sample(learner.actor), draws, learner.stock, draw)
        mean = steps.reward.mean()
        centre = centre_of(config, learner.centre, learner.rounds, steps.reward, kept=0.9)
        values = jax.vmap(jax.vmap(learner.value))(steps.seen)[..., 0]
        advantage = advantages(steps.reward - centre, values, config.discount, config.lambda_)
        action, log_pi = steps.action
        lived = Lived(steps.seen[:-1], action, log_pi, advantage, advantage + values[:-1])
        lived = jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), lived)
        bonus = config.entropy * (1.0 - learner.rounds / config.rounds)

        def gradient_step(carry: Any, batch: Lived) -> tuple[Any, Any]:
            networks, average, state = carry
            (value, entropy), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(networks, batch, bonus)
            networks, state = descend(optimizer, state, gradient, networks)
            return (networks, follow(average, networks[0], config.average_rate), state), (value, entropy)

        def epoch(carry: Any, key: Array) -> tuple[Any, Any]:
            order = jax.random.permutation(key, lived.advantage.shape[0]).reshape(config.batches, -1)
            return jax.lax.scan(lambda c, part: gradient_step(c, jax.tree.map(lambda x: x[part], lived)), carry, order)

        carry = ((learner.actor, learner.value), learner.average, learner.optimizer)
        if ppo:
            carry, (losses, entropies) = jax.lax.scan(epoch, carry, jax.random.split(shuffle, config.epochs))
        else:
            carry, (losses, entropies) = gradient_step(carry, lived)
        (actor, value), average, state = carry
        after = Learner(actor, value, average, state, stock, centre, learner.rounds + 1)
        return after, {"reward": mean, "loss": losses.reshape(-1), "entropy": entropies.mean()}

    return jax.lax.scan(one_round, learner, keys)


def policy(learner: Learner) -> Chooser | Mover:
    """The policy whose weights are averages over the last updates; without a key it orders what is likeliest."""
    return learner.average


def _sample(actor: Chooser | Mover) -> Any:
    """Draw every order from the policy."""

    def act(seen: Array, view: View, key: Array) -> tuple[tuple[Array, Array], Decision]:
        action = jax.vmap(actor.sample)(seen, jax.random.split(key, seen.shape[0]))
        log_pi, _ = jax.vmap(actor.log_chance)(seen, action)
        return (action, log_pi), jax.vmap(actor.decide)(view, action)

    return act


def _optimizer(config: PolicyGradientConfig) -> Any:
    updates = config.rounds * (config.epochs * config.batches if config.kind == "ppo" else 1)
    return adam(config.learning_rate, updates, weight_decay=config.weight_decay, warm_up=0.02)
