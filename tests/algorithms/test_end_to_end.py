"""Forecasts that name half of what is needed are bent until they earn; good ones are left alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from restock.algorithms.end_to_end import EndToEndConfig, bend
from restock.algorithms.problem import Problem
from restock.environments.setting import plain_shop, repeat
from restock.policies.named import BENT, Bent
from restock.simulator.rollout import nothing_known
from restock.simulator.types import Stock, View

ROWS, PERIODS, MEAN = 64, 40, 10.0
CONFIG = EndToEndConfig(updates=120, at_once=40, batch=64, periods=12, ignored=2, learning_rate=5e-2)


def problem_of(factor: float) -> Problem:
    """Poisson demand, no lead time, a ratio of 0.9: the level that pays is 14; one names a multiple of it."""
    demand = np.random.default_rng(0).poisson(MEAN, (ROWS, PERIODS, 1))
    table = factor * np.quantile(demand, np.asarray(BENT)) / MEAN
    features = np.concatenate([[factor * 1.4], table, [1.0]])
    known = eqx.tree_at(lambda k: k.features, nothing_known(scale=MEAN), jnp.asarray(features))
    shop = repeat(plain_shop(lead_time=0, holding=1.0, shortage=9.0), ROWS)
    return Problem(
        shop, repeat(known, ROWS), jnp.asarray(demand, jnp.float32), shop.lead_chance, jnp.ones((ROWS, PERIODS)),
        jnp.ones(ROWS), 0, PERIODS,
    )  # fmt: skip


def level_of(policy, problem) -> float:
    shop, known = jax.tree.map(lambda x: x[0], (problem.shop, problem.known))
    return float(policy.level(View(shop, Stock(jnp.zeros((1, 1)), jnp.zeros((1, 0)), jnp.zeros(1)), known))) * MEAN


@pytest.fixture(scope="module")
def learned():
    problem, seen = problem_of(0.5), []

    def judge(policy) -> float:
        level = level_of(policy, problem)
        demand = np.random.default_rng(1).poisson(MEAN, 4000)
        seen.append(-float((np.maximum(level - demand, 0) + 9 * np.maximum(demand - level, 0)).mean()))
        return seen[-1]

    return bend(CONFIG, problem, Bent(jnp.ones(1), 1), judge, jax.random.key(0)), problem, seen


def test_a_level_that_is_half_of_what_pays_is_bent_to_what_pays(learned):
    policy, problem, seen = learned
    assert level_of(Bent(jnp.ones(1), 1), problem) == pytest.approx(7, abs=0.5)
    assert level_of(policy, problem) == pytest.approx(14, abs=1.5)
    assert max(seen) > 0.5 * seen[0]  # both are negative: less than half of the cost is left


def test_where_nothing_earns_more_the_given_policy_stays(learned):
    given = Bent(jnp.ones(1), 1)
    looks = iter(range(0, -100, -1))
    kept = bend(CONFIG, learned[1], given, lambda policy: float(next(looks)), jax.random.key(0))
    assert eqx.tree_equal(kept, given)
