"""Orders as a whole: what is still to come, what a lot is worth, and whole packs; by hand."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.policies.lots import Lot, lot_of, still_to_come, whole

KNOWN = made_up_known()  # price 10


def number(value: float):
    return jnp.asarray(value, float)


def test_of_orders_under_way_only_what_can_be_hoped_for_counts() -> None:
    law = jnp.array([0.2, 0.4, 0.2, 0.0, 0.2])  # after 0, 1, 2, 3 periods; never
    stock = still_to_come(made_up_stock(on_hand=5.0, on_order=(10.0, 10.0, 10.0)), law)
    # ordered one period ago: 0.2 may come after two, 0.2 never; two periods ago and more: nothing comes any more
    np.testing.assert_allclose(stock.on_order, [[5.0, 0.0, 0.0]], atol=1e-5)
    assert stock.on_hand.sum() == 5.0


def test_where_no_order_is_lost_all_count_until_the_last_moment() -> None:
    law = jnp.array([0.0, 0.5, 0.5, 0.0])
    stock = still_to_come(made_up_stock(on_order=(10.0, 10.0)), law)
    np.testing.assert_allclose(stock.on_order, [[10.0, 0.0]], atol=1e-5)


def test_a_pipeline_longer_than_the_law_holds_only_lost_orders() -> None:
    stock = still_to_come(made_up_stock(on_order=(10.0, 10.0, 10.0, 10.0)), jnp.array([0.0, 0.9, 0.1]))
    np.testing.assert_array_equal(stock.on_order, 0.0)


def test_the_lot_is_that_of_harris_and_its_worth_what_is_left_of_the_margin() -> None:
    shop = made_up_shop(order_cost=100.0, holding=0.5, unit_cost=6.0)  # margin 4
    lot = lot_of(shop, KNOWN, number(4.0), number(1.0))
    assert float(lot.more) == pytest.approx(40.0)  # sqrt(2 x 100 x 4 / 0.5)
    # per unit: 100 / 40 for the order; held (40 / 4 + 1) / 2 = 5.5 periods at 0.5
    assert float(lot.worth) == pytest.approx(1 - (2.5 + 2.75) / 4)


def test_one_unit_of_a_slow_item_waits_for_its_customer() -> None:
    lot = lot_of(made_up_shop(holding=0.5), KNOWN, number(0.1), number(10.0))
    assert float(lot.worth) == pytest.approx(1 - 10 * 0.5 / 4)  # ten periods: it costs more than it brings


@pytest.mark.parametrize(
    ("missing", "more", "pack", "minimum", "expected"),
    [
        (3.2, 0.0, 0.0, 0.0, 3.2),
        (3.2, 0.0, 1.0, 0.0, 3.0),  # single units are rounded to the nearest
        (3.6, 0.0, 1.0, 0.0, 4.0),
        (13.0, 0.0, 12.0, 0.0, 24.0),
        (12.5, 0.0, 12.0, 0.0, 12.0),  # a pack that is hardly begun is left
        (0.5, 0.0, 12.0, 0.0, 0.0),
        (1.0, 0.0, 12.0, 0.0, 12.0),
        (5.0, 40.0, 1.0, 0.0, 45.0),
        (5.0, 0.0, 1.0, 30.0, 30.0),
        (-0.1, 40.0, 1.0, 30.0, 0.0),
    ],
)
def test_an_order_fills_what_is_missing_in_whole_packs(missing, more, pack, minimum, expected) -> None:
    shop = made_up_shop(pack=pack, minimum=minimum)
    lot = Lot(number(more), number(max(pack, minimum)), number(1.0))
    assert float(whole(number(missing), lot, shop, jnp.asarray(True))) == pytest.approx(expected)
    assert float(whole(number(missing), lot, shop, jnp.asarray(False))) == 0.0


def test_nobody_can_wait_for_what_never_sells() -> None:
    lot = lot_of(eqx.tree_at(lambda s: s.holding, made_up_shop(), jnp.zeros(1)), KNOWN, number(0.0), number(1e3))
    assert np.isfinite([lot.more, lot.least, lot.worth]).all()
