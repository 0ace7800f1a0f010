"""What forecasters see, and nothing that comes later."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_history import made_up_history
from made_up_panel import START, Mean, made_up_panel

from restock.errors import DataError
from restock.forecasting.forecast import Forecast, between
from restock.forecasting.forecaster import Ask, Windows, cross_validate, same_levels
from restock.forecasting.panel import bare_panel, check_ahead, panel_of


def test_days_go_on_after_the_last_one():
    panel = made_up_panel(np.ones((1, 3)), days=7)
    assert list(panel.days(2)) == [START + np.timedelta64(7 * n, "D") for n in range(5)]


def test_the_place_in_the_cycle_is_the_weekday_or_the_week_of_the_year():
    days = bare_panel(np.ones((1, 8)), np.datetime64("2024-02-28") + np.arange(8))  # a Wednesday, in a leap year
    assert days.season(1).tolist() == [2, 3, 4, 5, 6, 0, 1, 2, 3]
    weeks = bare_panel(np.ones((1, 2)), np.array(["2024-12-23", "2024-12-30"], "datetime64[D]"), 7)
    assert weeks.season(1).tolist() == [51, 51, 0]  # the last days of a year belong to its last week; then 6 January


def test_the_past_of_a_panel_holds_plans_but_nothing_observed_later():
    panel = made_up_panel(periods=30, ahead=7)
    past = panel.until(20)
    assert (past.shape, past.ahead, len(past.starts)) == ((6, 20), 17, 20)
    assert past.past.shape[1] == past.available.shape[1] == 20
    np.testing.assert_array_equal(past.future, panel.future)
    np.testing.assert_array_equal(past.y, panel.y[:, :20])


def test_rows_are_taken_from_every_array():
    panel = made_up_panel()
    part = panel.rows(np.array([4, 1]))
    assert part.ids == ("series 4", "series 1")
    for name in ("y", "available", "past", "future", "codes", "traits"):
        np.testing.assert_array_equal(getattr(part, name), getattr(panel, name)[[4, 1]])


def test_a_panel_of_a_history_knows_what_was_sold_and_when_the_shelf_was_empty():
    history = made_up_history(np.full((3, 6), 4.0), period_days=1)
    known = np.ones((3, 6), np.float32)
    known[0, 2:4] = 0
    sold = history.demand * known
    sold[0, 3], sold[1, 5] = 2, 90
    history = replace(history, known=known, sold=sold)
    panel = panel_of(history)
    assert panel.y[0].tolist() == [4, 4, 0, 2, 4, 4]
    assert panel.available[0].tolist() == [1, 1, 0, 0, 1, 1]
    assert panel.y[1, 5] == 4  # one-off bulk is not demand
    assert np.isnan(panel.y[2, 0])  # not launched yet
    assert panel.whole[0].tolist() == [True, True, False, False, True, True]


def test_shares_of_the_day_on_the_shelf_are_kept_and_days_without_data_are_unknown():
    history = made_up_history(np.full((1, 4), 6.0), period_days=1)
    known = np.array([[1, 1, 0, 0]], np.float32)
    shelf = np.array([[1, 0.8, 0.3, 1]], np.float32)
    panel = panel_of(replace(history, known=known, sold=np.array([[6, 5, 1, 0]], np.float32)), shelf)
    np.testing.assert_array_equal(panel.y, np.array([[6, 5, 1, np.nan]], np.float32))
    np.testing.assert_array_equal(panel.available, shelf)


def test_sites_and_categories_are_codes():
    history = replace(made_up_history(), sites=("north", "south", "north", "south"))
    panel = panel_of(history, categories=("tea", "coffee"))
    assert panel.ids[1] == "item 1@south"
    assert panel.codes.tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]]
    assert panel.levels == (("tea", "coffee"), ("north", "south"))


def test_a_planned_price_is_seen_against_the_prices_before_it():
    history = made_up_history(np.ones((1, 6)), period_days=1)
    price = np.full_like(history.price, 10.0)
    price[0, 4] = 5.0
    panel = panel_of(replace(history, price=price), prices=True)
    assert panel.future_names == ("discount", "price")
    np.testing.assert_allclose(panel.future[0, :5, 1], [0, 0, 0, 0, np.log(0.5)], rtol=1e-6)
    assert panel.future[0, 5, 1] == pytest.approx(np.log(10) - (4 * np.log(10) + np.log(5)) / 5, abs=1e-6)
    assert panel_of(history).future_names == ("discount",)


def test_a_covariate_that_is_missing_ahead_is_named_with_item_and_day():
    panel = made_up_panel(periods=20, ahead=5)
    panel.future[3, 22, 0] = panel.future[4, 21, 0] = np.nan
    check_ahead(panel, 1)
    with pytest.raises(DataError, match="`discount` of `series 3` is missing on 2024-01-23, and 1 more values"):
        check_ahead(panel, 4)
    with pytest.raises(DataError, match="known until 2024-01-25, 5 periods ahead; the forecast needs 6"):
        check_ahead(panel, 6)


def test_windows_roll_towards_the_end():
    assert Windows(7).origins(100) == (72, 79, 86, 93)
    assert Windows(14, 3, 7).origins(100) == (72, 79, 86)
    with pytest.raises(DataError, match="4 windows of 7 periods need at least 29 periods; there are 28"):
        Windows(7).origins(28)


@pytest.mark.parametrize(("refit", "fits"), [(True, 4), (False, 1), (2, 2)])
def test_a_forecaster_is_tried_on_what_was_known_then(refit, fits):
    panel, forecaster = made_up_panel(), Mean()
    tried = list(cross_validate(forecaster, panel, Windows(7, refit=refit), Ask(1, (0.5,))))
    assert [origin for origin, _ in tried] == [56, 63, 70, 77]
    assert len(forecaster.seen) == fits
    assert max(seen.shape[1] for seen in forecaster.seen) <= 77
    assert tried[-1].forecast.starts[0] == panel.starts[77]
    assert tried[-1].forecast.quantiles.shape == (6, 7, 1)


def test_quantiles_between_two_levels_are_linear():
    quantiles = np.array([[1.0, 3.0, 10.0]], np.float32)
    np.testing.assert_allclose(
        between(quantiles, (0.1, 0.5, 0.9), (0.05, 0.3, 0.5, 0.8, 0.99)), [[1, 2, 3, 8.25, 10]], rtol=1e-6
    )
    forecast = Forecast("x", ("a",), np.array([START]), np.ones((1, 1)), (0.1, 0.5, 0.9), quantiles[:, None])
    assert forecast.at(0.3).tolist() == [[2.0]]


def test_levels_are_checked_and_sorted():
    assert same_levels([0.9, 0.5, 0.9]) == (0.5, 0.9)
    with pytest.raises(DataError, match=r"between 0 and 1; got \[90\]"):
        same_levels([0.5, 90])
