"""Where interrupted training goes on: one file per round, the newest is kept."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError, safe_open

from restock.storage.folder import Folder, explained, write_whole

PLACE = ".training"


class Checkpoint(NamedTuple):
    """Numbers and what they belong to."""

    arrays: dict[str, np.ndarray]
    about: dict[str, Any]


def save_checkpoint(folder: Folder, number: int, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
    """Write the checkpoint of a round, then drop the older ones: at every moment one of them is whole."""
    place = folder.models / PLACE
    older = list(place.glob("*.safetensors")) if place.exists() else []
    content = safetensors.numpy.save(
        {k: np.ascontiguousarray(v) for k, v in arrays.items()}, {"about": json.dumps(dict(about))}
    )
    path = place / f"{number:05d}.safetensors"
    with explained(path):
        if path in older:
            path.unlink()
        write_whole(path, content)
        for old in older:
            if old != path:
                old.unlink(missing_ok=True)


def load_checkpoint(folder: Folder) -> Checkpoint | None:
    """The newest checkpoint, None if there is none that can be read."""
    place = folder.models / PLACE
    for path in sorted(place.glob("*.safetensors"), reverse=True) if place.exists() else ():
        try:
            with safe_open(path, framework="numpy") as file:
                about = json.loads(file.metadata()["about"])
                return Checkpoint({key: file.get_tensor(key) for key in list(file.keys())}, about)
        except (SafetensorError, KeyError, TypeError, ValueError):
            continue
    return None


def drop_checkpoints(folder: Folder) -> None:
    """Training has ended: nothing is left to go on with."""
    place = folder.models / PLACE
    if place.exists():
        with explained(place):
            for path in place.iterdir():
                path.unlink()
            place.rmdir()
