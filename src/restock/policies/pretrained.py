"""The generalist that comes with the package: weights, and a card that says how they were made."""

import json
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from restock.policies.generalist import Generalist, Team
from restock.policies.network import Layer

WEIGHTS, CARD = "generalist.safetensors", "generalist.json"
PARTS = ("weight", "bias")  # of a layer


@cache
def load_generalist() -> Team:
    """The policy for items that nothing was trained on."""
    place = files("restock.policies") / "weights"
    return from_bytes((place / WEIGHTS).read_bytes())


def generalist_card() -> dict[str, Any]:
    """How it was made: settings, seeds, worlds, scores, limits."""
    return json.loads((files("restock.policies") / "weights" / CARD).read_text(encoding="utf-8"))


def save_generalist(folder: Path, team: Team, card: dict[str, Any]) -> None:
    """Write weights (half precision) and card."""
    arrays = {
        f"{layer.name}.{part}": np.asarray(getattr(getattr(team.members, layer.name), part), np.float16)
        for layer in fields(Generalist)
        for part in PARTS
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS).write_bytes(safetensors.numpy.save(arrays))
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def from_bytes(content: bytes) -> Team:
    """A team from its weights."""
    arrays = safetensors.numpy.load(content)

    def layer(name: str) -> Layer:
        return Layer(*(jax.device_put(arrays[f"{name}.{part}"].astype(np.float32)) for part in PARTS))

    return Team(Generalist(**{field.name: layer(field.name) for field in fields(Generalist)}))


def team_of(members: Sequence[Generalist]) -> Team:
    """Several as one."""
    return Team(jax.tree.map(lambda *leaves: jnp.stack(leaves), *members))
