"""Inputs of networks: without units, and made from the past and from plans alone."""

from dataclasses import replace

import numpy as np
import pytest
from made_up_history import made_up_history

from restock.forecasting.features import PLANS_AHEAD, fit_scaling, make_features
from restock.forecasting.outlook import SCALE_WINDOW, look_out
from restock.simulator.history import OBSERVED, History

PROTECT = np.array([2, 5, 1, 3])


def features_of(history: History, at):
    protect = PROTECT[: history.shape[0]]
    return make_features(history, look_out(history, protect), np.asarray(at))


def poisoned(history: History, from_: int) -> History:
    draw, changed = np.random.default_rng(9), {}
    for name in (*OBSERVED, "price"):
        array = getattr(history, name).copy()
        array[:, from_:] = draw.uniform(50, 1e4, array[:, from_:].shape)
        changed[name] = array
    return replace(history, **changed)


@pytest.mark.parametrize(("days", "from_"), [(7, 75), (7, 64), (7, 10), (1, 60), (1, 16)])
def test_the_future_cannot_be_seen_in_the_features(days, from_):
    history = made_up_history(period_days=days)
    at = np.arange(8, 91)
    seen, names = features_of(history, at)
    told, _ = features_of(poisoned(history, from_), at)
    np.testing.assert_array_equal(seen[:, at <= from_], told[:, at <= from_])
    for i, name in enumerate(names):  # and whatever is made of observations sees them once they are there
        known_ahead = name.split()[0] in ("discount", "holiday", "weekday", "week")
        if name == f"mean {SCALE_WINDOW[days]}":
            continue  # that mean is the scale itself
        assert np.array_equal(seen[..., i], told[..., i]) == known_ahead, name


def test_plans_are_seen_a_few_periods_ahead_and_no_further():
    history = made_up_history()
    at = np.arange(8, 91)
    changed = history.planned.copy()
    changed[:, 50] += 0.5
    seen, told = (features_of(h, at)[0] for h in (history, replace(history, planned=changed)))
    differs = (seen != told).any(axis=(0, 2))
    assert at[differs].min() == 50 - PLANS_AHEAD + 1


def test_features_have_no_unit():
    # Many units in all, so that the prior of a small sample (+1 unit, +0.1) plays no part.
    history = made_up_history(np.random.default_rng(0).poisson(np.array([[400.0], [900.0]]), (2, 90)))
    tenfold = replace(history, demand=history.demand * 10, sold=history.sold * 10)
    at = np.arange(8, 91)
    one, names = features_of(history, at)
    ten, _ = features_of(tenfold, at)
    for i, name in enumerate(names):
        if name == "scale":
            np.testing.assert_allclose(ten[..., i] - one[..., i], np.log(10) / 3, rtol=1e-5)
        elif name != "spread":  # the prior spread is Poisson's: small items are noisier
            np.testing.assert_allclose(ten[..., i], one[..., i], atol=2e-3, err_msg=name)


def test_features_by_hand():
    demand = np.array([[0, 0, 3, 0, 6, 0, 0, 0, 0, 0]], np.float32)
    history = made_up_history(demand)
    table, names = features_of(history, [5, 10])
    value = dict(zip(names, table[0, 0], strict=True))
    scale = 9 / 5
    assert value["lag 1"] == pytest.approx(np.log1p(6 / scale))
    assert value["lag 3"] == pytest.approx(np.log1p(3 / scale))
    assert value["lag 6"] == 0.0  # before the first period
    assert value["mean 2"] == pytest.approx(np.log1p(3 / scale))
    assert value["share of zeros"] == pytest.approx(3 / 5)
    assert value["deviation"] == pytest.approx(np.log1p(np.sqrt(45 / 5 - scale**2) / scale), rel=1e-5)
    assert value["estimated 1"] == 1.0 - history.known[0, 4]
    assert value["since last sale"] == 0.0
    assert dict(zip(names, table[0, 1], strict=True))["since last sale"] == pytest.approx(np.log1p(5) / 4)
    assert value["scale"] == pytest.approx(np.log(scale) / 3)


def test_a_shop_without_prices_has_no_price_features():
    history = made_up_history()
    _, names = features_of(replace(history, price=np.zeros_like(history.price)), [20])
    assert not [name for name in names if name.startswith("price")]
    assert len(set(names)) == len(names)


def test_scaling_centres_scales_and_cuts():
    features = np.random.default_rng(0).normal(5.0, 2.0, (3, 200, 2)).astype(np.float32)
    features[..., 1] = 7.0  # never changes
    scaling = fit_scaling(features)
    scaled = scaling.apply(features)
    assert scaled[..., 0].mean() == pytest.approx(0.0, abs=1e-2)
    assert scaled[..., 0].std() == pytest.approx(1.0, abs=2e-2)
    np.testing.assert_array_equal(scaled[..., 1], 0.0)
    np.testing.assert_array_equal(scaling.apply(np.full((1, 1, 2), 1e6, np.float32)), 4.0)
