"""Forecasts of real demand against rivals: scaled pinball on rolling windows, paired intervals over series."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from restock.forecasting.forecast import FULL
from restock.forecasting.forecaster import Ask, Tried, cross_validate
from restock.forecasting.panel import Panel
from restock.forecasting.scores import Scores, difference, score, summarise
from restock.language import Text
from restock.workflows.benches.demand_panels import PANELS, QUICK_SERIES, DemandPanel
from restock.workflows.benches.forecast_kept import keep_scores, kept_scores
from restock.workflows.benches.forecast_methods import METHODS, OURS, QUICK_METHODS, make
from restock.workflows.benches.forecast_special import SPECIAL
from restock.workflows.benches.result import Bench, Row, Task

PATHS = 100
SERIES = 500  # spread evenly over a data set: what is learned from and scored


@dataclass(frozen=True)
class ForecastRow(Row):
    """`value` is the scaled pinball over all windows; `last_window` of the one that nothing was chosen by."""

    last_window: float | None = None
    coverage: float | None = None  # of the 90 % interval, on periods without stock-out
    bias: float | None = None
    wape: float | None = None
    rmsse: float | None = None
    lead_pinball: float | None = None  # of the demand of seven periods together (or the whole horizon, if shorter)
    lead_independent: float | None = None  # the same if its periods were drawn each on its own
    lead_gain: float | None = None  # the first less the second: below 0, paths are better; with a paired 95 % interval
    lead_low: float | None = None
    lead_high: float | None = None
    series: int = 0
    ours: str | None = None  # the method that `against` compares with this one
    against: float | None = None  # ours less this one: below 0, ours is better
    low: float | None = None  # of the paired 95 % interval
    high: float | None = None


def run(task: Task) -> Iterable[Row]:
    """Every method on every data set; windows and settings are the same for all."""
    task.progress.start(Text("forecast", "预测评测"), len(task.instances) * len(task.methods))
    rows: list[Row] = []
    count = 0
    for name in task.instances:
        if name in SPECIAL:  # it has methods of its own
            rows += SPECIAL[name](task)
            continue
        source = PANELS[name]
        panel = source.panel(QUICK_SERIES if task.quick else SERIES)
        found: list[tuple[ForecastRow, Scores]] = []
        for method in task.methods:
            found.append(_measure(source, panel, method, task.seeds))
            count += 1
            task.progress.advance(count, Text(f"{name} {method}", f"{name} {method}"))
        rows += _compared(found, kept_scores(name, OURS))
    return rows


def _measure(source: DemandPanel, panel: Panel, method: str, seeds: range) -> tuple[ForecastRow, Scores]:
    """Mean over seeds of a method; scores of the first."""
    windows = source.windows
    began, values, lasts, kept, alone = time.perf_counter(), [], [], None, None
    for seed in seeds if make(method).learns else seeds[:1]:
        ask = Ask(windows.h, FULL, PATHS, seed)
        tried: list[Tried] = list(cross_validate(make(method).forecaster, panel, windows, ask, seed))
        scores = score(panel, tried)
        alone = alone or score(panel, [Tried(o, replace(f, samples=None)) for o, f in tried])
        values.append(summarise(scores).scaled_pinball)
        lasts.append(summarise(score(panel, tried[-1:])).scaled_pinball)
        kept = kept or replace(scores, method=method)
    assert kept is not None
    assert alone is not None
    found, count = summarise(kept), len(values)
    gain = difference(kept, alone, "lead_pinball")
    keep_scores(source.name, kept)
    row = ForecastRow(
        instance=source.name,
        method=method,
        value=float(np.mean(values)),
        stderr=float(np.std(values, ddof=1) / np.sqrt(count)) if count > 1 else 0.0,
        best_known=None,
        seconds=(time.perf_counter() - began) / count,
        seeds=count,
        last_window=float(np.mean(lasts)),
        coverage=found.coverage,
        bias=found.bias,
        wape=found.wape,
        rmsse=found.rmsse,
        lead_pinball=found.lead_pinball,
        lead_independent=summarise(alone).lead_pinball,
        lead_gain=gain.value,
        lead_low=gain.low,
        lead_high=gain.high,
        series=found.series,
    )
    return row, kept


def _compared(found: list[tuple[ForecastRow, Scores]], earlier: dict[str, Scores]) -> list[ForecastRow]:
    """Ours against each of the others, on the series that both could be scored on; earlier: of other runs"""
    mine = earlier | {row.method: scores for row, scores in found}
    ours = next((mine[name] for name in OURS if name in mine), None)
    if ours is None:
        return [row for row, _ in found]
    rows = []
    for row, scores in found:
        if row.method == ours.method:
            rows.append(row)
            continue
        gap = difference(ours, scores)
        rows.append(replace(row, ours=ours.method, against=gap.value, low=gap.low, high=gap.high))
    return rows


FORECAST = Bench(
    name="forecast",
    about=Text("forecasts of real demand against rivals", "真实需求上的预测对比"),
    methods=tuple(METHODS),
    instances=(*PANELS, *SPECIAL),
    usual=("complete_journey", "complete_journey_daily"),
    quick=("complete_journey",),
    run=run,
    quick_methods=QUICK_METHODS,
)
