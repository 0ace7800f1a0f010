"""What all commands share: they return a record, `main` prints it, and every one takes the same four options.

A command is a function that parses, imports its workflow and calls it; the import is inside, so that `--help` is quick.
"""

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from restock.cli.chinese import both

Json = Annotated[
    bool, typer.Option("--json", help=both("Print one JSON object on stdout", "在标准输出打印一个 JSON 对象"))
]
Lang = Annotated[
    Literal["en", "zh"] | None,
    typer.Option("--lang", help=both("Language of everything that is printed", "输出语言")),
]
Debug = Annotated[
    bool,
    typer.Option("--debug", help=both("Show the traceback of an unexpected error", "出现意外错误时显示完整的调用栈")),
]
ProjectFolder = Annotated[
    Path | None,
    typer.Option(
        "--project", help=both("The project folder; default: the current one", "项目文件夹，默认为当前文件夹")
    ),
]
Model = Annotated[
    str | None, typer.Option("--model", help=both("A trained model; default: the newest", "训练好的模型，默认为最新"))
]
Seed = Annotated[
    int, typer.Option("--seed", help=both("Same seed, same numbers", "随机种子：种子相同，结果相同"), min=0)
]


def parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    """An option that a command gets without naming it in its own signature."""
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


# `Call` has read these already, before parsing: here they are only accepted and shown in the help.
SPEAKING = (parameter("json", Json, False), parameter("lang", Lang, None), parameter("debug", Debug, False))


def command(
    app: typer.Typer, sentence: str, options: Sequence[inspect.Parameter] = (), gather: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function as a command.

    Args:
        app: the commands.
        sentence: its help, from `both`.
        options: more options that several commands share.
        gather: makes one record of them; the function gets it as its argument `options`.
    """

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        own = inspect.signature(function)

        @wraps(function)
        def run(**given: Any) -> Any:
            for shared in SPEAKING:
                given.pop(shared.name)
            if gather is not None:
                given["options"] = gather(**{shared.name: given.pop(shared.name) for shared in options})
            return function(**given)

        mine = [parameter for name, parameter in own.parameters.items() if gather is None or name != "options"]
        shown = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*mine, *options, *SPEAKING)]
        run.__signature__ = inspect.Signature(shown)  # pyright: ignore[reportAttributeAccessIssue]
        run.__annotations__ = {one.name: one.annotation for one in shown}
        app.command(name=function.__name__.rstrip("_"), help=sentence)(run)
        return function

    return add
