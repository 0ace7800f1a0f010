"""Simulation of lost-sales instances: for rules with too many states to list, and to check those that can be listed."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.environments.lost_sales import LostSales

Orders = Callable[[NDArray[np.int64]], NDArray[np.int64]]


class Cost(NamedTuple):
    """Average cost per period; the standard error is 0 where the cost is exact."""

    value: float
    stderr: float


class Effort(NamedTuple):
    """How long to simulate."""

    paths: int = 4000
    periods: int = 2000  # counted, in each path
    warm_up: int = 200  # before them, not counted


def simulated_cost(
    instance: LostSales, policy: Orders, effort: Effort = Effort(), seed: int = 0, order_cost: float = 0.0
) -> Cost:
    """Average cost of a policy along independent paths; the same seed brings the same demand to every policy.

    Args:
        instance: the problem.
        policy: orders for states (x0, ..., x[L-1]). [path, L] -> [path]
        effort: paths and periods.
        seed: of the demand.
        order_cost: money per order placed, whatever its size.
    """
    generator = np.random.default_rng(seed)
    states = np.zeros((effort.paths, instance.lead_time), np.int64)
    states[:] = round(instance.mean)
    total = np.zeros(effort.paths)
    for period in range(-effort.warm_up, effort.periods):
        orders = policy(states)
        demand = instance.draw(generator, effort.paths)
        left = np.maximum(states[:, 0] - demand, 0)
        if period >= 0:
            total += instance.holding * left + instance.penalty * np.maximum(demand - states[:, 0], 0)
            total += order_cost * (orders > 0)
        states = np.hstack([states[:, 1:], orders[:, None]])
        states[:, 0] += left
    average = total / effort.periods
    return Cost(float(average.mean()), float(average.std(ddof=1) / np.sqrt(effort.paths)))
