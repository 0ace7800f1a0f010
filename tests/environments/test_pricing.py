from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from restock.environments.pricing import JOINT, LISTED, MARKDOWN, PUBLISHED, ExponentialResponse, find_instance, step
from restock.errors import UsageError


def test_every_instance_is_found_by_its_name():
    assert len(PUBLISHED) == 4
    assert all(find_instance(instance.name.upper()) == instance for instance in PUBLISHED)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no pricing instance is called `markup`") as caught:
        find_instance("markup")
    assert "`markdown`" in caught.value.hint.en


@pytest.mark.parametrize(
    "wrong", [{"prices": ()}, {"starts": ()}, {"starts": (9,)}, {"periods": 0}, {"discount": 0}, {"largest_order": -1}]
)
def test_an_impossible_instance_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a pricing instance"):
        replace(MARKDOWN, **wrong)


def test_mean_demand_falls_exponentially_with_the_price():
    response = ExponentialResponse(9.0, slope=1.2)
    assert response.mean(0.5) == 9.0
    assert response.mean(1.5) == pytest.approx(9 * np.exp(-1.2))


@pytest.mark.parametrize("instance", PUBLISHED, ids=lambda instance: instance.name)
def test_drawn_demand_has_the_chances_of_its_price(instance):
    price = instance.prices[len(instance.prices) // 2]
    drawn = instance.demand.draw(np.random.default_rng(6), np.full(100_000, price))
    shares = np.bincount(drawn, minlength=40)[:40] / drawn.size
    chances = instance.demand.chances(price, 40)
    np.testing.assert_allclose(shares, chances, atol=0.006)
    assert chances.sum() == pytest.approx(1)
    assert chances @ np.arange(40) == pytest.approx(instance.demand.mean(price))


@pytest.mark.parametrize("instance", [LISTED, MARKDOWN], ids=lambda instance: instance.name)
def test_fewer_chances_are_the_first_of_them(instance):
    price = instance.prices[0]
    np.testing.assert_array_equal(instance.demand.chances(price, 2), instance.demand.chances(price, 9)[:2])


@given(st.integers(0, 30), st.integers(-5, 40), st.integers(0, 125), st.integers(0, 9))
def test_no_unit_is_made_or_lost_and_profit_is_the_sum_of_its_terms(stock, order, price, seed):
    before, index = np.array([stock]), np.array([price])
    left, profit = step(JOINT, np.random.default_rng(seed), before, np.array([order]), index)
    demand = JOINT.demand.draw(np.random.default_rng(seed), np.asarray(JOINT.prices)[index])[0]
    taken = min(max(order, 0), 15, 30 - stock)
    sold = min(stock + taken, demand)
    assert left[0] == stock + taken - sold
    by_hand = JOINT.prices[price] * sold - 0.3 * taken - 0.25 * left[0] - 0.3 * (demand - sold)
    assert profit[0] == pytest.approx(by_hand)
