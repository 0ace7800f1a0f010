"""What a stock-out hid is found again, and nothing else is changed."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_panel import START

from restock.forecasting.baselines import BASELINES
from restock.forecasting.correction import demand_share, hourly_pattern, observed_demand, recover
from restock.forecasting.forecaster import Ask
from restock.forecasting.local import Local, recovered_demand
from restock.forecasting.panel import bare_panel

WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.2])


def sold_out(seed=0, series=80, periods=112, shape=4.0, pattern=None):
    """Demand that is known, and a till that stops when the day's stock is gone; customers come by an hourly pattern."""
    draw = np.random.default_rng(seed)
    mean = np.linspace(2, 40, series)[:, None] * np.resize(WEEK, periods)
    truth = draw.poisson(mean * draw.gamma(shape, 1 / shape, (series, periods)))
    stock = np.where(draw.random(truth.shape) < 0.5, np.ceil(mean * draw.uniform(0.4, 1.2, truth.shape)), 1e9)
    out = truth > stock
    # The last unit is sold at the time of the stock-th of truth customers: an order statistic, beta distributed.
    when = np.where(out, draw.beta(np.maximum(np.minimum(stock, truth), 1), np.maximum(truth - stock + 1, 1)), 1.0)
    panel = bare_panel(np.where(out, stock, truth), START + np.arange(periods))
    return replace(panel, available=when.astype(np.float32)), truth, out


def test_recovered_demand_is_unbiased_on_days_when_stock_ended_though_they_were_strong_days():
    panel, truth, out = sold_out()
    assert 0.15 < out.mean() < 0.5
    total = truth[out].sum()
    naive = panel.y[out].sum() / total - 1
    per_time = (panel.y / np.maximum(panel.available, 0.05))[out].sum() / total - 1
    found = recover(panel).demand[out].sum() / total - 1
    assert naive < -0.12
    assert abs(found) < 0.03
    assert abs(found) < abs(per_time)


def test_days_without_a_stock_out_are_left_as_they_are_and_sales_are_never_taken_back():
    panel, _, out = sold_out(1)
    found = recover(panel).demand
    np.testing.assert_array_equal(found[~out], panel.y[~out])
    assert (found >= panel.y).all()


def test_unknown_days_stay_unknown_and_never_sold_stays_zero():
    panel, *_ = sold_out(2, series=3)
    y = panel.y.copy()
    y[0, 5], y[1] = np.nan, 0
    found = recover(replace(panel, y=y)).demand
    assert np.isnan(found[0, 5])
    np.testing.assert_allclose(found[1], 0, atol=0.1)


def test_the_formula_by_hand():
    y = np.full((1, 57), 10, np.float32)
    y[0, 28], share = 4, np.ones((1, 57), np.float32)
    share[0, 28] = 0.5
    panel = replace(bare_panel(y, START + 7 * np.arange(57), 7), available=share)
    found = recover(panel)
    m, r = float(found.usual[0, 28]), 1e4  # no more variance than a Poisson process has: the smoothest
    assert m == pytest.approx((16 * 10 + 4 + 2 * (564 / 56.5)) / (16.5 + 2))
    assert found.demand[0, 28] == pytest.approx(4 + 0.5 * (r + 4) / (r / m + 0.5), rel=1e-4)


def test_the_hourly_pattern_tells_how_much_of_the_day_was_seen():
    pattern = hourly_pattern(np.array([8, 8, 12, 20]), np.array([1.0, 1.0, 4.0, 2.0]))
    assert pattern[[8, 12, 20]].tolist() == [0.25, 0.5, 0.25]
    share = demand_share(np.array([-1, 9, 10, 13, 20]), np.array([0, 13, 2, 9, 4]), pattern, (6, 22))
    np.testing.assert_allclose(share, [1, 0.25, 1, 0.75, 0.75])  # the last: 20 to 22 and two hours before
    assert hourly_pattern(np.zeros(0, int), np.zeros(0)).tolist() == [1 / 24] * 24


def test_a_known_hourly_pattern_removes_the_bias_that_even_hours_leave():
    """Two thirds of the customers come in the last third of the time."""
    panel, truth, out = sold_out(3)
    seen = panel.available  # share of demand
    time = np.where(seen < 1 / 3, 2 * seen, 2 / 3 + (seen - 1 / 3) / 2)  # how far the clock was by then
    by_clock = recover(replace(panel, available=time.astype(np.float32))).demand[out].sum() / truth[out].sum() - 1
    by_pattern = (
        recover(replace(panel, available=time.astype(np.float32)), seen).demand[out].sum() / truth[out].sum() - 1
    )
    assert abs(by_pattern) < 0.03
    assert by_clock < -0.04


def test_sales_of_most_of_the_day_are_scaled_and_of_less_are_not_told():
    y = np.array([[6, 6, 6]], np.float32)
    panel = replace(bare_panel(y, START + np.arange(3)), available=np.array([[1, 0.75, 0.5]], np.float32))
    np.testing.assert_allclose(observed_demand(panel), [[6, 8, np.nan]])


@pytest.mark.parametrize("name", ["moving_average", "ses", "median_ensemble"])
def test_a_baseline_on_recovered_demand_forecasts_what_customers_will_want(name):
    """Sold-out days are strong days: a baseline that leaves them out expects too little."""
    panel, truth, _ = sold_out()
    usual = truth.mean()  # demand has a week, and nothing else moves its mean
    left_out, corrected = (
        Local(name, BASELINES[name], *demand).fit(panel, 14).predict(panel, Ask(14)).mean.mean() / usual - 1
        for demand in ((), (recovered_demand,))
    )
    assert left_out < -0.05
    assert abs(corrected) < 0.03
