"""Where long work is, told on stderr: a bar in a terminal, a line every few seconds in a log."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

from restock.cli.call import Call
from restock.language import NOTHING, Language, Text
from restock.progress import Progress

SECONDS = 5.0


@contextmanager
def watched(call: Call) -> Iterator[Progress]:
    """Progress for one command; whatever happens, the terminal is left as it was."""
    progress = Bar(call.language) if sys.stderr.isatty() else Lines(call.language, sys.stderr)
    try:
        yield progress
    finally:
        progress.finish()


class Lines:
    """Plain lines without control characters: the first step, then one every few seconds, and the last."""

    def __init__(self, language: Language, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self.language: Language = language
        self.stream = stream
        self.clock = clock
        self.line = ""  # the newest, not yet written
        self.what, self.total = NOTHING, None
        self.started = self.written = 0.0

    def start(self, what: Text, total: int | None) -> None:
        """Begin."""
        self.finish()
        self.what, self.total = what, total
        self.started = self.written = self.clock()
        self._write(what.in_(self.language))

    def advance(self, done: int, note: Text = NOTHING) -> None:
        """Write a line when the last one is old enough."""
        of = f"{done:,}/{self.total:,}" if self.total else f"{done:,}"
        parts = (self.what.in_(self.language), of, note.in_(self.language), f"{self.clock() - self.started:.0f} s")
        self.line = "  ".join(part for part in parts if part)
        if self.clock() - self.written >= SECONDS:
            self._write(self.line)

    def finish(self) -> None:
        """Write the newest line, if it is not yet."""
        if self.line:
            self._write(self.line)

    def _write(self, line: str) -> None:
        self.line, self.written = "", self.clock()
        print(line, file=self.stream, flush=True)


class Bar:
    """A bar that is redrawn in place and gone at the end."""

    def __init__(self, language: Language) -> None:
        self.language: Language = language
        self.progress: Any = None
        self.task: Any = None

    def start(self, what: Text, total: int | None) -> None:
        """Begin; what went before is replaced."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self.finish()
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[note]}", markup=False),
        )
        self.progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self.task = self.progress.add_task(what.in_(self.language), total=total, note="")
        self.progress.start()

    def advance(self, done: int, note: Text = NOTHING) -> None:
        """Redraw."""
        if self.progress is not None:
            self.progress.update(self.task, completed=done, note=note.in_(self.language))

    def finish(self) -> None:
        """Give the line back."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
