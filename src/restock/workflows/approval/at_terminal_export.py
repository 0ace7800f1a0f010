"""Purchase orders and sheets as files, from the command line."""

from pathlib import Path

from restock.errors import UsageError
from restock.language import Text
from restock.storage.folder import write_whole
from restock.workflows.approval.at_terminal import Said
from restock.workflows.approval.desk import open_desk
from restock.workflows.approval.handing_over import FORMS, OrderForm, hand_over, write_order, write_orders
from restock.workflows.approval.worksheet import worksheet
from restock.workflows.project import Project


def export_orders(project: Project, run: str | None, form: str, folder: Path | None = None) -> Said:
    """Hand approved lines over and write a file per supplier and site.

    Raises:
        ConflictError: nothing is approved.
        UsageError: there is no such plan or format.
        StorageError: no room or no permission.
    """
    desk, kind = open_desk(project), _form(form)
    handed = hand_over(desk, run)
    files = write_orders(desk, handed.export.id, kind, folder)
    return Said({**handed.to_json(), "files": [str(path) for path in files]})


def export_sheet(project: Project, run: str | None, form: str, path: Path | None = None) -> Said:
    """Write all lines of a plan as a sheet that can be edited and read back.

    Raises:
        UsageError: there is no such plan or format.
        StorageError: no room, no permission, or the file exists.
    """
    kind = _form(form)
    frame = worksheet(open_desk(project), run)
    target = path or project.path / f"sheet.{kind}"
    write_whole(target, lambda place: write_order(frame, place, kind))
    return Said({"path": str(target), "format": kind, "lines": frame.height})


def _form(form: str) -> OrderForm:
    for known in FORMS:
        if form == known:
            return known
    raise UsageError(
        Text(f"orders cannot be written as {form}", f"订单不能写成 {form}"),
        hint=Text("choose csv, xlsx or json", "请选择 csv、xlsx 或 json"),
    )
