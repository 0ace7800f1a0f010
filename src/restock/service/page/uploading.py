"""Files that come in from the page: put aside under a name, looked at, then loaded by a job or thrown away."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

from nicegui import run
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from restock.errors import RestockError, UsageError
from restock.language import Text
from restock.service.access import CSRF
from restock.service.limits import check_archive, check_name, store
from restock.service.page.visitor import SignedOutError, Visitor, visitor_of
from restock.service.problems import ProblemError, Wrong, answer, status_of
from restock.workflows.approval.desk import Desk, new_id
from restock.workflows.approval.roles import need
from restock.workflows.jobs import asking

MB, MOST_FILES = 1_000_000, 20
SEND = """
async (input) => {
  const body = new FormData()
  for (const file of input.files) body.append('files', file)
  const headers = {'X-CSRF-Token': '%s', 'Accept-Language': '%s'}
  const answer = await fetch('%s/upload', {method: 'POST', body, headers})
  emitEvent('restock-uploaded', {ok: answer.ok, said: await answer.json()})
  input.value = ''
}"""


async def take(request: Request) -> Response:
    """`POST /page/upload`: keep the files; says under which name."""
    visitor = await run.io_bound(visitor_of, request)
    if visitor is None:
        return answer(request, 401, Wrong(Text("nobody is signed in", "未登录")))
    if request.headers.get(CSRF, "") != visitor.csrf:
        return answer(request, 403, Wrong(Text(f"the header `{CSRF}` is missing or wrong", f"请求头 `{CSRF}` 不正确")))
    async with request.form(max_files=MOST_FILES, max_fields=0) as form:
        files = [one for one in form.getlist("files") if isinstance(one, UploadFile)]
        try:
            name = await run.io_bound(lambda: keep(visitor, visitor.desk(), files))
        except SignedOutError:
            return answer(request, 401, Wrong(Text("nobody is signed in", "未登录")))
        except RestockError as error:
            return answer(request, status_of(error), Wrong(error.message, error.hint))
        except ProblemError as error:
            return answer(request, error.status, Wrong(error.message, error.hint))
    return JSONResponse({"name": name})


def keep(visitor: Visitor, desk: Desk, files: Sequence[UploadFile]) -> str:
    """Put files aside; returns the name of their folder.

    Raises:
        ForbiddenError: the visitor may not load data.
        UsageError: a name that is none, or the same twice.
        DataError: an archive that grows beyond measure.
        ProblemError: they are too large.
    """
    need(desk.actor, "load")
    names = [check_name(file.filename) for file in files]
    if not names or len(set(names)) < len(names):
        raise UsageError(
            Text("choose at least one file, each under a name of its own", "请至少选择一个文件，且文件名不能重复")
        )
    name = new_id(desk.clock())
    place, left = desk.project.folder.uploads / name, visitor.host.project().config.service.upload_mb * MB
    place.mkdir(parents=True)
    try:
        for file, plain in zip(files, names, strict=True):
            left -= store(cast(Any, file.file), place / plain, left)
            check_archive(place / plain, visitor.host.project().config.service.upload_mb * MB)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise
    return name


def files_of(desk: Desk, name: str) -> list[Path]:
    """What was put aside under a name that was given out here."""
    return sorted((desk.project.folder.uploads / Path(name).name).iterdir())


def load(visitor: Visitor, desk: Desk, name: str) -> str:
    """Have a worker read them; returns the job's id."""
    job = asking.ask(desk, "load", {}, name)
    visitor.host.queue.put(job.id)
    return job.id


def throw_away(desk: Desk, name: str) -> None:
    """Never mind."""
    need(desk.actor, "load")
    shutil.rmtree(desk.project.folder.uploads / Path(name).name, ignore_errors=True)
