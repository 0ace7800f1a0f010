"""What happened when one policy ran the shop over a window of history."""

from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.simulator.rollout import Policy, Stretch, profits, run
from restock.simulator.types import Period, Stock

Kind = Literal["learned", "classical", "bound"]


@dataclass(frozen=True)
class Replay:
    """One policy, all items, one window. NumPy arrays.

    `profit` is the money of each period plus the change in the value of stock at cost, so that stock left at the end of the
    window is neither a gain nor a loss.
    """

    policy: str
    kind: Kind
    period: Period  # arrays with leading axes [item, period]
    profit: NDArray[np.float32]  # money [item, period]
    known: NDArray[np.float32]  # 1 where demand was observed, 0 where it was estimated [item, period]
    unit_cost: NDArray[np.float32]  # money [item]
    period_days: int


def replay(policy: Policy, stretch: Stretch, *, name: str, kind: Kind, period_days: int, own: bool = False) -> Replay:
    """Run a policy over a stretch and keep the periods that have weight.

    Args:
        policy: one for all rows, or with a leading row axis where `own`.
    """
    _, period = _run(policy, stretch, 0 if own else None)
    first = int(np.argmax(np.asarray(stretch.weight).any(axis=0)))
    period, profit = jax.tree.map(lambda x: np.asarray(x)[:, first:], period)
    return Replay(
        policy=name,
        kind=kind,
        period=period,
        profit=profit,
        known=np.asarray(stretch.weight)[:, first:],
        unit_cost=np.asarray(stretch.shop.unit_cost)[:, 0],
        period_days=period_days,
    )


@eqx.filter_jit
def _run(policy: Policy, stretch: Stretch, axis: int | None) -> tuple[Stock, tuple[Period, Array]]:
    after, period = run(policy, stretch, axis)
    return after, (period, profits(stretch.shop, period))
