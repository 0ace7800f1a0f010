"""Items that have never sold become rows where the table of items announces them, and only there."""

from dataclasses import fields

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_facts import day, line, sales, table

from restock.config import Config
from restock.intake.announced import periods_to_launch
from restock.intake.history import HistoryResult, build_history
from restock.intake.starting import starting_stock
from restock.intake.terms import build_terms
from restock.simulator.history import History

DAILY = Config.model_validate({"shop": {"period": "day"}})
SOLD = [
    *(line(n, "a", 4, site="north") for n in range(30)),
    *(line(n, "a", 2, site="south") for n in range(30)),
    *(line(n, "b", 1, site="east") for n in range(30)),
]
OLD = [{"item": "a", "category": "cups"}, {"item": "b", "category": "plates"}]


def understood(*new: dict, lines: list[dict] = SOLD, announced: bool = True, **facts: pl.DataFrame) -> HistoryResult:
    columns = {"category": pl.String, "launch": pl.Date, "status": pl.String, "like_item": pl.String}
    rows = [{"item": row["item"], **{name: row.get(name) for name in columns}} for row in (*OLD, *new)]
    items = table(*rows, **columns)
    return build_history({"sales": sales(*lines), "items": items, **facts}, DAILY, announced=announced)


def rows_of(result: HistoryResult) -> list[tuple[str, str]]:
    """What comes after the three rows that sold."""
    return list(zip(result.history.items, result.history.sites, strict=True))[3:]


def said(result: HistoryResult) -> dict[str, tuple[str, str]]:
    return {a.key: (a.text.en, a.text.zh) for a in result.assumptions}


@pytest.mark.parametrize(
    ("about", "becomes"),
    [
        ({"launch": day(40)}, True),  # the history ends with day 29
        ({"launch": day(400)}, True),
        ({"launch": day(2)}, True),  # four weeks before
        ({"launch": day(1)}, False),
        ({"launch": day(1), "like_item": "a"}, True),
        ({"like_item": "a"}, True),
        ({"like_item": "gone"}, False),
        ({"like_item": "new"}, False),  # itself
        ({}, False),
        ({"launch": day(40), "like_item": "a", "status": "discontinued"}, False),
        ({"launch": day(40), "status": "active"}, True),
    ],
)
def test_a_launch_lately_or_ahead_or_a_known_like_item_announces_an_item(about: dict, becomes: bool):
    found = understood({"item": "new", "category": "plates", **about})
    assert bool(rows_of(found)) == becomes
    assert ("announced" in said(found)) == becomes
    assert ("launched_unsold" in said(found)) == (about == {"launch": day(1)})


def test_its_sites_are_those_that_name_it_else_those_of_its_like_item_else_of_its_category_else_all():
    stock = table(
        *({"item": i, "site": s, "date": day(9), "on_hand": 0.0} for i, s in [("n1", "south"), ("n1", "depot")])
    )
    supply = table({"item": "n2", "site": "east", "supplier": "x"}, {"item": "n3", "site": "main", "supplier": "x"})
    found = understood(
        {"item": "n1", "like_item": "b", "category": "plates"},
        {"item": "n2", "like_item": "a"},
        {"item": "n3", "like_item": "a", "category": "plates"},
        {"item": "n4", "launch": day(40), "category": "plates"},
        {"item": "n5", "launch": day(40)},
        stock=stock,
        supply=supply,
    )
    assert rows_of(found) == [
        ("n1", "south"),  # nothing is sold at the depot
        ("n2", "east"),
        ("n3", "north"),  # terms for `main` are for every site
        ("n3", "south"),
        ("n4", "east"),
        *(("n5", site) for site in ("east", "north", "south")),
    ]
    english, chinese = said(found)["announced"]
    assert "5 items have never sold" in english
    assert "`n3` (north, south)" in english
    assert "5 个商品从未售出" in chinese


def test_where_the_sales_know_one_site_stock_elsewhere_is_that_site_s():
    lines = [line(n, "a", 4) for n in range(30)]
    stock = table({"item": "new", "site": "depot", "date": day(29), "on_hand": 7.0})
    facts = {"sales": sales(*lines), "items": table({"item": "new", "like_item": "a"}), "stock": stock}
    history = build_history(facts, DAILY, announced=True).history
    assert list(zip(history.items, history.sites, strict=True)) == [("a", "main"), ("new", "main")]
    terms = build_terms(facts, history, DAILY)
    found = starting_stock(facts, history, terms)
    assert (found.on_hand.tolist(), found.known.tolist()) == ([0, 7], [False, True])


