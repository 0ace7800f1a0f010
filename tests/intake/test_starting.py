import numpy as np
import polars as pl
import pytest
from made_up_facts import day, line, sales, table

from restock.config import Config
from restock.intake.history import build_history
from restock.intake.starting import StartingStock, starting_stock
from restock.intake.terms import build_terms

LINES = [line(n, item, 2) for n in range(10) for item in ("a", "b")]  # the first day after it is day 10


def start(*lines: dict, lead_time: object = 3, period: str = "day", **facts: pl.DataFrame) -> StartingStock:
    config = Config.model_validate({"shop": {"period": period}, "supply": {"lead_time": lead_time}})
    everything = {"sales": sales(*(lines or LINES)), **facts}
    history = build_history(everything, config, 0).history
    return starting_stock(everything, history, build_terms(everything, history, config))


def keys(found: StartingStock) -> dict[str, str]:
    return {assumption.key: assumption.value for assumption in found.assumptions}


def count(item: str, number: int, on_hand: float, site: str = "main") -> dict:
    return {"item": item, "site": site, "date": day(number), "on_hand": on_hand}


def order(name: str, quantity: float, ordered: int | None, expected: int | None, received: int | None = None) -> dict:
    dates = {"ordered": ordered, "expected": expected, "received": received}
    named = {key: None if number is None else day(number) for key, number in dates.items()}
    return {"order": name, "item": "a", "site": "main", "quantity": quantity, **named}


def orders(*rows: dict) -> pl.DataFrame:
    return table(*rows, ordered=pl.Date, expected=pl.Date, received=pl.Date)


def test_the_newest_count_up_to_the_morning_after_is_taken():
    stock = table(count("a", 3, 30.0), count("a", 10, 7.0), count("a", 11, 99.0), count("b", 4, 5.0))
    found = start(stock=stock)
    assert (found.on_hand.tolist(), found.known.tolist()) == ([7, 5], [True, True])
    assert found.assumptions == ()
    assert found.on_hand.dtype == found.on_order.dtype == np.float32


def test_a_count_from_later_is_better_than_none_and_is_said():
    found = start(stock=table(count("a", 14, 9.0), count("a", 12, 8.0), count("b", 9, 1.0)))
    assert found.on_hand.tolist() == [8, 1]
    assert keys(found) == {"stock_date": "1"}
    assert "up to 2 days after" in found.assumptions[0].text.en


def test_what_nobody_has_counted_is_not_known():
    found = start(stock=table(count("a", 3, 30.0)))
    assert (found.on_hand.tolist(), found.known.tolist()) == ([30, 0], [True, False])
    assert keys(found) == {"stock": "1"}
    assert keys(start()) == {"stock": "2"}


def test_less_than_nothing_is_nothing():
    found = start(stock=table(count("a", 3, -4.0), count("b", 3, 4.0)))
    assert found.on_hand.tolist() == [0, 4]
    assert keys(found) == {"stock_below_zero": "1"}


def test_stock_of_several_places_is_added_up_where_the_sales_know_only_one():
    found = start(
        stock=table(
            count("a", 3, 30.0, "north"),
            count("a", 4, 5.0, "south"),
            count("a", 2, 9.0, "south"),
            count("b", 4, 1.0, "south"),
        )
    )
    assert found.on_hand.tolist() == [35, 1]
    assert keys(found) == {"stock_sites": "2"}


def test_each_site_has_its_own_count_where_the_sales_know_sites():
    lines = [line(n, "a", 2, site=site) for n in range(3) for site in ("north", "south")]
    found = start(*lines, stock=table(count("a", 1, 30.0, "north"), count("a", 1, 5.0, "south")))
    assert found.on_hand.tolist() == [30, 5]


@pytest.mark.parametrize(
    ("expected", "ages", "said"),
    [
        (10, [0, 0, 4], set()),  # due now: it left 3 days ago
        (11, [0, 4, 0], set()),
        (12, [4, 0, 0], set()),  # left yesterday
        (13, [4, 0, 0], {"orders_far"}),  # an order of today would come then
        (40, [4, 0, 0], {"orders_far"}),
        (7, [0, 0, 4], {"orders_overdue"}),
    ],
)
def test_an_open_order_is_as_old_as_its_arrival_says(expected: int, ages: list[float], said: set[str]):
    found = start(purchase_orders=orders(order("p1", 4.0, 5, expected)))
    assert found.on_order.tolist() == [ages, [0, 0, 0]]
    assert keys(found).keys() - {"stock"} == said


def test_an_order_without_an_expected_date_is_as_old_as_it_is():
    found = start(
        purchase_orders=orders(order("p1", 4.0, 8, None), order("p2", 1.0, 2, None), order("p3", 2.0, None, None))
    )
    assert found.on_order[0].tolist() == [2, 4, 1]
    assert keys(found).keys() - {"stock"} == {"orders_undated"}


def test_received_and_empty_orders_are_over():
    found = start(purchase_orders=orders(order("p1", 4.0, 5, 10, 9), order("p2", 0.0, 5, 10)))
    assert found.on_order.sum() == 0


def test_weeks_are_counted_in_weeks():
    lines = [line(n, "a", 2) for n in range(14)]
    pending = orders(order("p1", 4.0, 5, 14), order("p2", 1.0, 5, 20), order("p3", 2.0, 5, 21))
    found = start(*lines, period="week", lead_time=2, purchase_orders=pending)
    assert found.on_order.tolist() == [[2, 5]]


def test_without_a_lead_time_what_is_ordered_is_there():
    found = start(lead_time=0, stock=table(count("a", 3, 30.0)), purchase_orders=orders(order("p1", 4.0, 5, 10)))
    assert found.on_hand.tolist() == [34, 0]
    assert found.on_order.shape == (2, 0)


def test_an_overdue_order_is_as_old_as_the_longest_lead_time():
    found = start(lead_time={1: 0.5, 4: 0.5}, purchase_orders=orders(order("p1", 4.0, 1, 7)))
    assert found.on_order[0].tolist() == [0, 0, 0, 4]


def test_all_that_is_on_order_is_kept():
    rng = np.random.default_rng(0)
    pending = orders(
        *(order(f"p{n}", float(q), int(o), int(e)) for n, (q, o, e) in enumerate(rng.integers(1, 30, (40, 3))))
    )
    found = start(purchase_orders=pending)
    assert found.on_order.sum() == pending["quantity"].sum()
