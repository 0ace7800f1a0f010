"""Forecasters of other packages, as rivals: they see what ours see, and answer in the same form."""

from dataclasses import replace

import numpy as np
import pytest

from restock.errors import UsageError
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import bare_panel
from restock.workflows.benches import mlforecast_rivals
from restock.workflows.benches.forecast_methods import make
from restock.workflows.benches.mlforecast_rivals import GlobalTrees, _filled

NEEDED = "needs the rivals: .venv/bin/pip install -c constraints.txt -e '.[bench]'"
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
WEEK = 5 + 4 * np.sin(np.arange(210) * 2 * np.pi / 7)


def panel(plans: bool = False):
    """Series with a weekly course; the first is young, the second newborn, the third has a gap; a plan if asked for."""
    generator = np.random.default_rng(0)
    promoted = (generator.random(210) < 0.2).astype(np.float32)
    y = generator.poisson(WEEK * (1 + 3 * promoted), (12, 210))[:, :200].astype(float)
    y[0, :120], y[1, :195], y[2, 50:60] = np.nan, np.nan, np.nan
    made = bare_panel(y, np.datetime64("2026-01-05") + np.arange(200))
    if plans:
        return replace(made, calendar=promoted[:, None], calendar_names=("promoted",), future=np.zeros((12, 210, 0)))
    return made


def test_trees_of_mlforecast_know_the_week_and_say_how_sure_they_are():
    pytest.importorskip("mlforecast", reason=NEEDED)
    told = make(mlforecast_rivals.NAME).forecaster.fit(panel(True), 7).predict(panel(True), Ask(7, LEVELS))
    assert (told.mean.shape, told.quantiles.shape) == ((12, 7), (12, 7, 5))
    assert (np.diff(told.quantiles, axis=-1) >= 0).all()
    promoted = panel(True).calendar[200:207, 0]
    expected = WEEK[200:207] * (1 + 3 * promoted)
    assert np.corrcoef(told.mean[3:].mean(axis=0), expected)[0, 1] > 0.8
    newborn = np.nanmean(panel(True).y[1])
    np.testing.assert_allclose(told.mean[1], newborn, rtol=1e-5)  # too short: its mean


def test_without_plans_for_all_periods_none_is_used():
    pytest.importorskip("mlforecast", reason=NEEDED)
    short = replace(panel(True), calendar=panel(True).calendar[:203], future=np.zeros((12, 203, 0)))
    ours, bare = (GlobalTrees().predict(p, Ask(7, LEVELS)) for p in (short, panel()))
    np.testing.assert_array_equal(ours.mean, bare.mean)


def test_gaps_are_filled_and_what_was_before_the_launch_is_left_out():
    assert _filled(np.array([np.nan, 2.0, np.nan, 4.0, np.nan])).tolist() == [2, 3, 4, 4]
    assert _filled(np.full(3, np.nan)).tolist() == [0]


def test_without_the_package_the_hint_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "mlforecast", None)
    with pytest.raises(UsageError, match="needs the package mlforecast"):
        GlobalTrees().fit(panel(), 7)
