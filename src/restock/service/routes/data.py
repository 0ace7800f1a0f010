"""The shop's data and what policies make of them: snapshots, items, forecasts, prices."""

import shutil
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response, UploadFile
from pydantic import AfterValidator, BaseModel, Field

from restock.errors import MissingError, UsageError
from restock.language import Text
from restock.service.access import CanLoad, CanRead, TheHost
from restock.service.limits import check_archive, check_name, store
from restock.service.paging import Cursor, Limit, page, read_cursor, read_number
from restock.service.problems import documented
from restock.service.routes.jobs import accepted, told
from restock.service.shapes.base import Page, without_nul
from restock.service.shapes.data import Explanation, Forecast, Item, Snapshot
from restock.service.shapes.jobs import Job
from restock.storage.state import trail
from restock.workflows.approval.desk import Desk, new_id
from restock.workflows.jobs import asking

router = APIRouter()
MB, MOST_FILES = 1_000_000, 20
Name = Annotated[str, AfterValidator(without_nul), Path(max_length=200)]
Word = Annotated[str | None, AfterValidator(lambda word: word and without_nul(word)), Query(max_length=200)]


class Price(BaseModel):
    """Money per unit of an item at a site; nothing is decided here, orders rest on it."""

    item: str
    site: str
    date: str = Field(description="First day of the period to come")
    price: float | None = Field(description="What orders take a unit to bring then; none: no price is known")
    unit_cost: float
    margin: float | None
    margin_share: float | None = Field(description="Of the price")
    next_price: float | None = Field(description="After the next planned change; none: none is planned")
    next_date: str | None


@router.get("/snapshots", tags=["snapshots"], responses=documented(401, 403))
def list_snapshots(desk: CanRead, limit: Limit = 50, cursor: Cursor = None) -> Page[Snapshot]:
    """What was known when, the newest first."""
    before = read_cursor(cursor)
    names = [name for name in _snapshots(desk) if before is None or name < before][: limit + 1]
    shown = page(names, limit, lambda name: name, lambda name: _snapshot(desk, name))
    return Page[Snapshot](**shown)


@router.get("/snapshots/{snapshot}", tags=["snapshots"], responses=documented(401, 403, 404))
def get_snapshot(desk: CanRead, snapshot: Name) -> Snapshot:
    """One snapshot: its tables and where they came from."""
    if snapshot not in _snapshots(desk):
        raise MissingError(Text(f"there is no snapshot `{snapshot}`", f"没有快照 `{snapshot}`"))
    return _snapshot(desk, snapshot)


@router.post(
    "/snapshots", tags=["snapshots"], status_code=202, responses={**documented(401, 403, 409, 413), **accepted}
)
def upload(desk: CanLoad, host: TheHost, files: list[UploadFile], response: Response, request: Request) -> Job:
    """Send files as the shop exports them; 202 with the job that reads them. The same file twice changes nothing."""
    if len(files) > MOST_FILES:
        raise UsageError(
            Text(
                f"{len(files)} files at once, of {MOST_FILES} allowed",
                f"一次 {len(files)} 个文件，上限为 {MOST_FILES} 个",
            ),
            hint=Text("send them in several uploads", "请分批上传"),
        )
    names = [check_name(file.filename) for file in files]
    if len(set(names)) < len(names):
        raise UsageError(
            Text("two of the files have the same name", "有两个文件同名"), hint=Text("rename one", "请改名后再上传")
        )
    name = new_id(desk.clock())
    place, left = desk.project.folder.uploads / name, host.project().config.service.upload_mb * MB
    place.mkdir(parents=True)
    try:
        for file, plain in zip(files, names, strict=True):
            left -= store(file.file, place / plain, left)
            check_archive(place / plain, host.project().config.service.upload_mb * MB)
        return told(host, asking.ask(desk, "load", {}, name), response, request)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


@router.get("/items", tags=["items"], responses=documented(401, 403, 404))
def list_items(
    desk: CanRead, host: TheHost, item: Word = None, site: Word = None, limit: Limit = 200, cursor: Cursor = None
) -> Page[Item]:
    """Items at their sites as they stand today, by id."""
    return Page[Item](**_rows(host.today().items, (item, site), limit, cursor, Item.model_validate))


@router.get("/items/{item}/explanation", tags=["items"], responses=documented(401, 403, 404))
def explain_item(desk: CanRead, host: TheHost, item: Name, site: Word = None) -> Explanation:
    """Why an item is ordered, or not: parts that add up to the quantity, what binds, what other policies would do."""
    return Explanation.model_validate(host.today().explain(item, site).to_json())


@router.get("/forecasts", tags=["forecasts"], responses=documented(401, 403, 404))
def list_forecasts(
    desk: CanRead, host: TheHost, item: Word = None, site: Word = None, limit: Limit = 200, cursor: Cursor = None
) -> Page[Forecast]:
    """Demand over lead time and review period: mean, spread and quantiles, by item."""
    frame = host.today().forecasts()
    return Page[Forecast](**_rows(frame, (item, site), limit, cursor, _forecast))


@router.get("/prices", tags=["prices"], responses=documented(401, 403, 404))
def list_prices(
    desk: CanRead, host: TheHost, item: Word = None, site: Word = None, limit: Limit = 200, cursor: Cursor = None
) -> Page[Price]:
    """What a unit brings as orders see it (median of recent prices), what it costs, and the next planned price."""
    return Page[Price](**_rows(host.today().prices(), (item, site), limit, cursor, Price.model_validate))


def _rows(frame: Any, only: tuple[str | None, str | None], limit: int, cursor: str | None, show: Any) -> dict[str, Any]:
    import polars as pl

    frame = frame.filter(pl.col("number") > (read_number(cursor) or 0))
    for column, value in zip(("item", "site"), only, strict=True):
        if value is not None:
            frame = frame.filter(pl.col(column) == value)
    rows = frame.head(limit + 1).to_dicts()
    return page(rows, limit, lambda row: row["number"], show)


def _forecast(row: dict[str, Any]) -> Forecast:
    kept = {key: value for key, value in row.items() if key in Forecast.model_fields}
    quantiles = {key: value for key, value in row.items() if key[0] == "q" and key[1:].isdigit()}
    return Forecast(**kept, quantiles=quantiles)


def _snapshots(desk: Desk) -> list[str]:
    facts = desk.project.folder.facts
    found = facts.iterdir() if facts.exists() else ()
    return sorted((path.name for path in found if path.is_dir() and not path.name.startswith(".")), reverse=True)


def _snapshot(desk: Desk, name: str) -> Snapshot:
    manifest = desk.project.facts.manifest(name)
    with desk.look() as session:
        known = trail.known_snapshots(session, [name]).get(name)
    return Snapshot(
        id=name,
        created=manifest.created,
        rows={table: part.rows for table, part in manifest.tables.items()},
        sources=[{"name": source.name, "rows": source.rows} for source in manifest.sources],
        author=None if known is None else known.author,
    )
