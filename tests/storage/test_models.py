import json
from pathlib import Path

import numpy as np
import pytest

from restock.errors import StorageError, UsageError
from restock.storage.folder import Folder
from restock.storage.models import list_models, load_model, save_model

ARRAYS = {"level": np.arange(6, dtype=np.float32).reshape(2, 3), "steps": np.array([3], np.int32)}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_a_model_comes_back_as_it_was(folder: Folder):
    arrays = {**ARRAYS, "turned": np.arange(6, dtype=np.float32).reshape(2, 3).T}
    save_model(folder, "first", {"hidden": 64}, arrays, {"score": 1.5, "说明": "测试"})
    model = load_model(folder, "first")
    assert (model.name, model.config, model.card) == ("first", {"hidden": 64}, {"score": 1.5, "说明": "测试"})
    assert model.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(model.arrays[name], array)
        assert model.arrays[name].dtype == array.dtype


def test_models_are_listed_by_name(folder: Folder):
    assert list_models(folder) == ()
    for name in ("b", "a"):
        save_model(folder, name, {}, ARRAYS, {})
    assert list_models(folder) == ("a", "b")


def test_a_name_is_taken_once(folder: Folder):
    save_model(folder, "first", {}, ARRAYS, {"score": 1})
    with pytest.raises(StorageError, match="never overwritten"):
        save_model(folder, "first", {}, ARRAYS, {"score": 2})
    assert load_model(folder, "first").card == {"score": 1}


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "c:d"])
def test_a_name_cannot_lead_out_of_the_folder(folder: Folder, name: str):
    with pytest.raises(UsageError, match="cannot be the name"):
        save_model(folder, name, {}, ARRAYS, {})


def test_a_model_that_is_not_there_names_those_that_are(folder: Folder):
    save_model(folder, "first", {}, ARRAYS, {})
    with pytest.raises(StorageError, match="no model `second`") as error:
        load_model(folder, "second")
    assert "first" in error.value.hint.en


def test_weights_of_other_shapes_are_refused_with_both_shapes(folder: Folder):
    save_model(folder, "first", {}, ARRAYS, {})
    with pytest.raises(StorageError, match=r"1 of 2 arrays differ \(level \(2, 3\), expected \(2, 4\)\)"):
        load_model(folder, "first", {"level": (2, 4), "steps": (1,)})
    with pytest.raises(StorageError, match="extra missing, expected"):
        load_model(folder, "first", {"level": (2, 3), "steps": (1,), "extra": (1,)})
    assert load_model(folder, "first", {"level": (2, 3), "steps": (1,)}).name == "first"


def test_changed_weights_are_found(folder: Folder):
    place = save_model(folder, "first", {}, ARRAYS, {})
    content = bytearray((place / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (place / "weights.safetensors").write_bytes(content)
    with pytest.raises(StorageError, match="has changed since it was written"):
        load_model(folder, "first")


@pytest.mark.parametrize("name", ["config.json", "card.json", "weights.safetensors"])
def test_a_missing_or_broken_file_is_named(folder: Folder, name: str):
    place = save_model(folder, "first", {}, ARRAYS, {})
    (place / name).write_bytes(b"{")
    with pytest.raises(StorageError, match=name):
        load_model(folder, "first")
    (place / name).unlink()
    with pytest.raises(StorageError, match=f"{name}` is missing"):
        load_model(folder, "first")


def test_a_model_of_another_version_is_refused(folder: Folder):
    place = save_model(folder, "first", {}, ARRAYS, {})
    written = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**written, "version": 99}))
    with pytest.raises(StorageError, match="format 99"):
        load_model(folder, "first")


def test_a_card_that_is_no_json_leaves_nothing_behind(folder: Folder):
    with pytest.raises(ValueError, match="Out of range float"):
        save_model(folder, "first", {}, ARRAYS, {"score": float("nan")})
    assert list(folder.models.iterdir()) == []
