"""Plans and what becomes of them: lines, sheets, purchase orders."""

import tempfile
from pathlib import Path as File
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Path, Query, Request, Response, UploadFile
from pydantic import AfterValidator, ConfigDict, Field

from restock.service.access import CanApprove, CanEdit, CanPlan, CanRead, TheHost
from restock.service.limits import check_archive, check_name, store
from restock.service.once import DESCRIPTION, Once
from restock.service.paging import Cursor, Limit, page, read_cursor, read_number
from restock.service.problems import Said, documented
from restock.service.routes.jobs import accepted, started
from restock.service.shapes.base import Asked, Page, Short, Words, without_nul
from restock.service.shapes.jobs import Job
from restock.service.shapes.lines import Line
from restock.service.shapes.plans import (
    Approved,
    Export,
    ExportAsked,
    ExportRow,
    NotOrdered,
    Plan,
    PlanRow,
    Reread,
    SafeAsked,
)
from restock.storage.frames import read_frame
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.workflows.approval import adding, approving, handing_over, worksheet
from restock.workflows.approval.adding import Addition
from restock.workflows.approval.plans import view_plan
from restock.workflows.plan import NOT_ORDERED
from restock.workflows.uploads import named_as_sent

router = APIRouter(tags=["plans"], route_class=Once)
ONCE: dict[str, Any] = {"parameters": [DESCRIPTION]}
PlanId = Annotated[str, AfterValidator(without_nul), Path(max_length=80, description="The run that made it")]
ExportId = Annotated[str, AfterValidator(without_nul), Path(max_length=100)]
Word = Annotated[str | None, AfterValidator(lambda word: word and without_nul(word)), Query(max_length=200)]
Form = Annotated[Literal["csv", "xlsx", "json"], Query(description="Kind of file")]
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
FILE = {
    "description": "The file",
    "content": {
        "text/csv": {"schema": {"type": "string"}},
        TYPES["xlsx"]: {"schema": {"type": "string", "format": "binary"}},
        "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
    },
}
State = Literal["proposed", "waiting", "approved", "rejected", "snoozed", "exported"]


@router.get("/plans", responses=documented(401, 403))
def list_plans(desk: CanRead, limit: Limit = 50, cursor: Cursor = None) -> Page[PlanRow]:
    """Plans on the desk, the newest first."""
    with desk.look() as session:
        found = orders.list_plans(session, read_cursor(cursor), limit + 1)
    shown = page(found, limit, lambda one: one.id, PlanRow.model_validate)
    return Page[PlanRow](**shown)


@router.post("/plans", status_code=202, responses={**documented(401, 403, 409), **accepted}, openapi_extra=ONCE)
def make_plan(desk: CanPlan, host: TheHost, response: Response, request: Request) -> Job:
    """Have today's plan made from the newest data; 202 with the job that does it."""
    return started(desk, host, "plan", {}, response, request)


@router.get("/plans/{plan}", responses=documented(401, 403, 404))
def get_plan(desk: CanRead, plan: PlanId) -> Plan:
    """A plan: what it came from, whether that still holds, and how far people are with it."""
    return Plan.model_validate(view_plan(desk, plan).to_json())


@router.get("/plans/{plan}/lines", responses=documented(401, 403, 404))
def list_lines(
    desk: CanRead,
    plan: PlanId,
    state: State | None = None,
    lane: Word = None,
    site: Word = None,
    item: Word = None,
    attention: Annotated[
        bool | None, Query(description="Only what people should look at, or only what is safe")
    ] = None,
    limit: Limit = 200,
    cursor: Cursor = None,
) -> Page[Line]:
    """Lines of a plan by rank, the best first."""
    view_plan(desk, plan)
    wanted = LineFilter(state, lane, site, item, attention)
    with desk.look() as session:
        found = orders.find_lines(session, plan, wanted, read_number(cursor) or 0, limit + 1)
    shown = page(found, limit, lambda one: one.rank, Line.model_validate)
    return Page[Line](**shown)


