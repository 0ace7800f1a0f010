"""`restock forecast` from files to a run, and what planners change."""

import json
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from restock.cli.main import main
from restock.errors import UsageError
from restock.workflows.override import COLUMNS, FILE, add_override, read_overrides
from restock.workflows.project import open_project

FIRST = date(2025, 6, 2)  # a Monday
DAYS, ITEMS = 84, 8


@pytest.fixture(scope="module")
def sales(tmp_path_factory):
    """Twelve weeks of eight items with a strong weekend; the first is out of stock on its last days."""
    draw = np.random.default_rng(4)
    week = np.array([0.7, 0.7, 0.8, 1.0, 1.2, 1.4, 1.2])
    rows = [
        (f"I-{i}", FIRST + timedelta(day), float(units), 1.0 if i or day < DAYS - 2 else 0.0)
        for i, level in enumerate(np.linspace(1, 25, ITEMS))
        for day, units in enumerate(draw.poisson(level * np.resize(week, DAYS)))
    ]
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    pl.DataFrame(rows, schema=["item", "date", "quantity", "in_stock"], orient="row").write_csv(path)
    return path


@pytest.fixture
def project(sales, tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "restock.toml").write_text('[shop]\nperiod = "day"\n', encoding="utf-8")
    opened = open_project(folder)
    opened.load([sales])
    return opened


def test_a_forecast_is_made_measured_and_kept(project):
    found = project.forecast(7, report=False)
    said = found.to_json()
    assert (said["first"], said["periods"], said["windows"]) == (str(FIRST + timedelta(DAYS)), 7, 4)
    rows = {row["method"]: row for row in said["accuracy"]}
    assert rows[said["method"]]["windows_before"] == min(row["windows_before"] for row in rows.values())
    assert rows["seasonal_mean"]["scaled_pinball"] < rows["seasonal_naive"]["scaled_pinball"]
    kept = pl.read_parquet(found.file)
    assert kept.height == 7 * ITEMS
    assert {"unique_id", "ds", "mean", "q-0.05", "q-0.5", "q-0.99", "item", "site"} == set(kept.columns) - {
        f"q-{q:g}" for q in (0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98)
    }
    largest = said["forecasts"][0]
    mine = kept.filter(pl.col("item") == largest["item"])
    assert mine["mean"].sum() == pytest.approx(largest["expected"], abs=1e-3)
    assert largest["expected"] == pytest.approx(25 * 7, rel=0.15)
    assert largest["low"] < largest["expected"] < largest["high"]
    assert (found.file.parent / "forecast.csv").exists()


def test_the_same_seed_gives_the_same_forecast(project):
    one, two = (project.forecast(7, method="ets", report=False) for _ in range(2))
    assert one.frame().equals(two.frame())
    assert {row["method"] for row in one.to_json()["accuracy"]} == {"ets", "seasonal_naive"}
    assert one.run != two.run


def test_an_override_changes_the_forecast_and_is_told(project):
    before = project.forecast(7, method="ets", report=False)
    begin = FIRST + timedelta(DAYS)
    cells = {"item": "I-7", "site": "", "start": str(begin), "end": str(begin + timedelta(6)), "reason": "fair"}
    add_override(project.path, "+50%", {**cells, "expires": ""})
    add_override(project.path, "=3", {**cells, "item": "I-0", "expires": str(begin)})
    add_override(project.path, "80% like I-7", {**cells, "item": "never sold", "expires": ""})
    after = project.forecast(7, method="ets", report=False)
    rise, expired, new = after.to_json()["overrides"]
    assert (new["applied"], new["change"]) == (True, "80 % of I-7")
    assert after.items[-1] == "never sold"
    row = after.items.index("I-7")
    np.testing.assert_allclose(after.forecast.mean[-1], 0.8 * after.forecast.mean[row], rtol=1e-5)
    assert (rise["applied"], rise["change"], rise["reason"]) == (True, "+50 %", "fair")
    assert expired["applied"] is False
    gain = after.forecast.mean[:-1].sum() / before.forecast.mean.sum()
    assert 1 < gain < 1.5
    np.testing.assert_allclose(after.forecast.mean.max(), 1.5 * before.forecast.mean.max(), rtol=1e-5)


def test_the_command_speaks_json_and_both_languages(project, capsys):
    at = ["--project", str(project.path)]
    assert main(["forecast", "--periods", "7", "--method", "ets", "--no-report", "--json", *at]) == 0
    assert json.loads(capsys.readouterr().out)["method"] == "ets"
    assert main(["forecast", "--periods", "7", "--method", "ets", "--no-report", "--lang", "zh", *at]) == 0
    assert "未来各期需求" in capsys.readouterr().out
    day = str(FIRST + timedelta(DAYS))
    assert (
        main(["override", "I-1", "--change", "-2", "--start", day, "--end", day, "--reason", "x", "--json", *at]) == 0
    )
    written = json.loads(capsys.readouterr().out)
    assert (written["kind"], written["amount"], written["overrides"]) == ("units", -2, 1)


def test_wrong_wishes_are_answered(project, tmp_path):
    with pytest.raises(UsageError, match="no forecasting method `prophet`"):
        project.forecast(method="prophet")
    with pytest.raises(UsageError, match="cannot forecast 0 periods"):
        project.forecast(0)
    with pytest.raises(UsageError, match="has no data yet"):
        open_project(tmp_path / "nothing").forecast()


def test_a_horizon_longer_than_the_history_is_forecast_with_what_can_be_measured(project):
    found = project.forecast(100, report=False)
    assert found.forecast.horizon == 100
    assert found.accuracy.windows is not None
    assert found.accuracy.windows.h < 100
    assert np.isfinite(found.forecast.quantiles).all()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("I-1,,2025-11-01,2025-11-02,percents,5,why,2025-12-01", "line 2: `percents` in column `kind`"),
        ("I-1,,soon,2025-11-02,percent,5,why,2025-12-01", "`soon` in column `start`: it must be a day"),
        ("I-1,,2025-11-03,2025-11-02,percent,5,why,2025-12-01", "`2025-11-02` in column `end`: it lies before"),
        ("I-1,,2025-11-01,2025-11-02,percent,many,why,2025-12-01", "`many` in column `amount`: it must be a number"),
        ("I-1,,2025-11-01,2025-11-02,percent,5,,2025-12-01", "column `reason`: it must not be empty"),
    ],
)
def test_a_wrong_line_of_overrides_is_named(tmp_path, line, said):
    (tmp_path / FILE).write_text(",".join(COLUMNS) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=said):
        read_overrides(tmp_path)


def test_overrides_need_their_columns(tmp_path):
    (tmp_path / FILE).write_text("item,kind\nI-1,units\n", encoding="utf-8")
    with pytest.raises(UsageError, match="column `site`: the column is missing"):
        read_overrides(tmp_path)
