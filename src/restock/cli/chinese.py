"""Help in Chinese: every help sentence is written as a pair, and the tree of commands is translated when asked for."""

from collections.abc import Iterator
from typing import Any

CHINESE: dict[str, str] = {}


def both(en: str, zh: str) -> str:
    """A help sentence; typer gets the English one, `translate` finds the Chinese one."""
    CHINESE[en] = zh
    return en


def translate(group: Any) -> None:
    """Put the Chinese sentences into a tree of commands that was built for this call."""
    for part in _parts(group):
        for name in ("help", "short_help", "epilog"):
            sentence = getattr(part, name, None)
            if sentence in CHINESE:
                setattr(part, name, CHINESE[sentence])


def _parts(command: Any) -> Iterator[Any]:
    yield command
    yield from command.params
    for below in getattr(command, "commands", {}).values():
        yield from _parts(below)
