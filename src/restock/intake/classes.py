"""Kinds of items, as planners name them: by value (ABC), by steadiness (XYZ), by pattern of demand."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.language import Text
from restock.simulator.history import History

A_SHARE, B_SHARE = 0.8, 0.95  # of all money
X_BELOW, Y_BELOW = 0.5, 1.0  # coefficient of variation
ADI, CV2 = 1.32, 0.49  # Syntetos, Boylan and Croston (2005), Journal of the Operational Research Society 56, 495-503
OBSERVED = 8  # periods from which the pattern of an item can be told

LABELS: dict[str, Text] = {
    "A": Text("A: the top 80 % of value", "A 类：占价值的前 80%"),
    "B": Text("B: the next 15 % of value", "B 类：占价值的其次 15%"),
    "C": Text("C: the last 5 % of value", "C 类：占价值的最后 5%"),
    "X": Text("X: steady", "X 类：需求稳定"),
    "Y": Text("Y: changing", "Y 类：需求波动"),
    "Z": Text("Z: hard to foresee", "Z 类：难以预测"),
    "smooth": Text("smooth", "平稳"),
    "erratic": Text("erratic", "波动大"),
    "intermittent": Text("intermittent", "间歇"),
    "lumpy": Text("lumpy", "块状"),
    "new": Text("new", "新品"),
    "none": Text("never sold", "无销售"),
}
Names = NDArray[np.str_]


class Classes(NamedTuple):
    """Keys of `LABELS`, per row of the history."""

    value: Names  # A, B, C [item]
    steadiness: Names  # X, Y, Z [item]
    pattern: Names  # smooth, erratic, intermittent, lumpy, new, none [item]


def classify(history: History, until: int | None = None) -> Classes:
    """Sort items into classes, from the periods before `until` only (none: all).

    Value is money sold, or units where no price is known. A row is in A while the rows above it have less than 80 % of
    the total, then in B up to 95 %. Steadiness and pattern look at demand of the periods in which it was on sale and
    observed.
    """
    end = history.shape[1] if until is None else until
    sold = history.sold[:, :end].astype(np.float64)
    price = history.price[:, :end]
    worth = sold.sum(1) if np.isnan(price).all() else (sold * np.nan_to_num(price)).sum(1)
    seen = (history.known[:, :end] > 0) & (history.on_sale[:, :end] > 0)
    demand = np.where(seen, history.demand[:, :end], 0).astype(np.float64)
    return Classes(_by_value(worth), _by_steadiness(demand, seen), pattern_of(demand, seen, sold))


def _by_value(worth: NDArray[np.float64]) -> Names:
    order = np.argsort(-worth, kind="stable")
    ranked = worth[order]
    above = (np.cumsum(ranked) - ranked) / max(worth.sum(), 1e-12)
    # Prices are float32: a share of exactly 80 % may come out a hair below.
    names = np.select(
        [(above < A_SHARE - 1e-6) & (ranked > 0), (above < B_SHARE - 1e-6) & (ranked > 0)], ["A", "B"], "C"
    )
    found = np.empty_like(names)
    found[order] = names
    return found


def _by_steadiness(demand: NDArray[np.float64], seen: NDArray[np.bool_]) -> Names:
    count = np.maximum(seen.sum(1), 1)
    mean = demand.sum(1) / count
    spread = np.sqrt((np.where(seen, demand - mean[:, None], 0) ** 2).sum(1) / count)
    variation = np.where(mean > 0, spread / np.where(mean > 0, mean, 1), np.inf)
    return np.select([variation <= X_BELOW, variation <= Y_BELOW], ["X", "Y"], "Z")


def pattern_of(demand: NDArray[np.float64], seen: NDArray[np.bool_], sold: NDArray[np.float64]) -> Names:
    """Syntetos, Boylan and Croston (2005), for rows that have been observed for long enough.

    Args:
        demand: units, 0 where it was not observed. [row, period]
        seen: whether it was. [row, period]
        sold: units; a row that never sold has no pattern. [row, period]
    """
    busy = demand > 0
    times = np.maximum(busy.sum(1), 1)
    interval = seen.sum(1) / times
    size = demand.sum(1) / times
    squared = (np.where(busy, demand - size[:, None], 0) ** 2).sum(1) / times / np.where(size > 0, size, 1) ** 2
    rare, varied = interval >= ADI, squared >= CV2
    kinds = [~(sold > 0).any(1) & ~busy.any(1), seen.sum(1) < OBSERVED, ~rare & ~varied, ~rare, ~varied]
    return np.select(kinds, ["none", "new", "smooth", "erratic", "intermittent"], "lumpy")
