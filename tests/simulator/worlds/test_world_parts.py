"""Parts of a world against closed forms, and deliveries against what is computed by hand."""

import numpy as np
import pytest
from scipy import stats

from restock.simulator.worlds import LONGEST, PRIOR, seasons, second, shapes
from restock.simulator.worlds.deliveries import NEVER, arrivals, drawn_from, in_order, law_in_order, pending
from restock.simulator.worlds.demand import lumpy_dispersion, lumpy_units, steady_units
from restock.simulator.worlds.draws import evenly, in_logs, mixed_poisson, poisson

ROWS, PERIODS = 4000, 50


def rng(seed=0):
    return np.random.default_rng(seed)


def full(value, shape=(ROWS, PERIODS)):
    return np.full(shape, value, np.float32)


@pytest.mark.parametrize("rate", [0.02, 3.0, 29.0, 31.0, 400.0])
def test_poisson_units_have_the_moments_of_poisson(rate):
    units = poisson(rng(), full(rate)).astype(np.float64)
    assert units.mean() == pytest.approx(rate, abs=5 * np.sqrt(rate / units.size))
    assert units.var() == pytest.approx(rate, rel=0.03)
    assert stats.skew(units, axis=None) == pytest.approx(rate**-0.5, abs=0.03 + 0.02 * rate**-0.5)
    assert units.min() >= 0


def test_the_normal_stand_in_is_close_to_poisson_in_every_cell():
    units = poisson(rng(1), full(40.0))
    cells = np.bincount(units.astype(int).ravel(), minlength=100)[:100] / units.size
    assert np.abs(cells - stats.poisson(40).pmf(np.arange(100))).sum() / 2 < 0.01


@pytest.mark.parametrize(("mean", "dispersion"), [(0.5, 0.3), (20.0, 2.0), (300.0, 0.05)])
def test_mixed_units_are_negative_binomial(mean, dispersion):
    units = mixed_poisson(rng(), full(mean), full(dispersion)).astype(np.float64)
    variance = mean + dispersion * mean**2
    assert units.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / units.size))
    assert units.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(("mean", "interval", "sizes"), [(0.01, 5.0, 0.5), (2.0, 4.0, 0.5), (80.0, 10.0, 2.0)])
def test_lumpy_units_have_the_interval_mean_and_dispersion_of_their_formula(mean, interval, sizes):
    often = full(1 / interval, (ROWS, 1))
    units = lumpy_units(rng(), full(mean), often, full(sizes)).astype(np.float64)
    dispersion = lumpy_dispersion(np.array([mean]), np.array([1 / interval]), np.array([sizes]))[0]
    variance = mean + dispersion * mean**2
    busy = min(1 / interval, mean)
    assert np.mean(units > 0) == pytest.approx(busy, abs=5 * np.sqrt(busy / units.size))
    assert units.mean() == pytest.approx(mean, abs=5 * np.sqrt(variance / units.size))
    assert units.var() == pytest.approx(variance, rel=0.1)


def test_steady_units_vary_less_than_poisson_and_keep_the_mean():
    units = steady_units(rng(), full(100.3), full(0.05)).astype(np.float64)
    assert units.mean() == pytest.approx(100.3, abs=0.06)
    assert units.var() == pytest.approx((100.3 * 0.05) ** 2 + 1 / 6, rel=0.05)  # at most 1 / 4 by rounding


def test_a_walk_keeps_its_expectation_and_spreads_with_time():
    prior = PRIOR.demand.model_copy(update={"walk": (0.05, 0.05)})
    log = shapes.walks(rng(), prior, 20_000, PERIODS)
    assert np.exp(log).mean(0) == pytest.approx(np.ones(PERIODS), abs=0.015)
    assert log.std(0) == pytest.approx(0.05 * np.sqrt(np.arange(1, PERIODS + 1)), rel=0.03)


def test_memory_is_stationary_with_the_autocorrelation_that_was_drawn():
    prior = PRIOR.demand.model_copy(update={"memory": (0.7, 0.7), "memory_spread": (0.4, 0.4)})
    log = shapes.memories(rng(), prior, 20_000, PERIODS)
    assert log.std(0) == pytest.approx(np.full(PERIODS, 0.4), rel=0.03)
    assert np.exp(log).mean() == pytest.approx(1, abs=0.01)
    centred = log + 0.08
    for lag in (1, 3):
        tie = (centred[:, lag:] * centred[:, :-lag]).mean() / 0.16
        assert tie == pytest.approx(0.7**lag, abs=0.01)


def test_a_life_peaks_at_one_and_what_ended_stays_over():
    factor = np.exp(shapes.lives(rng(), PRIOR.demand, ROWS, 200))
    assert factor.max() <= 1 + 1e-5
    assert np.mean(factor.max(1) > 0.99) > 0.5
    over = factor[:, -1] == 0
    assert np.mean(over) > 0.4
    assert (np.diff((factor == 0).astype(int), axis=1) >= 0).all()


def test_a_week_is_the_same_every_week_and_one_on_average():
    calendar = seasons.draw_calendar(rng(), PRIOR.demand, ROWS)
    factor = np.exp(seasons.weeks(rng(), PRIOR.demand, calendar, 35))
    np.testing.assert_array_equal(factor[:, :28], factor[:, 7:])
    np.testing.assert_allclose(factor[:, :7].mean(1), 1, rtol=1e-4)
    place = (calendar.weekday[:, None] + np.arange(7)) % 7
    weekdays = np.take_along_axis(factor[:, :7], np.argsort(place, 1), 1)  # Monday first
    closed = weekdays == 0
    assert not closed[:, :5].any()
    assert closed[:, 6].mean() == pytest.approx(PRIOR.demand.closed, abs=0.02)


