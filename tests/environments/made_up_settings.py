"""Settings for tests: one with everything that can be switched on, one whose demand is told."""

import equinox as eqx
import jax
import numpy as np
from made_up_shop import made_up_shop, made_up_stock

from restock.environments.setting import Course, Setting, empty_stock, plain_shop
from restock.simulator.rollout import nothing_known


def rich_setting(horizon: int | None = None) -> Setting:
    """Random lead times, packs, a minimum, review days, some customers wait, prices and features move; odd costs."""
    shop = made_up_shop(
        lead_chance=[[0.2, 0.5, 0.3]], pack=3.0, minimum=6.0, order_cost=1.7, holding=0.37, shortage=0.41, waiting=0.4,
        backlog_cost=0.13, transport=0.11,
    )  # fmt: skip

    def draw(generator, paths, periods):
        assert horizon is None or periods <= horizon, "nothing is known beyond the horizon"
        still = eqx.tree_at(lambda k: k.features, nothing_known(scale=4.0), np.zeros(2, np.float32))
        known = jax.tree.map(lambda x: np.broadcast_to(x, (paths, periods, *x.shape)), still)
        price = generator.uniform(8, 12, (paths, periods, 1)).astype(np.float32)
        features = generator.normal(size=(paths, periods, 2)).astype(np.float32)
        may_order = (generator.random((paths, periods, 1)) < 0.8).astype(np.float32)
        known = eqx.tree_at(lambda k: (k.price, k.features, k.may_order), known, (price, features, may_order))
        return Course(generator.poisson(4.0, (paths, periods)).astype(np.float32), known)

    return Setting("rich", shop, made_up_stock(7.0, (3.0, 2.0), (1.0,)), 14.0, draw, horizon)


def told_setting(demand, lead: int = 2, on_hand: float = 5.0) -> Setting:
    """Holding 1, shortage 10; the same demand in every episode, 0 after it."""
    told = np.asarray(demand, np.float32)

    def draw(generator, paths, periods):
        path = np.concatenate([told, np.zeros(max(periods - len(told), 0), np.float32)])[:periods]
        return Course(np.broadcast_to(path, (paths, periods)), nothing_known())

    return Setting(
        "told", plain_shop(lead_time=lead, holding=1.0, shortage=10.0), empty_stock(lead, on_hand), 9.0, draw
    )
