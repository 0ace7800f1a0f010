"""What stands around the code, and what `import restock` may cost."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import restock

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()


def name_of(requirement: str) -> str:
    return re.match(r"[\w.-]+", requirement)[0].lower().replace("_", "-")


def test_the_version_is_the_one_that_is_released() -> None:
    assert restock.__version__ == PROJECT["project"]["version"]


def test_every_line_of_the_constraints_is_a_pin_and_nothing_else() -> None:
    wrong = [line for line in PINS if not re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*( ; .+)?", line)]
    assert not wrong


def test_every_dependency_is_pinned() -> None:
    wanted = [
        *PROJECT["project"]["dependencies"],
        *(one for extra in PROJECT["project"]["optional-dependencies"].values() for one in extra),
        *(one for group in PROJECT["dependency-groups"].values() for one in group),
    ]
    pinned = {name_of(line) for line in PINS}
    assert {name_of(one) for one in wanted} <= pinned


def test_every_layer_is_held_by_the_import_contract() -> None:
    (contract,) = PROJECT["tool"]["importlinter"]["contracts"]
    held = set(re.findall(r"restock\.(\w+)", " ".join(contract["layers"])))
    there = {path.stem for path in (ROOT / "src" / "restock").iterdir() if path.suffix == ".py" or path.is_dir()}
    assert there - {"__init__", "__pycache__"} == held


@pytest.mark.parametrize("script", [".ci/run", ".ci/make-venv"])
def test_scripts_can_be_run_and_are_bash(script) -> None:
    path = ROOT / script
    assert os.access(path, os.X_OK)
    assert path.read_text().startswith("#!/usr/bin/env bash\n")
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", path], check=True)


def test_every_target_of_the_makefile_explains_itself_and_can_be_planned() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("venv", "demo", "test", "check", "bench", "lock", "clean"):
        assert f"make {target} " in shown
        subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, check=True)


def test_the_licence_is_apache_in_full() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_changelog_has_an_unreleased_part() -> None:
    assert "\n## [Unreleased]\n" in (ROOT / "CHANGELOG.md").read_text()


def test_files_that_contributing_names_are_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([\w./-]+)\)", text):
        assert (ROOT / link).exists(), link


def test_types_are_shipped() -> None:
    assert (Path(restock.__file__).parent / "py.typed").exists()


def test_only_what_is_public_is_public() -> None:
    assert dir(restock) == ["__version__", "open"]
    with pytest.raises(AttributeError, match="no attribute `close`"):
        restock.close  # noqa: B018


def test_importing_restock_imports_nothing_else_but_the_standard_library() -> None:
    names = "{name.split('.')[0] for name in sys.modules}"
    code = f"import sys; import restock; print(*sorted({names} - sys.stdlib_module_names))"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", code], cwd=ROOT / "src", capture_output=True, text=True, check=True
    )
    assert ended.stdout.split() == ["__main__", "restock"]
