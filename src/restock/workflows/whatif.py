"""What if: the same shop under other settings and budgets, side by side; nothing of it is ordered or kept as a plan."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from pydantic import ValidationError

from restock.config import Config
from restock.errors import UsageError, nearest
from restock.language import Text
from restock.progress import Progress, Silent
from restock.workflows.asked import LATEST
from restock.workflows.decide import decide
from restock.workflows.plan import check_policy, lines_frame
from restock.workflows.project import Project
from restock.workflows.situation import understand
from restock.workflows.untrained import trained_or_not

MOST = 12  # scenarios at once
CHANGEABLE = ("costs", "supply", "objective")  # sections of the settings
KEYS = ("name", "budget", "policy", "settings")


@dataclass(frozen=True)
class Scenario:
    """A shop that differs in some settings (`costs.holding_rate`, `supply.lead_time`), in money, or in its policy."""

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    budget: float | None = None  # money that all orders may cost, the best lines first; none: the shop's own
    policy: str | None = None  # none: as chosen in training


@dataclass(frozen=True)
class Outcome:
    """What a plan would come to. Units and money."""

    name: str
    lines: int
    units: float
    cash: float
    expected_profit: float  # of the orders, over lead time and review period
    left_out: int  # lines for which the budget does not reach
    stockout_risk: float  # mean over items, with these orders
    stock_value: float  # on hand, on order and ordered

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        shown = {key: round(value, 4) if isinstance(value, float) else value for key, value in vars(self).items()}
        return shown


@dataclass(frozen=True)
class WhatIfResult:
    """Scenarios side by side, the shop as it is first."""

    snapshot: str
    model: str
    scenarios: tuple[Outcome, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "snapshot": self.snapshot,
            "policy": self.model,
            "scenarios": [one.to_json() for one in self.scenarios],
        }


def what_if(project: Project, scenarios: Sequence[Scenario], progress: Progress | None = None) -> WhatIfResult:
    """Plan the same day under each scenario, beside the shop as it is.

    Raises:
        UsageError: a setting or a policy is unknown, or a number cannot be.
    """
    progress = progress or Silent()
    usual = Scenario("as it is", budget=project.config.approval.budget)
    wanted = [usual, *(one if one.budget is not None else replace(one, budget=usual.budget) for one in scenarios)]
    configs = [with_settings(project.config, one) for one in wanted]
    progress.start(Text("planning scenarios", "计算各情景"), len(wanted))
    found: list[Outcome] = []
    planned: dict[str, _Planned] = {}  # scenarios that differ in money alone are one plan
    for done, (scenario, config) in enumerate(zip(wanted, configs, strict=True), 1):
        key = repr((config, scenario.policy))
        if key not in planned:
            planned[key] = _plan(project, config, scenario.policy)
        found.append(outcome_of(planned[key].frame, scenario))
        progress.advance(done)
    progress.finish()
    usually = next(iter(planned.values()))
    return WhatIfResult(usually.snapshot, usually.model, tuple(found))


class _Planned(NamedTuple):
    """Every item under one scenario, before money is counted."""

    snapshot: str
    model: str
    frame: pl.DataFrame


def _plan(project: Project, config: Config, policy: str | None) -> _Planned:
    situation = understand(Project(project.path, config), announced=True)
    model, trained = trained_or_not(project, situation, None)
    check_policy(trained, policy)
    return _Planned(situation.facts.id, model, lines_frame(situation, decide(situation, trained, policy)))


def outcome_of(frame: pl.DataFrame, scenario: Scenario) -> Outcome:
    """Totals of a plan; where money is short, the lines with most profit per unit of cash are kept."""
    ranked = frame.sort("profit_per_cash", "item", "site", descending=[True, False, False])
    cash, wanted = ranked["cash"].to_numpy(), ranked["quantity"].to_numpy() > 0
    kept = wanted & _within(cash * wanted, scenario.budget)
    risk = np.where(kept, ranked["stockout_with"].to_numpy(), ranked["stockout_without"].to_numpy())
    units = ranked["quantity"].to_numpy() * kept
    position = ranked["on_hand"].to_numpy() + ranked["on_order"].to_numpy() + units
    return Outcome(
        name=scenario.name,
        lines=int(kept.sum()),
        units=float(units.sum()),
        cash=float((cash * kept).sum()),
        expected_profit=float((ranked["expected_profit"].to_numpy() * kept).sum()),
        left_out=int(wanted.sum() - kept.sum()),
        stockout_risk=float(risk.mean()) if len(risk) else 0.0,
        stock_value=float((position * ranked["unit_cost"].to_numpy()).sum()),
    )


def with_settings(config: Config, scenario: Scenario) -> Config:
    """The settings of a scenario.

    Raises:
        UsageError: one is unknown, or has a value that cannot be.
    """
    content = config.model_dump()
    for key, value in scenario.settings.items():
        section, _, name = key.partition(".")
        if section not in CHANGEABLE or name not in content[section]:
            known = [f"{part}.{one}" for part in CHANGEABLE for one in content[part]]
            raise UsageError(
                Text(f"a scenario cannot change `{key}`", f"情景不能修改 `{key}`"), hint=nearest(key, known)
            )
        content[section][name] = value
    lead = content["supply"]["lead_time"]
    if isinstance(lead, int | float) and lead > LATEST:
        raise UsageError(
            Text(f"a lead time of {lead:g} periods cannot be", f"交期 {lead:g} 个周期不合理"),
            hint=Text(f"at most {LATEST} periods", f"最多 {LATEST} 个周期"),
        )
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise UsageError(
            Text(f"scenario `{scenario.name}`: {told}", f"情景 `{scenario.name}`：{told}"),
            hint=Text("the settings are explained in `restock.toml`", "设置说明见 `restock.toml`"),
        ) from None


def check_scenarios(config: Config, wanted: Sequence[Any]) -> None:
    """Refuse what cannot be, before a worker is asked.

    Raises:
        UsageError: a scenario is none, a setting is unknown, or a number cannot be.
    """
    for one in wanted:
        with_settings(config, scenario_of(one))


def scenario_of(content: Any) -> Scenario:
    """A scenario as a program sends it.

    Raises:
        UsageError: it is none.
    """
    if not isinstance(content, Mapping) or not isinstance(content.get("name"), str):
        raise UsageError(
            Text("a scenario needs a name", "情景需要名称"),
            hint=Text('`{"name": ..., "settings": {...}, "budget": ...}`', '`{"name": ..., "settings": {...}}`'),
        )
    wrong = [key for key in content if key not in KEYS]
    if wrong:
        raise UsageError(
            Text(f"a scenario has no `{wrong[0]}`", f"情景没有 `{wrong[0]}`"), hint=nearest(str(wrong[0]), KEYS)
        )
    return Scenario(content["name"], dict(content.get("settings") or {}), content.get("budget"), content.get("policy"))


def _within(cash: Any, budget: float | None) -> Any:
    """Lines that a budget pays for, from the first on; one that is too dear leaves room for the next."""
    if budget is None:
        return np.ones(len(cash), bool)
    left, kept = budget * (1 + 1e-9), []  # sums of money have errors in their last digit
    for money in cash.tolist():
        kept.append(money <= left)
        left -= money if money <= left else 0.0
    return np.array(kept, bool)
