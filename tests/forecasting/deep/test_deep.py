"""The deep forecaster on a panel that is learned in seconds."""

from dataclasses import replace

import equinox as eqx
import numpy as np
import pytest
from forecasting.made_up_panel import made_up_panel

from restock.errors import DataError
from restock.forecasting.deep.forecaster import Deep
from restock.forecasting.deep.inputs import Length, fit_scaling, group_sales, make_source
from restock.forecasting.deep.saved import dump, restore
from restock.forecasting.deep.settings import DeepConfig
from restock.forecasting.deep.windows import cut
from restock.forecasting.forecaster import Ask
from restock.storage.folder import Folder
from restock.workflows.kept_fits import Kept, forecaster_of

SMALL = DeepConfig(context=14, hidden=16, blocks=1, members=2, updates=60, round=20, batch=64, learning_rate=5e-3)
ASK = Ask(7, n_samples=200)
H = 7


@pytest.fixture(scope="module")
def panel():
    made_up = made_up_panel(series=40, periods=84, ahead=14)
    rain = np.random.default_rng(5).random((*made_up.future.shape[:2], 1))
    future = np.concatenate([made_up.future, rain], axis=-1).astype(np.float32)
    return replace(made_up, future=future, future_names=("discount", "rain"))


@pytest.fixture(scope="module")
def fitted(panel):
    return Deep(SMALL).fit(panel, H, seed=1)


@pytest.fixture(scope="module")
def forecast(fitted, panel):
    return fitted.predict(panel, ASK)


def test_the_forecast_is_near_what_it_was_drawn_from(forecast, panel):
    wave = 1 + 0.5 * np.sin(2 * np.pi * (84 + np.arange(H)) / 7)
    truth = np.linspace(0.5, 20, 40)[:, None] * wave * (1 + 3 * panel.future[:, 84 : 84 + H, 0])
    assert forecast.mean.sum() == pytest.approx(truth.sum(), rel=0.1)
    assert np.corrcoef(forecast.mean.ravel(), truth.ravel())[0, 1] > 0.9


def test_quantiles_rise_and_paths_agree_with_them(forecast):
    assert (np.diff(forecast.quantiles, axis=-1) >= 0).all()
    assert forecast.samples.shape == (200, 40, H)
    below = (forecast.samples <= forecast.at(0.8)).mean()
    assert 0.78 < below < 0.9  # whole units hold more than their level


def test_the_same_seed_says_the_same(fitted, forecast, panel):
    again = fitted.predict(panel, ASK)
    np.testing.assert_array_equal(again.samples, forecast.samples)


def test_the_future_is_not_seen(panel):
    cut_at = panel.until(70)
    poisoned = replace(panel, y=panel.y.copy(), available=panel.available.copy(), past=panel.past.copy())
    poisoned.y[:, 70:], poisoned.available[:, 70:], poisoned.past[:, 70:] = 1e6, 0.5, 1e6
    length = Length(14, H, 1)
    windows = []
    for seen, scaling in ((panel, fit_scaling(cut_at)), (poisoned, fit_scaling(poisoned.until(70)))):
        source = make_source(seen, scaling, length, group_sales(seen))
        windows.append(eqx.filter_jit(cut)(source, length, np.int32(3), np.int32(70), np.float32(1)))
    for mine, theirs in zip(*(vars(window).values() for window in windows), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_earlier_moment_of_a_panel_is_the_same_as_the_panel_of_then(fitted, panel):
    then, now = fitted.predict(panel.until(70), ASK), fitted.predict_at(panel, 70, ASK)
    np.testing.assert_allclose(now.mean, then.mean, rtol=1e-4)
    np.testing.assert_allclose(now.quantiles, then.quantiles, atol=1)
    np.testing.assert_array_equal(now.starts, then.starts)


def test_units_do_not_matter(panel, fitted, forecast):
    """Sales by the dozen are the same forecast in dozens: of series that sell enough not to hit the smallest scale."""
    dozens = replace(panel, y=panel.y * 12)
    scaled = fitted.predict(dozens, Ask(H))
    often = np.nanmean(panel.y, axis=1) > 5
    # A new group's prior and the count of one period weigh the same in both, so this is close, not exact.
    np.testing.assert_allclose(scaled.mean[often] / 12, forecast.mean[often], rtol=0.15)


def test_series_never_met_are_forecast(fitted, panel):
    others = replace(panel, ids=tuple(f"new {name}" for name in panel.ids))
    nothing = replace(others, y=np.where(np.arange(40)[:, None] == 7, np.nan, others.y).astype(np.float32))
    forecast = fitted.predict(nothing, Ask(H))
    assert np.isfinite(forecast.mean).all()
    assert 1 < forecast.mean[7].mean() < 40  # of its category


def test_what_is_saved_comes_back(fitted, forecast, panel):
    about, arrays = dump(fitted)
    back = restore(about, {name: array.copy() for name, array in arrays.items()})
    np.testing.assert_array_equal(back.predict(panel, ASK).quantiles, forecast.quantiles)


def test_the_same_data_are_learned_once_in_a_project(fitted, panel, forecast, tmp_path, monkeypatch):
    learned = []

    def fit(self, panel, h, seed=0):
        learned.append(panel.shape)
        return fitted

    monkeypatch.setattr(Deep, "fit", fit)
    kept = Kept(Deep(SMALL), Folder(tmp_path))
    kept.fit(panel, H, 1)
    again = kept.fit(panel, H, 1)
    assert len(learned) == 1
    np.testing.assert_array_equal(again.predict(panel, ASK).quantiles, forecast.quantiles)
    changed = replace(panel, y=panel.y + 1)
    for other in ((changed, H, 1), (panel, H, 2), (panel.until(80), H, 1)):
        kept.fit(*other)
    assert len(learned) == 4


def test_the_network_of_a_blend_is_kept_as_one_alone_is(tmp_path):
    blend, alone = (forecaster_of(Folder(tmp_path), name) for name in ("deep_trees", "deep_censored"))
    assert isinstance(blend.first, Kept)
    assert blend.first.folder.path == alone.folder.path
    assert forecaster_of(Folder(tmp_path), "ets").name == "ets"


def test_an_odd_panel_is_refused_in_words(fitted, panel):
    with pytest.raises(DataError, match="has learned 7"):
        fitted.predict(panel, Ask(8))
    with pytest.raises(DataError, match="discount"):
        fitted.predict(replace(panel, future=panel.future[..., :0], future_names=()), Ask(H))
    with pytest.raises(DataError, match="nothing to learn from"):
        Deep(SMALL).fit(replace(panel, y=np.full_like(panel.y, np.nan)), H)
