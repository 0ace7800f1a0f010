"""The tables of the documentation are what the kept results say, and nothing that somebody typed."""

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
PAGES = (
    "benchmarks.md",
    "concepts/forecasting.md",
    "concepts/generalist.md",
    *(
        f"algorithms/{name}.md"
        for name in ("choosing", "pathwise", "dqn", "policy_gradient", "ddpg", "rollout", "shac")
    ),
)


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    return importlib.import_module("tables")


@pytest.fixture
def parts(tables: ModuleType) -> ModuleType:
    return importlib.import_module("table_parts")


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_page_are_what_the_results_say(tables, page):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert text == tables.filled(page, text), "run `python benchmarks/tables.py`"
    assert set(PAGES) == set(tables.PAGES)


def test_a_figure_that_somebody_typed_is_put_right(tables):
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    typed = text.replace("| poisson-p4-L1 | 4.0407 |", "| poisson-p4-L1 | 4.0000 |")
    assert typed != text
    assert tables.filled("benchmarks.md", typed) == text


def test_a_lost_mark_is_named(tables):
    with pytest.raises(ValueError, match="<!-- td3 -->"):
        tables.filled("algorithms/ddpg.md", "no marks")


def test_rows_measured_later_appear_with_their_seeds_commit_seconds_and_load(tables, parts, tmp_path, monkeypatch):
    """Two methods on one instance more than an earlier run had, from two runs."""
    kept = json.loads((ROOT / "benchmarks" / "results" / "lost-sales.json").read_text(encoding="utf-8"))
    row = {"stderr": 0.0, "best_known": 10.0, "seconds": 12.0, "seeds": 5, "seed_spread": 0.05, "steps": 2_000_000}
    late = [
        {**row, "instance": "geometric-p39-L2", "method": "a2c", "value": 10.1, "gap_percent": 1.0, "run": 0},
        {**row, "instance": "geometric-p39-L3", "method": "ddpg", "value": 10.2, "gap_percent": 2.0, "run": 1},
    ]
    late[1]["seconds"] = 20.0
    runs = [{"commit": c, "machine": {"cores": 2, "load": load}} for c, load in (("abc", 0.5), ("def", 3.0))]
    free = [r for r in kept["rows"] if r["method"] not in parts.FREE]
    (tmp_path / "lost-sales.json").write_text(
        json.dumps({**kept, "rows": [*({**r, "run": 0} for r in free), *late], "runs": runs}), encoding="utf-8"
    )
    monkeypatch.setattr(parts, "RESULTS", tmp_path)
    text = " ".join(tables.PAGES["benchmarks.md"]["model-free"]().split())
    assert "| geometric-p39-L2 | 1.00 ± 0.50 % | |" in text
    assert "| geometric-p39-L3 | | 2.00 ± 0.50 % |" in text
    assert "5 seeds; first training 16 s in the median, 20 s at most; 2 cores at a load of 0.5 to 3.0" in text
    assert "commits `abc`, `def`." in text


def test_an_aim_is_reached_only_below_every_rival_and_missing_ones_are_named(tables, parts):
    aims = importlib.import_module("table_forecast_bars")

    def said(rivals: dict[str, float]) -> tuple[str, bool | None]:
        common = {"instance": "bakery", "ours": aims.BEST, "against": -0.02, "low": -0.04}
        ours = {"instance": "bakery", "method": aims.BEST, "seeds": 5}
        rows = [{**common, "method": name, "high": high, "seeds": 4} for name, high in rivals.items()]
        bar = aims._accuracy(parts.Results((ours, *rows), ()), "bakery")
        return bar.figure, bar.reached

    below = dict.fromkeys(aims.RIVALS, -0.01)
    figure, reached = said(below)
    assert (reached, figure.endswith("; 4 seeds")) == (True, True)  # the fewest of the two
    figure, reached = said({**below, "auto_ets": 0.001})
    assert (reached, figure) == (False, "nearest `auto_ets`: -0.020 (-0.040 … +0.001); 5 seeds")
    del below["auto_theta"]
    figure, reached = said(below)
    assert (reached, figure.endswith("not measured: `auto_theta`")) == (None, True)
