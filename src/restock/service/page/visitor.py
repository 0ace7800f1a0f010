"""Who looks at a page: a browser with a session. What it asks for is checked anew each time, as a session may end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar, cast

import structlog
from nicegui import run, ui
from starlette.requests import HTTPConnection

from restock.errors import RestockError
from restock.language import Language, Text
from restock.service.access import COOKIE
from restock.service.host import Host
from restock.workflows.accounts.sessions import actor_of_session
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import Actor, Permission

PATH = "/page"
HOST, VISITOR = "restock.host", "restock.visitor"  # where a request finds what the server holds, and who asks
LANGUAGE, THEME = "restock_language", "restock_theme"  # cookies
Theme = Literal["light", "dark", "auto"]
T = TypeVar("T")


class SignedOutError(Exception):
    """The session is over."""


@dataclass(frozen=True)
class Visitor:
    """Who looks, in which language, with what rights when the page was opened."""

    host: Host
    token: str
    actor: Actor
    csrf: str
    language: Language
    theme: Theme

    def desk(self) -> Desk:
        """The desk of whoever is signed in now.

        Raises:
            SignedOutError: nobody is.
        """
        found = actor_of_session(self.host.desk(), self.token)
        if found is None:
            raise SignedOutError
        return self.host.desk(found[0])

    def say(self, text: Text) -> str:
        """In the visitor's language."""
        return text.in_(self.language)

    def may(self, permission: Permission) -> bool:
        """Whether a control is offered; what it does is checked again."""
        return permission in self.actor.permissions

    @property
    def currency(self) -> str:
        """Of the shop."""
        return self.host.project().config.shop.currency


def visitor_of(request: HTTPConnection) -> Visitor | None:
    """Who is signed in with the cookie of a request; none: nobody."""
    host: Host = request.scope[HOST]
    token = request.cookies.get(COOKIE)
    found = actor_of_session(host.desk(), token) if token else None
    if token is None or found is None:
        return None
    actor, csrf, user = found
    language = cast(Language, request.cookies.get(LANGUAGE, user.language))
    theme = request.cookies.get(THEME, "auto")
    return Visitor(
        host,
        token,
        actor,
        csrf,
        "zh" if language == "zh" else "en",
        cast(Theme, theme) if theme in ("light", "dark") else "auto",
    )


async def act(visitor: Visitor, work: Callable[[Desk], T]) -> T | None:
    """Do something at the desk without holding others up; an error is shown as everywhere else, and gives none.

    What would be drawn on a page that was left meanwhile is not drawn.
    """
    client = ui.context.client
    try:
        found = await run.io_bound(lambda: work(visitor.desk()))
        if client.is_deleted:
            raise asyncio.CancelledError
        return found
    except SignedOutError:
        ui.run_javascript(f"location.assign('{PATH}/login?next=' + encodeURIComponent(location.pathname))")
    except RestockError as error:
        complain(visitor, error)
    except Exception as error:
        structlog.get_logger().error("unexpected", page=ui.context.client.page.path, exc_info=error)
        message = Text(f"unexpected {type(error).__name__}", f"意外错误 {type(error).__name__}")
        hint = Text("the log of the server has the details", "详情见服务器日志")
        complain(visitor, RestockError(message, hint=hint))
    return None


def complain(visitor: Visitor, error: RestockError) -> None:
    """Say what is wrong and what to do."""
    hint = visitor.say(error.hint)
    said = visitor.say(error.message) + (f"\n{hint}" if hint else "")
    ui.notify(said, type="negative", multi_line=True, timeout=10_000, close_button="×", classes="said")


def tell(visitor: Visitor, text: Text) -> None:
    """Say what was done."""
    ui.notify(visitor.say(text), type="positive", timeout=6_000, classes="said")
