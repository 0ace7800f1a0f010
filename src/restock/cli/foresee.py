"""What customers will ask for: `forecast`, and what planners know better: `override`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from restock.cli.bar import watched
from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, Seed, command

Periods = Annotated[
    int | None,
    typer.Option("--periods", help=both("Periods ahead; default: 28 days or 8 weeks", "预测期数，默认 28 天或 8 周")),
]
Method = Annotated[
    str | None,
    typer.Option("--method", help=both("One method; default: the best one lately", "指定方法，默认为近期最准的方法")),
]
Windows = Annotated[
    int, typer.Option("--windows", min=2, help=both("Windows of the past to measure on", "用于检验的历史窗口数"))
]
NoReport = Annotated[bool, typer.Option("--no-report", help=both("Write no page with charts", "不生成图表报告"))]
Item = Annotated[str, typer.Argument(metavar="ITEM", help=both("The item's id; * for all", "商品编号，* 表示全部"))]
Change = Annotated[
    str,
    typer.Option(
        "--change",
        metavar="CHANGE",
        help=both(
            "+20%, -5 (units a period), =40 (units), or `80% like OTHER-ITEM`",
            "+20%、-5（每期件数）、=40（件数）或 `80% like 其他商品`",
        ),
    ),
]
Start = Annotated[
    str, typer.Option("--start", metavar="DAY", help=both("First day, 2025-11-01", "首日，如 2025-11-01"))
]
End = Annotated[str, typer.Option("--end", metavar="DAY", help=both("Last day", "末日"))]
Reason = Annotated[str, typer.Option("--reason", help=both("Why", "原因"))]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires", metavar="DAY", help=both("Not used from this day on; default: END", "失效日，默认为末日之后")
    ),
]
Site = Annotated[str, typer.Option("--site", help=both("One site only", "仅限某一仓店"))]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    said = both("Demand of the next periods, and how good such forecasts were", "未来各期的需求，以及近期预测的准确度")
    command(app, said)(forecast)
    command(app, both("Change the forecast of an item, with a reason", "修改某个商品的预测，并说明原因"))(override)


def forecast(
    context: typer.Context,
    project: ProjectFolder = None,
    periods: Periods = None,
    method: Method = None,
    windows: Windows = 4,
    no_report: NoReport = False,
    seed: Seed = 0,
) -> Any:
    """`restock forecast`."""
    from restock.workflows.project import open_project

    with watched(context.obj) as progress:
        return open_project(project or Path()).forecast(
            periods, method=method, windows=windows, report=not no_report, seed=seed, progress=progress
        )


def override(
    item: Item,
    change: Change,
    start: Start,
    end: End,
    reason: Reason,
    expires: Expires = None,
    site: Site = "",
    project: ProjectFolder = None,
) -> Any:
    """`restock override ITEM --change CHANGE`."""
    from restock.workflows.override import add_override
    from restock.workflows.project import open_project

    cells = {"item": item, "site": site, "start": start, "end": end, "reason": reason, "expires": expires or ""}
    return add_override(open_project(project or Path()).path, change, cells)
