"""Forecasters weighted by money: known best weights, and no look at what comes later."""

from dataclasses import dataclass

import numpy as np
import pytest

from restock.forecasting.choosing import Chosen, Costs, best_weights, decide
from restock.forecasting.forecast import of_samples
from restock.forecasting.forecaster import Ask, Windows
from restock.forecasting.panel import bare_panel

COSTS = Costs(holding=1.0, shortage=4.0, lead=7)


@dataclass(frozen=True)
class Poisson:
    """Poisson of a multiple of the mean of the last four weeks: right at 1."""

    factor: float
    name: str = "poisson"

    def fit(self, panel, h, seed=0):
        return self

    def predict(self, panel, ask):
        mean = self.factor * np.nanmean(panel.y[:, -28:], axis=1)
        samples = np.random.default_rng(ask.seed).poisson(mean[:, None], (ask.n_samples or 50, len(mean), ask.h))
        return of_samples(self.name, panel.ids, panel.days(ask.h)[-ask.h :], samples.astype(np.float32), ask.levels)


def flat_panel(periods=84, seed=0):
    draw = np.random.default_rng(seed)
    y = draw.poisson(np.linspace(2, 30, 60)[:, None], (60, periods)).astype(np.float32)
    return bare_panel(y, np.datetime64("2024-01-01") + np.arange(periods))


def test_cost_is_holding_above_and_shortage_below():
    np.testing.assert_array_equal(COSTS.of(np.asarray([10.0, 10.0, 10.0]), np.asarray([7.0, 10.0, 12.0])), [3, 0, 8])
    assert COSTS.ratio == 0.8


def test_weights_are_those_of_a_search_over_all():
    draw = np.random.default_rng(1)
    demand = draw.gamma(4, 5, 4000)
    levels = np.stack([np.full(4000, 8.0), np.full(4000, 60.0), draw.gamma(4, 5, 4000)], axis=1)
    found = best_weights(levels, demand, COSTS, "weigh")
    assert found.sum() == pytest.approx(1.0)
    grid = [(a, b, 1 - a - b) for a in np.linspace(0, 1, 21) for b in np.linspace(0, 1 - a, 21)]
    least = min(COSTS.of(levels @ np.asarray(w), demand).mean() for w in grid)
    assert COSTS.of(levels @ found, demand).mean() < 1.03 * least


def test_the_candidate_that_costs_least_is_selected_class_by_class():
    panel = flat_panel()
    fitted = Chosen((Poisson(0.5), Poisson(1.0), Poisson(2.0)), COSTS, "select", n_windows=2).fit(panel, 7)
    np.testing.assert_array_equal(fitted.weights[""], [0, 1, 0])
    np.testing.assert_array_equal(fitted.trust(panel)[:, 1], 1)


def test_weighing_costs_no_more_than_the_average_on_the_windows_it_saw():
    panel, candidates = flat_panel(), (Poisson(0.5), Poisson(1.0), Poisson(2.0))
    past = decide(candidates, panel, Windows(7, 3, refit=False), COSTS)
    weights = best_weights(past.levels, past.demand, COSTS, "weigh")
    cost = {
        name: COSTS.of(past.levels @ w, past.demand).mean() for name, w in (("weigh", weights), ("all", np.ones(3) / 3))
    }
    assert cost["weigh"] < cost["all"]


def test_only_periods_without_a_stock_out_are_judged():
    panel = flat_panel()
    panel.available[:, 70:] = 0.5
    past = decide((Poisson(1.0),), panel, Windows(7, 3, refit=False), COSTS)
    assert len(past.demand) == (panel.whole[:, 63:70].all(axis=1)).sum()


def test_paths_and_quantiles_are_of_the_trusted_ones():
    panel = flat_panel()
    forecast = (
        Chosen((Poisson(1.0), Poisson(5.0)), COSTS, "select", 2).fit(panel, 7).predict(panel, Ask(7, n_samples=300))
    )
    alone = Poisson(1.0).predict(panel, Ask(7, n_samples=300))
    np.testing.assert_allclose(forecast.mean, alone.mean, rtol=1e-5)
    np.testing.assert_array_equal(forecast.samples, alone.samples)
    both = Chosen((Poisson(1.0), Poisson(5.0)), COSTS, "average").fit(panel, 7).predict(panel, Ask(7, n_samples=300))
    assert both.samples.mean() == pytest.approx(3 * alone.samples.mean(), rel=0.1)
