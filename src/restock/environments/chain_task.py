"""A chain of sites as Gymnasium sees it: one agent orders for all sites, many chains side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from gymnasium.spaces import Box
from jaxtyping import Array, Float
from numpy.typing import NDArray

from restock.environments.chain import Chain, ChainStock, find_instance, live
from restock.environments.rows import Seen
from restock.environments.task import LARGEST, episode_length, kind_of_actions
from restock.errors import UsageError
from restock.language import Text


@dataclass(frozen=True)
class ChainTask:
    """All that a Gymnasium environment needs of a chain; spaces are those of one row."""

    chain: Chain
    periods: int  # of an episode
    ends: bool = True  # after the last period nothing is worth anything

    @property
    def name(self) -> str:
        """Of the instance."""
        return self.chain.name

    @property
    def action_space(self) -> Box:
        """Units that each site asks for."""
        return Box(0.0, np.asarray(self.chain.capacity, np.float32), dtype=np.float32)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the numbers of an observation."""
        sites = range(self.chain.sites)
        under_way = [f"on_order[{site}, {age}]" for site in sites for age in range(1, self.chain.lead_times[site] + 1)]
        waiting = ["waiting[customers]", *(f"waiting[{site}]" for site in sites)] * self.chain.waits
        return (*(f"on_hand[{site}]" for site in sites), *under_way, *waiting, "periods_left")

    @property
    def observation_space(self) -> Box:
        """From 0 up; what waits and what is held have no bound of their own."""
        high = [float(self.periods) if name == "periods_left" else LARGEST for name in self.names]
        return Box(0.0, np.asarray(high, np.float32), dtype=np.float32)

    def observe(self, stock: ChainStock, left: Array) -> Float[Array, " observation"]:
        """What an agent sees of a chain before a period; `left` counts periods, this one included."""
        under_way = [stock.on_order[site, :lead] for site, lead in enumerate(self.chain.lead_times)]
        return jnp.concatenate([stock.on_hand, *under_way, stock.waiting[: self._askers], left.reshape(1)])

    @property
    def _askers(self) -> int:
        return (self.chain.sites + 1) * self.chain.waits


class ChainRows:
    """Episodes of one chain, each with its own generator; all begin and end together."""

    def __init__(self, task: ChainTask) -> None:
        self.task = task
        self.period = task.periods  # lived; an episode that has not begun is over

    @property
    def over(self) -> bool:
        """Whether all periods have been lived."""
        return self.period >= self.task.periods

    def begin(self, generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        """Start the next episode of every row; what is seen first. [row, observation]"""
        return self.begin_with(np.stack([self.task.chain.draw(generator, 1)[0] for generator in generators]))

    def begin_with(self, demand: NDArray[np.int64]) -> NDArray[np.float32]:
        """The same where demand is told. [row, period]"""
        self.period, rows = 0, len(demand)
        self._demand = [jnp.asarray(of_period, jnp.float32) for of_period in demand.T]
        self._stock = jax.tree.map(lambda x: jnp.broadcast_to(x, (rows, *x.shape)), self.task.chain.start())
        left = jnp.full(rows, float(self.task.periods))
        return np.array(jax.vmap(self.task.observe)(self._stock, left))

    def advance(self, actions: NDArray[Any]) -> Seen:
        """Live one period. actions: inside the space, [row, site]; parts of a unit are left off."""
        demand = self._demand[self.period]
        asked = np.floor(actions).astype(np.float32)
        self._stock, packed = _advance(self.task, self._stock, jnp.asarray(asked), demand, self.period)
        self.period += 1
        seen, reward, facts = (np.array(part) for part in packed)
        return Seen(seen, reward, facts.T.copy())


@partial(jax.jit, static_argnums=0)
def _advance(task: ChainTask, stock: ChainStock, asked: Array, demand: Array, period: int) -> tuple[ChainStock, Any]:
    left = (task.periods - 1.0 - period) * jnp.ones(())

    def one_row(stock: ChainStock, asked: Array, demand: Array) -> tuple[ChainStock, Any]:
        after, lived = live(task.chain, stock, asked, demand)
        reward = lived.profit * task.chain.discount**period
        facts = jnp.stack([lived.demand, lived.sold, lived.lost, lived.sent[-1]])
        return after, (task.observe(after, left), reward, facts)

    return jax.vmap(one_row)(stock, asked, demand)


def chain_task(instance: str, actions: str = "continuous", periods: int | None = None) -> ChainTask:
    """The task of a chain.

    Observation: see `ChainTask.names`; units, and periods left. Action: units that each site asks for, parts of a unit
    are left off. Reward: money of the period, discounted to the first one as or-gym does. An episode terminates.

    Args:
        instance: its name.
        actions: `continuous`; there are no others here.
        periods: of an episode; none: all of the instance.

    Raises:
        UsageError: no such instance (the hint offers the nearest), kind of action or length.
    """
    found = find_instance(instance)
    if kind_of_actions(actions) != "continuous":
        raise UsageError(
            Text("the orders of several sites are no list here", "此处多个站点的订货量不是列表"),
            hint=Text("choose `actions='continuous'`", "请使用 `actions='continuous'`"),
        )
    return ChainTask(found, episode_length(found.name, found.periods, periods))
