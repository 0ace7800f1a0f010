"""What was known before each period, and nothing that came later."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_history import made_up_history

from restock.forecasting.outlook import (
    SMALLEST_SCALE,
    WINDOWS,
    group_totals,
    lead_error_spread,
    look_out,
    seasonal_index,
    standard_errors,
    trailing_means,
    usual_price,
)
from restock.simulator.history import OBSERVED, History

PROTECT = np.array([2, 5, 1, 3])


def poisoned(history: History, from_: int) -> History:
    """All that was observed in period `from_` and later is garbage; plans and calendar are as they were."""
    draw, changed = np.random.default_rng(9), {}
    for name in (*OBSERVED, "price"):
        array = getattr(history, name).copy()
        array[:, from_:] = draw.uniform(50, 1e4, array[:, from_:].shape)
        changed[name] = array
    return replace(history, **changed)


@pytest.mark.parametrize(("days", "periods", "from_"), [(7, 90, 75), (7, 90, 62), (7, 90, 3), (1, 90, 60), (1, 90, 16)])
def test_the_future_cannot_be_seen_in_the_outlook(days, periods, from_):
    history = made_up_history(periods=periods, period_days=days)
    whole, other = look_out(history, PROTECT), look_out(poisoned(history, from_), PROTECT)
    for name in ("scale", "averages", "lead_demand", "lead_spread"):
        seen, told = getattr(whole, name), getattr(other, name)
        np.testing.assert_array_equal(seen[:, : from_ + 1], told[:, : from_ + 1], err_msg=name)
        assert not np.array_equal(seen, told), name
    prices = [usual_price(h) for h in (history, poisoned(history, from_))]
    np.testing.assert_array_equal(prices[0][:, : from_ + 1], prices[1][:, : from_ + 1])
    assert not np.array_equal(*prices)


@pytest.mark.parametrize(("days", "from_"), [(7, 75), (1, 60)])
def test_a_shorter_history_gives_the_same_outlook(days, from_):
    history = made_up_history(period_days=days)
    whole, then = look_out(history, PROTECT), look_out(history.until(from_), PROTECT)
    for name in ("scale", "averages", "lead_demand", "lead_spread"):
        np.testing.assert_array_equal(getattr(whole, name)[:, : from_ + 1], getattr(then, name), err_msg=name)


def test_trailing_means_by_hand():
    demand = np.array([[4.0, 0.0, 2.0, 6.0]], np.float32)
    counts = np.array([[0.0, 1.0, 1.0, 1.0]], np.float32)
    np.testing.assert_allclose(trailing_means(demand, np.ones_like(demand), (2,))[:, :, 0], [[0, 4, 2, 1, 4]])
    np.testing.assert_allclose(trailing_means(demand, counts, (3,))[:, :, 0], [[0, 0, 0, 1, 8 / 3]])


def test_the_scale_is_the_mean_of_the_quarter_before_but_never_nothing():
    demand = np.zeros((1, 30), np.float32)
    demand[0, 10:] = 6.0
    outlook = look_out(made_up_history(demand), np.array([1]))
    assert outlook.scale[0, 10] == np.float32(SMALLEST_SCALE)
    assert outlook.scale[0, 12] == pytest.approx(2 * 6 / 12)
    assert outlook.scale[0, 25] == pytest.approx(6.0)
    assert outlook.averages.shape == (1, 31, len(WINDOWS[7]))


def test_the_usual_price_is_the_median_of_list_prices_less_the_planned_discount():
    history = made_up_history(np.ones((1, 20)))
    plans = np.zeros_like(history.planned)
    plans[0, [12, 22], 0] = 0.25
    price = np.full_like(history.price, 10.0)
    price[0, 12] = 7.5  # the list price was 10
    price[0, 15] = 2.0  # one odd day
    expected = np.full(25, 10.0)
    expected[[12, 22]] = 7.5
    np.testing.assert_allclose(usual_price(replace(history, planned=plans, price=price))[0], expected, rtol=1e-6)


def test_the_last_group_is_the_whole_shop_and_items_without_a_group_count_there():
    history = replace(made_up_history(np.array([[1, 2], [3, 4], [5, 6]])), groups=np.array([1, 0, -1], np.int32))
    demand = history.demand
    np.testing.assert_array_equal(group_totals(history), [demand[1], demand[0], demand.sum(axis=0)])


def test_weekdays_get_their_share():
    demand = np.tile([0, 7, 7, 7, 7, 14, 28], 12)[None, :] * 10.0
    season = seasonal_index(made_up_history(demand, period_days=1), 2)
    assert season.shape == (2, 85, 2)
    np.testing.assert_allclose(season[0, 70:77, 0], [0.1, 0.7, 0.7, 0.7, 0.7, 1.4, 2.8], rtol=1e-5)  # 0 is cut at 0.1
    np.testing.assert_allclose(season[0, 69:76, 1], season[0, 70:77, 0], rtol=1e-5)


def test_the_same_weeks_a_year_ago_tell_the_season():
    demand = np.full((1, 90), 100.0)
    demand[0, 28:31] = 200.0  # a feast, and again 52 weeks later
    season = seasonal_index(made_up_history(demand), 3)[0]
    np.testing.assert_allclose(season[:60], 1.0)  # no year yet
    np.testing.assert_allclose(season[75], 1.0, rtol=1e-5)
    assert season[79, 2] == pytest.approx(2.0)  # week 29 a year ago, in the middle of the feast, seen two weeks ahead
    assert season[81, 0] == pytest.approx(200 / 112.5)  # by then one of the eight weeks before was a feast, too


def test_the_forecast_of_steady_demand_is_that_demand_over_the_periods_to_protect():
    history = made_up_history(np.full((2, 60), 12.0))
    np.testing.assert_allclose(look_out(history, np.array([1, 4])).lead_demand[:, -1], [12.0, 48.0], rtol=1e-4)


@pytest.mark.parametrize("protect", [1, 3])
def test_the_spread_of_white_noise_comes_near_its_true_value(protect):
    draw = np.random.default_rng(4)
    demand = draw.normal(200.0, 30.0, (40, 400)).astype(np.float32)
    forecast = np.full((40, 401), 200.0 * protect, np.float32)
    spread = lead_error_spread(demand, forecast, np.full(40, protect), 0.05)
    assert np.sqrt((spread[:, 150:] ** 2).mean()) == pytest.approx(30.0 * protect**0.5, rel=0.06)


def test_errors_in_spreads_are_those_of_periods_that_are_over():
    outlook = look_out(made_up_history(np.full((2, 40), 10.0)), np.array([1, 3]))
    demand = np.full((2, 40), 10.0, np.float32)
    demand[:, 33] = 14.0
    errors = standard_errors(demand, outlook, 30, 40)
    assert errors.shape == (2, 10)
    np.testing.assert_array_equal(np.isnan(errors), [[False] * 10, [False] * 8 + [True] * 2])
    hit = np.abs(errors) > 0.01
    np.testing.assert_array_equal(np.flatnonzero(hit[0]), [3])
    np.testing.assert_array_equal(np.flatnonzero(hit[1]), [1, 2, 3])
    assert errors[1, 2] == pytest.approx(4.0 / outlook.lead_spread[1, 32], rel=1e-3)
