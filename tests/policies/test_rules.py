"""Each rule by hand on one view: 12 on hand, 8 on order, 3 waited for, so a position of 17."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.errors import UsageError
from restock.policies.rules import (
    QUANTILES,
    RULES,
    Balance,
    BaseStock,
    CappedBaseStock,
    ConstantOrder,
    Experience,
    FixedQuantity,
    Forecast,
    ForecastQuantile,
    MinMax,
    Newsvendor,
    Past,
    critical_ratio,
    position,
    rule,
)
from restock.simulator.types import View

UNIT = jnp.array(5.0)


def view_of(on_hand=12.0, **terms):
    known = made_up_known(
        scale=5.0, averages=[6.0, 4.0, 5.0], lead_demand=20.0, lead_spread=4.0, features=np.zeros(0), price=[10.0]
    )
    return View(made_up_shop(2, **terms), made_up_stock(on_hand, [5.0, 3.0], [3.0]), known)


def order(policy, **view):
    decision = policy(view_of(**view), None)
    assert decision.order.shape == (1,)
    np.testing.assert_array_equal(decision.price, [10.0])
    np.testing.assert_array_equal(decision.liquidate, [0.0])
    return float(decision.order[0])


def test_the_position_is_on_hand_and_on_order_less_what_customers_wait_for():
    assert float(position(view_of())) == 12 + 5 + 3 - 3


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Experience(jnp.array(0.0), jnp.array(4.0)), 6 * 4 - 17),
        (Experience(jnp.array(1.9), jnp.array(5.0)), 4 * 5 - 17),  # the window is a whole number, rounded down
        (Experience(jnp.array(9.0), jnp.array(5.0)), 5 * 5 - 17),  # beyond the last window: the last
        (Forecast(jnp.array(1.5)), 20 + 1.5 * 4 - 17),
        (Balance(jnp.array(0.0), jnp.array(3.0), jnp.array(1.0)), 4 * 6 - 17),  # 17 < 18: fill
        (Balance(jnp.array(1.0), jnp.array(3.0), jnp.array(9.0)), 0),  # 17 >= 12: wait
        (FixedQuantity(jnp.array(3.5), jnp.array(2.0), UNIT), 10),
        (FixedQuantity(jnp.array(3.4), jnp.array(2.0), UNIT), 10),  # at the reorder point, 17 <= 17
        (FixedQuantity(jnp.array(3.3), jnp.array(2.0), UNIT), 0),
        (BaseStock(jnp.array(5.0), UNIT), 25 - 17),
        (BaseStock(jnp.array(3.0), UNIT), 0),
        (CappedBaseStock(jnp.array(5.0), jnp.array(1.0), UNIT), 5),
        (CappedBaseStock(jnp.array(4.0), jnp.array(1.0), UNIT), 20 - 17),
        (MinMax(jnp.array(3.5), jnp.array(2.0), UNIT), 27.5 - 17),
        (MinMax(jnp.array(3.0), jnp.array(2.0), UNIT), 0),
        (ConstantOrder(jnp.array(0.8), UNIT), 4),
    ],
    ids=lambda value: type(value).__name__ if callable(value) else str(value),
)
def test_a_rule_orders_what_its_definition_says(policy, expected):
    assert order(policy) == pytest.approx(expected)


def test_with_a_forecaster_levels_are_its_own_quantiles():
    known = eqx.tree_at(lambda k: k.lead_quantiles, view_of().known, 100.0 * QUANTILES, is_leaf=lambda x: x is None)
    view = View(made_up_shop(2, shortage=8.0, holding=2.0, unit_cost=10.0), view_of().stock, known)
    ratio = float(critical_ratio(view.shop, view.known))
    assert 0.1 < ratio < 0.95
    assert float(Newsvendor()(view, None).order[0]) == pytest.approx(100 * ratio - 17, abs=1e-3)
    wanted = ForecastQuantile(jnp.array(0.75), jnp.zeros(len(QUANTILES)))
    assert float(wanted(view, None).order[0]) == pytest.approx(75 - 17, abs=1e-3)


def test_the_newsvendor_orders_up_to_the_normal_quantile():
    # margin 10 - 6 = 4, goodwill 2, holding 0.5 over 3 periods of review: 6 / 7.5 = 0.8, and the normal table has
    # 0.8416 at 0.8: 20 + 0.8416 * 4 - 17
    terms = {"shortage": 2.0, "holding": 0.5, "review": 3.0}
    view = view_of(**terms)
    assert float(critical_ratio(view.shop, view.known)) == pytest.approx(0.8)
    assert order(Newsvendor(), **terms) == pytest.approx(20 + 0.84162 * 4 - 17, abs=1e-3)
    # 97.5 %: 1.95996
    assert order(Newsvendor(), shortage=15.5, holding=0.5) == pytest.approx(3 + 1.95996 * 4, abs=1e-3)


def test_a_unit_that_loses_money_is_not_missed():
    view = view_of(unit_cost=11.0)
    assert float(critical_ratio(view.shop, view.known)) == 0.0
    assert order(Newsvendor(), unit_cost=11.0) == 0.0


def test_a_forecast_quantile_reads_the_errors_at_that_quantile():
    errors = jnp.interp(QUANTILES, jnp.array([0.0, 1.0]), jnp.array([-2.0, 2.0]))
    assert order(ForecastQuantile(jnp.array(0.75), errors)) == pytest.approx(20 + 1.0 * 4 - 17, abs=1e-4)


@pytest.mark.parametrize("known", RULES, ids=lambda r: r.name)
def test_every_rule_has_a_box_that_fits_its_numbers_and_a_name_in_both_languages(known):
    assert len(known.numbers) == len(known.low) == len(known.high) == len(known.in_leads)
    assert all(low < high for low, high in zip(known.low, known.high, strict=True))
    assert known.label.en
    assert any("\u4e00" <= c <= "\u9fff" for c in known.label.zh)
    policy = known.make(jnp.asarray(known.high, float), Past(UNIT, jnp.zeros(len(QUANTILES))))
    assert order(policy) >= 0.0
    assert order(policy, on_hand=1e6) == (0.0 if known.name != "constant_order" else 7.5)
    assert rule(known.name) is known


def test_a_rule_that_does_not_exist_names_those_that_do():
    with pytest.raises(UsageError, match="no classical policy `eoq`") as error:
        rule("eoq")
    assert "base_stock" in error.value.hint.en
