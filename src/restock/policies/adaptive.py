"""Rules with the memory of a generalist, that estimate mean and spread anew in every period: what it must beat."""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, Int

from restock.policies.lots import SAFETY, Habits, still_to_come, usual, whole
from restock.policies.memory import FAST, RATES, USUAL, Beliefs, Memory, Told, believe, empty_memory, expected, remember
from restock.policies.rules import buy, critical_ratio, position
from restock.simulator.remembering import Seen
from restock.simulator.types import Decision, Known, Number, Shop, View

MEANS = 3 * len(RATES) - 2 * FAST  # choices of `estimate`


class AdaptiveBaseStock(eqx.Module):
    """Order up to mean and safety over lead time and review period.

    Numbers are tuned, see `restock bench generalist`.
    """

    estimate: Int[Array, ""]  # which mean: of all sales, open periods, or filled up; by rate
    safety: Float[Array, ""]  # multiple of the newsvendor's safety factor
    more: Float[Array, ""]  # multiple of mean demand

    def begin(self, shop: Shop, known: Known) -> Memory:
        """Nothing seen."""
        return empty_memory(shop.lead_chance.shape[-1] - 1)

    def decide(self, view: View, memory: Memory) -> Decision:
        """The order at this stock."""
        beliefs = believe(memory, view.shop, view.known)
        mean = self.more * _mean(beliefs, self.estimate)
        known = expected(beliefs, view.shop, view.known, mean, beliefs.spreads[USUAL])
        factor = self.safety * norm.ppf(jnp.clip(critical_ratio(view.shop, view.known), *SAFETY))
        return buy(view, known.lead_demand + _lift(beliefs, view) * mean + factor * known.lead_spread - position(view))

    def remember(self, memory: Memory, shop: Shop, known: Known, seen: Seen) -> Memory:
        """One more period."""
        return remember(memory, shop, known, seen)


class AdaptiveReorder(eqx.Module):
    """Below a point that covers mean and safety, order the lot that is the cheapest, if a lot pays at all: (s, S).

    Stronger than a base stock where orders cost, come in packs or stay on the shelf for long. Numbers are tuned.
    """

    estimate: Int[Array, ""]  # as above
    habits: Habits

    def begin(self, shop: Shop, known: Known) -> Memory:
        """Nothing seen."""
        return empty_memory(shop.lead_chance.shape[-1] - 1)

    def decide(self, view: View, memory: Memory) -> Decision:
        """The order at this stock."""
        beliefs = believe(memory, view.shop, view.known)
        mean = _mean(beliefs, self.estimate)
        rule = usual(beliefs, view.shop, view.known, mean, beliefs.spreads[USUAL], self.habits)
        stock = still_to_come(view.stock, beliefs.law)
        level = rule.demand + rule.safety + _lift(beliefs, view) * self.habits.factor * mean
        missing = level - position(eqx.tree_at(lambda v: v.stock, view, stock))
        return buy(view, whole(missing, rule.lot, view.shop, rule.lot.worth > self.habits.pays))

    def remember(self, memory: Memory, shop: Shop, known: Known, seen: Seen) -> Memory:
        """One more period."""
        return remember(memory, shop, known, seen)


def _mean(beliefs: Beliefs, estimate: Int[Array, ""]) -> Number:
    return jnp.concatenate([beliefs.means, beliefs.open_means, beliefs.full_means])[estimate]


def _lift(beliefs: Beliefs, view: View) -> Number:
    """What a promotion or an event of this period adds, in means."""
    told = Told(*view.known.features)
    return jnp.where(jnp.maximum(told.promotion, told.event) > 0, jnp.clip(beliefs.lift, 0.3, 10.0) - 1.0, 0.0)
