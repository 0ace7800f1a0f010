"""A project folder: where things are, and how they are written: whole, or not at all.

restock.toml   settings
facts/         one folder per snapshot
models/        one folder per trained policy
runs/          one folder per report
orders/        purchase orders that were handed over, one folder each
state.db       what people decided and what is under way
"""

import errno
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from restock.errors import StorageError
from restock.language import Text

FULL = (errno.ENOSPC, errno.EDQUOT)
DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
LONGEST_WAIT = 300.0  # seconds for another program to finish
TAKEN = (errno.EEXIST, errno.ENOTEMPTY)


@dataclass(frozen=True)
class Folder:
    """The folder of one project; it and its parts come into being with the first file."""

    path: Path

    @property
    def config(self) -> Path:
        """The settings."""
        return self.path / "restock.toml"

    @property
    def facts(self) -> Path:
        """Snapshots of the shop's data."""
        return self.path / "facts"

    @property
    def models(self) -> Path:
        """Trained policies."""
        return self.path / "models"

    @property
    def runs(self) -> Path:
        """Reports."""
        return self.path / "runs"

    @property
    def orders(self) -> Path:
        """Purchase orders that were handed over."""
        return self.path / "orders"

    @property
    def uploads(self) -> Path:
        """Files that came in and wait to be read."""
        return self.path / "uploads"

    @property
    def state(self) -> Path:
        """Decisions, people and work under way."""
        return self.path / "state.db"

    @property
    def queue(self) -> Path:
        """Names of jobs that wait for a worker."""
        return self.path / "queue.db"


def write_whole(path: Path, content: bytes | Callable[[Path], object]) -> None:
    """Write a new file so that it is there complete or not at all, also when the disk is full or the program stops.

    Args:
        path: the file; it must not exist yet, and its folder is made.
        content: the bytes, or a function that writes a file of the name it is given.

    Raises:
        StorageError: there is no room, no permission, or the file exists.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists", str(path))
        temporary = _beside(path)
        try:
            if isinstance(content, bytes):
                temporary.write_bytes(content)
            else:
                content(temporary)
            _flush(temporary)
            _rename_new(temporary, path)
            _flush(path.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def new_directory(path: Path) -> Iterator[Path]:
    """A folder to fill that takes its name when everything in it is written; any error, Ctrl-C too, leaves nothing.

    Raises:
        StorageError: there is no room, no permission, or the folder exists.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise FileExistsError(errno.EEXIST, "exists", str(path))
        temporary = _beside(path)
        try:
            temporary.mkdir()
            yield temporary
            for part in temporary.rglob("*"):
                _flush(part)
            temporary.rename(path)
            _flush(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def one_at_a_time(path: Path, wait: float = LONGEST_WAIT) -> Iterator[None]:
    """Keep other programs from changing what is in `path` meanwhile; a program that dies lets go.

    Raises:
        StorageError: somebody else has been at it for `wait` seconds, or there is no permission.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise StorageError(
                Text(
                    f"another program has been writing to `{path}` for {wait:g} seconds",
                    f"另一个程序已占用 `{path}` 超过 {wait:g} 秒",
                ),
                hint=Text("wait until it has finished, then try again", "请等待其完成后重试"),
            ) from None
    try:
        yield
    finally:
        # Nothing stays behind. Gone before it is let go of: whoever waited for this very file sees that and looks anew.
        with suppress(OSError):
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the operating system says about `path` into words that a user can act on.

    Raises:
        StorageError: instead of OSError.
    """
    try:
        yield
    except OSError as error:
        raise _in_words(path, error) from error


def _in_words(path: Path, error: OSError) -> StorageError:
    free = _free(path)
    if error.errno in FULL:
        return StorageError(
            Text(
                f"no room to write `{path}`: {free} free on its disk", f"磁盘空间不足，无法写入 `{path}`：剩余 {free}"
            ),
            hint=Text(
                "free some space and run the command again; nothing was changed",
                "请清理磁盘后重新运行；现有数据没有改动",
            ),
        )
    if error.errno in DENIED:
        return StorageError(
            Text(f"no permission for `{path}` ({free} free on its disk)", f"没有权限访问 `{path}`（磁盘剩余 {free}）"),
            hint=Text(
                "check who owns the folder, or choose another with `--project`",
                "请检查文件夹权限，或用 `--project` 换一个文件夹",
            ),
        )
    if error.errno in TAKEN:
        return StorageError(
            Text(f"`{path}` exists already and is never overwritten", f"`{path}` 已存在，不会被覆盖"),
            hint=Text("choose another name, or move the old one away", "请换一个名称，或先把旧的移走"),
        )
    if error.errno == errno.ENOENT:
        return StorageError(
            Text(f"`{path}` is missing ({error})", f"缺少 `{path}`（{error}）"),
            hint=Text("put it back from a copy, or load the files again", "请从备份恢复，或重新导入文件"),
        )
    return StorageError(
        Text(
            f"`{path}` cannot be read or written: {error} ({free} free on its disk)",
            f"无法读写 `{path}`：{error}（磁盘剩余 {free}）",
        ),
        hint=Text("check the disk and the folder, then run the command again", "请检查磁盘和文件夹后重新运行"),
    )


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _free(path: Path) -> str:
    there = next((p for p in (path, *path.parents) if p.exists()), Path())
    try:
        return f"{shutil.disk_usage(there).free / 1e6:,.0f} MB"
    except OSError:
        return "? MB"


def _rename_new(temporary: Path, path: Path) -> None:
    # A link fails where a file has come into being meanwhile, a rename would replace it; some disks know no links.
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:
        temporary.rename(path)


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
