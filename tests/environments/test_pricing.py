from dataclasses import dataclass, replace

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import restock.environments  # noqa: F401 (registers the ids)
from restock.environments.exact.pricing import optimal_pricing
from restock.environments.pricing import (
    JOINT,
    LISTED,
    MARKDOWN,
    PUBLISHED,
    ExponentialResponse,
    drawn_demand,
    find_instance,
    pricing_task,
    step,
)
from restock.errors import UsageError
from restock.simulator.types import Chance, Decision, View


@dataclass(frozen=True)
class Script:
    """Demand that is told beforehand."""

    units: int

    def mean(self, price):
        return float(self.units)

    def chances(self, price, below):
        return np.eye(1, below, self.units)[0]

    def draw(self, generator, prices):
        return np.full(prices.shape, self.units)


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


def test_the_optimum_earns_its_profit_in_the_environment():
    instance, optimum = find_instance("joint"), optimal_pricing(find_instance("joint"))
    env = gymnasium.make_vec("restock/Pricing-v0", num_envs=3000, instance="joint")
    seen, _ = env.reset(seed=0)
    earned = np.zeros(3000)
    for period in range(instance.periods):
        assert (seen[:, 1] == instance.periods - period).all()
        orders, prices = optimum(period, seen[:, 0].astype(int))
        seen, reward, _, over, told = env.step(orders * len(instance.prices) + prices)
        np.testing.assert_array_equal(told["ordered"], orders)
        earned += reward
    assert over.all()
    assert abs(earned.mean() - optimum.profit) < 4 * earned.std() / 3000**0.5


def test_a_period_of_the_environment_is_a_step_of_the_instance():
    instance = find_instance("markdown")
    env = gymnasium.make("restock/Pricing-v0", instance="markdown")
    (stock, _), _ = env.reset(seed=3)
    for action in (7, 3, 0, 0):
        seen, reward, *_, told = env.step(action)
        demand = int(told["demand"])
        scripted = replace(instance, demand=Script(demand))
        left, profit = step(
            scripted, np.random.default_rng(0), np.array([int(stock)]), np.array([0]), np.array([action])
        )
        stock = seen[0]
        assert stock == left[0]
        assert reward == pytest.approx(profit[0])


@pytest.mark.parametrize("instance", PUBLISHED, ids=lambda instance: instance.name)
def test_luck_becomes_demand_with_the_chances_of_the_nearest_price_and_never_more_at_a_higher_one(instance):
    respond, luck = drawn_demand(instance), jnp.linspace(0, 1, 20_001)[:-1] + 2.5e-5
    setting = instance.setting()
    view = View(setting.shop, setting.stock, setting.draw(np.random.default_rng(0), 1, 1).known)

    @jax.vmap
    def units(luck, price):
        decision = Decision(jnp.zeros(1), price[None], jnp.zeros(1))
        return respond(view, decision, Chance(luck[None], jnp.ones((1, 1)))).demand[0]

    before = np.full(luck.shape, np.inf)
    for price in sorted(instance.prices)[:: max(len(instance.prices) // 4, 1)]:
        drawn = np.asarray(units(luck, jnp.full_like(luck, price + 0.004)), int)
        shares = np.bincount(drawn, minlength=60)[:60] / drawn.size
        np.testing.assert_allclose(shares, instance.demand.chances(price, 60), atol=1e-4)
        assert instance.name == "listed" or (drawn <= before).all()
        before = drawn


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ({"instance": "listed"}, "pays 1.0 per unit left", "`markdown`"),
        ({"instance": "joint", "actions": "continuous"}, "pairs of a grid", "discrete"),
        ({"instance": "joint", "periods": 41}, "cannot have 41 periods", "1 .. 40"),
        ({"instance": "joined"}, "no pricing instance is called `joined`", "`joint`"),
    ],
)
def test_what_cannot_be_made_is_refused(given, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        pricing_task(**given)
    assert hint in caught.value.hint.en


def test_an_episode_cut_short_still_counts_what_is_left():
    env = gymnasium.make("restock/Pricing-v0", instance="orders-only", periods=2)
    seen, _ = env.reset(seed=0)
    assert seen[1] == 60
    env.step(0)
    *_, over, _ = env.step(0)
    assert over
