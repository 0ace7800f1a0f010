"""What several views are built of."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from nicegui import ui

from restock.language import Text
from restock.service.page.rows.today import Fact
from restock.service.page.visitor import Visitor, act, tell
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import PlanView
from restock.workflows.jobs import asking

if TYPE_CHECKING:
    import plotly.graph_objects as go

PLAIN = "p => p.value == null ? '' : p.value.toLocaleString('en', {maximumFractionDigits: 1})"
PERCENT = "p => p.value == null ? '' : (100 * p.value).toFixed(0) + ' %'"
MONEY = (
    "p => p.value == null ? '' : p.value.toLocaleString('en', {maximumFractionDigits: Math.abs(p.value) < 100 ? 2 : 0})"
)
WORKING = Text("Stock and demand are being worked out …", "正在计算库存与需求……")
NOTHING_HERE = Text("Nothing here", "暂无内容")


def fact_strip(facts: Iterable[Fact], kind: str) -> ui.element:
    """Numbers in a row."""
    with ui.element("section").classes(f"strip {kind}") as strip:
        for fact in facts:
            fact_card(fact)
    return strip


def fact_card(fact: Fact) -> None:
    """A number with its name."""
    with ui.element("div").classes("fact").mark(f"fact-{fact.name}"):
        ui.label(fact.title).classes("title")
        ui.label(fact.value).classes("value")
        if fact.note:
            ui.label(fact.note).classes("note")


def stale_note(visitor: Visitor, view: PlanView) -> None:
    """Why a plan no longer holds, and how to get a new one."""
    if not view.stale:
        return
    with ui.row().classes("banner"):
        ui.icon("warning")
        why = [visitor.say(reason) for reason in view.stale]
        said = Text("This plan is out of date: ", "此计划已过期：")
        ui.label(visitor.say(said) + ("；" if visitor.language == "zh" else "; ").join(why))
        planning_button(visitor)


def planning_button(visitor: Visitor) -> None:
    """Have a plan made."""
    if not visitor.may("plan"):
        return

    async def ask() -> None:
        if await act(visitor, lambda desk: start(visitor, desk, "plan")) is not None:
            tell(visitor, Text("A plan is being made; it will be here in a moment", "正在生成计划，稍后即可查看"))

    ui.button(visitor.say(Text("Make a plan", "生成计划")), on_click=ask).props("dense no-caps unelevated")


def start(visitor: Visitor, desk: Desk, kind: str) -> str:
    """Ask for long work and wake a worker; returns the job's id."""
    job = asking.ask(desk, kind, {})
    visitor.host.queue.put(job.id)
    return job.id


def chart(figure: "go.Figure") -> ui.plotly:
    """A figure of the report's module, without the tools that planners do not need."""
    plain: dict[str, Any] = json.loads(figure.to_json() or "{}")
    return ui.plotly({**plain, "config": {"displayModeBar": False, "responsive": True}}).classes("chart")


def table(
    visitor: Visitor,
    columns: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    mark: str,
    clicked: Callable[[dict[str, Any]], Any] | None = None,
) -> None:
    """A grid of rows that are all here.

    Args:
        clicked: told the row that was clicked.
    """
    if not rows:
        ui.label(visitor.say(NOTHING_HERE)).classes("empty")
        return
    options = {
        "columnDefs": list(columns),
        "rowData": list(rows),
        "domLayout": "autoHeight" if len(rows) < 16 else "normal",
        "defaultColDef": {
            "sortable": True,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "wrapHeaderText": True,
            "autoHeaderHeight": True,
        },
        "enableCellTextSelection": True,
        "suppressFieldDotNotation": True,
    }
    grid = ui.aggrid(options, theme="balham").classes("grid short" if len(rows) < 16 else "grid tall").mark(mark)
    if clicked is not None:
        grid.on("rowClicked", lambda event: clicked(event.args["data"]), ["data"])


def listing(
    visitor: Visitor,
    load: Callable[[Desk], Sequence[dict[str, Any]]],
    columns: Sequence[dict[str, Any]],
    mark: str,
    clicked: Callable[[dict[str, Any]], Any] | None = None,
) -> Callable[[], Awaitable[None]]:
    """A place for a table; what is returned reads its rows, now and again."""
    place = ui.element("section").classes("listed")

    async def refresh() -> None:
        found = await act(visitor, load)
        place.clear()
        with place:
            table(visitor, columns, found or [], mark, clicked)

    return refresh


def column(visitor: Visitor, field: str, title: Text, form: str = "", **more: Any) -> dict[str, Any]:
    """One column; form: a formatter in JavaScript, for numbers."""
    number = {"type": "rightAligned", ":valueFormatter": form} if form else {}
    return {"headerName": visitor.say(title), "field": field, "headerTooltip": visitor.say(title), **number, **more}


def facts_list(facts: Iterable[tuple[str, str]]) -> None:
    """Names and values below each other."""
    with ui.element("dl").classes("facts-list"):
        for title, value in facts:
            with ui.element("dt"):
                ui.label(title)
            with ui.element("dd"):
                ui.label(value)
