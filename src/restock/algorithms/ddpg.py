"""Deterministic policy gradient with a critic: DDPG, and TD3 which mends what goes wrong with it.

The critic learns what an order leads to, from remembered steps; the actor, a base-stock order bent by a network,
follows the critic's slope. Lillicrap et al. 2016 (arXiv 1509.02971); Fujimoto et al. 2018 (arXiv 1802.09477): two
critics of which the lower one is believed, noise on the target's order, and an actor that waits. Rewards are
differences from their running mean. Unlike `pathwise`, nothing is known here of how the shop works.
"""

from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import Field

from restock.algorithms.experience import (
    Memory,
    ReplayConfig,
    Transition,
    centre_of,
    empty_memory,
    live_on,
    next_window,
    transitions,
)
from restock.algorithms.problem import Problem
from restock.optimizer import adam, descend, follow, start
from restock.policies.actors import Mover, Perceptron, Weigher, observed
from restock.simulator.types import Decision, Stock, View

RETURN = 0.15  # share of Ornstein-Uhlenbeck noise that is lost per period, as in Lillicrap et al.


class DdpgConfig(ReplayConfig):
    """Settings."""

    kind: Literal["ddpg", "td3"] = Field(default="td3", description="One critic, or two with the actor waiting")
    actor_rate: float = Field(default=1e-3, gt=0, description="Largest step of Adam, of the actor")
    noise: Literal["normal", "ornstein-uhlenbeck"] = Field(default="normal", description="How orders are explored")
    explore: float = Field(default=0.3, gt=0, description="Spread of that noise, demand scales")
    smoothing: float = Field(default=0.1, ge=0, description="TD3: spread of the noise on the target's order")
    forecasters: int = Field(default=0, ge=0, description="Weigh the levels of so many; 0: actions are orders")
    wait: int = Field(default=2, gt=0, description="TD3: critic steps for each step of the actor")


class Networks(NamedTuple):
    """An actor and its critics; the targets are averages of them."""

    actor: Mover | Weigher
    critics: tuple[Perceptron, ...]


class Learner(eqx.Module):
    """All that training carries from one round to the next."""

    networks: Networks
    targets: Networks
    optimizers: tuple[Any, Any]  # of the actor, of the critics
    memory: Memory
    stock: Stock
    noise: Float[Array, " row"]  # of the last period, demand scales
    centre: Float[Array, ""]  # running mean of the reward
    rounds: Float[Array, ""]  # done so far


def untrained(config: DdpgConfig, features: int, lead: int, key: Array) -> Mover | Weigher:
    """An actor that orders like the newsvendor, or one that weighs what forecasters name."""
    if config.forecasters:
        return Weigher(observed(features, lead), lead, config.hidden, key, config.forecasters)
    return Mover(observed(features, lead), lead, config.hidden, key, spread=config.explore)


def begin(config: DdpgConfig, problem: Problem, key: Array) -> Learner:
    """An actor that orders like the newsvendor, and critics that have seen nothing."""
    make, other, third, stock = jax.random.split(key, 4)
    inputs = observed(problem.known.features.shape[-1], problem.lead)
    actor = untrained(config, problem.known.features.shape[-1], problem.lead, make)
    keys = (other, third) if config.kind == "td3" else (other,)
    critics = tuple(Perceptron((inputs + 1, config.hidden, config.hidden, 1), key) for key in keys)
    networks = Networks(actor, critics)
    seen, none = jnp.zeros(inputs), jnp.zeros(())
    memory = empty_memory(config.memory, Transition(seen, none, none, seen))
    window = next_window(problem, config.rows, config.periods, stock, None)
    by_actor, by_critics = _optimizers(config)
    states = (start(by_actor, actor), start(by_critics, critics))
    return Learner(networks, networks, states, memory, window.stock, jnp.zeros(config.rows), none, none)


