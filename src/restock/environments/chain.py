"""A chain of sites that order from each other: `InvManagement` of the package or-gym, versions 0 and 1, re-made.

Site 0 sells to customers and orders from site 1, which orders from site 2, and so on; the last site orders from a plant
that never runs out. In a period: every site asks for units; its supplier sends them as far as its capacity and what it
held when the period began allow; what was sent `lead_time` periods ago arrives; customers come. What is not served,
customers' demand as well as a site's order, waits or is lost. The period is paid for units sold, less raw material,
units held at sites (not on the way) and everything unserved. What is left after the last period is worth nothing.

Prices between sites are paid by one and earned by the other, so they do not appear. or-gym 0.5.0 does the same to the
last unit (tests/environments/test_chain.py); it shows past requests, where this shows what is really on the way.
"""

from dataclasses import dataclass, replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from restock.environments.naming import finder, not_an_instance
from restock.language import Text
from restock.simulator.types import Number

KIND = Text("chain", "链式供应（chain）")


@dataclass(frozen=True)
class Chain:
    """One instance; numbers of sites begin with the one that sells. Default: the parameters of or-gym."""

    name: str
    waits: bool  # what is not served waits; else it is lost
    starts: tuple[int, ...] = (100, 100, 200)  # units on hand in the beginning; nothing is on the way
    lead_times: tuple[int, ...] = (
        3,
        5,
        10,
    )  # periods: sent in period t, can be sold or sent on in period t + lead time
    capacity: tuple[int, ...] = (100, 90, 80)  # units that the supplier of each site sends in a period, at most
    holding: tuple[float, ...] = (0.15, 0.10, 0.05)  # money per unit held at the end of a period
    unserved: tuple[float, ...] = (0.10, 0.075, 0.05, 0.025)  # money per unit and period: of customers, of each site
    price: float = 2.0  # money per unit sold to a customer
    unit_cost: float = 0.5  # money per unit that the plant sends
    mean: float = 20.0  # of the Poisson demand of a period, units
    periods: int = 30  # of an episode
    discount: float = 0.97  # what money of the next period is worth in this one

    def __post_init__(self) -> None:
        sites = len(self.starts)
        lengths = {len(self.lead_times), len(self.capacity), len(self.holding), len(self.unserved) - 1}
        right = sites >= 1 and lengths == {sites} and min(self.lead_times) >= 1 and min(self.starts) >= 0
        if not (right and min(self.capacity) > 0 and self.periods >= 1 and 0 < self.discount <= 1 and self.mean > 0):
            raise not_an_instance(
                KIND,
                self,
                Text(
                    "starts, lead_times, capacity and holding have a number for each site, unserved one more;"
                    " lead times are 1 or more; discount is above 0, at most 1",
                    "starts、lead_times、capacity 和 holding 每个站点各一个数，unserved 多一个；提前期至少为 1；"
                    "discount 大于 0 且不超过 1",
                ),
            )

    @property
    def sites(self) -> int:
        """How many order; the plant does not."""
        return len(self.starts)

    @property
    def longest(self) -> int:
        """The longest lead time."""
        return max(self.lead_times)

    def start(self) -> "ChainStock":
        """What an episode begins with."""
        on_hand = jnp.asarray(self.starts, jnp.float32)
        return ChainStock(on_hand, jnp.zeros((self.sites, self.longest)), jnp.zeros(self.sites + 1))

    def draw(self, generator: np.random.Generator, episodes: int) -> NDArray[np.int64]:
        """Demand. [episode, period]"""
        return generator.poisson(self.mean, (episodes, self.periods))


class ChainStock(eqx.Module):
    """What a period starts with, in units."""

    on_hand: Float[Array, "*axes site"]
    on_order: Float[Array, "*axes site sent"]  # on the way to a site, sent 1, 2, 3, ... periods ago
    waiting: Float[Array, "*axes asker"]  # asked for and not served: by customers, by each site

    def position(self, lead_times: tuple[int, ...]) -> Float[Array, " site"]:
        """Echelon inventory position: all at a site, further down and on the way, ordered or owed to customers."""
        under_way = self.under_way(lead_times).sum(-1)
        return jnp.cumsum(self.on_hand + under_way) - self.waiting[0] + self.waiting[1:]

    def under_way(self, lead_times: tuple[int, ...]) -> Float[Array, "site sent"]:
        """`on_order` without what has arrived."""
        still = np.arange(self.on_order.shape[-1])[None] < np.asarray(lead_times)[:, None]
        return self.on_order * jnp.asarray(still, jnp.float32)


class ChainPeriod(eqx.Module):
    """What happened, in units and money."""

    demand: Number
    sold: Number
    lost: Number  # units of customers lost for good
    sent: Float[Array, "*axes site"]  # to each site
    profit: Number  # not discounted


def live(
    chain: Chain, stock: ChainStock, asked: Float[Array, " site"], demand: Number
) -> tuple[ChainStock, ChainPeriod]:
    """One period of one chain; `vmap` adds rows.

    Args:
        chain: the problem.
        stock: what the period starts with.
        asked: units, whole and not negative, beside those that wait.
        demand: units.
    """
    wanted = asked + stock.waiting[1:]
    there = jnp.append(stock.on_hand[1:], jnp.inf)
    sent = jnp.minimum(jnp.minimum(wanted, jnp.asarray(chain.capacity, jnp.float32)), there)
    arrived = stock.on_order[np.arange(chain.sites), np.asarray(chain.lead_times) - 1]
    customers = demand + stock.waiting[0]
    sold = jnp.minimum(stock.on_hand[0] + arrived[0], customers)
    on_hand = stock.on_hand + arrived - jnp.append(sold, sent[:-1])
    unserved = jnp.append(customers - sold, wanted - sent)
    costs = jnp.asarray(chain.holding) @ on_hand + jnp.asarray(chain.unserved) @ unserved
    profit = chain.price * sold - chain.unit_cost * sent[-1] - costs
    on_order = jnp.concatenate([sent[:, None], stock.on_order[:, :-1]], axis=1)
    after = ChainStock(on_hand, on_order, unserved if chain.waits else jnp.zeros_like(unserved))
    return after, ChainPeriod(demand, sold, jnp.zeros(()) if chain.waits else unserved[0], sent, profit)


BACKLOG = Chain("or-gym-backlog", waits=True)
"""`InvManagement-v0`."""

LOST = replace(BACKLOG, name="or-gym-lost-sales", waits=False)
"""`InvManagement-v1`."""

INSTANCES = (BACKLOG, LOST)
find_instance = finder(KIND, INSTANCES)
