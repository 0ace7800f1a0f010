"""One model for all series: it sees plans, keeps what it promises, and never looks ahead."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_panel import START, made_up_panel

from restock.forecasting.baselines import BASELINES
from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Windows, cross_validate
from restock.forecasting.local import Local
from restock.forecasting.panel import bare_panel
from restock.forecasting.scores import score, summarise
from restock.forecasting.trees import QuantileTrees, Trees, dispersion, drawn, learning_rows

FEW = 40  # rounds


@pytest.fixture(scope="module")
def panel():
    return made_up_panel(series=40, periods=160, ahead=7)


@pytest.mark.parametrize("trees", [Trees(rounds=FEW), QuantileTrees(rounds=FEW)])
def test_trees_see_the_discount_ahead_that_a_mean_of_weekdays_cannot(panel, trees):
    ask, windows = Ask(7, FULL, 50), Windows(7, 2)
    ours = summarise(score(panel, list(cross_validate(trees, panel, windows, ask))))
    mean = Local("mean", BASELINES["seasonal_mean"])
    theirs = summarise(score(panel, list(cross_validate(mean, panel, windows, ask))))
    assert ours.scaled_pinball < theirs.scaled_pinball
    assert 0.8 < ours.coverage < 0.99


def test_the_future_cannot_be_seen(panel):
    other = replace(panel, y=panel.y.copy())
    other.y[:, 140:] = 999
    one, two = (next(iter(cross_validate(Trees(rounds=5), p, Windows(7, 1, 20), Ask(7)))) for p in (panel, other))
    assert not np.array_equal(one.forecast.mean, two.forecast.mean)  # the last window has seen what was poisoned
    first, second = (Trees(rounds=5).fit(p.until(140), 7).predict(p.until(140), Ask(7)) for p in (panel, other))
    np.testing.assert_array_equal(first.mean, second.mean)


def test_other_items_are_forecast_by_the_same_model(panel):
    fitted = Trees(rounds=FEW).fit(panel.rows(np.arange(30)), 7)
    found = fitted.predict(panel.rows(np.arange(30, 40)), Ask(7, n_samples=20))
    assert found.mean.shape == (10, 7)
    assert found.samples is not None
    assert found.samples.mean() == pytest.approx(found.mean.mean(), rel=0.1)


def test_rows_hold_observed_demand_only(panel):
    rows = learning_rows(panel, 7, 0)
    assert np.isfinite(rows.y).all()
    assert (rows.y >= 0).all()
    assert (rows.scale > 0).all()
    few = learning_rows(panel.until(1), 7, 0)
    assert len(few.y) <= 40 * 7


def test_dispersion_is_that_of_the_counts_it_was_drawn_from():
    draw = np.random.default_rng(0)
    mean = draw.uniform(2, 30, 60_000)
    counts = draw.poisson(mean * draw.gamma(4, 1 / 4, len(mean)))
    assert dispersion(counts, mean) == pytest.approx(0.25, rel=0.05)
    assert dispersion(draw.poisson(mean), mean) == pytest.approx(0, abs=0.01)


def test_drawing_from_quantiles_gives_them_back():
    quantiles = np.array([[[1.0, 2.0, 10.0]]], np.float32)
    chance = np.array([0.1, 0.3, 0.5, 0.7, 0.99]).reshape(5, 1, 1)
    np.testing.assert_allclose(drawn(quantiles, (0.1, 0.5, 0.9), chance)[:, 0, 0], [1, 1.5, 2, 6, 10], rtol=1e-6)


@pytest.mark.parametrize("trees", [Trees(rounds=5), QuantileTrees(rounds=5)])
def test_poor_series_get_a_forecast_all_the_same(trees):
    y = np.full((4, 30), np.nan, np.float32)
    y[0], y[1], y[2, 29] = 0, 4, 6
    panel = bare_panel(y, START + np.arange(30))
    found = trees.fit(panel, 40).predict(panel, Ask(40, n_samples=3))
    assert np.isfinite(found.quantiles).all()
    assert (found.quantiles >= 0).all()
    assert found.mean.shape == (4, 40)
