"""What planners know better, by hand."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from restock.forecasting.forecast import Forecast
from restock.forecasting.overrides import Named, Override, override, with_newcomers

STARTS = np.array(["2025-11-03", "2025-11-10"], "datetime64[D]")  # Mondays
NEVER = date(2030, 1, 1)


def weeks(first=10.0, second=20.0):
    mean = np.array([[first, first], [second, second]], np.float32)
    quantiles = np.stack([mean * 0.5, mean, mean * 1.5], axis=-1)
    samples = np.stack([mean * 0.5, mean * 1.5])
    return Forecast("m", ("a@n", "b@s"), STARTS, mean, (0.1, 0.5, 0.9), quantiles, samples)


def change(kind, amount, *, item="a", site="", start=date(2025, 11, 3), end=date(2025, 11, 9), expires=NEVER):
    return Override(item, site, start, end, kind, amount, "why", expires)


def applied(*overrides, forecast=None):
    return override(forecast or weeks(), ("a", "b"), ("n", "s"), overrides, 7)


def test_percent_units_and_value_by_hand():
    assert applied(change("percent", 20)).forecast.mean.tolist() == [[12, 10], [20, 20]]
    assert applied(change("units", -4)).forecast.mean.tolist() == [[6, 10], [20, 20]]
    assert applied(change("value", 40)).forecast.mean.tolist() == [[40, 10], [20, 20]]


def test_quantiles_and_paths_stretch_with_the_mean():
    found = applied(change("value", 40)).forecast
    assert found.quantiles[0, 0].tolist() == [20, 40, 60]
    assert found.samples is not None
    assert found.samples[:, 0, 0].tolist() == [20, 60]


def test_where_nothing_was_expected_the_forecast_is_moved():
    found = applied(change("value", 6), forecast=weeks(first=0.0)).forecast
    assert found.quantiles[0, 0].tolist() == [6, 6, 6]


def test_a_period_partly_inside_counts_by_its_days():
    two_days = change("percent", 70, start=date(2025, 11, 8), end=date(2025, 11, 9))
    np.testing.assert_allclose(applied(two_days).forecast.mean[0], [10 * 1.2, 10], rtol=1e-6)


def test_demand_never_falls_below_zero():
    assert applied(change("units", -99)).forecast.mean[0, 0] == 0


def test_later_ones_see_what_earlier_ones_did_and_each_says_its_units():
    found = applied(change("value", 40), change("percent", 50, item="*", end=date(2025, 11, 16)))
    assert found.forecast.mean.tolist() == [[60, 15], [30, 30]]
    assert found.units == (30, pytest.approx(20 + 5 + 20))


@pytest.mark.parametrize(
    "unused",
    [
        change("value", 40, expires=date(2025, 11, 3)),
        change("value", 40, item="c"),
        change("value", 40, site="s"),
        change("value", 40, start=date(2025, 12, 1), end=date(2025, 12, 2)),
    ],
)
def test_one_that_has_expired_or_concerns_nothing_is_not_used(unused):
    found = applied(unused)
    assert found.units == (None,)
    np.testing.assert_array_equal(found.forecast.mean, weeks().mean)


def like(other, percent, **where):
    return replace(change("like", percent, **where), like=other)


def test_an_item_is_like_another_for_a_while_and_to_a_share():
    found = applied(like("b", 50))
    assert found.forecast.mean.tolist() == [[10, 10], [20, 20]]
    assert found.units == (0,)
    found = applied(like("b", 80)).forecast
    assert found.mean.tolist() == [[16, 10], [20, 20]]
    assert found.quantiles[0, 0].tolist() == pytest.approx([8, 16, 24])
    assert found.samples[:, 0].tolist() == [pytest.approx([8, 5]), pytest.approx([24, 15])]


def test_an_item_that_has_never_sold_is_forecast_like_another():
    new = like("b", 50, item="z", end=date(2025, 11, 16))
    named = with_newcomers(Named(weeks(), ("a", "b"), ("n", "s")), [new])
    assert (named.items, named.sites, named.forecast.ids) == (("a", "b", "z"), ("n", "s", "s"), ("a@n", "b@s", "z@s"))
    assert named.forecast.mean[2].tolist() == [0, 0]
    found = override(*named, [new], 7)
    assert found.forecast.mean.tolist() == [[10, 10], [20, 20], [10, 10]]
    assert found.units == (20,)
    assert with_newcomers(named, [like("unheard of", 50, item="y")]) == named
    assert applied(like("unheard of", 50)).units == (None,)
