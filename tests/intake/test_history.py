from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_facts import day, line, sales, table

from restock.config import Config
from restock.errors import DataError
from restock.intake.history import HistoryResult, build_history
from restock.simulator.history import History

DAILY = Config.model_validate({"shop": {"period": "day"}})
PLANNED = Config.model_validate({"shop": {"period": "day", "promotions": "planned"}})
WEEKLY = Config.model_validate({"shop": {"period": "week"}})
RETAIL = "shared/data/online_retail/transactions.parquet"
ONLINE_RETAIL = next((p / RETAIL for p in Path(__file__).parents if (p / RETAIL).exists()), None)


def keys(result: HistoryResult) -> list[str]:
    return [assumption.key for assumption in result.assumptions]


def value(result: HistoryResult, key: str) -> str:
    return next(assumption.value for assumption in result.assumptions if assumption.key == key)


def daily(*lines: dict, ahead: int = 0, config: Config = DAILY, **facts: pl.DataFrame) -> History:
    return build_history({"sales": sales(*lines), **facts}, config, ahead).history


def test_units_fall_on_their_day_and_the_best_seller_comes_first():
    found = daily(line(0, "b", 2), line(0, "a", 1), line(0, "a", 3, channel="web"), line(2, "b", 1, unit_price=9.0))
    assert (found.items, found.sites) == (("b", "a"), ("main", "main"))
    assert found.sold.tolist() == [[2, 0, 1], [4, 0, 0]]
    assert found.demand.tolist() == found.sold.tolist()
    assert found.starts.astype(str).tolist() == ["2026-03-02", "2026-03-03", "2026-03-04"]
    assert found.period_days == 1
    assert found.sold.dtype == np.float32


def test_equal_items_come_by_name_and_sites_are_rows_of_their_own():
    found = daily(line(0, "b", 1), line(0, "a", 1, site="y"), line(0, "a", 1, site="x"), line(1, "c", 1))
    assert list(zip(found.items, found.sites, strict=True)) == [("a", "x"), ("a", "y"), ("b", "main"), ("c", "main")]


def test_weeks_are_whole_and_the_rest_is_left_out():
    lines = [line(n, "a", 1) for n in range(3, 30)]  # Thursday to Tuesday
    result = build_history({"sales": sales(*lines)}, WEEKLY, 0)
    assert result.history.sold.tolist() == [[7, 7, 7]]
    assert result.history.starts.astype(str).tolist() == ["2026-03-09", "2026-03-16", "2026-03-23"]
    assert value(result, "incomplete_first_week") == "2026-03-05 - 2026-03-08"
    assert value(result, "incomplete_last_week") == "2026-03-30 - 2026-03-31"


def test_weeks_may_start_on_sunday():
    config = Config.model_validate({"shop": {"period": "week", "week_starts": "sunday"}})
    found = build_history({"sales": sales(*(line(n, "a", 1) for n in range(-1, 14)))}, config, 0).history
    assert found.sold.tolist() == [[7, 7]]
    assert found.starts.astype(str).tolist() == ["2026-03-01", "2026-03-08"]


def test_a_week_is_whole_without_the_days_on_which_the_shop_is_closed():
    lines = [line(7 * week + n, "a", 1) for week in range(4) for n in range(1, 6)]  # Tuesday to Saturday
    result = build_history({"sales": sales(*lines)}, WEEKLY, 0)
    assert result.history.sold.tolist() == [[5, 5, 5, 5]]
    assert not any(key.startswith("incomplete") for key in keys(result))
    assert value(result, "closed_weekdays") == "Monday, Sunday"


@pytest.mark.parametrize(("days", "period_days"), [(26 * 7 - 1, 1), (26 * 7, 7)])
def test_half_a_year_of_data_makes_weeks_and_says_so(days: int, period_days: int):
    result = build_history({"sales": sales(line(0, "a", 1), *(line(n, "a", 1) for n in range(days)))}, Config())
    assert result.history.period_days == period_days
    assert result.history.ahead == {1: 28, 7: 8}[period_days]
    assert "period" in keys(result)


