"""Letting orders go: one by one, or all that are safe."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from restock.errors import ConflictError, MissingError
from restock.language import Text
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Line, Plan
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.lines import OPEN, Versions, closed, decide, take_lines
from restock.workflows.approval.plans import facts_time, stale, store_plan

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Approved:
    """What became of an approval."""

    plan: str
    approved: int
    cash: float
    waiting: int  # for a second approver
    left: int  # not safe: for a person to look at
    over_budget: int  # safe, but the money is used up

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {**self.__dict__, "cash": round(self.cash, 2)}


def approve_lines(
    desk: Desk, ids: Sequence[int], versions: Versions | None = None, *, anyway: bool = False
) -> list[Line]:
    """Let lines go; one above the limit waits for a second person. All of them, or none.

    Args:
        ids: of the lines.
        versions: of the lines as they were seen; one that is not named is taken as it is.
        anyway: although the plan is out of date, or another plan has ordered the item already.

    Raises:
        MissingError: there is no such line.
        StaleError: somebody changed a line meanwhile.
        ConflictError: a line is closed, must be approved by somebody else, would exceed the budget, was ordered by
            another plan, or its plan is out of date.
    """
    with desk.change("approve") as session:
        lines = take_lines(session, ids, versions)
        for name in sorted({line.plan_id for line in lines}):
            plan = _locked(session, name)
            mine = [line for line in lines if line.plan_id == name]
            if not anyway:
                _check_up_to_date(desk, plan)
                _check_not_ordered(session, plan, mine)
            spent = orders.committed_cash(session, name)
            for line in mine:
                spent = _approve(desk, session, line, spent)
        done = [line for line in lines if line.state == "approved"]
        if done:
            body = {"lines": [line.id for line in done], "plans": sorted({line.plan_id for line in done})}
            desk.tell(session, "lines.approved", body)
    return lines


def approve_safe(desk: Desk, plan: str | None = None, *, anyway: bool = False) -> Approved:
    """Let all lines go that nobody needs to look at, the best first, as far as the budget reaches.

    Raises:
        MissingError: there is no such plan.
        ConflictError: the plan is out of date.
    """
    name = store_plan(desk, plan)
    with desk.change("approve") as session:
        found = _locked(session, name)
        if not anyway:
            _check_up_to_date(desk, found)
        proposed = orders.find_lines(session, name, LineFilter(state="proposed"))
        places = [(line.item, line.site) for line in proposed]
        twice = {} if anyway else orders.ordered_since(session, places, facts_time(found), name)
        safe = [line for line in proposed if not line.attention and (line.item, line.site) not in twice]
        going = _within(safe, desk.project.config.approval.budget, orders.committed_cash(session, name))
        at, author = desk.clock(), desk.actor.name
        orders.approve_all(session, [line.id for line in going], author, at)
        cash = sum(line.quantity * line.unit_cost for line in going)
        if going:
            kept = {"author": author, "decision": "approve", "reason": "safe", "at": at}
            orders.add_approvals(session, [{"line_id": line.id, "quantity": line.quantity, **kept} for line in going])
            desk.note(session, "approve_safe", "plan", name, lines=len(going), cash=round(cash, 2))
            desk.tell(session, "lines.approved", {"plans": [name], "lines": [line.id for line in going]})
    return Approved(name, len(going), cash, 0, len(proposed) - len(safe), len(safe) - len(going))


def _approve(desk: Desk, session: "Session", line: Line, spent: float) -> float:
    """Decide on one line; returns what the plan's orders cost with it."""
    if line.state not in OPEN:
        raise closed(line)
    limits, cash = desk.project.config.approval, line.quantity * line.unit_cost
    if limits.four_eyes_above is not None and cash > limits.four_eyes_above:
        if line.first_by == desk.actor.name:
            first = line.first_by
            raise ConflictError(
                Text(
                    f"line {line.id} (item `{line.item}`, {cash:,.2f}) needs a second approver besides `{first}`",
                    f"订货行 {line.id}（商品 `{line.item}`，金额 {cash:,.2f}）须由 `{first}` 以外的人复核",
                ),
                hint=Text(
                    f"above {limits.four_eyes_above:,.2f} two people must approve",
                    f"金额超过 {limits.four_eyes_above:,.2f} 须两人审批",
                ),
            )
        if line.state == "proposed":
            line.state, line.first_by = "waiting", desk.actor.name
            decide(desk, session, line, "approve", "first of two")
            return spent
    if limits.budget is not None and spent + cash > limits.budget:
        raise ConflictError(
            Text(
                f"line {line.id} (item `{line.item}`) costs {cash:,.2f}; {limits.budget - spent:,.2f} of the budget of "
                f"{limits.budget:,.2f} are left",
                f"订货行 {line.id}（商品 `{line.item}`）金额 {cash:,.2f}；预算 {limits.budget:,.2f} 还剩 "
                f"{limits.budget - spent:,.2f}",
            ),
            hint=Text("reduce or reject another line first", "请先减少或驳回其他订货行"),
        )
    line.state = "approved"
    decide(desk, session, line, "approve")
    return spent + cash


def _within(lines: Sequence[Line], budget: float | None, spent: float) -> list[Line]:
    """Lines in their order, each one that the money still reaches for."""
    going = []
    for line in lines:
        cash = line.quantity * line.unit_cost
        if budget is None or spent + cash <= budget:
            spent += cash
            going.append(line)
    return going


def _locked(session: "Session", name: str) -> Plan:
    plan = orders.get_plan(session, name, lock=True)
    if plan is None:
        raise MissingError(Text(f"there is no plan `{name}`", f"没有计划 `{name}`"))
    return plan


def _check_up_to_date(desk: Desk, plan: Plan) -> None:
    reasons = stale(desk, plan)
    if reasons:
        raise ConflictError(
            Text(
                f"plan `{plan.id}` is out of date: " + "; ".join(why.en for why in reasons),
                f"计划 `{plan.id}` 已过期：" + "；".join(why.zh for why in reasons),
            ),
            hint=Text("make a new plan, or approve anyway", "请重新生成计划，或选择仍然批准"),
        )


def _check_not_ordered(session: "Session", plan: Plan, lines: Sequence[Line]) -> None:
    places = [(line.item, line.site) for line in lines]
    twice = orders.ordered_since(session, places, facts_time(plan), plan.id)
    if twice:
        (item, site), other = next(iter(twice.items()))
        raise ConflictError(
            Text(
                f"item `{item}` at `{site}` was ordered by plan `{other}` already, after the data of this plan",
                f"仓店 `{site}` 的商品 `{item}` 已在计划 `{other}` 中订货，且晚于本计划的数据",
            ),
            hint=Text(
                "load newer purchase orders and plan again, or approve anyway",
                "请导入最新采购单后重新计划，或选择仍然批准",
            ),
        )
