"""What a rule goes by where an item has never sold and nothing of it has been seen: what like items sell."""

from dataclasses import dataclass

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.backtest.recollection import Recollection
from restock.intake.announced import periods_to_launch
from restock.policies import pretrained
from restock.policies.informed import inform
from restock.policies.rules import Past
from restock.simulator.types import Known
from restock.workflows.situation import Situation
from restock.workflows.untrained import NORMAL


@dataclass(frozen=True)
class FirstDemand:
    """Rows that never sold. Units; before the launch, customers ask for nothing."""

    rows: NDArray[np.intp]
    level: NDArray[np.float32]  # per period on sale [row of rows]
    mean: NDArray[np.float32]  # over the periods that an order of today must last for [row of rows]
    spread: NDArray[np.float32]  # standard deviation of its error [row of rows]
    share: NDArray[np.float32]  # of those periods, how many are on sale [row of rows]

    def known(self, known: Known) -> Known:
        """What rules know today, with what is expected of these rows. [row]"""
        if not len(self.rows):
            return known
        usual = np.repeat((self.level * self.share)[:, None], known.averages.shape[1], axis=1)
        quantiles = np.maximum(self.mean[:, None] + self.spread[:, None] * NORMAL, 0.0)
        given = {"scale": self.level, "averages": usual, "lead_demand": self.mean, "lead_spread": self.spread}
        given |= {} if known.lead_quantiles is None else {"lead_quantiles": quantiles}
        values = [self._put(getattr(known, name), value) for name, value in given.items()]
        return eqx.tree_at(lambda k: [getattr(k, name) for name in given], known, values)

    def past(self, past: Past) -> Past:
        """What rules take from the past, with what stands for it here. [row]"""
        if not len(self.rows):
            return past
        errors = np.repeat(NORMAL[None], len(self.rows), axis=0)
        unit, errors = self._put(past.unit, self.level * self.share), self._put(past.errors, errors)
        return Past(jnp.asarray(unit), jnp.asarray(errors))

    def _put(self, values: object, mine: NDArray[np.float32]) -> NDArray[np.float32]:
        changed = np.array(values, np.float32)
        changed[self.rows] = mine
        return changed


def first_demand(situation: Situation, recollection: Recollection, rows: NDArray[np.intp]) -> FirstDemand:
    """The pretrained policy's belief in the guess of like items; one unit per period where there is no guess.

    An order of today need not last longer than until the next one could be here: where the launch lies beyond that,
    there is time, and nothing is expected yet.
    """
    catalogue, now = recollection.catalogue, situation.history.shape[1]
    if not len(rows):
        none = np.zeros(0, np.float32)
        return FirstDemand(rows, none, none, none, none)
    shop = jax.tree.map(lambda x: x[rows], recollection.shop)
    nothing_seen = jax.tree.map(lambda x: x[rows, :0], recollection.seen)
    known = inform(pretrained.load_generalist(), shop, recollection.known(now, now + 1, rows), nothing_seen, 0)
    level, mean, spread = (np.asarray(x)[:, 0] for x in (known.scale, known.lead_demand, known.lead_spread))
    protect = catalogue.outlook.protect[rows]
    wait = periods_to_launch(situation.facts.tables.get("items"), situation.history)[rows]
    share = (np.maximum(protect - wait, 0) / protect).astype(np.float32)
    return FirstDemand(rows, level, mean * share, spread * np.sqrt(share), share)
