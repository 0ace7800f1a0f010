"""From files to facts: `init`, `load`, `check`, `profile`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, command
from restock.cli.reading_options import READING, Files, existing, read_options

if TYPE_CHECKING:
    from restock.intake.tables import ReadOptions

NewFolder = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help=both("The folder; made if needed", "文件夹；不存在时会新建"))
]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    start = both("Start a project: commented settings and empty templates", "新建项目：带注释的设置和空模板")
    command(app, start)(init)
    keep = both("Read files, clean them, keep the facts", "读取并清洗文件，保存数据")
    command(app, keep, READING, read_options)(load)
    look = both("Say what `load` would do; write nothing", "说明 `load` 会怎么处理，不写入任何内容")
    command(app, look, READING, read_options)(check)
    command(app, both("What is known of the shop: history, items, gaps", "店铺数据概况：历史、商品、缺口"))(profile)


def init(folder: NewFolder = None, project: ProjectFolder = None) -> Any:
    """`restock init DIR`."""
    from restock.workflows.init import init as start

    return start(folder or project or Path())


def load(files: Files, options: "ReadOptions", project: ProjectFolder = None) -> Any:
    """`restock load FILES`."""
    existing(files)
    from restock.workflows.project import open_project

    return open_project(project or Path()).load(files, options)


def check(files: Files, options: "ReadOptions", project: ProjectFolder = None) -> Any:
    """`restock check FILES`; the project's folder is taken like everywhere, and not needed."""
    existing(files)
    from restock.workflows.load import check as look

    return look(files, options)


def profile(project: ProjectFolder = None) -> Any:
    """`restock profile`."""
    from restock.workflows.project import open_project

    return open_project(project or Path()).profile()
