"""Prices, alone or together with orders: what is lost by a price that never moves, and by one that is learned, exactly.

`pathwise` learns orders alone: only where there is one price. `dqn` and `ppo` choose pairs of an order and a price.
"""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.dqn import DqnConfig
from restock.algorithms.policy_gradient import PolicyGradientConfig
from restock.environments.exact.pricing import (
    best_fixed_price,
    best_fixed_price_and_level,
    optimal_pricing,
    steady_profit,
)
from restock.environments.exact.simulation import Cost
from restock.environments.pricing import ORDERS_ONLY, PUBLISHED, Pricing, find_instance
from restock.environments.setting import Course, Setting, empty_stock, plain_shop, steady
from restock.errors import UsageError
from restock.language import Text
from restock.simulator.rollout import Policy
from restock.simulator.types import Stock, View
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.learning_problem import learn, recipe
from restock.workflows.benches.pricing_learning import RECIPES, learn_prices, price_policy
from restock.workflows.benches.result import Bench

PATHWISE = "pathwise"
UPDATES, PERIODS = 600, 30


def orders_setting(instance: Pricing) -> Setting:
    """An instance with one price as the simulator sees it, without its end: what is left is worth its cost.

    Raises:
        UsageError: there is more to decide than orders.
    """
    if not fits(instance, PATHWISE):
        raise UsageError(
            Text(
                f"`{PATHWISE}` cannot learn `{instance.name}`: prices are decided there, or nothing can be ordered",
                f"`{PATHWISE}` 无法学习 `{instance.name}`：该算例需要决定价格，或不能订货",
            ),
            hint=Text(f"choose `{ORDERS_ONLY.name}`", f"请选择 `{ORDERS_ONLY.name}`"),
        )
    (price,) = instance.prices
    mean = instance.demand.mean(price)
    known = eqx.tree_at(lambda k: k.price, steady(mean, mean, 1), jnp.full(1, price))

    def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
        drawn = instance.demand.draw(generator, np.full((paths, periods), price))
        return Course(jnp.asarray(drawn, jnp.float32), known)

    shop = plain_shop(lead_time=0, holding=instance.holding, shortage=instance.shortage, unit_cost=instance.unit_cost)
    return Setting(instance.name, shop, empty_stock(0), float(instance.largest_order), draw)


def learn_orders(instance: Pricing, seed: int, updates: int = UPDATES) -> Policy:
    """A network that sees the stock and never the period."""
    settings = recipe(updates=updates, periods=PERIODS, ignored=0, carry_stock=True)
    return learn(settings, orders_setting(instance), seed)


def price_orders(instance: Pricing, policy: Policy) -> Cost:
    """What a network's orders earn over an episode, exactly."""
    setting, stock = orders_setting(instance), np.arange(instance.capacity + 1)
    known = setting.draw(np.random.default_rng(0), 1, 1).known

    def order(units: jax.Array) -> jax.Array:
        view = View(setting.shop, Stock(units.reshape(1, 1), jnp.zeros((1, 0)), jnp.zeros(1)), known)
        return jnp.round(policy(view, None).order[0])

    orders = np.asarray(jax.vmap(order)(jnp.asarray(stock, jnp.float32)))
    return Cost(steady_profit(instance, orders.astype(np.int64), price=0), 0.0)


def fits(instance: Pricing, method: str) -> bool:
    """Only orders are learned here."""
    return method != PATHWISE or (len(instance.prices) == 1 and instance.largest_order > 0)


def learner_of(recipe: DqnConfig | PolicyGradientConfig) -> Learner[Pricing]:
    """Orders and prices by an algorithm that chooses pairs of them."""
    return Learner(partial(learn_prices, recipe), price_policy, lambda _: recipe.environment_steps)


COMPARISON = Comparison(
    about=Text("pricing", "定价（pricing）"),
    find=find_instance,
    best_known=lambda instance: PUBLISHED[instance].optimum,
    solved={
        "optimal": lambda instance: Cost(optimal_pricing(instance).profit, 0.0),
        "fixed_price": lambda instance: Cost(best_fixed_price(instance), 0.0),
        "fixed_price_and_level": lambda instance: Cost(best_fixed_price_and_level(instance).profit, 0.0),
    },
    learned={
        PATHWISE: Learner(learn_orders, price_orders),
        **{name: learner_of(recipe) for name, recipe in RECIPES.items()},
    },
    fits=fits,
    more_is_better=True,
)

PRICING = Bench(
    name="pricing",
    about=Text("prices and orders, against the exact optimum", "定价与订货，与精确最优解比较"),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in PUBLISHED),
    usual=tuple(instance.name for instance in PUBLISHED),
    quick=tuple(instance.name for instance in PUBLISHED),
    quick_methods=(*COMPARISON.solved, PATHWISE),
    run=COMPARISON,
)
