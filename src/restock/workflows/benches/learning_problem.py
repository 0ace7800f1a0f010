"""A benchmark instance as something to learn from."""

import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig, train
from restock.environments.setting import Setting, repeat
from restock.simulator.rollout import Policy

PATHS, PERIODS = 4096, 500  # drawn to learn from
TRAINING = 7919  # keeps chance in training apart from every other use of a seed


def learn(recipe: AlgorithmConfig, setting: Setting, seed: int) -> Policy:
    """A policy trained from nothing on demand that no evaluation uses."""
    policy, _ = train(recipe, learning_problem(setting, seed), jax.random.key(TRAINING + seed))
    return jax.block_until_ready(policy)


def learning_problem(setting: Setting, seed: int) -> Problem:
    """Many paths of one item; whole episodes where the instance has an end."""
    periods = setting.periods or PERIODS
    drawn = setting.draw(np.random.default_rng([seed, TRAINING]), PATHS, periods)
    shop = repeat(setting.shop, PATHS)
    return Problem(
        shop=shop,
        known=drawn.known if drawn.known.scale.ndim else repeat(drawn.known, PATHS),
        demand=drawn.demand[:, :, None],
        arrives=shop.lead_chance,
        weight=jnp.ones((PATHS, periods)),
        chance_of_row=jnp.ones(PATHS),
        first=0,
        last=periods,
    )
