"""The first order of an item that has never sold: when, how much, why; from the files to the explanation."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import weekly_shop as made_up
from scipy.stats import norm

from restock.cli.main import main
from restock.policies.rules import QUANTILES
from restock.service.page.rows.item import sheet_of
from restock.workflows.project import Project, open_project
from restock.workflows.situation import understand
from restock.workflows.today import understand_today

FIRST, DAYS = date(2026, 3, 2), 40
NOW = FIRST + timedelta(DAYS)  # the day that is planned
SELLS = {"A": 4, "B": 2, "C": 1}  # a day, every day
NEW = {  # launch in days from now, like item, status
    "soon": (3, "A", ""),
    "near": (7, "A", ""),
    "later": (8, "A", ""),
    "begun": (-10, "", ""),
    "named": (None, "A", "active"),
    "neither": (None, "", ""),
    "gone": (3, "A", "discontinued"),
}


def save_files(folder: Path) -> list[str]:
    """What a small shop exports: 7 days of lead time, an order every day, 10 of money for what costs 6."""
    days = [FIRST + timedelta(n) for n in range(DAYS)]
    sales = pl.DataFrame(
        [
            {"item": item, "date": day, "quantity": units, "unit_price": 10}
            for item, units in SELLS.items()
            for day in days
        ]
    )
    known = [{"item": item, "category": "cups", "unit_cost": 6.0} for item in SELLS]
    new = [
        {
            "item": item,
            "category": "cups",
            "unit_cost": 6.0,
            "list_price": 10.0,
            "launch": None if ahead is None else NOW + timedelta(ahead),
            "like_item": like or None,
            "status": status or None,
        }
        for item, (ahead, like, status) in NEW.items()
    ]
    frames = {
        "sales": sales,
        "items": pl.DataFrame([*known, *new], infer_schema_length=None),
        "supply": pl.DataFrame({"item": [*SELLS, *NEW], "supplier": "S1", "lead_time": 7.0}),
        "stock": pl.DataFrame({"item": list(SELLS), "date": NOW - timedelta(1), "on_hand": 0.0}),
    }
    return [str(path) for path in made_up.save(frames, folder).values()]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("small")
    assert main(["load", *save_files(place / "files"), "--project", str(place / "shop")]) == 0
    return place / "shop"


@pytest.fixture
def ask(place: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict]:
    def call(*words: str) -> dict:
        assert main([*words, "--project", str(place), "--json"]) == 0
        return json.loads(capsys.readouterr().out)

    return call


def order(level: float, on_sale: int, rarest: float = 0.999) -> float:
    """The newsvendor's: Poisson demand of so many of the 8 days from an order to the arrival of the next one."""
    mean, missing, spare = level * on_sale, 10 - 6, 0.3 * 6 / 365
    safety = norm.ppf(min(missing / (missing + spare), rarest))
    return round(float(mean + safety * np.sqrt(mean)))


def test_a_first_order_comes_for_the_launch_and_not_before(ask):
    plan = ask("plan")
    lines = {line["item"]: line for line in plan["lines"]}
    rest = {line["item"]: line for line in plan["not_ordered"]}
    assert set(lines) == {*SELLS, "soon", "near", "begun", "named"}
    assert set(rest) == {"later"}  # an order of tomorrow is there on the day of its launch
    ordered = {item: lines[item]["quantity"] for item in NEW if item in lines}
    assert ordered == {
        "soon": order(4, 5),
        "near": order(4, 1),
        "begun": order(2, 8),  # the median of its category
        "named": order(4, 8),
    }
    assert {lines[item]["policy"] for item in ordered} == {"newsvendor"}
    assert lines["soon"]["forecast"] == pytest.approx(20, rel=1e-3)
    assert lines["soon"]["periods_seen"] == 0
    assert not lines["soon"]["stock_counted"]
    assert (
        "(newsvendor, as the item has never sold: a guess of 4.0 per day from `A`, which it is like)"
        in lines["soon"]["reason"]
    )
    assert "因为该商品从未售出：参照商品 `A`估计每天 4.0" in lines["soon"]["reason_zh"]
    assert "a guess of 2.0 per day from its category" in lines["begun"]["reason"]
    launch = str(NOW + timedelta(8))
    assert f"the launch is on {launch}" in rest["later"]["reason"]
    assert f"从未售出；{launch} 上架" in rest["later"]["reason_zh"]
    said = {a["key"]: a for a in plan["assumptions"]}
    assert said["announced"]["value"] == said["unseen"]["value"] == said["stock_unsold"]["value"] == "5"
    assert "从未售出" in said["announced"]["text_zh"]


