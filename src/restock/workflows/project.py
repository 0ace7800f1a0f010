"""A shop's folder and everything that can be done with it: the Python API."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from restock.config import Config, read_config
from restock.errors import UsageError
from restock.language import Text
from restock.progress import Progress, Silent
from restock.storage.facts import FactStore
from restock.storage.folder import Folder

if TYPE_CHECKING:
    from restock.intake.tables import ReadOptions
    from restock.workflows.backtest import BacktestResult
    from restock.workflows.explain import Explanation
    from restock.workflows.export import ExportResult, Form
    from restock.workflows.forecast import ForecastResult
    from restock.workflows.load import LoadResult, Profile
    from restock.workflows.plan import PlanResult
    from restock.workflows.train import TrainResult


@dataclass(frozen=True)
class Project:
    """A shop's folder with its settings. Methods are the commands of the same name."""

    path: Path
    config: Config

    @property
    def folder(self) -> Folder:
        """Where its files are."""
        return Folder(self.path)

    @property
    def facts(self) -> FactStore:
        """Its data."""
        return FactStore(self.folder)

    def load(self, files: Sequence[Path | str], options: "ReadOptions | None" = None) -> "LoadResult":
        """Read files and keep what is new in them; the same file twice changes nothing."""
        from restock.workflows.load import load

        return load(self, [Path(f) for f in files], options)

    def profile(self) -> "Profile":
        """What the data say: quality, classes, demand patterns."""
        from restock.workflows.load import profile

        return profile(self)

    def forecast(
        self,
        periods: int | None = None,
        *,
        method: str | None = None,
        windows: int = 4,
        report: bool = True,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> "ForecastResult":
        """Demand of the next periods of every item, and how good such forecasts were on windows of the past."""
        from restock.workflows.forecast import ForecastRequest, forecast

        return forecast(self, ForecastRequest(periods, method, windows, report), seed=seed, progress=progress)

    def train(self, *, seed: int = 0, progress: Progress | None = None, resume: bool = False) -> "TrainResult":
        """Tune the classical rules and learn a policy."""
        from restock.workflows.train import train

        return train(self, seed=seed, progress=progress or Silent(), resume=resume)

    def backtest(self, model: str | None = None, *, progress: Progress | None = None) -> "BacktestResult":
        """Prove a trained model in money on the test periods and write the report."""
        from restock.workflows.backtest import backtest

        return backtest(self, model, progress=progress or Silent())

    def plan(self, policy: str | None = None, *, model: str | None = None) -> "PlanResult":
        """Today's order lines."""
        from restock.workflows.plan import plan

        return plan(self, policy, model=model)

    def explain(self, item: str, site: str | None = None) -> "Explanation":
        """Why an item's line in today's plan is what it is."""
        from restock.workflows.explain import explain

        return explain(self, item, site)

    def export(self, run: str | None = None, *, form: "Form" = "csv", path: Path | None = None) -> "ExportResult":
        """Write the lines of a plan to a file."""
        from restock.workflows.export import export

        return export(self, run, form, path)


def open_project(path: Path | str) -> Project:
    """Open a project folder; one that does not exist yet comes into being with the first load.

    Raises:
        UsageError: the path is a file.
        ConfigError: restock.toml is wrong.
    """
    folder = Path(path)
    if folder.is_file():
        raise UsageError(
            Text(f"`{folder}` is a file, not a project folder", f"`{folder}` 是文件，不是项目文件夹"),
            hint=Text(
                f"`restock run {folder}` makes a project of a sales file",
                f"`restock run {folder}` 可由销售文件建立项目",
            ),
        )
    return Project(folder, read_config(folder / "restock.toml"))
