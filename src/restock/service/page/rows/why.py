"""Why a line is what it is, as the drawer shows it."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from restock.backtest.line_charts import Bar
from restock.backtest.wording import money_text, percent_text
from restock.errors import MissingError
from restock.language import Language, Text
from restock.storage.state import orders
from restock.storage.state.tables import Line
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.wording import WHYS
from restock.workflows.explain import Explanation
from restock.workflows.reasons import label_of
from restock.workflows.today import Today

PERSON = Text("changed by {}", "{} 修改")


class Remark(NamedTuple):
    """What somebody wrote or changed."""

    who: str
    when: str
    what: str


@dataclass(frozen=True)
class Why:
    """A line taken apart."""

    line: Line
    explanation: Explanation
    bars: tuple[Bar, ...]  # add up to the line's quantity
    same: bool  # what is explained is what the plan suggests
    history: tuple[Remark, ...]


def why_of(desk: Desk, today: Today, line: int, language: Language) -> Why:
    """Everything that is known of a line.

    Raises:
        MissingError: there is no such line, or the data know its item no more.
    """
    with desk.look() as session:
        found = orders.get_lines(session, [line])
        if not found:
            raise MissingError(Text(f"there is no line `{line}`", f"没有订货行 `{line}`"))
        one = found[0]
        changes, said = orders.overrides_of(session, line), orders.comments_on(session, (one.item, one.site), 20)
    explanation = today.explain(one.item, one.site)
    history = [
        Remark(change.author, f"{change.at:%Y-%m-%d %H:%M}", _changed(change, language)) for change in reversed(changes)
    ]
    history += [Remark(comment.author, f"{comment.at:%Y-%m-%d %H:%M}", comment.text) for comment in said]
    same = abs(explanation.line["quantity"] - one.suggested) < 1e-6
    return Why(one, explanation, bars_of(one, explanation), same, tuple(history))


def bars_of(line: Line, explanation: Explanation) -> tuple[Bar, ...]:
    """The steps to what would be suggested now, then what newer data or people changed; they add up to the line."""
    bars = [Bar(step.text, step.units) for step in explanation.steps if step.units or step.name == "forecast"]
    now = float(explanation.line["quantity"])
    if abs(line.suggested - now) > 1e-6:
        newer = Text("the plan was made from other data or another policy", "计划基于其他数据或策略")
        bars.append(Bar(newer, round(line.suggested - now, 4)))
    if line.quantity != line.suggested:
        who = line.changed_by or "?"
        text = Text(PERSON.en.format(who), PERSON.zh.format(who))
        bars.append(Bar(text, round(line.quantity - line.suggested, 4)))
    return tuple(bars)


def facts_of(why: Why, currency: str, language: Language) -> list[tuple[str, str]]:
    """Names and values, in reading order."""
    one, line = why.explanation, why.line
    shown = (
        (Text("On hand", "现有"), _units(line.on_hand)),
        (Text("On order", "在途"), _units(line.on_order)),
        (
            Text("Expected demand until the next order is here", "下次到货前的预计需求"),
            f"{line.forecast:,.1f} ± {one.spread:,.1f}",
        ),
        (Text("Limit", "约束"), one.limit.in_(language)),
        (Text("Pack and smallest order", "箱规与起订量"), f"{line.pack:g} · {line.minimum:g}"),
        (
            Text("Runs out without and with it", "不订与订货后的缺货概率"),
            " → ".join(percent_text(100 * odds, digits=0) for odds in (line.stockout_without, line.stockout_with)),
        ),
        (
            Text("Cost and expected gain", "金额与预期增益"),
            f"{money_text(line.quantity * line.unit_cost, currency)} · {money_text(line.expected_profit, currency)}",
        ),
        (Text("Order by", "最晚订货"), line.order_by.isoformat()),
    )
    return [(title.in_(language), value) for title, value in shown]


def alternatives_of(why: Why, language: Language) -> list[tuple[str, str]]:
    """What each policy would order from the same stock."""
    return [(label_of(name).in_(language), _units(units)) for name, units in why.explanation.alternatives.items()]


def _changed(change: Any, language: Language) -> str:
    why = WHYS[change.why].in_(language) if change.why in WHYS else ""
    note = f" ({change.note})" if change.note else ""
    return f"{change.before:g} → {change.after:g}{': ' if why else ''}{why}{note}"


def _units(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 0.05 else f"{value:,.1f}"
