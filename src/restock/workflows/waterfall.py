"""What an order is made of: steps in units that add up to it."""

from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np

from restock.language import Text
from restock.policies import rules
from restock.policies.informed import Informed
from restock.policies.network import Ensemble, normal_safety
from restock.policies.together import Actors
from restock.simulator.rollout import Policy
from restock.simulator.types import View

DIGITS = Decimal("0.0001")  # of a unit, as everywhere in a plan


class Step(NamedTuple):
    """One step."""

    name: str
    text: Text
    units: float

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"name": self.name, "text": {"en": self.text.en, "zh": self.text.zh}, "units": self.units}


FORECAST = Text("expected demand over lead time and review period", "交期加检查周期内的预计需求")
SAFETY = Text("safety stock", "安全库存")
NEWSVENDOR_SAFETY = Text("safety stock of the newsvendor", "报童模型的安全库存")
TARGET = Text("level to order up to", "目标库存")
POSITION = Text("less what is on hand and on order", "减去现有与在途库存")
FLOOR = Text("an order is never below zero", "订货量不低于零")
CORRECTION = Text("learned correction for the stock and what is under way", "根据库存与在途学到的修正")
ROUNDING = {
    "": Text("rounded to what can be ordered", "按可订数量取整"),
    "pack": Text("rounded to whole packs", "按整箱取整"),
    "minimum": Text("raised to the smallest order, or left for later", "按最小起订量调整"),
    "review day": Text("no order day", "非订货日"),
}


def waterfall(policy: Policy, view: View, quantity: float, limit: str) -> list[Step]:
    """Steps whose units, as decimals, add up to the quantity exactly.

    Args:
        policy: of this row.
        view: of this row.
        quantity: what is ordered in the end.
        limit: the name of the limit that binds, from `reasons.binding_limits`.
    """
    if isinstance(policy, Informed):
        steps = _of_pretrained(policy, view)
    elif isinstance(policy, Actors):
        steps = _of_actors(policy, view)
    else:
        steps = _of_network(policy, view) if isinstance(policy, Ensemble) else _of_rule(policy, view)
    exact = [_decimal(step.units) for step in steps]
    rest = _decimal(quantity) - sum(exact, Decimal(0))
    shown = [step._replace(units=float(units)) for step, units in zip(steps, exact, strict=True)]
    return [*shown, Step("rounding", ROUNDING[limit], float(rest))]


def _of_network(policy: Ensemble, view: View) -> list[Step]:
    known, parts = view.known, policy.parts(view)
    forecast, safety = float(known.lead_demand), float(normal_safety(view.shop, known) * known.lead_spread)
    level, correction, stock = float(parts.level), float(parts.correction), float(rules.position(view))
    return [
        Step("forecast", FORECAST, forecast),
        Step("safety", NEWSVENDOR_SAFETY, safety),
        Step(
            "learned_level",
            Text("learned change of the level, from what is seen of demand", "根据需求特征学到的目标库存调整"),
            level - forecast - safety,
        ),
        Step("position", POSITION, -stock),
        Step("learned_correction", CORRECTION, correction),
        Step("floor", FLOOR, float(parts.order) - (level - stock + correction)),
    ]


def _of_actors(policy: Actors, view: View) -> list[Step]:
    """The newsvendor's order, and what was learned to order more or less than that."""
    known, stock = view.known, float(rules.position(view))
    forecast, safety = float(known.lead_demand), float(normal_safety(view.shop, known) * known.lead_spread)
    return [
        Step("forecast", FORECAST, forecast),
        Step("safety", NEWSVENDOR_SAFETY, safety),
        Step("position", POSITION, -stock),
        Step(
            "learned_order",
            Text("learned change of the order, never below zero", "学到的订货量调整，且不低于零"),
            float(policy.order(view)) - (forecast + safety - stock),
        ),
    ]


def _of_pretrained(policy: Informed, view: View) -> list[Step]:
    """What the pretrained policy believes, and what it makes of it."""
    parts, stock, forecast = policy.parts(view), float(rules.position(view)), float(view.known.lead_demand)
    level, correction, order = float(parts.level), float(parts.correction), float(parts.order)
    return [
        Step("forecast", FORECAST, forecast),
        Step(
            "learned_level",
            Text("safety stock, as learned on many made-up items", "安全库存，由大量虚构商品学到"),
            level - forecast,
        ),
        Step("position", POSITION, -stock),
        Step("learned_correction", CORRECTION, correction),
        Step(
            "limits",
            Text(
                "what may be lost on its way, lots that pay, and never below zero",
                "在途可能的损失、划算的批量，且不低于零",
            ),
            order - (level - stock + correction),
        ),
    ]


def _of_rule(policy: Any, view: View) -> list[Step]:
    """A rule's level, the position, and what its own arithmetic makes of the two."""
    wanted, stock = float(policy(view).order[0]), float(rules.position(view))
    if isinstance(policy, rules.FixedQuantity | rules.ConstantOrder):
        usual = Step("quantity", Text("the fixed quantity", "固定订货量"), float(policy.quantity * policy.unit))
        if isinstance(policy, rules.ConstantOrder):
            return [usual]
        return [
            usual,
            Step("trigger", Text("the reorder point is not reached", "尚未降到订货点"), wanted - usual.units),
        ]
    levels = _levels(policy, view)
    after = sum(step.units for step in levels) - stock
    last = Step("floor", FLOOR, wanted - after)
    if after > 0 and isinstance(policy, rules.CappedBaseStock):
        last = last._replace(name="cap", text=Text("no more than the cap", "不超过订货上限"))
    elif after > 0 and isinstance(policy, rules.Balance | rules.MinMax):
        last = last._replace(name="trigger", text=Text("not below the lower mark yet", "尚未低于下限"))
    return [*levels, Step("position", POSITION, -stock), last]


def _levels(policy: Any, view: View) -> list[Step]:
    """What a rule orders up to."""
    if isinstance(policy, rules.Forecast | rules.Newsvendor | rules.ForecastQuantile):
        return [
            Step("forecast", FORECAST, float(view.known.lead_demand)),
            Step("safety", SAFETY, _safety(policy, view)),
        ]
    if isinstance(policy, rules.Experience):
        units = policy.cover * rules.recent(view, policy.window)
    elif isinstance(policy, rules.Balance):
        units = (policy.low + policy.more) * rules.recent(view, policy.window)
    elif isinstance(policy, rules.MinMax):
        units = (policy.low + policy.more) * policy.unit
    else:
        units = policy.level * policy.unit
    return [Step("target", TARGET, float(units))]


def _safety(policy: rules.Forecast | rules.Newsvendor | rules.ForecastQuantile, view: View) -> float:
    """Safety stock of the rules that order up to a level around the forecast."""
    return float(policy.level(view) - view.known.lead_demand)


def _decimal(value: float) -> Decimal:
    return Decimal(str(np.float64(value).round(6))).quantize(DIGITS)
