"""What there is to learn from: the catalogue's past as paths, cut into windows."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.dynamics import Response, no_response
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Stretch, under_way
from restock.simulator.types import Chance, Decision, Known, Number, Period, Shop, Stock, View

Reward = Callable[[Shop, Period], Number]
Limit = Callable[[View, Decision], Decision]


def no_limit(view: View, decision: Decision) -> Decision:
    """Everything may be decided that the supplier takes."""
    return decision


class Problem(eqx.Module):
    """Rows are items (or paths of one item); windows of periods are drawn from them."""

    shop: Shop  # [row]
    known: Known  # [row, period], or [row] where nothing ever changes
    demand: Float[Array, "row period channel"]
    arrives: Float[Array, "row *period lane lead"]  # without the period axis where lead times never vary
    weight: Float[Array, "row period"]  # how much a period counts, 0 where demand is not known
    chance_of_row: Float[Array, " row"]  # probability to be drawn
    first: int = eqx.field(static=True)  # windows lie in periods first <= t < last
    last: int = eqx.field(static=True)
    reward: Reward = eqx.field(static=True, default=profit_at_cost)  # of a period; `pathwise` follows its derivative
    limit: Limit = eqx.field(static=True, default=no_limit)  # what becomes of a decision, such as a full shelf
    respond: Response = eqx.field(static=True, default=no_response)  # what becomes of demand under a decision
    less_all_served: bool = eqx.field(static=True, default=False)
    """Rewards of algorithms without the simulator's derivative are taken less what serving all demand would earn: no
    order changes that, and it varies more than all that orders do change. Not where prices are decided."""

    @property
    def lead(self) -> int:
        """Length of the pipeline: the longest lead time."""
        return self.shop.lead_chance.shape[-1] - 1


def draw(problem: Problem, batch: int, periods: int, key: Array) -> Stretch:
    """Windows of the problem: rows by their probability, starts evenly, stock at random."""
    # One draw for all that is random: each call of a random function costs a second of compilation.
    which, when, *much = jax.random.uniform(key, (problem.lead + 3, batch))
    cumulated = jnp.cumsum(problem.chance_of_row)
    rows = jnp.searchsorted(cumulated, which * cumulated[-1])
    rows = jnp.clip(rows, 0, problem.demand.shape[0] - 1)
    last = problem.last - periods
    starts = jnp.minimum(problem.first + (when * (last + 1 - problem.first)).astype(int), last)
    columns = starts[:, None] + jnp.arange(periods)

    def cut(array: Array) -> Array:
        return array[rows[:, None], columns]

    def pick(array: Array) -> Array:
        return array[rows]

    chance = Chance(cut(problem.demand), (pick if problem.arrives.ndim == 3 else cut)(problem.arrives))
    known = jax.tree.map(pick if problem.known.scale.ndim == 1 else cut, problem.known)
    shop = jax.tree.map(pick, problem.shop)
    stock = random_stock(problem.demand.shape[-1], known, jnp.stack(much, axis=1))
    stock = eqx.tree_at(lambda s: s.on_order, stock, stock.on_order * under_way(chance.arrives))
    return Stretch(shop, stock, known, chance, cut(problem.weight), problem.respond)


def hide_features(known: Known, share: float, key: Array) -> Known:
    """Dropout on the inputs, for whole windows: without it a small catalogue is learned by heart."""
    if share == 0.0:
        return known
    rows, *periods, inputs = known.features.shape
    keep = jax.random.bernoulli(key, 1.0 - share, (rows, *(1 for _ in periods), inputs))
    return eqx.tree_at(lambda k: k.features, known, known.features * keep / (1.0 - share))


def random_stock(channels: int, known: Known, shares: Float[Array, "row place"]) -> Stock:
    """From none to several times the usual, so that the policy learns to come back from anywhere.

    Args:
        channels: in which customers may wait; nobody does.
        shares: evenly distributed between 0 and 1, for what is on hand and each place of the pipeline.
    """
    batch = known.scale.shape[0]
    scale = known.scale.reshape(batch, -1)[:, :1]
    units = jnp.round(-jnp.log1p(-shares) * scale)
    return Stock(units[:, :1, None], units[:, None, 1:], jnp.zeros((batch, channels)))
