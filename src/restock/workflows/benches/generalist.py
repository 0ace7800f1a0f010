"""The pretrained policy on worlds that it was not trained on, by how much it has seen of them and by what they are; in
one shop beside what was learned there; on lost sales whose law nobody tells; and how fast it decides."""

import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from statistics import median
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.lives import Lives
from restock.environments.lost_sales import PUBLISHED, ZIPKIN, find_instance
from restock.language import Text
from restock.policies.generalist import Team
from restock.policies.pretrained import load_generalist
from restock.simulator.remembering import Remembering, recall
from restock.simulator.types import View
from restock.simulator.worlds import Worlds
from restock.workflows.benches.one_shop import scored_items, trained_on_shop, tuned_on_shop
from restock.workflows.benches.result import Bench, Row, Task
from restock.workflows.benches.unknown_law import cost_of
from restock.workflows.benches.world_classes import DEMANDS, WAYS, rows_of
from restock.workflows.benches.world_scores import (
    PRIORS,
    Score,
    adaptive_base_stock,
    adaptive_reorder,
    evaluation_worlds,
    foresight_score,
    members_of,
    score_from,
    score_of,
)

OBSERVATIONS = (0, 1, 2, 5, 10, 20, 50)
ON_WORLDS = tuple(f"{prior}-{seen}" for prior in PRIORS for seen in OBSERVATIONS)
CLASSED, SEEN = "prior", 5  # worlds and observations whose scores are also told by class
BY_CLASS = tuple(f"class-{name}" for name in (*DEMANDS, *WAYS))
IN_SHOP = tuple(f"shop-{seen}" for seen in OBSERVATIONS)
ON_LOST_SALES = tuple(f"unknown-{instance.name}" for instance in ZIPKIN if instance.demand == "poisson")
SPEED = "decisions-per-second"
INSTANCES = (*ON_WORLDS, *BY_CLASS, *IN_SHOP, *ON_LOST_SALES, SPEED)
RIVAL, REORDER, LEARNED, FORESIGHT = "adaptive_base_stock", "adaptive_reorder", "generalist", "foresight"
MEMBERS = ("member_0", "member_1", "member_2")
TUNED, TRAINED = "tuned_on_shop", "trained_on_shop"
REPEATS, TIMES = 9, 10
ABOUT = Text("a pretrained policy on items never seen", "预训练策略在从未见过的商品上的表现")


def bench_generalist(task: Task) -> Iterator[Row]:
    """A row per instance and method.

    On worlds and in the shop the value is a score, `ratio` the multiple of the adaptive base stock's, and low to high
    the interval of the difference from it, world by world. On lost sales it is the cost per period. Then decisions per
    second.
    """
    task.progress.start(ABOUT, len(task.instances))
    classed = cache(lambda: _judged(CLASSED, SEEN, task))
    for done, name in enumerate(task.instances, 1):
        if name == SPEED:
            yield from _speed(task)
        elif name in ON_LOST_SALES:
            yield from _costs(name, task)
        elif name in BY_CLASS:
            yield from _class(name, *classed())
        elif name in IN_SHOP:
            yield from _rows(name, _scored(scored_items(int(name.rsplit("-", 1)[1])), task, _in_shop(task)))
        else:
            prior, seen = name.rsplit("-", 1)
            yield from _rows(name, _judged(prior, int(seen), task)[1])
        task.progress.advance(done, Text(name, name))


def _policies(task: Task) -> dict[str, Remembering]:
    team = load_generalist()
    policies: dict[str, Callable[[], Remembering]] = {
        RIVAL: adaptive_base_stock,
        REORDER: adaptive_reorder,
        LEARNED: lambda: team,
        **{name: partial(lambda one: one, one) for name, one in members_of(team).items()},
    }
    return {name: make() for name, make in policies.items() if name in task.methods}


def _in_shop(task: Task) -> dict[str, Remembering]:
    """With what was tuned and trained on the shop's own items."""
    there = {name: policy for name, policy in _policies(task).items() if name not in MEMBERS}
    if TUNED in task.methods:
        there[TUNED] = tuned_on_shop()
    if TRAINED in task.methods:
        there[TRAINED] = trained_on_shop(task.seeds[0])
    return there


