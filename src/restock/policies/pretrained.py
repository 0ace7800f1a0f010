"""The generalist that comes with the package: weights, and a card that says how they were made."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import safetensors.numpy

from restock.policies.generalist import Generalist, Team

WEIGHTS, CARD = "generalist.safetensors", "generalist.json"


@cache
def load_generalist() -> Team:
    """The policy for items that nothing was trained on."""
    place = files("restock.policies") / "weights"
    return from_bytes((place / WEIGHTS).read_bytes(), generalist_card())


def generalist_card() -> dict[str, Any]:
    """How it was made: settings, seeds, worlds, scores, limits."""
    return json.loads((files("restock.policies") / "weights" / CARD).read_text(encoding="utf-8"))


def save_generalist(folder: Path, team: Team, card: dict[str, Any]) -> None:
    """Write weights (half precision) and card."""
    names, leaves = _named(team)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {name: np.asarray(leaf, np.float16) for name, leaf in zip(names, leaves, strict=True)}
    (folder / WEIGHTS).write_bytes(safetensors.numpy.save(arrays))
    (folder / CARD).write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def from_bytes(content: bytes, card: dict[str, Any]) -> Team:
    """A team from its weights and the sizes on its card."""
    arrays, size = safetensors.numpy.load(content), card["size"]

    def make(key: jax.Array) -> Generalist:
        return Generalist(size["longest"], size["hidden"], size["state"], key)

    keys = jax.ShapeDtypeStruct((size["members"], 2), jnp.uint32)
    empty = Team(eqx.filter_eval_shape(lambda keys: eqx.filter_vmap(make)(jax.random.wrap_key_data(keys)), keys))
    names, leaves = _named(empty)
    filled = [
        jnp.asarray(arrays[name].astype(np.float32)).reshape(leaf.shape)
        for name, leaf in zip(names, leaves, strict=True)
    ]
    return jax.tree.unflatten(jax.tree.structure(empty), filled)


def team_of(members: list[Generalist]) -> Team:
    """Several as one."""
    return Team(jax.tree.map(lambda *leaves: jnp.stack(leaves), *members))


def _named(team: Team) -> tuple[list[str], list[Any]]:
    pairs = jax.tree_util.tree_leaves_with_path(team)
    return [jax.tree_util.keystr(path, simple=True, separator=".") for path, _ in pairs], [leaf for _, leaf in pairs]
