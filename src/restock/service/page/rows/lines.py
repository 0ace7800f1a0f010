"""Order lines as rows of a grid."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from restock.backtest.wording import money_text
from restock.errors import UsageError
from restock.language import Language, Text
from restock.storage.state import browsing
from restock.storage.state.browsing import Stretch, Sum, Wanted
from restock.storage.state.tables import Line
from restock.workflows.approval.attention import ATTENTION
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import PlanView, view_plan
from restock.workflows.approval.wording import STATES, WHYS
from restock.workflows.plan import NOT_ORDERED

AT_ONCE = 500  # rows of one answer
COLUMNS: Mapping[str, Text] = {
    "rank": Text("#", "序"),
    "item": Text("Item", "商品"),
    "name": Text("Name", "名称"),
    "lane": Text("Supplier", "供应商"),
    "site": Text("Site", "仓店"),
    "quantity": Text("Order", "订货量"),
    "suggested": Text("Suggested", "建议量"),
    "cash": Text("Cost", "金额"),
    "expected_profit": Text("Expected gain", "预期增益"),
    "order_by": Text("Order by", "最晚订货"),
    "on_hand": Text("On hand", "现有"),
    "on_order": Text("On order", "在途"),
    "days_of_cover": Text("Days of cover", "可用天数"),
    "stockout_without": Text("Runs out without", "不订的缺货概率"),
    "state": Text("State", "状态"),
    "attention": Text("Look at it because", "需要关注"),
    "reason": Text("Why", "理由"),
}
COPIED = (
    *("id", "version", "rank", "item", "name", "lane", "site", "quantity", "suggested", "pack", "minimum"),
    *("on_hand", "on_order", "days_of_cover", "stockout_without", "expected_profit", "state"),
)


def line_row(line: Line, language: Language) -> dict[str, Any]:
    """A line as the grid shows it."""
    codes = line.attention.split()
    return {name: getattr(line, name) for name in COPIED} | {
        "cash": round(line.quantity * line.unit_cost, 2),
        "order_by": line.order_by.isoformat(),
        "state_said": STATES[line.state].in_(language),
        "attention": joined([ATTENTION[code] for code in codes if code in ATTENTION], language),
        "reason": line.reason_zh if language == "zh" else line.reason_en,
        "why": why_said(line, language),
        "changed_by": line.changed_by or "",
    }


def why_said(line: Line, language: Language) -> str:
    """Why somebody changed the quantity."""
    return WHYS[line.why].in_(language) if line.why is not None and line.why in WHYS else ""


def joined(texts: list[Text], language: Language) -> str:
    """Several remarks as one."""
    return ("；" if language == "zh" else "; ").join(text.in_(language) for text in texts)


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """What a browser asks for.

    Raises:
        UsageError: a day that is none.
    """
    said, attention = asked.get("due", ""), asked.get("attention", "")
    try:
        due = date.fromisoformat(said) if said else None
    except ValueError:
        raise UsageError(Text(f"`{said[:20]}` is no day", f"`{said[:20]}` 不是日期")) from None
    return Wanted(
        state=asked.get("state") or None,
        lane=asked.get("lane") or None,
        site=asked.get("site") or None,
        attention={"yes": True, "no": False}.get(attention),
        due=due,
        search=asked.get("search", "")[:200].strip(),
    )


def stretch_of(asked: Mapping[str, str]) -> Stretch:
    """Which part of a list a browser asks for.

    Raises:
        UsageError: numbers that are none.
    """
    begin, end = asked.get("begin", "0"), asked.get("end", "100")
    if not all(said.isascii() and said.isdigit() and len(said) < 10 for said in (begin, end)):
        raise UsageError(Text("a stretch of rows is two numbers", "行的范围须为两个数字"))
    rows = min(max(int(end) - int(begin), 0), AT_ONCE)
    return Stretch(asked.get("sort") or "rank", asked.get("order") == "desc", int(begin), rows)


def some_lines(desk: Desk, plan: str, asked: Mapping[str, str], language: Language) -> dict[str, Any]:
    """A stretch of a plan's lines, and how many there are."""
    with desk.look() as session:
        lines, count = browsing.browse(session, plan, wanted_of(asked), stretch_of(asked))
    return {"rows": [line_row(line, language) for line in lines], "count": count}


def some_not_ordered(desk: Desk, plan: str, asked: Mapping[str, str], language: Language) -> dict[str, Any]:
    """A stretch of what is not ordered, and why; who runs out most likely first."""
    import polars as pl

    frame = pl.scan_parquet(desk.project.folder.runs / view_plan(desk, plan).plan.id / NOT_ORDERED)
    search = wanted_of(asked).search
    if search:
        text = pl.concat_str("item", pl.col("name").fill_null(""), separator=" ").str.to_lowercase()
        frame = frame.filter(text.str.contains(search.lower(), literal=True))
    stretch = stretch_of(asked)
    count = int(frame.select(pl.len()).collect().item())
    rows = frame.slice(stretch.begin, stretch.rows).collect().to_dicts()
    said = "reason_zh" if language == "zh" else "reason"
    kept = ("item", "site", "name", "on_hand", "on_order", "days_of_cover", "stockout_without")
    return {"rows": [{**{key: row[key] for key in kept}, "reason": row[said]} for row in rows], "count": count}


def sum_label(one: Sum, language: Language, currency: str) -> str:
    """A supplier and site with what is still open."""
    lines = Text(f"{one.open} of {one.lines} open", f"待定 {one.open}／{one.lines}").in_(language)
    return f"{one.lane} · {one.site} — {lines}, {money_text(one.open_cash, currency)}"


class Budget:
    """The money of a plan: what is given, what is committed, what is asked for."""

    def __init__(self, view: PlanView) -> None:
        by_state = {total.state: total for total in view.totals}
        self.given = view.budget
        self.committed = sum(by_state[state].cash for state in ("approved", "exported") if state in by_state)
        self.asked = sum(by_state[state].cash for state in browsing.OPEN if state in by_state)
        self.open_lines = sum(by_state[state].lines for state in browsing.OPEN if state in by_state)
        self.approved_lines = by_state["approved"].lines if "approved" in by_state else 0
        self.exported_lines = by_state["exported"].lines if "exported" in by_state else 0

    @property
    def whole(self) -> float:
        """What the bar's length stands for."""
        return max(self.given or 0.0, self.committed + self.asked, 0.01)

    def said(self, currency: str, language: Language) -> str:
        """The bar in words."""
        committed, asked = money_text(self.committed, currency), money_text(self.asked, currency)
        text = Text(f"{committed} approved, {asked} still open", f"已批准 {committed}，待定 {asked}")
        if self.given is None:
            return text.in_(language)
        left, given = money_text(self.given - self.committed, currency), money_text(self.given, currency)
        return text.in_(language) + Text(f"; {left} of {given} left", f"；预算 {given}，剩余 {left}").in_(language)
