"""Scripts of `examples/` do what they say."""

import importlib.util
from pathlib import Path

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.algorithms.experience import live
from restock.environments.setting import repeat
from restock.policies.rules import buy
from restock.simulator.rollout import Stretch
from restock.simulator.types import Chance

EXAMPLES = Path(__file__).parents[1] / "examples"


def script(name: str):
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_algorithms_learn_from_is_the_environment_of_the_article():
    article, rows, periods = script("learn_the_article"), 8, 20
    env = gymnasium.make_vec("restock/Article-v0", num_envs=rows, actions="continuous", periods=periods)
    env.reset(seed=1)
    env.action_space.seed(1)
    changes = np.stack([env.action_space.sample()[:, 0] for _ in range(periods)])  # [period, row]
    lived = [env.step(change[:, None]) for change in changes]
    demand = np.stack([*(info["demand"] for *_, info in lived), np.zeros(rows)], axis=1)  # one is only looked at

    def act(seen, view, change):
        return change, jax.vmap(buy)(view, article.USUAL + change)

    problem = article.article_problem(article.paid, seed=0)
    shop, stock, known = (repeat(part, rows) for part in (article.SETTING.shop, article.SETTING.stock, article.KNOWN))
    chance = Chance(jnp.asarray(demand[..., None]), shop.lead_chance)
    window = Stretch(shop, stock, known, chance, jnp.ones(demand.shape))
    _, steps = live(act, window, problem.lead, jnp.asarray(changes), problem.reward, problem.limit)
    assert np.array_equal(10 * np.asarray(steps.reward), np.stack([reward for _, reward, *_ in lived]))
    assert len(np.unique(steps.reward)) == 2  # demand is met now and then


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dqn", "ppo", "td3", "pathwise"])
def test_the_article_is_learned_to_its_best_and_the_curve_is_drawn(name, tmp_path, capsys):
    page = tmp_path / "curves.html"
    curves = script("learn_the_article").main(["--algorithms", name, "--out", str(page)])
    rewards = [point.reward for point in curves[name]]
    assert len(rewards) == 15
    assert rewards[0] < 9.5
    assert rewards[-1] > 9.9  # the best there is: a full shelf, 10 but for rare demand above what it holds
    assert f'"name":"{name}"' in page.read_text(encoding="utf-8")
    assert name in capsys.readouterr().out
