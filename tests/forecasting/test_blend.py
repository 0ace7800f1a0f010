"""Two forecasters as one: whose quantiles and whose paths."""

from dataclasses import dataclass

import numpy as np
import pytest

from restock.forecasting.blend import Blend
from restock.forecasting.forecast import Forecast
from restock.forecasting.forecaster import Ask
from restock.forecasting.panel import bare_panel

NARROW, WIDE = 2.0, 6.0
ASK = Ask(5, levels=(0.05, 0.3, 0.5, 0.9, 0.95), n_samples=400)


@dataclass(frozen=True)
class Straight:
    """Quantiles on a line around 20; all periods of a path are at the same place of it."""

    width: float
    name: str = "straight"

    def fit(self, panel, h, seed=0):
        return self

    def predict(self, panel, ask):
        shape = (panel.shape[0], ask.h)
        quantiles = np.broadcast_to(20 + self.width * (np.asarray(ask.levels) - 0.5), (*shape, len(ask.levels)))
        place = np.random.default_rng(1).random((ask.n_samples, shape[0], 1)) - 0.5
        samples = np.broadcast_to(20 + self.width * place, (ask.n_samples, *shape)).astype(np.float32)
        mean = np.full(shape, 20 + self.width, np.float32)
        return Forecast("", panel.ids, panel.days(ask.h)[-ask.h :], mean, ask.levels, quantiles, samples)


@pytest.fixture
def panel():
    return bare_panel(np.ones((3, 40), np.float32), np.datetime64("2024-01-01") + np.arange(40))


@pytest.fixture
def blend(panel):
    return Blend("both", Straight(WIDE), Straight(NARROW)).fit(panel, 5).predict(panel, ASK)


def test_the_middle_is_the_mean_of_both_and_the_ends_are_the_first_ones(blend):
    mean_width = (WIDE + NARROW) / 2
    wanted = [20 - 0.45 * WIDE, 20 - 0.2 * mean_width, 20, 20 + 0.4 * mean_width, 20 + 0.45 * WIDE]
    np.testing.assert_allclose(blend.quantiles[0, 0], wanted, rtol=1e-6)
    np.testing.assert_allclose(blend.mean, 20 + mean_width)
    assert (blend.method, blend.levels) == ("both", ASK.levels)


def test_paths_have_its_quantiles_and_hang_together_as_the_first_ones(blend):
    found = np.quantile(blend.samples, ASK.levels, axis=0)
    np.testing.assert_allclose(np.moveaxis(found, 0, -1), blend.quantiles, atol=0.3)
    assert np.ptp(blend.samples, axis=2).max() < 1e-5  # every period of a path at the same place


def test_equal_units_of_a_path_come_in_any_order(panel):
    @dataclass(frozen=True)
    class Flat(Straight):
        def predict(self, panel, ask):
            told = super().predict(panel, ask)
            return Forecast(**{**vars(told), "samples": np.full_like(told.samples, 20)})

    paths = Blend("both", Flat(WIDE), Straight(NARROW)).fit(panel, 5).predict(panel, ASK).samples
    first, second = paths[:, 0, 0], paths[:, 0, 1]
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.15


def test_without_paths_there_are_none(panel):
    told = Blend("both", Straight(WIDE), Straight(NARROW)).fit(panel, 5).predict(panel, ASK._replace(n_samples=0))
    assert told.samples is None or told.samples.shape[0] == 0
