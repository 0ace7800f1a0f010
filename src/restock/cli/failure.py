"""The one place where an error becomes what a person or a program reads, and an exit code."""

import platform
import sys
import tempfile
import traceback
from pathlib import Path
from typing import NamedTuple

import typer

import restock
from restock.cli.call import Call
from restock.errors import RestockError
from restock.language import NOTHING, Text

STOPPED = 130
# What the parser says exists in English only; the kind of mistake is said in Chinese before it.
MISTAKES = {
    "NoSuchOption": "没有这个选项",
    "MissingParameter": "缺少参数",
    "BadParameter": "参数值无效",
    "BadOptionUsage": "选项用法错误",
    "BadArgumentUsage": "参数用法错误",
}


class Failure(NamedTuple):
    """What went wrong, for whoever called."""

    kind: str  # the class of the error, for programs
    message: Text
    hint: Text
    exit_code: int


def failure_of(error: BaseException, call: Call) -> Failure:
    """Sort an error: ours, wrong use, Ctrl-C, or unexpected; the traceback of the last goes to a file."""
    if isinstance(error, RestockError):
        return Failure(type(error).__name__, error.message, error.hint, error.exit_code)
    if isinstance(error, typer.TyperException):
        return _wrong_use(error)
    if isinstance(error, KeyboardInterrupt | typer.Abort):
        return _stopped(call)
    return _unexpected(error, call)


def _wrong_use(error: typer.TyperException) -> Failure:
    said = error.format_message().rstrip(".").replace("'", "`")
    english = said[:1].lower() + said[1:]
    chinese = f"{MISTAKES.get(type(error).__name__, '命令用法错误')}：{said}"
    name = getattr(getattr(error, "ctx", None), "command_path", "restock")
    hint = Text(f"`{name} --help` shows what it takes", f"用 `{name} --help` 查看用法")
    return Failure("UsageError", Text(english, chinese), hint, 2)


def _stopped(call: Call) -> Failure:
    arguments = list(call.arguments)
    if "train" in arguments and "--resume" not in arguments:
        arguments.append("--resume")
    again = " ".join(("restock", *(f'"{part}"' if " " in part else part for part in arguments)))
    return Failure(
        "Stopped",
        Text("stopped; nothing half-written", "已停止；没有写到一半的文件"),
        Text(f"continue with `{again}`", f"用 `{again}` 继续"),
        STOPPED,
    )


def _unexpected(error: BaseException, call: Call) -> Failure:
    what = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(": ")
    message = Text(f"unexpected {what}", f"意外错误 {what}")
    if call.debug:
        traceback.print_exception(error, file=sys.stderr)
        return Failure("Unexpected", message, NOTHING, 1)
    kept = _keep(error, call)
    if kept is None:
        hint = Text("the same command with `--debug` shows the traceback", "加上 `--debug` 重新运行可查看调用栈")
    else:
        hint = Text(f"the traceback is in `{kept}`; please send it to us", f"调用栈已写入 `{kept}`；请把它发给我们")
    return Failure("Unexpected", message, hint, 1)


def _keep(error: BaseException, call: Call) -> Path | None:
    """A file with the traceback; none where not even that can be written."""
    head = f"restock {restock.__version__}, Python {platform.python_version()}, {platform.platform()}"
    text = "".join((f"{head}\n{call.arguments}\n\n", *traceback.format_exception(error)))
    try:
        with tempfile.NamedTemporaryFile("w", prefix="restock-", suffix=".log", delete=False, encoding="utf-8") as file:
            file.write(text)
    except OSError:
        return None
    return Path(file.name)
