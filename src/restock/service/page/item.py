"""Item: the past, what is expected, what will lie in stock, why it is ordered or not, and on which terms."""

from collections.abc import Mapping
from urllib.parse import quote

from nicegui import ui

from restock.backtest.forecast_charts import fan
from restock.backtest.line_charts import Bar, quantity_waterfall, stock_fan
from restock.language import Text
from restock.service.page.pieces import PLAIN, WORKING, chart, column, table
from restock.service.page.rows.item import Sheet, past_of, search_items, sheet_of
from restock.service.page.visitor import PATH, Visitor, act
from restock.workflows.approval.desk import Desk


async def build(visitor: Visitor, asked: Mapping[str, str]) -> None:
    """Draw one item, or what a search finds."""
    say = visitor.say
    search = ui.input(say(Text("Search an item", "搜索商品"))).props("dense outlined clearable debounce=300")
    search.classes("search").mark("search")
    found = ui.element("section").classes("found")
    place = ui.element("section").classes("sheet")
    with place, ui.row().classes("waiting"):
        ui.label(say(WORKING))

    async def look_for() -> None:
        text = search.value or ""
        rows = await act(visitor, lambda desk: search_items(_today(visitor, desk), text))
        found.clear()
        with found:
            for row in rows or []:
                address = f"{PATH}/item?item={quote(row['item'], safe='')}&site={quote(row['site'], safe='')}"
                with ui.element("a").props(f'href="{address}"'):
                    ui.label(" · ".join(filter(None, (row["item"], row["site"], row["name"]))))

    async def show() -> None:
        item, site = asked.get("item", ""), asked.get("site") or None
        if not item:
            place.clear()
            await look_for()
            return
        sheet = await act(visitor, lambda desk: sheet_of(_today(visitor, desk), item, site, visitor.language))
        place.clear()
        if sheet is not None:
            past = await act(visitor, lambda desk: past_of(desk, sheet.item, sheet.site, visitor.language))
            with place:
                _draw(visitor, sheet)
                _draw_past(visitor, past or [])

    search.on_value_change(look_for)
    ui.timer(0.05, show, once=True)


def _today(visitor: Visitor, desk: Desk):
    with desk.look():
        return visitor.host.today()


def _draw(visitor: Visitor, sheet: Sheet) -> None:
    say, one = visitor.say, sheet.explanation
    ui.label(" · ".join(filter(None, (sheet.item, sheet.site, sheet.name)))).classes("heading large")
    ui.label(say(one.reason)).classes("reason")
    with ui.element("div").classes("columns"):
        with ui.element("div").classes("panel"):
            ui.label(say(Text("Demand: sold and expected", "需求：历史与预计"))).classes("heading")
            chart(fan(sheet.demand, visitor.language)).mark("demand")
        with ui.element("div").classes("panel"):
            ui.label(say(Text("Stock with and without the order", "订货与不订货的库存"))).classes("heading")
            chart(stock_fan(sheet.stock, visitor.language)).mark("stock")
            said = Text(
                "Nine of ten courses lie in the bands, as today's policy expects demand",
                "按当前策略的需求预期，十次中有九次落在色带内",
            )
            ui.label(say(said)).classes("note")
        with ui.element("div").classes("panel"):
            ui.label(say(Text("Why this quantity", "为什么是这个数量"))).classes("heading")
            bars = [Bar(step.text, step.units) for step in one.steps if step.units or step.name == "forecast"]
            chart(quantity_waterfall(bars, float(one.line["quantity"]), visitor.language)).mark("waterfall")
        with ui.element("div").classes("panel"):
            ui.label(say(Text("Parameters and where they come from", "参数及其来源"))).classes("heading")
            columns = [
                column(visitor, "name", Text("Parameter", "参数"), flex=2),
                column(visitor, "value", Text("Value", "取值"), flex=1, type="rightAligned"),
                column(visitor, "origin", Text("From", "来源"), flex=2),
            ]
            rows = [{"name": name, "value": value, "origin": origin} for name, value, origin in sheet.parameters]
            table(visitor, columns, rows, "parameters")


def _draw_past(visitor: Visitor, rows: list[dict[str, object]]) -> None:
    ui.label(visitor.say(Text("In earlier plans", "在以往计划中"))).classes("heading")
    columns = [
        column(visitor, "when", Text("Plan or time", "计划或时间"), flex=2),
        column(visitor, "what", Text("What became of it", "结果"), flex=1),
        column(visitor, "units", Text("Order", "订货量"), PLAIN, flex=1),
        column(visitor, "suggested", Text("Suggested", "建议量"), PLAIN, flex=1),
        column(visitor, "who", Text("Who", "谁"), flex=1),
        column(visitor, "note", Text("Reason and notes", "原因与说明"), flex=3),
    ]
    table(visitor, columns, rows, "past")
