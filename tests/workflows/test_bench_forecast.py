"""The bench of forecasts on made-up data: the same numbers as scoring by hand, ours against each."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from restock.errors import UsageError
from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Windows, cross_validate
from restock.forecasting.methods import find_method
from restock.forecasting.panel import bare_panel
from restock.forecasting.scores import average, difference, score, summarise
from restock.progress import Silent
from restock.workflows.bench import BENCHES
from restock.workflows.benches import demand_panels, forecast, forecast_kept, forecast_methods, forecast_special
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


@dataclass(frozen=True)
class Lucky:
    """The mean of weekdays, times something that hangs on the seed."""

    name: str = "deep"

    def fit(self, panel, h, seed=0):
        fits.append(seed)
        fitted = find_method("seasonal_mean").fit(panel, h, seed)
        more = np.float32(1 + 0.2 * seed)

        class Fitted:
            def predict(self, panel, ask):
                found = fitted.predict(panel, ask)
                return replace(
                    found, mean=found.mean * more, quantiles=found.quantiles * more, samples=found.samples * more
                )

        return Fitted()


fits: list[int] = []


def test_what_hangs_on_chance_is_scored_with_every_seed_and_kept(made_up, monkeypatch, tmp_path):
    panel, source = made_up
    monkeypatch.setenv(forecast_kept.FOLDER, str(tmp_path))
    monkeypatch.setitem(forecast_methods.METHODS, "deep", Lucky)
    task = Task(("deep",), ("made_up",), seeds=range(2), quick=False, progress=Silent())
    (two,) = forecast.run(task)
    both = [
        score(panel, list(cross_validate(Lucky(), panel, source.windows, Ask(7, FULL, forecast.PATHS, seed), seed)))
        for seed in range(2)
    ]
    each = [summarise(scores).scaled_pinball for scores in both]
    assert (two.seeds, two.value) == (2, pytest.approx(np.mean(each)))
    assert two.seed_spread == pytest.approx(np.std(each, ddof=1)) != 0
    fits.clear()
    naive, three = forecast.run(replace(task, methods=("seasonal_naive", "deep"), seeds=range(3)))
    assert set(fits) == {2}  # the others had been kept
    assert (naive.seeds, naive.seed_spread, three.seeds) == (1, None, 3)
    kept = [trial.scores for trial in forecast_kept.kept_trials("made_up.20", "deep").values()]
    np.testing.assert_array_equal(kept[1].scaled_pinball, both[1].scaled_pinball)
    (plain,) = (trial.scores for trial in forecast_kept.kept_trials("made_up.20", "seasonal_naive").values())
    gap = difference(average(kept), plain)
    assert (naive.against, naive.low, naive.high) == (gap.value, gap.low, gap.high)


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
