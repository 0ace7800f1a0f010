"""Classical methods by hand, and laws that hold for all of them."""

import numpy as np
import pytest
from made_up_panel import START, made_up_panel

from restock.forecasting.baselines import BASELINES, Observed, ets, median_ensemble
from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Windows, cross_validate
from restock.forecasting.local import Local
from restock.forecasting.panel import bare_panel
from restock.forecasting.scores import independent, lead_demand, score, summarise

NAN = np.nan


def mean(name, *rows, h=1, days=1):
    y = np.array(rows, np.float32)
    return BASELINES[name](Observed(y, days), np.array([y.shape[1]]), h)[0]


def test_seasonal_naive_is_the_same_weekday_of_last_week():
    week = np.arange(1, 8)
    found = mean("seasonal_naive", [*(week * 10), *week], h=9)
    assert found[0].tolist() == [1, 2, 3, 4, 5, 6, 7, 1, 2]


def test_seasonal_naive_goes_further_back_over_a_gap_and_else_takes_the_last_value():
    gap = [10, 20, 30, 40, 50, 60, 70, NAN, 2, 3, 4, 5, 6, 7]
    assert mean("seasonal_naive", gap, h=1)[0, 0] == 10
    assert mean("seasonal_naive", [5.0, 9.0], h=3)[0].tolist() == [9, 9, 9]


def test_of_weeks_seasonal_naive_is_the_week_a_year_ago():
    y = np.arange(60.0)
    assert mean("seasonal_naive", y, h=2, days=7)[0].tolist() == [8, 9]
    assert mean("seasonal_naive", y[:40], h=2, days=7)[0].tolist() == [39, 39]


def test_seasonal_mean_is_that_of_eight_weeks():
    mondays = [100, 1, 2, 3, 4, 5, 6, 7, 8]  # the first is nine weeks ago
    y = np.full((9, 7), 3.0)
    y[:, 0] = mondays
    found = mean("seasonal_mean", y.ravel(), h=8)[0]
    assert found[[0, 1, 7]].tolist() == [4.5, 3, 4.5]


def test_seasonal_mean_of_weeks_looks_at_three_weeks_of_each_year():
    y = np.zeros(60)
    y[[7, 8, 9]] = 3, 6, 12
    assert mean("seasonal_mean", y, h=1, days=7)[0, 0] == 7


def test_moving_average_and_velocity_by_hand():
    y = [*[0.0] * 12, *[10.0] * 16, *[20.0] * 7, *[40.0] * 7]
    assert mean("moving_average", y)[0, 0] == pytest.approx((14 * 10 + 7 * 20 + 7 * 40) / 28)
    last_month = (16 * 10 + 7 * 20 + 7 * 40) / 30
    assert mean("weighted_velocity", y)[0, 0] == pytest.approx(0.5 * 40 + 0.3 * 30 + 0.2 * last_month)
    assert mean("moving_average", [4.0, NAN, 8.0])[0, 0] == 6


def test_smoothing_by_hand_with_the_rate_that_fits_best():
    y = [10.0, 30.0, 30.0, 30.0]  # a jump: the fastest rate, 0.5, has the least squared error
    assert mean("ses", y, h=2)[0].tolist() == [27.5, 27.5]
    still = [10.0, 14.0, 6.0, 14.0, 6.0, 14.0, 6.0]  # noise: the slowest, 0.02
    level = 10.0
    for value in still:
        level += 0.02 * (value - level)
    assert mean("ses", still)[0, 0] == pytest.approx(level)


def test_croston_sba_and_tsb_by_hand():
    y = [0.0, 0.0, 6.0, 0.0, 4.0, 0.0]
    size, interval = 6 + 0.1 * (4 - 6), 3 + 0.1 * (2 - 3)
    assert mean("croston_sba", y)[0, 0] == pytest.approx(0.95 * size / interval)
    chance = 0.0
    for busy in (0, 0, 1, 0, 1, 0):
        chance += 0.1 * (busy - chance)
    assert mean("tsb", y)[0, 0] == pytest.approx(size * chance)


def test_periods_without_data_are_no_periods_without_demand():
    with_gap, without = [0.0, 6.0, NAN, NAN, 0.0, 4.0], [0.0, 6.0, 0.0, 4.0]
    for name in ("croston_sba", "tsb", "ses"):
        assert mean(name, with_gap)[0, 0] == mean(name, without)[0, 0]


def test_ets_follows_a_week_and_a_level_without_noise():
    week = np.array([1.0, 2, 3, 4, 5, 9, 11])
    found = mean("ets", np.tile(week, 10), h=10)[0]
    np.testing.assert_allclose(found, np.tile(week, 2)[:10], atol=1e-6)


