import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.environments.nonstationary import PUBLISHED, Nonstationary, find_instance
from restock.errors import UsageError

INSTANCE = Nonstationary()


def drawn(paths: int = 3000, periods: int = 120, seed: int = 1, instance: Nonstationary = INSTANCE):
    return instance.draw(np.random.default_rng(seed), paths, periods)


def test_the_instance_is_found_by_its_name():
    assert find_instance("nonstationary-2-14") == INSTANCE
    assert INSTANCE in PUBLISHED
    with pytest.raises(UsageError, match="no nonstationary instance is called `drifting`"):
        find_instance("drifting")


@pytest.mark.parametrize("wrong", [{"slow": 14}, {"switching": 0}, {"smoothing": 1.5}, {"capacity": 0}, {"periods": 0}])
def test_an_impossible_instance_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a nonstationary instance"):
        Nonstationary(**wrong)


def test_regimes_are_equally_likely_and_change_as_often_as_they_should():
    fast = drawn().fast
    assert fast[:, 0].mean() == pytest.approx(0.5, abs=0.04)
    assert fast.mean() == pytest.approx(0.5, abs=0.02)
    assert (fast[:, 1:] != fast[:, :-1]).mean() == pytest.approx(0.05, abs=0.003)


def test_demand_has_the_mean_of_its_regime():
    path = drawn()
    assert path.demand[path.fast].mean() == pytest.approx(14, abs=0.05)
    assert path.demand[~path.fast].mean() == pytest.approx(2, abs=0.03)


def test_what_is_seen_before_a_period_follows_from_what_was_before_it():
    path = drawn(paths=5, periods=30)
    average = np.where(path.fast[:, 0], 14.0, 2.0)
    for period in range(30):
        np.testing.assert_allclose(path.average[:, period], average)
        average = (average + path.demand[:, period]) / 2
    np.testing.assert_array_equal(path.chance[:, 0], path.fast[:, 0])


def test_the_chance_of_the_fast_regime_is_what_it_says():
    path = drawn()
    for low, high in ((0, 0.1), (0.1, 0.5), (0.5, 0.9), (0.9, 1)):
        there = (path.chance >= low) & (path.chance <= high)
        assert path.fast[there].mean() == pytest.approx(path.chance[there].mean(), abs=0.02)


@given(st.floats(0, 1), st.integers(0, 39))
def test_more_demand_never_speaks_for_the_slow_regime(chance, demand):
    less, more = INSTANCE.learn(np.full(2, chance), np.array([demand, demand + 1]))
    assert 0.05 - 1e-12 <= less <= more + 1e-12 <= 0.95 + 2e-12


@pytest.mark.parametrize(
    "instance", [INSTANCE, Nonstationary(slow=5, fast=9, switching=0.3, smoothing=0.2)], ids=["usual", "other"]
)
def test_the_average_errs_by_as_much_as_it_says(instance):
    path = drawn(instance=instance)
    errors = (path.demand - path.average)[:, 60:]  # the start is forgotten
    assert errors.std() == pytest.approx(instance.average_error, rel=0.01)


def test_with_history_the_forecast_errs_by_as_much_as_it_says():
    path = drawn()
    known = INSTANCE.known(path, "history")
    scaled = (path.demand - np.asarray(known.lead_demand)) / np.asarray(known.lead_spread)
    assert scaled.mean() == pytest.approx(0, abs=0.02)
    assert scaled.std() == pytest.approx(1, abs=0.02)
    assert (known.features[..., 0] == jnp.asarray(path.chance, jnp.float32)).all()


def test_its_setting_shows_what_the_package_shows():
    setting = INSTANCE.setting()
    course, path = setting.draw(np.random.default_rng(1), 50, 80), drawn(50, 80)
    assert (setting.periods, setting.lead, setting.most) == (80, 0, 18.0)
    np.testing.assert_array_equal(course.demand, path.demand)
    assert course.known.features.shape == (50, 80, 1)
    np.testing.assert_allclose(course.known.features[..., 0], np.minimum(path.average / 18, 1), rtol=1e-6)
    assert float(course.known.price.min()) == 1.0


def test_orders_are_cut_to_what_may_be_ordered_and_has_room():
    stock = np.array([0, 0, 20, 30, 5])
    assert INSTANCE.allowed(stock, np.array([25, -1, 18, 4, 7])).tolist() == [18, 0, 10, 0, 7]


def test_starting_stock_is_any_up_to_the_capacity():
    units = np.asarray(INSTANCE.starting_stock(np.random.default_rng(1), 5000).on_hand).ravel()
    assert set(units.tolist()) == set(range(31))
    assert units.mean() == pytest.approx(15, abs=0.5)
