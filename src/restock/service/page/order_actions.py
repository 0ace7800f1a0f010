"""What can be done with order lines: the same calls as REST, each asked for with what it needs."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nicegui import ui

from restock.backtest.wording import money_text
from restock.language import Text
from restock.service.page.dialogs import answer_buttons, answer_of, ask_text, question, sure
from restock.service.page.rows.lines import line_row
from restock.service.page.visitor import Visitor, act, tell
from restock.workflows.approval import approving, handing_over, lines
from restock.workflows.approval.handing_over import FORMS, HandedOver
from restock.workflows.approval.lines import Edit
from restock.workflows.approval.wording import WHYS

if TYPE_CHECKING:
    from restock.service.page.orders import Orders

Line = dict[str, Any]
NOBODY_CHOSEN = Text("Choose lines first: space ticks the one under the cursor", "请先选择订货行：按空格勾选当前行")
KEYS_SAID = Text(
    "Keys: arrows move, space ticks, enter edits a quantity or opens the reason, a approves, r rejects, z snoozes",
    "按键：方向键移动，空格勾选，回车修改数量或查看理由，a 批准，r 驳回，z 暂缓",
)
SNOOZED_DAYS = 7


def draw(orders: "Orders") -> None:
    """The buttons, as far as the visitor may press them."""
    say, may = orders.visitor.say, orders.visitor.may

    async def with_selected(do: Callable[["Orders", list[Line]], Awaitable[None]]) -> None:
        chosen = await orders.selected()
        if chosen:
            await do(orders, chosen)
        else:
            ui.notify(say(NOBODY_CHOSEN), type="warning")

    def button(text: Text, do: Callable[[], Awaitable[None]], mark: str, more: str = "outline") -> None:
        ui.button(say(text), on_click=do).props(f"dense no-caps {more}").mark(mark)

    with ui.row().classes("actions"):
        if may("approve"):
            button(
                Text("Approve all safe", "批准全部安全行"), lambda: approve_safe(orders), "approve-safe", "unelevated"
            )
            button(Text("Approve", "批准"), lambda: with_selected(approve), "approve")
            button(Text("Reject", "驳回"), lambda: with_selected(reject), "reject")
        if may("edit"):
            button(Text("Snooze", "暂缓"), lambda: with_selected(snooze), "snooze")
            button(Text("Reopen", "重新打开"), lambda: with_selected(reopen), "reopen")
        button(Text("Why", "理由"), lambda: with_selected(_why), "why")
        if may("approve"):
            button(Text("Export orders", "下发订单"), lambda: export(orders), "export", "unelevated")
        with ui.button(icon="keyboard").props(f'flat dense round aria-label="{say(KEYS_SAID)}"'):
            ui.tooltip(say(KEYS_SAID))


async def edit(orders: "Orders", line: Line, quantity: Any) -> None:
    """Change a quantity, with a reason."""
    visitor = orders.visitor
    if not isinstance(quantity, int | float) or quantity == line["quantity"]:
        return
    back = quantity == line["suggested"]
    if back:
        why, note = "", ""
    else:
        said = await _ask_why(visitor, line, float(quantity))
        if said is None:
            return
        why, note = said
    wish = Edit(int(line["id"]), float(quantity), why, note, int(line["version"]))
    changed = await act(visitor, lambda desk: lines.edit_line(desk, wish))
    if changed is not None:
        tell(
            visitor,
            Text(
                f"{line['item']}: {line['quantity']:g} → {quantity:g}",
                f"{line['item']}：{line['quantity']:g} → {quantity:g}",
            ),
        )
    await orders.refresh()
    if changed is not None and orders.drawer.shown == changed.id:
        await orders.drawer.show(line_row(changed, visitor.language))


async def approve(orders: "Orders", chosen: list[Line]) -> None:
    """Let lines go."""
    anyway = bool(orders.view.stale)
    if anyway and not await sure(
        orders.visitor,
        Text("The plan is out of date. Approve these lines anyway?", "计划已过期。仍然批准这些订货行？"),
        Text("Approve anyway", "仍然批准"),
    ):
        return
    ids, versions = _named(chosen)
    done = await act(orders.visitor, lambda desk: approving.approve_lines(desk, ids, versions, anyway=anyway))
    if done is not None:
        waiting = sum(line.state == "waiting" for line in done)
        rest = Text(f", {waiting} wait for a second approver", f"，{waiting} 行待第二人审批")
        said = Text(f"{len(done) - waiting} lines approved", f"已批准 {len(done) - waiting} 行")
        tell(orders.visitor, Text(said.en + rest.en, said.zh + rest.zh) if waiting else said)
        orders.clear_selection()
    await orders.refresh()


async def approve_safe(orders: "Orders") -> None:
    """Let all lines go that nobody needs to look at."""
    anyway = bool(orders.view.stale)
    warned = Text(" The plan is out of date.", "计划已过期。") if anyway else Text("", "")
    asked = Text(
        "Approve every line that nobody needs to look at, the best first, as far as the budget reaches?",
        "批准所有无需查看的订货行（按优先级，直到预算用完）？",
    )
    if not await sure(orders.visitor, Text(asked.en + warned.en, asked.zh + warned.zh), Text("Approve", "批准")):
        return
    done = await act(orders.visitor, lambda desk: approving.approve_safe(desk, orders.plan, anyway=anyway))
    if done is not None:
        cash = money_text(done.cash, orders.visitor.currency)
        tell(
            orders.visitor,
            Text(
                f"{done.approved} lines approved for {cash}; {done.left} left for you, {done.over_budget} over budget",
                f"已批准 {done.approved} 行，金额 {cash}；{done.left} 行留待查看，{done.over_budget} 行超出预算",
            ),
        )
    await orders.refresh()


async def reject(orders: "Orders", chosen: list[Line]) -> None:
    """Order none of these, with a reason."""
    reason = await ask_text(
        orders.visitor,
        Text(f"Reject {len(chosen)} lines: why?", f"驳回 {len(chosen)} 行，原因是？"),
        Text("Reject", "驳回"),
    )
    if reason is None:
        return
    ids, versions = _named(chosen)
    done = await act(orders.visitor, lambda desk: lines.reject_lines(desk, ids, reason, versions))
    if done is not None:
        tell(orders.visitor, Text(f"{len(done)} lines rejected", f"已驳回 {len(done)} 行"))
        orders.clear_selection()
    await orders.refresh()


async def snooze(orders: "Orders", chosen: list[Line]) -> None:
    """Leave items alone until a day."""
    visitor = orders.visitor
    with question() as dialog:
        ui.label(visitor.say(Text(f"Leave {len(chosen)} items alone until", f"暂缓 {len(chosen)} 个商品，直到")))
        later = (date.today() + timedelta(days=SNOOZED_DAYS)).isoformat()
        day = ui.input(value=later).props("type=date dense outlined autofocus").mark("until")
        answer_buttons(visitor, dialog, Text("Snooze", "暂缓"), lambda: day.value)
    said = await answer_of(dialog)
    if not said:
        return
    ids, until = _named(chosen)[0], date.fromisoformat(str(said))
    done = await act(visitor, lambda desk: lines.snooze_lines(desk, ids, until))
    if done is not None:
        tell(visitor, Text(f"{len(done)} items snoozed until {until}", f"{len(done)} 个商品暂缓至 {until}"))
        orders.clear_selection()
    await orders.refresh()


async def reopen(orders: "Orders", chosen: list[Line]) -> None:
    """Take decisions back."""
    ids = _named(chosen)[0]
    done = await act(orders.visitor, lambda desk: lines.reopen_lines(desk, ids))
    if done is not None:
        tell(orders.visitor, Text(f"{len(done)} lines reopened", f"已重新打开 {len(done)} 行"))
        orders.clear_selection()
    await orders.refresh()


async def export(orders: "Orders") -> None:
    """Hand the approved lines over, and offer their files."""
    handed = await act(orders.visitor, lambda desk: handing_over.hand_over(desk, orders.plan))
    if handed is not None:
        _offer(orders.visitor, handed)
        await orders.refresh()


def _offer(visitor: Visitor, handed: HandedOver) -> None:
    """The purchase orders, as files."""
    export = handed.export
    with ui.dialog() as dialog, ui.card().classes("asking wide").mark("handed-over"):
        ui.label(visitor.say(Text("Orders are handed over", "订单已下发"))).classes("heading")
        cash = money_text(export.cash, visitor.currency)
        ui.label(visitor.say(Text(f"{export.lines} lines, {cash}", f"{export.lines} 行，{cash}")) + f" · {export.id}")
        if handed.again:
            again = Text(
                "Nothing new was approved since: these are the orders from before",
                "此后没有新批准的行：以下是之前的订单",
            )
            ui.label(visitor.say(again)).classes("note")
        with ui.element("table").classes("files"):
            for order in handed.orders:
                with ui.element("tr"):
                    for cell in (
                        order.supplier,
                        order.site,
                        f"{order.lines}",
                        money_text(order.cash, visitor.currency),
                    ):
                        with ui.element("td"):
                            ui.label(cell)
                    with ui.element("td"):
                        for form in FORMS:
                            file = f"/api/v1/exports/{quote(export.id)}/file?order={quote(order.stem)}&form={form}"
                            with ui.element("a").props(f'href="{file}" download'):
                                ui.label(form.upper())
        ui.button(visitor.say(Text("Close", "关闭")), on_click=dialog.close).props("flat no-caps").mark("close")
    dialog.open()


async def _why(orders: "Orders", chosen: list[Line]) -> None:
    await orders.drawer.show(chosen[0])


async def _ask_why(visitor: Visitor, line: Line, quantity: float) -> tuple[str, str] | None:
    """The reason for another quantity; none: never mind."""
    title = Text(
        f"{line['item']}: order {quantity:g} instead of {line['suggested']:g}",
        f"{line['item']}：订 {quantity:g}（建议 {line['suggested']:g}）",
    )
    with question() as dialog:
        ui.label(visitor.say(title)).classes("heading")
        choices = {code: visitor.say(text) for code, text in WHYS.items()}
        why = (
            ui.select(choices, label=visitor.say(Text("Reason", "原因")))
            .props("dense outlined autofocus")
            .mark("reason")
        )
        note = ui.input(visitor.say(Text("Note", "说明"))).props("dense outlined maxlength=500").mark("note")
        answer_buttons(visitor, dialog, Text("Change", "修改"), lambda: (why.value or "", note.value or ""))
    return await answer_of(dialog)


def _named(chosen: list[Line]) -> tuple[list[int], dict[int, int]]:
    """Ids, and the versions that were seen."""
    return [int(line["id"]) for line in chosen], {int(line["id"]): int(line["version"]) for line in chosen}
