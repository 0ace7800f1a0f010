"""Real demand for the bench of forecasts, read as any shop's files are."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from restock.config import Config
from restock.errors import UsageError
from restock.events import shipped_events
from restock.forecasting.festivals import with_festivals
from restock.forecasting.forecaster import Windows
from restock.forecasting.newcomers import hashed_titles
from restock.forecasting.panel import Panel, panel_of
from restock.intake.history import build_history
from restock.intake.tables import read_tables
from restock.language import Text
from restock.simulator.history import History
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

    def panel(self, series: int | None = None, titles: bool = False) -> Panel:
        """All of it, or evenly spread series; with the titles of the items as traits, if wanted."""
        whole = _panel(self, titles)
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
def _panel(source: DemandPanel, titles: bool) -> Panel:
    settings: dict[str, Any] = {"shop": {"period": source.period, "country": source.country, "promotions": "planned"}}
    tables = source.read()
    found = build_history(tables, Config.model_validate(settings), source.windows.h)
    panel = panel_of(found.history, found.shelf)
    panel = with_festivals(panel, shipped_events(), source.country)
    return with_titles(panel, tables.get("items"), found.history) if titles else panel


def with_titles(panel: Panel, items: pl.DataFrame | None, history: History) -> Panel:
    """What is known of an item before it sells, as traits: its usual price, and its title and brand, hashed."""
    paid = history.price[:, : history.shape[1]]
    price = np.log(np.nanmedian(np.where(paid > 0, paid, np.nan), axis=1)) if np.any(paid > 0) else np.zeros(len(paid))
    price = np.nan_to_num(price).astype(np.float32)
    traits, names = [price[:, None], price[:, None] ** 2], ["log price", "log price squared"]
    if items is not None and "name" in items.columns:
        said = dict(items.select("item", pl.col("name").fill_null("")).iter_rows())
        brand = dict(items.select("item", "brand").iter_rows()) if "brand" in items.columns else {}
        hashed = hashed_titles([f"{said.get(name, '')} {brand.get(name) or ''}" for name in history.items])
        traits.append(hashed)
        names += [f"title {i}" for i in range(hashed.shape[1])]
    return replace(panel, traits=np.concatenate(traits, axis=1), trait_names=tuple(names))
