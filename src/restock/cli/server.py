"""The server: `serve`, and `worker` for long work."""

import importlib
from pathlib import Path
from typing import Annotated, Any

import typer

from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, command

Bind = Annotated[
    str | None,
    typer.Option("--host", help=both("Who can reach it; default: this machine only", "监听地址，默认仅本机可访问")),
]
Port = Annotated[int | None, typer.Option("--port", min=1, max=65535, help=both("The port", "端口"))]
Alone = Annotated[
    bool,
    typer.Option("--no-worker", help=both("Long work is done by `restock worker`", "耗时任务由 `restock worker` 执行")),
]
Now = Annotated[bool, typer.Option("--now", help=both("Do the daily work at once, here", "立即在本机执行每日任务"))]
Check = Annotated[
    bool, typer.Option("--check", help=both("Only say whether the one that runs is well", "仅检查正在运行的是否正常"))
]
Workers = Annotated[int, typer.Option("--workers", min=1, max=64, help=both("Jobs at once", "同时执行的任务数"))]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("Answer browsers and programs over HTTP", "启动网页和接口服务"))(serve)
    command(app, both("When the daily work is due, and what it did", "每日任务的时间与记录"))(schedule)
    command(app, both("Do long work that the server was asked for", "执行服务收到的耗时任务"))(worker)


def serve(
    project: ProjectFolder = None, host: Bind = None, port: Port = None, no_worker: Alone = False, check: Check = False
) -> Any:
    """`restock serve`."""
    if check:
        return importlib.import_module("restock.service.alive").check_server(project or Path(), port)
    return _service().serve(project or Path(), host, port, with_worker=not no_worker)


def worker(project: ProjectFolder = None, workers: Workers = 1, check: Check = False) -> Any:
    """`restock worker`."""
    if check:
        return importlib.import_module("restock.service.alive").check_worker(project or Path())
    return _service().work(project or Path(), workers)


def schedule(project: ProjectFolder = None, now: Now = False) -> Any:
    """`restock schedule`."""
    from restock.workflows.approval.desk import open_desk
    from restock.workflows.project import open_project
    from restock.workflows.timetable import run_now, timetable

    desk = open_desk(open_project(project or Path()))
    return run_now(desk) if now else timetable(desk)


def _service() -> Any:
    """The server by its name: command line and server are two faces of the same workflows and don't know each other."""
    from restock.workflows.approval.desk import not_installed

    try:
        return importlib.import_module("restock.service.commands")
    except ModuleNotFoundError as error:
        raise not_installed(error) from None
