import numpy as np
import pytest

from restock.environments.backlog import PUBLISHED, Backlog, find_instance
from restock.environments.exact.backlog import optimal_level
from restock.errors import UsageError


def test_there_are_24_instances_and_each_is_found_by_its_name():
    assert len(PUBLISHED) == 24
    assert all(find_instance(instance.name) == instance for instance in PUBLISHED)


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="no backlog instance is called `backlog-p5-L10`") as caught:
        find_instance("backlog-p5-L10")
    assert "`backlog-p9-L10`" in caught.value.hint.en


@pytest.mark.parametrize("wrong", [{"lead_time": -1}, {"penalty": 0}, {"mean": -5}, {"spread": 0}, {"holding": 0}])
def test_an_impossible_instance_is_refused(wrong):
    with pytest.raises(UsageError, match="is not a backlog instance"):
        Backlog(**{"lead_time": 1, "penalty": 4, **wrong})


def test_what_is_unusual_is_part_of_the_name():
    assert Backlog(0, 9, mean=4, holding=0.5).name == "backlog-p9-L0-m4-s1.6-h0.5"


def test_its_setting_lets_all_wait_takes_fractions_and_starts_at_the_optimal_position():
    instance = find_instance("backlog-p19-L7")
    setting = instance.setting()
    shop, stock = setting.shop, setting.stock
    assert (float(shop.waiting[0]), float(shop.backlog_cost[0]), float(shop.pack[0])) == (1.0, 19.0, 0.0)
    assert float(shop.shortage[0]) == 0.0
    assert setting.lead == 7
    assert float(stock.on_hand.sum() + stock.on_order.sum()) + instance.mean == pytest.approx(optimal_level(instance))


def test_no_demand_is_below_zero_and_its_law_is_normal():
    drawn = Backlog(1, 4, mean=2, spread=2).draw(np.random.default_rng(2), 200, 1000)
    assert drawn.min() == 0.0
    assert (drawn == 0).mean() == pytest.approx(0.158655, abs=0.003)  # P(Z <= -1)
    assert (drawn <= 4).mean() == pytest.approx(0.841345, abs=0.003)  # P(Z <= 1)
