"""Several policies learned side by side by any algorithm, stopped by the money they earn on validation periods."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.algorithms.problem import Problem
from restock.algorithms.training import AT_ONCE, MODULES, AlgorithmConfig, refuse_wrong_numbers
from restock.policies.together import Members, together
from restock.simulator.rollout import Policy, Stretch, earn


@dataclass(frozen=True)
class Round:
    """What is known after some updates."""

    updates: int  # rounds of the algorithm so far; of `pathwise`, gradient steps
    loss: float  # mean over members, of the updates of this round
    members: tuple[float, ...]  # validation profit of each member alone
    ensemble: float  # validation profit of their mean order
    seconds: float  # since the start


@dataclass(frozen=True)
class Fitting:
    """Training between two rounds: enough to go on after an interruption."""

    learners: Any  # of the algorithm, leading member axis
    best: Members  # leading member axis, after the best round
    rounds: tuple[Round, ...] = field(default=())

    @property
    def updates(self) -> int:
        """Rounds of the algorithm made so far."""
        return self.rounds[-1].updates if self.rounds else 0

    @property
    def best_round(self) -> Round:
        """The round whose networks are kept."""
        return max(self.rounds, key=lambda r: r.ensemble)


def start_fitting(config: AlgorithmConfig, problem: Problem, members: int, seed: int) -> Fitting:
    """Untrained policies."""
    keys = jax.random.split(jax.random.key(seed), members)
    learners = _begin(config, problem, keys)
    return Fitting(learners, policies(config, learners))


def policies(config: AlgorithmConfig, learners: Any) -> Members:
    """What learners have learned so far."""
    return MODULES[type(config)].policy(learners)


def fit_round(
    config: AlgorithmConfig, problem: Problem, validation: Stretch, fitting: Fitting, updates: int, seed: int
) -> Fitting:
    """Learn for some updates, then look at validation money.

    Raises:
        TrainingError: a loss or weight is not a number; the fitting passed in is still good.
    """
    began = time.perf_counter()
    done = fitting.updates
    learners, losses = _advance(config, problem, fitting.learners, done, updates, seed)
    members = policies(config, learners)
    alone, jointly = _validate(members, validation)
    spent = fitting.rounds[-1].seconds if fitting.rounds else 0.0
    round_ = Round(
        updates=done + updates,
        loss=float(losses.mean()),
        members=tuple(float(x) for x in alone),
        ensemble=float(jointly),
        seconds=spent + time.perf_counter() - began,
    )
    better = not fitting.rounds or round_.ensemble > fitting.best_round.ensemble
    return Fitting(learners, members if better else fitting.best, (*fitting.rounds, round_))


def refit(
    config: AlgorithmConfig, problem: Problem, members: int, updates: int, seed: int, after: Callable[[int], None]
) -> Members:
    """Policies from nothing for a number of updates found before: nothing is kept aside, so there is nothing to judge.

    Args:
        problem: all periods up to now, those for validation too.
        updates: how many, `Fitting.best_round.updates`.
        after: is told the updates made so far.

    Raises:
        TrainingError: a loss or weight is not a number.
    """
    learners, made = start_fitting(config, problem, members, seed).learners, 0
    while made < updates:
        some = min(AT_ONCE, updates - made)
        learners, _ = _advance(config, problem, learners, made, some, seed)
        made += some
        after(made)
    return policies(config, learners)


def _advance(
    config: AlgorithmConfig, problem: Problem, learners: Any, made: int, updates: int, seed: int
) -> tuple[Any, Array]:
    """Some updates more; the losses. [member, gradient step]"""
    members = jax.tree.leaves(policies(config, learners))[0].shape[0]
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), made + 1), (members, updates))
    learners, losses = _learn(config, problem, learners, keys)
    losses = losses.reshape(members, -1)
    refuse_wrong_numbers(losses, policies(config, learners), made * (losses.shape[1] // updates))
    return learners, losses


def fit(
    config: AlgorithmConfig,
    problem: Problem,
    validation: Stretch,
    fitting: Fitting,
    schedule: "Schedule",
    after_round: Callable[[Fitting], None],
) -> Fitting:
    """Round after round until the updates are used up or validation money has not risen for some rounds."""
    while not schedule.finished(fitting, config.rounds):
        updates = min(schedule.updates, config.rounds - fitting.updates)
        fitting = fit_round(config, problem, validation, fitting, updates, schedule.seed)
        after_round(fitting)
    return fitting


@dataclass(frozen=True)
class Schedule:
    """How long to train."""

    updates: int = AT_ONCE  # of a round
    patience: int = 6  # rounds without a rise
    seed: int = 0

    def finished(self, fitting: Fitting, most: int) -> bool:
        """Whether to stop now."""
        rounds = fitting.rounds
        if not rounds:
            return False
        since = len(rounds) - 1 - rounds.index(fitting.best_round)
        return fitting.updates >= most or since >= self.patience


@eqx.filter_jit
def _begin(config: AlgorithmConfig, problem: Problem, keys: Array) -> Any:
    return eqx.filter_vmap(lambda key: MODULES[type(config)].begin(config, problem, key))(keys)


@eqx.filter_jit
def _learn(config: AlgorithmConfig, problem: Problem, learners: Any, keys: Array) -> tuple[Any, Array]:
    module = MODULES[type(config)]
    learners, curve = eqx.filter_vmap(lambda learner, keys: module.learn(config, problem, learner, keys))(
        learners, keys
    )
    return learners, curve["loss"]


@eqx.filter_jit
def _validate(members: Members, validation: Stretch) -> tuple[Float[Array, " member"], Float[Array, ""]]:
    """Profit on the validation periods: of each member, and of all together."""

    def money(policy: Policy) -> Float[Array, ""]:
        return (earn(policy, validation)[1] * validation.weight).sum()

    alone = jax.lax.map(
        lambda i: money(jax.tree.map(lambda x: x[i], members)), jnp.arange(jax.tree.leaves(members)[0].shape[0])
    )
    return alone, money(together(members))
