"""Care for the state: bring its tables up to date, back it up, put a backup back."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from restock.errors import UsageError
from restock.language import Text
from restock.workflows.approval.at_terminal import Said
from restock.workflows.approval.desk import address_of, not_installed
from restock.workflows.project import Project


def keep(
    project: Project, do: Literal["upgrade", "backup", "restore"], file: Path | None = None, *, replace: bool = False
) -> Said:
    """`restock db`.

    Args:
        file: of the backup; none: a new one in the project's folder.
        replace: restore also where something is there.

    Raises:
        UsageError: there is no file to restore, or a package is not installed.
        ConflictError: the state is not empty.
        StorageError: the state or the file cannot be reached.
    """
    try:
        from restock.storage.state import copies, database

        state = database.connect(project.folder, address_of(project))
    except ModuleNotFoundError as error:
        raise not_installed(error) from None
    try:
        if do == "upgrade":
            before, after = database.upgrade(state, project.folder)
            return Said({"before": before, "after": after})
        if do == "backup":
            path = file or project.path / f"state-{datetime.now(UTC):%Y%m%dT%H%M%S}.zip"
            return Said({"path": path, "rows": copies.backup(state, path)})
        if file is None:
            raise UsageError(
                Text("no backup is named", "没有指定备份文件"),
                hint=Text("`restock db restore FILE`", "`restock db restore 文件`"),
            )
        if database.version_of(state) is None:
            database.upgrade(state, project.folder)
        return Said({"path": file, "rows": copies.restore(state, file, replace=replace)})
    finally:
        state.close()
