"""Many periods in the shop: one item, one path; `vmap` adds the rest."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.dynamics import Response, no_response, step
from restock.simulator.money import profit_at_cost
from restock.simulator.types import Chance, Decision, Known, Period, Shop, Stock, View

Policy = Callable[[View, Array | None], Decision]


@runtime_checkable
class Foreseeing(Protocol):
    """A policy whose work without stock can be done for a whole path at once; `policy(view, key)` gives the same."""

    def foresee(self, shop: Shop, known: Known) -> Any:
        """Whatever `decide` needs, for one period."""
        ...

    def decide(self, view: View, context: Any) -> Decision:
        """The decision at this stock."""
        ...


def rollout(
    policy: Policy, shop: Shop, stock: Stock, known: Known, chance: Chance, key: Array | None = None
) -> tuple[Stock, Period]:
    """Let `policy` run the shop along one path.

    Args:
        known: with a leading period axis, or without where nothing ever changes.
        chance: with a leading period axis; `arrives` may lack it where lead times never vary.
        key: for policies that draw; deterministic ones get None.

    Returns:
        The stock after the last period, and what happened, with a leading period axis.
    """
    periods = chance.demand.shape[0]
    context = _foresee(policy, shop, known)
    keys = None if key is None else jax.random.split(key, periods)
    moving, still = _split_by_time((known, context, chance.arrives), known.scale.ndim == 1, chance.arrives.ndim == 3)

    def one_period(stock: Stock, today: Any) -> tuple[Stock, Period]:
        demand, key, moving = today
        return _live(policy, shop, stock, (demand, *eqx.combine(moving, still)), key)

    # The checkpoint makes the gradient faster on CPU: it is bound by memory traffic, not by arithmetic.
    return jax.lax.scan(jax.checkpoint(one_period), stock, (chance.demand, keys, moving))


def _live(
    policy: Policy, shop: Shop, stock: Stock, today: Any, key: Array | None = None, respond: Response = no_response
) -> tuple[Stock, Period]:
    """One period under a policy; `today` is demand, what is known, what was foreseen, and which orders arrive."""
    demand, known, context, arrives = today

    def decide(view: View) -> Decision:
        return policy(view, key) if context is None else policy.decide(view, context)  # pyright: ignore

    return step(shop, stock, known, decide, Chance(demand, arrives), respond)


def _foresee(policy: Policy, shop: Shop, known: Known) -> Any:
    if not isinstance(policy, Foreseeing):
        return None
    return jax.vmap(policy.foresee, (None, 0))(shop, known) if known.scale.ndim else policy.foresee(shop, known)


def _split_by_time(arrays: tuple[Known, Any, Array], known_moves: bool, arrivals_move: bool) -> tuple[Any, Any]:
    """What is read anew in each period, and what is the same in all: reading it again would cost more than the step."""
    known, context, arrives = arrays
    moves = jax.tree.map(lambda _: known_moves, (known, context))
    return eqx.partition((known, context, arrives), (*moves, arrivals_move))


def fixed_lead_time(lead_time: int) -> Float[Array, "1 lead"]:
    """The chances of a lead time that never varies, for one lane."""
    return jnp.zeros((1, lead_time + 1)).at[0, lead_time].set(1.0)


def under_way(arrives: Array) -> Float[Array, "row lane lead"]:
    """1 where an order that left 1, 2, ... periods before a window can still come: in it, or after it.

    Args:
        arrives: of the window, as in `Chance`. [row, period, lane, lead], without the period axis where it never varies
    """
    if arrives.ndim == 3:
        return jnp.flip(jnp.cumsum(jnp.flip(arrives[..., 1:], -1), -1), -1)
    periods, longest = arrives.shape[1], arrives.shape[-1] - 1

    def comes(age: int) -> Array:
        after = jnp.float32(age + periods <= longest)
        return sum((arrives[:, t, :, age + t] for t in range(min(longest + 1 - age, periods))), after)

    ages = [jnp.minimum(comes(age), 1.0) for age in range(1, longest + 1)]
    return jnp.stack(ages, axis=-1) if ages else jnp.zeros((*arrives.shape[:1], arrives.shape[2], 0))


def nothing_known(*, scale: float = 1.0, channels: int = 1, lanes: int = 1) -> Known:
    """What a policy knows of an item whose demand law never changes: its scale. No period axis."""
    return Known(
        scale=jnp.asarray(scale),
        averages=jnp.full(1, scale),
        lead_demand=jnp.asarray(scale),
        lead_spread=jnp.zeros(()),
        features=jnp.zeros(0),
        price=jnp.zeros(channels),
        may_order=jnp.ones(lanes),
    )


class Stretch(eqx.Module):
    """Rows (items, paths or both) over the same number of periods, ready to be run."""

    shop: Shop  # [row]
    stock: Stock  # [row], what the first period starts with
    known: Known  # [row, period], or [row] where nothing ever changes
    chance: Chance  # [row, period]; `arrives` may lack the period axis
    weight: Float[Array, "row period"]  # how much a period's money counts
    respond: Response = eqx.field(static=True, default=no_response)  # what becomes of demand under a decision


def everything(shop: Shop, period: Period) -> Period:
    """Keep all that happened."""
    return period


def run(
    policy: Policy, stretch: Stretch, policy_axis: int | None = None, keep: Callable[[Shop, Period], Any] = everything
) -> tuple[Stock, Any]:
    """`rollout` of all rows.

    Args:
        policy_axis: 0 where each row has a policy of its own.
        keep: what is wanted of each period, `profit_at_cost` for instance; the less, the faster.

    Returns:
        The stock after the last period [row], and what `keep` made of each period [row, period].
    """
    # Rows are the last axis inside the loop: units on hand or on order then lie next to each other, row by row, which
    # is what vector instructions want; with rows first the same work takes several times as long.
    known, chance = stretch.known, stretch.chance
    known_moves, arrivals_move = known.scale.ndim == 2, chance.arrives.ndim == 4
    context = eqx.filter_vmap(_foresee, in_axes=(policy_axis, 0, 0), out_axes=0)(policy, stretch.shop, known)
    moving, still = _split_by_time((known, context, chance.arrives), known_moves, arrivals_move)
    moving, demand = jax.tree.map(_periods_first, (moving, chance.demand))
    still, shop, stock = jax.tree.map(_rows_last, (still, stretch.shop, stretch.stock))

    def one_row(policy: Policy, shop: Shop, stock: Stock, today: Any) -> tuple[Stock, Any]:
        after, period = _live(policy, shop, stock, today, respond=stretch.respond)
        return after, keep(shop, period)

    def one_period(stock: Stock, today: Any) -> tuple[Stock, Any]:
        demand, moving = today
        rows = eqx.filter_vmap(one_row, in_axes=(policy_axis, -1, -1, -1), out_axes=-1)
        return rows(policy, shop, stock, (demand, *eqx.combine(moving, still)))

    after, kept = jax.lax.scan(jax.checkpoint(one_period), stock, (demand, moving))
    return jax.tree.map(_rows_first, after), jax.tree.map(lambda x: jnp.moveaxis(x, (-1, 0), (0, 1)), kept)


def _periods_first(array: Array) -> Array:
    """[row, period, ...] -> [period, ..., row]"""
    return jnp.moveaxis(array, (1, 0), (0, -1))


def _rows_last(array: Array) -> Array:
    return jnp.moveaxis(array, 0, -1)


def _rows_first(array: Array) -> Array:
    return jnp.moveaxis(array, -1, 0)


def earn(policy: Policy, stretch: Stretch) -> tuple[Stock, Float[Array, "row period"]]:
    """The stock after the last period, and the profit of each row and period, stock valued at cost."""
    return run(policy, stretch, keep=profit_at_cost)


def profits(shop: Shop, period: Period) -> Float[Array, "row period"]:
    """Profit of each row and period, stock valued at cost."""
    return jax.vmap(jax.vmap(profit_at_cost, (None, 0)))(shop, period)
