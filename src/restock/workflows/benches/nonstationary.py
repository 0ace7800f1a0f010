"""Demand that jumps between two regimes: what is earned by who sees the regime, all demand, or only an average of it.

The gap is the one to the best planner that sees all demand. `full_information` earns more, so its gap is negative;
rules and `pathwise` see no more than the stock and an average, so that even the best of them stays behind.
"""

from functools import lru_cache, partial
from itertools import cycle, product

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.algorithms.pathwise import PathwiseConfig
from restock.environments.exact.nonstationary import best_base_stock, full_information_profit, optimal_with_history
from restock.environments.exact.simulation import Cost
from restock.environments.nonstationary import PUBLISHED, Nonstationary, Sees, find_instance
from restock.language import Text
from restock.simulator.rollout import Policy, Stretch
from restock.workflows.benches.comparison import Comparison, Learner
from restock.workflows.benches.learning_problem import learn, recipe
from restock.workflows.benches.nonstationary_rules import LINE, LevelTable, Within
from restock.workflows.benches.result import Bench
from restock.workflows.benches.simulated import STREAMS, Purpose, earned, mean_of_paths, stretch_of, tuned

WITH_HISTORY = "pathwise_with_history"
UPDATES = 800
PATHS: dict[Purpose, int] = {"price": 40_000, "tune": 4000}  # episodes
RANGES = 15  # of the average, as in the table that the published level table was searched for


def learn_orders(instance: Nonstationary, seed: int, sees: Sees = "average", updates: int = UPDATES) -> Policy:
    """A network that learns from whole episodes; what is left at their end is worth its cost there."""
    return learn(suited(instance, updates), instance.setting(sees), seed)


def suited(instance: Nonstationary, updates: int = UPDATES) -> PathwiseConfig:
    """Settings: windows are whole episodes."""
    return recipe(updates=updates, periods=instance.periods, ignored=0)


def steps(instance: Nonstationary) -> int:
    """Periods that a training simulates."""
    return suited(instance).environment_steps


def price_orders(instance: Nonstationary, policy: Policy, sees: Sees = "average") -> Cost:
    """Profit of an episode by simulation.

    Demand and the stock at the start differ between episodes and explain most of the profit. Their means are known, so
    what their sample has too much of is taken off again by regression (control variates).
    """
    stretch = _episodes(instance, "price", sees)
    profit = earned(_within(instance, policy), stretch).sum(axis=1)
    demand = np.asarray(stretch.chance.demand, np.float64).sum(axis=(1, 2))
    start = np.asarray(stretch.stock.on_hand, np.float64).sum(axis=(1, 2))
    known = np.stack([demand - instance.means.mean() * instance.periods, start - instance.capacity / 2], axis=1)
    slopes, *_ = np.linalg.lstsq(known - known.mean(axis=0), profit - profit.mean(), rcond=None)
    return mean_of_paths(profit - known @ slopes)


def line_profit(instance: Nonstationary) -> Cost:
    """The best level that is a line in the average."""
    rule = LINE._replace(make=lambda n, past: _within(instance, LINE.make(n, past)))
    return price_orders(instance, tuned(rule, _episodes(instance, "tune", "average")))


def table_profit(instance: Nonstationary) -> Cost:
    """The best level for each range of the average, searched uphill one level at a time."""
    stretch, highest = _episodes(instance, "tune", "average"), float(instance.largest_order)

    def table(levels: NDArray[np.float64]) -> Policy:
        return LevelTable(jnp.asarray(levels, jnp.float32), highest)

    def profit(levels: NDArray[np.float64]) -> float:
        return float(earned(_within(instance, table(levels)), stretch).sum(axis=1).mean())

    levels = np.rint((np.arange(RANGES) + 0.5) * highest / RANGES)  # to begin with, what sold on average
    best, steps_without_gain = profit(levels), 0
    for place, step in cycle(product(range(RANGES), (1.0, -1.0))):
        moved = levels + step * (np.arange(RANGES) == place)
        while (value := profit(moved)) > best:
            levels, best, steps_without_gain = moved, value, 0
            moved = levels + step * (np.arange(RANGES) == place)
        steps_without_gain += 1
        if steps_without_gain > 2 * RANGES:
            break
    return price_orders(instance, table(levels))


def _within(instance: Nonstationary, policy: Policy) -> Within:
    return Within(policy, float(instance.largest_order), float(instance.capacity))


@lru_cache(maxsize=2)
def _episodes(instance: Nonstationary, purpose: Purpose, sees: Sees) -> Stretch:
    paths = PATHS[purpose]
    start = instance.starting_stock(np.random.default_rng([STREAMS[purpose], 1]), paths)
    return stretch_of(instance.setting(sees), purpose, paths, instance.periods, start)


COMPARISON = Comparison(
    about=Text("nonstationary demand", "非平稳需求（nonstationary）"),
    find=find_instance,
    best_known=lambda instance: PUBLISHED[instance].history,
    solved={
        "full_information": lambda instance: Cost(full_information_profit(instance), 0.0),
        "optimal_with_history": lambda instance: Cost(optimal_with_history(instance).profit, 0.0),
        "base_stock": lambda instance: Cost(best_base_stock(instance)[1], 0.0),
        "level_line": line_profit,
        "level_table": table_profit,
    },
    learned={
        "pathwise": Learner(learn_orders, price_orders, steps),
        WITH_HISTORY: Learner(partial(learn_orders, sees="history"), partial(price_orders, sees="history"), steps),
    },
    more_is_better=True,
)

NONSTATIONARY = Bench(
    name="nonstationary",
    about=Text(
        "demand that jumps between two regimes, against the optimum of who sees all demand",
        "需求在两种状态间跳变，与能看到全部历史需求的最优解比较",
    ),
    methods=COMPARISON.methods,
    instances=tuple(instance.name for instance in PUBLISHED),
    usual=tuple(instance.name for instance in PUBLISHED),
    quick=tuple(instance.name for instance in PUBLISHED),
    quick_methods=tuple(method for method in COMPARISON.methods if method != WITH_HISTORY),
    run=COMPARISON,
)