class LineAsked(Asked):
    """An item to order although the plan leaves it out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"item": "A-9", "quantity": 12, "why": "promotion"}]}
    )

    item: Short
    site: Short | None = Field(default=None, description="None: the item is at one site only")
    quantity: float = Field(gt=0, le=1e9, description="Units")
    why: Short
    note: Words = ""


@router.post("/plans/{plan}/lines", status_code=201, responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def add_line(desk: CanEdit, plan: PlanId, asked: LineAsked) -> Line:
    """Order an item that the plan leaves out: a new line that waits for approval, with who wanted it and why."""
    wish = Addition(asked.item, asked.quantity, asked.why, asked.note, asked.site)
    return Line.model_validate(adding.add_line(desk, wish, plan))


@router.get("/plans/{plan}/not-ordered", responses=documented(401, 403, 404))
def list_not_ordered(desk: CanRead, plan: PlanId, limit: Limit = 200, cursor: Cursor = None) -> Page[NotOrdered]:
    """Items that are not ordered, and why; who runs out most likely first."""
    view = view_plan(desk, plan)
    after = read_number(cursor) or 0
    frame = read_frame(desk.project.folder.runs / view.plan.id / NOT_ORDERED)
    rows = frame.with_row_index("number", offset=1).slice(after, limit + 1).to_dicts()
    return Page[NotOrdered](**page(rows, limit, lambda row: row["number"], _not_ordered))


@router.post("/plans/{plan}/approve-safe", responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def approve_safe(desk: CanApprove, plan: PlanId, asked: SafeAsked) -> Approved:
    """Let all lines go that nobody needs to look at, the best first, as far as the budget reaches."""
    return Approved.model_validate(approving.approve_safe(desk, plan, anyway=asked.anyway).to_json())


@router.get("/plans/{plan}/sheet", responses={**documented(401, 403, 404), 200: FILE}, response_class=Response)
def get_sheet(desk: CanRead, plan: PlanId, form: Form = "csv") -> Response:
    """All lines as a sheet; quantity, why and note may be edited and sent back."""
    return _file(worksheet.worksheet(desk, plan), f"{plan}.{form}", form)


@router.post("/plans/{plan}/sheet", responses=documented(401, 403, 404, 409, 413))
def send_sheet(desk: CanEdit, host: TheHost, plan: PlanId, file: UploadFile) -> Reread:
    """Take the quantities of an edited sheet over, by the ids of its lines: all of them, or none."""
    most = host.project().config.service.upload_mb * 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = File(folder) / check_name(file.filename)
        store(file.file, path, most)
        check_archive(path, most)
        with named_as_sent(path.parent):
            return Reread.model_validate(worksheet.read_back(desk, path, plan).to_json())


@router.get("/exports", tags=["exports"], responses=documented(401, 403))
def list_exports(desk: CanRead, limit: Limit = 50, cursor: Cursor = None) -> Page[ExportRow]:
    """What was handed over, the newest first."""
    with desk.look() as session:
        found = orders.list_exports(session, read_cursor(cursor), limit + 1)
    shown = page(found, limit, lambda one: one.id, ExportRow.model_validate)
    return Page[ExportRow](**shown)


@router.post("/exports", tags=["exports"], responses=documented(401, 403, 404, 409), openapi_extra=ONCE)
def hand_over(desk: CanApprove, asked: ExportAsked) -> Export:
    """Hand the approved lines of a plan over; asked twice, the answer is the same export."""
    return Export.model_validate(handing_over.hand_over(desk, asked.plan).to_json())


@router.get("/exports/{export}", tags=["exports"], responses=documented(401, 403, 404))
def get_export(desk: CanRead, export: ExportId) -> Export:
    """The purchase orders of an export."""
    return Export.model_validate(handing_over.view_export(desk, export).to_json())


@router.get(
    "/exports/{export}/file",
    tags=["exports"],
    responses={**documented(401, 403, 404), 200: FILE},
    response_class=Response,
)
def get_file(desk: CanRead, export: ExportId, form: Form = "csv", order: Word = None) -> Response:
    """The lines of an export, or of one of its purchase orders; always the same."""
    name = f"{export}-{order}" if order else export
    return _file(handing_over.order_frame(desk, export, order), f"{name}.{form}", form)


def _file(frame: pl.DataFrame, name: str, form: Literal["csv", "xlsx", "json"]) -> Response:
    with tempfile.TemporaryDirectory() as folder:
        path = File(folder) / "file"
        handing_over.write_order(frame, path, form)
        content = path.read_bytes()
    plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in name)
    return Response(content, media_type=TYPES[form], headers={"Content-Disposition": f'attachment; filename="{plain}"'})


def _not_ordered(row: dict[str, Any]) -> NotOrdered:
    reason = Said(en=row["reason"], zh=row["reason_zh"])
    return NotOrdered(**{key: row[key] for key in NotOrdered.model_fields if key != "reason"}, reason=reason)
