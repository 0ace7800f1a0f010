from datetime import datetime, timedelta

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from restock.intake.returns import match_returns, paired


def lines(*rows: tuple[int, float, float | None]) -> pl.DataFrame:
    """(hour, quantity, price) of one item."""
    start = datetime(2026, 11, 1)
    return pl.DataFrame(
        [("main", "A", start + timedelta(hours=hour), float(q), p) for hour, q, p in rows],
        schema={
            "site": pl.String,
            "item": pl.String,
            "at": pl.Datetime("us"),
            "quantity": pl.Float64,
            "unit_price": pl.Float64,
        },
        orient="row",
    )


def left(frame: pl.DataFrame) -> list[tuple[int, float]]:
    return frame.select(pl.col("at").dt.hour(), "quantity").rows()


def test_a_return_undoes_the_latest_earlier_sale_of_its_size() -> None:
    matched = match_returns(lines((1, 5, 2.0), (2, 5, 2.0), (3, -5, 2.0), (4, 5, 2.0)))
    assert left(matched.sales) == [(1, 5.0), (4, 5.0)]
    assert left(matched.undone) == [(2, 5.0)]


def test_the_sale_at_the_same_price_goes_first() -> None:
    matched = match_returns(lines((1, 5, 2.0), (2, 5, 3.0), (3, -5, 2.0)))
    assert left(matched.sales) == [(2, 5.0)]


def test_a_sale_at_another_price_goes_if_no_other_fits() -> None:
    assert match_returns(lines((1, 5, 2.0), (3, -5, 1.9))).sales.height == 0


def test_a_return_before_its_sale_is_alone() -> None:
    matched = match_returns(lines((1, -5, 2.0), (2, 5, 2.0)))
    assert (left(matched.sales), left(matched.alone)) == ([(2, 5.0)], [(1, -5.0)])


def test_part_of_a_sale_comes_back_but_never_more_than_was_sold() -> None:
    matched = match_returns(lines((1, 6, 2.0), (2, -4, 2.0), (3, -1, 2.0), (4, -3, 2.0)))
    assert left(matched.sales) == [(1, 1.0)]
    assert (matched.reduced, matched.partial, left(matched.alone)) == (5.0, 2, [(4, -3.0)])


def test_lines_without_a_price_match_too() -> None:
    assert match_returns(lines((1, 6, None), (2, -6, None))).sales.height == 0


@given(st.lists(st.tuples(st.integers(-3, 3).filter(bool), st.sampled_from([1.0, 2.0])), max_size=25))
def test_units_are_kept_taken_back_or_alone(events: list[tuple[int, float]]) -> None:
    frame = lines(*((i, quantity, price) for i, (quantity, price) in enumerate(events)))
    matched = match_returns(frame)
    sold = sum(q for q, _ in events if q > 0)
    assert matched.sales["quantity"].sum() + matched.undone["quantity"].sum() + matched.reduced == sold
    returned = -sum(q for q, _ in events if q < 0)
    assert matched.undone["quantity"].sum() + matched.reduced - matched.alone["quantity"].sum() == returned


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), min_size=1, max_size=40))
def test_pairs_are_those_of_a_stack(events: list[tuple[int, bool]]) -> None:
    events = sorted(events, key=lambda event: event[0])
    want = [False] * len(events)
    open_sales: dict[int, list[int]] = {}
    for i, (group, opens) in enumerate(events):
        if opens:
            open_sales.setdefault(group, []).append(i)
        elif open_sales.get(group):
            want[i] = want[open_sales[group].pop()] = True
    group, opens = (np.array([event[k] for event in events]) for k in (0, 1))
    assert paired(group.astype(np.int64), opens.astype(np.bool_)).tolist() == want
