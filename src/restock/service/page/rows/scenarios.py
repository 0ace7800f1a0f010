"""What if: the scenarios that somebody puts together, and what they came to, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from restock.backtest.scenario_charts import AS_IT_IS, Measure, ScenarioPoint
from restock.backtest.wording import money_text
from restock.config import Config
from restock.language import NOTHING, Language, Text
from restock.storage.state import work
from restock.storage.state.tables import Job
from restock.workflows.approval.desk import Desk
from restock.workflows.jobs import asking
from restock.workflows.reasons import label_of, model_label
from restock.workflows.today import Today
from restock.workflows.whatif import check_scenarios

KIND = "whatif"
STEPS = (0.25, 0.5, 0.75, 1.0)  # of the money that all lines of today would cost
SHOWN = 20  # comparisons to choose from
Wanted = Mapping[str, Any]  # a scenario as `POST /scenarios` takes it


class Change(NamedTuple):
    """A setting that a scenario may have otherwise."""

    key: str
    title: Text


CHANGES = (
    Change("costs.holding_rate", Text("Holding a year, share of cost", "年持有成本（占采购价比例）")),
    Change("costs.goodwill", Text("Goodwill per lost unit", "每件缺货损失")),
    Change("costs.order_cost", Text("Cost of an order", "每次订货费用")),
    Change("supply.lead_time", Text("Lead time, periods", "交期（周期数）")),
    Change("supply.review_period", Text("Periods between order days", "订货间隔（周期数）")),
    Change("supply.minimum", Text("Smallest order", "起订量")),
)
TITLES = {change.key: change.title for change in CHANGES}
BUDGET, POLICY = Text("Budget", "预算"), Text("Policy", "策略")


@dataclass(frozen=True)
class Comparison:
    """Scenarios that somebody had compared, or has compared now."""

    id: str
    asked: str
    author: str
    state: str
    progress: float  # share that is done
    said: Text
    scenarios: tuple[Wanted, ...]
    result: Mapping[str, Any] | None  # as `GET /jobs/{id}` has it

    @property
    def is_over(self) -> bool:
        """Nothing more will come of it."""
        return self.state in asking.OVER

    @property
    def title(self) -> str:
        """In a list to choose from."""
        names = ", ".join(str(one["name"]) for one in self.scenarios)
        return f"{self.asked} · {self.author} · {names}"


def comparisons(desk: Desk) -> list[Comparison]:
    """What was compared, the newest first."""
    with desk.look() as session:
        return [_comparison(job) for job in work.list_jobs(session, None, None, SHOWN, KIND)]


def ask_comparison(desk: Desk, wanted: Sequence[Wanted]) -> str:
    """Have scenarios compared by a worker; returns the job's id.

    Raises:
        ForbiddenError: the actor may not plan.
        UsageError: one of them cannot be.
    """
    check_scenarios(desk.project.config, wanted)
    return asking.ask(desk, KIND, {"scenarios": [dict(one) for one in wanted]}).id


def scenario(name: str, changes: Mapping[str, float | None], budget: float | None, policy: str | None) -> Wanted:
    """A scenario of what was filled in; an empty field leaves the shop as it is."""
    settings = {key: _whole(value) for key, value in changes.items() if value is not None}
    return {"name": name, "settings": settings, "budget": budget, "policy": policy}


def budgets(today: Today, language: Language) -> list[Wanted]:
    """Parts of the money that all lines of today would cost, and all of it."""
    whole = float(today.items["cash"].sum())
    if whole <= 0:
        return []
    found = []
    for share in STEPS:
        money = float(f"{share * whole:.3g}") if share < 1 else whole
        name = Text(f"{share:.0%} of the money", f"资金的 {share:.0%}")
        found.append(scenario(name.in_(language), {}, money, None))
    return found


def policies_of(today: Today, language: Language) -> dict[str, str]:
    """Policies that a scenario may put in charge of all items."""
    return {name: label_of(name).in_(language) for name in today.trained.policies}


def as_it_is(config: Config) -> dict[str, str]:
    """What each setting is now, to stand behind its name; empty where the data or the periods decide."""
    found = {}
    for key in TITLES:
        section, _, name = key.partition(".")
        value = getattr(getattr(config, section), name)
        found[key] = f" ({value:g})" if isinstance(value, int | float) else ""
    return found


def difference_of(wanted: Wanted, currency: str, language: Language) -> str:
    """What a scenario has otherwise."""
    parts = [
        f"{TITLES[key].in_(language) if key in TITLES else key} {_shown(value)}"
        for key, value in (wanted.get("settings") or {}).items()
    ]
    if wanted.get("budget") is not None:
        parts.append(f"{BUDGET.in_(language)} {money_text(wanted['budget'], currency)}")
    if wanted.get("policy"):
        parts.append(f"{POLICY.in_(language)} {label_of(wanted['policy']).in_(language)}")
    return " · ".join(parts)


def outcome_rows(found: Comparison, currency: str, language: Language) -> list[dict[str, Any]]:
    """Totals side by side, the shop as it is first; the numbers are those of REST."""
    if not found.result:
        return []
    usual, *others = found.result["scenarios"]
    told = [("", AS_IT_IS.in_(language))]
    told += [(difference_of(one, currency, language), str(one["name"])) for one in found.scenarios]
    return [
        {**one, "name": name, "otherwise": otherwise, "service": 1.0 - one["stockout_risk"]}
        | {"more": one["expected_profit"] - usual["expected_profit"]}
        for one, (otherwise, name) in zip([usual, *others], told, strict=True)
    ]


def points_of(rows: Sequence[Mapping[str, Any]], measure: Measure) -> list[ScenarioPoint]:
    """The same as marks of a chart."""
    value = {"profit": "expected_profit", "service": "service"}[measure]
    return [ScenarioPoint(row["name"], row["stock_value"], row[value], place == 0) for place, row in enumerate(rows)]


def origin_of(found: Comparison) -> Text:
    """What the plans were made from."""
    told = found.result or {}
    snapshot, policy = told.get("snapshot", ""), model_label(told.get("policy", ""))
    return Text(
        f"From the data {snapshot}, by {policy.en}. Profit is what the orders earn, at each scenario's own costs.",
        f"数据 {snapshot}，策略 {policy.zh}。利润指订货带来的收益，按各情景自身的成本计算。",
    )


def _comparison(job: Job) -> Comparison:
    told = job.error["message"] if job.error else job.what
    return Comparison(
        id=job.id,
        asked=f"{job.created:%Y-%m-%d %H:%M}",
        author=job.author,
        state=job.state,
        progress=job.done / job.total if job.total else 0.0,
        said=Text(told["en"], told["zh"]) if told else NOTHING,
        scenarios=tuple(job.arguments.get("scenarios", ())),
        result=job.result,
    )


def _whole(value: float) -> float | int:
    """Some settings count periods or units."""
    return int(value) if float(value).is_integer() else value


def _shown(value: Any) -> str:
    return f"{value:,g}" if isinstance(value, int | float) else str(value)
