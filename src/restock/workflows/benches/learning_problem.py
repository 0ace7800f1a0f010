"""A benchmark instance as something to learn from."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.pathwise import PathwiseConfig
from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig, train
from restock.environments.setting import Setting, repeat
from restock.simulator.rollout import Policy

PATHS, PERIODS = 4096, 500  # drawn to learn from
TRAINING = 7919  # keeps chance in training apart from every other use of a seed


def recipe(**settings: Any) -> PathwiseConfig:
    """Settings without regularisation: paths are drawn from the law itself, there is nothing to over-fit.

    Orders stay fractions in training, see docs/benchmarks.md.
    """
    regularisation = {"weight_decay": 0.0, "input_dropout": 0.0}
    usual = {"batch": 128, "hidden": 16, "learning_rate": 1e-2, "warm_up": 0.0, "whole_units_from": 1.0}
    return PathwiseConfig(**{**usual, **regularisation, **settings})


def learn(settings: AlgorithmConfig, setting: Setting, seed: int, periods: int | None = None) -> Policy:
    """A policy trained from nothing on demand that no evaluation uses; periods: as in `learning_problem`."""
    policy, _ = train(settings, learning_problem(setting, seed, periods), jax.random.key(TRAINING + seed))
    return jax.block_until_ready(policy)


def learning_problem(setting: Setting, seed: int, periods: int | None = None) -> Problem:
    """Many paths of one item; none: whole episodes where the instance has an end, else `PERIODS` periods."""
    periods = periods or setting.periods or PERIODS
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
