"""What a forecaster believes demand was on sold-out days, where the truth is known.

Days of real sales that were never out of stock are cut by stocks of our own: demand above the stock is hidden, and the
moment at which the last unit went is drawn as if customers came evenly over the day. Days that were really sold out
are left out, since nobody knows what was asked for. Demand of the cut days is then recovered, and compared.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting import correction
from restock.forecasting.deep.forecaster import Deep
from restock.forecasting.deep.recovery import recover
from restock.forecasting.deep.settings import DeepConfig
from restock.forecasting.panel import Panel
from restock.language import Text
from restock.workflows.benches.demand_panels import PANELS
from restock.workflows.benches.result import Bench, Row, Task

SETTINGS = {"deep_share": "thin", "deep_bound": "bound", "left_out": "leave_out", "naive": "ignore"}  # of the network
WAYS: dict[str, Callable[[Panel], NDArray[np.floating]]] = {  # without a network
    "recovered": lambda panel: correction.recover(panel).demand,
    "per_time": lambda panel: panel.y / np.maximum(panel.available, correction.SHORT),
    "as_sold": lambda panel: panel.y,
}
SERIES, QUICK_SERIES, H = 1000, 200, 7
COVER = 1.15  # mean stock of a cut day, in usual demand
CUT = 0.6  # share of the days on which there is such a stock
LEAST_SOLD = 2.0  # units per day below which a series is not cut: the cut would take all it has
ABOUT = Text("demand of sold-out days, where it is known", "已知真实需求的缺货日估计")


class Hidden(NamedTuple):
    """A panel with days cut short, and what was asked for on them."""

    panel: Panel
    truth: NDArray[np.floating]  # NaN where not known [series, period]
    cut: NDArray[np.bool_]  # [series, period]


def bench_stockouts(task: Task) -> Iterator[Row]:
    """A row per way to read sold-out days; value: bias of the cut days' demand, in percent of it."""
    task.progress.start(ABOUT, len(task.methods) * len(task.instances) * len(task.seeds))
    done = 0
    for name in task.instances:
        panel = PANELS[name].panel(QUICK_SERIES if task.quick else None)
        for method in task.methods:
            biases, began = [], time.perf_counter()
            for seed in task.seeds:
                hidden = hide(panel, QUICK_SERIES if task.quick else SERIES, seed)
                biases.append(bias(hidden, method, seed, quick=task.quick))
                done += 1
                told = f"{name} {method} {biases[-1]:+.2f} %"
                task.progress.advance(done, Text(told, told))
            seconds = (time.perf_counter() - began) / len(task.seeds)
            spread = float(np.std(biases, ddof=1)) if len(task.seeds) > 1 else None
            error = (spread or 0.0) / len(task.seeds) ** 0.5
            yield Row(name, method, float(np.mean(biases)), error, None, seconds, len(task.seeds), seed_spread=spread)


def hide(panel: Panel, series: int, seed: int) -> Hidden:
    """Cut some days of some series short; the rest of what is not known to be whole is left out."""
    draw = np.random.default_rng(seed)
    truth = np.where(panel.whole, panel.y, np.nan)
    count = np.maximum((~np.isnan(truth)).sum(axis=1), 1)
    usual = np.nansum(truth, axis=1) / count
    rows = np.flatnonzero((usual >= LEAST_SOLD) & (count >= 20))
    rows = np.sort(draw.permutation(rows)[:series])
    panel, truth, usual = panel.rows(rows), truth[rows], usual[rows]
    stock = np.maximum(draw.poisson(COVER * usual[:, None], truth.shape), 1)
    cut = (draw.random(truth.shape) < CUT) & (np.nan_to_num(truth) >= stock)
    more = np.where(cut, np.nan_to_num(truth) - stock, 0.0)
    gone = draw.beta(np.where(cut, stock, 1), more + 1.0)
    available = np.where(cut, np.clip(gone, 0.01, 0.999), 1.0).astype(np.float32)
    y = np.where(cut, stock, truth).astype(np.float32)
    return Hidden(replace(panel, y=y, available=available), truth, cut)


def bias(hidden: Hidden, method: str, seed: int, *, quick: bool) -> float:
    """Of recovered demand on the cut days, in percent of the truth."""
    if method in WAYS:
        found = WAYS[method](hidden.panel)[hidden.cut]
        return float(100 * (found.sum() / hidden.truth[hidden.cut].sum() - 1))
    few = {"updates": 300, "members": 1} if quick else {}
    config = DeepConfig.model_validate({"sold_out": SETTINGS[method], **few})
    fitted = Deep(config).fit(hidden.panel, H, seed)
    recovered = recover(fitted, hidden.panel)
    cut = hidden.cut & recovered.estimated
    return float(100 * (recovered.demand[cut].sum() / hidden.truth[cut].sum() - 1))


STOCKOUTS = Bench(
    name="stockouts",
    about=ABOUT,
    methods=(*SETTINGS, *WAYS),
    instances=("fresh_retail", "complete_journey_daily"),
    usual=("fresh_retail",),
    quick=("fresh_retail",),
    run=bench_stockouts,
)
