"""Trained policies on disk: numbers as safetensors, everything else as JSON; nothing in them can run code.

models/NAME/
    config.json           what the program needs to build the policy again, and what the weights must look like
    weights.safetensors   the weights
    card.json             what a reader wants to know: data, seeds, scores
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors.numpy
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError

from restock.errors import StorageError, UsageError
from restock.language import Text
from restock.storage.folder import Folder, explained, new_directory, write_whole
from restock.storage.frames import check_hash

VERSION = 1
CONFIG, WEIGHTS, CARD = "config.json", "weights.safetensors", "card.json"
Arrays = dict[str, np.ndarray]


class Model(NamedTuple):
    """A trained policy as it was saved."""

    name: str
    config: dict[str, Any]
    arrays: Arrays
    card: dict[str, Any]


class Written(BaseModel):
    """config.json."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    weights_sha256: str
    shapes: dict[str, tuple[int, ...]]
    config: dict[str, Any]


def save_model(
    folder: Folder, name: str, config: Mapping[str, Any], arrays: Mapping[str, np.ndarray], card: Mapping[str, Any]
) -> Path:
    """Keep a trained policy under a new name.

    Args:
        folder: the project.
        name: a name that no model has yet.
        config: plain JSON, what is needed to build the policy again.
        arrays: its weights.
        card: plain JSON, for readers.

    Raises:
        StorageError: no room, no permission, or the name is taken.
        UsageError: the name cannot be a folder's name.
    """
    place = _place(folder, name)
    weights = safetensors.numpy.save({key: np.ascontiguousarray(value) for key, value in arrays.items()})
    written = Written(
        version=VERSION,
        weights_sha256=hashlib.sha256(weights).hexdigest(),
        shapes={key: tuple(value.shape) for key, value in arrays.items()},
        config=dict(config),
    )
    with new_directory(place) as temporary:
        write_whole(temporary / CONFIG, _json(written.model_dump(mode="json")))
        write_whole(temporary / WEIGHTS, weights)
        write_whole(temporary / CARD, _json(dict(card)))
    return place


def load_model(folder: Folder, name: str, shapes: Mapping[str, tuple[int, ...]] | None = None) -> Model:
    """Read a trained policy back.

    Args:
        folder: the project.
        name: of the model.
        shapes: what the program expects of the weights; none to take them as they are.

    Raises:
        StorageError: it is not there, is broken, was written by a newer version, or its weights have other shapes.
    """
    place = _place(folder, name)
    if not place.is_dir():
        known = ", ".join(list_models(folder)) or "-"
        raise StorageError(
            Text(f"there is no model `{name}` in `{folder.models}`", f"`{folder.models}` 中没有模型 `{name}`"),
            hint=Text(f"models there: {known}", f"现有模型：{known}"),
        )
    written = _config(place / CONFIG)
    check_hash(place / WEIGHTS, written.weights_sha256)
    with explained(place / WEIGHTS):
        content = (place / WEIGHTS).read_bytes()
    try:
        arrays = safetensors.numpy.load(content)
    except SafetensorError as error:
        raise _broken(place / WEIGHTS, str(error)) from None
    _check_shapes(
        name, {key: array.shape for key, array in arrays.items()}, written.shapes if shapes is None else shapes
    )
    with explained(place / CARD):
        content = (place / CARD).read_bytes()
    try:
        card = json.loads(content)
    except ValueError as error:
        raise _broken(place / CARD, str(error)) from None
    return Model(name, written.config, arrays, card)


def list_models(folder: Folder) -> tuple[str, ...]:
    """The names of the trained policies, sorted."""
    with explained(folder.models):
        found = folder.models.iterdir() if folder.models.exists() else ()
        return tuple(sorted(path.name for path in found if path.is_dir() and not path.name.startswith(".")))


def _place(folder: Folder, name: str) -> Path:
    if not name or name.startswith(".") or any(sign in name for sign in '/\\:*?"<>|\0'):
        raise UsageError(
            Text(f"`{name}` cannot be the name of a model", f"`{name}` 不能用作模型名称"),
            hint=Text(
                'letters, digits, `-` and `_` are safe; a name has no leading dot and none of / \\ : * ? " < > |',
                "请使用字母、数字、`-` 和 `_`",
            ),
        )
    return folder.models / name


def _config(path: Path) -> Written:
    with explained(path):
        content = path.read_bytes()
    try:
        version = json.loads(content)["version"]
        if version == VERSION:
            return Written.model_validate_json(content)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise _broken(path, str(error).splitlines()[0]) from None
    raise StorageError(
        Text(
            f"`{path}` has format {version}, this program knows {VERSION}",
            f"`{path}` 的格式为 {version}，本程序支持 {VERSION}",
        ),
        hint=Text(
            "train again, or use the version of restock that wrote it", "请重新训练，或使用写入它的 restock 版本"
        ),
    )


def _check_shapes(name: str, found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]]) -> None:
    keys = sorted(found.keys() | expected.keys())
    wrong = [
        f"{key} {found.get(key, 'missing')}, expected {expected.get(key, 'none')}"
        for key in keys
        if not _same(found, expected, key)
    ]
    if wrong:
        listed = "; ".join(wrong[:5])
        raise StorageError(
            Text(
                f"model `{name}` does not fit: {len(wrong)} of {len(keys)} arrays differ ({listed})",
                f"模型 `{name}` 不匹配：{len(keys)} 个数组中有 {len(wrong)} 个不同（{listed}）",
            ),
            hint=Text(
                "it was trained with other inputs or settings: train again", "它是用其他输入或设置训练的：请重新训练"
            ),
        )


def _same(found: Mapping[str, tuple[int, ...]], expected: Mapping[str, tuple[int, ...]], key: str) -> bool:
    return key in found and key in expected and tuple(found[key]) == tuple(expected[key])


def _broken(path: Path, problem: str) -> StorageError:
    return StorageError(
        Text(f"`{path}` is broken: {problem}", f"`{path}` 已损坏：{problem}"),
        hint=Text("put it back from a copy, or train again", "请从备份恢复，或重新训练"),
    )


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False).encode()
