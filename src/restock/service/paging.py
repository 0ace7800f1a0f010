"""Pages: a cursor says where the next one begins, so that nothing is seen twice or missed while others write."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from fastapi import Query

from restock.errors import UsageError
from restock.language import Text

T = TypeVar("T")
Limit = Annotated[int, Query(ge=1, le=1000, description="Entries at most")]
Cursor = Annotated[str | None, Query(max_length=400, description="`next` of the page before; none: the first page")]


def read_cursor(cursor: str | None) -> str | None:
    """Where a page begins.

    Raises:
        UsageError: it is none of ours.
    """
    if cursor is None:
        return None
    try:
        return base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (ValueError, binascii.Error):
        raise _no_cursor() from None


def read_number(cursor: str | None) -> int | None:
    """The same where pages are counted by a number.

    Raises:
        UsageError: it is none of ours.
    """
    text = read_cursor(cursor)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _no_cursor()
    return int(text)


def page(found: Sequence[T], limit: int, where: Callable[[T], object], show: Callable[[T], Any]) -> dict[str, Any]:
    """A page of what was found with one more than the limit, and where the next one begins."""
    more = len(found) > limit
    kept = found[:limit]
    return {"items": [show(one) for one in kept], "next": _cursor(where(kept[-1])) if more else None}


def _cursor(where: object) -> str:
    return base64.urlsafe_b64encode(str(where).encode()).decode().rstrip("=")


def _no_cursor() -> UsageError:
    return UsageError(
        Text("the cursor is none that was given out", "分页游标无效"),
        hint=Text(
            "send `next` of the page before, or nothing for the first", "请使用上一页返回的 `next`，或留空取第一页"
        ),
    )
