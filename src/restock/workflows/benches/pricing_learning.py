"""Pricing instances as something to learn from: orders and prices together, in an episode that ends."""

from dataclasses import dataclass
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from restock.algorithms.dqn import DqnConfig
from restock.algorithms.policy_gradient import PolicyGradientConfig
from restock.algorithms.problem import Problem
from restock.algorithms.training import settings, train
from restock.environments.exact.pricing import policy_profit
from restock.environments.exact.simulation import Cost
from restock.environments.pricing import Pricing, drawn_demand
from restock.environments.setting import plain_shop, repeat, steady
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, Known, Period, Shop, Stock, View
from restock.workflows.benches.learning_problem import PATHS, TRAINING

AFTER = 40  # periods after the end in which nothing happens: an end that is seen needs no rule of its own
PRICES = 26  # offered to a network at most: of the 126 prices of `joint` every fifth

# Chosen with seeds from 100 on. With a discount of 0.995 DQN was 4.5 % below the optimum of `markdown` and PPO 1.3 %; with
# returns of eight steps DQN was 37 % below that of `joint`: chance orders and prices of the steps between were taken for its own.
_ALL = {"carry_stock": False, "hidden": 64, "differences": False, "discount": 0.999}
RECIPES: dict[str, DqnConfig | PolicyGradientConfig] = {
    "dqn": settings("dqn", **_ALL, rows=128, batch=512, target_rate=0.02, n=2, rounds=1000),  # pyright: ignore
    "ppo": settings("ppo", **_ALL, orders="softmax", rows=512, rounds=400, entropy=0.02),  # pyright: ignore
}


@dataclass(frozen=True)
class Room:
    """What becomes of a decision: never beyond the shelf; once the time is over what is left is sold off."""

    capacity: float
    largest: float

    def __call__(self, view: View, decision: Decision) -> Decision:
        goes_on = (view.known.features[0] > 0).astype(jnp.float32)
        on_hand = view.stock.on_hand.sum()
        most = jnp.minimum(self.largest, self.capacity - on_hand) * goes_on
        order = jnp.clip(decision.order, 0.0, jnp.maximum(most, 0.0))
        return Decision(order, decision.price, (on_hand * (1.0 - goes_on))[None])


def booked(shop: Shop, period: Period) -> Array:
    """Profit, purchases charged when ordered: what is left is worth what it is sold off for."""
    return period.money.profit


def pricing_problem(instance: Pricing, seed: int) -> Problem:
    """Many courses of luck; stock starts at random anywhere in the episode."""
    periods = instance.periods + AFTER
    luck = np.random.default_rng([seed, TRAINING]).random((PATHS, periods))
    luck[:, instance.periods :] = 0.0  # no demand
    known = known_of(instance, periods)
    shop = repeat(shop_of(instance), PATHS)
    return Problem(
        shop=shop,
        known=repeat(known, PATHS),
        demand=jnp.asarray(luck, jnp.float32)[:, :, None],
        arrives=shop.lead_chance,
        weight=jnp.ones((PATHS, periods)),
        chance_of_row=jnp.ones(PATHS),
        first=0,
        last=instance.periods + AFTER // 2,
        reward=booked,
        limit=Room(float(instance.capacity), float(instance.largest_order)),
        respond=drawn_demand(instance),
    )


def shop_of(instance: Pricing) -> Shop:
    """Its terms."""
    shop = plain_shop(lead_time=0, holding=instance.holding, shortage=instance.shortage, unit_cost=instance.unit_cost)
    return eqx.tree_at(lambda s: s.salvage, shop, jnp.full(1, instance.salvage))


def known_of(instance: Pricing, periods: int) -> Known:
    """What a network sees: periods left as a share of all, and how near the end is. [period]"""
    usual = float(np.median(instance.prices))
    mean = instance.demand.mean(min(instance.prices, key=lambda price: abs(price - usual)))
    known = eqx.tree_at(lambda k: k.price, steady(mean, mean, 1), jnp.full(1, usual))
    # stock to learn from is drawn around the scale: it must reach what episodes start with
    scale = jnp.asarray(max(mean, float(np.mean(instance.starts)) / 2))
    known = eqx.tree_at(lambda k: k.scale, known, scale)
    left = np.maximum(instance.periods - np.arange(periods), 0.0)
    features = np.stack([left / instance.periods, 2.0 / (1.0 + left) - 0.5], axis=-1)
    return eqx.tree_at(lambda k: k.features, repeat(known, periods), jnp.asarray(features, jnp.float32))


@cache
def offered(instance: Pricing) -> tuple[float, ...]:
    """The prices that a network chooses from, as multiples of the usual one."""
    every = -(-(len(instance.prices) - 1) // (PRICES - 1)) or 1
    usual = float(np.median(instance.prices))
    return tuple(price / usual for price in instance.prices[::every])


def learn_prices(recipe: DqnConfig | PolicyGradientConfig, instance: Pricing, seed: int) -> Policy:
    """Orders and prices from nothing; where nothing can be ordered, prices alone."""
    problem = pricing_problem(instance, seed)
    scale = float(problem.known.scale[0, 0])
    orders = {"choices": instance.largest_order + 1, "step": 1.0 / scale, "grid": "quantities"}
    policy, _ = train(
        recipe.model_copy(update={**orders, "prices": offered(instance)}), problem, jax.random.key(TRAINING + seed)
    )
    return jax.block_until_ready(policy)


def price_policy(instance: Pricing, policy: Policy) -> Cost:
    """What a policy earns over an episode, exactly."""
    shop, known, limit = (
        shop_of(instance),
        known_of(instance, instance.periods),
        Room(float(instance.capacity), float(instance.largest_order)),
    )

    @eqx.filter_jit
    def decide(policy: Policy) -> tuple[Array, Array]:
        def one(known: Known, units: Array) -> tuple[Array, Array]:
            view = View(shop, Stock(units.reshape(1, 1), jnp.zeros((1, 0)), jnp.zeros(1)), known)
            decision = limit(view, policy(view, None))
            nearest = jnp.argmin(jnp.abs(jnp.asarray(instance.prices) - decision.price[0]))
            return jnp.round(decision.order[0]), nearest

        stock = jnp.arange(instance.capacity + 1.0)
        return jax.vmap(lambda known: jax.vmap(lambda units: one(known, units))(stock))(known)

    orders, prices = (np.asarray(x).astype(np.int64) for x in decide(policy))
    return Cost(policy_profit(instance, orders, prices), 0.0)
