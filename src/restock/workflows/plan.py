"""Today's order lines: what to buy, why, until when, and what it is worth; and what not to buy, and why."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.config import Config
from restock.errors import UsageError
from restock.intake.assumptions import Assumption
from restock.language import Text
from restock.policies.rules import QUANTILES, rule
from restock.storage.folder import new_directory, write_whole
from restock.storage.frames import write_frame
from restock.workflows.decide import Decided, decide
from restock.workflows.project import Project
from restock.workflows.reasons import binding_limits, label_of, reasons, reasons_not
from restock.workflows.runs import new_run, to_bytes
from restock.workflows.situation import Situation, day, understand
from restock.workflows.training import GENERALIST, Trained, not_learned
from restock.workflows.trust import said_of_newcomers, said_of_trust, said_of_unseen
from restock.workflows.untrained import trained_or_not

LINES, NOT_ORDERED = "lines.parquet", "not_ordered.parquet"
TERMS = ("lane", "pack", "minimum", "unit_cost", "forecast", "stock_counted")  # of an item that is not ordered
DEPENDS_ON = ("shop", "costs", "supply", "objective", "forecast")  # sections of the settings


@dataclass(frozen=True)
class PlanResult:
    """A plan. Frames are sorted: lines by expected profit per unit of cash, the best first."""

    run: str
    snapshot: str
    model: str
    date: str  # first day of the period that is planned
    lines: pl.DataFrame
    not_ordered: pl.DataFrame
    assumptions: tuple[Assumption, ...]
    settings: dict[str, Any]  # that it depends on
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """For programs; money and units are rounded to what a planner would read."""
        return {
            "run": self.run,
            "snapshot": self.snapshot,
            "policy": self.model,
            "date": self.date,
            "lines": self.lines.to_dicts(),
            "not_ordered": self.not_ordered.to_dicts(),
            "assumptions": [
                {"key": a.key, "value": a.value, "text": a.text.en, "text_zh": a.text.zh} for a in self.assumptions
            ],
            "settings": self.settings,
            "seconds": round(self.seconds, 2),
        }


def plan(project: Project, policy: str | None = None, *, model: str | None = None) -> PlanResult:
    """Order lines for the period after the newest data, from the true stock and pipeline.

    Before any training the pretrained policy decides, and afterwards the items that have too little of a past.

    Args:
        policy: one policy for all items (`learned`, `generalist` or a rule); none: the choice made in training.

    Raises:
        UsageError: no data, or no such policy or model.
    """
    began = time.perf_counter()
    situation = understand(project, announced=True)
    name, trained = trained_or_not(project, situation, model)
    check_policy(trained, policy)
    decided = decide(situation, trained, policy)
    frame = lines_frame(situation, decided)
    ordered = frame.filter(pl.col("quantity") > 0)
    ranked = ordered.sort("profit_per_cash", "item", "site", descending=[True, False, False])
    lines = ranked.with_columns(pl.int_range(1, pl.len() + 1).alias("rank")).drop("why_not_en", "why_not_zh")
    rest = frame.filter(pl.col("quantity") <= 0).sort(
        "stockout_without", "item", "site", descending=[True, False, False]
    )
    not_ordered = rest.select(
        "item",
        "site",
        "name",
        "class",
        "on_hand",
        "on_order",
        "days_of_cover",
        "stockout_without",
        "policy",
        *TERMS,
        pl.col("why_not_en").alias("reason"),
        pl.col("why_not_zh").alias("reason_zh"),
    )
    run = new_run(project.folder, "plan")
    result = PlanResult(
        run=run,
        snapshot=situation.facts.id,
        model=name,
        date=str(day(situation.history, situation.history.shape[1])),
        lines=lines.select("rank", pl.exclude("rank")),
        not_ordered=not_ordered,
        assumptions=(*situation.assumptions, *situation.stock().assumptions, *said_of_policies(trained, decided)),
        settings=settings_of(project.config),
        seconds=time.perf_counter() - began,
    )
    _keep(project.folder.runs / run, result)
    return result


def settings_of(config: Config) -> dict[str, Any]:
    """The settings that a plan depends on; when they change, it is out of date."""
    return config.model_dump(mode="json", include=set(DEPENDS_ON))


def check_policy(trained: Trained, policy: str | None) -> None:
    """Raise UsageError for a policy that nothing is known of."""
    if policy is None or policy in trained.policies:
        return
    if policy == "learned":
        raise not_learned()
    rule(policy)  # says which there are
    raise UsageError(
        Text(f"`{policy}` has not been tuned for this project", f"`{policy}` 尚未在本项目中调优"),
        hint=Text(
            f"`restock train` tunes it; ready: {', '.join(trained.policies)}",
            f"运行 `restock train` 进行调优；现在可用：{', '.join(trained.policies)}",
        ),
    )


def said_of_policies(trained: Trained, decided: Decided) -> tuple[Assumption, ...]:
    """Where the pretrained policy decides, and where it is not trusted to."""
    items = decided.deciders.catalogue.history.items
    newcomers = int((decided.policy == GENERALIST).sum())
    rule_label = label_of(trained.best_rule)
    return (
        *said_of_newcomers(newcomers, len(items), trained.networks is not None),
        *said_of_trust(items, decided.far, decided.distance, rule_label),
        *said_of_unseen(items, decided.unseen, rule_label),
    )


def lines_frame(situation: Situation, decided: Decided) -> pl.DataFrame:
    """Every row with all that a planner asks of a line."""
    history, shop = situation.history, situation.terms.shop
    position = decided.on_hand + decided.on_order.sum(axis=1)
    without, with_order = worth(decided, shop, position), worth(decided, shop, position + decided.order)
    unit_cost = np.asarray(shop.unit_cost)[:, 0]
    cash = decided.order * unit_cost
    gain = with_order.profit - without.profit - np.asarray(shop.order_cost)[:, 0] * (decided.order > 0)
    spent = np.where(cash > 0, cash, decided.order)  # per unit where no cost is known
    order_by = order_by_days(decided, position, situation.terms.lead_time, history.period_days)
    today = day(history, history.shape[1])
    said = reasons(situation, decided, position)
    said_not = reasons_not(situation, decided, position)
    limits = binding_limits(decided, shop)
    columns = {
        "item": list(history.items),
        "site": list(history.sites),
        "name": situation.titles(),
        "class": decided.group,
        "lane": _suppliers(situation),
        "quantity": decided.order.astype(np.float64),
        "order_by": [str(today + np.timedelta64(int(d), "D")) for d in order_by],
        "binding": limits,
        "reason": [t.en for t in said],
        "reason_zh": [t.zh for t in said],
        "why_not_en": [t.en for t in said_not],
        "why_not_zh": [t.zh for t in said_not],
        "on_hand": decided.on_hand.astype(np.float64),
        "on_order": decided.on_order.sum(axis=1).astype(np.float64),
        "days_of_cover": position / np.maximum(decided.scale, 1e-6) * history.period_days,
        "forecast": decided.lead_demand.astype(np.float64),
        "stockout_without": without.stockout,
        "stockout_with": with_order.stockout,
        "expected_profit": gain,
        "profit_without": without.profit,
        "profit_with": without.profit + gain,
        "cash": cash.astype(np.float64),
        "profit_per_cash": np.where(spent > 0, gain / np.maximum(spent, 1e-9), 0.0),
        "unit_cost": unit_cost.astype(np.float64),
        "pack": np.asarray(shop.pack)[:, 0].astype(np.float64),
        "minimum": np.asarray(shop.minimum)[:, 0].astype(np.float64),
        "policy": decided.policy,
        "periods_seen": decided.periods_seen,
        "stock_counted": decided.counted,
    }
    frame = pl.DataFrame(columns)
    return frame.with_columns(pl.col(pl.Float64).round(4))


@dataclass(frozen=True)
class Worth:
    """What a stock position is worth until the next order could arrive. [row]"""

    profit: NDArray[np.float64]
    stockout: NDArray[np.float64]  # probability


def worth(decided: Decided, shop: Any, position: NDArray[np.floating]) -> Worth:
    """Expected margin of what is sold less holding of what is left, over the forecast's past errors.

    Demand over lead time and review period is the forecast plus each past error of the item's class; goods are taken to
    be there in time, so this is the value of today's decision alone, not of the whole future.
    """
    profit, stockout = np.zeros(len(position)), np.zeros(len(position))
    margin = np.maximum(decided.price - np.asarray(shop.unit_cost)[:, 0] - np.asarray(shop.transport)[:, 0], 0.0)
    missing = np.asarray(shop.shortage)[:, 0]
    periods = np.asarray(shop.review)[:, 0]
    for chance, error in zip(chances(), decided.errors.T, strict=True):
        demand = np.maximum(decided.lead_demand + error * decided.lead_spread, 0.0)
        sold = np.minimum(demand, position)
        left, lost = position - sold, demand - sold
        profit += chance * (margin * sold - missing * lost - np.asarray(shop.holding)[:, 0] * periods * left)
        stockout += chance * (lost > 0.5)
    return Worth(profit, np.minimum(stockout, 1.0))


def chances() -> NDArray[np.float64]:
    """How likely each of a forecast's past errors is, which are kept at quantiles."""
    middle = np.diff(np.asarray(QUANTILES), prepend=0.0, append=1.0)
    weight = (middle[1:] + middle[:-1]) / 2
    return weight / weight.sum()


def order_by_days(
    decided: Decided, position: NDArray[np.floating], lead_time: NDArray[np.floating], period_days: int
) -> NDArray[np.int64]:
    """Days that an order can wait before expected demand over the lead time meets the position; 0: today."""
    rate = np.maximum(decided.scale, 1e-6)
    spare = position / rate - lead_time - 1
    return np.clip(np.floor(np.maximum(spare, 0.0)), 0, 365).astype(np.int64) * period_days


def _suppliers(situation: Situation) -> list[str]:
    supply = situation.facts.tables.get("supply")
    known = {} if supply is None or not supply.height else dict(supply.select("item", "supplier").iter_rows())
    return [known.get(item) or "supplier" for item in situation.history.items]


def _keep(place: Path, result: PlanResult) -> None:
    with new_directory(place) as temporary:
        write_frame(temporary / LINES, result.lines)
        write_frame(temporary / NOT_ORDERED, result.not_ordered)
        about = {k: v for k, v in result.to_json().items() if k not in ("lines", "not_ordered")}
        write_whole(temporary / "plan.json", to_bytes(about))
