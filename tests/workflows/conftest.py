"""One small made-up shop, loaded, trained, tested and planned once; a test that writes gets a copy of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import weekly_shop as made_up
from made_up_team import made_up_team
from weekly_shop import copied, new_project

from restock.policies import pretrained
from restock.workflows.approval.desk import Desk, open_desk
from restock.workflows.backtest import BacktestResult
from restock.workflows.load import LoadResult
from restock.workflows.plan import PlanResult
from restock.workflows.project import Project
from restock.workflows.train import TrainResult


class Shop(NamedTuple):
    """Everything that the whole loop made; to be read only."""

    world: made_up.World
    project: Project
    files: dict[str, Path]
    loaded: LoadResult
    trained: TrainResult
    proof: BacktestResult
    plan: PlanResult


@pytest.fixture(scope="session", autouse=True)
def small_team() -> Iterator[None]:
    """Stands for the pretrained policy: its memory, its inputs and its head, small and without training."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "load_generalist", lambda team=made_up_team(): team)
        yield


@pytest.fixture(scope="session")
def world() -> made_up.World:
    return made_up.make_world()


@pytest.fixture(scope="session")
def files(world: made_up.World, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What the shop exports when it begins."""
    frames = {
        "sales": made_up.sales_frame(world, 0, made_up.WEEKS),
        **made_up.master_frames(world),
        "stock": made_up.stock_frame(made_up.starting_stock(world), made_up.WEEKS),
    }
    return made_up.save(frames, tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def shop(world: made_up.World, files: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The whole loop on these files."""
    project = new_project(tmp_path_factory.mktemp("shop"))
    loaded = project.load(list(files.values()))
    trained = project.train()
    return Shop(world, project, files, loaded, trained, project.backtest(), project.plan())


@pytest.fixture
def own(shop: Shop, tmp_path: Path) -> Project:
    """A copy of the trained shop, to be changed."""
    return copied(shop.project, tmp_path / "own")


@pytest.fixture
def fresh(tmp_path: Path) -> Callable[[str], Project]:
    """An empty project with these settings."""
    return lambda settings: new_project(tmp_path / "fresh", settings)


@pytest.fixture
def desk_of() -> Iterator[Callable[[Project], Desk]]:
    """The desk of an administrator in any project."""
    opened: list[Desk] = []

    def open_(project: Project) -> Desk:
        opened.append(open_desk(project, "ada"))
        return opened[-1]

    yield open_
    for desk in opened:
        desk.state.close()
