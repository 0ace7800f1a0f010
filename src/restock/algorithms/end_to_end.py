"""End to end: forecasts are bent by the slope of the money that orders made from them earn in the simulator.

The pathwise gradient goes through the shop, through the level that is ordered up to, into the numbers that make a level
of what forecasters tell (Donti et al. 2017, arXiv 1703.04529; Elmachtoub et al. 2023, arXiv 2304.06833 tells when it
pays). Validation money says when to stop, and whether to move at all.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from pydantic import BaseModel, ConfigDict, Field

from restock.algorithms.pathwise import mean_loss
from restock.algorithms.problem import Problem, draw
from restock.algorithms.training import refuse_wrong_numbers
from restock.optimizer import adam, descend, start
from restock.simulator.rollout import Policy


class EndToEndConfig(BaseModel):
    """Settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates: int = Field(default=400, gt=0, description="Gradient steps at most; validation stops earlier")
    batch: int = Field(default=256, gt=0, description="Windows averaged in one step")
    periods: int = Field(default=24, gt=0, description="Periods of a window")
    ignored: int = Field(default=5, ge=0, description="First periods of a window whose money does not count")
    learning_rate: float = Field(default=2e-2, gt=0, description="Largest step of Adam")
    at_once: int = Field(default=40, gt=0, description="Updates between two looks at validation money")
    patience: int = Field(default=4, ge=1, description="Looks without a rise before it stops")


def bend(
    config: EndToEndConfig, problem: Problem, policy: Policy, judge: Callable[[Policy], float], key: Array
) -> Policy:
    """The policy that earned most on validation, of all that were met on the way down; the given one if none did.

    Args:
        config: how to learn.
        problem: what to learn from.
        policy: has a derivative in its numbers.
        judge: money of a policy on other periods.
        key: of the windows that are drawn.

    Raises:
        TrainingError: a loss is not a number.
    """
    memory = start(_optimizer(config), policy)
    best, earned, since = policy, judge(policy), 0
    for done in range(0, config.updates, config.at_once):
        keys = jax.random.split(jax.random.fold_in(key, done), config.at_once)
        policy, memory, losses = _learn(config, problem, policy, memory, keys)
        refuse_wrong_numbers(losses, policy, done)
        money = judge(policy)
        best, earned, since = (policy, money, 0) if money > earned else (best, earned, since + 1)
        if since >= config.patience:
            break
    return best


@eqx.filter_jit
def _learn(
    config: EndToEndConfig, problem: Problem, policy: Policy, memory: Any, keys: Array
) -> tuple[Policy, Any, Array]:
    optimizer = _optimizer(config)
    arrays, rest = eqx.partition(policy, eqx.is_array)

    def update(carry: tuple[Any, Any], key: Array) -> tuple[tuple[Any, Any], Array]:
        arrays, memory = carry
        window = draw(problem, config.batch, config.periods, key)
        # Whole packs have no slope; fractions of units do.
        window = eqx.tree_at(lambda w: w.shop.pack, window, replace_fn=jnp.zeros_like)
        loss = partial(mean_loss, window=window, ignored=config.ignored, reward=problem.reward)
        policy = eqx.combine(arrays, rest)
        (value, _), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(policy)
        policy, memory = descend(optimizer, memory, gradient, policy)
        return (eqx.filter(policy, eqx.is_array), memory), value

    (arrays, memory), losses = jax.lax.scan(update, (arrays, memory), keys)
    return eqx.combine(arrays, rest), memory, losses


def _optimizer(config: EndToEndConfig) -> Any:
    return adam(config.learning_rate, config.updates, weight_decay=0.0)
