"""Real demand for the bench of forecasts, read as any shop's files are."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from restock.config import Config
from restock.errors import UsageError
from restock.forecasting.forecaster import Windows
from restock.forecasting.panel import Panel, panel_of
from restock.intake.history import build_history
from restock.intake.tables import read_tables
from restock.language import Text
from restock.workflows.samples import grocer

QUICK_SERIES = 200
FOLDER = "RESTOCK_DATA"


@dataclass(frozen=True)
class DemandPanel:
    """A data set and the windows in which it is forecast; the last window is the test, the ones before are not."""

    name: str
    windows: Windows
    period: str
    read: Callable[[], dict[str, pl.DataFrame]]
    country: str = ""

    def panel(self, series: int | None = None) -> Panel:
        """All of it, or evenly spread series."""
        whole = _panel(self)
        if series is None or series >= whole.shape[0]:
            return whole
        return whole.rows(np.linspace(0, whole.shape[0] - 1, series).astype(np.intp))


def _file(name: str) -> Callable[[], dict[str, pl.DataFrame]]:
    def read() -> dict[str, pl.DataFrame]:
        path = Path(os.environ.get(FOLDER, "")) / name
        if FOLDER not in os.environ or not path.is_file():
            raise UsageError(
                Text(f"`{path}` is not there", f"找不到 `{path}`"),
                hint=Text(
                    f"set `{FOLDER}` to the folder with the data sets, or use `--instances complete_journey`",
                    f"请将 `{FOLDER}` 设为数据集所在文件夹，或使用 `--instances complete_journey`",
                ),
            )
        return read_tables([path]).tables

    return read


PANELS: dict[str, DemandPanel] = {
    panel.name: panel
    for panel in (
        DemandPanel("complete_journey", Windows(4, 4), "week", grocer, "US"),
        DemandPanel("complete_journey_daily", Windows(14, 4), "day", grocer, "US"),
        DemandPanel("fresh_retail", Windows(7, 4), "day", _file("fresh_retail/daily.parquet"), "CN"),
        DemandPanel("online_retail", Windows(4, 4), "week", _file("online_retail/transactions.parquet"), "GB"),
        DemandPanel("online_retail_daily", Windows(14, 4), "day", _file("online_retail/transactions.parquet"), "GB"),
        DemandPanel("bakery", Windows(14, 4), "day", _file("bakery/daily.parquet"), "DE"),
    )
}


@cache
def _panel(source: DemandPanel) -> Panel:
    settings: dict[str, Any] = {"shop": {"period": source.period, "country": source.country, "promotions": "planned"}}
    found = build_history(source.read(), Config.model_validate(settings), source.windows.h)
    return panel_of(found.history, found.shelf)
