"""Which policy orders what, by the money that each earned on the validation periods."""

import numpy as np
from numpy.typing import NDArray

from restock.workflows.training import LEARNED

CLEAR_ROWS = 10  # a class with fewer items follows the shop


def choose(earned: dict[str, NDArray[np.float32]], groups: NDArray[np.str_]) -> dict[str, str]:
    """What orders each class of items: the learned policy, if it earned more than its best rival on validation.

    A class departs from the shop's choice only where the other one was clearly better there, by a paired interval over
    its items: the best of many policies for each of many classes would be the luckiest, not the best.
    """
    rival = max((name for name in earned if name != LEARNED), key=lambda name: float(earned[name].sum()))
    gain = (earned[LEARNED] - earned[rival]).astype(np.float64)
    usual, other = (LEARNED, rival) if gain.sum() > 0 else (rival, LEARNED)
    choice = {"": usual}  # for items of a class that was not there
    for group in np.unique(groups):
        mine = gain[groups == group] * (1.0 if usual == LEARNED else -1.0)
        choice[str(group)] = other if clearly_negative(mine) else usual
    return choice


def clearly_negative(gains: NDArray[np.float64], draws: int = 1000) -> bool:
    """Whether the 95 % bootstrap interval of the sum lies below zero; never with few items."""
    if len(gains) < CLEAR_ROWS:
        return False
    sample = np.random.default_rng(0).integers(0, len(gains), (draws, len(gains)))
    return bool(np.quantile(gains[sample].sum(axis=1), 0.975) < 0)
