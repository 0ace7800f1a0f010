import io
import sys

import pytest

from restock.cli.bar import Bar, Lines, watched
from restock.cli.call import Call
from restock.language import Text

WORK = Text("train", "训练")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_every_few_seconds_and_the_last() -> None:
    clock, stream = Clock(), io.StringIO()
    lines = Lines("en", stream, clock)
    lines.start(WORK, 1200)
    for second in range(12):
        clock.now = float(second)
        lines.advance(100 * (second + 1), Text(f"{second} earned", f"赚 {second}"))
    lines.finish()
    assert stream.getvalue().splitlines() == [
        "train",
        "train  600/1,200  5 earned  5 s",
        "train  1,100/1,200  10 earned  10 s",
        "train  1,200/1,200  11 earned  11 s",
    ]


def test_a_log_holds_no_control_characters_and_speaks_the_language() -> None:
    stream = io.StringIO()
    lines = Lines("zh", stream, Clock())
    lines.start(WORK, None)
    lines.advance(3)
    lines.finish()
    lines.finish()
    assert stream.getvalue() == "训练\n训练  3  0 s\n"


def test_a_new_piece_of_work_ends_the_one_before() -> None:
    stream = io.StringIO()
    lines = Lines("en", stream, Clock())
    lines.start(WORK, 2)
    lines.advance(2)
    lines.start(Text("prove", "验证"), 2)
    assert stream.getvalue().splitlines() == ["train", "train  2/2  0 s", "prove"]


def test_a_terminal_gets_a_bar_that_is_stopped_whatever_happens(monkeypatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys, "stderr", terminal)
    kept = []

    def work() -> None:
        with watched(Call((), "zh")) as progress:
            assert isinstance(progress, Bar)
            kept.append(progress)
            progress.start(WORK, 10)
            progress.advance(4, Text("[red]", "[red]赚 5"))
            assert progress.progress.tasks[0].completed == 4
            progress.progress.refresh()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        work()
    assert kept[0].progress is None
    assert "训练" in terminal.getvalue()
    assert "[red]赚 5" in terminal.getvalue()
