"""Deep Q-learning: a network rates every choice of order by what it leads to, and learns from remembered steps.

Mnih et al. 2015 (doi 10.1038/nature14236), with switches for what came later: double (arXiv 1509.06461), dueling
(1511.06581), n-step returns, prioritised replay (1511.05952). Rewards are taken as differences from their running mean,
so that values stay small where nothing ever ends (differential returns: Sutton and Barto 2018, section 10.3).
"""

from typing import Any

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
from restock.algorithms.returns import chosen, double_q_values, huber
from restock.optimizer import adam, descend, follow, start
from restock.policies.actors import Choices, Chooser, Grid, Perceptron, observed
from restock.simulator.types import Decision, Stock, View


class DqnConfig(ReplayConfig):
    """Settings."""

    grid: Grid = Field(default="levels", description="Choices are orders, or levels to order up to")
    choices: int = Field(default=31, gt=0, description="Choices of order")
    step: float = Field(default=0.2, gt=0, description="Demand scales between two choices")
    prices: tuple[float, ...] = Field(default=(1.0,), min_length=1, description="Offered, multiples of the planned one")
    double: bool = Field(default=True, description="One network chooses, the other rates")
    dueling: bool = Field(default=True, description="Value and advantages apart")
    priority: float = Field(default=0.0, ge=0, le=1, description="0: even replay; above: surprising steps more often")
    explore_from: float = Field(default=0.5, ge=0, le=1, description="Share of random orders at first")
    explore_to: float = Field(default=0.01, ge=0, le=1, description="Share of random orders in the second half")
    huber: float = Field(default=1e3, gt=0, description="Larger errors count less; a small value hides rare costs")


class Learner(eqx.Module):
    """All that training carries from one round to the next."""

    actor: Chooser
    target: Perceptron
    optimizer: Any
    memory: Memory
    stock: Stock
    centre: Float[Array, ""]  # running mean of the reward
    rounds: Float[Array, ""]  # done so far


def untrained(config: DqnConfig, features: int, lead: int, key: Array) -> Chooser:
    """A network whose scores mean nothing yet."""
    choices = Choices(config.grid, config.choices, jnp.asarray(config.step), config.prices)
    outputs = choices.pairs + config.dueling
    return Chooser(Perceptron((observed(features, lead), config.hidden, config.hidden, outputs), key), choices, lead)


def begin(config: DqnConfig, problem: Problem, key: Array) -> Learner:
    """A network that has seen nothing."""
    make, stock = jax.random.split(key)
    inputs = observed(problem.known.features.shape[-1], problem.lead)
    actor = untrained(config, problem.known.features.shape[-1], problem.lead, make)
    seen, none = jnp.zeros(inputs), jnp.zeros(())
    memory = empty_memory(config.memory, Transition(seen, jnp.zeros((), int), none, seen))
    window = next_window(problem, config.rows, config.periods, stock, None)
    return Learner(actor, actor.scores, start(_optimizer(config), actor.scores), memory, window.stock, none, none)


def learn(config: DqnConfig, problem: Problem, learner: Learner, keys: Array) -> tuple[Learner, dict[str, Array]]:
    """One round per key; returns the mean reward of each [round] and the loss of each step [round, step]."""
    optimizer = _optimizer(config)
    weights = config.discount ** jnp.arange(config.n)

    def one_round(learner: Learner, key: Array) -> tuple[Learner, dict[str, Array]]:
        draw, act, replay = jax.random.split(key, 3)
        done = learner.rounds / config.rounds
        share = config.explore_from + (config.explore_to - config.explore_from) * jnp.minimum(2.0 * done, 1.0)
        draws = jax.random.uniform(act, (config.periods, 2, config.rows))
        stock, steps = live_on(config, problem, _epsilon_greedy(learner.actor, share), draws, learner.stock, draw)
        centre = centre_of(config, learner.centre, learner.rounds, steps.reward)
        memory = learner.memory.add(transitions(steps, config.discount, config.n))

        def loss(scores: Perceptron, actor: Chooser, target: Perceptron, batch: Transition, even: Array) -> Any:
            actor = eqx.tree_at(lambda a: a.scores, actor, scores)
            other = eqx.tree_at(lambda a: a.scores, actor, target)
            rated = jax.vmap(other.rate)(batch.then)
            selector = jax.vmap(actor.rate)(batch.then) if config.double else rated
            ahead = double_q_values(selector, rated)
            wanted = batch.reward - centre * weights.sum() + config.discount**config.n * ahead
            error = jax.lax.stop_gradient(wanted) - chosen(jax.vmap(actor.rate)(batch.seen), batch.action)
            return (even * huber(error, config.huber)).mean(), error

        def gradient_step(carry: Any, key: Array) -> tuple[Any, Array]:
            actor, target, state, memory = carry
            batch, places, relative = memory.draw(config.batch, key, config.priority)
            # each step counts by how rarely it is drawn, so that the fixed point is that of even replay
            even = 1.0 / relative if config.priority else jnp.ones_like(relative)
            even = even / even.max()
            (value, error), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(
                actor.scores, actor, target, batch, even
            )
            scores, state = descend(optimizer, state, gradient, actor.scores)
            actor = eqx.tree_at(lambda a: a.scores, actor, scores)
            if config.priority:
                memory = memory.rate(places, error)
            return (actor, follow(target, scores, config.target_rate), state, memory), value

        carry = (learner.actor, learner.target, learner.optimizer, memory)
        keys = jax.random.split(replay, config.steps)
        (actor, target, state, memory), losses = jax.lax.scan(gradient_step, carry, keys)
        after = Learner(actor, target, state, memory, stock, centre, learner.rounds + 1)
        return after, {"reward": steps.reward.mean(), "loss": losses.reshape(-1)}

    return jax.lax.scan(one_round, learner, keys)


def policy(learner: Learner) -> Chooser:
    """The policy of the target network, whose weights are averages over the last updates."""
    return eqx.tree_at(lambda a: a.scores, learner.actor, learner.target)


def _epsilon_greedy(actor: Chooser, share: Array) -> Any:
    """Now and then any choice, else the best."""

    def act(seen: Array, view: View, drawn: Array) -> tuple[Array, Decision]:
        chance, other = drawn
        best = jnp.argmax(jax.vmap(actor.rate)(seen), axis=-1)
        action = jnp.where(chance < share, (other * actor.choices.pairs).astype(best.dtype), best)
        return action, jax.vmap(actor.decide)(view, action)

    return act


def _optimizer(config: DqnConfig) -> Any:
    updates = config.rounds * config.steps
    return adam(config.learning_rate, updates, weight_decay=config.weight_decay, warm_up=0.02)