def test_less_than_a_week_has_no_weeks():
    with pytest.raises(DataError, match="not one complete week") as error:
        build_history({"sales": sales(line(1, "a", 1), line(3, "a", 1))}, WEEKLY)
    assert "period" in error.value.hint.en


def test_no_sales_is_an_error():
    with pytest.raises(DataError, match="no sales rows"):
        build_history({"sales": sales()}, DAILY)
    with pytest.raises(DataError, match="none of 1 sales rows"):
        build_history({"sales": sales(line(0, "a", -1))}, DAILY)


def test_returns_come_off_the_period_in_which_they_came_back():
    result = build_history(
        {"sales": sales(line(0, "a", 5), line(0, "a", -2), line(1, "a", -4), line(2, "a", 1))}, DAILY, 0
    )
    assert result.history.sold.tolist() == [[3, 0, 1]]
    returns = next(a for a in result.assumptions if a.key == "returns")
    assert returns.value == "6"
    assert "4 of them exceed" in returns.text.en


def test_an_item_that_only_came_back_is_left_out():
    result = build_history({"sales": sales(line(0, "a", 5), line(1, "b", -2))}, DAILY, 0)
    assert result.history.items == ("a",)
    assert value(result, "never_sold") == "1"


def test_suspect_rows_are_sold_but_not_asked_for():
    result = build_history({"sales": sales(line(0, "a", 2), line(0, "a", 500, suspect=True, unit_price=0.5))}, DAILY, 0)
    assert (result.history.sold.tolist(), result.history.demand.tolist()) == ([[502]], [[2]])
    assert result.history.known.tolist() == [[1]]
    assert result.history.price.tolist() == [[2]]
    assert value(result, "suspect") == "1"


def test_an_item_is_on_sale_from_its_first_row_or_its_launch():
    launches = table(
        {"item": "late", "launch": day(1)}, {"item": "early", "launch": day(-9)}, {"item": "a", "launch": None}
    )
    lines = [line(n, "a", 9) for n in range(4)] + [
        line(3, "late", 2),
        line(2, "early", 1),
        line(2, "new", 0),
        line(3, "new", 0.5),
    ]
    result = build_history({"sales": sales(*lines), "items": launches}, DAILY, 0)
    on_sale = dict(zip(result.history.items, result.history.on_sale.tolist(), strict=True))
    assert on_sale == {"a": [1, 1, 1, 1], "late": [0, 1, 1, 1], "early": [1, 1, 1, 1], "new": [0, 0, 1, 1]}
    assert dict(zip(result.history.items, result.history.known.tolist(), strict=True)) == on_sale
    assert value(result, "launch") == "1"


def test_a_discontinued_item_is_on_sale_to_its_last_sale():
    items = table({"item": "a", "status": "discontinued"}, {"item": "b", "status": "active"})
    found = daily(line(0, "a", 9), line(1, "a", 9), line(1, "b", 1), line(3, "b", 1), items=items)
    assert found.on_sale.tolist() == [[1, 1, 0, 0], [0, 1, 1, 1]]


def busy(days: list[int], rows: int = 8) -> list[dict]:
    return [line(n, f"i{row}", 1) for n in days for row in range(rows)]


def test_days_without_any_row_are_unknown_but_closed_weekdays_are_not():
    six_days = [n for n in range(35) if n % 7 != 5]  # no Saturdays
    gap = [n for n in six_days if n not in (15, 16)]  # and no Tuesday and Wednesday of the third week
    result = build_history({"sales": sales(*busy(gap))}, DAILY, 0)
    assert [n for n in range(35) if result.history.known[0, n] == 0] == [15, 16]
    assert result.history.demand[0, [5, 15, 16]].tolist() == [0, 0, 0]
    assert (value(result, "closed_weekdays"), value(result, "silent_days")) == ("Saturday", "2")


def test_a_silent_day_of_a_slow_shop_is_a_day_without_demand():
    result = build_history({"sales": sales(*(line(n, "a", 1) for n in (0, 1, 3, 4, 8, 9, 13)))}, DAILY, 0)
    assert result.history.known.all()
    assert "silent_days" not in keys(result)


