"""Benches whose orders cost a fixed amount, learned by `rollout`: what it starts from, and how much it simulates."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from restock.algorithms.rollout import RolloutConfig, train
from restock.environments.exact.lot_sizing import NORMAL_STEP, Room, Steps, orders_cost, usual_room
from restock.environments.exact.simulation import Cost
from restock.environments.fixed_cost import FixedCost
from restock.environments.lot_sizing import PERIODS, LotSizing
from restock.environments.setting import Setting
from restock.policies.actors import Chooser
from restock.policies.rules import Balance, MinMax
from restock.simulator.dynamics import allowed
from restock.simulator.rollout import Policy
from restock.simulator.types import Known, Shop, Stock, View
from restock.workflows.benches.learning_problem import TRAINING, learning_problem
from restock.workflows.benches.lost_sales_learning import orders_of, price_orders

FIXED_COST = RolloutConfig(states=12288)  # with a third of them a seed came out 0.53 % above the optimum
LOT_SIZING = RolloutConfig(horizon=16)


def learn_fixed_cost(instance: FixedCost, seed: int, recipe: RolloutConfig = FIXED_COST) -> Chooser:
    """A network learned from nothing but the newsvendor's level and the order quantity of Harris (1913)."""
    linear = instance.linear
    low, more = linear.newsvendor(linear.lead_time), (2 * instance.order_cost * linear.mean / linear.holding) ** 0.5
    rule = MinMax(jnp.asarray(low / linear.mean), jnp.asarray(more / linear.mean), jnp.asarray(linear.mean))
    return _learn(instance.setting(), 300, rule, seed, recipe)


def learn_lot_sizing(instance: LotSizing, seed: int, recipe: RolloutConfig = LOT_SIZING) -> Chooser:
    """A network that sees the forecast, learned from the demand of the lead time and the quantity of Harris (1913)."""
    setting = instance.setting()
    scale = float(instance.known(1, 1).scale[0, 0])
    more = (2 * instance.order_cost / (instance.holding * scale)) ** 0.5
    rule = Balance(jnp.asarray(0.0), jnp.asarray(instance.lead_time + 1.0), jnp.asarray(more))
    return _learn(setting, PERIODS + recipe.horizon, rule, seed, recipe)


def _learn(setting: Setting, periods: int, rule: Policy, seed: int, recipe: RolloutConfig) -> Chooser:
    problem = learning_problem(setting, seed, periods)
    one = 1.0 / float(problem.known.scale.reshape(-1)[0])
    config = suited(recipe, setting, one)
    chooser, _ = train(config, problem, rule, jax.random.key(TRAINING + seed))
    return jax.block_until_ready(chooser)


def suited(recipe: RolloutConfig, setting: Setting, one: float) -> RolloutConfig:
    """The recipe with what depends on the instance: every order up to the largest that is worth it.

    Args:
        one: unit, demand scales.
    """
    choices = round(setting.most) + 1
    amount = {"choices": choices, "step": one, "paths": max(recipe.paths, choices)}
    return RolloutConfig(**{**recipe.model_dump(), **amount})


def steps(recipe: RolloutConfig, instance: FixedCost | LotSizing) -> int:
    """Periods that a training simulates."""
    return suited(recipe, instance.setting(), 1.0).environment_steps


def price_fixed_cost(instance: FixedCost, policy: Policy) -> Cost:
    """Average cost per period of any policy, as `price_orders` finds it."""
    return price_orders(instance.linear, orders_of(policy, instance), instance.order_cost)


def price_lot_sizing(instance: LotSizing, policy: Policy) -> Cost:
    """Exact expected cost of an episode of any policy; under normal demand in half units, as the optimum."""
    return Cost(orders_cost(instance, *lot_sizing_orders(policy, instance)), 0.0)


def lot_sizing_orders(policy: Policy, instance: LotSizing, room: Room | None = None) -> tuple[Steps, float]:
    """What a policy orders in every period and state, as `exact.lot_sizing.orders_cost` takes it, and the step.

    Args:
        policy: any.
        instance: the problem.
        room: to begin with; it grows until the largest order fits.
    """
    step = 1.0 if instance.law == "poisson" else NORMAL_STEP
    order = usual_room(instance).order
    room = room or Room(instance.start + 3 * order, order)
    shop, known = instance.setting().shop, jax.tree.map(lambda x: x[0], instance.known(1, PERIODS))
    while True:
        x0, x1 = np.arange(0, room.shelf + step, step), np.arange(0, room.order + step, step)
        states = jnp.asarray(np.stack(np.meshgrid(x0, x1, indexing="ij"), axis=-1), jnp.float32)
        orders = np.asarray(_decide(policy, shop, known, states))
        if orders.max() <= room.order:
            return np.rint(orders / step).astype(np.int16), step
        more = int(np.ceil(orders.max()))
        room = Room(max(room.shelf, instance.start + 3 * more), more)


@eqx.filter_jit
def _decide(policy: Policy, shop: Shop, known: Known, states: Array) -> Array:
    def order(known: Known, state: Array) -> Array:
        view = View(shop, Stock(state[:1, None], jnp.stack([state[1], jnp.zeros(())])[None], jnp.zeros(1)), known)
        return allowed(shop, known.may_order, policy(view, None).order)[0]

    return jax.lax.map(lambda known: jax.vmap(jax.vmap(lambda state: order(known, state)))(states), known)
