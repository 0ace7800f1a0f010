"""Several networks learned side by side, stopped by the money they earn on validation periods."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.algorithms.pathwise import Learner, PathwiseConfig, begin, learn
from restock.algorithms.problem import Problem
from restock.algorithms.training import AT_ONCE, refuse_wrong_numbers
from restock.policies.network import Ensemble, Network
from restock.simulator.rollout import Stretch, earn


@dataclass(frozen=True)
class Round:
    """What is known after some updates."""

    updates: int  # so far
    loss: float  # mean over members, of the updates of this round
    members: tuple[float, ...]  # validation profit of each member alone
    ensemble: float  # validation profit of their mean order
    seconds: float  # since the start


@dataclass(frozen=True)
class Fitting:
    """Training between two rounds: enough to go on after an interruption."""

    learners: Learner  # leading member axis
    best: Network  # leading member axis, after the best round
    rounds: tuple[Round, ...] = field(default=())

    @property
    def updates(self) -> int:
        """Gradient steps made so far."""
        return self.rounds[-1].updates if self.rounds else 0

    @property
    def best_round(self) -> Round:
        """The round whose networks are kept."""
        return max(self.rounds, key=lambda r: r.ensemble)


def start_fitting(config: PathwiseConfig, problem: Problem, members: int, seed: int) -> Fitting:
    """Untrained networks."""
    keys = jax.random.split(jax.random.key(seed), members)
    learners = _begin(config, problem, keys)
    return Fitting(learners, learners.network)


def fit_round(
    config: PathwiseConfig, problem: Problem, validation: Stretch, fitting: Fitting, updates: int, seed: int
) -> Fitting:
    """Learn for some updates, then look at validation money.

    Raises:
        TrainingError: a loss or weight is not a number; the fitting passed in is still good.
    """
    began = time.perf_counter()
    done = fitting.updates
    learners, losses = _advance(config, problem, fitting.learners, done, updates, seed)
    alone, together = _validate(learners.network, validation)
    spent = fitting.rounds[-1].seconds if fitting.rounds else 0.0
    round_ = Round(
        updates=done + updates,
        loss=float(losses.mean()),
        members=tuple(float(x) for x in alone),
        ensemble=float(together),
        seconds=spent + time.perf_counter() - began,
    )
    better = not fitting.rounds or round_.ensemble > fitting.best_round.ensemble
    return Fitting(learners, learners.network if better else fitting.best, (*fitting.rounds, round_))


def refit(
    config: PathwiseConfig, problem: Problem, members: int, updates: int, seed: int, after: Callable[[int], None]
) -> Network:
    """Networks from nothing for a number of updates found before: nothing is kept aside, so there is nothing to judge.

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
    return learners.network


def _advance(
    config: PathwiseConfig, problem: Problem, learners: Learner, made: int, updates: int, seed: int
) -> tuple[Learner, Array]:
    """Some updates more; the losses. [member, update]"""
    members = jax.tree.leaves(learners.network)[0].shape[0]
    keys = jax.random.split(jax.random.fold_in(jax.random.key(seed), made + 1), (members, updates))
    learners, losses = _learn(config, problem, learners, keys)
    refuse_wrong_numbers(losses, learners.network, made)
    return learners, losses


def fit(
    config: PathwiseConfig,
    problem: Problem,
    validation: Stretch,
    fitting: Fitting,
    schedule: "Schedule",
    after_round: Callable[[Fitting], None],
) -> Fitting:
    """Round after round until the updates are used up or validation money has not risen for some rounds."""
    while not schedule.finished(fitting, config.updates):
        updates = min(schedule.updates, config.updates - fitting.updates)
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
def _begin(config: PathwiseConfig, problem: Problem, keys: Array) -> Learner:
    return eqx.filter_vmap(lambda key: begin(config, problem, key))(keys)


@eqx.filter_jit
def _learn(config: PathwiseConfig, problem: Problem, learners: Learner, keys: Array) -> tuple[Learner, Array]:
    learners, curve = eqx.filter_vmap(lambda learner, keys: learn(config, problem, learner, keys))(learners, keys)
    return learners, curve["loss"]


@eqx.filter_jit
def _validate(networks: Network, validation: Stretch) -> tuple[Float[Array, " member"], Float[Array, ""]]:
    """Profit on the validation periods: of each member, and of the mean order."""

    def money(policy: Network | Ensemble) -> Float[Array, ""]:
        return (earn(policy, validation)[1] * validation.weight).sum()

    alone = jax.lax.map(
        lambda i: money(jax.tree.map(lambda x: x[i], networks)), jnp.arange(jax.tree.leaves(networks)[0].shape[0])
    )
    return alone, money(Ensemble(networks))