def test_a_week_is_unknown_when_most_of_it_is_missing():
    days = [n for n in range(28) if not 7 <= n < 11 and not 21 <= n < 24]
    found = build_history({"sales": sales(*busy(days))}, WEEKLY, 0).history
    assert found.known[0].tolist() == [1, 0, 1, 1]


def test_short_stock_outs_are_scaled_and_long_ones_have_the_running_mean():
    shares = [1.0, 1.0, 0.8, 0.5, 0.0, 1.0]
    units = [10, 6, 8, 2, 11, 5]
    found = daily(*(line(n, "a", u, in_stock=s) for n, (u, s) in enumerate(zip(units, shares, strict=True))))
    # day 2: 8 / 0.8; day 3: (10 x 0.81 + 6 x 0.9 + 10) / 2.71 = 8.67, rounded; day 4 sold more than the mean
    assert found.demand.tolist() == [[10, 6, 10, 9, 11, 5]]
    assert found.known.tolist() == [[1, 1, 1, 0, 0, 1]]
    assert found.sold.tolist() == [units]


def test_goods_sold_by_weight_are_not_rounded():
    found = daily(line(0, "a", 0.5, in_stock=1.0), line(1, "a", 1.1, in_stock=0.8), line(2, "a", 0.0, in_stock=0.0))
    mean = (0.9 * 0.5 + 1.1 / 0.8) / 1.9
    np.testing.assert_allclose(found.demand, [[0.5, 1.375, mean]], rtol=1e-6)


def test_a_week_is_on_the_shelf_for_the_share_of_its_open_days():
    # closed on Sundays; sold out on one of six days, then on three of six
    lines = [line(n, "a", 3, in_stock=0.0 if n in (8, 15, 16, 17) else 1.0) for n in range(28) if n % 7 != 6]
    found = build_history({"sales": sales(*lines)}, WEEKLY, 0).history
    assert found.sold.tolist() == [[18, 18, 18, 18]]
    # 18 / (5 / 6) = 21.6; the mean of 18 and 22 with weights 0.9 and 1 is 20.1
    assert found.demand.tolist() == [[18, 22, 20, 18]]
    assert found.known.tolist() == [[1, 1, 0, 1]]


def test_an_empty_shelf_counted_is_a_stock_out_unless_the_sales_say_better():
    stock = table(
        {"item": "a", "site": "main", "date": day(2), "on_hand": 0.0},
        {"item": "a", "site": "main", "date": day(3), "on_hand": 0.0},
        {"item": "a", "site": "main", "date": day(1), "on_hand": 4.0},
    )
    found = daily(line(0, "a", 4), line(1, "a", 4), line(3, "a", 4, in_stock=0.8), line(4, "a", 4), stock=stock)
    assert found.demand.tolist() == [[4, 4, 4, 5, 4]]
    assert found.known.tolist() == [[1, 1, 0, 1, 1]]


days_of_units = st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0.0, 0.4, 0.8, 1.0])), min_size=4, max_size=25)


@given(days_of_units, st.integers(1, 24), st.integers(2, 1000))
@settings(max_examples=60, deadline=None)
def test_demand_is_never_made_from_the_future(past: list, cut: int, poison: int):
    cut = min(cut, len(past) - 1)

    def lines(bad: int) -> list[dict]:
        rows = [line(0, "a", 1, in_stock=1.0)]
        rows += [
            line(n + 1, "a", u * (bad if n >= cut else 1) + 0.5 * (bad > 1 and n >= cut), in_stock=s)
            for n, (u, s) in enumerate(past)
        ]
        return rows

    clean, poisoned = (daily(*lines(bad)) for bad in (1, poison))
    for name in ("sold", "demand", "known", "on_sale", "price"):
        np.testing.assert_array_equal(getattr(clean, name)[:, : cut + 1], getattr(poisoned, name)[:, : cut + 1])


