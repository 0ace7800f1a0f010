import jax.numpy as jnp
import numpy as np

from restock.environments.lost_sales import LostSales
from restock.environments.setting import empty_stock, plain_shop, repeat, steady


def test_a_lost_sales_instance_as_the_simulator_sees_it():
    setting = LostSales("geometric", 3, 9).setting()
    course = setting.draw(np.random.default_rng(1), 4000, 50)
    assert setting.lead == 3
    assert setting.stock.on_order.shape == (1, 3)
    assert (float(setting.shop.holding[0]), float(setting.shop.shortage[0])) == (1.0, 9.0)
    assert abs(float(course.demand.mean()) - 5) < 0.1
    assert abs(float(course.demand.var()) - 30) < 1  # mean + mean²
    assert float(course.known.lead_demand) == 20  # lead time and the period itself


def test_what_a_planner_knows_of_a_law_that_never_changes():
    known = steady(mean=5.0, variance=4.0, periods=9)
    assert (float(known.lead_demand), float(known.lead_spread), float(known.scale)) == (45.0, 6.0, 5.0)


def test_a_record_is_repeated_for_every_row():
    rows = repeat((plain_shop(lead_time=2, holding=1.0), empty_stock(2, on_hand=7.0)), 3)
    assert rows[0].lead_chance.shape == (3, 1, 3)
    assert jnp.array_equal(rows[1].on_hand, jnp.full((3, 1, 1), 7.0))
