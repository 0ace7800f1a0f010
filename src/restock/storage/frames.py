"""One table in one Parquet file, and how to know that it is still the one that was written."""

import errno
import hashlib
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from restock.errors import StorageError
from restock.language import Text
from restock.storage.folder import explained


def write_frame(path: Path, frame: pl.DataFrame) -> str:
    """Write a table and return the SHA-256 of the file.

    Raises:
        StorageError: the disk is full, or another reason of the operating system.
    """
    with explained(path):
        try:  # level 1: as small as the default, in half the time
            frame.write_parquet(path, compression="zstd", compression_level=1)
        except PolarsError as error:  # how Polars reports a full disk
            raise OSError(errno.ENOSPC if "No space left" in str(error) else errno.EIO, str(error)) from error
        return file_hash(path)


def read_frame(path: Path, sha256: str | None = None) -> pl.DataFrame:
    """Read a table back; with a hash, only if it is the one that was written.

    Raises:
        StorageError: the file is missing, is not the one that was written, or is no Parquet.
    """
    if sha256 is not None:
        check_hash(path, sha256)
    with explained(path):
        try:
            return pl.read_parquet(path)
        except PolarsError as error:
            raise StorageError(
                Text(f"`{path}` is not Parquet: {error}", f"`{path}` 不是 Parquet 文件：{error}")
            ) from error


def check_hash(path: Path, sha256: str) -> None:
    """Make sure that a file is byte for byte the one that was written.

    Raises:
        StorageError: the file is missing or differs.
    """
    with explained(path):
        found = file_hash(path)
    if found != sha256:
        raise StorageError(
            Text(
                f"`{path}` has changed since it was written: SHA-256 {found[:12]}, expected {sha256[:12]}",
                f"`{path}` 写入后被改动过：SHA-256 为 {found[:12]}，应为 {sha256[:12]}",
            ),
            hint=Text(
                "put the file back from a copy, or move its folder away: the one before it is used then",
                "请从备份恢复该文件，或移走它所在的文件夹，程序会使用更早的一份",
            ),
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
