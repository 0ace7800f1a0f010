"""The grid of order lines: it asks the server for the stretch that it shows, is edited in place, and works by keys."""

import json
from collections.abc import Callable
from typing import Any

from nicegui import ui

from restock.language import Text
from restock.service.page.grid_data import BLOCK, source
from restock.service.page.pieces import MONEY, PERCENT, PLAIN
from restock.service.page.rows.lines import COLUMNS
from restock.service.page.visitor import Visitor

KEYS = {"w": "why", "Enter": "why", "a": "approve", "r": "reject", "z": "snooze", "Escape": "close"}
ON_KEY = """p => {
  const action = (%s)[p.event.key]
  if (!action || p.event.ctrlKey || p.event.metaKey || p.event.altKey || !p.data) return
  if (p.api.getEditingCells().length || (p.event.key === 'Enter' && p.column.colId === 'quantity')) return
  p.event.preventDefault()
  emitEvent('restock-key', {action, line: p.data, selected: p.api.getSelectedRows()})
}"""
CLASSES = {
    "closed": "p => p.data && ['rejected', 'snoozed', 'exported'].includes(p.data.state)",
    "going": "p => p.data && p.data.state === 'approved'",
    "look": "p => p.data && p.data.attention && ['proposed', 'waiting'].includes(p.data.state)",
}
NEVER = "() => false"
CHANGED = "p => p.data && p.data.quantity !== p.data.suggested"
FORMS = {
    **dict.fromkeys(("quantity", "suggested", "on_hand", "on_order", "days_of_cover"), PLAIN),
    **dict.fromkeys(("cash", "expected_profit"), MONEY),
    "stockout_without": PERCENT,
}
WIDTHS = {
    "suggested": 104,
    "expected_profit": 100,
    "days_of_cover": 84,
    "rank": 62,
    "item": 104,
    "name": 180,
    "lane": 130,
    "site": 84,
    "state": 104,
    "attention": 190,
    "reason": 420,
}
NOTHING = {"noRowsToShow": Text("No lines", "没有订货行"), "loadingOoo": Text("Loading …", "加载中……")}


def line_grid(visitor: Visitor, plan: str) -> ui.aggrid:
    """All lines of a plan."""
    edits = (
        "p => ['proposed', 'waiting', 'approved'].includes(p.data && p.data.state)" if visitor.may("edit") else NEVER
    )
    columns = [_column(visitor, name, title, edits) for name, title in COLUMNS.items()]
    options = _options(visitor, columns, source("lines", plan))
    options |= {
        "rowSelection": {"mode": "multiRow", "headerCheckbox": False, "enableClickSelection": False},
        "selectionColumnDef": {"pinned": "left", "width": 42},
        "readOnlyEdit": True,  # the server decides whether a quantity is changed
        "stopEditingWhenCellsLoseFocus": True,
        ":rowClassRules": _javascript(CLASSES),
        ":onCellKeyDown": ON_KEY % json.dumps(KEYS),
        ":getRowId": "p => String(p.data.id)",
    }
    return ui.aggrid(options, theme="balham", auto_size_columns=False).classes("grid lines").mark("lines")


def rest_grid(visitor: Visitor, plan: str) -> ui.aggrid:
    """What is not ordered, and why."""
    names = ("item", "name", "site", "on_hand", "on_order", "days_of_cover", "stockout_without", "reason")
    columns = [_column(visitor, name, COLUMNS[name], NEVER) | {"sortable": False} for name in names]
    options = _options(visitor, columns, source("not-ordered", plan))
    return ui.aggrid(options, theme="balham", auto_size_columns=False).classes("grid lines").mark("not-ordered")


def on_key(handle: Callable[[str, dict[str, Any], list[dict[str, Any]]], Any]) -> None:
    """Do what a key on a line stands for: handle(action, line, selected lines)."""

    async def pressed(event: Any) -> None:
        said = event.args
        await handle(str(said["action"]), said["line"], said["selected"])

    ui.on("restock-key", pressed)


def _options(visitor: Visitor, columns: list[dict[str, Any]], rows: str) -> dict[str, Any]:
    return {
        "columnDefs": columns,
        "defaultColDef": {
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "sortable": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        "rowModelType": "infinite",
        ":datasource": rows,
        "cacheBlockSize": BLOCK,
        "maxBlocksInCache": 20,
        "infiniteInitialRowCount": 1,
        "rowHeight": 30,
        "tooltipShowDelay": 400,
        "localeText": {key: visitor.say(text) for key, text in NOTHING.items()},
    }


def _column(visitor: Visitor, name: str, title: Text, edits: str) -> dict[str, Any]:
    column: dict[str, Any] = {
        "field": name,
        "headerName": visitor.say(title),
        "headerTooltip": visitor.say(title),
        "width": WIDTHS.get(name, 92),
        "tooltipField": name if name in ("name", "reason", "attention") else None,
        "pinned": "left" if name in ("rank", "item") else None,
    }
    if name in FORMS:
        column |= {"type": "rightAligned", ":valueFormatter": FORMS[name]}
    if name == "quantity":
        column |= {
            ":editable": edits,
            "cellEditor": "agNumberCellEditor",
            "cellEditorParams": {"min": 0},
            ":cellClassRules": _javascript({"changed": CHANGED, "editable": edits}),
        }
    if name == "state":
        column[":valueGetter"] = "p => p.data && p.data.state_said"
    if name == "reason":
        column["sortable"] = False
    return {key: value for key, value in column.items() if value is not None}


def _javascript(values: dict[str, str]) -> str:
    """An object, ready to be evaluated."""
    return "({" + ", ".join(f"{key}: {value}" for key, value in values.items()) + "})"
