"""Make the pretrained policy: several trainings, each of which can stop and go on."""

import json
import time
from pathlib import Path

import equinox as eqx

from restock.algorithms.generalist import GeneralistConfig, Learner, begin, train_generalist
from restock.errors import UsageError
from restock.language import Text
from restock.policies.generalist import Generalist, Team
from restock.policies.pretrained import team_of
from restock.progress import Progress, Silent
from restock.simulator.worlds import TAUGHT, Prior

EVERY = 250  # updates between two times that a training is put down
ABOUT = Text("training on worlds that never were", "在虚构世界上训练")


def pretrain(
    folder: Path,
    config: GeneralistConfig,
    seeds: tuple[int, ...],
    priors: tuple[Prior, ...] = TAUGHT,
    progress: Progress | None = None,
) -> Team:
    """One member per seed. What is in the folder goes on where it stopped; the result is the same.

    Args:
        folder: for what has been trained so far.
        config: of each.
        seeds: of weights and worlds.
        priors: of the worlds.
        progress: told updates over all members, and scores.

    Raises:
        UsageError: the folder holds trainings with other settings.
    """
    progress = progress or Silent()
    progress.start(ABOUT, config.updates * len(seeds))
    try:
        return team_of([_member(folder, config, seed, priors, _Part(progress, n)) for n, seed in enumerate(seeds)])
    finally:
        progress.finish()


class _Part:
    """Progress of one member."""

    def __init__(self, progress: Progress, before: int) -> None:
        self.progress, self.before, self.began = progress, before, time.perf_counter()

    def tell(self, seed: int, done: int, updates: int, score: float) -> None:
        seconds = time.perf_counter() - self.began
        note = f"seed {seed}: {done}, score {score:.4f}, {seconds:.0f} s"
        self.progress.advance(
            self.before * updates + done, Text(note, f"种子 {seed}：{done}，得分 {score:.4f}，{seconds:.0f} 秒")
        )


def _member(folder: Path, config: GeneralistConfig, seed: int, priors: tuple[Prior, ...], part: _Part) -> Generalist:
    folder.mkdir(parents=True, exist_ok=True)
    file, scores = folder / f"seed-{seed}.train", []

    def after(done: int, learner: Learner, score: float) -> None:
        scores.append(score)
        if done % EVERY == 0 or done >= config.updates:
            put_down(file, config, done, learner)
            part.tell(seed, done, config.updates, sum(scores) / len(scores))
            scores.clear()

    resume = pick_up(file, config, seed) if file.exists() else None
    return train_generalist(config, seed, priors, after, resume)


def put_down(file: Path, config: GeneralistConfig, done: int, learner: Learner) -> None:
    """Keep a training whole or not at all."""
    part = file.with_suffix(".part")
    with part.open("wb") as stream:
        stream.write((json.dumps({"done": done, **config.model_dump()}) + "\n").encode())
        eqx.tree_serialise_leaves(stream, learner)
    part.replace(file)


def pick_up(file: Path, config: GeneralistConfig, seed: int) -> tuple[int, Learner]:
    """Where a training stopped.

    Raises:
        UsageError: it has other settings.
    """
    with file.open("rb") as stream:
        kept = json.loads(stream.readline())
        done, there = kept.pop("done"), config.model_dump()
        if kept != there:
            changed = ", ".join(
                f"`{key}` {kept.get(key)} -> {value}" for key, value in there.items() if kept.get(key) != value
            )
            raise UsageError(
                Text(f"`{file}` is a training with other settings: {changed}", f"`{file}` 使用了不同的设置：{changed}"),
                hint=Text("choose another folder, or remove this file", "请换一个文件夹，或删除该文件"),
            )
        return done, eqx.tree_deserialise_leaves(stream, begin(config, seed))
