"""The page below the application: NiceGUI in a shell of its own, told in each request what the server holds."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

from fastapi import FastAPI
from nicegui import ui
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restock.service.host import Host
from restock.service.page import grid_data, uploading
from restock.service.page.frame import VIEWS, View, frame
from restock.service.page.signing_in import SIGN_IN
from restock.service.page.visitor import HOST, PATH, VISITOR, visitor_of

LONGEST = 60.0  # seconds until a view must stand
PATIENCE = 30.0  # seconds that a browser may be away before its page is forgotten
HEADERS = {
    "Content-Security-Policy": "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'none'; "
    "form-action 'self'; base-uri 'self'",  # nothing is ever asked of another machine
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def mount_page(app: FastAPI, host: Host) -> None:
    """Put the page below an application, and start and stop it with that."""
    shell, outer = _shell(), app.router.lifespan_context

    @asynccontextmanager
    async def life(it: FastAPI) -> AsyncIterator[Any]:
        async with shell.router.lifespan_context(shell), outer(it) as state:
            yield state

    app.router.lifespan_context = life
    app.add_route("/", _home, include_in_schema=False)
    app.mount(PATH, _Told(shell, host))


class _Told:
    """Says in each request what the server holds and who asks, and in each answer what a browser may do with it."""

    def __init__(self, app: ASGIApp, host: Host) -> None:
        self.app, self.host = app, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or one connection."""
        scope[HOST] = self.host
        name = scope["path"].removeprefix(PATH).strip("/")
        if scope["type"] == "http" and name in {view.name for view in VIEWS}:
            scope[VISITOR] = await run_in_threadpool(visitor_of, HTTPConnection(scope))
            if scope[VISITOR] is None:
                await RedirectResponse(f"{PATH}/login?next={PATH}/{name}", 303)(scope, receive, send)
                return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if headers.get("content-type", "").startswith("text/html"):
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, guarded)


@cache  # NiceGUI is one per process
def _shell() -> FastAPI:
    shell = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    shell.add_route("/", _home)
    shell.add_route("/login", _sign_in)
    shell.add_route("/upload", uploading.take, methods=["POST"])
    grid_data.add_routes(shell)
    for view in VIEWS:
        ui.page(f"/{view.name}", title="restock", response_timeout=LONGEST)(_page(view))
    ui.run_with(
        shell,
        title="restock",
        mount_path="/",
        tailwind=False,
        reconnect_timeout=PATIENCE,
        binding_refresh_interval=None,
        show_welcome_message=False,
    )
    return shell


def _page(view: View) -> Callable[[Request], Awaitable[None]]:
    async def show(request: Request) -> None:
        await frame(request.scope[VISITOR], view, request.query_params)

    return show


async def _home(_: Request) -> Response:
    return RedirectResponse(f"{PATH}/today", 303)


async def _sign_in(_: Request) -> Response:
    return HTMLResponse(SIGN_IN)
