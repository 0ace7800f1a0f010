"""Tune the rules, learn a policy, choose for each class of items what orders it, and keep it all as a model."""

import hashlib
import json
import time
from dataclasses import asdict, dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.ensemble import AT_ONCE, Fitting, Round, Schedule, fit, refit, start_fitting
from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig, check_seed, name_of
from restock.backtest.catalogue import Catalogue, past_of, scaling_of
from restock.backtest.replay import Window, replay
from restock.backtest.windows import Windows, split
from restock.config import Config
from restock.forecasting.features import Scaling
from restock.language import Text
from restock.policies.rules import RULES, rule
from restock.policies.together import Members, together
from restock.policies.tuning import Tuned, tune, tune_again
from restock.progress import Progress, Silent
from restock.storage.checkpoints import drop_checkpoints, load_checkpoint, save_checkpoint
from restock.storage.folder import Folder
from restock.storage.models import list_models, save_model
from restock.workflows.choice import choose
from restock.workflows.fine_tune import judge_pretrained, settings_of_fine_tuning, shop_of
from restock.workflows.lessons import problem_of, settings_of
from restock.workflows.project import Project
from restock.workflows.situation import Situation, day, understand
from restock.workflows.training import LEARNED, Trained, to_arrays, to_config


@dataclass(frozen=True)
class TrainResult:
    """What training came to."""

    model: str
    items: int
    periods: int
    rounds: tuple[Round, ...]
    validation: dict[str, float]  # profit of each policy on the validation periods
    best_rule: str
    choice: dict[str, str]  # class -> policy
    resumed: bool
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "rounds": [asdict(r) for r in self.rounds]}


def train(project: Project, *, seed: int = 0, progress: Progress | None = None, resume: bool = False) -> TrainResult:
    """Learn from the newest snapshot.

    Args:
        seed: same seed and data, same model.
        resume: go on with training that was interrupted, if it was of the same data and settings.

    Raises:
        UsageError: nothing has been loaded, or the seed is none.
        DataError: the history is too short.
        TrainingError: a loss is not a number; the last good checkpoint is kept.
    """
    began, progress = time.perf_counter(), progress or Silent()
    check_seed(seed)
    situation = understand(project)
    catalogue = situation.catalogue()
    windows = split(situation.history.shape[1], situation.history.period_days, catalogue.warm_up, project.config)
    scaling = scaling_of(catalogue, windows.train)
    groups = situation.classes(windows.train[1]).pattern
    tuned = tune_rules(project.config, catalogue, windows, scaling, groups, progress)
    validation = catalogue.window(windows.validation, scaling)
    settings = settings_of(project.config, catalogue, windows)
    lesson = Lesson(
        project.folder,
        settings,
        problem_of(catalogue, windows.train, scaling, project.config, seed),
        validation,
        _fingerprint(situation, settings, project.config, seed),
    )
    fitting, resumed = learn_networks(lesson, project.config, seed, progress, resume)
    shop = shop_of(catalogue, situation.terms.lead_kind, windows, scaling, validation)
    tuning = settings_of_fine_tuning(catalogue, windows) if project.config.train.fine_tune else None
    pretrained, fine_tuned = judge_pretrained(shop, tuning, seed, progress)
    earned = {name: t.validation for name, t in tuned.items()} | {LEARNED: _earned(fitting.best, validation)}
    earned |= pretrained
    best_rule = max(tuned, key=lambda name: float(tuned[name].validation.sum()))
    known = (windows.train[0], windows.validation[1])
    everything = problem_of(catalogue, known, scaling, project.config, seed)
    networks = settle_networks(settings, everything, fitting, seed, progress)
    trained = Trained(
        keys=tuple(situation.row_names()),
        groups=groups,
        windows=windows,
        snapshot=situation.facts.id,
        feature_names=catalogue.feature_names,
        scaling=scaling,
        settings=settings,
        networks=networks,
        rounds=fitting.rounds,
        rules=settle_rules(tuned, catalogue, windows, scaling, groups),
        choice=choose(earned, groups),
        period_days=situation.history.period_days,
        best_rule=best_rule,
        seed=seed,
        fine_tuned=fine_tuned,
        forecaster=catalogue.forecaster,
    )
    name = keep(project.folder, trained, situation)
    drop_checkpoints(project.folder)
    totals = {name: float(money.sum()) for name, money in earned.items()}
    rows, periods = situation.history.shape
    return TrainResult(
        name, rows, periods, fitting.rounds, totals, best_rule, trained.choice, resumed, time.perf_counter() - began
    )


def tune_rules(
    config: Config,
    catalogue: Catalogue,
    windows: Windows,
    scaling: Scaling,
    groups: NDArray[np.str_],
    progress: Progress,
) -> dict[str, Tuned]:
    """All classical policies that the settings name, each with its best numbers."""
    names = config.backtest.policies or tuple(r.name for r in RULES)
    rules = [rule(name) for name in names]
    codes = np.unique(groups, return_inverse=True)[1].astype(np.int32)
    past, trial = past_of(catalogue, windows.train, codes), catalogue.trial(windows, scaling)
    tuned: dict[str, Tuned] = {}
    progress.start(Text("tuning the classical rules", "调优传统策略"), len(rules))
    try:
        for number, each in enumerate(rules):
            tuned[each.name] = tune(each, past, trial, codes)
            money = float(tuned[each.name].validation.sum())
            progress.advance(number + 1, Text(f"{each.label.en}: {money:,.0f}", f"{each.label.zh}：{money:,.0f}"))
    finally:
        progress.finish()
    return tuned