def test_a_price_holds_until_the_next_and_before_the_first_sale():
    found = daily(
        line(0, "b", 1),
        line(1, "a", 2, unit_price=4.0),
        line(1, "a", 6, unit_price=2.0),
        line(3, "a", 1, unit_price=5.0),
        ahead=2,
    )
    assert found.price.tolist() == [[2.5, 2.5, 2.5, 5, 5, 5], [2, 2, 2, 2, 2, 2]]
    assert found.ahead == 2


def test_planned_prices_begin_on_their_day():
    prices = table(
        {"item": "a", "site": None, "date": day(1), "price": 9.0},  # before the last price paid: over
        {"item": "a", "site": None, "date": day(6), "price": 4.0},
        {"item": "a", "site": "main", "date": day(8), "price": 3.0},
        site=pl.String,
    )
    found = daily(line(0, "a", 1), line(4, "a", 1), ahead=5, prices=prices)
    assert found.price.tolist() == [[2, 2, 2, 2, 2, 2, 4, 4, 3, 3]]


def test_a_week_with_two_planned_prices_has_the_mean_of_its_days():
    prices = table({"item": "a", "site": "main", "date": day(16), "price": 9.0})
    facts = {"sales": sales(*(line(n, "a", 1) for n in range(14))), "prices": prices}
    found = build_history(facts, WEEKLY, 2).history
    np.testing.assert_allclose(found.price, [[2, 2, (2 * 2 + 5 * 9) / 7, 9]], rtol=1e-6)


def test_what_an_item_is_like_is_kept_and_one_that_nobody_knows_is_said_in_both_languages():
    items = table(
        {"item": "a", "like_item": None},
        {"item": "b", "like_item": "a"},
        {"item": "c", "like_item": "c"},  # itself: says nothing
        {"item": "d", "like_item": "gone"},
        {"item": "soon", "like_item": "a"},  # has not sold yet
    )
    lines = [line(0, "a", 4), line(0, "b", 3), line(0, "c", 2), line(0, "d", 1)]
    result = build_history({"sales": sales(*lines), "items": items}, DAILY)
    assert dict(zip(result.history.items, result.history.like, strict=True)) == {
        "a": "",
        "b": "a",
        "c": "",
        "d": "gone",
    }
    assert value(result, "like_item") == "1"
    said = next(a for a in result.assumptions if a.key == "like_item")
    for text in (said.text.en, said.text.zh):
        assert "`d`" in text
        assert "`gone`" in text
    known = items.filter(pl.col("item") != "d")
    assert "like_item" not in keys(build_history({"sales": sales(*lines), "items": known}, DAILY))
    assert daily(*lines, items=items.drop("like_item")).like == ("", "", "", "")


def test_an_item_without_a_price_has_its_list_price_or_the_median_of_the_shop():
    items = table({"item": "b", "list_price": 7.0}, {"item": "c", "list_price": None})
    lines = [line(0, "a", 5), line(0, "b", 1, unit_price=None), line(0, "c", 1, unit_price=0.0)]
    result = build_history({"sales": sales(*lines), "items": items}, DAILY, 1)
    assert dict(zip(result.history.items, result.history.price.tolist(), strict=True)) == {
        "a": [2, 2],
        "b": [7, 7],
        "c": [4.5, 4.5],
    }
    assert value(result, "price") == "4.50"


def test_a_shop_without_prices_has_none_and_ranks_by_units():
    found = daily(line(0, "a", 1, unit_price=None), line(0, "b", 2, unit_price=None), ahead=1)
    assert found.items == ("b", "a")
    assert np.isnan(found.price).all()


def test_discounts_and_promotions_are_laid_out_ahead():
    promotions = table(
        {"item": "a", "site": None, "start": day(3), "end": day(9), "kind": "flyer", "value": 0.5},
        {"item": "b", "site": "elsewhere", "start": day(0), "end": day(9), "kind": "coupon", "value": 1.0},
        site=pl.String,
    )
    lines = [
        line(0, "a", 3, discount=1.0, promotion=0.0),
        line(1, "a", 3, discount=0.8, promotion=1.0),
        line(3, "a", 3),
        line(0, "b", 1),
    ]
    found = daily(*lines, ahead=2, config=PLANNED, promotions=promotions)
    planned = {name: found.planned[0, :, k].tolist() for k, name in enumerate(found.planned_names)}
    assert planned.keys() == {"discount", "promotion", "flyer"}
    np.testing.assert_allclose(planned["discount"], [0, 0.2, 0.2, 0.2, 0.2, 0.2], atol=1e-6)
    assert planned["promotion"] == [0, 1, 0, 0.5, 0.5, 0.5]
    assert planned["flyer"] == [0, 0, 0, 0.5, 0.5, 0.5]
    assert found.planned[1].max() == 0


