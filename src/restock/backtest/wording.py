"""The words and number formats that charts and report share."""

from typing import Literal, NamedTuple

from restock.backtest.replay import Kind
from restock.language import Language, Text
from restock.policies.rules import RULES

MINUS = "−"
ABSENT = "–"
Format = Literal["money", "share", "ratio", "count"]


class Measure(NamedTuple):
    """A KPI as a planner reads it; `name` is the field of `Kpis`."""

    name: str
    title: Text
    format: Format
    meaning: Text


MEASURES = (
    Measure(
        "profit",
        Text("Profit", "利润"),
        "money",
        Text(
            "all money of the test window plus the change in the value of stock at cost",
            "测试期内的全部收支，加上库存按成本计价的变动",
        ),
    ),
    Measure(
        "fill_rate",
        Text("Fill rate", "满足率"),
        "share",
        Text("units served at once / units asked for", "即时满足件数 ÷ 需求件数"),
    ),
    Measure(
        "in_stock_rate",
        Text("In-stock rate", "现货率"),
        "share",
        Text("share of item-periods in which no customer left or had to wait", "没有顾客流失或等待的“商品 × 周期”占比"),
    ),
    Measure(
        "turnover",
        Text("Turnover a year", "年周转次数"),
        "ratio",
        Text("yearly cost of goods sold / mean stock at cost", "年销售成本 ÷ 平均库存成本"),
    ),
    Measure(
        "days_of_cover",
        Text("Days of cover", "库存天数"),
        "ratio",
        Text("mean stock at cost / daily demand at cost", "平均库存成本 ÷ 日均需求成本"),
    ),
    Measure(
        "stock_value",
        Text("Stock value", "库存金额"),
        "money",
        Text("mean at the end of a period, at cost", "期末库存均值，按成本计价"),
    ),
    Measure(
        "lost_units",
        Text("Lost units", "流失件数"),
        "count",
        Text("units asked for and never served", "有需求但始终未能供货的件数"),
    ),
    Measure(
        "lost_sales",
        Text("Lost sales", "流失销售额"),
        "money",
        Text("lost units at the item's mean paid price", "流失件数 × 该商品平均成交价"),
    ),
    Measure("orders_placed", Text("Orders", "下单次数"), "count", Text("order lines placed", "下达的订货行数")),
    Measure(
        "bullwhip",
        Text("Bullwhip", "牛鞭系数"),
        "ratio",
        Text("variance of orders / variance of demand, median item", "订货量方差 ÷ 需求方差，取商品中位数"),
    ),
    Measure(
        "share_of_oracle",
        Text("Share of possible", "占理论上限"),
        "share",
        Text("profit / profit under perfect foresight", "利润 ÷ 完全预知未来时的利润"),
    ),
)

MONEY_TERMS = {
    "sales": Text("Sales", "销售收入"),
    "liquidation": Text("Liquidation", "清仓收入"),
    "goods": Text("Cost of goods", "商品成本"),
    "order_cost": Text("Order costs", "订货费用"),
    "transport": Text("Transport", "运输费用"),
    "holding": Text("Holding", "持有成本"),
    "shortage": Text("Shortage", "缺货损失"),
    "backlog": Text("Backlog", "欠货费用"),
}

DEMAND_CLASSES = {
    "smooth": Text("smooth", "平稳型"),
    "erratic": Text("erratic", "波动型"),
    "intermittent": Text("intermittent", "间歇型"),
    "lumpy": Text("lumpy", "间歇且波动型"),
    "none": Text("no demand", "无需求"),
}

KINDS: dict[Kind, Text] = {
    "learned": Text("learned", "学习策略"),
    "classical": Text("classical rule", "经典规则"),
    "bound": Text("upper bound", "理论上限"),
}

POLICIES = {rule.name: rule.label for rule in RULES} | {
    "learned": Text("learned policy", "学习策略"),
    "mixed": Text("choice per group", "分组选用"),
    "foresight": Text("perfect foresight", "完全预知"),
}


def policy_title(name: str) -> Text:
    """A policy as a planner calls it; a name that is not in the book stands for itself."""
    return POLICIES.get(name, Text(name, name))


def policy_phrase(name: str) -> Text:
    """The same inside a sentence: `the learned policy`, `base stock`."""
    title = policy_title(name)
    return Text(f"the {title.en}" if name in ("learned", "mixed") else title.en, title.zh)


def money_text(value: float | None, currency: str = "", signed: bool = False) -> str:
    """`£12,345`, `GBP 12,345` or `12,345`; cents only under 100."""
    if value is None:
        return ABSENT
    digits = 0 if abs(value) >= 100 or value == 0 else 2
    space = " " if len(currency) > 1 and currency[-1].isalpha() else ""
    return f"{_sign(round(value, digits), signed)}{currency}{space}{abs(value):,.{digits}f}"


def percent_text(value: float | None, signed: bool = False, digits: int = 1) -> str:
    """A number already in percent: `+3.4 %`."""
    return ABSENT if value is None else f"{_sign(round(value, digits), signed)}{abs(value):.{digits}f}%"


def measure_text(value: float | None, form: Format, currency: str = "") -> str:
    """A KPI in the format of its `Measure`."""
    if value is None:
        return ABSENT
    if form == "money":
        return money_text(value, currency)
    if form == "share":
        return percent_text(100 * value)
    digits = 0 if form == "count" or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{_sign(round(value, digits), False)}{abs(value):,.{digits}f}"


def with_unit(title: Text, currency: str, language: Language) -> str:
    """An axis title: `Profit (GBP)`, `利润（GBP）`."""
    words = title.in_(language)
    if not currency:
        return words
    return f"{words}（{currency}）" if language == "zh" else f"{words} ({currency})"


def _sign(value: float, signed: bool) -> str:
    return MINUS if value < 0 else "+" if signed and value > 0 else ""
