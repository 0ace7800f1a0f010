"""Our model-free algorithms against those of Stable-Baselines3 and decisionrl: the same time, cores and prices.

Each training has a core of its own, and what counts are the seconds that it works there: on an idle machine those of
the clock, and the same on a busy one. Ours pays for its compilation. A rival gets `SECONDS`, or as long as our own
training of that seed took where that was longer.
"""

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from statistics import fmean, median, stdev
from typing import Any

import jax

from restock.algorithms.training import train_checked
from restock.environments.exact.simulation import Cost
from restock.errors import UsageError
from restock.language import Text
from restock.workflows.benches.borrowed import Trained
from restock.workflows.benches.comparison import mean_of_seeds
from restock.workflows.benches.learning_problem import TRAINING
from restock.workflows.benches.result import Bench, Row, Task
from restock.workflows.benches.rivals_contests import ALGORITHMS, INSTANCES, NONSTATIONARY, Contest, find_contest

SECONDS = 10.0
WARM_UP = 0.5  # of a rival's training that is thrown away
STRETCHES = 10  # of our training, each ends with a policy that is kept
WITHIN = 5.0  # percent of the best known value: the cost whose time is taken
DECISIONRL = "decisionrl_ppo"
PACKAGES = {"stable_baselines3": "sb3_", "decisionrl": "decisionrl_"}  # modules, and how their methods begin
METHODS = (*(name for one in ALGORITHMS for name in (one, f"sb3_{one}", f"sb3_{one}_tuned")), DECISIONRL)


@dataclass(frozen=True)
class Match:
    """What one core does: the trainings of one algorithm on one instance, ours and the rivals'."""

    instance: str
    algorithm: str
    methods: tuple[str, ...]
    seeds: range


@dataclass(frozen=True)
class Outcome:
    """One training."""

    cost: Cost
    seconds: float
    steps: int
    reached: float | None  # seconds until the cost was within `WITHIN`; None: never


def run(task: Task) -> Iterator[Row]:
    """A row per instance and method."""
    refuse_without(task.methods)
    matches = [
        Match(instance, algorithm, methods, task.seeds)
        for instance in task.instances
        for algorithm in ALGORITHMS
        if (methods := tuple(m for m in task.methods if algorithm_of(m) == algorithm and _fits(instance, m)))
    ]
    task.progress.start(Text("rivals", "对手"), sum(len(match.methods) for match in matches))
    done, cores = 0, _cores()
    context = multiprocessing.get_context("spawn")
    turn = context.Value("i", 0)
    with ProcessPoolExecutor(len(cores), context, initializer=_take_core, initargs=(turn, cores)) as pool:
        try:
            for match, played in [(match, pool.submit(play, match)) for match in matches]:
                for method, outcomes in played.result().items():
                    row = _row(find_contest(match.instance, match.algorithm), method, outcomes)
                    done += 1
                    note = f"{row.instance} {method} {row.gap_percent:+.2f} %"
                    task.progress.advance(done, Text(note, note))
                    yield row
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def algorithm_of(method: str) -> str:
    """Such as `ppo` of `sb3_ppo_tuned`."""
    return method.removeprefix("sb3_").removeprefix("decisionrl_").removesuffix("_tuned")


def _fits(instance: str, method: str) -> bool:
    return method != DECISIONRL or instance in NONSTATIONARY


def play(match: Match, least: float = SECONDS) -> dict[str, list[Outcome]]:
    """All trainings, ours first: by method, one per seed.

    Args:
        match: what to do.
        least: seconds that a rival gets at least.
    """
    contest, seconds = find_contest(match.instance, match.algorithm), least
    outcomes: dict[str, list[Outcome]] = {}
    for method in match.methods:
        if method == match.algorithm:
            trained = train_ours(contest, match.seeds)
            seconds = max(least, trained[0].seconds)
        else:
            module = "rivals_decisionrl" if method == DECISIONRL else "rivals_sb3"
            rival: Any = import_module(f"{__package__}.{module}")
            tuned = method.endswith("_tuned")
            rival.train(contest, 0, WARM_UP, tuned)  # what is done once in a process does not count
            trained = [rival.train(contest, seed, seconds, tuned) for seed in match.seeds]
        outcomes[method] = [judge(contest, one) for one in trained]
    return outcomes


