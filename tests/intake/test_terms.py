from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_facts import day, line, sales, table
from scipy import stats

from restock.config import Config
from restock.errors import ConfigError
from restock.intake.history import build_history
from restock.intake.terms import Terms, build_terms


def terms(*lines: dict, config: dict | None = None, period: str = "day", **facts: pl.DataFrame) -> Terms:
    settings = Config.model_validate({"shop": {"period": period}, **(config or {})})
    everything = {"sales": sales(*lines), **facts}
    return build_terms(everything, build_history(everything, settings, 0).history, settings)


def keys(found: Terms) -> list[str]:
    return [assumption.key for assumption in found.assumptions]


TWO = [
    line(0, "a", 9, unit_price=10.0),
    line(0, "b", 1, unit_price=20.0),
    line(1, "a", 9, unit_price=10.0),
    line(2, "a", 9, unit_price=13.0),
]


def supplied(**columns: Any) -> pl.DataFrame:
    return table({"item": "a", "site": "main", "supplier": "s1", **columns})


def test_a_shop_that_says_nothing_has_default_terms_and_hears_all_of_them():
    found = terms(*TWO)
    shop = found.shop
    assert found.objective == "profit"
    assert found.price.tolist() == [10, 20]
    np.testing.assert_allclose(shop.unit_cost, [[6], [12]])
    np.testing.assert_allclose(shop.holding, [[0.3 * 6 / 365], [0.3 * 12 / 365]], rtol=1e-6)
    np.testing.assert_allclose(shop.salvage, [[3], [6]])
    zeros = [shop.order_cost, shop.transport, shop.minimum, shop.shortage, shop.waiting, shop.backlog_cost]
    assert [array.tolist() for array in zeros] == [[[0], [0]]] * 6
    assert (shop.pack.tolist(), shop.review.tolist()) == ([[1], [1]], [[1], [1]])
    assert shop.lead_chance.tolist() == [[[0, 0, 1]], [[0, 0, 1]]]
    assert (found.lead_time.tolist(), found.review.tolist()) == ([2, 2], [1, 1])
    assert keys(found) == ["objective", "unit_cost", "lead_time", "holding_rate", "salvage", "unmet", "ordering"]
    for assumption in found.assumptions:
        assert all((*assumption.text, *assumption.replace, assumption.value))


def test_the_arrays_are_numpy_float32():
    for name, array in vars(terms(*TWO).shop).items():
        assert isinstance(array, np.ndarray), name
        assert array.dtype == np.float32, name
        assert array.shape[:2] == (2, 1), name


def test_what_is_said_is_not_an_assumption():
    config = {
        "objective": {"kind": "profit"},
        "costs": {
            "unit_cost": 4.0,
            "holding_rate": 0.2,
            "order_cost": 7.0,
            "transport": 0.5,
            "goodwill": 1.5,
            "backlog": 0.25,
        },
        "supply": {"lead_time": 3, "review_period": 2, "pack": 6, "minimum": 12, "unmet": 0.5},
    }
    found = terms(*TWO, config=config)
    shop = found.shop
    assert keys(found) == ["salvage"]
    both = {
        "unit_cost": 4, "order_cost": 7, "transport": 0.5, "pack": 6, "minimum": 12, "review": 2,
        "salvage": 2, "shortage": 1.5, "waiting": 0.5, "backlog_cost": 0.25,
    }  # fmt: skip
    assert {name: getattr(shop, name).tolist() for name in both} == {name: [[v], [v]] for name, v in both.items()}
    np.testing.assert_allclose(shop.holding, [[0.2 * 4 / 365]] * 2, rtol=1e-6)
    assert found.lead_time.tolist() == [3, 3]


def test_a_supply_row_wins_over_the_items_row_and_that_over_the_settings():
    items = table({"item": "a", "unit_cost": 5.0}, {"item": "b", "unit_cost": 8.0})
    config = {"costs": {"unit_cost": 4.0}, "supply": {"pack": 2, "minimum": 3, "review_period": 4, "lead_time": 9}}
    own = supplied(unit_cost=6.0, pack=10.0, minimum=20.0, review=3.0, lead_time=5.0)
    found = terms(*TWO, line(0, "c", 0.1), config=config, items=items, supply=own)
    assert found.shop.unit_cost.ravel().tolist() == [6, 8, 4]
    assert found.shop.pack.ravel().tolist() == [10, 2, 2]
    assert found.shop.minimum.ravel().tolist() == [20, 3, 3]
    assert found.review.tolist() == [3, 4, 4]
    assert found.lead_time.tolist() == [5, 9, 9]


