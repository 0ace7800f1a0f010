"""What customers will ask for: the next periods of every item, and how good such forecasts were lately."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from restock.errors import UsageError
from restock.events import read_events
from restock.forecasting.festivals import Festival, held
from restock.forecasting.forecast import FULL, Forecast
from restock.forecasting.forecaster import Ask, Windows
from restock.forecasting.frame_forecaster import to_frame
from restock.forecasting.methods import find_method
from restock.forecasting.overrides import Named, Override, override, with_newcomers
from restock.forecasting.panel import Panel, check_ahead
from restock.intake.assumptions import Assumption
from restock.intake.history import build_history
from restock.language import Text
from restock.progress import Progress, Silent
from restock.simulator.history import History
from restock.storage.facts import Facts
from restock.storage.folder import new_directory, write_whole
from restock.storage.frames import write_frame
from restock.workflows.accuracy import Accuracy, measure
from restock.workflows.demand import demand_panel
from restock.workflows.export import harmless
from restock.workflows.forecast_report import write_forecast_report
from restock.workflows.override import read_overrides
from restock.workflows.project import Project
from restock.workflows.runs import new_run, to_bytes

HORIZON = {1: 28, 7: 8}
SHOWN = (0.1, 0.5, 0.9)
SAMPLES = 200
TABLE = "forecast.parquet"
REPORT = "report.html"


@dataclass(frozen=True)
class ForecastRequest:
    """What is asked of `restock forecast`."""

    periods: int | None = None  # none: 28 days or 8 weeks
    method: str | None = None  # none: the one that was best in the windows before the last
    windows: int = 4
    report: bool = True


@dataclass(frozen=True)
class ForecastResult:
    """The forecast, kept in a run."""

    run: str
    snapshot: str
    forecast: Forecast
    items: tuple[str, ...]
    sites: tuple[str, ...]
    accuracy: Accuracy
    overrides: tuple[dict[str, Any], ...]
    names: Mapping[str, str]  # of items, where the data give one
    assumptions: tuple[Assumption, ...]
    file: Path
    report: Path | None
    seconds: float

    def frame(self) -> pl.DataFrame:
        """One row per item, site and period."""
        long = to_frame(replace(self.forecast, samples=None), "mean", self.forecast.levels)
        names = {f"mean-q-{q:g}": f"q-{q:g}" for q in self.forecast.levels}
        each = np.repeat(np.arange(len(self.items)), self.forecast.horizon)
        return long.rename(names).with_columns(
            pl.Series("item", [self.items[i] for i in each]), pl.Series("site", [self.sites[i] for i in each])
        )

    def to_json(self) -> dict[str, Any]:
        """For programs: totals per item; every period is in the file."""
        total = self.forecast.mean.sum(axis=1)
        sums = np.sort(total) if self.forecast.samples is None else self.forecast.samples.sum(axis=2)
        low, high = (np.quantile(sums, q, axis=0) for q in (SHOWN[0], SHOWN[2]))
        order = np.lexsort((np.arange(len(total)), -total))
        return {
            "run": self.run,
            "snapshot": self.snapshot,
            "method": self.forecast.method,
            "first": str(self.forecast.starts[0]),
            "last": str(self.forecast.starts[-1]),
            "periods": self.forecast.horizon,
            **self.accuracy.to_json(),
            "forecasts": [
                {
                    "item": self.items[i],
                    "site": self.sites[i],
                    "next_period": round(float(self.forecast.mean[i, 0]), 3),
                    "expected": round(float(total[i]), 3),
                    "low": round(float(low[i]), 3),
                    "high": round(float(high[i]), 3),
                }
                for i in order
            ],
            "overrides": list(self.overrides),
            "assumptions": [
                {"key": a.key, "value": a.value, "text": a.text.en, "text_zh": a.text.zh} for a in self.assumptions
            ],
            "path": str(self.file),
            "report": None if self.report is None else str(self.report),
            "seconds": self.seconds,
        }


def forecast(
    project: Project, request: ForecastRequest | None = None, *, seed: int = 0, progress: Progress | None = None
) -> ForecastResult:
    """Forecast every item and measure how good the methods were on rolling windows of the past.

    Raises:
        UsageError: no data yet, no such method, or an override is wrong.
        DataError: the facts cannot be used, or a covariate known ahead is missing.
    """
    from restock.workflows.kept_fits import fit_kept  # JAX takes a second

    began, request, progress = time.perf_counter(), request or ForecastRequest(), progress or Silent()
    if request.method is not None:
        find_method(request.method)
    known = Known.of(project, request.periods)
    panel, h = known.panel, known.horizon
    check_ahead(panel, h)
    accuracy = measure(panel, windows_of(panel, h, request.windows), _compared(request.method), seed, progress)
    fitted = fit_kept(project.folder, request.method or accuracy.chosen, panel, h, seed)
    found = fitted.predict(panel, Ask(h, FULL, SAMPLES, seed))
    overrides = read_overrides(project.path)
    named = with_newcomers(Named(found, known.history.items, known.history.sites), overrides)
    changed = override(*named, overrides, panel.period_days)
    run = new_run(project.folder, "forecast")
    place = project.folder.runs / run
    result = ForecastResult(
        run=run,
        snapshot=known.snapshot,
        forecast=changed.forecast,
        items=named.items,
        sites=named.sites,
        accuracy=accuracy,
        overrides=tuple(_said(each, units) for each, units in zip(overrides, changed.units, strict=True)),
        names=known.names,
        assumptions=known.assumptions,
        file=place / TABLE,
        report=place / REPORT if request.report else None,
        seconds=0.0,
    )
    result = replace(result, seconds=time.perf_counter() - began)
    with new_directory(place) as temporary:
        _keep(temporary, result)
        if request.report:
            write_forecast_report(temporary / REPORT, project, result, panel, known.held)
    return result


@dataclass(frozen=True)
class Known:
    """The shop's data as a forecaster sees them."""

    snapshot: str
    history: History
    panel: Panel
    horizon: int
    assumptions: tuple[Assumption, ...]
    names: Mapping[str, str]
    held: tuple[Festival, ...]

    @staticmethod
    def of(project: Project, periods: int | None) -> "Known":
        """Read the newest facts; plans are laid out for all periods to be forecast."""
        if project.facts.latest() is None:
            raise UsageError(
                Text(f"`{project.path}` has no data yet", f"`{project.path}` 中还没有数据"),
                hint=Text("`restock load sales.csv` reads a file", "`restock load sales.csv` 可读取文件"),
            )
        if periods is not None and periods < 1:
            raise UsageError(
                Text(f"cannot forecast {periods} periods", f"无法预测 {periods} 个时期"),
                hint=Text("pass `--periods 1` or more", "请传入 `--periods 1` 或更大的整数"),
            )
        facts = project.facts.load(None)
        found = build_history(facts.tables, project.config, periods)
        h = periods or HORIZON[found.history.period_days]
        panel = demand_panel(project, facts, found.history, found.shelf)
        names, around = _names(facts), held(panel, read_events(project.path), project.config.shop.country)
        return Known(facts.id, found.history, panel, h, found.assumptions, names, around)


