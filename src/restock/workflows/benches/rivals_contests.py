"""What both sides learn and how it is priced: instances that are environments of `restock.environments` too."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any

import equinox as eqx
import gymnasium
import jax.numpy as jnp
import numpy as np

from restock.algorithms.ddpg import DdpgConfig
from restock.algorithms.dqn import DqnConfig
from restock.algorithms.problem import Problem
from restock.algorithms.training import AlgorithmConfig
from restock.environments import lost_sales, nonstationary
from restock.environments.exact.reachable import reach, reached_cost
from restock.environments.exact.simulation import Cost
from restock.environments.nonstationary import PUBLISHED
from restock.environments.task import Task
from restock.policies.rules import position
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, View
from restock.workflows.benches.learning_problem import learning_problem
from restock.workflows.benches.lost_sales import best_known
from restock.workflows.benches.lost_sales_learning import RECIPES, orders_of, suited
from restock.workflows.benches.nonstationary import price_orders
from restock.workflows.benches.nonstationary_rules import Within
from restock.workflows.benches.simulated import Purpose, earned, mean_of_paths, stretch_of

ALGORITHMS = ("dqn", "a2c", "ppo", "ddpg", "td3")
ROUNDS = {"ddpg": 400, "td3": 400}  # the recipes' own take twice the time for half the gap
CONTINUOUS = ("ddpg", "td3")  # where the rival cannot choose from a list
PATHS, PERIODS, WARM_UP = 2000, 1000, 200  # to price what reaches too many states
GLANCE_PATHS, GLANCE_PERIODS, GLANCE_EPISODES = 128, 300, 2000  # to see when a cost is reached: within a percent


@dataclass(frozen=True)
class Contest:
    """One instance, for one algorithm of each side."""

    instance: str
    algorithm: str
    environment: str  # id of Gymnasium
    given: dict[str, Any]  # its arguments
    best_known: float
    more_is_better: bool
    recipe: AlgorithmConfig  # our settings
    problem: Callable[[int], Problem]  # seed -> what we learn from
    price: Callable[[Policy], Cost]
    glance: Callable[[Policy], float]  # the same, less exactly and much faster

    def make(self, rows: int | None = None) -> Any:
        """The environment, with so many rows; none: the single one."""
        if rows is None:
            return gymnasium.make(self.environment, **self.given)
        return gymnasium.make_vec(self.environment, num_envs=rows, **self.given)

    @cached_property
    def task(self) -> Task:
        """Of that environment."""
        return self.make().unwrapped.task

    def gap(self, value: float) -> float:
        """How much worse than the best known value, in percent of it."""
        worse = self.best_known - value if self.more_is_better else value - self.best_known
        return 100 * worse / self.best_known


LOST_SALES = ("poisson-p4-L4", "geometric-p19-L2")
NONSTATIONARY = ("nonstationary-2-14",)
INSTANCES = (*LOST_SALES, *NONSTATIONARY)


@cache
def find_contest(instance: str, algorithm: str) -> Contest:
    """The contest of that instance and algorithm; both are known."""
    actions = "continuous" if algorithm in CONTINUOUS else "discrete"
    given = {"instance": instance, "actions": actions}
    return (_nonstationary if instance in NONSTATIONARY else _lost_sales)(instance, algorithm, given)


def _in_time(algorithm: str, **changes: Any) -> AlgorithmConfig:
    """Our recipe, with fewer rounds where its own need longer than a rival gets."""
    recipe = RECIPES[algorithm]
    if algorithm in ROUNDS:
        changes["rounds"] = ROUNDS[algorithm]
    return recipe.model_copy(update=changes)


def _lost_sales(name: str, algorithm: str, given: dict[str, Any]) -> Contest:
    instance = lost_sales.find_instance(name)
    setting, optimum = instance.setting(), best_known(instance)
    assert optimum is not None

    def cost(policy: Policy, purpose: Purpose, paths: int, periods: int) -> Cost:
        stretch = stretch_of(setting, purpose, paths, periods + WARM_UP)
        return mean_of_paths(-earned(policy, stretch)[:, WARM_UP:].mean(axis=1))

    def price(policy: Policy) -> Cost:
        reached = reach(instance, orders_of(policy, instance))
        if reached is None:
            return cost(policy, "price", PATHS, PERIODS)
        return Cost(reached_cost(instance, reached), 0.0)

    return Contest(
        name,
        algorithm,
        "restock/LostSales-v0",
        given,
        optimum,
        more_is_better=False,
        recipe=suited(_in_time(algorithm), instance),
        problem=lambda seed: learning_problem(setting, seed),
        price=price,
        glance=lambda policy: cost(policy, "tune", GLANCE_PATHS, GLANCE_PERIODS).value,
    )


def _nonstationary(name: str, algorithm: str, given: dict[str, Any]) -> Contest:
    instance = nonstationary.find_instance(name)
    setting, most, capacity = instance.setting(), float(instance.largest_order), float(instance.capacity)

    def fitting(view: View, decision: Decision) -> Decision:
        room = jnp.minimum(most, capacity - position(view))
        return eqx.tree_at(lambda d: d.order, decision, jnp.clip(decision.order, 0.0, room))

    def glance(policy: Policy) -> float:
        start = instance.starting_stock(np.random.default_rng(0), GLANCE_EPISODES)
        stretch = stretch_of(setting, "tune", GLANCE_EPISODES, instance.periods, start)
        return float(earned(Within(policy, most, capacity), stretch).sum(axis=1).mean())

    # an order counts at once: looking far ahead only adds the chance of later regimes
    recipe = _in_time(algorithm, discount=0.9)
    if isinstance(recipe, DdpgConfig):
        recipe = recipe.model_copy(update={"periods": recipe.periods // 2, "rounds": 2 * recipe.rounds})
    if isinstance(recipe, DqnConfig):  # what the environment offers, too
        choices = {"grid": "quantities", "choices": instance.largest_order + 1, "step": 1 / instance.means.mean()}
        recipe = recipe.model_copy(update=choices)
    return Contest(
        name,
        algorithm,
        "restock/Nonstationary-v0",
        given,
        PUBLISHED[instance].history,
        more_is_better=True,
        recipe=recipe,
        problem=lambda seed: replace(learning_problem(setting, seed), limit=fitting),
        price=lambda policy: price_orders(instance, policy),
        glance=glance,
    )
