"""Prices of a shop that was really trained: what REST says, and what the page shows beside it."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from weekly_shop import NAMES, WEEKS, copied, monday

from restock.service.page.rows import prices as rows
from restock.workflows.today import understand_today


@pytest.fixture(scope="module")
def priced(shop, tmp_path_factory):
    """The same shop with prices and promotions of the weeks to come, and list prices."""
    project = copied(shop.project, tmp_path_factory.mktemp("priced") / "own")
    folder = tmp_path_factory.mktemp("files")
    dates = [monday(WEEKS + 2), monday(WEEKS + 4), monday(WEEKS - 3)]
    pl.DataFrame({"item": [NAMES[0], NAMES[0], NAMES[1]], "date": dates, "price": [9.5, 8.0, 7.0]}).write_csv(
        folder / "prices.csv"
    )
    items = pl.DataFrame({"item": NAMES, "name": [f"Sample {i}" for i in range(len(NAMES))], "list_price": [99.0] * 25})
    items.write_csv(folder / "items.csv")
    project.load([folder / "prices.csv", folder / "items.csv"])
    return project


@pytest.fixture(scope="module")
def today(priced):
    return understand_today(priced)


def test_the_next_price_is_the_first_that_the_table_of_prices_names(today):
    found = {row["item"]: row for row in today.prices().to_dicts()}
    assert (found[NAMES[0]]["next_price"], found[NAMES[0]]["next_date"]) == (9.5, f"{monday(WEEKS + 2)}")
    assert found[NAMES[1]]["next_price"] is None  # it began long ago
    for row in found.values():
        assert row["margin"] == pytest.approx(row["price"] - row["unit_cost"], abs=1e-3)


def test_rows_have_names_list_prices_and_what_was_paid_lately(shop, today):
    found, count = rows.price_rows(today, "")
    assert (len(found), count) == (25, 25)
    for row in found:
        item = NAMES.index(row["item"])
        assert (row["name"], row["list_price"]) == (f"Sample {item}", 99.0)
        assert row["paid"] == pytest.approx(shop.world.price[item])  # it never changed
    only, count = rows.price_rows(today, "sample 7")
    assert ([row["item"] for row in only], count) == ([NAMES[7]], 1)


def test_what_is_to_come_names_its_table_and_its_data(today, desk_of, priced):
    found = rows.coming_rows(desk_of(priced), today, "zh")
    prices = [row for row in found if row["what"] == "价格"]
    assert [(row["item"], row["start"], row["price"]) for row in prices] == [
        (NAMES[0], f"{monday(WEEKS + 2)}", 9.5),
        (NAMES[0], f"{monday(WEEKS + 4)}", 8.0),
    ]
    promoted = [row for row in found if row["what"] == "display"]
    assert promoted
    assert all(row["end"] >= f"{monday(WEEKS)}" for row in promoted)
    before, newest = priced.facts.manifest(priced.facts.latest()).previous, priced.facts.latest()
    assert newest in prices[0]["source"]
    assert before in promoted[0]["source"]  # the file of prices changed nothing about promotions
    assert found == sorted(found, key=lambda row: row["start"])


def test_the_course_of_a_price_is_paid_then_planned(shop, today):
    course = rows.course_of(today, NAMES[0], None)
    paid, planned = np.isfinite(course.paid), np.isfinite(course.planned)
    assert not (paid & planned).any()
    assert course.days[planned][0] == np.datetime64(monday(WEEKS))
    assert set(np.round(course.paid[paid], 2)) == {round(float(shop.world.price[0]), 2)}
    assert list(np.round(course.planned[planned][1:5], 2)) == [round(float(shop.world.price[0]), 2), 9.5, 9.5, 8.0]
    weeks = (course.days - np.datetime64(monday(0))).astype(int) // 7
    assert {int(week) for week in weeks[course.promotion > 0]} == {w for w in weeks.tolist() if w % 11 == 0}
    assert (course.unit_cost, course.list_price) == (pytest.approx(shop.world.cost[0]), 99.0)
    assert date.fromisoformat(f"{course.days[0]}") + timedelta(7) == date.fromisoformat(f"{course.days[1]}")
