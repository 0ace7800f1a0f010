"""What is let in at all: bodies that are not too large, names that are no paths, archives that are no bombs."""

import re
import zipfile
from pathlib import Path
from typing import BinaryIO

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from restock.errors import DataError, UsageError
from restock.language import NOTHING, Text
from restock.service.problems import ProblemError, Wrong, answer

MB = 1_000_000
SMALL = 2 * MB  # of everything that is no upload
RATIO = 300  # unpacked to packed, of one part; real workbooks stay below 60
NAME = re.compile(r"[\w\-. ()（）\[\]+&,，、]+")
UPLOADS = ("/api/v1/snapshots", "/sheet", "/page/upload")


class LimitBody:
    """Refuse bodies that are too large, by what they say and by what they are."""

    def __init__(self, app: ASGIApp, upload: int) -> None:
        self.app, self.upload = app, upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.upload + MB if scope["path"].rstrip("/").endswith(UPLOADS) else SMALL
        said = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if said.isdigit() and int(said) > most:
            refused = Wrong(*_too_large(int(said), most))
            await answer(Request(scope), 413, refused, {"Connection": "close"})(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, headers={"Connection": "close"})  # the only kind that the parser lets through
            return message

        await self.app(scope, counted, send)


def check_name(name: str | None) -> str:
    """The name of an uploaded file, if it is nothing but a name.

    Raises:
        UsageError: it is a path, hidden, or has signs that file systems dislike.
    """
    said = name or ""
    if not NAME.fullmatch(said) or said.startswith(".") or ".." in said or len(said.encode()) > 200:
        raise UsageError(
            Text(f"`{said[:80]}` cannot be the name of an uploaded file", f"`{said[:80]}` 不能用作上传文件名"),
            hint=Text("a plain name without folders, such as `sales.csv`", "请使用不含路径的文件名，例如 `sales.csv`"),
        )
    return said


def store(source: BinaryIO, target: Path, most: int) -> int:
    """Write an upload; returns its size.

    Raises:
        ProblemError: it is larger than allowed.
    """
    size = 0
    with target.open("xb") as file:
        while block := source.read(MB):
            size += len(block)
            if size > most:
                raise ProblemError(413, *_too_large(size, most))
            file.write(block)
    return size


def check_archive(path: Path, most: int) -> None:
    """A workbook must not grow beyond all measure when it is unpacked.

    Raises:
        DataError: it would, or it holds another archive.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            unpacked = sum(part.file_size for part in parts)
            large = [part for part in parts if part.file_size > MB]
            worst = max((part.file_size / max(part.compress_size, 1) for part in large), default=0.0)
            truth = _measure(archive, parts, most)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise DataError(
            Text(f"`{path.name}` cannot be unpacked: {error}", f"无法解压 `{path.name}`：{error}"),
            hint=Text("save it again as XLSX or CSV, without a password", "请另存为 XLSX 或 CSV，不要加密码"),
        ) from None
    if unpacked > most or truth > most or worst > RATIO:
        packed, grown = path.stat().st_size, max(unpacked, truth)
        raise DataError(
            Text(
                f"`{path.name}` would grow from {packed:,} to {grown:,} bytes, {worst:,.0f} times in its worst part",
                f"`{path.name}` 解压后会从 {packed:,} 字节膨胀到 {grown:,} 字节，其中一部分膨胀 {worst:,.0f} 倍",
            ),
            hint=Text("export the data as CSV, in several files if need be", "请导出为 CSV，必要时分成多个文件"),
        )


def _measure(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], most: int) -> int:
    """How large it really is: what an archive says of itself may be a lie. Stops where it is too much."""
    size = 0
    for part in parts:
        with archive.open(part) as file:
            while block := file.read(MB):
                size += len(block)
                if size > most:
                    return size
    return size


def _too_large(size: int, most: int) -> tuple[Text, Text]:
    if most == SMALL:
        return Text(f"{size:,} bytes, of {most:,} allowed", f"{size:,} 字节，上限为 {most:,} 字节"), NOTHING
    return (
        Text(
            f"the upload has {size:,} bytes or more, of {most:,} allowed",
            f"上传内容至少 {size:,} 字节，上限为 {most:,} 字节",
        ),
        Text("split the file, or raise `service.upload_mb`", "请拆分文件，或提高 `service.upload_mb`"),
    )
