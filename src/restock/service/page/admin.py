"""Admin: people and their roles, keys of programs, long work, and who did what."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from nicegui import ui

from restock.language import Language, Text
from restock.service.page.dialogs import CANCEL, OK, answer_buttons, answer_of, question, sure
from restock.service.page.pieces import column, facts_list, listing, start, table
from restock.service.page.rows import admin as rows
from restock.service.page.visitor import Visitor, act, tell
from restock.workflows.accounts import keys, sessions, users
from restock.workflows.accounts.at_terminal import welcome
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import LABELS
from restock.workflows.jobs import asking
from restock.workflows.timetable import KIND

Row = dict[str, Any]


async def build(visitor: Visitor, _: Mapping[str, str]) -> None:
    """Draw what the visitor may see of it."""
    say = visitor.say
    parts: list[tuple[str, Text, Callable[[Visitor], Any]]] = []
    if visitor.may("manage"):
        parts += [("people", Text("People", "用户"), _people), ("keys", Text("Keys", "密钥"), _keys)]
    parts += [("work", Text("Work", "任务"), _work), ("schedule", Text("Every day", "每日任务"), _schedule)]
    if visitor.may("audit"):
        parts.append(("trail", Text("Who did what", "操作记录"), _trail))
    with ui.tabs().props("dense no-caps align=left").classes("tabs") as tabs:
        for name, title, _draw in parts:
            ui.tab(name, say(title)).mark(name)
    with ui.tab_panels(tabs, value=parts[0][0]).props("animated=false").classes("panels"):
        for name, _title, draw in parts:
            with ui.tab_panel(name):
                await draw(visitor)


async def _people(visitor: Visitor) -> None:
    columns = [
        column(visitor, "name", Text("Name", "用户名"), flex=2),
        column(visitor, "role_said", Text("Role", "角色"), flex=1),
        column(visitor, "active", Text("Active", "启用"), flex=1),
        column(visitor, "language", Text("Language", "语言"), flex=1),
        column(visitor, "created", Text("Since", "创建时间"), flex=1),
    ]
    refresh = listing(
        visitor,
        lambda desk: rows.user_rows(desk, visitor.language),
        columns,
        "users",
        lambda row: _change(visitor, row, refresh),
    )
    ui.label(visitor.say(Text("Click a person to change the role", "点击用户可修改角色"))).classes("note")

    async def add() -> None:
        roles = {role: visitor.say(text) for role, text in rows.ROLES.items()}
        with question() as dialog:
            name = ui.input(visitor.say(Text("Name", "用户名"))).props("dense outlined autofocus maxlength=80")
            role = ui.select(roles, value="planner", label=visitor.say(Text("Role", "角色"))).props("dense outlined")
            language = ui.select({"en": "English", "zh": "中文"}, value=visitor.language).props("dense outlined")
            answer_buttons(visitor, dialog, OK, lambda: (name.value or "", role.value, language.value))
        said = await answer_of(dialog)
        if said:
            link = await act(visitor, lambda desk: _added(desk, *said))
            if link:
                _show_secret(visitor, Text("The link signs in once", "该链接仅可登录一次"), link)
            await refresh()

    with ui.row().classes("actions"):
        ui.button(visitor.say(Text("Add somebody", "添加用户")), on_click=add).props("dense no-caps unelevated")
    await refresh()


async def _change(visitor: Visitor, row: Row, refresh: Callable[[], Any]) -> None:
    """Another role, no access any more, or a new link."""
    name = row["name"]
    roles = {role: visitor.say(text) for role, text in rows.ROLES.items()}
    with question() as dialog:
        ui.label(name).classes("heading")
        role = ui.select(roles, value=row["role"], label=visitor.say(Text("Role", "角色"))).props("dense outlined")
        with ui.row().classes("buttons"):
            _choice(visitor, dialog, CANCEL, lambda: None)
            _choice(visitor, dialog, Text("New link", "新链接"), lambda: "link")
            _choice(visitor, dialog, Text("Stop access", "停用"), lambda: users.Changes(active=False))
            _choice(visitor, dialog, Text("Save", "保存"), lambda: users.Changes(role=role.value, active=True))
    said = await answer_of(dialog)
    if said == "link":
        link = await act(visitor, lambda desk: welcome(desk, sessions.new_link(desk, name)))
        if link:
            _show_secret(visitor, Text("The link signs in once", "该链接仅可登录一次"), link)
    elif said is not None:
        if await act(visitor, lambda desk: users.change_user(desk, name, cast(users.Changes, said))) is not None:
            tell(visitor, Text(f"{name} is changed", f"已修改 {name}"))
        await refresh()


def _added(desk: Desk, name: str, role: str, language: Language) -> str:
    users.add_user(desk, name, role, language=language)
    return welcome(desk, sessions.new_link(desk, name))


async def _keys(visitor: Visitor) -> None:
    columns = [
        column(visitor, "name", Text("Name", "名称"), flex=1),
        column(visitor, "user", Text("Of", "所属用户"), flex=1),
        column(visitor, "prefix", Text("Begins with", "前缀"), flex=1),
        column(visitor, "scopes", Text("May", "权限"), flex=2),
        column(visitor, "state", Text("State", "状态"), flex=1),
        column(visitor, "expires", Text("Ends", "到期"), flex=1),
        column(visitor, "used", Text("Last used", "最近使用"), flex=1),
    ]
    refresh = listing(
        visitor,
        lambda desk: rows.key_rows(desk, visitor.language),
        columns,
        "keys",
        lambda row: _revoke(visitor, row, refresh),
    )

    async def create() -> None:
        scopes = {scope: visitor.say(text) for scope, text in LABELS.items()}
        with question() as dialog:
            name = ui.input(visitor.say(Text("Name", "名称"))).props("dense outlined autofocus maxlength=80")
            may = ui.select(scopes, multiple=True, value=["read"], label=visitor.say(Text("May", "权限")))
            may.props("dense outlined use-chips")
            days = ui.number(visitor.say(Text("Days", "有效天数")), value=90, min=1, max=3650).props("dense outlined")
            answer_buttons(
                visitor, dialog, OK, lambda: (name.value or "", list(may.value or []), int(days.value or 90))
            )
        said = await answer_of(dialog)
        if said:
            title, scopes_chosen, last = said
            made = await act(visitor, lambda desk: keys.create_key(desk, title, scopes_chosen, days=last))
            if made is not None:
                _show_secret(visitor, Text("The key is shown this once", "密钥仅显示这一次"), made.token)
            await refresh()

    with ui.row().classes("actions"):
        ui.button(visitor.say(Text("Create a key", "创建密钥")), on_click=create).props("dense no-caps unelevated")
    await refresh()


async def _revoke(visitor: Visitor, row: Row, refresh: Callable[[], Any]) -> None:
    if await sure(visitor, Text(f"End the key {row['name']} at once?", f"立即撤销密钥 {row['name']}？"), OK):
        await act(visitor, lambda desk: keys.revoke_key(desk, int(row["id"])))
        await refresh()


async def _work(visitor: Visitor) -> None:
    """Jobs, and stopping or going on with one."""
    columns = [
        column(visitor, "created", Text("Asked for", "发起时间"), flex=1),
        column(visitor, "kind", Text("What", "类型"), flex=1),
        column(visitor, "state_said", Text("State", "状态"), flex=1),
        column(visitor, "progress", Text("Steps", "进度"), flex=1),
        column(visitor, "what", Text("Details", "详情"), flex=3),
        column(visitor, "author", Text("By", "发起人"), flex=1),
    ]
    refresh = listing(
        visitor, lambda desk: rows.job_rows(desk, visitor.language), columns, "jobs", lambda row: chosen(row)
    )

    async def chosen(row: Row) -> None:
        job = row["id"]
        if row["state"] in ("queued", "running"):
            await act(visitor, lambda desk: asking.cancel(desk, job))
        elif row["state"] in ("failed", "cancelled"):
            resumed = await act(visitor, lambda desk: asking.resume(desk, job))
            if resumed is not None:
                visitor.host.queue.put(job)
        await refresh()

    with ui.row().classes("actions"):
        ui.button(visitor.say(Text("Refresh", "刷新")), on_click=refresh).props("dense no-caps outline")
        said = Text(
            "Click one that runs to stop it, one that failed to go on", "点击运行中的任务可停止，点击失败的任务可继续"
        )
        ui.label(visitor.say(said)).classes("note")
    await refresh()


async def _schedule(visitor: Visitor) -> None:
    """The daily work: when it is due, what it did, and to have it done now."""
    say, language = visitor.say, visitor.language
    found = await act(visitor, lambda desk: rows.schedule_facts(desk, language))
    with ui.element("div").classes("panel narrow"):
        facts_list(found or [])
        ui.label(
            say(Text("Set in the section [schedule] of restock.toml", "在 restock.toml 的 [schedule] 中设置"))
        ).classes("note")
    columns = [
        column(visitor, "when", Text("Asked for", "发起时间"), flex=1),
        column(visitor, "state", Text("State", "状态"), flex=1),
        column(visitor, "steps", Text("Steps", "步骤"), flex=5, tooltipField="steps", wrapText=True, autoHeight=True),
        column(visitor, "plan", Text("Plan", "计划"), flex=2),
        column(visitor, "author", Text("By", "发起人"), flex=1),
    ]

    async def now() -> None:
        title = Text("Load, check, plan and tell others now?", "立即执行导入、检查、计划和通知？")
        if await sure(visitor, title, Text("Do it now", "立即执行")):
            if await act(visitor, lambda desk: start(visitor, desk, KIND)) is not None:
                tell(visitor, Text("The daily work has been asked for", "已发起每日任务"))
            await refresh()

    if visitor.may("plan"):
        with ui.row().classes("actions"):
            ui.button(say(Text("Do it now", "立即执行")), on_click=now).props("dense no-caps outline").mark("day-now")
    refresh = listing(visitor, lambda desk: rows.day_rows(desk, language), columns, "days")
    await refresh()


async def _trail(visitor: Visitor) -> None:
    found = await act(visitor, rows.trail_rows)
    columns = [
        column(visitor, "at", Text("When (UTC)", "时间（UTC）"), flex=2),
        column(visitor, "actor", Text("Who", "谁"), flex=1),
        column(visitor, "via", Text("Through", "途径"), flex=1),
        column(visitor, "action", Text("Did", "操作"), flex=1),
        column(visitor, "kind", Text("To a", "对象类型"), flex=1),
        column(visitor, "object", Text("Which", "对象"), flex=2),
        column(visitor, "details", Text("Details", "详情"), flex=4, tooltipField="details"),
    ]
    table(visitor, columns, found or [], "trail")


def _show_secret(visitor: Visitor, title: Text, secret: str) -> None:
    with ui.dialog() as dialog, ui.card().classes("asking wide"):
        ui.label(visitor.say(title)).classes("heading")
        ui.input(value=secret).props("dense outlined readonly")
        ui.button(visitor.say(Text("Close", "关闭")), on_click=dialog.close).props("flat no-caps")
    dialog.open()


def _choice(visitor: Visitor, dialog: ui.dialog, text: Text, answer: Callable[[], Any]) -> None:
    ui.button(visitor.say(text), on_click=lambda: dialog.submit(answer())).props("flat no-caps")