def _names(facts: Facts) -> dict[str, str]:
    items = facts.tables.get("items")
    if items is None or "name" not in items.columns:
        return {}
    return dict(items.select("item", "name").drop_nulls().iter_rows())


def windows_of(panel: Panel, h: int, wanted: int) -> Windows | None:
    """As many windows as the history bears when two thirds of it are left to learn from; None if not even one."""
    periods = panel.shape[1]
    room = periods // 3
    count = min(wanted, room // max(h, 1))
    if count >= 2:
        return Windows(h, count)
    shorter = min(h, max(room // 2, 0))
    return Windows(shorter, 2) if shorter >= 1 else None


def _compared(method: str | None) -> Sequence[str]:
    from restock.workflows.accuracy import QUICK

    return QUICK if method is None else tuple(dict.fromkeys((method, "seasonal_naive")))


def _said(each: Override, units: float | None) -> dict[str, Any]:
    return {
        "item": each.item,
        "site": each.site or None,
        "start": str(each.start),
        "end": str(each.end),
        "change": _change(each),
        "reason": each.reason,
        "expires": str(each.expires),
        "applied": units is not None,
        "units": None if units is None else round(units, 3),
    }


def _change(each: Override) -> str:
    if each.kind == "like":
        return f"{each.amount:g} % of {each.like}"
    return f"{each.amount:+g} %" if each.kind == "percent" else f"{each.amount:g} {each.kind}"


def _keep(place: Path, result: ForecastResult) -> None:
    frame = result.frame()
    write_frame(place / TABLE, frame)
    csv = b"\xef\xbb\xbf" + harmless(frame).write_csv(float_precision=4).encode()
    write_whole(place / "forecast.csv", csv)
    about = {key: value for key, value in result.to_json().items() if key != "forecasts"}
    write_whole(place / "forecast.json", to_bytes(about))
