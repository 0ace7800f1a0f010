"""What policies with a memory score on worlds, and the rules that a generalist must beat, tuned with the same effort.

A world's score is what its orders gained over ordering nothing, as a share of what all its demand is worth; a world
lost altogether counts as -1, so that none drowns the others.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.generalist import BOUND
from restock.algorithms.lives import Lives, live_worlds, scores
from restock.policies.adaptive import MEANS, AdaptiveBaseStock, AdaptiveReorder
from restock.policies.foresight import with_foresight
from restock.policies.generalist import Team
from restock.policies.lots import Habits
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Remembering
from restock.simulator.rollout import run
from restock.simulator.worlds import Worlds, draw_second_worlds, draw_worlds

HISTORY, PERIODS = 50, 50
EVALUATED, TUNED_ON, DEVELOPED_ON = 4000, 2000, 4000  # worlds
EVALUATION, TO_TUNE, DEVELOPMENT = 104_729, 15_485_863, 777  # seeds that no training uses
PRIORS: dict[str, Callable[[np.random.Generator, int, int], Worlds]] = {
    "prior": draw_worlds,
    "second-prior": draw_second_worlds,
}
SAFETIES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5)
FACTORS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1)
PATIENCES = (0.05, 0.1, 0.2, 0.4, 1.0, 1e6)
PAYS = (-1e6, -1.0, -0.5, -0.2, 0.0, 0.1, 0.2, 0.4)
Rule = TypeVar("Rule", AdaptiveBaseStock, AdaptiveReorder)


class Score(NamedTuple):
    """Over worlds."""

    mean: float
    stderr: float
    each: NDArray[np.float64]


def evaluation_worlds(prior: str, seen: int) -> tuple[Worlds, Lives]:
    """Worlds that no training, no tuning and no choice has seen, and how a policy lives through them."""
    generator = np.random.default_rng([EVALUATION, len(prior)])
    worlds = PRIORS[prior](generator, EVALUATED, HISTORY + PERIODS)
    return worlds, live_worlds(worlds, generator, HISTORY, seen)


def development_worlds(prior: str) -> Lives:
    """Worlds to choose by: settings, inputs, forms of the network."""
    generator = np.random.default_rng(DEVELOPMENT)
    return live_worlds(PRIORS[prior](generator, DEVELOPED_ON, HISTORY + PERIODS), generator, HISTORY)


def score_of(policy: Remembering, lives: Lives) -> Score:
    """The mean score and its standard error over worlds."""
    return score_from(np.clip(np.asarray(_scores(policy, lives), np.float64), BOUND, 1.0))


def foresight_score(lives: Lives) -> Score:
    """Of a shop that knew all; no bound where customers wait, and packs and minimum are ignored."""
    _, earned = run(*with_foresight(lives.stretch), keep=profit_at_cost)
    return score_from(np.clip(np.asarray((earned.sum(1) - lives.nothing) / lives.worth, np.float64), BOUND, 1.0))


def score_from(each: NDArray[np.float64]) -> Score:
    """Of the shares that were gained in each world."""
    return Score(float(each.mean()), float(each.std() / len(each) ** 0.5), each)


@cache
def adaptive_base_stock() -> AdaptiveBaseStock:
    """The rule with the best score on worlds of the prior, of all these numbers."""
    return tuned(AdaptiveBaseStock, (range(MEANS), SAFETIES, FACTORS), _worlds_to_tune_on())


@cache
def adaptive_reorder() -> AdaptiveReorder:
    """The rule with the best score on worlds of the prior, of all these numbers."""

    return reorder_tuned_on(_worlds_to_tune_on())


def reorder_tuned_on(lives: Lives) -> AdaptiveReorder:
    """The rule with the best score on these worlds, of all these numbers."""

    def make(estimate: jax.Array, *habits: jax.Array) -> AdaptiveReorder:
        return AdaptiveReorder(estimate, Habits(*habits))

    return tuned(make, (range(MEANS), FACTORS, SAFETIES, PATIENCES, PAYS), lives)


def _worlds_to_tune_on() -> Lives:
    generator = np.random.default_rng(TO_TUNE)
    return live_worlds(draw_worlds(generator, TUNED_ON, HISTORY + PERIODS), generator, HISTORY)


def tuned(make: Callable[..., Rule], choices: tuple[tuple[float, ...] | range, ...], lives: Lives) -> Rule:
    """The best numbers: one after the other, from the middle of each, until none of them changes any more."""

    @cache
    def score(numbers: tuple[float, ...]) -> float:
        return score_of(make(*map(jnp.asarray, numbers)), lives).mean

    best, before = tuple(values[len(values) // 2] for values in choices), None
    while best != before:
        before = best
        for place, values in enumerate(choices):
            best = max(((*best[:place], value, *best[place + 1 :]) for value in values), key=score)
    return make(*map(jnp.asarray, best))


def members_of(team: Team) -> dict[str, Team]:
    """Each member as a team of one: what a training alone comes to."""
    count = team.members.write.bias.shape[0]
    return {f"member_{n}": jax.tree.map(lambda x, n=n: x[n : n + 1], team) for n in range(count)}


_scores = eqx.filter_jit(scores)
