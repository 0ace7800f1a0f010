"""Rows for grids that are too long to be sent whole: the grid asks for the stretch that it shows."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI
from nicegui import run
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from restock.errors import RestockError
from restock.language import Language
from restock.service.page.rows import lines
from restock.service.page.visitor import PATH, SignedOutError, visitor_of
from restock.service.problems import Wrong, answer, status_of
from restock.workflows.approval.desk import Desk

Rows = Callable[[Desk, str, Mapping[str, str], Language], dict[str, Any]]
KINDS: Mapping[str, Rows] = {"lines": lines.some_lines, "not-ordered": lines.some_not_ordered}
BLOCK = 100  # rows that a grid asks for at once
SOURCE = """({
  getRows: async (asked) => {
    const query = new URLSearchParams({...window.restockWanted, begin: asked.startRow, end: asked.endRow})
    const by = asked.sortModel[0]
    if (by) { query.set("sort", by.colId); query.set("order", by.sort) }
    const answer = await fetch(`%s/rows/%s/%s?${query}`)
    if (!answer.ok) { asked.failCallback(); return }
    const said = await answer.json()
    asked.successCallback(said.rows, said.count)
    window.restockSeen = said.count
  },
})"""  # restockWanted: what the filters say; restockSeen: how many rows there are


def add_routes(shell: FastAPI) -> None:
    """Answer grids."""
    shell.add_route("/rows/{kind}/{plan}", _rows)


def source(kind: str, plan: str) -> str:
    """The grid's side of it, as JavaScript."""
    return SOURCE % (PATH, kind, quote(plan))


async def _rows(request: Request) -> Response:
    visitor = await run.io_bound(visitor_of, request)
    if visitor is None:
        return JSONResponse({}, 401)
    kind = KINDS.get(request.path_params["kind"])
    if kind is None:
        return JSONResponse({}, 404)
    plan, asked = request.path_params["plan"], dict(request.query_params)
    try:
        found = await run.io_bound(lambda: kind(visitor.desk(), plan, asked, visitor.language))
    except SignedOutError:
        return JSONResponse({}, 401)
    except RestockError as error:
        return answer(request, status_of(error), Wrong(error.message, error.hint))
    return JSONResponse(found, headers={"Cache-Control": "no-store"})