def train_ours(contest: Contest, seeds: Sequence[int]) -> list[Trained]:
    """Our algorithm; what the first training takes longer than the others is compilation, and is added to all."""
    jax.clear_caches()
    trained = [_train_ours(contest, seed) for seed in seeds]
    compiling = max(trained[0].seconds - min(one.seconds for one in trained), 0.0)
    return [trained[0], *(_later(one, compiling) for one in trained[1:])]


def _train_ours(contest: Contest, seed: int) -> Trained:
    recipe, course = contest.recipe, list[tuple[float, Any]]()
    began = time.process_time()

    def keep(done: int, policy: Any, curve: Any) -> None:
        course.append((time.process_time() - began, jax.block_until_ready(policy)))

    at_once = max(recipe.rounds // STRETCHES, 1)
    train_checked(recipe, contest.problem(seed), jax.random.key(TRAINING + seed), keep, at_once)
    return Trained(course[-1][0], recipe.environment_steps, tuple(course))


def _later(trained: Trained, seconds: float) -> Trained:
    course = tuple((at + seconds, policy) for at, policy in trained.course)
    return Trained(trained.seconds + seconds, trained.steps, course)


def judge(contest: Contest, trained: Trained) -> Outcome:
    """Price what was learned, and find when it first came close."""
    reached = next((at for at, policy in trained.course if contest.gap(contest.glance(policy)) <= WITHIN), None)
    return Outcome(contest.price(trained.course[-1][1]), trained.seconds, trained.steps, reached)


def _row(contest: Contest, method: str, outcomes: Sequence[Outcome]) -> Row:
    value = mean_of_seeds([outcome.cost for outcome in outcomes])
    times = [outcome.reached for outcome in outcomes if outcome.reached is not None]
    return Row(
        contest.instance,
        method,
        value.value,
        value.stderr,
        contest.best_known,
        median(outcome.seconds for outcome in outcomes),
        len(outcomes),
        more_is_better=contest.more_is_better,
        steps=round(median(outcome.steps for outcome in outcomes)),
        seed_spread=stdev(outcome.cost.value for outcome in outcomes) if len(outcomes) > 1 else None,
        steps_per_second=fmean(outcome.steps / outcome.seconds for outcome in outcomes),
        seconds_to_reach=median(times) if times else None,
        seeds_that_reached=len(times),
    )


def refuse_without(methods: Sequence[str]) -> None:
    """Raises: UsageError: a method needs a package that is not installed."""
    for module, prefix in PACKAGES.items():
        needing = [method for method in methods if method.startswith(prefix)]
        if needing and find_spec(module) is None:
            raise UsageError(
                Text(
                    f"{len(needing)} of {len(methods)} methods (`{needing[0]}`, ...) need the package `{module}`,"
                    " which is not installed",
                    f"{len(methods)} 个方法中有 {len(needing)} 个（如 `{needing[0]}`）"
                    f"需要软件包 `{module}`，但尚未安装",
                ),
                hint=Text(
                    "run `pip install 'restock[bench]'`, or choose others: `--methods dqn,a2c,ppo,ddpg,td3`",
                    "请运行 `pip install 'restock[bench]'`，或选择其他方法：`--methods dqn,a2c,ppo,ddpg,td3`",
                ),
            )


def _cores() -> list[int]:
    """Those that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def _take_core(turn: Any, cores: list[int]) -> None:
    """Keep this process to a core of its own, before anything in it starts threads."""
    with turn.get_lock():
        place, turn.value = turn.value, turn.value + 1
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cores[place % len(cores)]})


RIVALS = Bench(
    name="rivals",
    about=Text(
        "our model-free algorithms against Stable-Baselines3 and decisionrl, at equal time",
        "我们的无模型算法与 Stable-Baselines3、decisionrl 在相同时间内的比较",
    ),
    methods=METHODS,
    instances=INSTANCES,
    usual=INSTANCES,
    quick=("poisson-p4-L4",),
    quick_methods=("ppo", "sb3_ppo"),
    run=run,
)
