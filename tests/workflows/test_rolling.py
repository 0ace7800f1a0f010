"""Rolling use: week after week the shop exports, loads and plans; its books must be those of the backtest."""

import json
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import weekly_shop as made_up
from weekly_shop import LATER, NAMES, WEEKS, PlainShop, copied

from restock.backtest.replay import Window, replay
from restock.cli.main import main
from restock.workflows.backtest import trained_model
from restock.workflows.decide import decide
from restock.workflows.situation import understand

NUMBER = {name: i for i, name in enumerate(NAMES)}


class Week(NamedTuple):
    """What the shop exported before a week, and what it was told to order."""

    files: list[Path]
    lines: list[dict]


class Rolled(NamedTuple):
    project: object
    shop: PlainShop
    weeks: list[Week]


def roll(shop, folder: Path, policy: str) -> Rolled:
    """Eight weeks with the plan's orders. The count of an evening knows nothing of the next morning's deliveries."""
    project, world = copied(shop.project, folder / "project"), shop.world
    plain, weeks = PlainShop(world, made_up.starting_stock(world)), []
    closed: list = []
    for week in range(WEEKS, WEEKS + LATER):
        files: list[Path] = []
        if week > WEEKS:
            frames = {
                "sales": made_up.sales_frame(world, week - 2, week),  # exports overlap
                "stock": made_up.stock_frame(plain.on_hand, week),
                "purchase_orders": made_up.orders_frame(plain, closed, week),
            }
            files = list(made_up.save(frames, folder / "exports", f"-{week}").values())
            project.load(files)
        lines = project.plan(policy).lines.to_dicts()
        closed = plain.receive(week)
        plain.order(week, {NUMBER[line["item"]]: line["quantity"] for line in lines})
        plain.sell(week)
        weeks.append(Week(files, lines))
    last = {"sales": made_up.sales_frame(world, WEEKS + LATER - 2, WEEKS + LATER)}
    project.load(list(made_up.save(last, folder / "exports", "-last").values()))
    return Rolled(project, plain, weeks)


def replayed(shop, rolled: Rolled, policy: str):
    """The same weeks in the backtest, from the same stock, with all that became known by the end."""
    _, trained = trained_model(shop.project, None)
    at_start = decide(understand(shop.project), trained)
    situation = understand(rolled.project)
    row_of = {item: i for i, item in enumerate(understand(shop.project).history.items)}
    order = np.array([row_of[item] for item in situation.history.items])
    catalogue = trained.look_at(situation.catalogue())
    stretch = catalogue.stretch(WEEKS, WEEKS + LATER, trained.scaling)
    stock = jax.tree.map(lambda x: jnp.asarray(np.asarray(x)[order]), at_start.view.stock)
    stretch = eqx.tree_at(lambda s: s.stock, stretch, stock)
    window = Window(stretch, 0, catalogue.history.known[:, WEEKS:], 7)
    if policy == "learned":
        return situation, replay(trained.ensemble(), window, policy, "learned")
    own = jax.tree.map(lambda x: x[order], trained.rules[policy].policy())
    return situation, replay(own, window, policy, "classical", own=True)


@pytest.mark.parametrize("policy", ["learned", "min_max"])
def test_eight_weeks_of_plans_are_the_books_of_the_backtest(shop, tmp_path, policy):
    rolled = roll(shop, tmp_path, policy)
    situation, books = replayed(shop, rolled, policy)
    items = [NUMBER[item] for item in situation.history.items]
    weeks = range(WEEKS, WEEKS + LATER)
    ordered = np.array([[rolled.shop.ordered.get((item, week), 0.0) for week in weeks] for item in items])
    np.testing.assert_array_equal(ordered, books.period.ordered[:, :, 0])
    left = np.array([[rolled.shop.left[item, week] for week in weeks] for item in items])
    np.testing.assert_allclose(books.period.on_hand[:, :, 0], left, atol=1e-3)
    profit = np.array([[rolled.shop.profit(item, week) for week in weeks] for item in items])
    np.testing.assert_allclose(books.profit, profit, rtol=1e-4, atol=0.02)
    assert (ordered > 0).mean() > 0.1
    assert (left == 0).any()  # some shelves were empty, so lost sales were tested too


def test_the_command_line_plans_the_same_lines_as_python(shop, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("RESTOCK_LANG", raising=False)
    rolled = roll(shop, tmp_path, "min_max")
    again = copied(shop.project, tmp_path / "again")
    for week in rolled.weeks:
        if week.files:
            assert main(["load", *map(str, week.files), "--project", str(again.path), "--json"]) == 0
        capsys.readouterr()
        assert main(["plan", "--policy", "min_max", "--project", str(again.path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["lines"] == week.lines


def test_a_longer_history_has_the_same_past(shop, tmp_path):
    rolled = roll(shop, tmp_path, "min_max")
    _, trained = trained_model(shop.project, None)
    short, long = understand(shop.project), understand(rolled.project)
    place = {key: row for row, key in enumerate(long.row_names())}
    rows = np.array([place[key] for key in short.row_names()])
    before = trained.look_at(short.catalogue())
    after = trained.look_at(long.catalogue()).take(rows)
    for name in ("sold", "demand", "known", "on_sale"):
        np.testing.assert_array_equal(getattr(before.history, name), getattr(after.history, name)[:, :WEEKS], name)
    columns = len(before.at)
    np.testing.assert_allclose(before.features, after.features[:, :columns], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(before.outlook.lead_demand, after.outlook.lead_demand[:, : WEEKS + 1], rtol=1e-4)
    np.testing.assert_array_equal(before.price[:, : WEEKS + 1], after.price[:, : WEEKS + 1])
    assert set(short.catalogue().feature_names) < set(long.catalogue().feature_names)  # a year of weeks brings more
