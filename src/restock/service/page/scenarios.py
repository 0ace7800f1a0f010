"""Scenarios: today's plan under other settings, budgets and policies, side by side; nothing of it is ordered."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from nicegui import ui

from restock.backtest.scenario_charts import TITLES, scenario_frontier
from restock.backtest.wording import with_unit
from restock.language import Text
from restock.service.page.dialogs import answer_buttons, answer_of, question
from restock.service.page.pieces import MONEY, PLAIN, chart, column, table
from restock.service.page.rows import scenarios as rows
from restock.service.page.rows.scenarios import Comparison, Wanted
from restock.service.page.visitor import Visitor, act
from restock.workflows.approval.desk import Desk
from restock.workflows.jobs import asking
from restock.workflows.whatif import MOST

SHARE = "p => p.value == null ? '' : (100 * p.value).toFixed(1) + ' %'"
SIGNED = (
    "p => p.value == null ? '' : (p.value > 0 ? '+' : '') + p.value.toLocaleString('en', {maximumFractionDigits: 0})"
)
ABOUT = Text(
    "Today is planned anew under each scenario, beside the shop as it is. Nothing of it is ordered.",
    "在每个情景下重新计算今日计划，并与现状对比。不会产生任何订货。",
)
NONE_YET = Text("Nothing has been compared yet", "尚未比较过情景")
EVERY = 1.0  # seconds between two looks at a comparison that runs


class Scenarios:
    """The view while somebody works on it."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.wanted: list[Wanted] = []
        self.found: list[Comparison] = []
        self.chosen: str | None = None
        ui.label(visitor.say(ABOUT)).classes("note")
        self.asking = ui.element("section").classes("panel asked")
        self.asking.set_visibility(visitor.may("plan"))
        self.result = ui.element("section").classes("sheet")
        self.watch = ui.timer(EVERY, self.refresh, active=False)

    async def refresh(self) -> None:
        """Look what there is, and look again as long as one is being worked out."""
        found = await act(self.visitor, rows.comparisons)
        if found is None:
            self.watch.deactivate()
        elif found != self.found:
            self.found = found
            self.draw_result()
        self.watch.active = any(not one.is_over for one in self.found)

    def draw_asking(self) -> None:
        """What is to be compared, and how to add to it."""
        say, here = self.visitor.say, self.asking
        here.clear()
        with here:
            for one in self.wanted:
                with ui.row().classes("wanted"):
                    ui.label(one["name"]).classes("title")
                    ui.label(rows.difference_of(one, self.visitor.currency, self.visitor.language)).classes("note")
                    away = f'flat round dense size=sm aria-label="{say(Text("Take away", "移除"))}"'
                    ui.button(icon="close", on_click=partial(self._take_away, one)).props(away)
            with ui.row().classes("actions"):
                self._button(Text("Add a scenario", "添加情景"), self._add, "add", "outline")
                self._button(Text("Budgets in steps", "分档预算"), self._add_budgets, "budgets", "outline")
                if self.wanted:
                    self._button(Text("Compare", "比较"), self._compare, "compare", "unelevated")

    def draw_result(self) -> None:
        """One comparison, and which others there are."""
        say, here = self.visitor.say, self.result
        here.clear()
        with here:
            if not self.found:
                ui.label(say(NONE_YET)).classes("empty")
                return
            one = next((one for one in self.found if one.id == self.chosen), self.found[0])
            titles = {each.id: each.title for each in self.found}
            title = say(Text("Comparison", "比较记录"))
            ui.select(titles, value=one.id, label=title, on_change=lambda event: self._choose(event.value)).props(
                "dense outlined options-dense"
            ).classes("wide").mark("comparison")
            if not one.is_over:
                self._draw_running(one)
            elif one.result:
                self._draw_outcomes(one)
            else:
                over = {"cancelled": Text("It was stopped", "已停止")}.get(one.state, one.said)
                ui.label(say(over)).classes("banner")

    def _draw_running(self, one: Comparison) -> None:
        say = self.visitor.say
        with ui.row().classes("waiting"):
            ui.label(say(one.said) or say(Text("It waits for a worker", "等待执行")))
            ui.label(f"{one.progress:.0%}")
            if self.visitor.may("plan"):
                self._button(Text("Stop", "停止"), lambda: self._stop(one), "stop", "flat")

    def _draw_outcomes(self, one: Comparison) -> None:
        visitor, language, currency = self.visitor, self.visitor.language, self.visitor.currency
        found = rows.outcome_rows(one, currency, language)
        with ui.element("div").classes("columns"):
            for measure, title in TITLES.items():
                with ui.element("div").classes("panel"):
                    against = Text(f"{title.en}, against money in stock", f"{title.zh}与库存金额")
                    ui.label(visitor.say(against)).classes("heading")
                    figure = scenario_frontier(rows.points_of(found, measure), language, currency, measure)
                    chart(figure).mark(f"frontier-{measure}")

        side = Text("Side by side", "并排比较")
        ui.label(with_unit(side, currency, language)).classes("heading")
        columns = [
            column(visitor, "name", Text("Scenario", "情景"), flex=2),
            column(visitor, "otherwise", Text("What is different", "不同之处"), flex=3, tooltipField="otherwise"),
            column(visitor, "lines", Text("Lines", "行数"), PLAIN, flex=1),
            column(visitor, "units", Text("Units", "件数"), PLAIN, flex=1),
            column(visitor, "cash", Text("Orders", "订货金额"), MONEY, flex=1),
            column(visitor, "left_out", Text("Beyond the budget", "超出预算行数"), PLAIN, flex=1),
            column(visitor, "expected_profit", Text("Expected profit", "预期利润"), MONEY, flex=1),
            column(visitor, "more", Text("Against as it is", "与现状之差"), SIGNED, flex=1),
            column(visitor, "service", Text("Not out of stock", "不缺货概率"), SHARE, flex=1),
            column(visitor, "stock_value", Text("Stock", "库存金额"), MONEY, flex=1),
        ]
        table(visitor, columns, found, "outcomes")
        ui.label(visitor.say(rows.origin_of(one))).classes("note")

    async def _add(self) -> None:
        """One scenario; what stays empty stays as it is."""
        visitor, say = self.visitor, self.visitor.say
        known = await act(visitor, lambda desk: _policies(visitor, desk))
        if known is None:
            return
        with question() as dialog:
            ui.label(say(Text("What stays empty stays as it is", "留空的项保持现状"))).classes("note")
            name = ui.input(say(Text("Name", "名称"))).props("dense outlined autofocus maxlength=80").mark("name")
            now = rows.as_it_is(visitor.host.project().config)
            fields = {
                key: ui.number(say(title) + now[key], min=0).props("dense outlined").mark(key)
                for key, title in rows.CHANGES
            }
            budget = ui.number(say(rows.BUDGET), min=0).props("dense outlined").mark("budget")
            policy = ui.select(known, label=say(rows.POLICY)).props("dense outlined clearable").mark("policy")
            told = Text("What the data say of an item wins over a setting", "数据中已有的商品参数优先于设置")
            ui.label(say(told)).classes("note")

            def filled() -> Wanted:
                values = {key: field.value for key, field in fields.items()}
                unnamed = say(Text(f"Scenario {len(self.wanted) + 1}", f"情景 {len(self.wanted) + 1}"))
                return rows.scenario((name.value or "").strip() or unnamed, values, budget.value, policy.value)

            answer_buttons(visitor, dialog, Text("Add", "添加"), filled)
        self._want([await answer_of(dialog)])

    async def _add_budgets(self) -> None:
        visitor = self.visitor
        found = await act(visitor, lambda desk: _budgets(visitor, desk))
        self._want(found or [])

    def _want(self, added: Sequence[Wanted | None]) -> None:
        self.wanted = [*self.wanted, *(one for one in added if one)][:MOST]
        self.draw_asking()

    def _take_away(self, one: Wanted) -> None:
        self.wanted = [other for other in self.wanted if other is not one]
        self.draw_asking()

    async def _compare(self) -> None:
        job = await act(self.visitor, lambda desk: rows.ask_comparison(desk, self.wanted))
        if job is not None:
            self.visitor.host.queue.put(job)
            self.wanted, self.chosen = [], job
        await self.refresh()
        self.draw_asking()  # last: the button that was pressed is gone then

    async def _stop(self, one: Comparison) -> None:
        await act(self.visitor, lambda desk: asking.cancel(desk, one.id))
        await self.refresh()

    def _choose(self, job: str) -> None:
        self.chosen = job
        self.draw_result()

    def _button(self, text: Text, do: Any, mark: str, look: str) -> None:
        ui.button(self.visitor.say(text), on_click=do).props(f"dense no-caps {look}").mark(mark)


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw it."""
    view = Scenarios(visitor)
    view.draw_asking()
    view.draw_result()
    await view.refresh()


def _policies(visitor: Visitor, desk: Desk) -> dict[str, str]:
    with desk.look():
        return rows.policies_of(visitor.host.today(), visitor.language)


def _budgets(visitor: Visitor, desk: Desk) -> list[Wanted]:
    with desk.look():
        return rows.budgets(visitor.host.today(), visitor.language)
