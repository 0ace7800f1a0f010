"""Worlds as a policy lives through them: what was seen before, what is told, and what its orders gain."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from restock.policies.memory import Told
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Remembering, Seen, recall, run_remembering
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Decision, Known, Period, Shop, View
from restock.simulator.worlds import Told as WorldTold
from restock.simulator.worlds import Worlds

PART = 4  # weeks of a part of the year
LEAST = 0.05  # of the unit cost: margins below count as this, as some sell at a loss


class Lives(eqx.Module):
    """Worlds as a policy lives through them. [row]"""

    past: Known  # [row, history]
    seen: Seen  # [row, history]
    stretch: Stretch
    nothing: Float[Array, " row"]  # profit of ordering nothing
    worth: Float[Array, " row"]  # money that serving all demand would bring and save
    still: Float[Array, " row"]  # 1 where the mean of demand never moves
    stake: Float[Array, " row"]  # money that chance alone costs a shop that knows the law, or about that


def live_worlds(worlds: Worlds, generator: np.random.Generator, history: int, seen: int | None = None) -> Lives:
    """Worlds whose first periods are history, of which the shop has seen a part.

    Some shops have seen all demand, some only what they sold; their stock when ordering begins is that of the draw.

    Args:
        worlds: [row, history and more]
        generator: of what was seen.
        history: periods.
        seen: of them, the last; none: nothing in a quarter of the rows, else 1 .. history, small numbers more often.
    """
    rows, periods = worlds.demand.shape[:2]
    sales, hidden = _sales(np.asarray(worlds.demand)[:, :history, 0], generator)
    counts = np.exp(generator.uniform(0, np.log(history + 1), rows)).astype(int) * (generator.random(rows) > 0.25)
    counts = np.full(rows, seen) if seen is not None else np.minimum(counts, history)
    weight = (np.arange(history) >= history - counts[:, None]).astype(np.float32)
    none = jnp.zeros((rows, history, worlds.arrives.shape[-1] + 1))
    past = Seen(jnp.asarray(sales), jnp.asarray(hidden), jnp.asarray(weight), none)

    known = _known(worlds, told_features(worlds.told))
    shop = eqx.tree_at(lambda s: s.lead_chance, worlds.shop, _law_told(worlds))
    live = periods - history
    after = jax.tree.map(lambda x: x[:, history:], known)
    stretch = Stretch(
        shop,
        worlds.stock,
        after,
        Chance(worlds.demand[:, history:], worlds.arrives[:, :live]),
        jnp.ones((rows, live)),
    )
    cost = shop.unit_cost[:, 0]
    margin = jnp.maximum(after.price[:, :, 0].mean(1) - cost, LEAST * cost) + shop.shortage[:, 0]
    nothing, waited = _without_orders(stretch)
    worth = margin * (worlds.mean[:, history:].sum(1) + 1.0) + waited
    stake = live * _stake(shop, margin, worlds.demand[:, history:, 0])
    still = (worlds.mean.std(1) <= 1e-3 * worlds.mean.mean(1)).astype(jnp.float32)
    return Lives(jax.tree.map(lambda x: x[:, :history], known), past, stretch, nothing, worth, still, stake)


def _stake(shop: Shop, margin: Array, demand: Array) -> Float[Array, " row"]:
    """The newsvendor's cost of a period at the best level, for normal demand until the next order comes."""
    law, holding = shop.lead_chance[:, 0], shop.holding[:, 0]
    covered = law @ jnp.arange(law.shape[-1]) / jnp.maximum(law.sum(1), 1e-6) + shop.review[:, 0]
    best = norm.pdf(norm.ppf(jnp.clip(margin / (margin + holding), 0.01, 0.999)))
    return (margin + holding) * best * jnp.sqrt(covered) * demand.std(1)


@jax.jit
def told_features(told: WorldTold) -> Float[Array, "row period feature"]:
    """What is told of each period, in the order of `memory.Told`."""
    rows, periods = told.promotion.shape
    length = jnp.maximum(told.season_length, 1.0)[:, None]
    parts = jnp.floor((told.phase[:, None] + jnp.arange(periods + 1)) % length / PART)

    def always(values: Array) -> Array:
        return jnp.broadcast_to(values[:, None], (rows, periods)).astype(jnp.float32)

    def now_and_ahead(values: Array) -> list[Array]:
        padded = jnp.pad(values, ((0, 0), (0, 8)), "edge")
        later = [padded[:, k : k + periods] for k in range(9)]
        return [
            values,
            sum(later[1:4], start=jnp.zeros_like(values)) / 3,
            sum(later[4:9], start=jnp.zeros_like(values)) / 5,
        ]

    columns = Told._make(
        (
            always(told.season_length == 7),
            always(told.season_length == 52),
            (parts[:, 1:] != parts[:, :-1]).astype(jnp.float32),
            always(told.plan_told),
            *now_and_ahead(told.promotion),
            *now_and_ahead(jnp.log(told.price)),
            *now_and_ahead(told.event),
            always(told.category_told),
            always(told.category_level),
            always(told.category_dispersion),
            always(told.lead_told),
            always(told.promise_told),
        )
    )
    return jnp.stack(columns, axis=-1)


def scores(policy: Remembering, lives: Lives) -> Float[Array, " row"]:
    """What the orders of a policy gained in each world, as a share of what its demand is worth."""
    memory = recall(policy, lives.stretch.shop, lives.past, lives.seen)
    _, _, earned = run_remembering(policy, lives.stretch, memory, keep=profit_at_cost)
    return (earned.sum(1) - lives.nothing) / lives.worth


class NoOrder(eqx.Module):
    """Lets the stock run out."""

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return Decision(jnp.zeros_like(view.known.may_order), view.known.price, jnp.zeros(1))


@eqx.filter_jit
def _without_orders(stretch: Stretch) -> tuple[Float[Array, " row"], Float[Array, " row"]]:
    """Profit of ordering nothing, and what it pays to customers who wait."""

    def keep(shop: Shop, period: Period) -> tuple[Array, Array]:
        return profit_at_cost(shop, period), period.money.backlog

    profit, waited = run(NoOrder(), stretch, keep=keep)[1]
    return profit.sum(1), waited.sum(1)


def _known(worlds: Worlds, told: Array) -> Known:
    one, none = jnp.ones(worlds.demand.shape[:2]), jnp.zeros(worlds.demand.shape[:2])
    return Known(one, one[:, :, None], none, none, told, worlds.price, worlds.may_order)


def _law_told(worlds: Worlds) -> Float[Array, "row lane lead"]:
    """The law of lead times that a shop goes by: the true one, what was promised, or a mere assumption."""
    told, law = worlds.told, worlds.shop.lead_chance
    leads = jnp.arange(law.shape[-1])
    promised = 0.95 * (leads == told.promised[:, None])
    assumed = 0.95 * jnp.exp(-leads / 3.0) / jnp.exp(-leads / 3.0).sum()
    guess = jnp.where(told.promise_told[:, None] > 0, promised, assumed)
    return jnp.where(told.lead_told[:, None, None] > 0, law, guess[:, None, :])


def _sales(demand: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What was sold before the policy began; in some rows, part of demand found no stock."""
    rows = demand.shape[0]
    chance = generator.uniform(0, 0.6, rows) * (generator.random(rows) < 0.4)
    short = generator.random(demand.shape) < chance[:, None]
    sales = np.where(short, np.floor(demand * generator.random(demand.shape)), demand)
    return sales.astype(np.float32), short.astype(np.float32)
