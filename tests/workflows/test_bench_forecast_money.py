"""The shop of the bench of decision-focused forecasts: its model, and how forecasters are chosen."""

from dataclasses import replace

import numpy as np
import pytest

from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import bare_panel
from restock.workflows.benches.forecast_money import Lived, _best, _rows
from restock.workflows.benches.money_shop import Regression


def panel_of(level, dispersion, driver, periods=400):
    draw = np.random.default_rng(3)
    mean = np.asarray(level)[:, None] * np.exp(driver)
    y = draw.poisson(draw.gamma(1 / dispersion, mean * dispersion))[:, :periods]
    bare = bare_panel(y.astype(np.float32), np.datetime64("2024-01-01") + np.arange(periods))
    calendar = np.zeros((driver.shape[1], 0), np.float32)
    return replace(bare, future=driver[:, :, None].astype(np.float32), future_names=("driver",), calendar=calendar)


@pytest.fixture(scope="module")
def panel():
    driver = np.random.default_rng(4).normal(0, 0.5, (30, 410))
    return panel_of(np.linspace(3, 30, 30), 0.2, driver)


def test_told_what_moves_demand_the_model_finds_level_and_spread(panel):
    fitted = Regression().fit(panel, 5)
    np.testing.assert_allclose(fitted.level, np.linspace(3, 30, 30), rtol=0.12)
    assert fitted.dispersion.mean() == pytest.approx(0.2, rel=0.2)
    ahead = fitted.predict(panel, Ask(5, n_samples=2000))
    truth = np.linspace(3, 30, 30)[:, None] * np.exp(panel.future[:, 400:405, 0])
    np.testing.assert_allclose(ahead.mean, truth, rtol=0.15)
    np.testing.assert_allclose(ahead.samples.mean(axis=0), ahead.mean, rtol=0.1)


def test_not_told_it_takes_what_moves_for_chance(panel):
    bare = replace(panel, future=panel.future[:, :, :0], future_names=())
    assert Regression().fit(bare, 5).dispersion.mean() > 0.4


def test_each_class_that_is_large_enough_has_its_own_forecaster():
    classes = np.array(["smooth"] * 20 + ["lumpy"] * 20 + ["rare"] * 3)
    earned = np.zeros((2, 43))
    earned[0, :20], earned[1, 20:40], earned[1, 40:] = 2.0, 1.0, -5.0
    best = _best(earned, classes)
    assert set(best[:20]) == {0}
    assert set(best[20:40]) == {1}
    assert set(best[40:]) == {0}  # too few: as all together


def test_rows_are_paired_with_the_forecaster_fitted_by_likelihood():
    cost = np.random.default_rng(0).gamma(4, 1, 50)
    nll, cheaper = Lived(cost, cost, 0.0), Lived(0.9 * cost, cost, 0.0)
    mine, theirs = _rows("misspecified", {"nll": [nll, nll], "select": [cheaper, cheaper]}, [nll, nll])
    assert mine.against_percent == 0
    assert theirs.against_percent == pytest.approx(-10)
    assert (theirs.low, theirs.high) == (pytest.approx(-10), pytest.approx(-10))
    assert theirs.value == pytest.approx(0.9 * cost.mean())
