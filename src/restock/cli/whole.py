"""The whole loop in one command: `demo`, `run`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from restock.cli.bar import watched
from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, Seed, command
from restock.cli.reading_options import READING, Files, existing, read_options

if TYPE_CHECKING:
    from restock.intake.tables import ReadOptions

Sample = Annotated[
    Literal["real", "synthetic"],
    typer.Option("--sample", help=both("A grocer's real sales, or made-up ones", "使用真实的超市销售数据，或模拟数据")),
]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("The whole loop on a sample shop, with a report", "用示例店铺跑完整个流程并生成报告"))(demo)
    command(
        app,
        both("The whole loop on your sales file, assumptions listed", "用你的销售文件跑完整个流程，并列出所有假设"),
        READING,
        read_options,
    )(run)


def demo(context: typer.Context, sample: Sample = "real", project: ProjectFolder = None, seed: Seed = 0) -> Any:
    """`restock demo`; makes the folder `demo` where none is named."""
    from restock.workflows.run import demo as show

    with watched(context.obj) as progress:
        return show(sample, project or Path("demo"), seed=seed, progress=progress)


def run(
    context: typer.Context, files: Files, options: "ReadOptions", project: ProjectFolder = None, seed: Seed = 0
) -> Any:
    """`restock run FILES`."""
    existing(files)
    from restock.workflows.run import run as whole

    with watched(context.obj) as progress:
        return whole(files, project or Path(), options=options, seed=seed, progress=progress)
