"""Trials that are kept in a folder, so that a comparison can be measured in pieces: by method and by seed."""

import os
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from restock.forecasting.scores import Scores

FOLDER = "RESTOCK_SCORES"
PARTS = ("scores", "alone", "last")
NAMES = tuple(field.name for field in fields(Scores) if field.name != "method")


@dataclass(frozen=True)
class Trial:
    """What one method came to with one seed, series by series."""

    scores: Scores  # of all windows
    alone: Scores  # the same if the periods of a lead time were drawn each on its own
    last: Scores  # of the window that nothing was chosen by
    seconds: float


def keep_trial(place: str, method: str, seed: int, trial: Trial) -> None:
    """Write it, if the environment names a folder. place: the data set, and how much of it"""
    if FOLDER in os.environ:
        arrays = {f"{part}.{name}": getattr(getattr(trial, part), name) for part in PARTS for name in NAMES}
        _folder().mkdir(parents=True, exist_ok=True)
        file = _folder() / f"{place}.{method}.{seed}.npz"
        np.savez(file, allow_pickle=False, seconds=np.asarray(trial.seconds), **arrays)


def kept_trials(place: str, method: str) -> dict[int, Trial]:
    """Those that were kept before, by seed."""
    if FOLDER not in os.environ:
        return {}
    found = {int(file.suffixes[-2][1:]): file for file in _folder().glob(f"{place}.{method}.*.npz")}
    return {seed: _read(found[seed], method) for seed in sorted(found)}


def _read(file: Path, method: str) -> Trial:
    with np.load(file) as kept:
        parts = {part: Scores(method, **{name: kept[f"{part}.{name}"] for name in NAMES}) for part in PARTS}
        return Trial(**parts, seconds=float(kept["seconds"]))


def _folder() -> Path:
    return Path(os.environ[FOLDER])
