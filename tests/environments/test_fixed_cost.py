import numpy as np
import pytest

from restock.environments.fixed_cost import PUBLISHED, FixedCost, find_instance
from restock.environments.lost_sales import LostSales
from restock.errors import UsageError


def test_the_instance_of_bijvank_is_found_by_its_name():
    instance = find_instance("POISSON-p14-L2-K5")
    assert instance == FixedCost(LostSales("poisson", 2, 14), 5)
    assert instance in PUBLISHED


def test_another_name_is_answered_with_it():
    with pytest.raises(UsageError, match="no fixed-cost instance is called `bijvank`; there are 1") as caught:
        find_instance("bijvank")
    assert "`poisson-p14-L2-K5`" in caught.value.hint.zh


def test_an_order_that_costs_nothing_is_refused():
    with pytest.raises(UsageError, match="is not a fixed-cost instance"):
        FixedCost(LostSales("poisson", 2, 14), 0)


def test_its_setting_is_that_of_lost_sales_with_an_order_cost():
    instance = find_instance("poisson-p14-L2-K5")
    setting, linear = instance.setting(), instance.linear.setting()
    assert (float(setting.shop.order_cost[0]), float(linear.shop.order_cost[0])) == (5.0, 0.0)
    assert (float(setting.shop.shortage[0]), float(setting.shop.holding[0]), setting.lead) == (14.0, 1.0, 2)
    assert setting.name == instance.name
    assert setting.most > linear.most
    drawn, same = (s.draw(np.random.default_rng(3), 2, 9).demand for s in (setting, linear))
    assert (drawn == same).all()


def test_units_that_an_order_saves_are_rounded_up():
    assert FixedCost(LostSales("poisson", 1, 4, holding=2), 5).saved_units == 3