def learn(config: DdpgConfig, problem: Problem, learner: Learner, keys: Array) -> tuple[Learner, dict[str, Array]]:
    """One round per key; returns the mean reward of each [round] and the loss of each step [round, step]."""
    by_actor, by_critics = _optimizers(config)
    sum_of_weights = (config.discount ** jnp.arange(config.n)).sum()
    td3 = config.kind == "td3"

    def critic_loss(critics: Any, targets: Networks, batch: Transition, centre: Array, key: Array) -> Array:
        amount = jax.vmap(targets.actor.amount)(batch.then)
        if td3:
            shake = config.smoothing * jax.random.normal(key, amount.shape)
            amount = jnp.maximum(amount + jnp.clip(shake, -2.5 * config.smoothing, 2.5 * config.smoothing), 0.0)
        ahead = jnp.min(jnp.stack([_rate(critic, batch.then, amount) for critic in targets.critics]), axis=0)
        wanted = batch.reward - centre * sum_of_weights + config.discount**config.n * ahead
        errors = [jax.lax.stop_gradient(wanted) - _rate(critic, batch.seen, batch.action) for critic in critics]
        return 0.5 * jnp.square(jnp.stack(errors)).mean(axis=1).sum()

    def actor_loss(actor: Mover | Weigher, critics: Any, batch: Transition) -> Array:
        return -_rate(critics[0], batch.seen, jax.vmap(actor.amount)(batch.seen)).mean()

    def gradient_step(carry: Any, key: Array, memory: Memory, centre: Array) -> tuple[Any, Array]:
        (actor, critics), targets, (of_actor, of_critics), made = carry
        which, shake = jax.random.split(key)
        batch, _, _ = memory.draw(config.batch, which)
        loss, gradient = eqx.filter_value_and_grad(critic_loss)(critics, targets, batch, centre, shake)
        critics, of_critics = descend(by_critics, of_critics, gradient, critics)

        def move(actor: Mover | Weigher, memory: Any) -> tuple[Mover | Weigher, Any]:
            return descend(by_actor, memory, eqx.filter_grad(actor_loss)(actor, critics, batch), actor)

        if td3:
            moves, rest = eqx.partition((actor, of_actor), eqx.is_array)
            moves = jax.lax.cond(
                made % config.wait == 0,
                lambda moves: eqx.filter(move(*eqx.combine(moves, rest)), eqx.is_array),
                lambda moves: moves,
                moves,
            )
            actor, of_actor = eqx.combine(moves, rest)
        else:
            actor, of_actor = move(actor, of_actor)
        networks = Networks(actor, critics)
        return (networks, follow(targets, networks, config.target_rate), (of_actor, of_critics), made + 1), loss

    def one_round(learner: Learner, key: Array) -> tuple[Learner, dict[str, Array]]:
        draw, act, replay = jax.random.split(key, 3)
        noise = exploration(config, learner.noise, act)
        stock, steps = live_on(config, problem, _explore(learner.networks.actor), noise, learner.stock, draw)
        mean = steps.reward.mean()
        centre = centre_of(config, learner.centre, learner.rounds, steps.reward)
        memory = learner.memory.add(transitions(steps, config.discount, config.n))
        carry = (learner.networks, learner.targets, learner.optimizers, jnp.zeros((), int))
        carry, losses = jax.lax.scan(
            lambda c, k: gradient_step(c, k, memory, centre), carry, jax.random.split(replay, config.steps)
        )
        networks, targets, states, _ = carry
        after = Learner(networks, targets, states, memory, stock, noise[-1], centre, learner.rounds + 1)
        return after, {"reward": mean, "loss": losses.reshape(-1)}

    return jax.lax.scan(one_round, learner, keys)


def policy(learner: Learner) -> Mover | Weigher:
    """The target policy, whose weights are averages over the last updates."""
    return learner.targets.actor


def _rate(critic: Perceptron, seen: Array, amount: Array) -> Array:
    """What the critic expects of these orders. [entry]"""
    return jax.vmap(lambda s, a: critic(jnp.append(s, a))[0])(seen, amount)


def _explore(actor: Mover | Weigher) -> Any:
    """The actor's order and some noise."""

    def act(seen: Array, view: View, noise: Array) -> tuple[Array, Decision]:
        amount = jnp.maximum(jax.vmap(actor.amount)(seen) + noise, 0.0)
        return amount, jax.vmap(actor.decide)(view, amount)

    return act


def exploration(config: DdpgConfig, last: Float[Array, " row"], key: Array) -> Float[Array, "time row"]:
    """Noise of a window: independent, or drawn back to zero from where it was (Uhlenbeck and Ornstein 1930).

    Both have spread `config.explore`.

    Args:
        last: noise of the period before.
    """
    fresh = config.explore * jax.random.normal(key, (config.periods, *last.shape))
    if config.noise == "normal":
        return fresh
    kept = 1.0 - RETURN

    def drift(noise: Array, fresh: Array) -> tuple[Array, Array]:
        noise = kept * noise + (1.0 - kept**2) ** 0.5 * fresh
        return noise, noise

    return jax.lax.scan(drift, last, fresh)[1]


def _optimizers(config: DdpgConfig) -> tuple[Any, Any]:
    updates = config.rounds * config.steps
    moves = updates // config.wait if config.kind == "td3" else updates
    decay = config.weight_decay
    by_actor = adam(config.actor_rate, moves, weight_decay=decay, warm_up=0.02)
    return by_actor, adam(config.learning_rate, updates, weight_decay=decay, warm_up=0.02)
