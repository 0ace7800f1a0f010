"""Scores per series, kept in a folder, so that a comparison can be measured in pieces: ours first, rivals later."""

import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

import numpy as np

from restock.forecasting.scores import Scores

FOLDER = "RESTOCK_SCORES"


def keep_scores(instance: str, scores: Scores) -> None:
    """Write them, if the environment names a folder."""
    if FOLDER in os.environ:
        arrays = {field.name: getattr(scores, field.name) for field in fields(Scores) if field.name != "method"}
        Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)
        np.savez(_file(instance, scores.method), **arrays)


def kept_scores(instance: str, methods: Sequence[str]) -> dict[str, Scores]:
    """Those that were kept before, by method."""
    if FOLDER not in os.environ:
        return {}
    there = [method for method in methods if _file(instance, method).is_file()]
    return {method: Scores(method, **np.load(_file(instance, method))) for method in there}


def _file(instance: str, method: str) -> Path:
    return Path(os.environ[FOLDER]) / f"{instance}.{method}.npz"
