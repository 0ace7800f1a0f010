"""What happened when one policy ran the shop over a window of history."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.simulator.rollout import Policy, Stretch, profits, run
from restock.simulator.types import Period

Kind = Literal["learned", "classical", "bound"]


@dataclass(frozen=True)
class Replay:
    """One policy, all items, one window. NumPy arrays.

    `profit` is the money of each period plus the change in the value of stock at cost, so that stock left at the end
    of the window is neither a gain nor a loss.
    """

    policy: str
    kind: Kind
    period: Period  # arrays with leading axes [item, period]
    profit: NDArray[np.float32]  # money [item, period]
    known: NDArray[np.float32]  # 1 where demand was observed, 0 where it was estimated [item, period]
    unit_cost: NDArray[np.float32]  # money [item]
    period_days: int


class Window(NamedTuple):
    """Where a policy is replayed: a stretch with its warm-up, and the part of it that counts."""

    stretch: Stretch
    first: int  # column of the stretch at which the window begins
    known: NDArray[np.float32]  # 1 where demand was observed [item, period of the window]
    period_days: int


def replay(policy: Policy, window: Window, name: str, kind: Kind, *, own: bool = False) -> Replay:
    """Run a policy over a stretch and keep the window.

    Args:
        policy: one for all rows, or with a leading row axis where `own`.
    """
    period, profit = _run(policy, window.stretch, 0 if own else None)
    period, profit = jax.tree.map(lambda x: np.asarray(x)[:, window.first :], (period, profit))
    unit_cost = np.asarray(window.stretch.shop.unit_cost)[:, 0]
    return Replay(name, kind, period, profit, window.known, unit_cost, window.period_days)


def mix(replays: Sequence[Replay], of_row: NDArray[np.intp], name: str, kind: Kind) -> Replay:
    """The replay of a shop that uses another policy for each row. of_row: index into `replays`. [item]"""

    def pick(*arrays: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.stack(arrays)[of_row, np.arange(len(of_row))]

    first = replays[0]
    period = jax.tree.map(pick, *(r.period for r in replays))
    profit = pick(*(r.profit for r in replays)).astype(np.float32)
    return Replay(name, kind, period, profit, first.known, first.unit_cost, first.period_days)


@eqx.filter_jit
def _run(policy: Policy, stretch: Stretch, axis: int | None) -> tuple[Period, Array]:
    _, period = run(policy, stretch, axis)
    return period, profits(stretch.shop, period)
