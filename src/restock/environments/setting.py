"""A benchmark instance as the simulator sees it: one item whose law of demand is known."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from restock.simulator.rollout import fixed_lead_time, nothing_known
from restock.simulator.types import Known, Shop, Stock


class Course(NamedTuple):
    """What nobody decides, along drawn paths, and what may be known of it before each period."""

    demand: Float[Array, "path period"]  # units
    known: Known  # [path, period], or without axes where nothing ever changes


@dataclass(frozen=True)
class Setting:
    """All that a learner, a Gymnasium environment or a simulation needs; money is that of the instance."""

    name: str
    shop: Shop  # of the one item, no leading axis
    stock: Stock  # what an episode starts with
    most: float  # units of the largest order worth offering
    draw: Callable[[np.random.Generator, int, int], Course]  # paths, periods
    periods: int | None = None  # of an episode; None: endless, what counts is the average per period

    @property
    def lead(self) -> int:
        """Length of the pipeline: the longest lead time."""
        return self.shop.lead_chance.shape[-1] - 1


def plain_shop(
    *, lead_time: int, holding: float, shortage: float = 0.0, order_cost: float = 0.0, unit_cost: float = 0.0
) -> Shop:
    """One item, lane and channel, whole units, unserved demand is lost; change the rest with `eqx.tree_at`.

    Args:
        lead_time: periods; an order of period t can be sold in period t + lead_time.
        holding: money per unit left at the end of a period.
        shortage: money per unit lost.
        order_cost: money per order placed.
        unit_cost: money per unit bought.
    """
    none, one = jnp.zeros(1), jnp.ones(1)
    return Shop(
        unit_cost=unit_cost * one,
        order_cost=order_cost * one,
        transport=none,
        pack=one,
        minimum=none,
        review=one,
        lead_chance=fixed_lead_time(lead_time),
        holding=holding * one,
        salvage=none,
        shortage=shortage * one,
        waiting=none,
        backlog_cost=none,
    )


def steady(mean: float, variance: float, periods: int) -> Known:
    """What a planner knows of a law that never changes: scale, and demand of the periods to protect. No axes."""
    forecast = (jnp.asarray(mean * periods), jnp.asarray((variance * periods) ** 0.5))
    return eqx.tree_at(lambda k: (k.lead_demand, k.lead_spread), nothing_known(scale=mean), forecast)


def empty_stock(lead_time: int, on_hand: float = 0.0) -> Stock:
    """Nothing on order, nobody waits."""
    return Stock(jnp.full((1, 1), on_hand), jnp.zeros((1, lead_time)), jnp.zeros(1))


def repeat(record: Any, rows: int) -> Any:
    """The same record in every row."""
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (rows, *x.shape)), record)
