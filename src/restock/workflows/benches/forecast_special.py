"""One more question to forecasts: what an item sells that nobody has sold yet."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.correction import recover
from restock.forecasting.newcomers import Newcomers
from restock.forecasting.panel import Panel
from restock.workflows.benches.demand_panels import PANELS, QUICK_SERIES
from restock.workflows.benches.result import Row, Task

HELD_OUT = 0.1  # of the items
DRAWS = 2000


@dataclass(frozen=True)
class SpecialRow(Row):
    """`value` is the mean absolute error of the level over the mean."""

    against_percent: float | None = None  # error over that of the category's mean, less 100 %
    low: float | None = None  # of its paired 95 % interval
    high: float | None = None


def new_items(name: str) -> Callable[[Task], Iterable[Row]]:
    """The level of items held out, from their attributes: error against the mean and the median of their category."""

    def run(task: Task) -> Iterable[Row]:
        panel = PANELS[name].panel(QUICK_SERIES if task.quick else None, titles=True)
        y = np.where(panel.known, recover(panel).demand, 0.0).astype(np.float64)
        level = y.sum(axis=1) / np.maximum(panel.known.sum(axis=1), 1)
        errors: dict[str, list[NDArray[np.float64]]] = {method: [] for method in NEW_ITEMS}
        scale, seconds = [], dict.fromkeys(NEW_ITEMS, 0.0)
        for seed in task.seeds:
            out = _held_out(panel, seed)
            known, new = panel.rows(np.flatnonzero(~out)), panel.rows(np.flatnonzero(out))
            scale.append(level[out])
            for method, expect in NEW_ITEMS.items():
                began = time.perf_counter()
                errors[method].append(np.abs(expect(known, level[~out], new) - level[out]))
                seconds[method] += time.perf_counter() - began
        mean = float(np.concatenate(scale).mean())
        rival = np.concatenate(errors["category_mean"])
        for method in NEW_ITEMS:
            each = [float(part.mean()) / mean for part in errors[method]]
            low, high = _interval(np.concatenate(errors[method]), rival)
            yield SpecialRow(
                instance=f"{name}_new_items",
                method=method,
                value=float(np.concatenate(errors[method]).mean()) / mean,
                stderr=float(np.std(each, ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0,
                best_known=None,
                seconds=seconds[method] / len(task.seeds),
                seeds=len(task.seeds),
                against_percent=100 * float(np.concatenate(errors[method]).sum() / rival.sum() - 1),
                low=None if method == "category_mean" else low,
                high=None if method == "category_mean" else high,
            )

    return run


def _interval(mine: NDArray[np.float64], rival: NDArray[np.float64]) -> tuple[float, float]:
    """Of the difference in percent of the rival's error, items drawn together."""
    picks = np.random.default_rng(0).integers(len(mine), size=(DRAWS, len(mine)))
    low, high = np.quantile(100 * (mine[picks].sum(axis=1) / rival[picks].sum(axis=1) - 1), (0.025, 0.975))
    return float(low), float(high)


def _newcomers(known: Panel, level: NDArray[np.float64], new: Panel) -> NDArray[np.float64]:
    return Newcomers().fit(known, 1).median(new)


def _of_category(
    middle: Callable[[NDArray[np.float64]], np.floating],
) -> Callable[[Panel, NDArray[np.float64], Panel], NDArray[np.float64]]:
    def expect(known: Panel, level: NDArray[np.float64], new: Panel) -> NDArray[np.float64]:
        place = known.attributes.index("category")
        mine, theirs = known.codes[:, place], new.codes[:, place]
        found = {code: middle(level[mine == code]) for code in np.unique(mine)}
        return np.array([found.get(code, middle(level)) for code in theirs], np.float64)

    return expect


NEW_ITEMS: dict[str, Callable[[Panel, NDArray[np.float64], Panel], NDArray[np.float64]]] = {
    "newcomers": _newcomers,
    "category_mean": _of_category(np.mean),
    "category_median": _of_category(np.median),
}


def _held_out(panel: Panel, seed: int) -> NDArray[np.bool_]:
    """An item is held out at all its sites at once. [series]"""
    items, place = np.unique([name.split("@")[0] for name in panel.ids], return_inverse=True)
    return (np.random.default_rng(seed).random(len(items)) < HELD_OUT)[place]


SPECIAL: dict[str, Callable[[Task], Iterable[Row]]] = {
    "complete_journey_new_items": new_items("complete_journey"),
    "fresh_retail_new_items": new_items("fresh_retail"),
    "online_retail_new_items": new_items("online_retail"),
}
