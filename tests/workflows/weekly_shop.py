"""A made-up shop that decides every week: demand that nobody knows, and a plain Python till and shelf."""

import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from restock.workflows.project import Project, open_project

FIRST = date(2025, 1, 6)  # a Monday
ITEMS, WEEKS, LATER = 25, 51, 8  # weeks until training, and after it
NAMES = [f"I-{i:02d}" for i in range(ITEMS)]
SETTINGS = """\
[shop]
name = "Sample shop"
currency = "CNY"
country = "CN"
[costs]
holding_rate = 0.4
[train]
seeds = 2
updates = 100
hidden = 16
batch = 64
[backtest]
policies = ["newsvendor", "base_stock", "min_max", "forecast_quantile"]
"""


def monday(week: int) -> date:
    return FIRST + timedelta(weeks=int(week))


@dataclass(frozen=True)
class World:
    """What is true of the shop, known or not."""

    demand: np.ndarray  # units [item, day]
    price: np.ndarray  # [item]
    cost: np.ndarray  # [item]
    lead: np.ndarray  # weeks [item]
    review: np.ndarray  # weeks [item]
    pack: np.ndarray  # [item]
    minimum: np.ndarray  # [item]


def make_world(seed: int = 5) -> World:
    """Levels from 0.3 to 12 units a day, a weekend, promotions that lift demand by half."""
    draws = np.random.default_rng(seed)
    days = (WEEKS + LATER) * 7
    level = np.exp(np.linspace(np.log(0.3), np.log(12), ITEMS))
    weekday = np.array([0.8, 0.8, 0.9, 1.0, 1.2, 1.3, 1.0])[np.arange(days) % 7]
    lift = 1 + 0.5 * np.repeat(promoted(), 7, axis=1)
    mean = level[:, None] * weekday * lift * draws.gamma(8, 1 / 8, (ITEMS, days))
    price = np.round(draws.uniform(5, 60, ITEMS), 2)
    number = np.arange(ITEMS)
    return World(
        demand=draws.poisson(mean).astype(float),
        price=price,
        cost=np.round(price * draws.uniform(0.4, 0.8, ITEMS), 2),
        lead=1 + number % 2,
        review=np.where(number % 5 == 3, 2, 1),
        pack=np.where(number % 4 == 1, 6, 1),
        minimum=np.where(number % 6 == 4, 24, 0),
    )


def promoted() -> np.ndarray:
    """1 in the weeks in which an item is promoted. [item, week]"""
    weeks, items = np.arange(WEEKS + LATER), np.arange(ITEMS)
    return ((weeks + 3 * items[:, None]) % 11 == 0).astype(float)


@dataclass
class PlainShop:
    """The contract of one period in plain Python: receive, order, sell, count. Lost sales, fixed lead times."""

    world: World
    on_hand: list[float]
    open_orders: list[tuple[int, int, float, int]] = field(default_factory=list)  # item, week it left, units, number
    ordered: dict[tuple[int, int], float] = field(default_factory=dict)  # item, week -> units
    sold: dict[tuple[int, int], float] = field(default_factory=dict)
    left: dict[tuple[int, int], float] = field(default_factory=dict)
    number: int = 0

    def receive(self, week: int) -> list[tuple[int, int, float, int]]:
        """What comes in on the Monday of a week; these orders are closed."""
        due = [order for order in self.open_orders if order[1] + self.world.lead[order[0]] == week]
        for item, _, units, _ in due:
            self.on_hand[item] += units
        self.open_orders = [order for order in self.open_orders if order not in due]
        return due

    def order(self, week: int, units: dict[int, float]) -> None:
        for item, quantity in units.items():
            self.ordered[item, week] = quantity
            self.number += 1
            self.open_orders.append((item, week, quantity, self.number))

    def sell(self, week: int) -> None:
        for item in range(ITEMS):
            asked = float(self.world.demand[item, week * 7 : week * 7 + 7].sum())
            self.sold[item, week] = min(asked, self.on_hand[item])
            self.on_hand[item] -= self.sold[item, week]
            self.left[item, week] = self.on_hand[item]

    def profit(self, item: int, week: int) -> float:
        """Margin of what was sold, less holding of what was left."""
        world, holding = self.world, 0.4 * self.world.cost[item] * 7 / 365
        margin = (world.price[item] - world.cost[item]) * self.sold[item, week]
        return margin - holding * self.left[item, week]


def sales_frame(world: World, first: int, last: int) -> pl.DataFrame:
    """Daily sums of the weeks first <= week < last: demand, as of a shelf that was never empty."""
    days = np.arange(first * 7, last * 7)
    return pl.DataFrame(
        {
            "item": np.repeat(NAMES, len(days)),
            "date": [FIRST + timedelta(int(d)) for d in days] * ITEMS,
            "quantity": world.demand[:, days].reshape(-1),
            "unit_price": np.repeat(world.price, len(days)),
            "in_stock": np.ones(ITEMS * len(days)),
        }
    )


def stock_frame(on_hand: list[float], week: int) -> pl.DataFrame:
    """The count on the evening before a week begins."""
    return pl.DataFrame({"item": NAMES, "date": [monday(week) - timedelta(1)] * ITEMS, "on_hand": on_hand})


def orders_frame(shop: PlainShop, closed: list[tuple[int, int, float, int]], week: int) -> pl.DataFrame:
    """Open orders, and those that came in since the last export."""
    rows = [
        {
            "order": f"PO{number:05d}",
            "item": NAMES[item],
            "ordered": monday(left),
            "expected": monday(left + int(shop.world.lead[item])),
            "quantity": units,
            "received": monday(left + int(shop.world.lead[item])) if done else None,
        }
        for part, done in ((closed, True), (shop.open_orders, False))
        for item, left, units, number in part
    ]
    return pl.DataFrame(rows, schema_overrides={"received": pl.Date})


def master_frames(world: World) -> dict[str, pl.DataFrame]:
    """Items, terms of supply, and promotions, planned for all weeks."""
    weeks = promoted()
    promotions = [
        {"item": NAMES[i], "start": monday(w), "end": monday(w) + timedelta(6), "kind": "display", "value": 1.0}
        for i, w in zip(*np.nonzero(weeks), strict=True)
    ]
    supply = {
        "item": NAMES,
        "supplier": ["S1"] * ITEMS,
        "lead_time": world.lead * 7.0,
        "minimum": world.minimum.astype(float),
        "pack": world.pack.astype(float),
        "unit_cost": world.cost,
        "review": world.review * 7.0,
    }
    items = {
        "item": NAMES,
        "name": [f"Sample {i}" for i in range(ITEMS)],
        "category": ["cups", "plates"] * 12 + ["cups"],
    }
    return {"items": pl.DataFrame(items), "supply": pl.DataFrame(supply), "promotions": pl.DataFrame(promotions)}


def starting_stock(world: World) -> list[float]:
    """Half of the usual need, so that most items must be ordered at once."""
    weekly = world.demand[:, : WEEKS * 7].mean(axis=1) * 7
    return [float(round(units)) for units in weekly * (world.lead + world.review) * 0.5]


def save(frames: dict[str, pl.DataFrame], folder: Path, name: str = "") -> dict[str, Path]:
    folder.mkdir(parents=True, exist_ok=True)
    paths = {table: folder / f"{table}{name}.csv" for table in frames}
    for table, path in paths.items():
        frames[table].write_csv(path)
    return paths


def new_project(folder: Path, settings: str = SETTINGS) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "restock.toml").write_text(settings)
    return open_project(folder)


def copied(project: Project, folder: Path) -> Project:
    shutil.copytree(project.path, folder)
    return open_project(folder)
