"""The shop's demand as forecasters see it: sales, shelf, plans, festivals, categories."""

import polars as pl

from restock.events import read_events
from restock.forecasting.festivals import with_festivals
from restock.forecasting.panel import Panel, panel_of
from restock.simulator.history import Floats, History
from restock.storage.facts import Facts
from restock.workflows.project import Project


def demand_panel(project: Project, facts: Facts, history: History, shelf: Floats | None) -> Panel:
    """The panel of a shop, a series per row of its history."""
    prices = project.config.shop.promotions == "planned"
    panel = panel_of(history, shelf, _categories(facts, history), prices)
    return with_festivals(panel, read_events(project.path), project.config.shop.country)


def _categories(facts: Facts, history: History) -> tuple[str, ...]:
    """Of the items that sold, in the order of the codes of the history's groups."""
    items = facts.tables.get("items")
    if items is None or "category" not in items.columns:
        return ()
    sold = items.filter(pl.col("item").is_in(list(history.items)))
    return tuple(sold["category"].drop_nulls().unique().sort().to_list())
