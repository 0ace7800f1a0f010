"""Order lines: look, change, decide."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from restock.errors import MissingError
from restock.language import Text
from restock.service.access import CanApprove, CanEdit, CanRead
from restock.service.once import DESCRIPTION, Once
from restock.service.problems import documented
from restock.service.shapes.lines import (
    ApproveAsked,
    Comment,
    CommentAsked,
    EditAsked,
    Line,
    LinesAsked,
    RejectAsked,
    SnoozeAsked,
)
from restock.storage.state import orders, tables
from restock.workflows.approval import approving, lines
from restock.workflows.approval.desk import Desk

router = APIRouter(tags=["lines"], route_class=Once)
LineId = Annotated[int, Path(ge=1, le=2**31 - 1)]
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}
Match = Annotated[
    str,
    Header(alias="If-Match", max_length=100, description="The ETag that was seen; `*`: whatever is there"),
]
NoneMatch = Annotated[str | None, Header(alias="If-None-Match", max_length=1000)]
ETAG = {"ETag": {"schema": {"type": "string"}, "description": "Changes with the line"}}


@router.get(
    "/lines/{line}",
    response_model=Line,
    responses={**documented(401, 403, 404), 200: {"headers": ETAG}, 304: {"description": "As it was seen"}},
)
def get_line(desk: CanRead, line: LineId, response: Response, seen: NoneMatch = None) -> Any:
    """One line."""
    found = _line(desk, line)
    response.headers["ETag"] = etag(found)
    if seen is not None and etag(found) in [one.strip() for one in seen.split(",")]:
        return Response(status_code=304, headers={"ETag": etag(found)})
    return Line.model_validate(found)


@router.patch(
    "/lines/{line}",
    responses={**documented(401, 403, 404, 409, 412), 200: {"headers": ETAG}},
    openapi_extra=ONCE,
)
def edit_line(desk: CanEdit, line: LineId, asked: EditAsked, response: Response, seen: Match) -> Line:
    """Change the quantity, with a reason."""
    edit = lines.Edit(line, asked.quantity, asked.why, asked.note, _version(desk, line, seen))
    changed = lines.edit_line(desk, edit)
    response.headers["ETag"] = etag(changed)
    return Line.model_validate(changed)


@router.post("/lines/approve", responses=documented(401, 403, 404, 409, 412), openapi_extra=ONCE)
def approve_lines(desk: CanApprove, asked: ApproveAsked) -> list[Line]:
    """Let lines go: all of them, or none; one above the limit waits for a second person."""
    return _told(approving.approve_lines(desk, _ids(asked), _versions(asked), anyway=asked.anyway))


@router.post("/lines/reject", responses=documented(401, 403, 404, 409, 412), openapi_extra=ONCE)
def reject_lines(desk: CanApprove, asked: RejectAsked) -> list[Line]:
    """Order none of these, with a reason."""
    return _told(lines.reject_lines(desk, _ids(asked), asked.reason, _versions(asked)))


@router.post("/lines/snooze", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def snooze_lines(desk: CanEdit, asked: SnoozeAsked) -> list[Line]:
    """Leave these items alone until a day, in later plans too."""
    return _told(lines.snooze_lines(desk, _ids(asked), asked.until, asked.reason))


@router.post("/lines/reopen", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def reopen_lines(desk: CanEdit, asked: LinesAsked) -> list[Line]:
    """Take decisions back; what was handed over stays."""
    return _told(lines.reopen_lines(desk, _ids(asked)))


@router.get("/lines/{line}/comments", responses=documented(401, 403, 404))
def list_comments(desk: CanRead, line: LineId) -> list[Comment]:
    """What was written about the item of a line, the newest first; 200 at most."""
    found = _line(desk, line)
    with desk.look() as session:
        said = orders.comments_on(session, (found.item, found.site))
    return [Comment.model_validate(one) for one in said]


@router.post("/lines/{line}/comments", status_code=201, responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def comment(desk: CanEdit, line: LineId, asked: CommentAsked) -> Comment:
    """Write about the item of a line."""
    return Comment.model_validate(lines.comment(desk, line, asked.text))


def etag(line: tables.Line) -> str:
    """Another one for every version of a line."""
    return f'"{line.id}-{line.version}"'


def _line(desk: Desk, line: int) -> tables.Line:
    with desk.look() as session:
        found = orders.get_lines(session, [line])
    if not found:
        raise MissingError(Text(f"there is no line `{line}`", f"没有订货行 `{line}`"))
    return found[0]


def _version(desk: Desk, line: int, seen: str) -> int | None:
    """The version that an ETag stands for; one of another line, or none at all, fits no version."""
    if seen.strip() == "*":
        return None
    found = _line(desk, line)
    return found.version if seen.strip() == etag(found) else -1


def _ids(asked: LinesAsked) -> list[int]:
    return [one.id for one in asked.lines]


def _versions(asked: LinesAsked) -> dict[int, int]:
    return {one.id: one.version for one in asked.lines if one.version is not None}


def _told(found: list[tables.Line]) -> list[Line]:
    return [Line.model_validate(one) for one in found]
