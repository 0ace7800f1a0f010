"""The shop as arrays: from facts to something that can be simulated."""

from dataclasses import dataclass, replace

import numpy as np

from restock.backtest.catalogue import Catalogue, Told, make_catalogue, to_protect
from restock.backtest.windows import FIRST
from restock.errors import UsageError
from restock.forecasting.forecaster import Forecaster
from restock.forecasting.foretelling import fit_along
from restock.forecasting.panel import Panel
from restock.intake.assumptions import Assumption
from restock.intake.classes import Classes, classify
from restock.intake.history import build_history
from restock.intake.starting import StartingStock, starting_stock
from restock.intake.terms import Terms, build_terms
from restock.language import Text
from restock.simulator.history import Floats, History
from restock.storage.facts import Facts
from restock.workflows.demand import demand_panel
from restock.workflows.kept_fits import forecaster_of
from restock.workflows.project import Project


@dataclass(frozen=True)
class Situation:
    """A snapshot of the facts, understood."""

    facts: Facts
    history: History
    terms: Terms
    assumptions: tuple[Assumption, ...]
    shelf: Floats | None = None  # share of the open time on the shelf, where anything tells [item, period]
    panel: Panel | None = None  # what the forecaster of the settings reads; none: no forecaster is chosen
    forecaster: Forecaster | None = None
    refit: int | None = None  # periods between two of its fits

    def catalogue(self, first: int | None = None) -> Catalogue:
        """All items as arrays, with features from period `first` on (none: from the first that has a past)."""
        at = FIRST[self.history.period_days] if first is None else first
        return make_catalogue(self.history, self.terms.shop, self.terms.objective, at, self._told(at))

    def _told(self, first: int) -> Told | None:
        """The forecaster of the settings, fitted along the history."""
        if self.panel is None or self.forecaster is None:
            return None
        longest = int(to_protect(self.terms.shop).max(initial=1))
        return Told(fit_along(self.forecaster, self.panel, longest, first, self.refit), self.panel)

    def stock(self) -> StartingStock:
        """What lies in the shop after the last period."""
        return starting_stock(self.facts.tables, self.history, self.terms)

    def classes(self, until: int | None = None) -> Classes:
        """Kinds of items."""
        return classify(self.history, until)

    def titles(self) -> list[str]:
        """What a planner calls each row's item; empty where the data give no name."""
        items = self.facts.tables.get("items")
        known = {} if items is None or "name" not in items.columns else dict(items.select("item", "name").iter_rows())
        return [known.get(item) or "" for item in self.history.items]

    def row_names(self) -> list[str]:
        """One name per row: item and site."""
        return [f"{item}\t{site}" for item, site in zip(self.history.items, self.history.sites, strict=True)]


def understand(project: Project, snapshot: str | None = None, *, announced: bool = False) -> Situation:
    """Facts as arrays, with every assumption that had to be made.

    Args:
        announced: whether items that have never sold, but are announced, are rows, too. Decisions of today are made for
            them; of the past there is nothing to be learned or proved.

    Raises:
        UsageError: nothing has been loaded yet.
        DataError: the facts cannot be used as they are.
    """
    if project.facts.latest() is None:
        raise UsageError(
            Text(f"`{project.path}` has no data yet", f"`{project.path}` 中还没有数据"),
            hint=Text("`restock load sales.csv` reads a file", "`restock load sales.csv` 可读取文件"),
        )
    facts = project.facts.load(snapshot)
    history, said, shelf = build_history(facts.tables, project.config, announced=announced)
    terms = build_terms(facts.tables, history, project.config)
    situation = Situation(facts, history, terms, (*said, *terms.assumptions), shelf)
    chosen = project.config.forecast
    if not chosen.method:
        return situation
    panel, forecaster = demand_panel(project, facts, history, shelf), forecaster_of(project.folder, chosen.method)
    return replace(situation, panel=panel, forecaster=forecaster, refit=chosen.refit)


def day(history: History, period: int) -> np.datetime64:
    """The first day of a period, also of one after the history."""
    return history.starts[0] + np.timedelta64(period * history.period_days, "D")