def test_a_supply_row_without_a_site_serves_every_site_but_one_of_its_own_wins():
    supply = table(
        {"item": "a", "site": "main", "supplier": "s", "unit_cost": 1.0},
        {"item": "a", "site": "north", "supplier": "s", "unit_cost": 2.0},
    )
    found = terms(line(0, "a", 2, site="north"), line(0, "a", 1, site="south"), supply=supply)
    assert found.shop.unit_cost.ravel().tolist() == [2, 1]


def test_of_several_suppliers_the_cheapest_is_taken_and_that_is_said():
    supply = table(
        {"item": "a", "site": "main", "supplier": "dear", "unit_cost": 5.0, "lead_time": 1.0},
        {"item": "a", "site": "main", "supplier": "cheap", "unit_cost": 4.0, "lead_time": 8.0},
    )
    found = terms(*TWO, supply=supply)
    assert (found.shop.unit_cost[0, 0], found.lead_time[0]) == (4, 8)
    assert "supplier" in keys(found)


@pytest.mark.parametrize(
    ("days", "period", "periods"), [(7, "week", 1), (8, "week", 2), (0, "week", 0), (3, "day", 3), (2.5, "day", 3)]
)
def test_lead_times_are_whole_periods_rounded_up(days: float, period: str, periods: int):
    lines = [line(n, "a", 1) for n in range(14)]
    assert terms(*lines, period=period, supply=supplied(lead_time=float(days))).lead_time.tolist() == [periods]


def test_every_item_has_the_lead_axis_of_the_longest():
    found = terms(*TWO, supply=supplied(lead_time=4.0))
    assert found.shop.lead_chance.tolist() == [[[0, 0, 0, 0, 1]], [[0, 0, 1, 0, 0]]]


def test_a_table_of_chances_is_taken_as_it_is():
    found = terms(*TWO, config={"supply": {"lead_time": {1: 0.25, 3: 0.75}}})
    assert found.shop.lead_chance[0, 0].tolist() == [0, 0.25, 0, 0.75]
    assert found.lead_time[0] == 2.5


@pytest.mark.parametrize("setting", [{1: 0.5, 2: 0.4}, {1: 1.5, 2: -0.5}, {-1: 1.0}, {}, -1])
def test_a_table_that_is_no_table_of_chances_is_refused(setting: object):
    with pytest.raises(ConfigError, match="lead_time") as error:
        terms(*TWO, config={"supply": {"lead_time": setting}})
    assert "sum to 1" in error.value.hint.en


def test_a_spread_makes_a_gamma_distribution_of_whole_weeks():
    lines = [line(n, "a", 1) for n in range(14)]
    found = terms(*lines, period="week", supply=supplied(lead_time=7.0, lead_time_sd=7.0))
    chance = found.shop.lead_chance[0, 0].astype(float)
    # mean = deviation: exponential; cut where 99.5 % have come, after ln(200) = 5.3 weeks
    expected = np.exp(-np.arange(6)) - np.exp(-np.arange(1, 7))
    np.testing.assert_allclose(chance[1:6], expected[:5], rtol=1e-5)
    assert len(chance) == 7
    assert chance[0] == 0
    assert chance.sum() == pytest.approx(1)


def test_a_spread_keeps_its_mean_up_to_rounding():
    found = terms(*TWO, supply=supplied(lead_time=10.0, lead_time_sd=2.0))
    chance = found.shop.lead_chance[0, 0]
    exact = stats.gamma(25, scale=0.4)
    np.testing.assert_allclose(chance[8:13], exact.cdf(range(8, 13)) - exact.cdf(range(7, 12)), rtol=1e-4)
    assert found.lead_time[0] == pytest.approx(10.5, abs=0.05)  # rounding up adds half a day


def received(days: list[int], item: str = "a") -> pl.DataFrame:
    rows = [
        {
            "order": f"p{n}",
            "item": item,
            "site": "main",
            "ordered": day(-40),
            "expected": day(-30),
            "quantity": 0.0,
            "received": day(-40 + taken),
        }
        for n, taken in enumerate(days)
    ]
    return table(*rows)


