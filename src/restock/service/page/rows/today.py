"""What the first view shows: how fresh everything is, the main numbers, and what waits."""

from dataclasses import dataclass
from typing import NamedTuple

from restock.backtest.wording import money_text, percent_text
from restock.language import Language, Text
from restock.service.page.rows.lines import Budget
from restock.storage.state import browsing
from restock.storage.state.browsing import Wanted
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import PlanView
from restock.workflows.queues import Queue, first_day
from restock.workflows.reasons import model_label
from restock.workflows.today import Today

MOST = 200  # items of a queue that are listed


class Fact(NamedTuple):
    """A number with its name."""

    name: str
    title: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Tile:
    """A queue as a card that can be opened."""

    name: str
    title: str
    meaning: str
    count: int
    money: str
    address: str = ""  # of the lines, where the queue is one of lines


def freshness(desk: Desk, view: PlanView | None, language: Language) -> list[Fact]:
    """How old everything is that the plan rests on."""
    latest = desk.project.facts.latest()
    facts = []
    if latest is not None:
        manifest = desk.project.facts.manifest(latest)
        facts.append(
            Fact(
                "data",
                Text("Data read", "数据导入").in_(language),
                f"{manifest.created}"[:16].replace("T", " "),
                latest,
            )
        )
    if view is not None:
        title = Text("Plan for", "计划日期").in_(language)
        facts.append(Fact("plan", title, view.plan.date, view.plan.id))
        policy = model_label(view.plan.model).in_(language)
        facts.append(Fact("policy", Text("Policy", "策略").in_(language), policy))
    return facts


def plan_facts(view: PlanView, currency: str, language: Language) -> list[Fact]:
    """The plan in numbers: the same as `GET /plans/{plan}` adds up."""
    budget = Budget(view)
    gain = sum(total.expected_profit for total in view.totals if total.state not in ("rejected", "snoozed"))
    handed = Text(f"{budget.exported_lines} handed over", f"已下发 {budget.exported_lines} 行").in_(language)
    return [
        Fact(
            "open",
            Text("To decide", "待决定").in_(language),
            money_text(budget.asked, currency),
            Text(f"{budget.open_lines} lines", f"{budget.open_lines} 行").in_(language),
        ),
        Fact("committed", Text("Approved", "已批准").in_(language), money_text(budget.committed, currency), handed),
        Fact(
            "gain",
            Text("Expected gain", "预期增益").in_(language),
            money_text(gain, currency),
            Text("of all orders, until the next one", "全部订货，至下次订货前").in_(language),
        ),
    ]


def shop_facts(today: Today, currency: str, language: Language) -> list[Fact]:
    """The shop in numbers: the same as `GET /items` adds up."""
    items = today.items
    value = float((items["on_hand"] * items["unit_cost"]).sum())
    coming = float((items["on_order"] * items["unit_cost"]).sum())
    asked = items.filter(items["forecast"] >= 0.5)
    there = 100 * float((asked["on_hand"] >= 0.5).mean() or 0.0) if asked.height else None  # pyright: ignore
    counted = int(items["stock_counted"].sum())
    return [
        Fact(
            "stock",
            Text("Stock", "库存").in_(language),
            money_text(value, currency),
            Text(f"{money_text(coming, currency)} on order", f"在途 {money_text(coming, currency)}").in_(language),
        ),
        Fact(
            "in_stock",
            Text("On the shelf", "有货率").in_(language),
            percent_text(there),
            Text(f"of {asked.height} items in demand", f"共 {asked.height} 个有需求的商品").in_(language),
        ),
        Fact(
            "counted",
            Text("Counted", "已盘点").in_(language),
            f"{counted:,}",
            Text(f"of {items.height:,}; others are simulated", f"共 {items.height:,} 个；其余为模拟值").in_(language),
        ),
    ]


def line_tiles(desk: Desk, view: PlanView, currency: str, language: Language) -> list[Tile]:
    """Queues of lines: what must be ordered today, and what somebody should look at."""
    from datetime import date

    day = date.fromisoformat(view.plan.date)
    asked = (
        (
            "order_today",
            Text("Order today", "今日须订"),
            Text("cost of lines that cannot wait", "不能再等的订货金额"),
            Wanted(state="open", due=day),
            f"state=open&due={day}",
        ),
        (
            "needs_eye",
            Text("Needs your eye", "需要您看"),
            Text("cost of lines that are not safe", "不属于“安全”的订货金额"),
            Wanted(state="open", attention=True),
            "state=open&attention=yes",
        ),
    )
    tiles = []
    with desk.look() as session:
        for name, title, meaning, wanted, address in asked:
            count, cash = browsing.total(session, view.plan.id, wanted)
            said = title.in_(language), meaning.in_(language)
            tiles.append(Tile(name, *said, count, money_text(cash, currency), f"orders?{address}"))
    return tiles


def item_tiles(queues: tuple[Queue, ...], currency: str, language: Language) -> list[Tile]:
    """Queues of items."""
    return [
        Tile(
            queue.name,
            queue.title.in_(language),
            queue.meaning.in_(language),
            queue.count,
            money_text(queue.money, currency),
        )
        for queue in queues
    ]


def last_day(today: Today, language: Language) -> Fact:
    """Until when sales are known."""
    from datetime import timedelta

    day = first_day(today) - timedelta(days=1)
    return Fact("sales", Text("Sales until", "销售截至").in_(language), day.isoformat())