def test_a_discount_of_a_sale_is_seen_only_afterwards_unless_the_shop_says_that_it_was_planned():
    lines = [line(0, "a", 3, discount=1.0), line(1, "a", 3, discount=0.8, promotion=1.0), line(3, "a", 3)]
    flyer = table(
        {"item": "a", "site": None, "start": day(3), "end": day(9), "kind": "flyer", "value": 0.5}, site=pl.String
    )
    result = build_history({"sales": sales(*lines), "promotions": flyer}, DAILY, 2)
    found = result.history
    assert found.planned_names == ("flyer",)
    assert found.seen_names == ("discount", "promotion")
    np.testing.assert_allclose(found.seen[0, :, 0], [0, 0.2, 0.2, 0.2], atol=1e-6)
    assert found.seen[0, :, 1].tolist() == [0, 1, 0, 0]
    assert value(result, "promotions") == "seen"
    both = build_history({"sales": sales(*lines), "promotions": flyer}, PLANNED, 2)
    assert both.history.seen.shape == (1, 4, 0)
    assert value(both, "promotions") == "planned"


def test_a_promotion_fills_its_share_of_a_week():
    promotions = table({"item": "a", "site": "main", "start": day(5), "end": day(8), "kind": "flyer", "value": 1.0})
    found = build_history(
        {"sales": sales(*(line(n, "a", 1) for n in range(14))), "promotions": promotions}, WEEKLY, 1
    ).history
    np.testing.assert_allclose(found.planned[0, :, 0], [2 / 7, 2 / 7, 0], rtol=1e-6)


def test_plans_that_never_change_are_left_out():
    always = line(0, "a", 3, discount=0.9, promotion=0.0), line(1, "a", 3, discount=0.9, promotion=0.0)
    found = daily(*always, config=PLANNED)
    assert found.planned_names == ()
    assert found.planned.shape == (1, 2, 0)


def test_categories_are_numbered_by_name():
    items = table(
        {"item": "a", "category": "toys"}, {"item": "b", "category": "books"}, {"item": "c", "category": None}
    )
    found = daily(line(0, "a", 4), line(0, "b", 3), line(0, "c", 2), line(0, "d", 1), items=items)
    assert found.groups.tolist() == [1, 0, -1, -1]
    assert found.groups.dtype == np.int32


def test_the_calendar_reaches_as_far_as_the_plans():
    lines = [line(n, "a", 1) for n in range(200)]
    config = Config.model_validate({"shop": {"country": "GB"}})
    found = build_history({"sales": sales(*lines)}, config).history
    assert found.calendar.shape[0] == found.shape[1] + 8 == found.price.shape[1] == found.planned.shape[1]
    assert {"holiday", "618"} <= set(found.calendar_names)
    assert found.until(10).price.shape[1] == 18


some_lines = st.lists(
    st.builds(
        lambda n, i, s, q, p, o: line(n, i, q, site=s, unit_price=p, order=o),
        st.integers(0, 40),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["x", "y"]),
        st.integers(-2, 9),
        st.sampled_from([None, 0.5, 2.0, 3.5]),
        st.sampled_from([None, "o1"]),
    ),
    min_size=1,
    max_size=40,
).filter(lambda lines: any(row["quantity"] > 0 for row in lines))


@given(some_lines, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_the_order_of_the_rows_does_not_matter(lines: list, random) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)
    one, other = (daily(*rows, ahead=3) for rows in (lines, shuffled))
    assert (one.items, one.sites) == (other.items, other.sites)
    for name in ("sold", "demand", "known", "on_sale", "price", "planned", "calendar"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6)


