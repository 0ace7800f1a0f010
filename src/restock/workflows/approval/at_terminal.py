"""Decisions from the command line: items by name, and records that a terminal can show."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from restock.errors import MissingError, UsageError, nearest
from restock.language import Text
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Line
from restock.workflows.approval.adding import Addition, add_line, is_left_out
from restock.workflows.approval.approving import approve_lines, approve_safe
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.lines import Edit, edit_line, reject_lines, reopen_lines, snooze_lines
from restock.workflows.approval.plans import store_plan, view_plan
from restock.workflows.approval.worksheet import read_back


@dataclass(frozen=True)
class Wish:
    """What is to happen to some items of a plan; nothing said: they are approved."""

    items: tuple[str, ...] = ()
    site: str | None = None
    safe: bool = False
    quantity: float | None = None
    why: str = ""
    note: str = ""
    reject: str | None = None
    snooze: date | None = None
    reopen: bool = False
    sheet: Path | None = None
    anyway: bool = False


@dataclass(frozen=True)
class Said:
    """A record for people and programs."""

    content: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return self.content


def carry_out(desk: Desk, wish: Wish, run: str | None = None) -> Said:
    """Do what was asked for, or show how far the plan is where nothing was.

    Raises:
        UsageError: two things were asked for at once, or one without an item.
        RestockError: as the decisions themselves.
    """
    asked = [
        name
        for name, given in {
            "--safe": wish.safe,
            "--quantity": wish.quantity is not None,
            "--reject": wish.reject is not None,
            "--snooze": wish.snooze is not None,
            "--reopen": wish.reopen,
            "--from": wish.sheet is not None,
        }.items()
        if given
    ]
    _check(asked, wish)
    plan = store_plan(desk, run)
    if wish.safe:
        return Said(approve_safe(desk, plan, anyway=wish.anyway).to_json())
    if wish.sheet is not None:
        return Said(read_back(desk, wish.sheet, plan).to_json())
    if not wish.items:
        view = view_plan(desk, plan).to_json()
        return Said({key: value for key, value in view.items() if key != "settings"})
    return Said({"plan": plan, "lines": [show(line) for line in _decide(desk, wish, plan)]})


def show(line: Line) -> dict[str, Any]:
    """What a person wants to see of a line after a decision."""
    names = ("rank", "item", "site", "suggested", "quantity", "state", "attention", "version")
    return {"line": line.id, **{name: getattr(line, name) for name in names}}


def _check(asked: Sequence[str], wish: Wish) -> None:
    if len(asked) > 1:
        named = ", ".join(f"`{name}`" for name in asked)
        raise UsageError(
            Text(f"{named} are different things", f"{named} 不能同时使用"),
            hint=Text("one at a time", "请一次只做一件"),
        )
    alone = asked and asked[0] in ("--safe", "--from")
    if alone and wish.items:
        raise UsageError(
            Text(f"`{asked[0]}` takes no items", f"`{asked[0]}` 不需要指定商品"),
            hint=Text("leave the items out, or the option", "请去掉商品或该选项"),
        )
    if asked and not alone and not wish.items:
        raise UsageError(
            Text(f"`{asked[0]}` needs an item", f"`{asked[0]}` 需要指定商品"),
            hint=Text("name one or several: `restock approve A-1 B-2`", "请写出商品：`restock approve A-1 B-2`"),
        )


def _decide(desk: Desk, wish: Wish, plan: str) -> list[Line]:
    if wish.quantity is not None:
        return _order_otherwise(desk, wish, wish.quantity, plan)
    ids = [line.id for line in _lines(desk, wish, plan)]
    if wish.reject is not None:
        return reject_lines(desk, ids, wish.reject)
    if wish.snooze is not None:
        return snooze_lines(desk, ids, wish.snooze, wish.note)
    if wish.reopen:
        return reopen_lines(desk, ids)
    return approve_lines(desk, ids, anyway=wish.anyway)


def _order_otherwise(desk: Desk, wish: Wish, quantity: float, plan: str) -> list[Line]:
    """Another quantity, also of an item that the plan left out."""
    with desk.look() as session:
        names = {line.item for line in orders.find_lines(session, plan, LineFilter(site=wish.site))}
    new = [item for item in wish.items if item not in names and is_left_out(desk, plan, item)]
    there = replace(wish, items=tuple(item for item in wish.items if item not in new))
    ids = [line.id for line in _lines(desk, there, plan)]
    added = [add_line(desk, Addition(item, quantity, wish.why, wish.note, wish.site), plan) for item in new]
    return [*added, *(edit_line(desk, Edit(line, quantity, wish.why, wish.note)) for line in ids)]


def _lines(desk: Desk, wish: Wish, plan: str) -> list[Line]:
    with desk.look() as session:
        there = orders.find_lines(session, plan, LineFilter(site=wish.site))
    names = {line.item for line in there}
    for item in wish.items:
        if item not in names:
            raise MissingError(
                Text(f"plan `{plan}` has no line of item `{item}`", f"计划 `{plan}` 中没有商品 `{item}` 的订货行"),
                hint=nearest(item, sorted(names)),
            )
    return [line for line in there if line.item in wish.items]