def test_what_nobody_has_counted_and_never_sold_is_nowhere_and_that_is_said():
    facts = {"sales": sales(*SOLD), "items": table({"item": "new", "like_item": "b"})}
    history = build_history(facts, DAILY, announced=True).history
    keys = {a.key: a.value for a in starting_stock(facts, history, build_terms(facts, history, DAILY)).assumptions}
    assert keys == {"stock": "3", "stock_unsold": "1"}


def test_it_has_never_been_on_sale_whatever_the_file_says_and_its_price_is_that_of_the_list():
    lines = [*SOLD, line(3, "new", 0, site="north")]
    items = {"item": "new", "launch": day(20), "like_item": "a"}
    prices = table({"item": "new", "site": None, "date": day(35), "price": 9.0}, site=pl.String)
    stock = table({"item": "new", "site": "north", "date": day(25), "on_hand": 0.0})
    found = understood(items, lines=lines, prices=prices, stock=stock)
    history = found.history
    assert rows_of(found) == [("new", "north")]
    assert history.begun.tolist() == [True, True, True, False]
    for values in (history.on_sale, history.known, history.sold, history.demand):
        assert not values[3].any()
    assert history.price[3].tolist() == [9.0] * (30 + history.ahead)
    assert history.like[3] == "a"
    assert "never_sold" not in said(found)
    assert found.shelf is None  # an empty shelf before the first sale is no stock-out
    assert understood({**items, "launch": day(1), "like_item": None}, lines=lines).history.items == history.items[:3]


def same(one: History, other: History, rows: int) -> None:
    for field in fields(History):
        mine, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name in ("items", "sites", "like"):
            assert mine[:rows] == theirs[:rows]
        elif field.name in ("starts", "calendar"):
            np.testing.assert_array_equal(mine, theirs)
        elif isinstance(mine, np.ndarray):
            np.testing.assert_array_equal(mine[:rows], theirs[:rows])
        else:
            assert mine == theirs


@settings(deadline=None, max_examples=50)
@given(
    lines=st.lists(
        st.tuples(st.integers(0, 30), st.sampled_from("abcd"), st.integers(-2, 5), st.sampled_from(["north", "south"])),
        min_size=1,
    ),
    about=st.lists(st.sampled_from("abcdefg"), unique=True, min_size=1),
)
def test_without_announcements_a_history_is_what_it_was_and_with_them_its_first_rows_are(lines, about):
    facts = {"sales": sales(line(0, "a", 9), *(line(n, item, units, site=site) for n, item, units, site in lines))}
    facts["items"] = table(*({"item": item, "category": "cups", "list_price": 5.0} for item in about))
    plain, asked = build_history(facts, DAILY), build_history(facts, DAILY, announced=True)
    assert plain.assumptions == asked.assumptions
    assert plain.history.shape == asked.history.shape
    same(plain.history, asked.history, plain.history.shape[0])
    facts["items"] = facts["items"].with_columns(launch=pl.lit(day(31)))
    plain, asked = build_history(facts, DAILY), build_history(facts, DAILY, announced=True)
    same(plain.history, asked.history, plain.history.shape[0])
    assert set(asked.history.items) == set(plain.history.items) | set(about)


def test_the_launch_is_awaited_in_whole_periods():
    new = [{"item": f"n{n}", "like_item": "b", "launch": day(n) if n else None} for n in (0, 25, 30, 31, 44)]
    found = understood(*new)
    items = table(*({"item": row["item"], "launch": row["launch"]} for row in new), launch=pl.Date)
    waits = dict(zip(found.history.items, periods_to_launch(items, found.history).tolist(), strict=True))
    assert waits == {"a": 0, "b": 0, "n0": 0, "n25": 0, "n30": 0, "n31": 1, "n44": 14}
    weekly = build_history(
        {"sales": sales(*(line(n, "a", 1) for n in range(28))), "items": items.with_columns(like_item=pl.lit("a"))},
        Config.model_validate({"shop": {"period": "week"}}),
        announced=True,
    ).history
    waits = dict(zip(weekly.items, periods_to_launch(items, weekly).tolist(), strict=True))
    assert waits == {"a": 0, "n0": 0, "n25": 0, "n30": 0, "n31": 0, "n44": 2}
