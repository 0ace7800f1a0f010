"""Your own shop as a Gymnasium environment: an item's past, lived again from random moments on."""

from pathlib import Path
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np

from restock.backtest.catalogue import Catalogue, jnp_shop, scaling_of
from restock.backtest.windows import Windows, split
from restock.environments.setting import Course, Setting
from restock.environments.task import Actions, Task, ordering
from restock.errors import UsageError
from restock.language import Text
from restock.workflows.explain import find_row
from restock.workflows.project import open_project
from restock.workflows.situation import understand

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
SPREADS = 3.0  # standard deviations of the forecast that the largest order covers


def shop_task(
    project: Path | str,
    item: str | None = None,
    site: str | None = None,
    *,
    part: str = "train",
    actions: Actions = "discrete",
    periods: int | None = None,
) -> Task:
    """The task of ordering one item of a project; features are scaled by the training periods.

    Args:
        project: folder with data, see `restock load`.
        item: its id; none: the one that sells most.
        site: where, if the item is sold at several.
        part: of the history that episodes start in: train, validation or test; they never leave it.
        periods: of an episode; none: half of the part.

    Raises:
        UsageError: no data, no such item, site, part or kind of action, or a part shorter than the episode.
        DataError: the history is too short to be split.
    """
    opened = open_project(project)
    situation = understand(opened)
    catalogue = situation.catalogue()
    row = int(catalogue.history.sold.sum(axis=1).argmax()) if item is None else find_row(situation, item, site)
    windows = split(*_size(catalogue), catalogue.warm_up, opened.config)
    span = _span(windows, part)
    room = span[1] - span[0]
    length = max(room // 2, 1) if periods is None else periods
    if not 1 <= length < room:
        raise UsageError(
            Text(
                f"an episode of {length} periods does not fit into the {room} periods of `{part}`",
                f"{length} 个周期的回合放不进 `{part}` 的 {room} 个周期",
            ),
            hint=Text(f"choose `periods` from 1 .. {room - 1}", f"`periods` 的取值范围：1 .. {room - 1}"),
        )
    return ordering(item_setting(catalogue, row, windows, span), actions, length)


def item_setting(catalogue: Catalogue, row: int, windows: Windows, span: tuple[int, int]) -> Setting:
    """An item at its site, periods first <= t < last; estimates stand for demand of stock-outs.

    Each path begins at a random moment of the span, with the stock that is usual at its first one.
    """
    own, (first, last) = catalogue.take(np.asarray([row])), span
    known = own.known(first, last, scaling_of(catalogue, windows.train))
    known = jax.tree.map(lambda x: np.asarray(x)[0], known)  # [period, ...]
    demand = own.history.demand[0, first:last]

    def draw(generator: np.random.Generator, paths: int, periods: int) -> Course:
        starts = generator.integers(0, last - first - periods + 1, paths)
        columns = starts[:, None] + np.arange(periods)
        return Course(jnp.asarray(demand[columns]), jax.tree.map(lambda x: x[columns], known))

    shop, stock = jax.tree.map(lambda x: x[0], (jnp_shop(own.shop), own.usual_stock(first)))
    most = float((known.lead_demand + SPREADS * known.lead_spread).max())
    most = max(most, float(demand.max()), float(shop.minimum[0]), float(shop.pack[0]), 1.0)
    return Setting(f"{own.history.items[0]} @ {own.history.sites[0]}", shop, stock, float(np.ceil(most)), draw)


def _size(catalogue: Catalogue) -> tuple[int, int]:
    return catalogue.history.shape[1], catalogue.history.period_days


def _span(windows: Windows, part: str) -> tuple[int, int]:
    spans = {name: getattr(windows, name) for name in PARTS}
    if part in spans:
        return spans[part]
    raise UsageError(
        Text(f"there is no part `{part}` of the history", f"历史中没有名为 `{part}` 的部分"),
        hint=Text("choose train, validation or test", "可选：train、validation、test"),
    )
