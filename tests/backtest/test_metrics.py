from dataclasses import replace

import duckdb
import jax
import numpy as np
import polars as pl
import pytest
from made_up_replays import MadeUpShop, made_up_shop, replay_of, run

from restock.backtest.metrics import Ledger, demand_classes, item_profit, kpis, kpis_by, only
from restock.backtest.replay import Replay
from restock.simulator.types import Money


def two_items_by_hand() -> Replay:
    """Two items, four weeks. Costs 2 and 10, prices 5 and 20."""
    shop = MadeUpShop(
        demand=np.array([[4.0, 6, 2, 8], [1, 0, 3, 0]]),
        known=np.array([[1, 0, 1, 1], [1, 1, 1, 0]], np.float32),
        price=np.array([5.0, 20]),
        cost=np.array([2.0, 10]),
    )
    units = {
        "sold": np.array([[4.0, 5, 2, 6], [1, 0, 3, 0]]),
        "lost": np.array([[0.0, 1, 0, 2], [0, 0, 0, 0]]),
        "on_hand": np.array([[6.0, 1, 3, 0], [4, 4, 1, 1]]),
        "ordered": np.array([[4.0, 3, 0, 0], [0, 0, 2, 0]]),
        "arrived": np.array([[10.0, 0, 4, 3], [5, 0, 0, 0]]),
    }
    return replay_of("by hand", "classical", shop, units)


def test_two_items_give_the_numbers_computed_by_hand():
    row = kpis(two_items_by_hand())
    assert row.items == 2
    assert row.item_periods == 8
    assert row.demand_units == 24
    assert row.sold_units == 21
    assert row.lost_units == 3
    assert row.fill_rate == pytest.approx(21 / 24)
    assert row.in_stock_rate == pytest.approx(6 / 8)
    # mean stock at cost: (6+1+3+0)/4 * 2 + (4+4+1+1)/4 * 10 = 5 + 25; cost of goods: 17 * 2 + 4 * 10 = 74 in 28 days
    assert row.stock_value == pytest.approx(30)
    assert row.turnover == pytest.approx(74 / 28 * 365 / 30)
    # demand at cost: 20 * 2 + 4 * 10 = 80 in 28 days
    assert row.days_of_cover == pytest.approx(30 / (80 / 28))
    assert row.lost_sales == pytest.approx(3 * 5)
    assert row.orders_placed == 3
    assert row.waste == 0
    # variances: orders 4,3,0,0 -> 3.1875 ; demand 4,6,2,8 -> 5 ; orders 0,0,2,0 -> 0.75 ; demand 1,0,3,0 -> 1.5
    assert row.bullwhip == pytest.approx((3.1875 / 5 + 0.75 / 1.5) / 2)


def test_money_terms_are_the_sums_and_add_up_to_profit():
    replay = two_items_by_hand()
    ledger = kpis(replay).ledger
    assert ledger.sales == pytest.approx(17 * 5 + 4 * 20)
    assert ledger.purchase == pytest.approx(17 * 2 + 5 * 10)
    assert ledger.order_cost == pytest.approx(6)
    assert ledger.stock_change == pytest.approx(0 * 2 + 1 * 10, abs=1e-4)
    assert sum(ledger.signed()) == pytest.approx(kpis(replay).profit, rel=1e-6)
    assert kpis(replay).profit == pytest.approx(item_profit(replay).sum(), rel=1e-6)


def test_every_term_of_money_is_in_the_ledger():
    assert set(Money.__dataclass_fields__) | {"stock_change"} == set(Ledger._fields)


def test_observed_only_leaves_out_what_was_estimated():
    row = kpis(two_items_by_hand(), observed_only=True)
    assert row.item_periods == 6
    assert row.demand_units == 4 + 2 + 8 + 1 + 0 + 3
    assert row.fill_rate == pytest.approx(16 / 18)
    assert row.in_stock_rate == pytest.approx(5 / 6)
    assert row.stock_value == pytest.approx((6 + 3 + 0) / 3 * 2 + (4 + 4 + 1) / 3 * 10)
    assert row.lost_sales == pytest.approx(2 * 5)
    assert sum(row.ledger.signed()) == pytest.approx(row.profit, rel=1e-5)


def test_waiting_customers_are_not_in_stock_but_are_goods_sold():
    replay = two_items_by_hand()
    period = replay.period
    waits = replace_period(replay, waited=np.asarray(period.lost), lost=np.zeros_like(period.lost))
    before, after = kpis(replay), kpis(waits)
    assert after.in_stock_rate == before.in_stock_rate
    assert after.lost_units == 0
    assert after.waited_units == 3
    assert after.turnover == pytest.approx((74 + 3 * 2) / 28 * 365 / 30)


def test_nothing_to_divide_by_gives_none():
    replay = two_items_by_hand()
    empty = replace(
        replay,
        period=jax.tree.map(np.zeros_like, replay.period),
        profit=np.zeros_like(replay.profit),
        known=np.zeros_like(replay.known),
    )
    for observed_only in (False, True):
        row = kpis(empty, empty, observed_only)
        assert row.fill_rate is row.turnover is row.days_of_cover is row.bullwhip is row.share_of_oracle is None
        assert row.lost_sales is None
    assert kpis(empty, observed_only=True).in_stock_rate is None
    assert kpis(empty).in_stock_rate == 1