def test_ets_recursion_by_hand(monkeypatch):
    monkeypatch.setattr("restock.forecasting.baselines.ETS_RATES", ((0.3, 0.05, 0.2),))
    y = np.random.default_rng(0).poisson(20, 40).astype(float)
    level, trend = y[:28].mean(), 0.0
    season = [np.mean([y[7 * k + d] - level for k in range(4)]) for d in range(7)]
    for t, value in enumerate(y):
        ahead, week = level + 0.9 * trend, season[t % 7]
        risen = 0.3 * (value - week) + 0.7 * ahead
        trend = 0.05 * (risen - level) + 0.95 * 0.9 * trend
        season[t % 7] = 0.2 * (value - ahead) + 0.8 * week
        level = risen
    expected = [level + trend * sum(0.9**i for i in range(1, k + 2)) + season[(40 + k) % 7] for k in range(3)]
    np.testing.assert_allclose(ets(Observed(y[None], 1), np.array([40]), 3)[0, 0], expected)


def test_the_ensemble_finds_a_week_that_levels_alone_cannot_see():
    week = np.array([1.0, 1, 1, 1, 1, 1, 15])
    found = median_ensemble(Observed(np.tile(week * 10, (3, 10)), 1), np.array([70]), 7)[0]
    np.testing.assert_allclose(found, np.tile(week * 10, (3, 1)), rtol=0.05)


def test_croston_tsb_and_smoothing_agree_with_statsforecast():
    models = pytest.importorskip("statsforecast.models", reason='pip install "restock[bench]"')
    y = np.random.default_rng(2).poisson(0.4, 60).astype(np.float32)
    theirs = models.CrostonSBA().forecast(y=y.astype(float), h=1)["mean"][0]
    assert mean("croston_sba", y)[0, 0] == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "median_ensemble"])
def test_many_origins_at_once_are_each_alone_with_its_past(name):
    y = made_up_panel(periods=90).y
    many = BASELINES[name](Observed(y, 1), np.array([70, 80]), 7)
    for place, origin in enumerate((70, 80)):
        alone = BASELINES[name](Observed(y[:, :origin], 1), np.array([origin]), 7)[0]
        np.testing.assert_allclose(many[place], alone, rtol=1e-9)


@pytest.mark.parametrize("name", BASELINES)
def test_the_future_cannot_be_seen(name):
    panel = made_up_panel(periods=70)
    other = made_up_panel(periods=70)
    other.y[:, 50:] = 1e4
    for seen, poisoned in zip(
        *(cross_validate(Local(name, BASELINES[name]), p, Windows(5, 1, 5), Ask(5)) for p in (panel, other)),
        strict=True,
    ):
        assert not np.array_equal(seen.forecast.mean, poisoned.forecast.mean)
    first, second = (
        next(iter(cross_validate(Local(name, BASELINES[name]), p, Windows(5, 4, 5), Ask(5, n_samples=20))))
        for p in (panel, other)
    )
    np.testing.assert_array_equal(first.forecast.quantiles, second.forecast.quantiles)
    np.testing.assert_array_equal(first.forecast.samples, second.forecast.samples)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("days", [1, 7])
def test_poor_series_get_a_forecast_all_the_same(name, days):
    y = np.full((5, 40), NAN, np.float32)
    y[0], y[1], y[2, 39], y[3, :2] = 0, 4, 6, (1, 2)  # zeros, a constant, one observation, stopped long ago; nothing
    panel = bare_panel(y, START + np.arange(40) * days, days)
    forecast = Local(name, BASELINES[name]).fit(panel, 60).predict(panel, Ask(60, n_samples=10))
    for array in (forecast.mean, forecast.quantiles, forecast.samples):
        assert np.isfinite(array).all()
        assert (array >= 0).all()
    assert (forecast.mean[0] == 0).all()
    if name != "croston_sba":
        leans = 0.07 if name == "median_ensemble" else 1e-3  # on the week of all series
        np.testing.assert_allclose(forecast.mean[1], 4, rtol=leans)
    assert (np.diff(forecast.quantiles, axis=2) >= -1e-5).all()
    assert forecast.mean.shape == (5, 60)  # longer than the history


def test_intervals_hold_what_they_promise_on_new_weeks():
    panel = made_up_panel(series=40, periods=200, ahead=0)
    tried = list(cross_validate(Local("mean", BASELINES["seasonal_mean"]), panel, Windows(7, 8), Ask(7, FULL)))
    assert summarise(score(panel, tried)).coverage == pytest.approx(0.9, abs=0.02)


def test_paths_keep_periods_together_that_moved_together():
    draw = np.random.default_rng(3)
    level = np.repeat(draw.choice([5.0, 25.0], (30, 30)), 10, axis=1)  # ten days slow, ten days fast
    panel = bare_panel(draw.poisson(level).astype(np.float32), START + np.arange(300))
    fitted = Local("mean", BASELINES["moving_average"]).fit(panel, 7)
    forecast = fitted.predict(panel, Ask(7, FULL, n_samples=300))
    assert lead_demand(forecast, 7).std(axis=0).mean() > 1.5 * independent(forecast, 7).std(axis=0).mean()
