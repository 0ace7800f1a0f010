"""The shell is tested with made-up workflows: what they compute is tested elsewhere."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

import restock.workflows
from restock.cli.main import main


class Spoken(NamedTuple):
    """What a call of the command said."""

    code: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def quiet_place(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("RESTOCK_LANG", "RESTOCK_DEBUG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Spoken]:
    def call(*arguments: str) -> Spoken:
        code = main(arguments)
        return Spoken(code, *capsys.readouterr())

    return call


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a made-up module into `restock.workflows`, or anywhere else under its full name."""

    def install(name: str, **content: Any) -> None:
        full = name if "." in name else f"restock.workflows.{name}"
        module = ModuleType(full)
        for key, value in content.items():
            setattr(module, key, value)
        monkeypatch.setitem(sys.modules, full, module)
        if full.startswith("restock.workflows."):
            monkeypatch.setattr(restock.workflows, name, module, raising=False)

    return install
