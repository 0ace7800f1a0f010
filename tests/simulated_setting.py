"""What a policy costs in the simulator on a benchmark instance, with how sure that is."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from restock.environments.exact.simulation import Cost
from restock.environments.setting import Setting, repeat
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Chance, Stock


def stretch_of(setting: Setting, paths: int, periods: int, stock: Stock | None = None, seed: int = 7) -> Stretch:
    """Paths of the instance; `stock` has a row per path where they start differently."""
    drawn = setting.draw(np.random.default_rng(seed), paths, periods)
    known = drawn.known if drawn.known.scale.ndim else repeat(drawn.known, paths)
    shop = repeat(setting.shop, paths)
    chance = Chance(drawn.demand[:, :, None], shop.lead_chance)
    return Stretch(shop, stock or repeat(setting.stock, paths), known, chance, jnp.ones((paths, periods)))


@eqx.filter_jit
def _costs(policy: Policy, stretch: Stretch):
    return -run(policy, stretch, keep=lambda shop, period: period.money.profit)[1]


def costs(policy: Policy, stretch: Stretch) -> np.ndarray:
    """Money lost in each period, purchases charged when ordered. [path, period]"""
    return np.asarray(_costs(policy, stretch), np.float64)


def average_cost(setting: Setting, policy: Policy, *, paths: int = 300, periods: int = 300, ignored: int = 50) -> Cost:
    """Average cost per period after the ignored ones."""
    of_paths = costs(policy, stretch_of(setting, paths, periods))[:, ignored:].mean(axis=1)
    return Cost(float(of_paths.mean()), float(of_paths.std(ddof=1) / paths**0.5))
