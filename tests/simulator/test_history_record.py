from dataclasses import replace

import numpy as np
from made_up_history import AHEAD, made_up_history


def test_until_takes_away_what_happened_later_and_keeps_plans_as_long():
    whole = made_up_history(periods=30)
    then = whole.until(20)
    assert whole.shape == (4, 30)
    assert then.shape == (4, 20)
    assert whole.ahead == then.ahead == AHEAD
    assert len(then.starts) == 20
    for name in ("sold", "demand", "known", "on_sale"):
        np.testing.assert_array_equal(getattr(then, name), getattr(whole, name)[:, :20])
    for name in ("price", "planned"):
        np.testing.assert_array_equal(getattr(then, name), getattr(whole, name)[:, : 20 + AHEAD])
    np.testing.assert_array_equal(then.calendar, whole.calendar[: 20 + AHEAD])


def test_rows_come_in_the_order_asked_for_with_all_that_belongs_to_them():
    whole = replace(made_up_history(periods=30), like=("", "item 0", "", "item 1"))
    assert whole.until(20).like == whole.like
    some = whole.rows(np.array([3, 1]))
    assert some.items == ("item 3", "item 1")
    assert some.like == ("item 1", "item 0")
    assert some.shape == (2, 30)
    for name in ("sold", "demand", "known", "on_sale", "price", "planned", "groups"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[[3, 1]])
    np.testing.assert_array_equal(some.calendar, whole.calendar)
    assert some.starts is whole.starts