class Judged(NamedTuple):
    """Scores of policies on the same worlds."""

    rival: Score
    scores: dict[str, Score]
    seconds: dict[str, float]


def _judged(prior: str, seen: int, task: Task) -> tuple[Worlds, Judged]:
    worlds, lives = evaluation_worlds(prior, seen)
    return worlds, _scored(lives, task, _policies(task))


def _scored(lives: Lives, task: Task, policies: dict[str, Remembering]) -> Judged:
    judges = {name: partial(score_of, policy, lives) for name, policy in policies.items()}
    if FORESIGHT in task.methods:
        judges[FORESIGHT] = partial(foresight_score, lives)
    judged = Judged(score_of(adaptive_base_stock(), lives), {}, {})
    for method, judge in judges.items():
        began = time.perf_counter()
        judged.scores[method] = judge()
        judged.seconds[method] = time.perf_counter() - began
    return judged


def _class(name: str, worlds: Worlds, judged: Judged) -> Iterator[Row]:
    """The same scores of the worlds of a class alone."""
    rows = rows_of(worlds, name.removeprefix("class-"))
    whole = {method: score for method, score in judged.scores.items() if method not in MEMBERS}
    scores = {method: score_from(score.each[rows]) for method, score in whole.items()}
    return _rows(name, Judged(score_from(judged.rival.each[rows]), scores, judged.seconds))


def _rows(name: str, judged: Judged) -> Iterator[Row]:
    for method, score in judged.scores.items():
        yield _row(name, method, score, judged.rival, judged.seconds[method])


def _row(name: str, method: str, score: Score, rival: Score, seconds: float) -> Row:
    differences = score.each - rival.each
    middle, half = differences.mean(), 1.96 * differences.std() / len(differences) ** 0.5
    return Row(
        name, method, score.mean, score.stderr, None, seconds, 1, score.mean / rival.mean,
        more_is_better=True, low=float(middle - half), high=float(middle + half),
    )  # fmt: skip


def _costs(name: str, task: Task) -> Iterator[Row]:
    instance = find_instance(name.removeprefix("unknown-"))
    for method, policy in _policies(task).items():
        began = time.perf_counter()
        cost, stderr = cost_of(policy, instance, seed=0)
        yield Row(name, method, cost, stderr, PUBLISHED[instance].optimum, time.perf_counter() - began, 1)


def _speed(task: Task) -> Iterator[Row]:
    """Decisions of one period for some thousand items, their past already read, per second of one core's work."""
    if LEARNED not in task.methods:
        return
    team, (_, lives) = load_generalist(), evaluation_worlds("prior", 50)
    shop, known = lives.stretch.shop, jax.tree.map(lambda x: x[:, 0], lives.stretch.known)
    memory = eqx.filter_jit(recall)(team, shop, lives.past, lives.seen)
    arguments = jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1), (View(shop, lives.stretch.stock, known), memory))
    _orders(team, *arguments).block_until_ready()
    began, seconds = time.perf_counter(), []
    for _ in range(REPEATS):
        start = time.process_time()
        for _ in range(TIMES):
            _orders(team, *arguments).block_until_ready()
        seconds.append((time.process_time() - start) / TIMES)
    speeds = len(lives.worth) / np.array(seconds)
    took, spread = time.perf_counter() - began, float(speeds.std() / REPEATS**0.5)
    yield Row(SPEED, LEARNED, len(lives.worth) / median(seconds), spread, None, took, 1, more_is_better=True)


@eqx.filter_jit
def _orders(team: Team, view: View, memory: jax.Array) -> jax.Array:
    return jax.vmap(lambda view, memory: team.decide(view, memory).order[0], in_axes=-1)(view, memory)


GENERALIST = Bench(
    name="generalist",
    about=ABOUT,
    methods=(RIVAL, REORDER, LEARNED, *MEMBERS, TUNED, TRAINED, FORESIGHT),
    instances=INSTANCES,
    usual=INSTANCES,
    quick=("prior-5", "second-prior-5", SPEED),
    quick_methods=(RIVAL, LEARNED),
    run=bench_generalist,
)
