"""How many periods of an item are simulated in a second: the simulator against a plain NumPy loop of the same shop.

One item is one row: one lane with lead time 4, one channel, lost sales. The two must report the same money, or the
bench stops. Medians of several repeats, compilation not included.
"""

import time
from collections.abc import Callable, Iterator
from statistics import median, stdev
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from restock.algorithms.pathwise import mean_loss
from restock.environments.lost_sales import LostSales
from restock.environments.setting import repeat
from restock.errors import TrainingError
from restock.language import Text
from restock.policies.network import Network
from restock.policies.rules import BaseStock
from restock.simulator.rollout import Policy, Stretch
from restock.simulator.types import Chance, Stock
from restock.workflows.benches.result import Bench, Row, Task

INSTANCE = LostSales("poisson", 4, 4)
LEVEL = 26  # units on hand and on order
FORWARD, GRADIENT = "base-stock-forward", "network-gradient"
ROWS, PERIODS, REPEATS = 8192, 100, 9


def bench_simulator(task: Task) -> Iterator[Row]:
    """Item-periods per second of every chosen method and instance."""
    repeats = 3 if task.quick else REPEATS
    task.progress.start(Text("timing the simulator", "测量模拟器速度"), len(task.instances))
    for done, name in enumerate(task.instances):
        works = {
            method: make() for (instance, method), make in WORKS.items() if instance == name and method in task.methods
        }
        speeds = _speeds(works, repeats)
        for method, speed in speeds.items():
            ratio = median(speed) / median(speeds["numpy"]) if "numpy" in speeds else None
            yield Row(
                name,
                method,
                median(speed),
                stdev(speed) / len(speed) ** 0.5,
                None,
                ROWS * PERIODS / median(speed),
                1,
                ratio,
                more_is_better=True,
            )
        task.progress.advance(done + 1)


Work = Callable[[], float]


def _speeds(works: dict[str, Work], repeats: int) -> dict[str, list[float]]:
    """Item-periods per second, the methods in turn, so that a busy machine slows all of them."""
    costs = {method: work() for method, work in works.items()}  # compiles, too
    if len(costs) > 1 and not np.allclose(list(costs.values()), next(iter(costs.values())), rtol=1e-4):
        raise TrainingError(
            Text(
                f"the simulators disagree about the cost per period: {costs}", f"各模拟器算出的每期成本不一致：{costs}"
            )
        )
    speeds: dict[str, list[float]] = {method: [] for method in works}
    for _ in range(repeats):
        for method, work in works.items():
            began = time.perf_counter()
            work()
            speeds[method].append(ROWS * PERIODS / (time.perf_counter() - began))
    return speeds


def _forward() -> Work:
    """The simulator, ordering up to a level."""
    rule = BaseStock(jnp.asarray(LEVEL / INSTANCE.mean), jnp.asarray(INSTANCE.mean))
    cost = eqx.filter_jit(_cost)
    stretch = _stretch()
    return lambda: float(cost(rule, stretch))


def _gradient() -> Work:
    """The simulator and a network with two layers of 32 units, there and back."""
    network, stretch = Network(0, INSTANCE.lead_time, 32, jax.random.key(0)), _stretch()
    gradient = eqx.filter_jit(eqx.filter_value_and_grad(_cost))

    def work() -> float:
        cost, _ = jax.block_until_ready(gradient(network, stretch))
        return float(cost)

    return work


def _numpy() -> Work:
    """What one would write for this one problem: no lanes, packs, backlog or records, whole arrays over rows."""
    demand = _demand()

    def work() -> float:
        stock = np.full((INSTANCE.lead_time, ROWS), INSTANCE.mean, np.float32)  # on hand, then by time to arrival
        total = np.zeros(ROWS, np.float32)
        for wanted in demand.T:
            order = np.maximum(LEVEL - stock.sum(axis=0), 0)
            left = np.maximum(stock[0] - wanted, 0)
            total += INSTANCE.holding * left + INSTANCE.penalty * np.maximum(wanted - stock[0], 0)
            stock[:-1] = stock[1:]
            stock[-1] = order
            stock[0] += left
        return float(total.mean() / PERIODS)

    return work


def _cost(policy: Policy, stretch: Stretch) -> Any:
    """Cost per row and period."""
    return mean_loss(policy, stretch, 0)[0]


def _demand() -> np.ndarray:
    drawn = INSTANCE.draw(np.random.default_rng(0), ROWS * PERIODS)
    return drawn.reshape(ROWS, PERIODS).astype(np.float32)


def _stretch() -> Stretch:
    setting = INSTANCE.setting()
    shop, course = repeat(setting.shop, ROWS), setting.draw(np.random.default_rng(0), ROWS, PERIODS)
    mean, lead_time = INSTANCE.mean, INSTANCE.lead_time
    # what arrives in 1, 2, 3 periods was ordered 3, 2, 1 periods ago; what was ordered 4 ago arrives now: nothing
    on_order = jnp.full((ROWS, 1, lead_time), mean).at[..., -1].set(0.0)
    stock = Stock(jnp.full((ROWS, 1, 1), mean), on_order, jnp.zeros((ROWS, 1)))
    chance = Chance(course.demand[..., None], shop.lead_chance)
    return Stretch(shop, stock, repeat(course.known, ROWS), chance, jnp.ones((ROWS, PERIODS)))


WORKS: dict[tuple[str, str], Callable[[], Work]] = {
    (FORWARD, "restock"): _forward,
    (FORWARD, "numpy"): _numpy,
    (GRADIENT, "restock"): _gradient,
}

SIMULATOR = Bench(
    name="simulator",
    about=Text("item-periods simulated per second", "每秒可模拟的商品周期数"),
    methods=("restock", "numpy"),
    instances=(FORWARD, GRADIENT),
    usual=(FORWARD, GRADIENT),
    quick=(FORWARD, GRADIENT),
    run=bench_simulator,
)
