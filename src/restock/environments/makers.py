"""What Gymnasium calls for an id of `registered`, and the tasks of published instances."""

from dataclasses import replace
from importlib import import_module
from pkgutil import resolve_name
from typing import Any, get_args

import numpy as np
from gymnasium.spaces import Box

from restock.environments import nonstationary
from restock.environments.faces import RestockEnv, RestockVectorEnv
from restock.environments.task import Actions, Task, booked_profit, ordering, within
from restock.errors import UsageError
from restock.language import Text


def make(task: str, **given: Any) -> RestockEnv:
    """One row.

    Args:
        task: where the function is that makes the task, as `module:function`.
        given: its arguments.
    """
    return RestockEnv(resolve_name(task)(**given))


def make_many(task: str, num_envs: int = 1, **given: Any) -> RestockVectorEnv:
    """Many rows; arguments as in `make`."""
    return RestockVectorEnv(resolve_name(task)(**given), num_envs)


def instance_task(module: str, instance: str, actions: Actions = "discrete", periods: int | None = None) -> Task:
    """The task of a published instance.

    Args:
        module: of this package, with a function `find_instance`.
        instance: its name, such as `poisson-p4-L4`.
        actions: `discrete` (units) or `continuous` (units).
        periods: of an episode; none: the instance's horizon, or 100.

    Raises:
        UsageError: no such instance (the hint offers the nearest), kind of action or length.
    """
    found = import_module(f"restock.environments.{module}").find_instance(instance)
    return ordering(found.setting(), actions, periods)


def nonstationary_task(
    instance: str, sees: str = "average", actions: Actions = "discrete", periods: int | None = None
) -> Task:
    """The task of `nonstationary` as it was published: any first stock, nothing above the capacity, profit as booked.

    Args:
        instance: its name.
        sees: `average` or `history`, see `nonstationary`.
        actions: `discrete` (units) or `continuous` (units).
        periods: of an episode; none: the instance's horizon.

    Raises:
        UsageError: no such instance (the hint offers the nearest), sight, kind of action or length.
    """
    found = nonstationary.find_instance(instance)
    sight = next((one for one in get_args(nonstationary.Sees) if one == sees), None)
    if sight is None:
        raise UsageError(
            Text(f"a planner of `{found.name}` cannot see `{sees}`", f"`{found.name}` 的决策者看不到 `{sees}`"),
            hint=Text("choose `average` or `history`", "可选：`average` 或 `history`"),
        )
    task = ordering(found.setting(sight), actions, periods)
    rules = task.rules._replace(order=within(task.rules.order, float(found.capacity)), reward=booked_profit)
    high = task.observation_space.high.copy()
    high[0] = found.capacity
    space = Box(task.observation_space.low, high, dtype=np.float32)
    return replace(task, rules=rules, observation_space=space, start=found.starting_stock)
