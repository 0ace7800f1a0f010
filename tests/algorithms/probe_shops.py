"""Five shops whose best cost per period is known; of one shape, so that they are learned side by side."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from made_up_shop import made_up_known, made_up_shop

from restock.algorithms.problem import Problem
from restock.environments.backlog import Backlog
from restock.environments.exact.backlog import optimal_backlog_cost
from restock.environments.lost_sales import PUBLISHED, LostSales
from restock.simulator.rollout import Policy, Stretch, earn
from restock.simulator.types import Chance, Stock

ROWS, PERIODS, SLOTS = 256, 60, 2
MEASURED = 40  # last periods of a test path, whose cost counts


@dataclass(frozen=True)
class Probe:
    """Units cost nothing; holding costs 1."""

    name: str
    best: float  # cost per period
    lead: int
    scale: float  # mean demand
    spread: float  # that the forecast tells of a period: not the true one, so that there is something to learn
    terms: dict[str, float]

    def demand(self, seed: int) -> np.ndarray:
        generator, shape = np.random.default_rng(seed), (ROWS, PERIODS)
        match self.name:
            case "newsvendor":
                return generator.uniform(0, 20, shape)
            case "backlog":
                return Backlog(2, 9).draw(generator, *shape)
            case "certain":
                return np.full(shape, 5.0)
            case _:
                return generator.poisson(5, shape)

    def problem(self, seed: int) -> Problem:
        chances = np.eye(SLOTS + 1)[self.lead][None]
        shop = made_up_shop(lead_chance=chances, **{"unit_cost": 0.0, "holding": 1.0, **self.terms})
        covered = self.lead + 1
        known = made_up_known(
            scale=self.scale,
            lead_demand=self.scale * covered,
            lead_spread=self.spread * covered**0.5,
            features=np.zeros(0),
            price=[0.0],
        )
        shop, known = jax.tree.map(lambda x: jnp.broadcast_to(x, (ROWS, *x.shape)), (shop, known))
        ones = jnp.ones((ROWS, PERIODS))
        demand = jnp.asarray(self.demand(seed), jnp.float32)[:, :, None]
        return Problem(shop, known, demand, shop.lead_chance, ones, ones[:, 0], 0, PERIODS)


PROBES = (
    # level 18, the 0.9 quantile of demand between 0 and 20: on average 0.1 are missed and 18² / 40 = 8.1 left
    Probe("newsvendor", 9 * 0.1 + 8.1, 0, 10.0, 2.0, {"pack": 0.0, "shortage": 9.0}),
    Probe(
        "backlog", optimal_backlog_cost(Backlog(2, 9)), 2, 5.0, 0.5, {"pack": 0.0, "waiting": 1.0, "backlog_cost": 9.0}
    ),
    Probe("lost-sales", PUBLISHED[LostSales("poisson", 1, 4)].optimum, 1, 5.0, 1.0, {"shortage": 4.0}),
    Probe("nothing to lose", 0.0, 1, 5.0, 2.0, {"shortage": 0.0}),  # so nothing is ordered
    # what is asked for in two periods is ordered; dear shortages would make a policy that explores keep a unit more
    Probe("certain", 0.0, 2, 5.0, 1.0, {"shortage": 1.0}),
)


def side_by_side(seed: int) -> Problem:
    """All probes as one problem with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(probe.problem(seed) for probe in PROBES))


@eqx.filter_jit
def costs(policies: Policy, problems: Problem) -> jax.Array:
    """Cost per period of each policy on the paths of its problem, once the start is forgotten. [probe]"""

    def cost(policy: Policy, problem: Problem) -> jax.Array:
        stock = Stock(jnp.zeros((ROWS, 1, 1)), jnp.zeros((ROWS, 1, SLOTS)), jnp.zeros((ROWS, 1)))
        weight = jnp.ones((ROWS, PERIODS))
        chance = Chance(problem.demand, problem.arrives)
        _, earned = earn(policy, Stretch(problem.shop, stock, problem.known, chance, weight))
        return -earned[:, -MEASURED:].mean()

    return eqx.filter_vmap(cost)(policies, problems)
