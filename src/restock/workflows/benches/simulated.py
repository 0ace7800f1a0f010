"""Pricing and tuning by the simulator: the same demand for all policies, other demand to tune on than to price on."""

from typing import Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from restock.environments.exact.simulation import Cost
from restock.environments.setting import Setting, repeat
from restock.policies.rules import QUANTILES, Past, Rule
from restock.policies.tuning import Trial, search
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Chance, Period, Shop, Stock

Purpose = Literal["price", "tune"]
STREAMS: dict[Purpose, int] = {"price": 104729, "tune": 15485863}  # of chance; training has another one
SEARCHES, ROUNDS = 4, 4  # ROUNDS after the first: one instance gets more care than each item of a catalogue


def stretch_of(setting: Setting, purpose: Purpose, paths: int, periods: int, stock: Stock | None = None) -> Stretch:
    """Paths of an instance, the same whenever asked for.

    Args:
        stock: what each path starts with, where that differs. [path]
    """
    drawn = setting.draw(np.random.default_rng(STREAMS[purpose]), paths, periods)
    shop = repeat(setting.shop, paths)
    known = drawn.known if drawn.known.scale.ndim else repeat(drawn.known, paths)
    chance = Chance(drawn.demand[:, :, None], shop.lead_chance)
    starts = repeat(setting.stock, paths) if stock is None else stock
    return Stretch(shop, starts, known, chance, jnp.ones((paths, periods)))


def earned(policy: Policy, stretch: Stretch) -> NDArray[np.float64]:
    """Profit of each path and period, purchases charged when ordered. [path, period]"""
    return np.asarray(_earned(policy, stretch), np.float64)


@eqx.filter_jit
def _earned(policy: Policy, stretch: Stretch) -> Float[Array, "path period"]:
    return run(policy, stretch, keep=_profit)[1]


def _profit(shop: Shop, period: Period) -> Array:
    return period.money.profit


def mean_of_paths(values: NDArray[np.float64]) -> Cost:
    """Mean and standard error of independent paths. [path]"""
    return Cost(float(values.mean()), float(values.std(ddof=1) / len(values) ** 0.5))


def tuned(rule: Rule, stretch: Stretch) -> Policy:
    """A rule with the numbers that earn most over all paths together, the same on all of them.

    The rule's unit is the demand scale of the instance; purchases are charged when sold.
    """
    paths = stretch.weight.shape[0]
    unit = jnp.full(paths, stretch.known.scale.mean())
    past = Past(unit, jnp.zeros((paths, len(QUANTILES))))
    trial = Trial(stretch, stretch.weight, jnp.zeros_like(stretch.weight))
    searches = [search(rule, past, trial, seed, ROUNDS) for seed in range(SEARCHES)]
    numbers = np.concatenate([tried.numbers for tried in searches])
    profit = np.concatenate([tried.train.sum(axis=1) for tried in searches])
    return rule.make(jnp.asarray(numbers[profit.argmax()]), Past(unit[0], past.errors[0]))
