"""Prices: what items sell for and cost, what was paid lately, what is planned, and the course of one item's price."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from nicegui import ui

from restock.backtest.price_charts import price_course
from restock.backtest.wording import with_unit
from restock.language import Text
from restock.service.page.pieces import PERCENT, WORKING, chart, column, table
from restock.service.page.rows import prices as rows
from restock.service.page.visitor import PATH, Visitor, act
from restock.workflows.approval.desk import Desk

CENTS = "p => p.value == null ? '' : p.value.toLocaleString('en', {minimumFractionDigits: 2, maximumFractionDigits: 2})"
ABOUT = Text(
    "Prices come with the shop's data: the tables items, prices and promotions. Another price or promotion is a file "
    "that is brought under Data; nothing is priced here.",
    "价格来自本店数据中的商品表、价格表和促销表。如需修改价格或促销，请在“数据”页导入文件；此处不做定价。",
)
CHOOSE = Text("Click an item to see its prices over time", "点击商品可查看价格走势")
NOTHING_PLANNED = Text(
    "No price or promotion is planned after the last day of sales: the last price holds",
    "销售截止日之后没有计划的价格或促销：沿用最后的价格",
)


async def build(visitor: Visitor, asked: Mapping[str, str]) -> None:
    """Draw the lists; the chart of the item that is asked for, or clicked."""
    say = visitor.say
    ui.label(say(ABOUT)).classes("note")
    search = ui.input(say(Text("Search an item", "搜索商品"))).props("dense outlined clearable debounce=300")
    search.classes("search").mark("search")
    with ui.row().classes("waiting") as waiting:
        ui.label(say(WORKING))
    course = ui.element("section").classes("sheet")
    listed = ui.element("section").classes("listed")
    coming = ui.element("section").classes("listed")

    async def show(row: Mapping[str, str]) -> None:
        await _draw_course(visitor, course, row["item"], row.get("site", ""))

    async def look() -> None:
        text = search.value or ""
        found = await act(visitor, lambda desk: _prices(visitor, desk, text))
        listed.clear()
        if found is not None:
            with listed:
                _draw_prices(visitor, *found, show)

    async def begin() -> None:
        await look()
        waiting.delete()
        if asked.get("item"):
            await show(asked)
        plans = await act(visitor, lambda desk: rows.coming_rows(desk, visitor.host.today(), visitor.language))
        with coming:
            _draw_coming(visitor, plans or [])

    search.on_value_change(look)
    ui.timer(0.05, begin, once=True)


def _prices(visitor: Visitor, desk: Desk, text: str) -> tuple[list[dict[str, Any]], int]:
    with desk.look():
        return rows.price_rows(visitor.host.today(), text)


def _draw_prices(
    visitor: Visitor, found: list[dict[str, Any]], count: int, show: Callable[[dict[str, Any]], Any]
) -> None:
    say = visitor.say
    title = Text("Prices of the period to come", "下一周期的价格")
    with ui.row().classes("caption"):
        ui.label(with_unit(title, visitor.currency, visitor.language))
        if count > len(found):
            ui.label(say(Text(f"the first {len(found)} of {count}", f"前 {len(found)} 个，共 {count} 个"))).classes(
                "note"
            )
        ui.label(say(CHOOSE)).classes("note")
    columns = [
        column(visitor, "item", Text("Item", "商品"), flex=1),
        column(visitor, "name", Text("Name", "名称"), flex=2, tooltipField="name"),
        column(visitor, "site", Text("Site", "仓店"), flex=1),
        column(visitor, "price", Text("As orders see it", "订货所用价格"), CENTS, flex=1),
        column(visitor, "paid", Text("Paid in 4 weeks", "近 4 周成交价"), CENTS, flex=1),
        column(visitor, "list_price", Text("List price", "标价"), CENTS, flex=1),
        column(visitor, "unit_cost", Text("Unit cost", "采购单价"), CENTS, flex=1),
        column(visitor, "margin_share", Text("Margin", "毛利率"), PERCENT, flex=1),
        column(visitor, "next_price", Text("Next price", "下次价格"), CENTS, flex=1),
        column(visitor, "next_date", Text("From", "生效日期"), flex=1),
    ]
    known = [one for one in columns if one["field"] != "list_price" or any(row["list_price"] for row in found)]
    table(visitor, known, found, "prices", show)


def _draw_coming(visitor: Visitor, found: list[dict[str, Any]]) -> None:
    say = visitor.say
    ui.label(say(Text("Prices and promotions to come", "即将到来的价格与促销"))).classes("heading")
    if not found:
        ui.label(say(NOTHING_PLANNED)).classes("note")
        return
    columns = [
        column(visitor, "item", Text("Item", "商品"), flex=1),
        column(visitor, "site", Text("Site", "仓店"), flex=1),
        column(visitor, "what", Text("What", "类型"), flex=1),
        column(visitor, "start", Text("From", "开始"), flex=1),
        column(visitor, "end", Text("Until", "结束"), flex=1),
        column(visitor, "price", Text("Price", "价格"), CENTS, flex=1),
        column(visitor, "strength", Text("Strength", "力度"), PERCENT, flex=1),
        column(visitor, "source", Text("Source", "来源"), flex=3, tooltipField="source"),
    ]
    table(visitor, columns, found, "coming")


async def _draw_course(visitor: Visitor, place: ui.element, item: str, site: str) -> None:
    course = await act(visitor, lambda desk: _course(visitor, desk, item, site))
    place.clear()
    if course is None:
        return
    with place, ui.element("div").classes("panel"):
        with ui.row().classes("caption"):
            ui.label(" · ".join(filter(None, (item, site))))
            address = f"{PATH}/item?item={quote(item, safe='')}&site={quote(site, safe='')}"
            with ui.element("a").props(f'href="{address}"').classes("more"):
                ui.label(visitor.say(Text("Everything about this item", "查看该商品的全部信息")))
        chart(price_course(course, visitor.language, visitor.currency)).mark("course")


def _course(visitor: Visitor, desk: Desk, item: str, site: str):
    with desk.look():
        return rows.course_of(visitor.host.today(), item, site or None)