def test_eight_received_orders_tell_the_lead_times_of_their_supplier():
    supply = table(
        *(
            {"item": i, "site": "main", "supplier": s, "lead_time": 9.0}
            for i, s in (("a", "s1"), ("b", "s1"), ("c", "s2"))
        )
    )
    found = terms(*TWO, line(0, "c", 0.1), supply=supply, purchase_orders=received([3] * 6 + [5] * 2))
    assert found.shop.lead_chance[0, 0].tolist() == [0, 0, 0, 0.75, 0, 0.25, 0, 0, 0, 0]
    assert found.lead_time.tolist() == [3.5, 3.5, 9]
    assert "lead_time_seen" in keys(found)


def test_seven_received_orders_do_not():
    found = terms(*TWO, supply=supplied(lead_time=9.0), purchase_orders=received([3] * 7))
    assert found.lead_time[0] == 9


def test_orders_of_a_shop_without_a_supply_table_are_one_suppliers():
    assert terms(*TWO, purchase_orders=received([3] * 8)).lead_time.tolist() == [3, 3]


def test_a_shop_without_prices_counts_units():
    lines = [line(n, "a", 2, unit_price=None) for n in range(3)]
    found = terms(*lines, config={"costs": {"unit_cost": 3.0, "order_cost": 5.0}})
    shop = found.shop
    assert found.objective == "cost"
    assert (found.price.tolist(), shop.unit_cost.tolist(), shop.salvage.tolist()) == ([0], [[0]], [[0]])
    assert (shop.holding.tolist(), shop.shortage.tolist()) == ([[np.float32(0.1)]], [[1]])
    assert shop.order_cost.tolist() == [[5]]
    assert {"objective", "holding", "shortage"} <= set(keys(found))
    assert "unit_cost" not in keys(found)


def test_costs_may_be_asked_for_where_prices_are_known():
    config = {"objective": {"kind": "cost"}, "costs": {"holding_per_period": 0.0, "shortage": 4.0}}
    found = terms(*TWO, config=config)
    assert (found.objective, found.price.tolist()) == ("cost", [0, 0])
    assert (found.shop.holding[0, 0], found.shop.shortage[0, 0]) == (0, 4)


def test_profit_without_any_price_is_refused():
    with pytest.raises(ConfigError, match="no row of the sales has a price"):
        terms(line(0, "a", 1, unit_price=None), config={"objective": {"kind": "profit"}})


def test_holding_per_period_wins_over_the_rate():
    assert (
        terms(*TWO, config={"costs": {"holding_per_period": 0.07}}).shop.holding.ravel().tolist()
        == [np.float32(0.07)] * 2
    )


def test_items_without_a_margin_are_kept_and_named():
    found = terms(*TWO, items=table({"item": "a", "unit_cost": 10.0}))
    losing = next(a for a in found.assumptions if a.key == "no_margin")
    assert (losing.value, "`a`" in losing.text.en, len(found.price)) == ("1", True, 2)


@pytest.mark.parametrize(("unmet", "waiting"), [("lost", 0), ("backlog", 1), (0.25, 0.25)])
def test_unserved_customers_wait_as_the_settings_say(unmet: object, waiting: float):
    assert terms(*TWO, config={"supply": {"unmet": unmet}}).shop.waiting.ravel().tolist() == [waiting] * 2


def test_more_customers_than_all_cannot_wait():
    with pytest.raises(ConfigError, match="unmet"):
        terms(*TWO, config={"supply": {"unmet": 1.5}})


def test_goods_sold_by_weight_are_bought_by_weight_unless_somebody_says_otherwise():
    lines = [line(0, "a", 0.5), line(0, "b", 1)]
    found = terms(*lines)
    assert dict(zip("ba", found.shop.pack.ravel().tolist(), strict=True)) == {"b": 1, "a": 0}
    assert "pack" in keys(found)
    assert terms(*lines, config={"supply": {"pack": 1}}).shop.pack.ravel().tolist() == [1, 1]
    assert terms(*lines, supply=supplied(pack=5.0)).shop.pack.ravel().tolist() == [1, 5]
