"""What is around every view: names of the views, language, light and dark, who is signed in."""

from collections.abc import Awaitable, Callable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nicegui import ui

from restock.language import Text
from restock.service.page import admin, data, forecast, item, orders, policies, prices, scenarios, today
from restock.service.page.visitor import LANGUAGE, PATH, THEME, Visitor
from restock.workflows.approval.roles import Permission

ASSETS = Path(__file__).parent / "assets"
SIGN_OUT = """
fetch('/api/v1/session', {method: 'DELETE', headers: {'X-CSRF-Token': '%s'}}).then(() => location.assign('%s/login'))
"""
ACCENT = ("#c2410c", "#ff8a4c")  # on light and dark
REMEMBER = "document.cookie = '%s=%s; path=/; max-age=31536000; SameSite=Lax'; location.reload()"
THEMES = {"auto": ("light", "light_mode"), "light": ("dark", "dark_mode"), "dark": ("auto", "brightness_auto")}


@dataclass(frozen=True)
class View:
    """One of the pages."""

    name: str  # in its address
    title: Text
    build: Callable[[Visitor, Mapping[str, str]], Awaitable[None]]
    permission: Permission = "read"


VIEWS = (
    View("today", Text("Today", "今日"), today.build),
    View("orders", Text("Orders", "订货"), orders.build),
    View("prices", Text("Prices", "价格"), prices.build),
    View("item", Text("Item", "商品"), item.build),
    View("forecast", Text("Forecast", "预测"), forecast.build),
    View("scenarios", Text("Scenarios", "情景"), scenarios.build),
    View("policies", Text("Policies", "策略"), policies.build),
    View("data", Text("Data", "数据"), data.build),
    View("admin", Text("Admin", "管理"), admin.build),
)


async def frame(visitor: Visitor, view: View, asked: Mapping[str, str]) -> None:
    """Draw a view and what is around it.

    Args:
        asked: what stands behind the `?` of its address.
    """
    _prepare(visitor, view)
    ui.colors(primary=ACCENT[visitor.theme == "dark"])
    with ui.header(elevated=False).classes("top"):
        ui.label("restock").classes("brand")
        with ui.element("nav").classes("views"):
            for one in VIEWS:
                if visitor.may(one.permission):
                    here = "page" if one is view else "false"
                    link = ui.element("a").props(f'href="{PATH}/{one.name}" aria-current="{here}"')
                    with link:
                        ui.label(visitor.say(one.title))
        ui.space()
        _controls(visitor)
    with ui.element("main").classes("view"):
        if visitor.may(view.permission):
            await view.build(visitor, asked)
        else:
            ui.label(visitor.say(Text("This is not for your role", "您的角色无权查看此页"))).classes("empty")


def _prepare(visitor: Visitor, view: View) -> None:
    """Language and theme of this browser alone."""
    client = ui.context.client
    client.page = copy(client.page)
    client.page.language = "zh-CN" if visitor.language == "zh" else "en-US"
    client.page.dark = {"dark": True, "light": False, "auto": None}[visitor.theme]
    client.title = f"{visitor.say(view.title)} · restock"
    ui.add_css(_style(), shared=False)


@cache
def _style() -> str:
    return (ASSETS / "page.css").read_text(encoding="utf-8")


def _controls(visitor: Visitor) -> None:
    other, name = ("en", "English") if visitor.language == "zh" else ("zh", "中文")
    remember = lambda key, value: ui.run_javascript(REMEMBER % (key, value))  # noqa: E731
    ui.button(name, on_click=lambda: remember(LANGUAGE, other)).props("flat dense no-caps").mark("language")
    theme, icon = THEMES[visitor.theme]
    said = visitor.say(Text("Light or dark", "浅色或深色"))
    ui.button(icon=icon, on_click=lambda: remember(THEME, theme)).props(f'flat dense round aria-label="{said}"').mark(
        "theme"
    )
    with ui.button(visitor.actor.name, icon="person").props("flat dense no-caps").mark("who"), ui.menu():
        ui.menu_item(f"{visitor.actor.name} · {visitor.actor.role}").props("disable")
        leave = SIGN_OUT % (visitor.csrf, PATH)
        ui.menu_item(visitor.say(Text("Sign out", "退出登录")), on_click=lambda: ui.run_javascript(leave))
