"""Everything about one item: what it sold, what is expected, what will lie in stock, and how it is bought."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.backtest.forecast_charts import Fan
from restock.backtest.line_charts import StockFan
from restock.language import Language, Text
from restock.policies.rules import QUANTILES
from restock.service.page.rows.lines import why_said
from restock.storage.state import browsing, orders
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.wording import STATES
from restock.workflows.explain import Explanation, find_row
from restock.workflows.situation import day
from restock.workflows.today import Today

LEVELS = (0.05, 0.2, 0.5, 0.8, 0.95)
FEWEST_AHEAD = 4  # periods that are shown at least
OFFERED = 20  # items that a search shows
LEAD_KINDS = {
    "measured": Text("measured on received orders", "由已到货订单测得"),
    "promised": Text("the supply table", "供应表"),
    "assumed": Text("assumed", "假定"),
}
TABLE, SETTING = Text("the supply table", "供应表"), Text("restock.toml", "restock.toml")
ITEMS, ASSUMED = Text("the items table", "商品表"), Text("assumed", "假定")


@dataclass(frozen=True)
class Sheet:
    """One item at one site."""

    item: str
    site: str
    name: str
    explanation: Explanation
    demand: Fan
    stock: StockFan
    parameters: tuple[tuple[str, str, str], ...]  # name, value, where it comes from


def search_items(today: Today, text: str) -> list[dict[str, Any]]:
    """Items whose id or name has this in it."""
    frame = today.items
    if text.strip():
        words = pl.concat_str("item", pl.col("name").fill_null(""), separator=" ").str.to_lowercase()
        frame = frame.filter(words.str.contains(text.strip().lower(), literal=True))
    return frame.head(OFFERED).select("item", "site", "name").to_dicts()


def sheet_of(today: Today, item: str, site: str | None, language: Language) -> Sheet:
    """All of it.

    Raises:
        MissingError: there is no such item or site.
    """
    explanation = today.explain(item, site)
    row = find_row(today.situation, item, site)
    history = today.situation.history
    return Sheet(
        history.items[row],
        history.sites[row],
        explanation.line["name"] or "",
        explanation,
        demand_fan(today, row),
        stock_fan_of(today, row),
        tuple(parameters_of(today, row, language)),
    )


def demand_fan(today: Today, row: int) -> Fan:
    """The past, and what today's policy expects of each period ahead; errors of periods are taken as independent."""
    history, decided = today.situation.history, today.decided
    span, periods = _span(today, row)
    mean, spread = decided.lead_demand[row] / span, decided.lead_spread[row] / np.sqrt(span)
    levels = np.maximum(mean + _errors(today, row) * spread, 0.0)
    now = history.shape[1]
    sold = np.where(history.known[row] > 0, history.sold[row], np.nan)
    return Fan(
        name=history.items[row],
        period_days=history.period_days,
        days=history.starts[:now],
        sold=sold,
        available=np.where(np.isnan(sold) & (history.on_sale[row] > 0), 0.0, 1.0),
        ahead=np.array([day(history, now + ahead) for ahead in range(periods)]),
        levels=LEVELS,
        quantiles=np.tile(levels, (periods, 1)),
        mean=np.full(periods, mean),
    )


def stock_fan_of(today: Today, row: int) -> StockFan:
    """Courses of the stock under low, expected and high demand; what is under way comes when its lead time is over."""
    decided, history = today.decided, today.situation.history
    span, periods = _span(today, row)
    lead = round(float(today.situation.terms.lead_time[row]))
    arrivals = np.zeros(periods + 1)
    for age, units in enumerate(decided.on_order[row], start=1):
        arrivals[min(max(lead - age, 1), periods)] += float(units) * (max(lead - age, 1) <= periods)
    ordered = arrivals.copy()
    if lead <= periods:
        ordered[max(lead, 0)] += float(decided.order[row])
    past = np.arange(periods + 1)
    expected = decided.lead_demand[row] * past / span
    swing = decided.lead_spread[row] * np.sqrt(past / span)
    low, _, high = np.interp((LEVELS[0], 0.5, LEVELS[-1]), QUANTILES, decided.errors[row])
    courses = [np.maximum.accumulate(np.maximum(expected + error * swing, 0.0)) for error in (high, 0.0, low)]
    hand = float(decided.on_hand[row])
    without = [_course(hand, arrivals, demand) for demand in courses]
    with_it = [_course(hand, ordered, demand) for demand in courses]
    days = np.array([day(history, history.shape[1] + t) for t in range(periods + 1)])
    return StockFan(days, without[1], without[0], without[2], with_it[1], with_it[0], with_it[2])