def test_share_of_oracle_is_relative_to_its_profit_over_the_same_periods():
    replay = two_items_by_hand()
    best = replace(replay, policy="oracle", kind="bound", profit=replay.profit * 2)
    assert kpis(replay, best).share_of_oracle == pytest.approx(0.5)
    assert kpis(replay, best, observed_only=True).share_of_oracle == pytest.approx(0.5)
    assert kpis(replay, replace(best, profit=-best.profit)).share_of_oracle is None


def test_channels_and_lanes_are_summed():
    replay = two_items_by_hand()
    split = jax.tree.map(lambda values: values, replay.period)
    parts = {
        name: np.concatenate([0.25 * getattr(split, name), 0.75 * getattr(split, name)], -1)
        for name in ("demand", "sold", "waited", "lost", "on_hand", "arrived")
    }
    row, whole = kpis(replace_period(replay, **parts)), kpis(replay)
    for name in ("fill_rate", "in_stock_rate", "turnover", "stock_value", "lost_units", "bullwhip", "orders_placed"):
        assert getattr(row, name) == pytest.approx(getattr(whole, name), rel=1e-6), name


def test_groups_add_up_to_the_shop():
    shop = made_up_shop(30)
    replay, oracle = run(shop, "cover", "classical", 4), run(shop, "oracle", "bound", 0, insight=1)
    groups = np.array(["fresh", "dry", "frozen"])[np.arange(30) % 3]
    rows = kpis_by(groups, replay, oracle)
    assert list(rows) == ["dry", "fresh", "frozen"]
    whole = kpis(replay, oracle)
    for name in ("profit", "demand_units", "lost_units", "stock_value", "orders_placed", "lost_sales", "items"):
        assert sum(getattr(row, name) for row in rows.values()) == pytest.approx(getattr(whole, name)), name
    assert rows["fresh"] == kpis(only(replay, np.arange(0, 30, 3)), only(oracle, np.arange(0, 30, 3)))


@pytest.mark.parametrize("observed_only", [False, True])
def test_sql_finds_the_same_numbers(observed_only):
    replay = run(made_up_shop(50, 40, seed=3), "cover", "classical", 4)
    items, periods = replay.profit.shape
    names = ("demand", "sold", "lost", "on_hand", "ordered")
    columns = {name: np.asarray(getattr(replay.period, name), np.float64)[..., 0].ravel() for name in names}
    rows = pl.DataFrame(
        {
            "item": np.repeat(np.arange(items), periods),
            "known": replay.known.ravel(),
            "profit": replay.profit.ravel().astype(np.float64),
            "sales": np.asarray(replay.period.money.sales, np.float64).ravel(),
            "cost": np.repeat(replay.unit_cost.astype(np.float64), periods),
            **columns,
        }
    )
    where = "where known = 1" if observed_only else ""
    query = f"""
        with price as (select item, sum(sales) / sum(sold) as paid from rows group by item),
        counted as (select * from rows join price using (item) {where}),
        per_item as (
            select item, avg(on_hand * cost) as stock, avg(sold * cost) as goods, avg(demand * cost) as asked,
                   var_pop(ordered) / var_pop(demand) as bullwhip
            from counted group by item)
        select
            (select sum(profit) from counted), (select sum(sold) / sum(demand) from counted),
            (select avg((lost <= 1e-4)::int) from counted), (select sum(goods) / 7 * 365 / sum(stock) from per_item),
            (select sum(stock) / (sum(asked) / 7) from per_item), (select sum(stock) from per_item),
            (select sum(lost) from counted), (select sum(lost * paid) from counted),
            (select count(*) from counted where ordered > 1e-4), (select median(bullwhip) from per_item)
    """
    with duckdb.connect() as connection:
        connection.register("rows", rows.to_arrow())
        expected = connection.execute(query).fetchone()
    row = kpis(replay, observed_only=observed_only)
    assert (
        row.profit,
        row.fill_rate,
        row.in_stock_rate,
        row.turnover,
        row.days_of_cover,
        row.stock_value,
        row.lost_units,
        row.lost_sales,
        row.orders_placed,
        row.bullwhip,
    ) == pytest.approx(expected, rel=1e-6)


def test_demand_classes_are_those_of_the_literature():
    demand = np.array(
        [
            [5, 5, 6, 5, 5, 6, 5, 5],  # every period, steady
            [1, 30, 2, 1, 1, 25, 1, 2],  # every period, wild
            [0, 0, 5, 0, 0, 5, 0, 5],  # now and then, steady
            [0, 0, 1, 0, 0, 40, 0, 1],  # now and then, wild
            [0, 0, 0, 0, 0, 0, 0, 0],
        ]
    )
    assert list(demand_classes(demand)) == ["smooth", "erratic", "intermittent", "lumpy", "none"]


def replace_period(replay: Replay, **arrays: np.ndarray) -> Replay:
    """The same replay with other arrays; rebuilt as a tree, since records check for jax arrays in tests."""
    period = jax.tree.map(lambda values: values, replay.period)
    for name, values in arrays.items():
        object.__setattr__(period, name, values)
    return replace(replay, period=period)
