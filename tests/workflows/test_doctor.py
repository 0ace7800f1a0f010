from collections import namedtuple
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from restock.storage.facts import FactStore
from restock.storage.folder import Folder
from restock.storage.models import save_model
from restock.workflows import doctor as examined
from restock.workflows.doctor import doctor
from restock.workflows.init import init

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project in order: settings, facts, a model."""
    path = tmp_path / "shop"
    init(path)
    FactStore(Folder(path)).save({"events": pl.DataFrame({"name": ["fair"], "start": ["2026-01-01"]})})
    save_model(Folder(path), "first", {"hidden": 2}, {"w": np.ones(2, np.float32)}, {"seed": 0})
    return path


def states(project: Path | None) -> dict[str, str]:
    return {check.name: check.state for check in doctor(project).checks}


def test_a_project_in_order_is_healthy(shop: Path) -> None:
    result = doctor(shop)
    assert {check.state for check in result.checks} == {"ok"}
    assert result.exit_code == 0
    assert result.to_json()["healthy"]
    assert [check.name for check in result.checks][-3:] == ["settings", "facts", "models"]


def test_without_a_project_only_the_machine_is_looked_at() -> None:
    assert list(states(None)) == ["versions", "machine", "disk", "writing", "learning"]


def test_everything_is_said_in_both_languages(shop: Path, tmp_path: Path) -> None:
    for check in (*doctor(shop).checks, *doctor(tmp_path / "nowhere").checks):
        assert check.text.en
        assert check.text.zh
        assert bool(check.hint.en) == bool(check.hint.zh)
        assert check.state == "ok" or check.hint.en


def test_an_empty_project_is_a_warning_and_no_failure(tmp_path: Path) -> None:
    found = states(tmp_path / "new")
    assert (found["settings"], found["facts"], found["models"]) == ("warn", "warn", "warn")
    assert doctor(tmp_path / "new").exit_code == 0


def test_nothing_is_changed(tmp_path: Path) -> None:
    doctor(tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_a_wrong_setting_is_named(shop: Path) -> None:
    (shop / "restock.toml").write_text("[costs]\ncost_share = 2\n")
    result = doctor(shop)
    assert result.exit_code == 1
    assert any(check.state == "fail" and "costs.cost_share" in check.text.en for check in result.checks)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("facts/*/events.parquet", "events.parquet"),
        ("facts/*/manifest.json", "manifest.json"),
        ("models/*/weights.safetensors", "weights"),
    ],
)
def test_a_broken_file_is_found(shop: Path, file: str, name: str) -> None:
    (path,) = shop.glob(file)
    path.write_bytes(b"x" + path.read_bytes()[1:])
    result = doctor(shop)
    assert result.exit_code == 1
    assert [name in check.text.en for check in result.checks if check.state == "fail"] == [True]


@pytest.mark.parametrize(("free", "state"), [(5e9, "ok"), (5e8, "warn"), (5e7, "fail")])
def test_little_room_on_the_disk_is_told(monkeypatch, tmp_path: Path, free: float, state: str) -> None:
    monkeypatch.setattr(examined.shutil, "disk_usage", lambda path: Usage(1e12, 0, free))
    assert states(tmp_path)["disk"] == state


def test_a_folder_that_cannot_be_written_is_told(monkeypatch, tmp_path: Path) -> None:
    def refuse(dir):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(examined.tempfile, "TemporaryFile", refuse)
    assert states(tmp_path)["writing"] == "fail"


def test_a_missing_library_is_told(monkeypatch) -> None:
    def installed(name):
        if name == "optax":
            raise PackageNotFoundError(name)
        return "1.0"

    monkeypatch.setattr(examined, "version", installed)
    found = {check.name: check for check in doctor(None).checks}["versions"]
    assert (found.state, "optax" in found.text.en) == ("fail", True)


def test_a_library_that_cannot_compute_is_told(monkeypatch) -> None:
    import jax

    def broken(function):
        raise RuntimeError("no device")

    monkeypatch.setattr(jax, "jit", broken)
    found = {check.name: check for check in doctor(None).checks}["learning"]
    assert found.state == "fail"
    assert "RuntimeError: no device" in found.text.en
