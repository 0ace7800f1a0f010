"""A shop whose best policy is known: lead time 0, lost sales, so that every period is a newsvendor's."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from made_up_shop import made_up_known, made_up_shop, made_up_stock

from restock.algorithms.pathwise import PathwiseConfig
from restock.algorithms.problem import Problem
from restock.simulator.types import View

ROWS, PERIODS = 64, 40
NEWSVENDOR_LEVEL = 18.0  # demand is uniform on 0 to 20, the margin 9, holding 1: the 0.9 quantile
NEWSVENDOR_PROFIT = 9 * 9.9 - 8.1  # at that level 0.1 are missed on average, and 18² / 40 = 8.1 left
SMALL = PathwiseConfig(
    updates=150, batch=64, periods=8, ignored=2, hidden=8, learning_rate=3e-2, weight_decay=0.0, input_dropout=0.0
)


def probe() -> Problem:
    """Any quantity may be ordered. The forecast is right about the mean; its spread is told too small by far."""
    shop = made_up_shop(0, pack=0.0, holding=1.0)

    def repeat(tree):
        return jax.tree.map(lambda x: jnp.broadcast_to(x, (ROWS, *x.shape)), tree)

    demand = np.random.default_rng(0).uniform(0, 20, (ROWS, PERIODS, 1)).astype(np.float32)
    shop, ones = repeat(shop), jnp.ones((ROWS, PERIODS))
    return Problem(
        shop, repeat(moment()), jnp.asarray(demand), shop.lead_chance, ones, ones[:, 0], 0, PERIODS
    )  # fmt: skip


def moment(features: int = 1):
    """What is known, the same in each period."""
    return made_up_known(scale=10.0, lead_demand=10.0, lead_spread=2.0, features=np.zeros(features), price=[15.0])


def level_of(network) -> float:
    """The position that a network orders up to, from an empty shelf."""
    view = View(made_up_shop(0, pack=0.0, holding=1.0), made_up_stock(0.0, []), moment())
    return float(eqx.filter_jit(lambda network: network(view).order[0])(network))
