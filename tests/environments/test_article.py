import gymnasium
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import restock.environments  # noqa: F401 (registers the ids)
from restock.environments.article import article, article_reward, article_setting
from restock.environments.faces import RestockEnv, RestockVectorEnv
from restock.policies.rules import buy
from restock.simulator.dynamics import step
from restock.simulator.types import Chance


def rewarded(on_hand: float, order: float, demand: float) -> float:
    setting = article_setting()
    known = setting.draw(np.random.default_rng(0), 1, 1).known
    stock = setting.stock.__class__(jnp.full((1, 1), float(on_hand)), setting.stock.on_order, setting.stock.backlog)
    chance = Chance(jnp.array([float(demand)]), setting.shop.lead_chance)
    _, period = step(setting.shop, stock, known, lambda view: buy(view, jnp.asarray(float(order))), chance)
    return float(article_reward(setting.shop, period))


@pytest.mark.parametrize(
    ("on_hand", "order", "demand", "reward"),
    [
        (50, 50, 60, 10),  # met
        (10, 50, 60, 10),  # met to the last unit: an empty shelf that nobody has seen empty
        (10, 49.5, 60, -10),  # half a unit short: running out never pays
        (0, 0, 50, -10),
        (50, 50, 0, 0),  # nobody came
    ],
)
def test_the_article_pays_for_met_demand_and_fines_running_out(on_hand, order, demand, reward):
    assert rewarded(on_hand, order, demand) == reward


def test_stock_starts_at_50_and_the_usual_demand_is_shown_before_the_first():
    seen, _ = gymnasium.make("restock/Article-v0").reset(seed=0)
    assert seen.tolist() == [50, 50]


def test_the_action_changes_the_usual_order_of_50():
    for action, ordered in ((-10, 40), (0, 50), (10, 50)):  # 60 would not fit: 50 are there already
        env = RestockEnv(article())
        env.reset(seed=0)
        assert env.step(action)[4]["ordered"] == ordered


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), most=st.booleans())
def test_the_shelf_holds_0_to_100_units_and_what_was_asked_for_is_seen(seed, most):
    env = RestockVectorEnv(article("continuous", periods=30), 8)
    env.reset(seed=seed)
    env.action_space.seed(seed)
    for _ in range(30):
        action = np.full((8, 1), 10, np.float32) if most else env.action_space.sample()
        seen, reward, terminated, _, info = env.step(action)
        assert seen in env.observation_space
        assert not terminated.any()
        assert np.array_equal(seen[:, 1], info["demand"])
        assert np.array_equal(reward, np.where(info["lost"] > 0, -10, 10))


def test_demand_has_the_mean_and_deviation_that_the_article_prints():
    demand = article_setting().draw(np.random.default_rng(1), 100, 1000).demand
    assert demand.min() >= 0
    assert demand.max() <= 100
    assert demand.mean() == pytest.approx(50, abs=0.1)
    assert demand.std() == pytest.approx(10, abs=0.1)


def test_a_thoughtful_policy_earns_more_than_a_random_one():
    env = RestockVectorEnv(article(periods=100), 32)

    def earned(act) -> float:
        seen, total = env.reset(seed=0)[0], 0.0
        env.action_space.seed(0)
        for _ in range(100):
            seen, reward, *_ = env.step(act(seen))
            total += float(reward.mean())
        return total

    wise = earned(lambda seen: np.where(seen[:, 0] < 40, 10, 0))
    assert wise > 900
    assert earned(lambda seen: env.action_space.sample()) < 0.9 * wise
    assert earned(lambda seen: np.full(32, -10)) < 0  # running out does not pay