@given(some_lines)
@settings(max_examples=60, deadline=None)
def test_every_unit_sold_is_in_the_history(lines: list) -> None:
    lines = [row for row in lines if row["quantity"] > 0]
    found = daily(*lines)
    assert found.sold.sum() == sum(row["quantity"] for row in lines)


@given(some_lines)
@settings(max_examples=40, deadline=None)
def test_sql_says_the_same(lines: list) -> None:
    frame = sales(*lines)
    found = daily(*lines)
    first = frame["at"].dt.date().min()
    expected = duckdb.sql(
        """
        select item, site, cast("at" as date) - ? as day,
               greatest(sum(quantity), 0) as sold,
               sum(quantity * unit_price) filter (quantity > 0 and unit_price > 0)
                   / sum(quantity) filter (quantity > 0 and unit_price > 0) as price
        from frame group by all
        """,
        params=[first],
    ).fetchall()
    row = {pair: n for n, pair in enumerate(zip(found.items, found.sites, strict=True))}
    sold = np.zeros_like(found.sold)
    for item, site, number, units, price in expected:
        if (item, site) in row:
            sold[row[item, site], number] = units
            if price is not None:
                assert found.price[row[item, site], number] == pytest.approx(price)
        else:
            assert units == 0
    np.testing.assert_array_equal(found.sold, sold)
    ranking = duckdb.sql(
        """
        with rows as (
            select item, site, sum(greatest(quantity, 0)) as units,
                   sum(greatest(quantity, 0) * coalesce(unit_price, 0)) as money
            from frame group by all
        )
        select item, site from rows where units > 0
        order by case when (select max(money) from rows) > 0 then round(money, 2) else units end desc, item, site
        """
    ).fetchall()
    assert list(zip(found.items, found.sites, strict=True)) == ranking


def test_two_parts_of_a_shop_add_up_week_by_week():
    rng = np.random.default_rng(3)
    lines = [
        line(int(n), f"i{i}", int(q))
        for n, i, q in zip(rng.integers(0, 70, 400), rng.integers(0, 9, 400), rng.integers(1, 5, 400), strict=True)
    ]
    found = build_history({"sales": sales(*lines)}, WEEKLY, 0).history
    begin, end = found.starts[0], found.starts[-1] + 7
    inside = [row for row in lines if begin <= np.datetime64(row["at"].date()) < end]
    assert found.sold.sum() == sum(row["quantity"] for row in inside)


@pytest.mark.data
@pytest.mark.skipif(ONLINE_RETAIL is None, reason="put the data of the UCI set Online Retail into ../shared/data")
def test_a_real_year_of_a_gift_shop():
    raw = pl.read_parquet(ONLINE_RETAIL).filter(pl.col("unit_price") > 0)
    frame = raw.select(
        item="sku",
        site=pl.lit("main"),
        channel=pl.lit("main"),
        order="invoice",
        at=pl.col("timestamp"),
        quantity=pl.col("quantity").cast(pl.Float64),
        unit_price=pl.col("unit_price").cast(pl.Float64),
    )
    result = build_history({"sales": frame}, Config.model_validate({"shop": {"country": "GB"}}))
    found = result.history
    assert found.shape[1] == 52
    assert found.starts[[0, -1]].astype(str).tolist() == ["2010-12-06", "2011-11-28"]
    assert value(result, "closed_weekdays") == "Saturday"
    # The shop was shut over Christmas: one week without a single row
    assert np.flatnonzero(found.known.max(axis=0) == 0).tolist() == [3]
    expected = duckdb.sql(
        """
        select date_trunc('week', "at")::date as week, sum(units) from (
            select item, "at", greatest(sum(quantity), 0) as units
            from (select item, date_trunc('week', "at") as "at", quantity from frame) group by all
        ) group by all order by week
        """
    ).fetchall()
    weeks = {np.datetime64(week): units for week, units in expected}
    np.testing.assert_allclose(found.sold.sum(axis=0, dtype=np.float64), [weeks.get(week, 0) for week in found.starts])
    assert np.isfinite(found.price).all()
