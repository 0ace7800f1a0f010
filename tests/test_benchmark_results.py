"""What `benchmarks/run.py` keeps when a bench is measured in parts."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from restock.workflows.benches.result import BenchResult, Row

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_run", ROOT / "benchmarks" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def result(*cells: tuple[str, str, float]) -> BenchResult:
    return BenchResult("x", tuple(Row(i, m, value, 0.0, 10.0, 1.0, 1) for i, m, value in cells), {"cores": 2}, 3.0)


def test_rows_measured_again_replace_the_old_ones_and_each_names_its_run(script):
    first = script.merge({}, result(("a", "m", 11.0), ("b", "m", 12.0)), script.Run("one", "c1", {}, 1.0))
    second = script.merge(first, result(("b", "m", 10.5), ("b", "n", 10.0)), script.Run("two", "c2", {}, 2.0))
    read = json.loads(json.dumps(second))
    told = [(row["instance"], row["method"], row["value"], read["runs"][row["run"]]["command"]) for row in read["rows"]]
    assert told == [("a", "m", 11.0, "one"), ("b", "m", 10.5, "two"), ("b", "n", 10.0, "two")]
    assert read["summary"]["m"]["mean_gap_percent"] == pytest.approx(7.5)


def test_a_run_of_which_nothing_is_left_is_forgotten(script):
    first = script.merge({}, result(("a", "m", 11.0)), script.Run("one", "c1", {}, 1.0))
    second = script.merge(first, result(("a", "m", 10.0)), script.Run("two", "c2", {}, 2.0))
    assert [run["command"] for run in second["runs"]] == ["two"]
    assert second["rows"][0]["run"] == 0
