"""Today's orders: `plan`, `explain`, `export`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from restock.cli.chinese import both
from restock.cli.command import Model, ProjectFolder, command

Policy = Annotated[
    str | None,
    typer.Option("--policy", help=both("A policy's name; default: the chosen one", "策略名称，默认为已选定的策略")),
]
Item = Annotated[str, typer.Argument(metavar="ITEM", help=both("The item's id", "商品编号"))]
Site = Annotated[
    str | None, typer.Option("--site", help=both("The site, where there are several", "有多个仓店时指定其中之一"))
]
Run = Annotated[
    str | None,
    typer.Option("--run", help=both("The run to export; default: the latest plan", "要导出的运行，默认为最近的计划")),
]
Format = Annotated[
    Literal["csv", "xlsx", "json", "parquet"], typer.Option("--format", help=both("Kind of file", "文件格式"))
]
Orders = Annotated[
    bool,
    typer.Option(
        "--orders",
        help=both("Hand approved lines over, a file per supplier and site", "下发已批准的行，每个供应商和仓店一份文件"),
    ),
]
Sheet = Annotated[
    bool,
    typer.Option(
        "--sheet", help=both("All lines to edit, for `approve --from`", "导出可编辑表格，供 `approve --from` 读回")
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", help=both("The file to write; default: beside the run", "要写入的文件，默认放在该运行旁边")),
]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("What to order now, each line with its reason", "现在该订什么，每行都有理由"))(plan)
    command(app, both("Why one item is ordered, or not", "某个商品为什么订或不订"))(explain)
    command(app, both("Write a plan as a file for the purchasing system", "把计划导出为采购系统可用的文件"))(export)


def plan(project: ProjectFolder = None, policy: Policy = None, model: Model = None) -> Any:
    """`restock plan`."""
    from restock.workflows.project import open_project

    return open_project(project or Path()).plan(policy, model=model)


def explain(item: Item, project: ProjectFolder = None, site: Site = None) -> Any:
    """`restock explain ITEM`."""
    from restock.workflows.project import open_project

    return open_project(project or Path()).explain(item, site)


def export(
    project: ProjectFolder = None,
    run: Run = None,
    form: Format = "csv",
    out: Out = None,
    orders: Orders = False,
    sheet: Sheet = False,
) -> Any:
    """`restock export`."""
    from restock.workflows.project import open_project

    opened = open_project(project or Path())
    if not orders and not sheet:
        return opened.export(run, form=form, path=out)
    from restock.workflows.approval.at_terminal_export import export_orders, export_sheet

    return export_orders(opened, run, form, out) if orders else export_sheet(opened, run, form, out)
