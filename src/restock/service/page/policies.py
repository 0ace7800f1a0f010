"""Policies: what was trained, from which data, how it learned, which one decides, and the way back."""

from collections.abc import Mapping
from typing import Any

from nicegui import ui

from restock.backtest.courses import learning_curve
from restock.language import Text
from restock.service.page.dialogs import ask_text
from restock.service.page.pieces import PLAIN, chart, column, facts_list, start, table
from restock.service.page.rows import policies as rows
from restock.service.page.visitor import Visitor, act, tell
from restock.workflows.registry import promote_policy, rollback_policy

NONE_YET = Text(
    "Nothing has been trained yet: the pretrained policy decides, and a rule where it is not trusted",
    "尚未训练：由预训练策略决策，不适用之处由规则决策",
)


class Policies:
    """The view while somebody works on it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.shown = ""  # the policy whose card is open
        self.actions = ui.row().classes("actions")
        self.listed = ui.element("section").classes("listed")
        self.card = ui.element("section").classes("columns")

    async def refresh(self) -> None:
        """Everything as it is now."""
        visitor = self.visitor
        found = await act(visitor, lambda desk: rows.policy_rows(desk, visitor.currency, visitor.language))
        promoted = await act(visitor, rows.is_promoted)
        if found is None:
            return
        for place in (self.actions, self.listed, self.card):
            place.clear()
        with self.actions:
            self._draw_actions(bool(promoted))
        with self.listed:
            self._draw_list(found)
        names = [row["name"] for row in found]
        if names:
            await self.show(self.shown if self.shown in names else names[0])

    async def show(self, name: str) -> None:
        """The card of one policy."""
        visitor, language = self.visitor, self.visitor.language
        self.shown = name
        with self.card:
            facts = await act(visitor, lambda desk: rows.facts_of(desk, name, language))
            choices = await act(visitor, lambda desk: rows.choices_of(desk, name, language))
            decides = await act(visitor, lambda desk: rows.decides(desk, name))
            learning = await act(visitor, lambda desk: rows.learning_of(desk, name))
        self.card.clear()
        with self.card:
            with ui.element("div").classes("panel"):
                ui.label(name).classes("heading")
                facts_list(facts or [])
                ui.label(visitor.say(Text("Who decides for which items", "各类商品由谁决策"))).classes("heading small")
                facts_list(choices or [])
                if visitor.may("learn") and decides is False:
                    said = visitor.say(Text("Let this one decide", "改用此策略"))
                    ui.button(said, on_click=self._promote).props("dense no-caps outline").mark("promote")
            if learning is not None:
                with ui.element("div").classes("panel"):
                    ui.label(visitor.say(Text("How it learned", "学习过程"))).classes("heading")
                    chart(learning_curve(learning, language, visitor.currency)).mark("learning")

    def _draw_actions(self, promoted: bool) -> None:
        say = self.visitor.say
        if not self.visitor.may("learn"):
            return
        said = say(Text("Train on the newest data", "用最新数据训练"))
        ui.button(said, on_click=self._train).props("dense no-caps unelevated").mark("train")
        if promoted:
            said = say(Text("Take the last promotion back", "撤回上次指定"))
            ui.button(said, on_click=self._roll_back).props("dense no-caps outline").mark("rollback")

    def _draw_list(self, found: list[dict[str, Any]]) -> None:
        visitor = self.visitor
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
        table(visitor, columns, found, "policies", lambda row: self.show(row["name"]))

    async def _train(self) -> None:
        if await act(self.visitor, lambda desk: start(self.visitor, desk, "train")) is not None:
            tell(self.visitor, Text("Training has been asked for", "已发起训练"))

    async def _promote(self) -> None:
        name = self.shown
        title = Text(f"{name} decides from now on, whatever is trained later. Why?", f"今后由 {name} 决策。原因是？")
        reason = await ask_text(self.visitor, title, Text("Let it decide", "确定使用"))
        if reason is None:
            return
        done = await act(self.visitor, lambda desk: promote_policy(desk, name, reason))
        if done is not None:
            tell(self.visitor, Text(f"{name} decides now", f"现在由 {name} 决策"))
            await self.refresh()

    async def _roll_back(self) -> None:
        title = Text(
            "The policy from before the last promotion decides again. Why?", "恢复上次指定之前的策略。原因是？"
        )
        reason = await ask_text(self.visitor, title, Text("Take it back", "撤回"))
        if reason is None:
            return
        done = await act(self.visitor, lambda desk: rollback_policy(desk, reason))
        if done is not None:
            tell(self.visitor, Text(f"{done.name} decides now", f"现在由 {done.name} 决策"))
            await self.refresh()


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw the registry and the newest policy."""
    view = Policies(visitor)
    ui.timer(0.05, view.refresh, once=True)
