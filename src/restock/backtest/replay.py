"""What happened when one policy ran the shop over a window of history."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from restock.simulator.types import Period

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
