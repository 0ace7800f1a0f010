"""Dialogs that ask a visitor for something and wait for the answer."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nicegui import ui

from restock.language import Text
from restock.service.page.visitor import Visitor

CANCEL = Text("Cancel", "取消")
OK = Text("OK", "确定")


@contextmanager
def question() -> Iterator[ui.dialog]:
    """A dialog to draw into; `answer_of` opens it."""
    with ui.dialog() as dialog, ui.card().classes("asking"):
        yield dialog


async def answer_of(dialog: ui.dialog) -> Any:
    """What the visitor submits; none: the dialog was closed."""
    said = await dialog
    dialog.delete()
    return said


def answer_buttons(visitor: Visitor, dialog: ui.dialog, do: Text, answer: Callable[[], Any]) -> None:
    """To cancel, and to submit what `answer` gives."""
    with ui.row().classes("buttons"):
        ui.button(visitor.say(CANCEL), on_click=dialog.close).props("flat no-caps").mark("cancel")
        ui.button(visitor.say(do), on_click=lambda: dialog.submit(answer())).props("unelevated no-caps").mark("confirm")


async def ask_text(visitor: Visitor, title: Text, do: Text) -> str | None:
    """A line of text, such as a reason; none: never mind."""
    with question() as dialog:
        ui.label(visitor.say(title)).classes("heading")
        text = ui.input().props("dense outlined autofocus maxlength=500").mark("text")
        text.on("keydown.enter", lambda: dialog.submit(text.value or ""))
        answer_buttons(visitor, dialog, do, lambda: text.value or "")
    return await answer_of(dialog)


async def sure(visitor: Visitor, title: Text, do: Text) -> bool:
    """Whether the visitor means it."""
    with question() as dialog:
        ui.label(visitor.say(title)).classes("heading")
        answer_buttons(visitor, dialog, do, lambda: True)
    return bool(await answer_of(dialog))
