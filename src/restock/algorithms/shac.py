"""Short windows with a critic at their end, and a gate before each order: what `pathwise` cannot see.

The derivative of profit through the simulator, along windows of a few periods; what comes after them is what a critic
expects, which learns from the same windows (Xu et al. 2022, short-horizon actor-critic, arXiv 2204.07137). Whether to
order at all has no derivative: it is drawn, and pushed by its likelihood ratio times the advantage, the same that the
critic gives (Williams 1992; Schulman et al. 2015, arXiv 1506.05254, for derivatives through both kinds of step).
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import Field

from restock.algorithms.experience import (
    ModelFreeConfig,
    Steps,
    as_learned,
    centre_of,
    later,
    learning_window,
    live,
    next_window,
)
from restock.algorithms.problem import Problem
from restock.algorithms.returns import advantages
from restock.optimizer import adam, descend, follow, start
from restock.policies.actors import Mover, Perceptron, observed
from restock.policies.gates import Gated
from restock.simulator.rollout import Stretch
from restock.simulator.types import Decision, Stock, View


class ShacConfig(ModelFreeConfig):
    """Settings."""

    rounds: int = Field(default=1000, gt=0, description="Windows lived, each followed by one step of the policy")
    rows: int = Field(default=256, gt=0, description="Shops that live side by side")
    periods: int = Field(default=8, gt=0, description="Steps of a window")
    gate: bool = Field(default=True, description="Whether to order at all is decided apart from how much")
    critic: bool = Field(default=True, description="What comes after a window is what a critic expects; else nothing")
    critic_rate: float = Field(default=5e-3, gt=0, description="Largest step of Adam, of the critic")
    critic_steps: int = Field(default=4, gt=0, description="Gradient steps of the critic on each window")
    target_rate: float = Field(default=0.1, gt=0, le=1, description="How fast the critic that judges follows")
    lambda_: float = Field(default=0.95, ge=0, le=1, description="0: trust the critic; 1: trust what happened")
    entropy: float = Field(default=0.0, ge=0, description="Reward for gates that try both, at first; falls to 0")
    whole_units_from: float = Field(default=1.0, ge=0, le=1, description="Share of the rounds made with fractions")
    average_rate: float = Field(default=0.01, gt=0, le=1, description="How fast the averaged policy follows")


Actor = Gated | Mover


class Learner(eqx.Module):
    """All that training carries from one round to the next."""

    actor: Actor
    critic: Perceptron
    target: Perceptron  # the critic that judges: an average of it
    average: Actor  # weights averaged over the last updates: less noise than the newest
    optimizers: tuple[Any, Any]  # of the actor, of the critic
    stock: Stock
    centre: Float[Array, ""]  # running mean of the reward
    rounds: Float[Array, ""]  # done so far


def untrained(config: ShacConfig, features: int, lead: int, key: Array) -> Actor:
    """A policy that orders like the newsvendor, with a gate in lots of Harris."""
    kind = Gated if config.gate else Mover
    return kind(observed(features, lead), lead, config.hidden, key)


def begin(config: ShacConfig, problem: Problem, key: Array) -> Learner:
    """A policy that orders like the newsvendor, and a critic that has seen nothing."""
    make, rate, stock = jax.random.split(key, 3)
    inputs = observed(problem.known.features.shape[-1], problem.lead)
    actor = untrained(config, problem.known.features.shape[-1], problem.lead, make)
    critic = Perceptron((inputs, config.hidden, config.hidden, 1), rate)
    window = next_window(problem, config.rows, config.periods, stock, None)
    none, (by_actor, by_critic) = jnp.zeros(()), _optimizers(config)
    states = (start(by_actor, actor), start(by_critic, critic))
    return Learner(actor, critic, critic, actor, states, window.stock, none, none)


def learn(config: ShacConfig, problem: Problem, learner: Learner, keys: Array) -> tuple[Learner, dict[str, Array]]:
    """One round per key; returns the mean reward, the loss of the policy and that of the critic of each. [round]"""
    by_actor, by_critic = _optimizers(config)
    worth = config.discount ** jnp.arange(config.periods - config.delay + 1)

    def loss_of(actor: Actor, learner: Learner, window: Stretch, draws: Array) -> Any:
        stock, lived = live(_act(actor), window, problem.lead, draws, problem.reward, problem.limit)
        steps = later(as_learned(problem, window, lived), config.delay)
        values = jax.vmap(jax.vmap(learner.target))(steps.seen)[..., 0] * config.critic
        reward = steps.reward - learner.centre
        advantage = jax.lax.stop_gradient(advantages(reward, values, config.discount, config.lambda_))
        earned = (worth[:-1, None] * reward).sum(axis=0) + worth[-1] * values[-1]
        tried = jnp.zeros_like(earned)
        if isinstance(actor, Gated):
            log_pi, entropy = steps.action
            bonus = config.entropy * (1.0 - learner.rounds / config.rounds)
            tried = (worth[:-1, None] * (log_pi * advantage + bonus * entropy)).sum(axis=0)
        mean = steps.reward.mean()
        wanted = advantage + jax.lax.stop_gradient(values[:-1])
        return -(earned + tried).mean() / worth[:-1].sum(), (stock, steps, wanted, mean)

    def one_round(learner: Learner, key: Array) -> tuple[Learner, dict[str, Array]]:
        draw, luck = jax.random.split(key)
        window = learning_window(config, problem, learner.stock, draw)
        fractions = learner.rounds < config.whole_units_from * config.rounds
        window = eqx.tree_at(lambda w: w.shop.pack, window, jnp.where(fractions, 0.0, window.shop.pack))
        draws = jax.random.uniform(luck, (config.periods, config.rows))
        (loss, (stock, steps, wanted, mean)), gradient = eqx.filter_value_and_grad(loss_of, has_aux=True)(
            learner.actor, learner, window, draws
        )
        actor, of_actor = descend(by_actor, learner.optimizers[0], gradient, learner.actor)
        critic, of_critic, error = _teach(config, learner, steps, wanted, by_critic)
        centre = centre_of(config, learner.centre, learner.rounds, steps.reward)
        after = Learner(
            actor,
            critic,
            follow(learner.target, critic, config.target_rate),
            follow(learner.average, actor, config.average_rate),
            (of_actor, of_critic),
            jax.lax.stop_gradient(stock),
            centre,
            learner.rounds + 1,
        )
        return after, {"reward": mean, "loss": loss, "critic_loss": error}

    return jax.lax.scan(one_round, learner, keys)


def policy(learner: Learner) -> Actor:
    """The policy whose weights are averages over the last updates; its gate orders where that is likelier."""
    return learner.average


def _teach(config: ShacConfig, learner: Learner, steps: Steps, wanted: Array, optimizer: Any) -> tuple[Any, Any, Array]:
    """Some steps of the critic towards what was wanted of it."""
    seen = jax.lax.stop_gradient(steps.seen[:-1])

    def loss(critic: Perceptron) -> Array:
        return 0.5 * jnp.square(jax.vmap(jax.vmap(critic))(seen)[..., 0] - wanted).mean()

    def step(carry: Any, _: None) -> tuple[Any, Array]:
        critic, state = carry
        error, gradient = eqx.filter_value_and_grad(loss)(critic)
        return descend(optimizer, state, gradient, critic), error

    carry = (learner.critic, learner.optimizers[1])
    (critic, state), errors = jax.lax.scan(step, carry, None, length=config.critic_steps)
    return critic, state, errors[0]


def _act(actor: Actor) -> Any:
    """The order; what is remembered of it is the log probability of its gate and the entropy."""

    def act(seen: Array, view: View, luck: Array) -> tuple[Any, Decision]:
        if isinstance(actor, Gated):
            passes = jax.vmap(actor.draw)(seen, luck)
            return jax.vmap(actor.log_chance)(seen, passes), jax.vmap(actor.decide)(view, seen, passes)
        return (jnp.zeros_like(luck),) * 2, jax.vmap(actor.decide)(view, jax.vmap(actor.amount)(seen))

    return act


def _optimizers(config: ShacConfig) -> tuple[Any, Any]:
    by_actor = adam(config.learning_rate, config.rounds, weight_decay=config.weight_decay, warm_up=0.02)
    return by_actor, adam(config.critic_rate, config.rounds * config.critic_steps, warm_up=0.02)
