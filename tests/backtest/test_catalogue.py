"""A shop as arrays: what is known when, which stretch counts, and who gets which row."""

from dataclasses import fields

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_history import made_up_history
from made_up_shop import made_up_shop

from restock.backtest.catalogue import make_catalogue, past_of, scaling_of
from restock.backtest.windows import split
from restock.config import Config
from restock.forecasting.outlook import Outlook
from restock.policies.rules import BaseStock
from restock.simulator.rollout import run

FIRST, LONGEST, PERIODS = 8, 3, 70
run_now = eqx.filter_jit(run)
REVIEW = np.array([1.0, 2.0, 3.0, 1.0], np.float32)


def terms(leads=(1, 2, 3, 0), chances=None):
    """NumPy, one row per item."""
    one = made_up_shop(LONGEST)
    shop = jax.tree.map(lambda x: np.repeat(np.asarray(x)[None], 4, axis=0), one)
    shop.__dict__["review"] = REVIEW[:, None]
    shop.__dict__["lead_chance"] = np.eye(LONGEST + 1, dtype=np.float32)[list(leads)][:, None]
    if chances is not None:
        shop.__dict__["lead_chance"] = np.tile(np.asarray(chances, np.float32), (4, 1, 1))
    return shop


def catalogue_of(history=None, shop=None, objective="profit"):
    return make_catalogue(history or made_up_history(periods=PERIODS), shop or terms(), objective, FIRST)


@pytest.fixture(scope="module")
def catalogue():
    return catalogue_of()


@pytest.fixture(scope="module")
def scaling(catalogue):
    return scaling_of(catalogue, (FIRST, 40))


def test_an_order_must_last_for_lead_time_and_review_period(catalogue):
    np.testing.assert_array_equal(catalogue.outlook.protect, [1 + 1, 2 + 2, 3 + 3, 0 + 1])
    assert catalogue.warm_up == 7
    assert catalogue.rows == 4


def test_a_mean_lead_time_is_rounded_up():
    some = catalogue_of(shop=terms(chances=[0.0, 0.5, 0.5, 0.0]))
    np.testing.assert_array_equal(some.outlook.protect, [3, 4, 5, 3])


@pytest.mark.parametrize("days", [1, 7])
def test_review_days_stay_the_same_calendar_days_when_history_grows(days):
    whole = catalogue_of(made_up_history(periods=PERIODS, period_days=days))
    later = whole.history
    cut = 11  # the first periods are gone, as when old data are dropped
    short = made_up_history(later.demand[:, cut:], period_days=days)
    short.__dict__["starts"] = later.starts[cut:]
    grown = catalogue_of(short)
    columns = np.arange(cut, PERIODS)
    np.testing.assert_array_equal(whole.may_order(columns), grown.may_order(columns - cut))
    np.testing.assert_allclose(whole.may_order(np.arange(60)).mean(axis=1), 1 / REVIEW)


def test_rows_taken_are_the_rows_of_the_whole(catalogue, scaling):
    rows = np.array([3, 1])
    some = catalogue.take(rows)
    assert some.history.items == ("item 3", "item 1")
    for field in fields(Outlook):
        part, whole = getattr(some.outlook, field.name), getattr(catalogue.outlook, field.name)
        if field.name == "lead_quantiles":  # where a forecaster was chosen; none was here
            assert part is whole is None
        else:
            np.testing.assert_array_equal(part, whole[rows])
    whole, part = catalogue.stretch(20, 40, scaling), some.stretch(20, 40, scaling)
    for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(part), strict=True):
        np.testing.assert_array_equal(np.asarray(a)[rows], b)


def test_a_stretch_weighs_observed_demand_only(catalogue, scaling):
    stretch = catalogue.stretch(20, 40, scaling)
    np.testing.assert_array_equal(stretch.weight, catalogue.history.known[:, 20:40])
    np.testing.assert_array_equal(stretch.chance.demand[..., 0], catalogue.history.demand[:, 20:40])
    np.testing.assert_array_equal(stretch.known.price[..., 0], catalogue.price[:, 20:40])
    np.testing.assert_array_equal(stretch.known.scale, catalogue.outlook.scale[:, 20:40])
    np.testing.assert_allclose(stretch.known.features, scaling.apply(catalogue.features[:, 12:32]))


def test_the_next_period_is_known_too(catalogue, scaling):
    known = catalogue.known(PERIODS, PERIODS + 1, scaling)
    assert known.scale.shape == (4, 1)
    np.testing.assert_array_equal(known.price[:, 0, 0], catalogue.price[:, PERIODS])


@pytest.mark.parametrize("chances", [None, [0.2, 0.3, 0.1, 0.4]], ids=["fixed", "random"])
@pytest.mark.parametrize("first", [20, 21, 22])
def test_no_unit_of_the_usual_stock_vanishes_on_its_way(chances, first, scaling):
    stretch = catalogue_of(shop=terms(chances=chances)).stretch(first, 40, scaling)
    assert float(stretch.stock.on_order.sum()) > 0
    after, period = run_now(BaseStock(jnp.array(0.0), jnp.array(1.0)), stretch)  # orders nothing
    np.testing.assert_allclose(period.arrived.sum(axis=1), stretch.stock.on_order.sum(axis=-1), rtol=1e-5)
    np.testing.assert_array_equal(after.on_order, 0.0)


def test_a_window_begins_after_its_warm_up(catalogue, scaling):
    window = catalogue.window((40, 55), scaling)
    assert window.first == catalogue.warm_up
    assert window.stretch.weight.shape == (4, 15 + catalogue.warm_up)
    np.testing.assert_array_equal(window.known, catalogue.history.known[:, 40:55])
    assert catalogue.window((FIRST + 2, 30), scaling).first == 2  # no more than there is


def test_tuning_and_validation_never_share_a_period_and_never_see_the_test(catalogue, scaling):
    windows = split(PERIODS, 7, catalogue.warm_up, Config())
    trial = catalogue.trial(windows, scaling)
    train, validation = np.asarray(trial.train), np.asarray(trial.validation)
    assert FIRST + train.shape[1] == windows.validation[1] == windows.test[0]
    assert not np.any(train * validation)
    columns = FIRST + np.arange(train.shape[1])
    assert columns[train.any(axis=0)].min() >= windows.train[0] + catalogue.warm_up
    assert columns[train.any(axis=0)].max() < windows.train[1]
    assert columns[validation.any(axis=0)].min() >= windows.validation[0]


def test_what_networks_learn_from_ends_with_the_training_periods(catalogue, scaling):
    problem = catalogue.problem((FIRST, 40), scaling)
    np.testing.assert_array_equal(problem.demand[..., 0], catalogue.history.demand[:, FIRST:40])
    assert (problem.first, problem.last, problem.lead) == (0, 40 - FIRST, LONGEST)


def test_where_only_costs_count_prices_are_zero():
    assert not np.any(catalogue_of(objective="cost").price)


def test_the_past_of_rules_is_that_of_the_training_periods(catalogue):
    past = past_of(catalogue, (FIRST, 40), np.zeros(4, np.int32))
    history = catalogue.history
    begin = PERIODS // 5  # when item 2 came on sale
    expected = [history.demand[i, (begin if i == 2 else 0) : 40].mean() for i in range(4)]
    np.testing.assert_allclose(past.unit, expected, rtol=1e-5)
    assert np.all(np.diff(past.errors, axis=1) >= 0)  # quantiles rise
