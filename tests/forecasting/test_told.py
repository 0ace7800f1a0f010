"""What a shop's records tell: hand-made pasts, and nothing of the future."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from made_up_history import made_up_history
from made_up_shop import made_up_shop

from restock.forecasting.told import GROUP, LIKE_ITEM, NOTHING, SHOP, guess_of, seen_of, told_of, told_shop
from restock.policies.memory import Told

PROMISED = np.array(["promised"] * 4)


def told(history, kind=PROMISED) -> Told:
    return Told(*np.moveaxis(all_told(history, kind), -1, 0))


def all_told(history, kind=PROMISED) -> np.ndarray:
    return told_of(history, kind, guess_of(history))


@pytest.mark.parametrize("days", [1, 7])
@pytest.mark.parametrize("cut", [1, 9, 40, 60])
def test_nothing_that_is_told_or_seen_before_a_period_changes_with_the_future(days, cut):
    whole = replace(made_up_history(periods=70, period_days=days), like=("", "item 0", "item 3", ""))
    poisoned = {
        name: np.where(np.arange(getattr(whole, name).shape[1]) >= cut, 1e4, getattr(whole, name)).astype(np.float32)
        for name in ("sold", "demand", "price")
    }
    poisoned |= {
        name: np.where(np.arange(70) >= cut, 1 - getattr(whole, name), getattr(whole, name)).astype(np.float32)
        for name in ("known", "on_sale")
    }
    other = replace(whole, **poisoned)
    np.testing.assert_array_equal(all_told(whole)[:, : cut + 1], all_told(other)[:, : cut + 1])
    for name in ("sales", "hidden", "weight"):
        same, changed = getattr(seen_of(whole, 3), name), getattr(seen_of(other, 3), name)
        np.testing.assert_array_equal(same[:, :cut], changed[:, :cut])
    assert not np.array_equal(all_told(whole), all_told(other))


def test_what_was_told_then_is_what_is_told_of_a_history_that_ends_there():
    whole = made_up_history(periods=70, period_days=1)  # plans reach 5 periods ahead: without any
    whole = replace(whole, planned=np.zeros((4, 75, 0), np.float32), planned_names=(), calendar=0 * whole.calendar)
    for cut in (20, 45):
        np.testing.assert_allclose(all_told(whole.until(cut))[:, cut], all_told(whole)[:, cut])


def test_an_empty_shelf_is_seen_as_hidden_demand_and_without_a_sale_as_nothing():
    history = made_up_history(np.full((4, 6), 5.0), period_days=1)
    known, sold, on_sale = np.ones((4, 6), np.float32), np.full((4, 6), 5, np.float32), np.ones((4, 6), np.float32)
    known[0, 1], sold[0, 1] = 0, 2  # sold out after two
    known[0, 2], sold[0, 2] = 0, 0  # never on the shelf
    on_sale[0, 0] = 0  # not launched yet
    seen = seen_of(replace(history, known=known, sold=sold, on_sale=on_sale), 3)
    np.testing.assert_array_equal(seen.sales[0], [0, 2, 0, 5, 5, 5])
    np.testing.assert_array_equal(seen.hidden[0], [0, 1, 1, 0, 0, 0])
    np.testing.assert_array_equal(seen.weight[0], [0, 1, 0, 1, 1, 1])
    assert seen.leads.shape == (4, 6, 5)


def test_like_items_of_the_group_or_else_of_the_shop_say_what_to_expect():
    demand = np.repeat([[2.0], [4.0], [30.0], [6.0], [1.0]], 10, axis=1)
    history = replace(
        made_up_history(demand), groups=np.array([0, 0, 1, 0, -1], np.int32), on_sale=np.ones((5, 10), np.float32)
    )
    history = replace(history, known=np.ones((5, 10), np.float32))
    found = told(history, np.array(["promised"] * 5))
    assert found.category[:, :4].max() == 0  # four periods of a past are not there yet
    assert found.category[:, 4:].min() == 1
    np.testing.assert_array_equal(found.category_level[:, 10], [4, 4, 4, 4, 4])  # group 1 and no group: of the shop
    np.testing.assert_array_equal(found.category_dispersion, 0)
    only = replace(history, groups=np.array([0, 0, 1, 1, 1], np.int32))
    np.testing.assert_array_equal(told(only, np.array(["promised"] * 5)).category_level[:, 10], [4, 4, 6, 6, 6])


def shop_of(demand, like, sites=None):
    """Every period known; items 0 to 3 in one group."""
    history = made_up_history(np.asarray(demand, float))
    ones = np.ones(history.shape, np.float32)
    history = replace(history, demand=np.asarray(demand, np.float32), on_sale=ones, known=ones, like=like)
    return replace(history, groups=np.zeros(len(like), np.int32), sites=sites or history.sites)


def test_an_item_goes_by_the_one_that_it_is_said_to_be_like():
    demand = np.repeat([[2.0], [4.0], [3.0], [20.0], [1.0]], 20, axis=1)
    demand[3, 1::2] = 40.0  # mean 30, mean of squares 1000
    guess = guess_of(shop_of(demand, ("", "", "", "", "item 3")))
    np.testing.assert_allclose(guess.level[4, [3, 4, 5, 6]], [0, 30, 28, 30])
    assert guess.dispersion[4, 4] == pytest.approx((1000 - 900 - 30) / 900)
    np.testing.assert_array_equal(guess.level[:4, 10], 3)  # the others: median of 1, 2, 3, 4 and 30
    np.testing.assert_array_equal(guess.rests_on[4, [3, 4]], [NOTHING, LIKE_ITEM])
    np.testing.assert_array_equal(guess.rests_on[:4, 10], GROUP)


def test_the_like_item_counts_at_the_same_site_and_else_on_average_over_its_sites():
    history = shop_of(np.repeat([[10.0], [30.0], [1.0], [1.0]], 9, axis=1), ("", "", "a", "a"), ("x", "y", "y", "z"))
    guess = guess_of(replace(history, items=("a", "a", "b", "b")))
    np.testing.assert_array_equal(guess.level[2:, 9], [30, 20])
    late = history.on_sale.copy()
    late[1, :6] = 0  # at this site the like item has three periods in the end, at the other nine
    guess = guess_of(replace(history, items=("a", "a", "b", "b"), on_sale=late))
    np.testing.assert_array_equal(guess.level[2:, 9], [10, 10])


def test_a_like_item_without_a_past_leaves_the_guess_to_the_group_and_one_that_has_ended_keeps_its_last_level():
    history = shop_of(np.repeat([[2.0], [4.0], [3.0], [50.0], [1.0]], 30, axis=1), ("", "", "", "", "item 3"))
    begun, ended = np.arange(30) >= 10, np.arange(30) < 10
    for there, at, level, rests_on in (
        (begun, [9, 13, 14, 29], [2.5, 2.5, 50, 50], [GROUP, GROUP, LIKE_ITEM, LIKE_ITEM]),
        (ended, [9, 13, 14, 29], [50, 50, 50, 50], [LIKE_ITEM] * 4),
    ):
        on_sale = history.on_sale.copy()
        on_sale[3] = there
        guess = guess_of(replace(history, on_sale=on_sale))
        np.testing.assert_array_equal(guess.level[4, at], level)
        np.testing.assert_array_equal(guess.rests_on[4, at], rests_on)
    unknown = guess_of(replace(history, like=("", "", "", "", "elsewhere"), groups=np.array([0, 0, 0, 0, 1], np.int32)))
    assert (unknown.level[4, 20], unknown.rests_on[4, 20]) == (3, SHOP)


def test_plans_are_told_now_soon_and_later():
    history = made_up_history(np.ones((4, 12)), period_days=1)
    discount = np.zeros((4, 17, 2), np.float32)
    discount[0, 6, 0], discount[0, 9:14, 0] = 0.5, 0.2
    discount[1, 8, 1] = 1.0  # another kind of promotion
    found = told(replace(history, planned=discount, planned_names=("discount", "display")))
    assert found.plan.min() == 1
    np.testing.assert_array_equal(found.promotion[0, 4:8], [0, 0, 1, 0])
    assert found.promotion[1, 8] == 1
    assert found.price[0, 6] == pytest.approx(np.log(0.5))
    assert found.promotion_soon[0, 5] == pytest.approx(1 / 3)
    assert found.promotion_later[0, 5] == pytest.approx(1.0)  # periods 9 to 13
    assert found.price_later[0, 5] == pytest.approx(np.log(0.8))
    without = told(replace(history, planned=np.zeros((4, 17, 0), np.float32), planned_names=()))
    assert without.plan.max() == 0


@pytest.mark.parametrize("days", [1, 7])
def test_events_are_told_that_lifted_demand_before_and_run_ups_never(days):
    demand = np.full((4, 60), 10.0)
    demand[:, 10], demand[:, 20] = 20.0, 20.0
    calendar = np.zeros((65, 4), np.float32)
    for column, periods in enumerate(([10, 40], [20, 50], [10, 45], [30, 55])):
        calendar[periods, column] = 1.0
    names = ("black_friday", "holiday", "christmas_run_up", "618")  # the last one passed the shop by
    history = replace(made_up_history(demand, period_days=days), calendar=calendar, calendar_names=names)
    found = told(replace(history, on_sale=np.ones((4, 60), np.float32)))
    np.testing.assert_array_equal(np.flatnonzero(found.event[0]), [40, 50] if days == 1 else [40])
    assert found.event_soon[0, 38] == pytest.approx(1 / 3)


def test_the_year_has_thirteen_parts_of_four_weeks():
    history = made_up_history(np.ones((4, 105)), period_days=7)
    assert told(history).moves[0].sum() == pytest.approx(26, abs=1)
    assert (told(history).weeks.min(), told(history).days.max()) == (1, 0)


def test_a_promised_lead_time_may_be_broken_and_a_measured_one_is_a_law():
    one = made_up_shop(3)
    shop = jax.tree.map(lambda x: np.repeat(np.asarray(x)[None], 4, axis=0), one)
    shop = told_shop(shop, np.array(["measured", "promised", "assumed", "measured"]))
    np.testing.assert_allclose(shop.lead_chance.sum(axis=(1, 2)), [1, 0.95, 0.95, 1])
    found = told(made_up_history(), np.array(["measured", "promised", "assumed", "measured"]))
    np.testing.assert_array_equal(found.law_told[:, 0], [1, 0, 0, 1])
    np.testing.assert_array_equal(found.promised[:, 0], [0, 1, 1, 0])
