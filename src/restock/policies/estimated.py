"""A base stock on the mean and the variance of what was seen so far, as a textbook would estimate them."""

import equinox as eqx
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from restock.policies.rules import buy, critical_ratio
from restock.simulator.remembering import Seen
from restock.simulator.types import Decision, Known, Number, Shop, View


class Moments(eqx.Module):
    """Sums over the periods seen, older ones with less weight."""

    weight: Number
    total: Number  # units
    square: Number  # units squared
    count: Number  # what the squares of the weights sum to, for the degrees of freedom


class EstimatedBaseStock(eqx.Module):
    """Order up to mean and safety over lead time and review period; law of lead times and losses as told.

    Orders under way count by the chance that they still come.
    """

    rate: Float[Array, ""]  # by which older periods are forgotten
    hidden: Float[Array, ""]  # weight of a period in which demand was hidden, 0 to 1
    safety: Float[Array, ""]  # multiple of the newsvendor's safety factor
    more: Float[Array, ""]  # multiple of mean demand

    def begin(self, shop: Shop, known: Known) -> Moments:
        """Nothing seen."""
        none = jnp.zeros(())
        return Moments(none, none, none, none)

    def decide(self, view: View, memory: Moments) -> Decision:
        """The order at this stock."""
        mean = memory.total / jnp.maximum(memory.weight, 1e-6)
        share = memory.count / jnp.maximum(memory.weight, 1e-6) ** 2  # 1 / observations
        spread = jnp.maximum(memory.square / jnp.maximum(memory.weight, 1e-6) - mean**2, 0.0)
        variance = spread / jnp.maximum(1.0 - share, 0.1)
        chances = view.shop.lead_chance[0]
        leads, comes = jnp.arange(chances.shape[0]), jnp.maximum(chances.sum(), 1e-6)
        lead = chances @ leads / comes
        lead_variance = jnp.maximum(chances @ leads**2 / comes - lead**2, 0.0)
        covered = lead + view.shop.review[0]
        deviation = jnp.sqrt(covered * variance + mean**2 * lead_variance)
        factor = self.safety * norm.ppf(jnp.clip(critical_ratio(view.shop, view.known), 0.01, 0.999))
        level = self.more * mean * covered + factor * deviation
        stock = view.stock
        hoped = (stock.on_order[0] * still_comes(chances)).sum()
        return buy(view, level - stock.on_hand.sum() - hoped + stock.backlog.sum())

    def remember(self, memory: Moments, shop: Shop, known: Known, seen: Seen) -> Moments:
        """One more period."""
        new = seen.weight * (1.0 - seen.hidden * (1.0 - self.hidden))
        kept = 1.0 - self.rate * new
        return Moments(
            kept * memory.weight + new,
            kept * memory.total + new * seen.sales,
            kept * memory.square + new * seen.sales**2,
            kept**2 * memory.count + new**2,
        )


def still_comes(chances: Float[Array, " lead"]) -> Float[Array, " age"]:
    """The chance that an order which left 1, 2, ... periods ago and has not come still does, after this period.

    Args:
        chances: that an order comes after 0, 1, 2, ... periods; the rest never does.
    """
    lost = jnp.maximum(1.0 - chances.sum(), 0.0)
    later = jnp.cumsum(chances[::-1])[::-1] - chances
    return (later / jnp.maximum(later + lost, 1e-6))[1:]
