"""What `import restock` promises."""

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

import restock
from restock.config import Config
from restock.errors import ConfigError, UsageError
from restock.workflows.project import Project

METHODS = {
    "load": ["files", "options"],
    "profile": [],
    "forecast": ["periods", "method", "windows", "report", "seed", "progress"],
    "train": ["seed", "progress", "resume"],
    "backtest": ["model", "progress"],
    "plan": ["policy", "model"],
    "explain": ["item", "site"],
    "export": ["run", "form", "path"],
}


def test_restock_exports_open_and_its_version():
    assert dir(restock) == restock.__all__ == ["__version__", "open"]
    assert restock.__version__.count(".") == 2
    with pytest.raises(AttributeError, match="`restock` has no attribute `train`"):
        restock.train  # noqa: B018  # pyright: ignore


def test_importing_restock_imports_nothing_heavy():
    code = "import restock, sys; print(sorted({'jax', 'polars', 'equinox', 'plotly', 'pydantic'} & set(sys.modules)))"
    source = Path(restock.__file__).parents[1]
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=source)
    assert shown.stdout.strip() == "[]"


def test_open_gives_a_project_with_its_settings(tmp_path):
    (tmp_path / "restock.toml").write_text('[shop]\nname = "tea"\nperiod = "day"\n', encoding="utf-8")
    project = restock.open(tmp_path)
    assert isinstance(project, Project)
    assert (project.path, project.config.shop.name, project.config.shop.period) == (tmp_path, "tea", "day")
    assert restock.open(str(tmp_path)) == project


def test_a_folder_that_does_not_exist_yet_is_a_project_with_all_defaults(tmp_path):
    assert restock.open(tmp_path / "new").config == Config()
    assert not (tmp_path / "new").exists()


def test_a_file_is_not_a_project(tmp_path):
    file = tmp_path / "sales.csv"
    file.write_text("a,b\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is a file, not a project folder") as error:
        restock.open(file)
    assert "restock run" in error.value.hint.en


@pytest.mark.parametrize(
    ("toml", "message"),
    [("[shop\n", "not valid TOML"), ('[shop]\nperiod = "month"\nunknown = 1\n', "2 wrong settings")],
)
def test_wrong_settings_are_named_when_the_project_is_opened(tmp_path, toml, message):
    (tmp_path / "restock.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError, match=message):
        restock.open(tmp_path)


@pytest.mark.parametrize(
    ("toml", "near"),
    [
        ('[train]\nalgoritm = "pathwise"\n', "`algorithm`"),
        ('[train]\nalgorithm = "pathwize"\n', "`pathwise`"),
        ("[trian]\nseeds = 4\n", "`train`"),
        ("[train]\nupdates = 0\n", "`[train] updates`"),
    ],
)
def test_the_names_nearest_to_a_wrong_setting_are_offered(tmp_path, toml, near):
    (tmp_path / "restock.toml").write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        restock.open(tmp_path)
    assert near in error.value.hint.en
    assert near in error.value.hint.zh


@pytest.mark.parametrize("name", METHODS)
def test_a_project_does_what_the_commands_do_and_says_of_what_types(name):
    method = getattr(Project, name)
    signature = inspect.signature(method)
    assert list(signature.parameters)[1:] == METHODS[name]
    assert signature.return_annotation not in (inspect.Signature.empty, None)
    assert all(p.annotation is not inspect.Parameter.empty for p in list(signature.parameters.values())[1:])
    assert method.__doc__


def test_every_documented_method_is_listed_here():
    public = {name for name, value in vars(Project).items() if inspect.isfunction(value) and not name.startswith("_")}
    assert public == set(METHODS)


def test_open_has_type_hints():
    hints = typing.get_type_hints(restock.open)
    assert hints["return"] is Project
    assert hints["path"] == Path | str