def parameters_of(today: Today, row: int, language: Language) -> list[tuple[str, str, str]]:
    """The terms of an item, each with where it comes from."""
    terms, shop = today.situation.terms, today.situation.terms.shop
    config_days = today.situation.history.period_days
    supply = _supply_row(today, row)
    unit = Text("weeks", "周") if config_days == 7 else Text("days", "天")
    lead = LEAD_KINDS.get(str(terms.lead_kind[row]), ASSUMED)

    def number(values: Any) -> float:
        return float(np.asarray(values).reshape(len(terms.price), -1)[row, 0])

    def of(name: str, otherwise: Text = SETTING) -> Text:
        return TABLE if supply.get(name) is not None else otherwise

    shown = (
        (Text("Lead time", "交期"), f"{float(terms.lead_time[row]):.1f} {unit.in_(language)}", lead),
        (Text("Between order days", "订货间隔"), f"{float(terms.review[row]):.0f} {unit.in_(language)}", of("review")),
        (Text("Pack", "箱规"), f"{number(shop.pack):g}", of("pack")),
        (Text("Smallest order", "起订量"), f"{number(shop.minimum):g}", of("minimum")),
        (Text("Unit cost", "采购单价"), f"{number(shop.unit_cost):,.2f}", of("unit_cost", _cost_origin(today, row))),
        (Text("Price", "售价"), f"{float(terms.price[row]):,.2f}", Text("median of the sales", "销售中位数")),
        (Text("Holding per unit and period", "每件每期持有成本"), f"{number(shop.holding):.4f}", SETTING),
        (Text("Cost of an order", "每次订货费用"), f"{number(shop.order_cost):g}", SETTING),
        (Text("Goodwill per lost unit", "每件缺货损失"), f"{number(shop.shortage):g}", SETTING),
    )
    return [(title.in_(language), value, origin.in_(language)) for title, value, origin in shown]


def past_of(desk: Desk, item: str, site: str, language: Language) -> list[dict[str, Any]]:
    """Lines of this item in earlier plans and what became of them, the newest first."""
    with desk.look() as session:
        lines = browsing.lines_of_item(session, item, site, 50)
        comments = orders.comments_on(session, (item, site), 50)
    rows = [
        {
            "when": line.plan_id,
            "what": STATES[line.state].in_(language),
            "units": line.quantity,
            "suggested": line.suggested,
            "who": line.decided_by or line.changed_by or "",
            "note": " ".join(filter(None, (why_said(line, language), line.note or ""))),
        }
        for line in lines
    ]
    said = Text("comment", "评论").in_(language)
    rows += [
        {"when": f"{one.at:%Y-%m-%d %H:%M}", "what": said, "units": None, "suggested": None, "who": one.author}
        | {"note": one.text}
        for one in comments
    ]
    return rows


def _course(hand: float, arrivals: NDArray[np.floating], demand: NDArray[np.floating]) -> NDArray[np.float64]:
    """Stock after each period: what arrives comes before what is asked for, and what is not there is not sold."""
    stock = np.zeros(len(arrivals))
    stock[0] = hand + arrivals[0]
    for t in range(1, len(arrivals)):
        stock[t] = max(stock[t - 1] + arrivals[t] - (demand[t] - demand[t - 1]), 0.0)
    return stock


def _span(today: Today, row: int) -> tuple[float, int]:
    """Lead time and review period, and how many periods are shown."""
    terms = today.situation.terms
    span = max(float(terms.lead_time[row] + terms.review[row]), 1.0)
    return span, max(int(np.ceil(span)), FEWEST_AHEAD)


def _errors(today: Today, row: int) -> NDArray[np.floating]:
    return np.interp(LEVELS, QUANTILES, today.decided.errors[row])


def _supply_row(today: Today, row: int) -> dict[str, Any]:
    """What the supply table says of an item; empty: nothing."""
    history, table = today.situation.history, today.situation.facts.tables.get("supply")
    if table is None or not table.height:
        return {}
    mine = table.filter(pl.col("item") == history.items[row])
    known: dict[str, Any] = {}
    for one in mine.to_dicts():
        known |= {name: value for name, value in one.items() if value is not None}
    return known


def _cost_origin(today: Today, row: int) -> Text:
    items = today.situation.facts.tables.get("items")
    if items is not None and "unit_cost" in items.columns:
        mine = items.filter((pl.col("item") == today.situation.history.items[row]) & (pl.col("unit_cost") > 0))
        if mine.height:
            return ITEMS
    return ASSUMED if any(one.key == "unit_cost" for one in today.situation.terms.assumptions) else SETTING
