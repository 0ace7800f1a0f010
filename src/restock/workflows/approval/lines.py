"""Decisions on order lines. Each one is checked, carried out and written into the trail in one transaction."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from restock.errors import ConflictError, MissingError, StaleError, UsageError, nearest
from restock.language import Text
from restock.storage.state import orders
from restock.storage.state.tables import Approval, Comment, Line, Override, Snooze
from restock.workflows.approval.attention import attention
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.wording import STATES, WHYS

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

OPEN = ("proposed", "waiting")
LARGEST = 1e9  # units of one line
Versions = Mapping[int, int]  # line -> the version that was seen


@dataclass(frozen=True)
class Edit:
    """A new quantity for a line, and why."""

    line: int
    quantity: float
    why: str = ""
    note: str = ""
    version: int | None = None  # that was seen; none: whatever is there


def edit_line(desk: Desk, edit: Edit) -> Line:
    """Change the quantity of a line.

    Raises:
        UsageError: the quantity cannot be ordered, or nobody says why.
        ConflictError: the line is closed, or more lines would be changed than the shop allows.
        StaleError: somebody changed the line meanwhile.
    """
    with desk.change("edit") as session:
        return change_quantity(desk, session, edit)


def change_quantity(desk: Desk, session: "Session", edit: Edit) -> Line:
    """The same within a transaction."""
    line = _line(session, edit.line, edit.version)
    if line.state not in (*OPEN, "approved"):
        raise closed(line)
    _check_quantity(line, edit.quantity)
    _check_why(line, edit)
    _check_override_budget(desk, session, line, edit.quantity)
    override = Override(
        line_id=line.id,
        item=line.item,
        site=line.site,
        suggested=line.suggested,
        before=line.quantity,
        after=edit.quantity,
        why=edit.why or "suggested",
        note=edit.note or None,
        author=desk.actor.name,
        at=desk.clock(),
    )
    session.add(override)
    back = edit.quantity == line.suggested
    line.quantity, line.why, line.note = edit.quantity, None if back else edit.why, edit.note or None
    line.changed_by = None if back else desk.actor.name
    _reopen(desk, line)
    desk.note(session, "edit", "line", line.id, item=line.item, site=line.site, **_from_to(override), why=override.why)
    return line


def reject_lines(desk: Desk, ids: Sequence[int], reason: str, versions: Versions | None = None) -> list[Line]:
    """Order none of these lines.

    Raises:
        UsageError: no reason is given.
        MissingError, ConflictError, StaleError: as in `approve_lines`.
    """
    if not reason.strip():
        raise UsageError(
            Text("a line is rejected with a reason", "驳回必须说明原因"),
            hint=Text("say in a few words why, for whoever reads it later", "请简短说明原因，供以后查阅"),
        )
    with desk.change("approve") as session:
        lines = take_lines(session, ids, versions)
        for line in lines:
            if line.state not in (*OPEN, "approved", "snoozed"):
                raise closed(line)
            line.state, line.note, line.first_by = "rejected", reason.strip(), None
            decide(desk, session, line, "reject", reason.strip())
    return lines


def snooze_lines(desk: Desk, ids: Sequence[int], until: date, reason: str = "") -> list[Line]:
    """Leave these items alone until a day, in later plans too.

    Raises:
        UsageError: the day is not in the future.
        MissingError, ConflictError: as in `approve_lines`.
    """
    today = desk.clock().date()
    if until <= today:
        raise UsageError(
            Text(f"{until} is not after today, {today}", f"{until} 不晚于今天 {today}"),
            hint=Text("choose a later day", "请选择更晚的日期"),
        )
    with desk.change("edit") as session:
        lines = take_lines(session, ids, None)
        for line in lines:
            if line.state not in (*OPEN, "snoozed"):
                raise closed(line)
            orders.end_snoozes(session, (line.item, line.site), desk.clock())
            kept = {"item": line.item, "site": line.site, "until": until, "reason": reason or None}
            session.add(Snooze(**kept, author=desk.actor.name, at=desk.clock()))
            line.state, line.first_by = "snoozed", None
            decide(desk, session, line, "snooze", str(until))
    return lines


def reopen_lines(desk: Desk, ids: Sequence[int]) -> list[Line]:
    """Take a decision back; what was handed over stays.

    Raises:
        MissingError, ConflictError: as in `approve_lines`.
    """
    with desk.change("edit") as session:
        lines = take_lines(session, ids, None)
        for line in lines:
            if line.state == "exported":
                raise closed(line)
            if line.state in ("approved", "rejected"):
                from restock.workflows.approval.roles import need

                need(desk.actor, "approve")
            if line.state == "snoozed":
                orders.end_snoozes(session, (line.item, line.site), desk.clock())
            _reopen(desk, line)
            session.add(_decision(desk, line, "reopen", None))
            desk.note(session, "reopen", "line", line.id, item=line.item, site=line.site)
    return lines


def comment(desk: Desk, line: int, text: str) -> Comment:
    """Write something about the item of a line.

    Raises:
        UsageError: there is nothing in it.
        MissingError: there is no such line.
    """
    if not text.strip():
        raise UsageError(Text("the comment is empty", "评论为空"), hint=Text("write something", "请输入内容"))
    with desk.change("edit") as session:
        found = _line(session, line, None)
        kept = {"item": found.item, "site": found.site, "line_id": line, "text": text.strip()}
        said = Comment(**kept, author=desk.actor.name, at=desk.clock())
        session.add(said)
        desk.note(session, "comment", "line", line, item=found.item, site=found.site)
    return said


def take_lines(session: "Session", ids: Sequence[int], versions: Versions | None) -> list[Line]:
    """Lines to decide on, locked.

    Raises:
        MissingError: one is not there.
        StaleError: one is not as it was seen.
    """
    lines = orders.get_lines(session, ids, lock=True)
    missing = sorted(set(ids) - {line.id for line in lines})
    if missing or not ids:
        raise _no_line(missing)
    for line in lines:
        _check_version(line, (versions or {}).get(line.id))
    return lines


def decide(desk: Desk, session: "Session", line: Line, decision: str, reason: str | None = None) -> None:
    """Write down what was decided on a line."""
    line.version += 1
    line.decided_by, line.decided_at = desk.actor.name, desk.clock()
    session.add(_decision(desk, line, decision, reason))
    details = {"item": line.item, "site": line.site, "quantity": line.quantity, "state": line.state, "reason": reason}
    desk.note(session, decision, "line", line.id, **details)


def _decision(desk: Desk, line: Line, decision: str, reason: str | None) -> Approval:
    kept = {"line_id": line.id, "author": desk.actor.name, "decision": decision, "quantity": line.quantity}
    return Approval(**kept, reason=reason, at=desk.clock())


def _reopen(desk: Desk, line: Line) -> None:
    line.state, line.version = "proposed", line.version + 1
    line.first_by = line.decided_by = line.decided_at = None
    values = {column: getattr(line, column) for column in line.__table__.columns.keys()}  # noqa: SIM118
    line.attention = attention(values, desk.project.config.approval, uncounted="uncounted" in line.attention)


def _line(session: "Session", line: int, version: int | None) -> Line:
    return take_lines(session, [line], None if version is None else {line: version})[0]


def _no_line(missing: Sequence[int]) -> MissingError:
    named = ", ".join(f"`{line}`" for line in missing[:10])
    if not missing:
        return MissingError(Text("no line is named", "没有指定订货行"))
    return MissingError(
        Text(f"there is no line {named}", f"没有订货行 {named}"),
        hint=Text("list the lines of the plan", "请先列出该计划的订货行"),
    )


def _check_version(line: Line, seen: int | None) -> None:
    if seen is not None and seen != line.version:
        by = line.decided_by or line.changed_by or line.first_by or "?"
        raise StaleError(
            Text(
                f"line {line.id} (item `{line.item}`) has changed since: version {line.version} by `{by}`, seen {seen}",
                f"订货行 {line.id}（商品 `{line.item}`）已被 `{by}` 改动：当前版本 {line.version}，您看到的是 {seen}",
            ),
            hint=Text("look at it again, then decide", "请刷新后再决定"),
        )


def closed(line: Line) -> ConflictError:
    """Why nothing can be decided on a line any more."""
    by, state = line.decided_by or "?", STATES[line.state]
    return ConflictError(
        Text(
            f"line {line.id} (item `{line.item}`) is {state.en}, by `{by}`",
            f"订货行 {line.id}（商品 `{line.item}`）{state.zh}，操作人 `{by}`",
        ),
        hint=Text("what was handed over is final", "已下发的订单不能更改")
        if line.state == "exported"
        else Text("reopen it first", "请先重新打开"),
    )


def _check_quantity(line: Line, quantity: float) -> None:
    pack, minimum = line.pack, line.minimum
    finite = quantity if math.isfinite(quantity) else 0.0
    whole = pack <= 0 or math.isclose(finite / pack, round(finite / pack), abs_tol=1e-6)
    if finite == quantity and 0 <= quantity <= LARGEST and whole and (quantity == 0 or quantity >= minimum):
        return
    wanted = min(max(finite, 0.0), LARGEST)
    low = math.floor(wanted / pack) * pack if pack > 0 else wanted
    near = {amount for amount in (low, low + pack) if (amount == 0 or amount >= minimum) and amount <= LARGEST}
    offered = [f"{amount:.10g}" for amount in sorted(near | {max(minimum, pack)})]
    raise UsageError(
        Text(
            f"{quantity:g} of item `{line.item}` cannot be ordered: packs of {pack:g}, at least {minimum:g}",
            f"商品 `{line.item}` 不能订 {quantity:g}：每箱 {pack:g}，起订量 {minimum:g}",
        ),
        hint=Text(f"choose {' or '.join(offered)}", f"可选 {'、'.join(offered)}"),
    )


def _check_why(line: Line, edit: Edit) -> None:
    if edit.quantity == line.suggested and not edit.why:
        return
    if edit.why not in WHYS:
        said = Text(f"`{edit.why}` is no reason", f"`{edit.why}` 不是有效的原因")
        none = Text("a quantity is changed with a reason", "修改数量必须选择原因")
        raise UsageError(said if edit.why else none, hint=nearest(edit.why, WHYS))
    if edit.why == "other" and not edit.note.strip():
        raise UsageError(
            Text("the reason `other` needs a note", "选择“其他”时必须填写说明"),
            hint=Text("say in a few words why", "请简短说明原因"),
        )


def _check_override_budget(desk: Desk, session: "Session", line: Line, quantity: float) -> None:
    most = desk.project.config.approval.override_budget
    if most is None or quantity == line.suggested or line.quantity != line.suggested:
        return
    used = orders.changed_lines(session, line.plan_id)
    if used >= most:
        raise ConflictError(
            Text(
                f"{used} lines of this plan are changed already, of {most} that the shop allows",
                f"本计划已修改 {used} 行，店铺上限为 {most} 行",
            ),
            hint=Text(
                "take a change back, or raise `approval.override_budget`",
                "请撤回一处修改，或提高 `approval.override_budget`",
            ),
        )


def _from_to(override: Override) -> dict[str, Any]:
    return {"suggested": override.suggested, "before": override.before, "after": override.after}
