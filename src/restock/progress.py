"""How long work tells where it is, without knowing who listens: a terminal, a log, a page, or nobody."""

from typing import Protocol

from restock.language import NOTHING, Text


class Progress(Protocol):
    """One piece of work at a time: `start`, `advance` as often as one likes, `finish`."""

    def start(self, what: Text, total: int | None) -> None:
        """Begin; `total` steps are expected, none: nobody knows."""
        ...

    def advance(self, done: int, note: Text = NOTHING) -> None:
        """`done` steps of `total` lie behind, counted from the start; `note` says what came out, best in money."""
        ...

    def finish(self) -> None:
        """The work has ended, well or not."""
        ...


class Silent:
    """Nobody listens."""

    def start(self, what: Text, total: int | None) -> None:
        """Say nothing."""

    def advance(self, done: int, note: Text = NOTHING) -> None:
        """Say nothing."""

    def finish(self) -> None:
        """Say nothing."""