def test_a_year_comes_back_after_a_year():
    calendar = seasons.draw_calendar(rng(), PRIOR.demand, 50)
    log = seasons.years(rng(), PRIOR.demand, calendar, 800)
    for row, days in enumerate(calendar.period_days):
        round_ = 365 if days == 1 else 52
        assert np.abs(log[row, round_:] - log[row, :-round_]).max() < 0.1 * np.ptp(log[row])


def test_a_promotion_lifts_while_it_lasts_and_echoes_only_afterwards():
    part = seasons.promotions(rng(), PRIOR.demand, ROWS, 120)
    assert (part.log[part.on] > 0).all()
    assert (part.log[~part.on] <= 0).all()
    assert (part.price[part.on] < 1).all()
    assert (part.price[~part.on] == 1).all()
    first = np.argmax(part.on, 1)
    dips = part.log < -1e-3
    before = np.arange(120) < first[:, None]
    started_earlier = 0.5  # the window may open in an echo
    assert np.mean((dips & before).any(1)[part.on.any(1)]) < started_earlier
    elasticity = part.log.max(1)[part.on.any(1)] / -np.log(part.price.min(1)[part.on.any(1)])
    low, high = PRIOR.demand.elasticity
    assert low - 1e-3 <= elasticity.min()
    assert elasticity.max() <= high + 1e-3


def test_events_come_back_every_year_and_happen_in_every_window():
    calendar = seasons.Calendar(np.full(200, 7, np.int32), np.zeros(200, np.int32), full(0.0, (200,)))
    part = seasons.events(rng(), PRIOR.demand, calendar, 130)
    np.testing.assert_array_equal(part.on[:, :78], part.on[:, 52:])
    assert part.on.any(1).all()
    assert part.log.max() <= 3 * PRIOR.demand.event[1]


def test_a_gap_is_a_run_without_any_demand():
    factor = np.exp(shapes.gaps(rng(), PRIOR.demand, ROWS, 100))
    assert set(np.unique(factor)) == {0.0, 1.0}
    starts = (np.diff(factor, axis=1) < 0).sum(1) + (factor[:, 0] == 0)
    assert set(np.unique(starts)) == {1, 2}


def test_numbers_are_drawn_from_the_range_that_was_asked_for():
    assert stats.kstest(evenly(rng(), (-2, 5), 5000), stats.uniform(-2, 7).cdf).pvalue > 1e-3
    logs = np.log(in_logs(rng(), (0.01, 1000), 5000))
    assert stats.kstest(logs, stats.uniform(np.log(0.01), np.log(1e5)).cdf).pvalue > 1e-3


def test_arrivals_are_what_is_computed_by_hand():
    """Orders of periods 0 .. 3 take 2, 1 (crosses into the same period), never, 5; before: one comes in period 1."""
    leads = np.full((1, LONGEST + 4), NEVER, np.int32)
    leads[0, LONGEST:] = [2, 1, NEVER, 5]
    leads[0, LONGEST - 3] = 4  # left in period -3, comes in period 1
    leads[0, 0] = LONGEST  # left in period -12, comes in period 0
    arrives = arrivals(leads)
    assert arrives.shape == (1, 4, 1, LONGEST + 1)
    assert [tuple(place) for place in np.argwhere(arrives[0, :, 0])] == [(0, 12), (1, 4), (2, 1), (2, 2)]


def test_pending_orders_are_those_that_have_not_come():
    leads = np.zeros((1, LONGEST + 4), np.int32)
    leads[0, LONGEST - 1] = 1  # left a period ago, comes now
    leads[0, LONGEST - 2] = 1  # left two periods ago, came
    leads[0, LONGEST - 5] = NEVER
    assert np.flatnonzero(pending(leads)[0]).tolist() == [0, 4]


def test_orders_in_a_line_never_overtake_and_follow_their_law():
    law = np.tile(np.array([0.1, 0.2, 0.0, 0.4, 0.3] + [0.0] * 8, np.float32), (ROWS, 1))
    leads = in_order(drawn_from(rng(), law, 90))
    comes = leads + np.arange(90)
    assert (np.diff(comes, axis=1) >= 0).all()
    seen = np.bincount(leads[:, LONGEST:].ravel(), minlength=LONGEST + 1) / leads[:, LONGEST:].size
    np.testing.assert_allclose(seen, law_in_order(law)[0], atol=0.004)
    # by hand: an order has come after 0 periods if it and the four before it would have: 0.1 * 0.3 * 0.3 * 0.7 * 1
    assert law_in_order(law)[0, 0] == pytest.approx(0.1 * 0.3 * 0.3 * 0.7)


def test_shot_noise_has_its_expectation():
    factor = second.shots(rng(), 30_000, 400)
    often = (0.15 - 0.01) / np.log(15)
    size = 5.5 / np.log(12)
    fade = np.log(10) / 0.9  # of 1 / (1 - f), f even between 0 and 0.9
    assert factor[:, 200:].mean() == pytest.approx(1 + often * size * fade, rel=0.04)


def test_units_of_the_second_prior_follow_their_mean():
    mean = full(5.0)
    for name, draw in second.NOISES.items():
        units, expected = draw(rng(), mean)
        assert units.mean() == pytest.approx(5, rel=0.03), name
        assert expected.mean() == pytest.approx(5, rel=0.03), name


@pytest.mark.parametrize("draw", [second.geometric, second.congested, second.two_suppliers])
def test_lead_times_of_the_second_prior_follow_their_law(draw):
    leads, law = draw(rng(), ROWS, 60)
    seen = (leads[:, :, None] == np.arange(LONGEST + 1)).mean((0, 1))
    np.testing.assert_allclose(seen, law.mean(0), atol=0.006)
    assert leads.min() >= 0
