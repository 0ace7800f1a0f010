"""Customers who wait, at lead times up to 20: what learned orders of any size cost above the closed form."""

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.pathwise import PathwiseConfig
from restock.environments.backlog import PUBLISHED, Backlog, find_instance
from restock.environments.exact.backlog import base_stock_cost, optimal_backlog_cost, optimal_level
from restock.environments.exact.simulation import Cost
from restock.language import Text
from restock.policies.rules import BaseStock
from restock.simulator.rollout import Policy, Stretch
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.learning_problem import learn, recipe
from restock.workflows.benches.result import Bench
from restock.workflows.benches.simulated import STREAMS, earned, mean_of_paths, stretch_of

UPDATES, COUNTED = 600, 30  # periods of a window after those whose stock was ordered before it
PATHS, PERIODS, WARM_UP = 2000, 1000, 100  # that price a policy; the first ones do not count
DRAWN = 100_000  # times the lead time that the base stock is tuned on


def tuned_level(instance: Backlog) -> float:
    """The best level on drawn demand of lead time and the period itself: a quantile of it, units."""
    generator = np.random.default_rng(STREAMS["tune"])
    demand = instance.draw(generator, DRAWN, instance.protected).sum(axis=1)
    return float(np.quantile(demand, instance.penalty / (instance.penalty + instance.holding)))


def learn_orders(instance: Backlog, seed: int, updates: int = UPDATES) -> Policy:
    """A network trained from nothing."""
    return learn(suited(instance, updates), instance.setting(), seed)


def suited(instance: Backlog, updates: int = UPDATES) -> PathwiseConfig:
    """Settings; windows are longer where lead times are."""
    before = instance.protected
    times = {"updates": updates, "periods": before + COUNTED, "ignored": before}
    return recipe(**times, carry_stock=True, learning_rate=5e-3)  # twice as much misses long, dear lead times


def price_orders(instance: Backlog, policy: Policy) -> Cost:
    """The closed form, and by how much the policy costs more than it along the same simulated demand.

    The difference varies far less than the costs do: most of chance is in both, and so is demand cut off at zero.
    """
    more = _best_earned(instance) - earned(policy, _stretch(instance))
    difference = mean_of_paths(more[:, WARM_UP:].mean(axis=1))
    return Cost(optimal_backlog_cost(instance) + difference.value, difference.stderr)


@lru_cache(maxsize=1)
def _best_earned(instance: Backlog) -> NDArray[np.float64]:
    return earned(BaseStock(jnp.asarray(optimal_level(instance)), jnp.asarray(1.0)), _stretch(instance))


def _stretch(instance: Backlog) -> Stretch:
    return stretch_of(instance.setting(), "price", PATHS, PERIODS)


COMPARISON = Comparison(
    about=Text("backlog", "缺货等待（backlog）"),
    find=find_instance,
    best_known=optimal_backlog_cost,
    solved={
        "optimal": lambda instance: Cost(optimal_backlog_cost(instance), 0.0),
        "base_stock": lambda instance: Cost(base_stock_cost(instance, tuned_level(instance)), 0.0),
    },
    learned={"pathwise": Learner(learn_orders, price_orders, lambda instance: suited(instance).environment_steps)},
)

BACKLOG = Bench(
    name="backlog",
    about=Text(
        "waiting customers, lead times 1 to 20, against the closed form",
        "缺货等待（backlog），提前期 1 至 20，与解析最优解比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in PUBLISHED),
    usual=tuple(instance.name for instance in PUBLISHED),
    quick=("backlog-p4-L1", "backlog-p9-L7"),
    run=COMPARISON,
)
