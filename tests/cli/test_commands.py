import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from made_up_record import Record


@dataclass(frozen=True)
class ReadOptions:
    mapping: Any = None
    table: str | None = None
    on_error: str = "quarantine"
    max_bad_share: float = 0.2
    day_first: bool | None = None
    as_of: date | None = None


@pytest.fixture
def asked(fake) -> dict[str, Any]:
    """What the workflows were asked for, by name."""
    calls: dict[str, Any] = {}

    def asks(name, *first):
        def workflow(*given, **named):
            named.pop("progress", None)
            calls[name] = ((*first, *given), named)
            return Record({"name": name})

        return workflow

    def open_project(path):
        names = ("load", "profile", "train", "backtest", "plan", "explain", "export")
        return SimpleNamespace(**{name: asks(name, f"project at {path}") for name in names})

    fake("restock.intake.tables", ReadOptions=ReadOptions)
    fake("project", open_project=open_project)
    fake("load", check=asks("check"))
    fake("run", run=asks("run"), demo=asks("demo"))
    fake("bench", bench=asks("bench"))
    return calls


HERE = "project at ."


@pytest.mark.parametrize(
    ("line", "given", "named"),
    [
        ("profile", (HERE,), {}),
        ("train", (HERE,), {"seed": 0, "resume": False}),
        ("train --project x --seed 3 --resume", ("project at x",), {"seed": 3, "resume": True}),
        ("backtest", (HERE, None), {}),
        ("backtest --model m1", (HERE, "m1"), {}),
        ("plan", (HERE, None), {"model": None}),
        ("plan --policy base_stock --model m1", (HERE, "base_stock"), {"model": "m1"}),
        ("explain B-1 --site SH", (HERE, "B-1", "SH"), {}),
        ("export", (HERE, None), {"form": "csv", "path": None}),
        (
            "export --run r1 --format xlsx --out a.xlsx",
            (HERE, "r1"),
            {"form": "xlsx", "path": Path("a.xlsx")},
        ),
        ("demo", ("real", Path("demo")), {"seed": 0}),
        ("demo --sample synthetic --project d", ("synthetic", Path("d")), {"seed": 0}),
        ("bench lost-sales", ("lost-sales",), {"methods": None, "instances": None, "seeds": None, "quick": False}),
        (
            "bench lost-sales --methods a,b, --instances x --seeds 5 --quick",
            ("lost-sales",),
            {"methods": ("a", "b"), "instances": ("x",), "seeds": "5", "quick": True},
        ),
    ],
)
def test_a_command_asks_its_workflow_for_what_was_said(run, asked, line, given, named) -> None:
    name = line.split()[0]
    said = run(*line.split(), "--json")
    assert json.loads(said.out) == {"name": name}
    assert asked[name] == (given, named)


@pytest.mark.parametrize("name", ["load", "check", "run"])
def test_files_are_read_as_told(run, asked, name, tmp_path) -> None:
    (tmp_path / "sales.csv").touch()
    said = run(
        *(
            name,
            "sales.csv",
            "--map",
            "quantity=Units sold",
            "--map",
            "item = SKU=no",
            "--map",
            "site=",
            "--table",
            "sales",
        ),
        *("--month-first", "--as-of", "2026-11-01", "--on-error", "stop", "--max-bad-share", "0.5"),
    )
    assert said.code == 0, said.err
    given, named = asked[name]
    options = named["options"] if name == "run" else given[-1]
    mapping = {"quantity": "Units sold", "item": "SKU=no", "site": None}
    assert options == ReadOptions(mapping, "sales", "stop", 0.5, False, date(2026, 11, 1))
    assert [Path("sales.csv")] in given


def test_what_was_not_said_is_left_to_the_reader(run, asked, tmp_path) -> None:
    (tmp_path / "sales.csv").touch()
    run("load", "sales.csv")
    assert asked["load"] == ((HERE, [Path("sales.csv")], ReadOptions()), {})


@pytest.mark.parametrize("name", ["load", "check", "run"])
def test_a_file_that_is_not_there_is_told_before_anything_starts(run, asked, name, tmp_path) -> None:
    (tmp_path / "a.csv").touch()
    said = run(name, "a.csv", "b.csv")
    assert said.code == 2
    assert said.err.startswith("error: 1 of 2 files cannot be found: `b.csv`\n")
    assert not asked


@pytest.mark.parametrize("wrong", ["quantity", "=Units", " = "])
def test_a_map_without_column_or_header_is_wrong_use(run, asked, wrong, tmp_path) -> None:
    (tmp_path / "a.csv").touch()
    said = run("load", "a.csv", "--map", wrong)
    assert said.code == 2
    assert f"`--map {wrong}`" in said.err


def test_doctor_looks_at_a_project_only_where_there_is_one(run, fake, tmp_path) -> None:
    seen = []

    def examine(project):
        seen.append(project)
        return Record()

    fake("doctor", doctor=examine)
    run("doctor")
    run("doctor", "--project", "x")
    (tmp_path / "restock.toml").touch()
    run("doctor")
    assert seen == [None, Path("x"), Path()]
