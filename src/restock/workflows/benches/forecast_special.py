"""Two more questions to forecasts: what a stock-out hid, and what an item sells that nobody has sold yet."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.correction import SHORT, recover
from restock.forecasting.newcomers import Newcomers
from restock.forecasting.panel import Panel
from restock.workflows.benches.demand_panels import PANELS, QUICK_SERIES
from restock.workflows.benches.result import Row, Task

HELD_OUT = 0.1  # of the items
DRAWS = 2000
OUT = 0.3  # share of the wholly observed periods that get a stock-out
STOCK = (0.3, 1.1)  # of the usual demand of a period: what lies on the shelf then


@dataclass(frozen=True)
class SpecialRow(Row):
    """`value` is |bias| in percent, or the mean absolute error of the level over the mean."""

    bias_percent: float | None = None
    low: float | None = None  # of the paired 95 % interval against the rival
    high: float | None = None


class Censored(NamedTuple):
    """A panel with stock-outs put into it, and what was true."""

    panel: Panel
    truth: NDArray[np.floating]  # [series, period]
    hidden: NDArray[np.bool_]  # where a stock-out was put that hid something [series, period]


def censor(panel: Panel, seed: int) -> Censored:
    """Let stock run out on some wholly observed periods: sales stop with the last unit, at the time it was sold.

    Customers come at even random times, so the k-th of n comes at a time of the beta distribution (k, n - k + 1).
    """
    draw = np.random.default_rng(seed)
    whole = panel.whole
    usual = np.where(whole, panel.y, 0).sum(axis=1) / np.maximum(whole.sum(axis=1), 1)
    stock = np.maximum(np.round(usual[:, None] * draw.uniform(*STOCK, panel.y.shape)), 1)
    units = np.where(whole, panel.y, 0.0)
    hidden = whole & (draw.random(panel.y.shape) < OUT) & (units > stock)
    when = draw.beta(np.where(hidden, stock, 1), np.where(hidden, units - stock + 1, 1))
    return Censored(
        replace(
            panel,
            y=np.where(hidden, stock, panel.y).astype(np.float32),
            available=np.where(hidden, when, panel.available).astype(np.float32),
        ),
        panel.y,
        hidden,
    )


def censored(name: str) -> Callable[[Task], Iterable[Row]]:
    """Bias of demand on periods with artificial stock-outs: recovered, per share of time, and as sold."""

    def run(task: Task) -> Iterable[Row]:
        panel = PANELS[name].panel(QUICK_SERIES if task.quick else None)
        ways: dict[str, Callable[[Panel], NDArray[np.floating]]] = {
            "recovered": lambda p: recover(p).demand,
            "per_time": lambda p: p.y / np.maximum(p.available, SHORT),
            "as_sold": lambda p: p.y,
        }
        for method, way in ways.items():
            began, found = time.perf_counter(), []
            for seed in task.seeds:
                made = censor(panel, seed)
                total = made.truth[made.hidden].sum()
                found.append(100 * float(way(made.panel)[made.hidden].sum() / total - 1))
            bias, spread = float(np.mean(found)), float(np.std(found, ddof=1)) if len(found) > 1 else 0.0
            yield SpecialRow(
                instance=f"{name}_censored",
                method=method,
                value=abs(bias),
                stderr=spread / np.sqrt(len(found)),
                best_known=None,
                seconds=(time.perf_counter() - began) / len(found),
                seeds=len(found),
                bias_percent=bias,
            )

    return run


def new_items(name: str) -> Callable[[Task], Iterable[Row]]:
    """The level of items held out, from their attributes: error against the mean of their category."""

    def run(task: Task) -> Iterable[Row]:
        panel = PANELS[name].panel(QUICK_SERIES if task.quick else None, titles=True)
        y = np.where(panel.known, recover(panel).demand, 0.0).astype(np.float64)
        level = y.sum(axis=1) / np.maximum(panel.known.sum(axis=1), 1)
        methods = {"newcomers": Newcomers(), "category_mean": Newcomers("category_mean", by_category_only=True)}
        errors: dict[str, list[NDArray[np.float64]]] = {method: [] for method in methods}
        scale, seconds = [], dict.fromkeys(methods, 0.0)
        for seed in task.seeds:
            out = _held_out(panel, seed)
            scale.append(level[out])
            for method, forecaster in methods.items():
                began = time.perf_counter()
                fitted = forecaster.fit(panel.rows(np.flatnonzero(~out)), 1)
                errors[method].append(np.abs(fitted.level(panel.rows(np.flatnonzero(out))) - level[out]))
                seconds[method] += time.perf_counter() - began
        mean = float(np.concatenate(scale).mean())
        gap = (np.concatenate(errors["newcomers"]) - np.concatenate(errors["category_mean"])) / mean
        generator = np.random.default_rng(0)
        draws = [gap[generator.integers(len(gap), size=len(gap))].mean() for _ in range(DRAWS)]
        low, high = (float(q) for q in np.quantile(draws, (0.025, 0.975)))
        for method in methods:
            each = [float(part.mean()) / mean for part in errors[method]]
            first = method == "newcomers"
            yield SpecialRow(
                instance=f"{name}_new_items",
                method=method,
                value=float(np.concatenate(errors[method]).mean()) / mean,
                stderr=float(np.std(each, ddof=1) / np.sqrt(len(each))) if len(each) > 1 else 0.0,
                best_known=None,
                seconds=seconds[method] / len(task.seeds),
                seeds=len(task.seeds),
                low=low if first else None,
                high=high if first else None,
            )

    return run


def _held_out(panel: Panel, seed: int) -> NDArray[np.bool_]:
    """An item is held out at all its sites at once. [series]"""
    items, place = np.unique([name.split("@")[0] for name in panel.ids], return_inverse=True)
    return (np.random.default_rng(seed).random(len(items)) < HELD_OUT)[place]


SPECIAL: dict[str, Callable[[Task], Iterable[Row]]] = {
    "complete_journey_censored": censored("complete_journey_daily"),
    "fresh_retail_censored": censored("fresh_retail"),
    "complete_journey_new_items": new_items("complete_journey"),
    "fresh_retail_new_items": new_items("fresh_retail"),
    "online_retail_new_items": new_items("online_retail"),
}
