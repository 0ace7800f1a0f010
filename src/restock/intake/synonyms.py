"""What headers and words mean: the tables of `synonyms.toml`, and how a header is compared with them."""

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

BRACKETS = re.compile(r"[(\[【（].*?[)\]】）]")
NOT_WORD = re.compile(r"[\W_]+")


def normal(text: str) -> str:
    """NFKC, casefold, letters and digits only: `Unit Price`, `unit_price` and `UnitPrice` are one."""
    return NOT_WORD.sub("", unicodedata.normalize("NFKC", text).casefold())


def without_unit(text: str) -> str:
    """The same without what stands in brackets: `商品数量(件)` is `商品数量`. Falls back to all of it."""
    return normal(BRACKETS.sub("", unicodedata.normalize("NFKC", text))) or normal(text)


def signature(headers: Sequence[str]) -> str:
    """Names a layout of columns, so that what a user said about it once is remembered."""
    return hashlib.sha256("\x1f".join(sorted(normal(header) for header in headers)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Platform:
    """An export that is recognised by headers that only it has."""

    name: str
    table: str
    detect: tuple[tuple[str, ...], ...]  # all of these must be there; each may have alternatives
    columns: dict[str, tuple[str, ...]]  # reading column -> headers, best first
    fill_down: tuple[str, ...] = ()  # order-level columns that are blank on continuation rows


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("restock.intake") / "synonyms.toml").read_text(encoding="utf-8"))


@cache
def platforms() -> tuple[Platform, ...]:
    """All exports that are known by name."""
    return tuple(
        Platform(
            entry["name"],
            entry["table"],
            tuple(tuple(normal(word) for word in one.split("|")) for one in entry["detect"]),
            {column: _tuple(headers) for column, headers in entry["columns"].items()},
            tuple(entry.get("fill_down", ())),
        )
        for entry in _file()["platform"]
    )


def _tuple(headers: str | list[str]) -> tuple[str, ...]:
    return (headers,) if isinstance(headers, str) else tuple(headers)


@cache
def ranks(table: str) -> dict[str, dict[str, int]]:
    """For each reading column of a table: normalised header -> tier, 0 is best."""
    found = {column: _tiers(tiers) for column, tiers in _file()["shared"].items()}
    return found | {column: _tiers(tiers) for column, tiers in _file().get(table, {}).items()}


def _tiers(tiers: list[list[str]]) -> dict[str, int]:
    # the first tier that has a header wins, so read them last to first
    return {normal(name): tier for tier in reversed(range(len(tiers))) for name in tiers[tier]}


@cache
def pattern(name: str) -> re.Pattern[str]:
    """A pattern of `[patterns]`."""
    return re.compile(_file()["patterns"][name], re.IGNORECASE)


@cache
def words(name: str) -> tuple[str, ...]:
    """A list of `[words]`, as written but in lower case."""
    return tuple(word.casefold() for word in _file()["words"][name])


def is_personal(header: str) -> bool:
    """Whether a column holds data about people; such columns are dropped where they are read."""
    return bool(pattern("personal").search(normal(header)))


def recognise(headers: Sequence[str]) -> Platform | None:
    """The platform whose export has these headers."""
    there = {normal(header) for header in headers}
    fitting = (p for p in platforms() if all(any(word in there for word in one) for one in p.detect))
    return max(fitting, key=lambda platform: len(platform.detect), default=None)
