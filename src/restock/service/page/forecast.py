"""Forecast: how good it was, what planners know better, which festivals lie ahead."""

from collections.abc import Mapping

from nicegui import ui

from restock.language import Text
from restock.service.page.dialogs import answer_buttons, answer_of, question
from restock.service.page.pieces import column, listing, table
from restock.service.page.rows import forecast as rows
from restock.service.page.visitor import Visitor, act, tell

THREE = "p => p.value == null ? '' : p.value.toFixed(3)"
SHARE = "p => p.value == null ? '' : (100 * p.value).toFixed(1) + ' %'"
SCORES = {
    "scaled_pinball": (Text("Scaled pinball", "标准化分位损失"), THREE),
    "wape": (Text("Error of sums (WAPE)", "加权误差 WAPE"), SHARE),
    "bias": (Text("Bias", "偏差"), SHARE),
    "coverage": (Text("Within the 90 % interval", "90% 区间覆盖率"), SHARE),
    "against_naive_percent": (Text("Against last year's, %", "相对季节性朴素法 %"), THREE),
}
NO_FORECAST = Text(
    "No forecast has been made yet: `restock forecast` makes one and measures it",
    "尚未生成预测：运行 `restock forecast` 可生成并评估",
)


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw it."""
    say, language = visitor.say, visitor.language
    accuracy = await act(visitor, lambda desk: rows.accuracy_rows(desk, language))
    ui.label(say(Text("How good forecasts were on the last window", "最近窗口的预测准确度"))).classes("heading")
    if accuracy and accuracy[0]:
        columns = [
            column(visitor, "title", Text("Method", "方法"), flex=2),
            column(visitor, "chosen", Text("", ""), flex=1),
            *(
                column(visitor, name, title, form, flex=1)
                for name, (title, form) in SCORES.items()
                if any(row.get(name) is not None for row in accuracy[0])
            ),
        ]
        table(visitor, columns, accuracy[0], "accuracy")
        ui.label(accuracy[1]).classes("note")
    else:
        ui.label(say(NO_FORECAST)).classes("empty")
    await _overrides(visitor)
    ui.label(say(Text("Festivals and events ahead", "即将到来的节日与活动"))).classes("heading")
    found = await act(visitor, lambda desk: rows.festival_rows(desk, language))
    columns = [
        column(visitor, "title", Text("Name", "名称"), flex=2),
        column(visitor, "start", Text("From", "开始"), flex=1),
        column(visitor, "end", Text("Until", "结束"), flex=1),
    ]
    table(visitor, columns, found or [], "festivals")


async def _overrides(visitor: Visitor) -> None:
    say = visitor.say
    with ui.row().classes("caption"):
        ui.label(say(Text("What planners know better", "人工调整")))
        if visitor.may("edit"):
            ui.button(say(Text("Change a forecast", "调整预测")), on_click=lambda: add()).props(
                "dense no-caps outline"
            ).mark("override")
    columns = [
        column(visitor, "item", Text("Item", "商品"), flex=1),
        column(visitor, "site", Text("Site", "仓店"), flex=1),
        column(visitor, "start", Text("From", "开始"), flex=1),
        column(visitor, "end", Text("Until", "结束"), flex=1),
        column(visitor, "change", Text("Change", "调整"), flex=1),
        column(visitor, "reason", Text("Reason", "原因"), flex=2),
        column(visitor, "state", Text("State", "状态"), flex=1),
    ]
    refresh = listing(visitor, lambda desk: rows.override_rows(desk, visitor.language), columns, "overrides")

    async def add() -> None:
        with question() as dialog:
            item = ui.input(say(Text("Item, * for all", "商品（* 表示全部）"))).props("dense outlined autofocus")
            site = ui.input(say(Text("Site, empty for all", "仓店（留空表示全部）"))).props("dense outlined")
            start = ui.input(say(Text("From", "开始"))).props("dense outlined type=date stack-label")
            end = ui.input(say(Text("Until", "结束"))).props("dense outlined type=date stack-label")
            change = ui.input(say(Text("Change: +20%, -5 or =40", "调整：+20%、-5 或 =40"))).props("dense outlined")
            reason = ui.input(say(Text("Reason", "原因"))).props("dense outlined")
            fields = {"item": item, "site": site, "start": start, "end": end, "reason": reason}
            answer_buttons(
                visitor,
                dialog,
                Text("Change", "调整"),
                lambda: (change.value or "", {name: (field.value or "").strip() for name, field in fields.items()}),
            )
        said = await answer_of(dialog)
        if said:
            cells = {**said[1], "expires": ""}
            if await act(visitor, lambda desk: rows.change_forecast(desk, said[0], cells)) is not None:
                tell(visitor, Text("Kept; it counts from the next forecast on", "已保存，下次预测起生效"))
            await refresh()

    await refresh()
