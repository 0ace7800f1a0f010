"""The whole loop in one call: files in; a tested policy, a report and today's order lines out."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from restock.algorithms.training import check_seed
from restock.intake.tables import ReadOptions
from restock.language import Text
from restock.progress import Progress, Silent
from restock.storage.folder import write_whole
from restock.workflows.backtest import BacktestResult, backtest
from restock.workflows.load import LoadResult, load
from restock.workflows.plan import PlanResult, plan
from restock.workflows.project import Project, open_project
from restock.workflows.train import TrainResult, train

SHOWN_LINES = 10


@dataclass(frozen=True)
class RunResult:
    """Everything that came out."""

    loaded: LoadResult
    trained: TrainResult
    proof: BacktestResult
    plan: PlanResult
    folder: Path
    seconds: float

    def to_json(self) -> dict[str, Any]:
        """For programs: the proof, with the head of the plan."""
        lines = (
            self.plan.lines.head(SHOWN_LINES)
            .select("rank", "item", "site", "quantity", "order_by", "expected_profit", "policy", "reason")
            .to_dicts()
        )
        return {
            **self.proof.to_json(),
            "plan": {
                "run": self.plan.run,
                "lines": self.plan.lines.height,
                "not_ordered": self.plan.not_ordered.height,
            },
            "first_lines": lines,
            "project": str(self.folder),
            "seconds": round(self.seconds, 2),
            "seconds_of": {
                "load": round(self.loaded.seconds, 2),
                "train": round(self.trained.seconds, 2),
                "backtest": round(self.proof.seconds, 2),
                "plan": round(self.plan.seconds, 2),
            },
        }


def run(
    files: Sequence[Path],
    folder: Path,
    *,
    options: ReadOptions | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> RunResult:
    """Load, train, prove and plan in a project folder (a new one needs nothing but the files).

    Raises:
        RestockError: of any of the steps; what the steps before it made is kept.
    """
    return run_project(open_project(folder), files, options=options, seed=seed, progress=progress)


def run_project(
    project: Project, files: Sequence[Path], *, options: ReadOptions | None, seed: int, progress: Progress | None
) -> RunResult:
    """`run` with a project that is open."""
    began, progress = time.perf_counter(), progress or Silent()
    check_seed(seed)
    progress.start(Text("reading", "读取数据"), len(files))
    try:
        loaded = load(project, files, options)
    finally:
        progress.finish()
    trained = train(project, seed=seed, progress=progress)
    proof = backtest(project, trained.model, progress=progress)
    planned = plan(project, model=trained.model)
    return RunResult(loaded, trained, proof, planned, project.path, time.perf_counter() - began)


def demo(
    sample: Literal["real", "synthetic"], folder: Path, *, seed: int = 0, progress: Progress | None = None
) -> RunResult:
    """The whole loop on a sample shop: a grocer's real year, or a made-up shop.

    A folder that holds an earlier demo is used again: its facts do not change.
    """
    from restock.workflows.samples import make_sample

    files, settings = make_sample(sample, folder / "input", check_seed(seed))
    toml = folder / "restock.toml"
    if not toml.exists():
        write_whole(toml, settings.encode())
    return run(files, folder, seed=seed, progress=progress)