def test_a_profile_names_them_and_an_explanation_takes_the_first_order_apart(ask, capsys, place):
    profile = ask("profile")
    assert profile["items"] == len(SELLS) + 5
    assert profile["patterns"]["none"] == 5
    found = ask("explain", "soon")
    assert found["quantity"] == order(4, 5)
    assert sum(part["units"] for part in found["parts"]) == pytest.approx(found["quantity"])
    assert {a["policy"]: a["quantity"] for a in found["alternatives"]}["newsvendor"] == found["quantity"]
    assert ask("explain", "later")["quantity"] == 0
    for item in ("neither", "gone"):
        assert main(["explain", item, "--project", str(place)]) == 2
        assert f"`{item}`" in capsys.readouterr().err


def test_a_forecaster_of_the_settings_leaves_the_first_order_to_the_guess(place, tmp_path):
    project = made_up.copied(open_project(place), tmp_path / "foretold")
    (project.path / "restock.toml").write_text('[forecast]\nmethod = "ses"\n')
    lines = open_project(project.path).plan().lines
    ordered = dict(lines.select("item", "quantity").iter_rows())
    rarest = float(QUANTILES[-1])  # of demand that a forecaster is asked for
    assert ordered["soon"] == order(4, 5, rarest)
    assert ordered["named"] == order(4, 8, rarest)


def announce(project: Project, folder: Path, **about: object) -> None:
    row = {"item": "I-99", "name": "New", "category": "cups", "list_price": 20.0, "unit_cost": 12.0, **about}
    project.load(list(made_up.save({"items": pl.DataFrame([row])}, folder).values()))


def test_a_trained_shop_orders_it_by_its_best_rule_and_everything_else_as_before(own, shop, tmp_path):
    announce(own, tmp_path, like_item="I-20")
    plan = own.plan()
    line = plan.lines.filter(pl.col("item") == "I-99")
    assert line["policy"].to_list() == [shop.trained.best_rule]
    weekly = shop.world.demand[20, (made_up.WEEKS - 13) * 7 : made_up.WEEKS * 7].sum() / 13
    assert 0.5 * weekly < line["quantity"].item() < 8 * weekly
    columns = [name for name in plan.lines.columns if name != "rank"]
    assert plan.lines.filter(pl.col("item") != "I-99").select(columns).equals(shop.plan.lines.select(columns))
    assert plan.not_ordered.equals(shop.plan.not_ordered)
    today = understand_today(own)
    sheet = sheet_of(today, "I-99", None, "zh")
    assert "从未售出" in sheet.explanation.reason.zh
    assert sheet.demand.mean[0] == pytest.approx(weekly, rel=0.01)
    assert np.isnan(sheet.demand.sold).all()
    assert today.prices().filter(pl.col("item") == "I-99")["price"].item() == 20.0
    assert today.forecasts().filter(pl.col("item") == "I-99")["per_period"].item() == pytest.approx(weekly, rel=0.01)


def test_of_an_item_that_never_sold_nothing_is_learned_or_proved(own, shop, tmp_path):
    announce(own, tmp_path, launch=made_up.monday(made_up.WEEKS + 1))
    before, after = understand(shop.project), understand(own)  # what training and the proof look at
    assert after.history.items == before.history.items
    assert after.assumptions == before.assumptions
    assert understand(own, announced=True).history.items == (*before.history.items, "I-99")
