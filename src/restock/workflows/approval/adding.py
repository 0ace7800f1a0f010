"""Order an item that the plan left out: a line of the plan like any other, with who wanted it and why."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from restock.errors import ConflictError, MissingError, UsageError, nearest
from restock.language import Text
from restock.storage.frames import read_frame
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Line
from restock.workflows.approval.attention import attention
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.lines import Edit, change_quantity
from restock.workflows.approval.plans import store_plan
from restock.workflows.plan import NOT_ORDERED

MISSING = {"lane": "supplier", "pack": 1.0, "minimum": 0.0, "unit_cost": 0.0, "forecast": 0.0, "stock_counted": False}


@dataclass(frozen=True)
class Addition:
    """An item to order although the plan does not, and why."""

    item: str
    quantity: float
    why: str
    note: str = ""
    site: str | None = None  # none: the item has one only


def add_line(desk: Desk, addition: Addition, plan: str | None = None) -> Line:
    """Put a line into a plan; it waits for approval as others do, and counts as a change by hand.

    Raises:
        MissingError: the plan, or the item in it, is not there.
        ConflictError: the plan has a line of it already, or more lines would be changed than the shop allows.
        UsageError: the quantity cannot be ordered, nobody says why, or the item is at several sites.
    """
    if addition.quantity <= 0:
        raise UsageError(
            Text(f"{addition.quantity:g} units are no order", f"{addition.quantity:g} 件不是有效的订货量"),
            hint=Text("order at least one unit", "请至少订一件"),
        )
    name = store_plan(desk, plan)
    row = _left_out(desk, name, addition)
    with desk.change("edit") as session:
        orders.get_plan(session, name, lock=True)  # nobody else adds the same line meanwhile
        there = orders.find_lines(session, name, LineFilter(item=row["item"], site=row["site"]))
        if there:
            raise ConflictError(
                Text(f"the plan has line {there[0].id} of `{row['item']}`", f"计划中已有商品 `{row['item']}` 的订货行"),
                hint=Text("change the quantity of that line", "请修改该行的数量"),
            )
        found = orders.get_plan(session, name)
        assert found is not None
        line = Line(**_columns(desk, row), plan_id=name, rank=orders.last_rank(session, name) + 1)
        session.add(line)
        found.lines += 1
        session.flush()
        desk.note(session, "add", "line", line.id, item=line.item, site=line.site, plan=name)
        return change_quantity(desk, session, Edit(line.id, addition.quantity, addition.why, addition.note))


def is_left_out(desk: Desk, plan: str, item: str) -> bool:
    """Whether a plan looked at an item and orders none."""
    return item in read_frame(desk.project.folder.runs / plan / NOT_ORDERED)["item"]


def _left_out(desk: Desk, plan: str, addition: Addition) -> dict[str, Any]:
    frame = read_frame(desk.project.folder.runs / plan / NOT_ORDERED)
    rows = [row for row in frame.to_dicts() if row["item"] == addition.item]
    rows = [row for row in rows if addition.site in (None, row["site"])]
    if not rows:
        raise MissingError(
            Text(
                f"`{addition.item}` is not among the items that plan `{plan}` leaves out",
                f"商品 `{addition.item}` 不在计划 `{plan}` 的“不需订货”列表中",
            ),
            hint=nearest(addition.item, frame["item"].unique().sort().to_list()),
        )
    if len(rows) > 1:
        named = ", ".join(f"`{row['site']}`" for row in rows[:10])
        raise UsageError(
            Text(f"`{addition.item}` is at {len(rows)} sites", f"商品 `{addition.item}` 在 {len(rows)} 个仓店"),
            hint=Text(f"name the site: {named}", f"请指定仓店：{named}"),
        )
    return MISSING | {key: value for key, value in rows[0].items() if value is not None}


def _columns(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    """A line of nothing: what the plan suggests."""
    line = {key: row[key] for key in ("item", "site", "policy", "on_hand", "on_order", "days_of_cover", *MISSING)} | {
        "name": row.get("name") or "",
        "group": row["class"],
        "suggested": 0.0,
        "quantity": 0.0,
        "order_by": date.fromisoformat(str(desk.clock().date())),
        "binding": "",
        "reason_en": row["reason"],
        "reason_zh": row["reason_zh"],
        "stockout_without": row["stockout_without"],
        "stockout_with": row["stockout_without"],
        "expected_profit": 0.0,  # what the plan expects of ordering nothing
        "profit_per_cash": 0.0,
        "state": "proposed",
        "version": 1,
    }
    return line | {"attention": attention(line, desk.project.config.approval, uncounted=False)}
