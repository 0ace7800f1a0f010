"""Approved lines become purchase orders: a file per supplier and site, under an id given once."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, get_args

import polars as pl

from restock.errors import ConflictError, MissingError
from restock.language import Text
from restock.storage.folder import new_directory
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.storage.state.tables import Export, Line
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import store_plan
from restock.workflows.export import write_csv, write_xlsx

OrderForm = Literal["csv", "xlsx", "json"]
FORMS: tuple[OrderForm, ...] = get_args(OrderForm)
SCHEMA: dict[str, Any] = {
    **{"export": pl.String, "plan": pl.String, "line": pl.Int64, "supplier": pl.String, "site": pl.String},
    **{"item": pl.String, "name": pl.String, "quantity": pl.Float64, "pack": pl.Float64, "unit_cost": pl.Float64},
    **{"cash": pl.Float64, "currency": pl.String, "order_by": pl.Date, "reason": pl.String, "why": pl.String},
    **{"approved_by": pl.String, "approved_at": pl.String},
}


@dataclass(frozen=True)
class PurchaseOrder:
    """What one supplier brings to one site."""

    supplier: str
    site: str
    lines: int
    cash: float
    stem: str  # of its files


@dataclass(frozen=True)
class HandedOver:
    """Purchase orders under one id."""

    export: Export
    again: bool  # nothing new was approved: this is the one from before
    orders: tuple[PurchaseOrder, ...]
    files: tuple[Path, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "export": self.export.id,
            "plan": self.export.plan_id,
            "again": self.again,
            "lines": self.export.lines,
            "cash": round(self.export.cash, 2),
            "author": self.export.author,
            "at": self.export.at,
            "orders": [order.__dict__ for order in self.orders],
            "files": [str(path) for path in self.files],
        }


def hand_over(desk: Desk, plan: str | None = None) -> HandedOver:
    """Give every approved line that was not yet given an export's id; asked twice, the answer is the same.

    Raises:
        MissingError: there is no such plan.
        ConflictError: nothing of it is approved.
    """
    name = store_plan(desk, plan)
    with desk.change("approve") as session:
        orders.get_plan(session, name, lock=True)
        lines = orders.find_lines(session, name, LineFilter(state="approved"))
        last = orders.last_export(session, name)
        if not lines:
            if last is None:
                raise _nothing(name)
            return HandedOver(last, True, _orders(orders.lines_of_export(session, last.id)))
        number = 1 if last is None else last.number + 1
        cash = sum(line.quantity * line.unit_cost for line in lines)
        export = Export(
            id=f"{name}-{number:02d}",
            plan_id=name,
            number=number,
            lines=len(lines),
            cash=cash,
            author=desk.actor.name,
            at=desk.clock(),
        )
        session.add(export)
        for line in lines:
            line.state, line.export_id, line.version = "exported", export.id, line.version + 1
        details = {"plan": name, "lines": len(lines), "cash": round(cash, 2)}
        desk.note(session, "hand_over", "export", export.id, **details)
        desk.tell(session, "export.created", {"export": export.id, **details})
        session.flush()
        return HandedOver(export, False, _orders(orders.lines_of_export(session, export.id)))


def view_export(desk: Desk, export: str) -> HandedOver:
    """Purchase orders that were handed over before.

    Raises:
        MissingError: there are none of this id.
    """
    with desk.look() as session:
        found = orders.get_export(session, export)
        if found is None:
            raise MissingError(
                Text(f"there is no export `{export}`", f"没有下发记录 `{export}`"),
                hint=Text("`restock export --orders` makes one", "运行 `restock export --orders` 可生成"),
            )
        return HandedOver(found, True, _orders(orders.lines_of_export(session, export)))


def order_frame(desk: Desk, export: str, stem: str | None = None) -> pl.DataFrame:
    """The lines of an export, or of one of its purchase orders; made from the state alone, so always the same.

    Raises:
        MissingError: there is no such export, or no such order in it.
    """
    view = view_export(desk, export)
    with desk.look() as session:
        lines = orders.lines_of_export(session, export)
    if stem is not None:
        lines = [line for line in lines if stem_of(line.lane, line.site) == stem]
        if not lines:
            named = ", ".join(f"`{order.stem}`" for order in view.orders[:5])
            raise MissingError(
                Text(f"export `{export}` has no order `{stem}`", f"下发记录 `{export}` 中没有订单 `{stem}`"),
                hint=Text(f"there are, for example, {named}", f"例如：{named}"),
            )
    return _frame(lines, desk.project.config.shop.currency)


def write_orders(desk: Desk, export: str, form: OrderForm, folder: Path | None = None) -> tuple[Path, ...]:
    """One file per supplier and site, all of them or none; files that are there already are left alone.

    Args:
        folder: where; none: in the project's folder, under the export's id.

    Raises:
        MissingError: there is no such export.
        StorageError: no room or no permission.
    """
    view = view_export(desk, export)
    place = (desk.project.folder.orders / export / form) if folder is None else folder
    if not place.exists():
        with new_directory(place) as temporary:
            for order in view.orders:
                write_order(order_frame(desk, export, order.stem), temporary / f"{order.stem}.{form}", form)
    return tuple(place / f"{order.stem}.{form}" for order in view.orders)


def write_order(frame: pl.DataFrame, path: Path, form: OrderForm) -> None:
    """One file; nothing in it is a formula to a spreadsheet."""
    if form == "csv":
        write_csv(frame, path)
    elif form == "xlsx":
        write_xlsx(frame, path)
    else:
        path.write_text(frame.write_json(), encoding="utf-8")


def stem_of(supplier: str, site: str) -> str:
    """A file's name for a supplier and site, whatever they are called; two never share one."""
    spoken = re.sub(r"[^\w]+", "-", f"{supplier}-{site}").strip("-_")[:60] or "order"
    told_apart = hashlib.sha256("\0".join((supplier, site)).encode()).hexdigest()[:6]
    return f"{spoken}-{told_apart}"


def _orders(lines: Sequence[Line]) -> tuple[PurchaseOrder, ...]:
    grouped = [(key, list(some)) for key, some in groupby(lines, key=lambda line: (line.lane, line.site))]
    return tuple(
        PurchaseOrder(
            supplier,
            site,
            len(some),
            round(sum(line.quantity * line.unit_cost for line in some), 2),
            stem_of(supplier, site),
        )
        for (supplier, site), some in grouped
    )


def _frame(lines: Sequence[Line], currency: str) -> pl.DataFrame:
    rows = [
        {
            "export": line.export_id,
            "plan": line.plan_id,
            "line": line.id,
            "supplier": line.lane,
            "site": line.site,
            "item": line.item,
            "name": line.name,
            "quantity": line.quantity,
            "pack": line.pack,
            "unit_cost": line.unit_cost,
            "cash": round(line.quantity * line.unit_cost, 4),
            "currency": currency,
            "order_by": line.order_by,
            "reason": line.reason_en,
            "why": line.why or "",
            "approved_by": line.decided_by,
            "approved_at": line.decided_at.isoformat() if line.decided_at else "",
        }
        for line in lines
    ]
    return pl.DataFrame(rows, schema=SCHEMA)


def _nothing(plan: str) -> ConflictError:
    return ConflictError(
        Text(f"no line of plan `{plan}` is approved", f"计划 `{plan}` 中没有已批准的订货行"),
        hint=Text("`restock approve --safe` approves what is safe", "运行 `restock approve --safe` 可批准安全的订货行"),
    )
