"""Forecasts in the place of the outlook: numbers by hand, no look ahead, fixed moments of learning, imagined pasts."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from made_up_history import made_up_history

from restock.forecasting.forecast import of_samples
from restock.forecasting.foretelling import LEVELS, START, fit_along, foretell, imagine, imagined, seen_as
from restock.forecasting.local import Local
from restock.forecasting.methods import find_method
from restock.forecasting.outlook import look_out
from restock.forecasting.panel import panel_of

PROTECT = np.array([2, 3, 1, 3])
FIRST = START[7]


@dataclass(frozen=True)
class Recent:
    """Poisson paths around the mean of the four periods before each origin; learns the number of periods it saw."""

    name: str = "recent"
    periods: int = 0

    def fit(self, panel, h, seed=0):
        return replace(self, periods=panel.shape[1])

    def predict(self, panel, ask):
        mean = np.nan_to_num(np.nanmean(panel.y[:, -4:], axis=1))
        paths = np.random.default_rng(ask.seed).poisson(mean[:, None], (ask.n_samples, len(mean), ask.h))
        return of_samples(self.name, panel.ids, panel.days(ask.h)[-ask.h :], paths.astype(np.float32), ask.levels)


@pytest.fixture(scope="module")
def history():
    return made_up_history(np.full((4, 60), 25.0))


def test_the_demand_of_a_lead_time_is_what_the_forecaster_told(history):
    panel, outlook = panel_of(history), look_out(history, PROTECT)
    fits = fit_along(Recent(), panel, 3)
    told = foretell(fits, panel, outlook)
    level = np.nanmean(panel.y[:, -4:], axis=1)
    np.testing.assert_allclose(told.lead_demand[:, -1], level * PROTECT, rtol=0.05)
    np.testing.assert_allclose(told.lead_spread[:, -1], np.sqrt(level * PROTECT), rtol=0.15)
    middle = told.lead_quantiles[:, -1, int(np.abs(np.asarray(LEVELS) - 0.5).argmin())]
    np.testing.assert_allclose(middle, level * PROTECT, rtol=0.05)
    assert (np.diff(told.lead_quantiles, axis=-1) >= 0).all()


def test_before_the_first_fit_the_outlook_stays(history):
    panel, outlook = panel_of(history), look_out(history, PROTECT)
    told = foretell(fit_along(Recent(), panel, 3), panel, outlook)
    np.testing.assert_array_equal(told.lead_demand[:, :FIRST], outlook.lead_demand[:, :FIRST])
    assert not np.array_equal(told.lead_demand[:, FIRST:], outlook.lead_demand[:, FIRST:])


def test_moments_of_learning_do_not_move_as_history_grows(history):
    panel = panel_of(history)
    whole, shorter = fit_along(Recent(), panel, 3), fit_along(Recent(), panel.until(45), 3)
    assert whole.at == (13, 26, 39, 52)
    assert shorter.at == (13, 26, 39)
    assert [fitted.periods for fitted in whole.fitted] == list(whole.at)
    assert fit_along(Recent(), panel, 3, first=50).at == (39, 52)


@pytest.mark.parametrize("forecaster", [Recent(), Local("seasonal_mean", find_method("seasonal_mean").baseline)])
def test_the_future_cannot_be_seen_in_what_is_told(forecaster):
    history, from_ = made_up_history(periods=60), 48
    panel = panel_of(history)
    later = np.arange(panel.shape[1]) >= from_
    poisoned = replace(panel, y=np.where(later & panel.known, 9999, panel.y).astype(np.float32))
    found = []
    for each in (panel, poisoned):
        fits = fit_along(forecaster, each, 3)
        found.append(foretell(fits, each, look_out(history, PROTECT)))
    for name in ("lead_demand", "lead_spread", "lead_quantiles"):
        one, other = (getattr(told, name) for told in found)
        np.testing.assert_array_equal(one[:, : from_ + 1], other[:, : from_ + 1])
        assert not np.array_equal(one[:, from_ + 1 :], other[:, from_ + 1 :])


def test_an_imagined_course_is_demand_as_the_forecaster_believes_and_starts_from_what_was_seen(history):
    panel = panel_of(history)
    fits = fit_along(Recent(), panel, 3)
    course = imagine(fits, panel, 3, 50, seed=1)
    known = panel.known
    assert np.array_equal(course.y[:, :FIRST], panel.y[:, :FIRST], equal_nan=True)
    assert np.array_equal(course.y[:, 50:], panel.y[:, 50:], equal_nan=True)
    np.testing.assert_array_equal(course.known, known)
    drawn = course.y[1, FIRST:50]
    assert np.nanstd(drawn) > 1  # the real past never moves
    assert not np.array_equal(drawn, imagine(fits, panel, 3, 50, seed=2).y[1, FIRST:50], equal_nan=True)
    past = imagined(history, course, FIRST)
    there = known[:, FIRST:]
    np.testing.assert_array_equal(past.demand[:, FIRST:][there], course.y[:, FIRST:][there])
    np.testing.assert_array_equal(past.sold[:, FIRST:][there], past.demand[:, FIRST:][there])


def test_a_drawn_past_is_read_with_the_eyes_of_the_same_forecaster(history):
    panel = panel_of(history)
    drawn = replace(history, demand=history.demand * 3)
    seen = seen_as(panel, drawn)
    assert seen.available.min() == 1
    np.testing.assert_array_equal(seen.y[panel.known], drawn.demand[panel.known])
