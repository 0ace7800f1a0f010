"""Policies: what was trained, from which data, how it learned, and which policy decides for which items."""

from collections.abc import Mapping

from nicegui import ui

from restock.backtest.courses import learning_curve
from restock.language import Text
from restock.service.page.pieces import PLAIN, chart, column, facts_list, start, table
from restock.service.page.rows import policies as rows
from restock.service.page.visitor import Visitor, act, tell

NONE_YET = Text(
    "Nothing has been trained yet: the pretrained policy decides, and a rule where it is not trusted",
    "尚未训练：由预训练策略决策，不适用之处由规则决策",
)


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw the registry and the newest policy."""
    found = await act(visitor, lambda desk: rows.policy_rows(desk, visitor.currency, visitor.language))
    if found is None:
        return
    _train(visitor)
    if not found:
        ui.label(visitor.say(NONE_YET)).classes("empty")
        return
    columns = [
        column(visitor, "name", Text("Policy", "策略"), flex=2),
        column(visitor, "state", Text("State", "状态"), flex=1),
        column(visitor, "algorithm", Text("Algorithm", "算法"), flex=1),
        column(visitor, "earned", Text("Profit on validation", "验证期利润"), flex=1, type="rightAligned"),
        column(visitor, "items", Text("Items", "商品数"), PLAIN, flex=1),
        column(visitor, "periods", Text("Periods", "周期数"), PLAIN, flex=1),
        column(visitor, "updates", Text("Updates", "更新次数"), PLAIN, flex=1),
        column(visitor, "seed", Text("Seed", "种子"), flex=1, type="rightAligned"),
        column(visitor, "snapshot", Text("Data", "数据"), flex=2),
    ]
    grid = table(visitor, columns, found, "policies")
    card = ui.element("section").classes("columns")

    async def show(name: str) -> None:
        await _card(visitor, card, name)

    grid.on("rowClicked", lambda event: show(event.args["data"]["name"]), ["data"])
    ui.timer(0.05, lambda: show(found[0]["name"]), once=True)


def _train(visitor: Visitor) -> None:
    if not visitor.may("learn"):
        return

    async def train() -> None:
        if await act(visitor, lambda desk: start(visitor, desk, "train")) is not None:
            tell(visitor, Text("Training has been asked for", "已发起训练"))

    with ui.row().classes("actions"):
        ui.button(visitor.say(Text("Train on the newest data", "用最新数据训练")), on_click=train).props(
            "dense no-caps unelevated"
        ).mark("train")


async def _card(visitor: Visitor, place: ui.element, name: str) -> None:
    """What is known of one policy."""
    language = visitor.language
    choices = await act(visitor, lambda desk: rows.choices_of(desk, name, language))
    windows = await act(visitor, lambda desk: rows.windows_of(desk, name, language))
    learning = await act(visitor, lambda desk: rows.learning_of(desk, name))
    place.clear()
    with place:
        with ui.element("div").classes("panel"):
            ui.label(name).classes("heading")
            facts_list(windows or [])
            ui.label(visitor.say(Text("Who decides for which items", "各类商品由谁决策"))).classes("heading small")
            facts_list(choices or [])
        if learning is not None:
            with ui.element("div").classes("panel"):
                ui.label(visitor.say(Text("How it learned", "学习过程"))).classes("heading")
                chart(learning_curve(learning, language, visitor.currency)).mark("learning")
