"""Why an item's line in today's plan is what it is."""

from dataclasses import dataclass
from typing import Any

from restock.errors import UsageError, nearest
from restock.language import Text
from restock.policies.rules import rule
from restock.simulator.dynamics import allowed
from restock.workflows.decide import Decided, decide, row_policy, row_view
from restock.workflows.plan import lines_frame
from restock.workflows.project import Project
from restock.workflows.reasons import LIMITS
from restock.workflows.situation import Situation, understand
from restock.workflows.training import LEARNED, PRETRAINED, Trained
from restock.workflows.untrained import trained_or_not
from restock.workflows.waterfall import Step, waterfall


@dataclass(frozen=True)
class Explanation:
    """One line of today's plan, taken apart. Units and money."""

    model: str
    line: dict[str, Any]  # the same numbers as in the plan
    on_order_by_age: tuple[float, ...]  # ordered 1, 2, 3, ... periods ago and not yet here
    position: float
    spread: float  # standard deviation of the forecast's error
    wanted: float  # before packs, minimum and order days
    steps: tuple[Step, ...]  # add up to the quantity
    reason: Text
    limit: Text  # what binds
    numbers: dict[str, float]  # tuned numbers of a rule
    alternatives: dict[str, float]  # what each policy would order today

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        line = self.line
        kept = ("item", "site", "name", "class", "policy", "quantity", "order_by", "binding", "on_hand", "on_order")
        worth = ("stockout_without", "stockout_with", "profit_without", "profit_with", "expected_profit", "cash")
        return {
            **{key: line[key] for key in kept},
            "reason": {"en": self.reason.en, "zh": self.reason.zh},
            "limit": {"en": self.limit.en, "zh": self.limit.zh},
            "parts": [step.to_json() for step in self.steps],
            "on_order_by_age": list(self.on_order_by_age),
            "position": self.position,
            "days_of_cover": line["days_of_cover"],
            "forecast": line["forecast"],
            "spread": self.spread,
            "wanted": self.wanted,
            **{key: line[key] for key in worth},
            "numbers": self.numbers,
            "alternatives": [
                {"policy": name, "quantity": units, "difference": round(units - line["quantity"], 4)}
                for name, units in self.alternatives.items()
            ],
            "stock_counted": line["stock_counted"],
            "model": self.model,
        }


def explain(project: Project, item: str, site: str | None = None) -> Explanation:
    """Take one line of today's plan apart.

    Raises:
        UsageError: no data, no such item or site, or several sites and none named.
    """
    situation = understand(project, announced=True)
    model = trained_or_not(project, situation, None)
    row = find_row(situation, item, site)
    return take_apart(situation, model, decide(situation, model[1]), row)


def take_apart(situation: Situation, model: tuple[str, Trained], decided: Decided, row: int) -> Explanation:
    """The line of one row, from what was decided for all.

    Args:
        model: its name, and what was trained.
    """
    name, trained = model
    line = lines_frame(situation, decided).row(row, named=True)
    policy, quantity = str(decided.policy[row]), float(line["quantity"])
    said = ("reason", "reason_zh") if quantity > 0 else ("why_not_en", "why_not_zh")
    view = row_view(decided, row, policy)
    return Explanation(
        model=name,
        line=line,
        on_order_by_age=tuple(round(float(units), 4) for units in decided.on_order[row]),
        position=round(float(decided.on_hand[row] + decided.on_order[row].sum()), 4),
        spread=round(float(decided.lead_spread[row]), 4),
        wanted=round(float(decided.wanted[row]), 4),
        steps=tuple(waterfall(row_policy(decided, row, policy), view, quantity, line["binding"])),
        reason=Text(line[said[0]], line[said[1]]),
        limit=LIMITS[line["binding"]],
        numbers=tuned_numbers(decided, row, policy),
        alternatives=alternatives(trained, decided, row),
    )


def find_row(situation: Situation, item: str, site: str | None) -> int:
    """The row of an item at a site.

    Raises:
        UsageError: there is none, or several sites and none is named; says which there are.
    """
    history = situation.history
    rows = [i for i, name in enumerate(history.items) if name == item]
    if not rows:
        raise _unknown(item, history.items)
    sites = [history.sites[i] for i in rows]
    if site is None and len(rows) == 1:
        return rows[0]
    if site in sites:
        return rows[sites.index(site)]
    listed = ", ".join(sorted(sites))
    if site is None:
        said = Text(f"item `{item}` is kept at {len(sites)} sites", f"商品 `{item}` 存放在 {len(sites)} 个仓店")
    else:
        said = Text(f"item `{item}` is not kept at site `{site}`", f"商品 `{item}` 不在仓店 `{site}`")
    raise UsageError(said, hint=Text(f"choose with `--site`: {listed}", f"请用 `--site` 指定：{listed}"))


def tuned_numbers(decided: Decided, row: int, policy: str) -> dict[str, float]:
    """The numbers of a rule for this item, by name; a network has none that a planner could read."""
    if policy in (LEARNED, *PRETRAINED):
        return {}
    values = decided.deciders.numbers[policy][row].tolist()
    return {name: round(float(value), 4) for name, value in zip(rule(policy).numbers, values, strict=True)}


def alternatives(trained: Trained, decided: Decided, row: int) -> dict[str, float]:
    """What each policy would order today from the same stock."""

    def order(name: str) -> float:
        view = row_view(decided, row, name)
        decision = row_policy(decided, row, name)(view, None)
        return round(float(allowed(view.shop, view.known.may_order, decision.order)[0]), 4)

    return {name: order(name) for name in trained.policies}


def _unknown(item: str, items: tuple[str, ...]) -> UsageError:
    names = sorted(set(items))
    return UsageError(
        Text(
            f"item `{item}` is not among the {len(names)} items that sold or are announced",
            f"{len(names)} 个有销售或已预告的商品中没有 `{item}`",
        ),
        hint=nearest(item, names),
    )
