"""The shop today, understood once and asked often: items, forecasts, and why a line is what it is."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.errors import MissingError, UsageError
from restock.intake.rows import at_every_site, rows_frame
from restock.language import Text
from restock.policies.rules import QUANTILES
from restock.simulator.types import View
from restock.storage.champion import champion
from restock.workflows.decide import Decided, decide, pick_rows
from restock.workflows.explain import Explanation, find_row, take_apart
from restock.workflows.plan import lines_frame, settings_of
from restock.workflows.project import Project
from restock.workflows.situation import Situation, day, understand
from restock.workflows.training import Trained
from restock.workflows.untrained import trained_or_not

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of a forecast that is shown
SAID = ("reason", "reason_zh", "why_not_en", "why_not_zh", "order_by")  # of lines only


@dataclass(frozen=True)
class Today:
    """A snapshot, and what the newest policy makes of it; before any training, the pretrained one."""

    situation: Situation
    model: str
    trained: Trained
    decided: Decided
    items: pl.DataFrame  # one row per item and site, sorted and numbered
    views: dict[str, View] = field(default_factory=dict[str, View], compare=False)  # that were asked for [row]

    @cached_property
    def rows(self) -> dict[tuple[str, str], int]:
        """The row of each item at a site."""
        history = self.situation.history
        return {place: row for row, place in enumerate(zip(history.items, history.sites, strict=True))}

    def view_of(self, policy: str, rows: NDArray[np.intp]) -> View:
        """What a policy decides from, made once for all of its rows."""
        mine = np.flatnonzero(self.decided.policy == policy)
        if policy not in self.views:
            self.views[policy] = self.decided.deciders.view(policy, self.decided.view, mine)
        return pick_rows(self.views[policy], np.searchsorted(mine, rows))

    @staticmethod
    def mark(project: Project) -> object:
        """Changes when anything changes that today depends on."""
        return project.facts.latest(), champion(project.folder), repr(settings_of(project.config))

    def explain(self, item: str, site: str | None) -> Explanation:
        """Take the line of an item apart.

        Raises:
            MissingError: there is no such item or site.
        """
        try:
            row = find_row(self.situation, item, site)
        except UsageError as error:
            raise MissingError(error.message, hint=error.hint) from None
        return take_apart(self.situation, (self.model, self.trained), self.decided, row)

    def prices(self) -> pl.DataFrame:
        """What orders take a unit to bring in the period to come, what it costs, the next planned price."""
        history, price = self.situation.history, self.decided.price.astype(np.float64)
        cost = np.asarray(self.situation.terms.shop.unit_cost)[:, 0].astype(np.float64)
        columns = {
            "item": list(history.items),
            "site": list(history.sites),
            "date": [str(day(history, history.shape[1]))] * len(price),
            "price": np.where(price > 0, price, np.nan),
            "unit_cost": cost,
        }
        frame = pl.DataFrame(columns).with_columns(pl.col("price").fill_nan(None))
        margin = pl.col("price") - pl.col("unit_cost")
        frame = frame.with_columns(margin.alias("margin"), (margin / pl.col("price")).alias("margin_share"))
        frame = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64))
        frame = frame.join(self._next_prices(), on="row", how="left").drop("row")
        return _numbered(frame.with_columns(pl.col(pl.Float64).round(4)))

    def _next_prices(self) -> pl.DataFrame:
        """The first change that is planned from the period to come on: of the price itself, or else of its discount."""
        history, tables = self.situation.history, self.situation.facts.tables
        now, first = history.shape[1], day(history, history.shape[1]).astype(object)
        table = at_every_site(tables.get("prices"), rows_frame(history.items, history.sites))
        kinds = {"row": pl.Int64, "next_price": pl.Float64, "next_date": pl.String}
        named = pl.DataFrame(schema=kinds)
        if table.height:
            ahead = table.filter((pl.col("date") >= first) & (pl.col("price") > 0)).sort("date")
            said = (
                pl.col("price").first().alias("next_price"),
                pl.col("date").first().cast(pl.String).alias("next_date"),
            )
            named = ahead.group_by("row").agg(said)
        planned = self.decided.deciders.catalogue.price[:, now:]
        other: NDArray[np.bool_] = np.abs(planned - planned[:, :1]) > 0.005
        changes = [row for row in np.flatnonzero(other.any(axis=1)).tolist() if row not in set(named["row"])]
        place = {row: int(other[row].argmax()) for row in changes}
        discounted = [(row, float(planned[row, at]), str(day(history, now + at))) for row, at in place.items()]
        return pl.concat([named, pl.DataFrame(discounted, schema=kinds, orient="row")])

    def forecasts(self) -> pl.DataFrame:
        """Demand over lead time and review period: mean, spread, and quantiles from the policy's past errors."""
        history, terms, decided = self.situation.history, self.situation.terms, self.decided
        first = day(history, history.shape[1])
        span = np.asarray(terms.lead_time) + np.asarray(terms.review)
        errors = np.stack([np.interp(LEVELS, QUANTILES, row) for row in decided.errors])
        levels = np.maximum(decided.lead_demand[:, None] + errors * decided.lead_spread[:, None], 0.0)
        columns = {
            "item": list(history.items),
            "site": list(history.sites),
            "first_day": [str(first)] * len(history.items),
            "periods": span.astype(np.float64),
            "period_days": [history.period_days] * len(history.items),
            "mean": decided.lead_demand.astype(np.float64),
            "spread": decided.lead_spread.astype(np.float64),
            "per_period": decided.scale.astype(np.float64),
            **{f"q{round(q * 100):02d}": levels[:, i].astype(np.float64) for i, q in enumerate(LEVELS)},
        }
        return _numbered(pl.DataFrame(columns).with_columns(pl.col(pl.Float64).round(4)))


def understand_today(project: Project) -> Today:
    """The newest snapshot with the newest policy.

    Raises:
        MissingError: nothing has been loaded.
    """
    latest = project.facts.latest()
    if latest is None or "sales" not in project.facts.manifest(latest).tables:
        raise MissingError(
            Text("no sales have been loaded yet", "还没有导入销售数据"),
            hint=Text("upload a file of sales", "请上传销售文件"),
        )
    situation = understand(project, announced=True)
    model, trained = trained_or_not(project, situation, None)
    decided = decide(situation, trained)
    return Today(situation, model, trained, decided, _numbered(lines_frame(situation, decided).drop(SAID)))


def _numbered(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.sort("item", "site").with_row_index("number", offset=1)
