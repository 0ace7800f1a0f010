"""Days that are cut short keep their truth, and only they are cut."""

from dataclasses import replace

import numpy as np
import pytest

from restock.forecasting.panel import bare_panel
from restock.workflows.benches.stockouts import WAYS, bias, hide


@pytest.fixture(scope="module")
def hidden():
    draw = np.random.default_rng(0)
    y = draw.poisson(np.linspace(1, 20, 300)[:, None], (300, 90)).astype(np.float32)
    panel = bare_panel(y, np.datetime64("2024-01-01") + np.arange(90))
    panel.available[:, 5] = 0.5
    return hide(replace(panel), 200, seed=1)


def test_sales_are_demand_but_on_cut_days(hidden):
    whole = ~hidden.cut & ~np.isnan(hidden.truth)
    np.testing.assert_array_equal(hidden.panel.y[whole], hidden.truth[whole])
    assert (hidden.panel.y[hidden.cut] <= hidden.truth[hidden.cut]).all()
    assert 0.1 < hidden.cut.mean() < 0.4


def test_what_was_really_sold_out_is_left_out(hidden):
    assert np.isnan(hidden.panel.y[:, 5]).all()
    assert not hidden.cut[:, 5].any()


def test_the_shelf_is_full_for_the_share_in_which_evenly_coming_customers_buy_the_stock(hidden):
    """Of D + 1 even gaps between moments of demand, the stock takes as many as it has units."""
    cut = hidden.cut
    wanted = hidden.panel.y[cut] / (hidden.truth[cut] + 1)
    assert hidden.panel.available[cut].mean() == pytest.approx(wanted.mean(), abs=0.01)
    assert (hidden.panel.available[~cut] == 1).all()


def test_slow_series_are_not_cut(hidden):
    assert np.nanmean(hidden.truth, axis=1).min() > 1.9


def test_hidden_demand_is_found_again_and_sales_are_too_few(hidden):
    found = {name: bias(hidden, name, 0, quick=True) for name in WAYS}
    assert abs(found["recovered"]) < 3
    assert found["as_sold"] < found["per_time"] < -5
