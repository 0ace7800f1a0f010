import subprocess
import sys
from pathlib import Path

import pytest
import typer

import restock
from restock.cli.chinese import CHINESE
from restock.cli.main import app

COMMANDS = (
    *("demo", "run", "init", "load", "check", "profile", "forecast", "override", "train", "backtest"),
    *("plan", "explain", "export", "approve", "audit", "user", "key", "policies", "db"),
    *("serve", "schedule", "worker", "doctor", "bench"),
)
HEAVY = {"jax", "polars", "plotly", "numpy", "scipy", "pyarrow", "pydantic", "rich", "equinox", "sqlalchemy", "fastapi"}


def test_every_command_of_the_design_is_there() -> None:
    assert list(typer.main.get_command(app).commands) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_options_that_all_take(name) -> None:
    options = {option for part in typer.main.get_command(app).commands[name].params for option in part.opts}
    expected = {"--json", "--lang", "--debug"} | (set() if name == "bench" else {"--project"})
    assert expected <= options


@pytest.mark.parametrize("name", COMMANDS)
def test_every_sentence_of_the_help_exists_in_chinese(name) -> None:
    command = typer.main.get_command(app).commands[name]
    sentences = [command.help, *(part.help for part in command.params)]
    assert all(sentence in CHINESE for sentence in sentences)


def test_help_speaks_chinese(run) -> None:
    said = run("plan", "--help", "--lang", "zh")
    assert said.code == 0
    assert "现在该订什么" in said.out
    assert "策略名称" in said.out
    assert "What to order" in run("plan", "--help").out


def test_help_is_the_same_after_another_option(run) -> None:
    assert run("plan", "--help").out == run("plan", "--json", "--help").out


@pytest.mark.parametrize("arguments", [("--help",), ("plan", "--help"), ("load", "--help"), ("--version",)])
def test_help_does_not_wait_for_what_it_does_not_need(arguments) -> None:
    code = f"import sys; from restock.cli.main import main; main({arguments!r}); print({HEAVY!r} & set(sys.modules))"
    where = Path(restock.__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=where, check=True)
    assert ended.stdout.endswith("\nset()\n")


def test_no_command_shows_the_help(run) -> None:
    said = run()
    assert said.code == 0
    assert "backtest" in said.out


@pytest.mark.parametrize("module", ["restock", "restock.cli.main"])
def test_nothing_heavy_is_imported_before_a_command_needs_it(module) -> None:
    code = f"import sys, {module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    where = Path(restock.__file__).parents[1]
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=where, check=True)
    assert ended.stdout.strip() == "[]"
