"""Lost-sales instances as the simulator sees them: a shop to learn from, and what was learned as a table of orders."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.algorithms.dqn import DqnConfig
from restock.algorithms.pathwise import PathwiseConfig
from restock.algorithms.training import AlgorithmConfig, settings
from restock.environments.exact.reachable import reach, reached_cost
from restock.environments.exact.simulation import Cost, Orders, simulated_cost
from restock.environments.fixed_cost import FixedCost
from restock.environments.lost_sales import LostSales
from restock.simulator.dynamics import allowed
from restock.simulator.rollout import Policy
from restock.simulator.types import Known, Shop, Stock, View
from restock.workflows.benches.learning_problem import learn

# One setting for all instances. Training allows fractions of units to the end: the cost bends at whole units, so the
# slope leads to a whole number and stays there. With rounded orders stock and demand often tie, the slope at a tie is a
# mean of both sides, and orders seem to settle half way between whole numbers: 0.4 % above the optimum at lead time 1.
RECIPE = PathwiseConfig(
    updates=800,
    batch=128,
    periods=40,
    ignored=10,
    hidden=16,
    learning_rate=1e-2,
    warm_up=0.0,
    weight_decay=0.0,
    input_dropout=0.0,
    carry_stock=True,
    whole_units_from=1.0,
)
# What no order can change any more is left out of its reward (`experience.later`), and DQN is offered whole orders up
# to the largest that is worth it: on geometric-p9-L4 that took it from 2.2 % above the optimum to 0.9-1.3 %. A policy
# that is not paid for trying other orders stops looking too soon: PPO was 10 % above it there.
_ALL = {"carry_stock": True, "hidden": 32}  # twice as many units are slower and no better
_REMEMBERED = {**_ALL, "n": 1, "batch": 256, "rows": 128}
# More shops bring more demand to the same gradient steps: on geometric-p39-L4 DQN fell from 1.02 % to 0.71 %.
_MANY = {"batch": 512, "rows": 512, "memory": 1 << 17}
# Looking less far ahead, since chance of later periods only hides what an order is worth: PPO fell from 1.2 % to 0.5 %.
_DRAWN = {"entropy": 0.05, "lambda_": 0.7, "discount": 0.9}
# Critics need time: with 400 rounds TD3 was 0.6 % above the optimum there, with 1000 it is 0.2 %.
RECIPES: dict[str, AlgorithmConfig] = {
    "pathwise": RECIPE,
    "dqn": settings("dqn", **{**_REMEMBERED, **_MANY}, target_rate=0.02, explore_to=0.05, learning_rate=5e-3),
    "a2c": settings("a2c", **_ALL, **_DRAWN, rounds=1500),
    "ppo": settings("ppo", **_ALL, **_DRAWN, rounds=200, rows=512),
    "ddpg": settings("ddpg", **_REMEMBERED, rounds=1000),
    "td3": settings("td3", **_REMEMBERED, rounds=1000),
}
AT_ONCE = 1 << 13  # states in one call of a network


def learn_orders(recipe: AlgorithmConfig, instance: LostSales, seed: int) -> Policy:
    """A policy trained from nothing on demand that no evaluation uses."""
    return learn(suited(recipe, instance), instance.setting(), seed)


def suited(recipe: AlgorithmConfig, instance: LostSales) -> AlgorithmConfig:
    """The recipe with what depends on the instance: when orders matter, and which there are to choose from."""
    late, changes = instance.lead_time, dict[str, Any]()
    if not isinstance(recipe, PathwiseConfig):
        changes = {"delay": late, "periods": recipe.periods + late}
    if isinstance(recipe, DqnConfig):
        choices = round(instance.setting().most) + 1
        changes |= {"grid": "bounded", "choices": choices, "step": 1 / instance.mean}
    return recipe.model_copy(update=changes)


def price_orders(instance: LostSales, orders: Orders, order_cost: float = 0.0) -> Cost:
    """Exact on the states that these orders reach; by simulation, with its standard error, where they are too many.

    Args:
        instance: the problem.
        orders: of a policy, see `orders_of`.
        order_cost: money per order placed, whatever its size.
    """
    reached = reach(instance, orders)
    if reached is None:
        return simulated_cost(instance, orders, order_cost=order_cost)
    return Cost(reached_cost(instance, reached, order_cost=order_cost), 0.0)


def orders_of(policy: Policy, instance: LostSales | FixedCost) -> Orders:
    """The whole units that a policy orders in states (x0, ..., x[L-1]). [state, L] -> [state]"""
    setting = instance.setting()
    shop, known = setting.shop, setting.draw(np.random.default_rng(0), 1, 1).known

    def orders(states: NDArray[np.int64]) -> NDArray[np.int64]:
        count = len(states)
        padded = np.zeros((-(-count // AT_ONCE) * AT_ONCE, setting.lead), np.float32)  # one shape: compiled once
        padded[:count] = states
        parts = [_decide(policy, shop, known, jnp.asarray(part)) for part in np.split(padded, len(padded) // AT_ONCE)]
        return np.concatenate(parts)[:count].astype(np.int64)

    return orders


@eqx.filter_jit
def _decide(policy: Policy, shop: Shop, known: Known, states: Array) -> Array:
    def order(state: Array) -> Array:
        # the simulator counts by the time since ordering; what was ordered L periods ago is on hand already
        on_order = jnp.concatenate([state[:0:-1], jnp.zeros(1)])[None]
        view = View(shop, Stock(state[:1, None], on_order, jnp.zeros(1)), known)
        return allowed(shop, known.may_order, policy(view, None).order)[0]

    return jax.vmap(order)(states)
