"""Is everything well, and are our numbers true: `doctor`, `bench`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from restock.cli.bar import watched
from restock.cli.chinese import both
from restock.cli.command import ProjectFolder, command

Name = Annotated[str, typer.Argument(metavar="NAME", help=both("Such as lost-sales", "例如 lost-sales"))]
Methods = Annotated[
    str | None, typer.Option("--methods", metavar="A,B", help=both("Only these methods", "只比较这些方法"))
]
Instances = Annotated[
    str | None, typer.Option("--instances", metavar="X,Y", help=both("Only these instances", "只运行这些算例"))
]
Seeds = Annotated[
    str | None,
    typer.Option(
        "--seeds",
        metavar="N",
        help=both("Seeds per learned method: 5, or 0-4", "每个学习方法使用的种子：5，或 0-4"),
    ),
]
Quick = Annotated[
    bool, typer.Option("--quick", help=both("A slice of it in under a minute", "只运行其中一部分，一分钟内完成"))
]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("Check this machine and the project", "检查本机和项目"))(doctor)
    shown = both(
        "Our result, the optimum or best known, the rivals, seconds", "我们的结果、最优或已知最好值、对手和耗时"
    )
    command(app, shown)(bench)


def doctor(project: ProjectFolder = None) -> Any:
    """`restock doctor`; looks at a project where one is named or the current folder is one."""
    from restock.workflows.doctor import doctor as examine

    here = Path()
    return examine(project or (here if (here / "restock.toml").exists() or (here / "facts").exists() else None))


def bench(
    context: typer.Context,
    name: Name,
    methods: Methods = None,
    instances: Instances = None,
    seeds: Seeds = None,
    quick: Quick = False,
) -> Any:
    """`restock bench NAME`."""
    from restock.workflows.bench import bench as prove

    only = {"methods": _listed(methods), "instances": _listed(instances)}
    with watched(context.obj) as progress:
        return prove(name, **only, seeds=seeds, quick=quick, progress=progress)


def _listed(said: str | None) -> tuple[str, ...] | None:
    return None if said is None else tuple(part.strip() for part in said.split(",") if part.strip())
