"""Many periods in the shop: one item, one path; `vmap` adds the rest."""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.simulator.dynamics import step
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
        known, context, arrives = eqx.combine(moving, still)

        def decide(view: View) -> Decision:
            return policy(view, key) if context is None else policy.decide(view, context)  # pyright: ignore

        return step(shop, stock, known, decide, Chance(demand, arrives))

    # The checkpoint makes the gradient faster on CPU: it is bound by memory traffic, not by arithmetic.
    return jax.lax.scan(jax.checkpoint(one_period), stock, (chance.demand, keys, moving))


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


def run(policy: Policy, stretch: Stretch, policy_axis: int | None = None) -> tuple[Stock, Period]:
    """`rollout` of all rows; `policy_axis` 0 where each row has a policy of its own."""
    rows = eqx.filter_vmap(rollout, in_axes=(policy_axis, 0, 0, 0, 0, None))
    return rows(policy, stretch.shop, stretch.stock, stretch.known, stretch.chance, None)


def profits(shop: Shop, period: Period) -> Float[Array, "row period"]:
    """Profit of each row and period, stock valued at cost."""
    return jax.vmap(jax.vmap(profit_at_cost, (None, 0)))(shop, period)