def settle_rules(
    tuned: dict[str, Tuned], catalogue: Catalogue, windows: Windows, scaling: Scaling, groups: NDArray[np.str_]
) -> dict[str, Tuned]:
    """The rules with numbers from all periods before the test, now that validation has chosen how to pool them."""
    codes = np.unique(groups, return_inverse=True)[1].astype(np.int32)
    past, trial = (
        past_of(catalogue, (windows.train[0], windows.validation[1]), codes),
        catalogue.trial(windows, scaling),
    )
    return {name: tune_again(each, past, trial, codes) for name, each in tuned.items()}


def settle_networks(
    settings: AlgorithmConfig, everything: Problem, fitting: Fitting, seed: int, progress: Progress
) -> Members:
    """Networks from all periods before the test, for as many updates as validation has chosen.

    The latest periods tell most about the next ones: kept aside for validation they are lost to learning.

    Args:
        everything: training and validation periods.
    """
    updates, members = fitting.best_round.updates, jax.tree.leaves(fitting.best)[0].shape[0]
    progress.start(Text("learning from the latest periods too", "加入最近周期再次学习"), updates)
    try:
        return refit(settings, everything, members, updates, seed, lambda made: progress.advance(made))
    finally:
        progress.finish()


@dataclass(frozen=True)
class Lesson:
    """What networks learn from and are judged by."""

    folder: Folder
    settings: AlgorithmConfig
    problem: Problem
    validation: Window
    fingerprint: str  # of data and settings: a checkpoint of another is not gone on with


def learn_networks(lesson: Lesson, config: Config, seed: int, progress: Progress, resume: bool) -> tuple[Fitting, bool]:
    """Rounds of learning with a checkpoint after each."""
    fitting = start_fitting(lesson.settings, lesson.problem, config.train.seeds, seed)
    kept = _resumed(lesson, fitting) if resume else None
    schedule = Schedule(min(AT_ONCE, lesson.settings.rounds), config.train.patience, seed)

    def after_round(fitting: Fitting) -> None:
        last = fitting.rounds[-1]
        money = f"{last.ensemble:,.0f}"
        best = f"{fitting.best_round.ensemble:,.0f}"
        progress.advance(
            last.updates, Text(f"validation profit {money}, best {best}", f"验证利润 {money}，最好 {best}")
        )
        leaves = {str(i): np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves((fitting.learners, fitting.best)))}
        about = {"fingerprint": lesson.fingerprint, "rounds": [asdict(r) for r in fitting.rounds]}
        save_checkpoint(lesson.folder, len(fitting.rounds), leaves, about)

    name = name_of(lesson.settings)
    progress.start(Text(f"learning by {name}", f"用 {name} 学习"), lesson.settings.rounds)
    try:
        stretch = _judged(lesson.validation)
        return fit(lesson.settings, lesson.problem, stretch, kept or fitting, schedule, after_round), kept is not None
    finally:
        progress.finish()


def keep(folder: Folder, trained: Trained, situation: Situation) -> str:
    """Save the model under the next free number; its card says what it was made from."""
    number = len(list_models(folder)) + 1
    name = f"{number:03d}-{LEARNED}"
    windows = trained.windows
    parts = {
        part: [str(day(situation.history, p)) for p in getattr(windows, part)]
        for part in ("train", "validation", "test")
    }
    card = {
        "algorithm": trained.algorithm,
        "snapshot": trained.snapshot,
        "items": situation.history.shape[0],
        "periods": situation.history.shape[1],
        "windows": parts,
        "seed": trained.seed,
        "best_round": asdict(max(trained.rounds, key=lambda r: r.ensemble)),
        "choice": trained.choice,
        "assumptions": [{"key": a.key, "value": a.value, "text": a.text.en} for a in situation.assumptions],
    }
    save_model(folder, name, to_config(trained), to_arrays(trained), card)
    return name


def _judged(window: Window) -> Any:
    """The stretch with weight in its window only."""
    stretch = window.stretch
    counts = jnp.arange(stretch.weight.shape[1]) >= window.first
    return stretch.__class__(stretch.shop, stretch.stock, stretch.known, stretch.chance, stretch.weight * counts)


def _earned(members: Members, window: Window) -> NDArray[np.float32]:
    """Profit of their common order on each row, where demand was observed."""
    run = replay(together(members), window, LEARNED, "learned")
    return (run.profit * run.known).sum(axis=1)


def _resumed(lesson: Lesson, like: Fitting) -> Fitting | None:
    kept = load_checkpoint(lesson.folder)
    if kept is None or kept.about.get("fingerprint") != lesson.fingerprint:
        return None
    leaves, tree = jax.tree.flatten((like.learners, like.best))
    learners, best = jax.tree.unflatten(tree, [jnp.asarray(kept.arrays[str(i)]) for i in range(len(leaves))])
    rounds = tuple(Round(**{**r, "members": tuple(r["members"])}) for r in kept.about["rounds"])
    return Fitting(learners, best, rounds)


def _fingerprint(situation: Situation, settings: AlgorithmConfig, config: Config, seed: int) -> str:
    parts = [situation.facts.id, settings.model_dump(), config.model_dump(mode="json"), seed]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
