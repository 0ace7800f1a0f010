"""Today: how fresh everything is, the main numbers, and what waits, in money and number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from nicegui import ui

from restock.errors import MissingError
from restock.language import Language, Text
from restock.service.page.pieces import (
    MONEY,
    PLAIN,
    WORKING,
    column,
    fact_card,
    fact_strip,
    planning_button,
    stale_note,
    table,
)
from restock.service.page.rows import today as rows
from restock.service.page.rows.today import Fact, Tile
from restock.service.page.visitor import PATH, Visitor, act
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import PlanView, view_plan
from restock.workflows.queues import Queue, item_queues
from restock.workflows.today import Today

NO_PLAN = Text("There is no plan yet", "还没有订货计划")
ITEM_COLUMNS = {
    "item": Text("Item", "商品"),
    "name": Text("Name", "名称"),
    "site": Text("Site", "仓店"),
    "money": Text("Money", "金额"),
    "on_hand": Text("On hand", "现有"),
    "on_order": Text("On order", "在途"),
    "days_of_cover": Text("Days of cover", "可用天数"),
    "forecast": Text("Expected demand", "预计需求"),
}


@dataclass
class Morning:
    """What is known of the plan at once, and of the items a little later."""

    view: PlanView | None
    fresh: list[Fact]
    facts: list[Fact]
    tiles: list[Tile]
    queues: dict[str, Queue] = field(default_factory=dict)


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw the view: the plan at once, the items when they are understood."""
    morning = await act(visitor, lambda desk: look(desk, visitor.currency, visitor.language))
    if morning is None:
        return
    if morning.view is None:
        ui.label(visitor.say(NO_PLAN)).classes("empty")
        planning_button(visitor)
    else:
        stale_note(visitor, morning.view)
    fresh = fact_strip(morning.fresh, "fresh")
    facts = fact_strip(morning.facts, "facts")
    with ui.element("section").classes("tiles") as tiles:
        for tile in morning.tiles:
            _tile(tile, None)
    with ui.row().classes("waiting") as waiting:
        ui.label(visitor.say(WORKING))
    listed = ui.element("section").classes("listed")

    async def items() -> None:
        found = await act(visitor, lambda desk: _understand(visitor, desk))
        waiting.delete()
        if found is None:
            return
        today, queues = found
        with fresh:
            fact_card(rows.last_day(today, visitor.language))
        with facts:
            for fact in rows.shop_facts(today, visitor.currency, visitor.language):
                fact_card(fact)
        with tiles:
            for tile, queue in zip(rows.item_tiles(queues, visitor.currency, visitor.language), queues, strict=True):
                _tile(tile, lambda queue=queue: _list(visitor, listed, queue))

    ui.timer(0.05, items, once=True)


def look(desk: Desk, currency: str, language: Language) -> Morning:
    """What the state knows."""
    try:
        view = view_plan(desk)
    except MissingError:
        return Morning(None, rows.freshness(desk, None, language), [], [])
    return Morning(
        view,
        rows.freshness(desk, view, language),
        rows.plan_facts(view, currency, language),
        rows.line_tiles(desk, view, currency, language),
    )


def _understand(visitor: Visitor, desk: Desk) -> tuple[Today, tuple[Queue, ...]]:
    with desk.look():
        today = visitor.host.today()
    return today, item_queues(today)


def _tile(tile: Tile, opened: Callable[[], None] | None) -> None:
    state = "some" if tile.count else "none"
    if opened is None:
        element = ui.element("a").props(f'href="{PATH}/{tile.address}"')
    else:
        element = ui.element("button").on("click", opened)
    with element.classes(f"tile {state}").mark(f"tile-{tile.name}"):
        ui.label(tile.title).classes("title")
        ui.label(f"{tile.count:,}").classes("count")
        ui.label(tile.money).classes("money")
        ui.label(tile.meaning).classes("note")


def _list(visitor: Visitor, listed: ui.element, queue: Queue) -> None:
    """The items of a queue, the most money first."""
    listed.clear()
    shown = queue.items.head(rows.MOST).to_dicts()
    with listed:
        with ui.row().classes("caption"):
            ui.label(f"{visitor.say(queue.title)} · {visitor.say(queue.meaning)}")
            if queue.count > len(shown):
                said = Text(f"the first {len(shown)} of {queue.count}", f"前 {len(shown)} 个，共 {queue.count} 个")
                ui.label(visitor.say(said)).classes("note")
        columns = [
            column(visitor, name, title, FORMS.get(name, ""), flex=2 if name == "name" else 1)
            for name, title in ITEM_COLUMNS.items()
        ]
        address = f"'{PATH}/item?item=' + encodeURIComponent(p.data.item) + '&site=' + encodeURIComponent(p.data.site)"
        columns[0][":cellRenderer"] = LINK % address
        table(visitor, columns, shown, "queue")


FORMS = {"money": MONEY, "on_hand": PLAIN, "on_order": PLAIN, "days_of_cover": PLAIN, "forecast": PLAIN}
LINK = """p => { const a = document.createElement('a'); a.href = %s; a.textContent = p.value; return a }"""
