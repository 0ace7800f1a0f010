"""Orders: the lines of the plan, ranked, changed and decided in place; what is not ordered, and why."""

import json
from collections.abc import Mapping
from typing import Any

from nicegui import ui

from restock.language import Text
from restock.service.page import order_actions
from restock.service.page.drawer import Drawer
from restock.service.page.order_grid import line_grid, on_key, rest_grid
from restock.service.page.pieces import planning_button, stale_note
from restock.service.page.rows.lines import Budget, sum_label
from restock.service.page.visitor import Visitor, act
from restock.storage.state import browsing
from restock.storage.state.browsing import Sum
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import PlanView, view_plan
from restock.workflows.approval.wording import STATES

SELECT = "dense outlined options-dense clearable"


class Orders:
    """The view while somebody works on it."""

    def __init__(self, visitor: Visitor, view: PlanView, sums: list[Sum], asked: Mapping[str, str]) -> None:
        self.visitor, self.view, self.sums = visitor, view, sums
        self.plan = view.plan.id
        self.wanted = {
            key: asked[key] for key in ("state", "lane", "site", "attention", "due", "search") if key in asked
        }
        self.grid: ui.aggrid
        self.drawer: Drawer
        self.bar: ui.element

    def draw(self) -> None:
        """Everything."""
        visitor, say = self.visitor, self.visitor.say
        stale_note(visitor, self.view)
        self.bar = ui.element("section").classes("budget").mark("budget")
        self._draw_budget()
        with ui.tabs().props("dense no-caps align=left").classes("tabs") as tabs:
            lines = ui.tab("lines", say(Text("To order", "要订的")))
            ui.tab("rest", say(Text("Not ordered – why", "不订的及原因"))).mark("rest")
        self._set_wanted()
        with ui.element("div").classes("desk"):
            with ui.tab_panels(tabs, value=lines).props("animated=false").classes("panels"):
                with ui.tab_panel("lines"):
                    self._draw_filters()
                    order_actions.draw(self)
                    self.grid = line_grid(visitor, self.plan)
                with ui.tab_panel("rest"):
                    rest_grid(visitor, self.plan)
            self.drawer = Drawer(self)
        self.grid.on("cellEditRequest", self._edited, ["data", "newValue"])
        self.grid.on("rowDoubleClicked", lambda event: self.drawer.show(event.args["data"]), ["data"])
        on_key(self._key)

    async def refresh(self) -> None:
        """Show what was decided."""
        self.grid.run_grid_method("refreshInfiniteCache")
        found = await act(self.visitor, lambda desk: look(desk, self.plan))
        if found is not None:
            self.view, self.sums = found
            self._draw_budget()

    async def selected(self) -> list[dict[str, Any]]:
        """Lines with a tick; none has one: the line where the cursor stands."""
        script = f"""(() => {{
          const api = getElement({self.grid.id}).api, picked = api.getSelectedRows()
          const cell = api.getFocusedCell(), node = cell && api.getDisplayedRowAtIndex(cell.rowIndex)
          return picked.length ? picked : node && node.data ? [node.data] : []
        }})()"""
        return await ui.run_javascript(f"return {script}")

    def clear_selection(self) -> None:
        """No ticks."""
        self.grid.run_grid_method("deselectAll")

    async def _edited(self, event: Any) -> None:
        await order_actions.edit(self, event.args["data"], event.args["newValue"])

    async def _key(self, action: str, line: dict[str, Any], selected: list[dict[str, Any]]) -> None:
        lines = selected or [line]
        if action == "why":
            await self.drawer.show(line)
        elif action == "close":
            self.drawer.close()
        elif action == "approve" and self.visitor.may("approve"):
            await order_actions.approve(self, lines)
        elif action == "reject" and self.visitor.may("approve"):
            await order_actions.reject(self, lines)
        elif action == "snooze" and self.visitor.may("edit"):
            await order_actions.snooze(self, lines)

    def _draw_budget(self) -> None:
        budget = Budget(self.view)
        self.bar.clear()
        with self.bar:
            with ui.element("div").classes("bar").props(f'role="img" aria-label="{self._said(budget)}"'):
                for name, cash in (("committed", budget.committed), ("asked", budget.asked)):
                    ui.element("span").classes(name).style(f"width: {100 * cash / budget.whole:.2f}%")
                if budget.given is not None:
                    ui.element("i").style(f"left: {100 * min(budget.given / budget.whole, 1):.2f}%")
            ui.label(self._said(budget)).classes("note")

    def _said(self, budget: Budget) -> str:
        return budget.said(self.visitor.currency, self.visitor.language)

    def _draw_filters(self) -> None:
        say = self.visitor.say
        states = {"open": say(Text("to decide", "待决定")), **{code: say(text) for code, text in STATES.items()}}
        eye = {"yes": say(Text("needs your eye", "需要您看")), "no": say(Text("safe", "安全"))}
        groups = {
            json.dumps([one.lane, one.site]): sum_label(one, self.visitor.language, self.visitor.currency)
            for one in self.sums
        }
        here = json.dumps([self.wanted.get("lane"), self.wanted.get("site")])
        with ui.row().classes("filters"):
            title = say(Text("Supplier and site", "供应商与仓店"))
            ui.select(groups, value=here if here in groups else None, label=title, on_change=self._group).props(
                SELECT
            ).classes("wide").mark("group")
            for key, choices, label in (
                ("state", states, Text("State", "状态")),
                ("attention", eye, Text("Attention", "关注")),
            ):
                ui.select(
                    choices,
                    value=self.wanted.get(key),
                    label=say(label),
                    on_change=lambda event, key=key: self._want(key, event.value),
                ).props(SELECT).mark(key)
            ui.input(
                say(Text("Search", "搜索")),
                value=self.wanted.get("search", ""),
                on_change=lambda event: self._want("search", event.value),
            ).props("dense outlined clearable debounce=300").mark("search")
            if "due" in self.wanted:
                due = self.wanted["due"]
                said = say(Text(f"to be ordered by {due} ×", f"须在 {due} 前订货 ×"))
                chip = ui.button(said, on_click=lambda: (self._want("due", None), chip.delete()))
                chip.props("flat dense no-caps")

    def _group(self, event: Any) -> None:
        lane, site = json.loads(event.value) if event.value else (None, None)
        self._want("lane", lane, draw=False)
        self._want("site", site)

    def _want(self, key: str, value: str | None, *, draw: bool = True) -> None:
        self.wanted.pop(key, None)
        if value:
            self.wanted[key] = value
        if draw:
            self._set_wanted()
            self.grid.run_grid_method("purgeInfiniteCache")

    def _set_wanted(self) -> None:
        said = json.dumps(self.wanted).replace("<", "\\u003c")
        if ui.context.client.has_socket_connection:
            ui.run_javascript(f"window.restockWanted = {said}")
        else:
            ui.add_head_html(f"<script>window.restockWanted = {said}</script>")


async def build(visitor: Visitor, asked: Mapping[str, str]) -> None:
    """Draw the newest plan."""
    found = await act(visitor, lambda desk: look(desk, None))
    if found is None:
        planning_button(visitor)
        return
    Orders(visitor, *found, asked).draw()


def look(desk: Desk, plan: str | None) -> tuple[PlanView, list[Sum]]:
    """A plan with its sums."""
    view = view_plan(desk, plan)
    with desk.look() as session:
        return view, browsing.sums(session, view.plan.id)
