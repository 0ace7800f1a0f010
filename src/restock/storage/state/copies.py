"""The state as one file and back: the same file for SQLite and PostgreSQL, so that one can move to the other."""

import json
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Date, delete, func, insert, select, text
from sqlalchemy.orm import Session

from restock.errors import ConflictError, StorageError, UsageError
from restock.language import Text
from restock.storage.folder import explained, write_whole
from restock.storage.state.database import HEAD, State
from restock.storage.state.tables import Table, User, UtcTime

MANIFEST, FORMAT = "manifest.json", 1
AT_ONCE = 5_000  # rows


def backup(state: State, path: Path) -> dict[str, int]:
    """Write everything that the state holds, as of one moment, into a new file; returns rows by table.

    Raises:
        StorageError: no room, no permission, or the file exists.
    """
    counts: dict[str, int] = {}

    def write(place: Path) -> None:
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive, state.read() as session:
            if not state.is_sqlite:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            for table in Table.metadata.sorted_tables:
                with archive.open(f"{table.name}.jsonl", "w", force_zip64=True) as file:
                    counts[table.name] = 0
                    for row in session.execute(select(table)).mappings():
                        file.write(json.dumps(_plain(dict(row)), ensure_ascii=False).encode() + b"\n")
                        counts[table.name] += 1
            about = {"format": FORMAT, "tables": HEAD, "rows": counts}
            archive.writestr(MANIFEST, json.dumps(about, indent=1))

    write_whole(path, write)
    return counts


def restore(state: State, path: Path, *, replace: bool = False) -> dict[str, int]:
    """Put a backup into the state: all of it, or nothing; returns rows by table.

    Args:
        replace: also where the state holds something already: that is gone then.

    Raises:
        ConflictError: the state is not empty.
        UsageError: the file is no backup.
        StorageError: it was made by another version.
    """
    with explained(path), _opened(path) as archive:
        counts = _manifest(archive, path)
        with state.write() as session:
            if not replace and session.scalar(select(func.count()).select_from(User)):
                raise ConflictError(
                    Text("the state is not empty", "状态库不为空"),
                    hint=Text(
                        "back it up, then repeat with `--replace`: what is there now is gone then",
                        "请先备份，再加 `--replace` 重试：现有内容将被替换",
                    ),
                )
            for table in reversed(Table.metadata.sorted_tables):
                session.execute(delete(table))
            for table in Table.metadata.sorted_tables:
                _fill(session, table, archive)
            if not state.is_sqlite:
                _reset_sequences(session)
    return counts


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile:
        raise _no_backup(path) from None


def _manifest(archive: zipfile.ZipFile, path: Path) -> dict[str, int]:
    try:
        about = json.loads(archive.read(MANIFEST))
        version, counts = about["tables"], about["rows"]
    except (KeyError, ValueError, TypeError):
        raise _no_backup(path) from None
    if version != HEAD:
        raise StorageError(
            Text(
                f"`{path}` has version {version} of the tables, not {HEAD}",
                f"`{path}` 的表结构版本为 {version}，不是 {HEAD}",
            ),
            hint=Text(
                "use the version of restock that wrote it, then upgrade", "请用写入它的 restock 版本恢复后再升级"
            ),
        )
    return counts


def _no_backup(path: Path) -> UsageError:
    return UsageError(
        Text(f"`{path}` is no backup of a state", f"`{path}` 不是状态库备份"),
        hint=Text("`restock db backup FILE` writes one", "运行 `restock db backup 文件` 可生成"),
    )


def _fill(session: Session, table: Any, archive: zipfile.ZipFile) -> None:
    rows: list[dict[str, Any]] = []
    with archive.open(f"{table.name}.jsonl") as file:
        for line in file:
            rows.append(_typed(table, json.loads(line)))
            if len(rows) == AT_ONCE:
                session.execute(insert(table), rows)
                rows = []
    if rows:
        session.execute(insert(table), rows)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


def _typed(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """Days and moments from text."""
    for column in table.columns:
        value = row.get(column.name)
        if value is not None and isinstance(column.type, UtcTime):
            row[column.name] = datetime.fromisoformat(value)
        elif value is not None and isinstance(column.type, Date):
            row[column.name] = date.fromisoformat(value)
    return row


def _reset_sequences(session: Session) -> None:
    """PostgreSQL counts ids on its own; after a restore it must go on behind the last one."""
    for table in Table.metadata.sorted_tables:
        if "id" in table.columns and table.columns["id"].type.python_type is int:
            sequence = f"pg_get_serial_sequence('{table.name}', 'id')"
            session.execute(
                text(f'select setval({sequence}, coalesce((select max(id) from "{table.name}"), 0) + 1, false)')
            )
