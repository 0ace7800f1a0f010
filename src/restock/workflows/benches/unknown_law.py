"""Lost sales when nobody tells the demand law: thirty observations, then the policy finds out by selling."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from restock.environments.lost_sales import LostSales
from restock.environments.setting import repeat
from restock.policies.memory import Told
from restock.simulator.remembering import Remembering, Seen, recall, run_remembering
from restock.simulator.rollout import Stretch
from restock.simulator.types import Chance, Known, Period, Shop

SEEN, WARM_UP, PERIODS, PATHS = 30, 50, 1000, 200
CHUNK = 250  # periods in one call


def cost_of(policy: Remembering, instance: LostSales, seed: int) -> tuple[float, float]:
    """Average cost per period on simulated paths, and its standard error over paths.

    The shop is told lead time and costs. It has seen some periods of demand in full, and later sees what it sells.
    """
    setting, generator = instance.setting(), np.random.default_rng([seed, 30])
    shop = repeat(setting.shop, PATHS)
    told = jnp.zeros(len(Told._fields)).at[Told._fields.index("law_told")].set(1.0)
    known = eqx.tree_at(lambda k: k.features, setting.draw(generator, 1, 1).known, told)
    past = jnp.asarray(instance.draw(generator, (PATHS, SEEN)), jnp.float32)
    none = jnp.zeros((PATHS, SEEN, setting.lead + 2))
    memory = _recall(policy, shop, _every(known, SEEN), Seen(past, 0 * past, 1 + 0 * past, none))
    stock, costs = repeat(setting.stock, PATHS), []
    for _ in range(WARM_UP + PERIODS, 0, -CHUNK):
        demand = jnp.asarray(instance.draw(generator, (PATHS, CHUNK)), jnp.float32)[:, :, None]
        stretch = Stretch(shop, stock, _every(known, CHUNK), Chance(demand, _arrives(shop)), demand[:, :, 0])
        stock, memory, cost = _run(policy, stretch, memory)
        costs.append(cost)
    each = np.asarray(jnp.concatenate(costs, 1), np.float64)[:, WARM_UP : WARM_UP + PERIODS].mean(1)
    return float(each.mean()), float(each.std() / PATHS**0.5)


def _every(known: Known, periods: int) -> Known:
    return jax.tree.map(lambda x: jnp.broadcast_to(x, (PATHS, periods, *x.shape)), known)


def _arrives(shop: Shop) -> Float[Array, "row period lane lead"]:
    return jnp.broadcast_to(shop.lead_chance[:, None], (PATHS, CHUNK, *shop.lead_chance.shape[1:]))


def _cost(shop: Shop, period: Period) -> Array:
    return -period.money.profit


_recall = eqx.filter_jit(recall)
_run = eqx.filter_jit(lambda policy, stretch, memory: run_remembering(policy, stretch, memory, keep=_cost))
