"""The drawer beside the grid: why a line is what it is, what it is made of, and what people said."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nicegui import ui

from restock.backtest.line_charts import quantity_waterfall
from restock.language import Text
from restock.service.page import order_actions
from restock.service.page.pieces import WORKING, chart, facts_list
from restock.service.page.rows.lines import line_row
from restock.service.page.rows.why import Why, alternatives_of, facts_of, why_of
from restock.service.page.visitor import PATH, Visitor, act, tell
from restock.workflows.approval import lines

if TYPE_CHECKING:
    from restock.service.page.orders import Orders


class Drawer:
    """Beside the grid, so that the next line is one key away."""

    def __init__(self, orders: "Orders") -> None:
        self.orders, self.visitor = orders, orders.visitor
        self.place = ui.element("aside").classes("drawer").mark("drawer")
        self.place.set_visibility(False)
        self.shown: int | None = None

    async def show(self, line: dict[str, Any]) -> None:
        """Take a line apart."""
        self.shown = int(line["id"])
        self.place.set_visibility(True)
        self.place.clear()
        with self.place:
            self._head(f"{line['item']} · {line['site']}", line["name"])
            ui.label(line["reason"]).classes("reason")
            with ui.row().classes("waiting"):
                ui.label(self.visitor.say(WORKING))
        visitor, number = self.visitor, self.shown
        why = await act(visitor, lambda desk: why_of(desk, visitor.host.today(), number, visitor.language))
        if self.shown != number:
            return  # another line was opened meanwhile
        self.place.clear()
        with self.place:
            self._head(f"{line['item']} · {line['site']}", line["name"])
            if why is None:
                ui.label(line["reason"]).classes("reason")
            else:
                self._draw(why)

    def close(self) -> None:
        """Out of the way."""
        self.shown = None
        self.place.set_visibility(False)

    def _head(self, title: str, name: str) -> None:
        with ui.row().classes("head"):
            with ui.element("div"):
                ui.label(title).classes("heading")
                if name:
                    ui.label(name).classes("note")
            close = self.visitor.say(Text("Close", "关闭"))
            ui.button(icon="close", on_click=self.close).props(f'flat round dense aria-label="{close}"')

    def _draw(self, why: Why) -> None:
        visitor, line = self.visitor, why.line
        ui.label(line.reason_zh if visitor.language == "zh" else line.reason_en).classes("reason")
        if not why.same:
            now = why.explanation.line["quantity"]
            said = Text(
                f"Today's data and policy suggest {now:g}; the plan says {line.suggested:g}",
                f"按当前数据与策略建议 {now:g}，计划为 {line.suggested:g}",
            )
            ui.label(visitor.say(said)).classes("banner")
        chart(quantity_waterfall(why.bars, line.quantity, visitor.language)).mark("waterfall")
        facts_list(facts_of(why, visitor.currency, visitor.language))
        ui.label(visitor.say(Text("What other policies would order", "其他策略的订货量"))).classes("heading small")
        facts_list(alternatives_of(why, visitor.language))
        _people(visitor, why, self)
        address = f"{PATH}/item?item={quote(line.item, safe='')}&site={quote(line.site, safe='')}"
        with ui.element("a").props(f'href="{address}"').classes("more"):
            ui.label(visitor.say(Text("Everything about this item", "查看该商品的全部信息")))
        if visitor.may("edit"):
            self._edit(why)

    def _edit(self, why: Why) -> None:
        """Change the quantity from here."""
        line = why.line
        seen = {"id": line.id, "item": line.item, "version": line.version}
        seen |= {"quantity": line.quantity, "suggested": line.suggested}
        with ui.row().classes("editing"):
            field = ui.number(self.visitor.say(Text("Order", "订货量")), value=line.quantity, min=0).props(
                "dense outlined"
            )

            async def change() -> None:
                await order_actions.edit(self.orders, seen, field.value)

            ui.button(self.visitor.say(Text("Change", "修改")), on_click=change).props("dense no-caps outline")


def _people(visitor: Visitor, why: Why, drawer: Drawer) -> None:
    """Changes and comments, and a line for one more."""
    ui.label(visitor.say(Text("Changes and comments", "修改与评论"))).classes("heading small")
    for remark in why.history:
        with ui.element("p").classes("remark"):
            ui.label(f"{remark.who} · {remark.when}").classes("note")
            ui.label(remark.what)
    if not visitor.may("edit"):
        return
    field = (
        ui.input(visitor.say(Text("Write a comment", "写评论"))).props("dense outlined maxlength=2000").mark("comment")
    )

    async def send() -> None:
        said = await act(visitor, lambda desk: lines.comment(desk, why.line.id, field.value or ""))
        if said is not None:
            tell(visitor, Text("Kept", "已保存"))
            field.value = ""
            await drawer.show(_as_row(why, visitor))

    field.on("keydown.enter", send)


def _as_row(why: Why, visitor: Visitor) -> dict[str, Any]:
    return line_row(why.line, visitor.language)
