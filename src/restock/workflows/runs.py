"""Runs: what each command left behind, one folder each."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from restock.errors import StorageError, UsageError
from restock.language import Text
from restock.storage.folder import Folder, explained


def new_run(folder: Folder, kind: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> str:
    """A name that no run has: its time and kind."""
    stamp = clock().strftime("%Y%m%dT%H%M%S")
    name, number = f"{stamp}-{kind}", 1
    while (folder.runs / name).exists():
        number += 1
        name = f"{stamp}-{number:02d}-{kind}"
    return name


def runs_of(folder: Folder, kind: str) -> list[str]:
    """The names of all runs of a kind, the oldest first."""
    with explained(folder.runs):
        found = folder.runs.iterdir() if folder.runs.exists() else ()
        return sorted(path.name for path in found if path.name.endswith(f"-{kind}") and not path.name.startswith("."))


def the_run(folder: Folder, kind: str, name: str | None, hint: Text) -> Path:
    """The folder of a run, of the newest without a name.

    Raises:
        UsageError: there is none.
    """
    runs = runs_of(folder, kind)
    if name in runs:
        return folder.runs / str(name)
    if name is None and runs:
        return folder.runs / runs[-1]
    wanted = f"`{name}`" if name else kind
    raise UsageError(Text(f"there is no run {wanted} in `{folder.runs}`", f"`{folder.runs}` 中没有运行 {wanted}"), hint=hint)


def to_bytes(content: dict[str, Any]) -> bytes:
    """JSON as it is kept."""
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def from_file(path: Path) -> dict[str, Any]:
    """What `to_bytes` wrote.

    Raises:
        StorageError: the file is missing or broken.
    """
    with explained(path):
        content = path.read_text(encoding="utf-8")
    try:
        return json.loads(content)
    except ValueError as error:
        raise StorageError(
            Text(f"`{path}` is not valid JSON: {error}", f"`{path}` 不是有效的 JSON：{error}"),
            hint=Text("run the command that made it again", "请重新运行生成它的命令"),
        ) from None
