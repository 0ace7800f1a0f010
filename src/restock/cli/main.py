"""`restock`: parse, call a workflow, print. Results go to stdout, talk and errors to stderr."""

import io
import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

import restock
from restock.cli import data, decide, desk, foresee, learn, proof, server, whole
from restock.cli.call import Call, read_call
from restock.cli.chinese import both, translate
from restock.cli.command import Debug, Json, Lang
from restock.cli.failure import STOPPED, Failure, failure_of

SENTENCE = both(
    "Learned ordering decisions from a shop's own sales, proven in money.",
    "从店铺自己的销售数据学习订货决策，并用金额证明。",
)
Version = Annotated[bool, typer.Option("--version", help=both("Print the version", "显示版本号"))]

# The plain help is three times as quick as the drawn one, which would take longer than 0.4 s to appear.
app = typer.Typer(
    name="restock", help=SENTENCE, rich_markup_mode=None, pretty_exceptions_enable=False, invoke_without_command=True
)
for group in (whole, data, foresee, learn, decide, desk, server, proof):
    group.add(app)


@app.callback()
def start(
    context: typer.Context, version: Version = False, json: Json = False, lang: Lang = None, debug: Debug = False
) -> None:
    """What stands before the command's name."""
    if version:
        print(restock.__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())
        raise typer.Exit


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 done, 1 failed, 2 wrong use or bad input, 3 data rejected, 130 stopped by Ctrl-C.
    """
    call = read_call(sys.argv[1:] if arguments is None else arguments, os.environ)
    _never_fail_to_print()
    try:
        code = _run(call)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read us has seen enough; without this, Python would complain about it while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(call: Call) -> int:
    try:
        group = typer.main.get_command(app)
        if call.language == "zh":
            translate(group)
        if _answered(group, call):
            return 0
        result = group.main(list(call.arguments), prog_name="restock", standalone_mode=False, obj=call)
        if result == STOPPED:  # how typer hands Ctrl-C on
            raise KeyboardInterrupt
        if result is None or isinstance(result, int):
            return int(result or 0)
        _print(result, call)
        return int(getattr(result, "exit_code", 0))
    except (BrokenPipeError, SystemExit):
        raise
    except BaseException as error:
        failure = failure_of(error, call)
        _print_failure(failure, call)
        return failure.exit_code


def _answered(group: Any, call: Call) -> bool:
    """Say a command's help, or the version, without parsing: the parser imports pydantic, which takes 0.4 s."""
    first, *others = (*call.arguments, "", "")
    if first == "--version":
        print(restock.__version__)
        return True
    if first not in group.commands or others[0] != "--help":
        return False
    context = typer.Context(group, info_name="restock")
    command = group.commands[first]
    print(command.get_help(typer.Context(command, info_name=first, parent=context)))
    return True


def _print(result: Any, call: Call) -> None:
    from restock.cli.plain import plain

    record = plain(result.to_json())
    if call.json:
        print(json.dumps(record, ensure_ascii=False, allow_nan=False))
        return
    from restock.cli.show import show

    show(record, call.language)


def _print_failure(failure: Failure, call: Call) -> None:
    message, hint = failure.message.in_(call.language), failure.hint.in_(call.language)
    if call.json:
        error = {"kind": failure.kind, "message": message, "hint": hint, "exit_code": failure.exit_code}
        print(json.dumps({"error": error}, ensure_ascii=False))
    name, advice = ("错误：", "提示：") if call.language == "zh" else ("error: ", "hint: ")
    print(f"{name}{message}" + (f"\n\n{advice}{hint}" if hint else ""), file=sys.stderr)


def _never_fail_to_print() -> None:
    """A terminal that knows no Chinese shows escapes instead of ending the work."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
