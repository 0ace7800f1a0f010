"""What a program sends for a decision: stock, pipeline, latest sales and terms as plain records, checked."""

from collections.abc import Iterable
from datetime import date
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from restock.config import CostsConfig
from restock.errors import DataError
from restock.intake.lead_times import DEFAULT
from restock.intake.money_remarks import HOLDING
from restock.language import Text

AHEAD = 9  # periods of plans that count, this one first
LARGEST = 1e9  # units or money: beyond it something else was meant, and squares would no longer fit
LATEST = 200  # periods: a longer lead time is a mistake in the unit
COSTS = CostsConfig()
NO_HOLDING = Text(
    f"no holding cost: {COSTS.holding_rate:.0%} of the unit cost a year",
    f"没有持有成本：按每年单位成本的 {COSTS.holding_rate:.0%} 计算",
)


class Record(BaseModel):
    """A part of a request; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class UnderWay(Record):
    """An order that left earlier and has not come."""

    periods_ago: int = Field(description="1: it left in the period before this one")
    quantity: float = Field(description="units")


class ItemTerms(Record):
    """On which terms an item is bought, kept and sold; what is not given is assumed, and said."""

    price: float | None = Field(default=None, description="money that a customer pays")
    unit_cost: float | None = None
    holding: float | None = Field(default=None, description="money per unit left at the end of a period")
    shortage: float | None = Field(default=None, description="money per unit not served, beside the margin")
    lead_time: int | dict[int, float] | None = Field(
        default=None, description="periods, or {periods: probability}; what is missing to 1 never comes"
    )
    lead_time_kind: Literal["measured", "promised"] | None = Field(
        default=None, description="none: a table is measured, a number is a promise"
    )
    review: int = Field(default=1, description="periods between two order days")
    pack: float = Field(default=1.0, description="units; 0: fractions may be ordered")
    minimum: float = Field(default=0.0, description="smallest order, units")
    order_cost: float = 0.0
    waiting: float = Field(default=0.0, description="share of unserved customers who wait")
    backlog_cost: float = Field(default=0.0, description="money per waiting unit and period")


class AskedItem(Record):
    """One item at one site, now: deliveries of this period have come, its customers have not."""

    item: str
    site: str = "main"
    on_hand: float
    on_order: tuple[UnderWay, ...] = ()
    backlog: float = 0.0
    sales: tuple[float | None, ...] = Field(
        default=(), description="units per period, the latest last; none: no record"
    )
    in_stock: tuple[float | None, ...] = Field(default=(), description="share of each of these periods on the shelf")
    lead_times_seen: tuple[int, ...] = Field(default=(), description="periods that received orders took")
    like_items: float | None = Field(default=None, description="units per period that like items sell")
    promotion: tuple[float, ...] = Field(default=(), description="planned strength, 0 to 1: this period, the next, ...")
    discount: tuple[float, ...] = Field(
        default=(), description="planned share off the price: this period, the next, ..."
    )
    order_day: bool = True
    terms: ItemTerms = ItemTerms()


class Asked(Record):
    """A request for decisions."""

    items: tuple[AskedItem, ...]
    period: Literal["day", "week"] = "day"
    policy: Literal["chosen", "generalist"] = Field(
        default="chosen", description="what the project has chosen in training, or the pretrained policy in any case"
    )
    today: date | None = Field(default=None, description="first day of this period; tells weeks their season")

    @property
    def period_days(self) -> int:
        """Days of a period."""
        return 1 if self.period == "day" else 7


class Money(NamedTuple):
    """What a unit costs and brings, complete."""

    price: float
    unit_cost: float
    holding: float
    shortage: float


def refuse_wrong(asked: Asked) -> None:
    """Raise DataError for numbers that cannot be: says where, how many, and the first of them."""
    wrong = [place for item in asked.items for place in _wrong_of(item)]
    if wrong:
        shown = "; ".join(wrong[:3])
        raise DataError(
            Text(
                f"{len(wrong)} numbers of the request cannot be used: {shown}",
                f"请求中有 {len(wrong)} 个数值无法使用：{shown}",
            ),
            hint=Text(
                f"units and money lie between 0 and {LARGEST:,.0f}, shares between 0 and 1, lead times between 0 and "
                f"{LATEST} periods; returns are taken off the sales of their period, and a period without a record is "
                "`null`",
                f"数量和金额须在 0 到 {LARGEST:,.0f} 之间，比例在 0 到 1 之间，交期在 0 到 {LATEST} 个周期之间；"
                "退货请从当期销量中扣除，没有记录的周期请填 `null`",
            ),
        )


def _wrong_of(item: AskedItem) -> Iterable[str]:
    terms = item.terms
    numbers = {
        "on_hand": item.on_hand, "backlog": item.backlog, "like_items": item.like_items, "price": terms.price,
        "unit_cost": terms.unit_cost, "holding": terms.holding, "shortage": terms.shortage, "pack": terms.pack,
        "minimum": terms.minimum, "order_cost": terms.order_cost, "backlog_cost": terms.backlog_cost,
    }  # fmt: skip
    lists = {"sales": item.sales}
    shares = {"in_stock": item.in_stock, "promotion": item.promotion, "discount": item.discount}
    found = [(name, number) for name, number in numbers.items() if not _counts(number)]
    found += [(f"{name}[{i}]", x) for name, values in lists.items() for i, x in enumerate(values) if not _counts(x)]
    found += [(f"{n}[{i}]", x) for n, values in shares.items() for i, x in enumerate(values) if not _share(x)]
    found += [(f"lead_times_seen[{i}]", x) for i, x in enumerate(item.lead_times_seen) if not 0 <= x <= LATEST]
    found += [("waiting", terms.waiting)] if not _share(terms.waiting) else []
    found += [("review", terms.review)] if not 1 <= terms.review <= LATEST else []
    for i, order in enumerate(item.on_order):
        found += [(f"on_order[{i}].quantity", order.quantity)] if not _counts(order.quantity) else []
        found += [(f"on_order[{i}].periods_ago", order.periods_ago)] if order.periods_ago < 1 else []
    if item.in_stock and len(item.in_stock) != len(item.sales):
        found.append(("in_stock", f"{len(item.in_stock)} values for {len(item.sales)} sales"))
    found += [("lead_time", value) for value in _wrong_lead(terms.lead_time)]
    return [f"item `{item.item[:80]}`: `{name}` = {str(value)[:80]}" for name, value in found]


def _wrong_lead(lead: int | dict[int, float] | None) -> list[int | dict[int, float]]:
    if lead is None or (isinstance(lead, int) and 0 <= lead <= LATEST):
        return []
    if (
        isinstance(lead, dict)
        and lead
        and min(lead) >= 0
        and max(lead) <= LATEST
        and all(_share(chance) for chance in lead.values())
    ):
        return [] if 0 < sum(lead.values()) <= 1 + 1e-6 else [lead]
    return [lead]


def _counts(number: float | None) -> bool:
    return number is None or 0 <= number <= LARGEST


def _share(number: float | None) -> bool:
    return number is None or 0 <= number <= 1


def money_of(terms: ItemTerms, period_days: int) -> tuple[Money, list[Text]]:
    """Price, cost, holding and shortage, and what had to be assumed of them."""
    said: list[Text] = []
    price, cost = terms.price, terms.unit_cost
    if price is None and cost is None:
        holding = HOLDING if terms.holding is None else terms.holding
        shortage = COSTS.shortage if terms.shortage is None else terms.shortage
        text = Text(
            f"no price and no cost: only holding ({holding:g}) and shortage ({shortage:g} per unit) count",
            f"没有价格和成本：只计持有成本（{holding:g}）和缺货成本（每件 {shortage:g}）",
        )
        return Money(price=0.0, unit_cost=0.0, holding=holding, shortage=shortage), [text]
    if cost is None and price is not None:
        cost = COSTS.cost_share * price
        said.append(
            Text(
                f"no cost: {COSTS.cost_share:.0%} of the price, {cost:g}",
                f"没有成本：按价格的 {COSTS.cost_share:.0%} 计算，即 {cost:g}",
            )
        )
    cost = cost or 0.0
    if price is None:
        price = cost / COSTS.cost_share
        said.append(
            Text(
                f"no price: the cost is taken as {COSTS.cost_share:.0%} of it, so {price:g}",
                f"没有价格：按成本占 {COSTS.cost_share:.0%} 推算为 {price:g}",
            )
        )
    holding = terms.holding
    if holding is None:
        holding = COSTS.holding_rate * cost * period_days / 365
        said.append(NO_HOLDING)
    return Money(price=price, unit_cost=cost, holding=holding, shortage=terms.shortage or 0.0), said


def lead_of(terms: ItemTerms, period_days: int) -> tuple[dict[int, float], str, list[Text]]:
    """Chances of lead times, what they rest on, and what had to be assumed."""
    lead = terms.lead_time
    if lead is None:
        usual = DEFAULT[period_days]
        unit, zh = ("week(s)", "周") if period_days == 7 else ("day(s)", "天")
        text = Text(f"no lead time: {usual} {unit}", f"没有交期：按 {usual} {zh}计算")
        return {usual: 1.0}, "assumed", [text]
    if isinstance(lead, int):
        return {lead: 1.0}, terms.lead_time_kind or "promised", []
    return dict(lead), terms.lead_time_kind or "measured", []
