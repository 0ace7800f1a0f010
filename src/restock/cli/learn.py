"""Learn a policy and prove it: `train`, `backtest`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from restock.cli.bar import watched
from restock.cli.chinese import both
from restock.cli.command import Model, ProjectFolder, Seed, command

Resume = Annotated[
    bool, typer.Option("--resume", help=both("Go on from where a stopped training was", "从上次中断的地方继续训练"))
]


def add(app: typer.Typer) -> None:
    """Add these commands."""
    command(app, both("Learn a policy from the project's facts", "用项目数据训练策略"))(train)
    proof = both("Compare policies in money on unseen periods", "在未见过的时段上用金额比较各策略")
    command(app, proof)(backtest)


def train(context: typer.Context, project: ProjectFolder = None, seed: Seed = 0, resume: Resume = False) -> Any:
    """`restock train`."""
    from restock.workflows.project import open_project

    with watched(context.obj) as progress:
        return open_project(project or Path()).train(seed=seed, progress=progress, resume=resume)


def backtest(context: typer.Context, project: ProjectFolder = None, model: Model = None) -> Any:
    """`restock backtest`; nothing in it is left to chance, so it takes no seed."""
    from restock.workflows.project import open_project

    with watched(context.obj) as progress:
        return open_project(project or Path()).backtest(model, progress=progress)
