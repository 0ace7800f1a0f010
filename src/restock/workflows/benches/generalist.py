"""The pretrained policy on worlds that it was not trained on, by how much it has seen of them.

A world's score is what its orders gained over ordering nothing, as a share of what all its demand is worth; a world
lost altogether counts as -1, so that none drowns the others.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.generalist import BOUND, Lives, live_worlds, scores
from restock.language import Text
from restock.policies.generalist import AdaptiveBaseStock
from restock.policies.pretrained import load_generalist
from restock.simulator.remembering import Remembering
from restock.simulator.worlds import Worlds, draw_second_worlds, draw_worlds
from restock.workflows.benches.result import Bench, Row, Task

OBSERVATIONS = (0, 1, 2, 5, 10, 20, 50)
HISTORY, PERIODS = 50, 50
WORLDS, TUNING = 4000, 2000
EVALUATION, TO_TUNE = 104_729, 15_485_863  # seeds that no training uses
PRIORS: dict[str, Callable[[np.random.Generator, int, int], Worlds]] = {
    "prior": draw_worlds,
    "second-prior": draw_second_worlds,
}
INSTANCES = tuple(f"{prior}-{seen}" for prior in PRIORS for seen in OBSERVATIONS)
RIVAL, LEARNED = "adaptive_base_stock", "generalist"
ABOUT = Text("a pretrained policy on worlds never seen", "预训练策略在从未见过的世界中的表现")


class Score(NamedTuple):
    """Over worlds."""

    mean: float
    stderr: float
    each: NDArray[np.float64]


def bench_generalist(task: Task) -> Iterator[Row]:
    """A row per prior, number of observations and method; `ratio` is the multiple of the rival's score."""
    task.progress.start(ABOUT, len(task.instances) * len(task.methods))
    done = 0
    for name in task.instances:
        lives, rival = evaluation_worlds(name), None
        for method in (RIVAL, LEARNED):
            began = time.perf_counter()
            score = score_of(adaptive_base_stock() if method == RIVAL else load_generalist(), lives)
            rival = rival or score
            if method not in task.methods:
                continue
            done += 1
            told = f"{name} {method} {score.mean:.4f}"
            task.progress.advance(done, Text(told, told))
            seconds, ratio = time.perf_counter() - began, score.mean / rival.mean
            yield Row(name, method, score.mean, score.stderr, None, seconds, 1, ratio=ratio, more_is_better=True)


def evaluation_worlds(name: str) -> Lives:
    """Worlds that no training and no tuning sees. name: of `INSTANCES`"""
    prior, seen = name.rsplit("-", 1)
    generator = np.random.default_rng([EVALUATION, len(prior)])
    return live_worlds(PRIORS[prior](generator, WORLDS, HISTORY + PERIODS), generator, HISTORY, int(seen))


def score_of(policy: Remembering, lives: Lives) -> Score:
    """The mean score and its standard error over worlds."""
    each = np.clip(np.asarray(_scores(policy, lives), np.float64), BOUND, 1.0)
    return Score(float(each.mean()), float(each.std() / len(each) ** 0.5), each)


@cache
def adaptive_base_stock() -> AdaptiveBaseStock:
    """The rule with the best score on worlds of the prior, of all these numbers."""
    generator = np.random.default_rng(TO_TUNE)
    lives = live_worlds(draw_worlds(generator, TUNING, HISTORY + PERIODS), generator, HISTORY)
    grid = itertools.product((1, 2, 3), (False, True), (0.25, 0.5, 0.75, 1.0, 1.25), (0.6, 0.7, 0.8, 0.9, 1.0, 1.1))
    rules = [AdaptiveBaseStock(rate, open_, jnp.asarray(safe), jnp.asarray(more)) for rate, open_, safe, more in grid]
    return max(rules, key=lambda rule: score_of(rule, lives).mean)


_scores = eqx.filter_jit(scores)

GENERALIST = Bench(
    name="generalist",
    about=ABOUT,
    methods=(RIVAL, LEARNED),
    instances=INSTANCES,
    usual=INSTANCES,
    quick=("prior-5", "second-prior-5"),
    run=bench_generalist,
)
