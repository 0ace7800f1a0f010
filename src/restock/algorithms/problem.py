"""What there is to learn from: the catalogue's past as paths, cut into windows."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.rollout import Stretch, under_way
from restock.simulator.types import Chance, Known, Shop, Stock


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

    @property
    def lead(self) -> int:
        """Length of the pipeline: the longest lead time."""
        return self.shop.lead_chance.shape[-1] - 1


def draw(problem: Problem, batch: int, periods: int, key: Array) -> Stretch:
    """Windows of the problem: rows by their probability, starts evenly, stock at random."""
    which, when, much = jax.random.split(key, 3)
    cumulated = jnp.cumsum(problem.chance_of_row)
    rows = jnp.searchsorted(cumulated, jax.random.uniform(which, (batch,)) * cumulated[-1])
    rows = jnp.clip(rows, 0, problem.demand.shape[0] - 1)
    starts = jax.random.randint(when, (batch,), problem.first, problem.last - periods + 1)
    columns = starts[:, None] + jnp.arange(periods)

    def cut(array: Array) -> Array:
        return array[rows[:, None], columns]

    def pick(array: Array) -> Array:
        return array[rows]

    chance = Chance(cut(problem.demand), (pick if problem.arrives.ndim == 3 else cut)(problem.arrives))
    known = jax.tree.map(pick if problem.known.scale.ndim == 1 else cut, problem.known)
    shop = jax.tree.map(pick, problem.shop)
    stock = random_stock(problem, known, much)
    stock = eqx.tree_at(lambda s: s.on_order, stock, stock.on_order * under_way(chance.arrives))
    return Stretch(shop, stock, known, chance, cut(problem.weight))


def random_stock(problem: Problem, known: Known, key: Array) -> Stock:
    """From none to several times the usual, so that the policy learns to come back from anywhere."""
    batch = known.scale.shape[0]
    scale = known.scale.reshape(batch, -1)[:, :1]
    units = jnp.round(jax.random.exponential(key, (batch, problem.lead + 1)) * scale)
    return Stock(units[:, :1, None], units[:, None, 1:], jnp.zeros((batch, problem.demand.shape[-1])))
