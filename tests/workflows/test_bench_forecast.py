"""The bench of forecasts on made-up data: the same numbers as scoring by hand, ours against each."""

from dataclasses import replace

import numpy as np
import pytest

from restock.errors import UsageError
from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Windows, cross_validate
from restock.forecasting.methods import find_method
from restock.forecasting.panel import bare_panel
from restock.forecasting.scores import difference, score, summarise
from restock.progress import Silent
from restock.workflows.bench import BENCHES
from restock.workflows.benches import demand_panels, forecast, forecast_special
from restock.workflows.benches.result import Task


@pytest.fixture
def made_up(monkeypatch):
    draw = np.random.default_rng(0)
    y = draw.poisson(np.linspace(1, 20, 20)[:, None] * np.resize([1, 1, 1, 1, 1, 2, 2], 70))
    panel = bare_panel(y.astype(np.float32), np.datetime64("2024-01-01") + np.arange(70))
    source = replace(demand_panels.PANELS["bakery"], name="made_up", windows=Windows(7, 4))
    monkeypatch.setitem(forecast.PANELS, "made_up", source)
    monkeypatch.setattr(demand_panels.DemandPanel, "panel", lambda self, series=None, titles=False: panel)
    return panel, source


def test_rows_are_scores_and_ours_is_compared_with_each(made_up):
    panel, source = made_up
    methods = ("seasonal_naive", "median_ensemble")
    naive, ours = forecast.run(Task(methods, ("made_up",), seeds=range(3), quick=False, progress=Silent()))
    tried = {
        name: list(cross_validate(find_method(name), panel, source.windows, Ask(7, FULL, forecast.PATHS)))
        for name in methods
    }
    scores = {name: score(panel, windows) for name, windows in tried.items()}
    for row in (naive, ours):
        assert row.value == pytest.approx(summarise(scores[row.method]).scaled_pinball)
        assert row.last_window == pytest.approx(summarise(score(panel, tried[row.method][-1:])).scaled_pinball)
        assert row.seeds == 1  # nothing is left to chance
    gap = difference(scores["median_ensemble"], scores["seasonal_naive"])
    assert (naive.ours, naive.against, naive.low, naive.high) == ("median_ensemble", gap.value, gap.low, gap.high)
    assert gap.high < 0
    assert ours.against is None
    assert {"coverage", "bias", "low", "last_window"} <= naive.to_json().keys()


def test_data_that_are_not_there_are_asked_for(monkeypatch, tmp_path):
    monkeypatch.delenv(demand_panels.FOLDER, raising=False)
    with pytest.raises(UsageError, match=r"`bakery.daily.parquet` is not there") as error:
        demand_panels.PANELS["bakery"].panel()
    assert "RESTOCK_DATA" in error.value.hint.en


def test_the_bench_is_listed_with_its_data_sets():
    bench = BENCHES["forecast"]
    assert set(bench.usual) <= set(bench.instances)
    assert set(bench.quick_methods) <= set(bench.methods)
    assert {"seasonal_naive", "croston_sba", "lightgbm", "lightgbm_quantile"} <= set(bench.methods)


def test_new_items_are_told_by_their_category(made_up, monkeypatch):
    panel, _ = made_up
    level = np.nanmean(panel.y, axis=1)
    codes = np.searchsorted([5, 10, 15], level).astype(np.int32)[:, None]
    told = replace(panel, codes=codes, attributes=("category",), levels=(("a", "b", "c", "d"),))
    monkeypatch.setattr(demand_panels.DemandPanel, "panel", lambda self, series=None, titles=False: told)
    task = Task((), (), seeds=range(2), quick=False, progress=Silent())
    monkeypatch.setattr(forecast_special, "HELD_OUT", 0.3)
    ours, mean, median = forecast_special.new_items("fresh_retail")(task)
    assert (ours.method, mean.method, median.method) == ("newcomers", "category_mean", "category_median")
    assert ours.value < 0.5  # nothing but the category is known, and it says much
    assert ours.against_percent == pytest.approx(100 * (ours.value / mean.value - 1))
    assert ours.low <= ours.against_percent <= ours.high
    assert mean.against_percent == 0
