"""The server as one application: REST, and below `/page` the planner's page on the same host."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

import restock
from restock.service.host import Host
from restock.service.limits import LimitBody
from restock.service.logs import Log
from restock.service.measures import Measure, Measures
from restock.service.page.mounting import mount_page
from restock.service.problems import Problem, add_handlers
from restock.service.routes import data, decisions, jobs, lines, people, plans, policies, scenarios, schedule, watch
from restock.service.welcome import PAGE

PREFIX = "/api/v1"
LOCAL = ("localhost", "127.0.0.1", "[::1]", "testserver")
ABOUT = """Order lines with their reasons: look, change, approve, hand over.

Sign in with `POST /session` (cookie; send its `csrf` as `X-CSRF-Token`), or send `Authorization: Bearer <key>`.
Errors are `application/problem+json`, in the language of `Accept-Language` or `?lang=`, with both languages in `said`.
"""
SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


def create_app(host: Host) -> FastAPI:
    """The application of one project.

    Args:
        host: what it holds; a page mounted on the application finds it as `app.state.host`.
    """
    service = host.project().config.service

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        yield
        host.state.close()

    app = FastAPI(
        title="restock",
        version=restock.__version__,
        description=ABOUT,
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # its pages load scripts from elsewhere
        redoc_url=None,
        lifespan=life,
    )
    app.state.host, app.state.measures = host, Measures()
    for part in (watch, people, data, plans, lines, jobs, policies, scenarios, schedule, decisions):
        app.include_router(part.router, prefix=PREFIX)
    app.add_api_route("/welcome", _welcome, include_in_schema=False, response_class=HTMLResponse)
    add_handlers(app)
    app.add_middleware(LimitBody, upload=service.upload_mb * 1_000_000)
    if service.host in ("127.0.0.1", "localhost", "::1") or service.names:
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=[*LOCAL, *service.names])  # against DNS rebinding
    app.add_middleware(Measure, measures=app.state.measures)
    app.add_middleware(Log)
    _complete_schema(app)
    mount_page(app, host)
    return app


def _welcome() -> HTMLResponse:
    return HTMLResponse(PAGE, headers={**SAFE_HEADERS, "Cache-Control": "no-store"})


def _complete_schema(app: FastAPI) -> None:
    """The schema of errors is named by routes only: put it in; and every write from a browser needs its header."""
    plain = app.openapi

    def complete() -> dict[str, Any]:
        schema = plain()
        parts = schema["components"]["schemas"]
        if "Problem" not in parts:
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts.update(problem.pop("$defs", {}))
            parts["Problem"] = problem
            for unused in ("HTTPValidationError", "ValidationError"):
                parts.pop(unused, None)
        return schema

    app.openapi = complete
