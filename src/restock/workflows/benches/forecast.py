"""Forecasts of real demand against rivals: scaled pinball on rolling windows, paired intervals over series."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.forecaster import Ask, Tried, cross_validate
from restock.forecasting.panel import Panel
from restock.forecasting.scores import average, difference, score, summarise
from restock.forecasting.trees import drawn
from restock.language import Text
from restock.simulator.history import Floats
from restock.workflows.benches.demand_panels import PANELS, QUICK_SERIES, DemandPanel
from restock.workflows.benches.forecast_kept import Trial, keep_trial, kept_trials
from restock.workflows.benches.forecast_methods import METHODS, OURS, QUICK_METHODS, make, spared
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
    measured = [name for name in task.instances if name not in SPECIAL]
    seeds = {method: task.seeds if make(method).learns else range(1) for method in task.methods}
    task.progress.start(Text("forecast", "预测评测"), len(measured) * sum(map(len, seeds.values())))
    rows: list[Row] = []
    count = 0
    for name in task.instances:
        if name in SPECIAL:  # it has methods of its own
            rows += SPECIAL[name](task)
            continue
        panel = PANELS[name].panel(QUICK_SERIES if task.quick else SERIES)
        place = f"{name}.{panel.shape[0]}"
        found = {method: kept_trials(place, method) for method in {*task.methods, *OURS}}
        for seed in sorted(set().union(*seeds.values())):  # all methods of a seed, as some share what they learn
            for method in (method for method in task.methods if seed in seeds[method]):
                if seed not in found[method]:
                    found[method][seed] = _tried(PANELS[name], panel, method, seed)
                    keep_trial(place, method, seed, found[method][seed])
                count += 1
                task.progress.advance(count, Text(f"{name} {method} {seed}", f"{name} {method} {seed}"))
        rows += _compared(name, task.methods, found)
    return rows


def _tried(source: DemandPanel, panel: Panel, method: str, seed: int) -> Trial:
    """One method with one seed in all windows."""
    windows, began = source.windows, time.perf_counter()
    spared.clear()
    ask = Ask(windows.h, FULL, PATHS, seed)
    tried = list(cross_validate(make(method).forecaster, panel, windows, ask, seed))
    seconds = time.perf_counter() - began + sum(spared)
    alone = [Tried(origin, replace(forecast, samples=_each_alone(forecast, seed))) for origin, forecast in tried]
    scores, apart, last = (replace(score(panel, part), method=method) for part in (tried, alone, tried[-1:]))
    return Trial(scores, apart, last, seconds)


def _each_alone(forecast: Forecast, seed: int) -> Floats:
    """As many paths as forecasts are asked for, of periods that do not hang together. [path, series, h]"""
    chance = np.random.default_rng(seed).random((PATHS, *forecast.mean.shape))
    return drawn(forecast.quantiles, forecast.levels, chance)


def _compared(instance: str, methods: Sequence[str], found: Mapping[str, Mapping[int, Trial]]) -> list[ForecastRow]:
    """A row per method, ours against each of the others, on the series that both could be scored on."""
    ours = next((name for name in OURS if found[name]), None)
    rows = []
    for method in methods:
        row = _row(instance, method, list(found[method].values()))
        if ours is not None and ours != method:
            mine, theirs = (average([trial.scores for trial in found[name].values()]) for name in (ours, method))
            gap = difference(mine, theirs)
            row = replace(row, ours=ours, against=gap.value, low=gap.low, high=gap.high)
        rows.append(row)
    return rows


def _row(instance: str, method: str, trials: Sequence[Trial]) -> ForecastRow:
    """Means over seeds; intervals of what each series comes to in the mean of seeds."""
    scores, alone = (average([getattr(trial, part) for trial in trials]) for part in ("scores", "alone"))
    values = [summarise(trial.scores).scaled_pinball for trial in trials]
    found, gain, count = summarise(scores), difference(scores, alone, "lead_pinball"), len(trials)
    spread = float(np.std(values, ddof=1)) if count > 1 else None
    return ForecastRow(
        instance=instance,
        method=method,
        value=float(np.mean(values)),
        stderr=(spread or 0.0) / count**0.5,
        best_known=None,
        seconds=float(np.mean([trial.seconds for trial in trials])),
        seeds=count,
        seed_spread=spread,
        last_window=float(np.mean([summarise(trial.last).scaled_pinball for trial in trials])),
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
