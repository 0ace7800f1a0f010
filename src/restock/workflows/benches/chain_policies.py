"""Who orders along a chain of sites: rules with numbers to search, and a network to learn; and what they earn."""

from collections.abc import Callable
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.optimize import differential_evolution

from restock.environments.chain import Chain, ChainStock, live
from restock.environments.exact.chain import Left, best_plan
from restock.policies.actors import Perceptron
from restock.simulator.types import Number

ChainPolicy = Callable[[ChainStock, Array], Float[Array, " site"]]  # stock, number of the period -> units asked for

SEARCHED, POPULATION, GENERATIONS = 500, 32, 60  # episodes that rules are searched on; of differential evolution
SHARPNESS = 4.0  # of the softplus at zero, in mean demands


class BaseStock(eqx.Module):
    """Order up to a level of the echelon, until a last period."""

    levels: Float[Array, " site"]  # units
    until: Float[Array, " site"]  # orders are placed in periods before this one
    chain: Chain = eqx.field(static=True)

    def __call__(self, stock: ChainStock, period: Array) -> Array:
        missing = self.levels - stock.position(self.chain.lead_times)
        return within(self.chain, stock, missing * (period < self.until))


class LevelsByPeriod(eqx.Module):
    """Order up to levels of the echelon that differ from period to period, bent by what a network sees of the chain."""

    levels: Float[Array, "period site"]  # in mean demands
    network: Perceptron
    chain: Chain = eqx.field(static=True)

    def __call__(self, stock: ChainStock, period: Array) -> Array:
        chain = self.chain
        position = stock.position(chain.lead_times) / chain.mean
        level = jnp.take(self.levels, period.astype(int), axis=0)
        seen = jnp.concatenate([self._stock(stock), level - position, self._time(period)])
        missing = level - position + self.network(seen)
        return within(chain, stock, jax.nn.softplus(SHARPNESS * missing) / SHARPNESS * chain.mean)

    def _stock(self, stock: ChainStock) -> Array:
        coming = [stock.on_order[site, :lead] for site, lead in enumerate(self.chain.lead_times)]
        return jnp.concatenate([stock.on_hand / 5.0, *coming, stock.waiting]) / self.chain.mean

    def _time(self, period: Array) -> Array:
        left = self.chain.periods - period
        return jnp.stack([left / self.chain.periods, 5.0 / (4.0 + left)])


def untrained(chain: Chain, hidden: int, key: Array) -> LevelsByPeriod:
    """Levels that cover the mean demand of the periods until an order is there and one more."""
    protect = np.cumsum(chain.lead_times) + 1.0
    inputs = 3 * chain.sites + 3 + sum(chain.lead_times)
    network = Perceptron((inputs, hidden, hidden, chain.sites), key)
    return LevelsByPeriod(jnp.broadcast_to(jnp.asarray(protect), (chain.periods, chain.sites)), network, chain)


def within(chain: Chain, stock: ChainStock, orders: Array) -> Array:
    """Whole units that the suppliers can send: to ask for more costs, and brings nothing sooner.

    The derivative goes through the rounding.
    """
    there = jnp.append(stock.on_hand[1:], jnp.inf)
    fits = jnp.clip(orders, 0.0, jnp.minimum(jnp.asarray(chain.capacity, jnp.float32), there))
    return fits + jax.lax.stop_gradient(jnp.round(fits) - fits)


def earned(policy: ChainPolicy, chain: Chain, demand: Float[Array, "episode period"]) -> Float[Array, " episode"]:
    """Discounted profit of each episode."""

    def one_period(stock: ChainStock, today: tuple[Array, Array]) -> tuple[ChainStock, Number]:
        period, demand = today
        stock, lived = live(chain, stock, policy(stock, period), demand)
        return stock, lived.profit * chain.discount**period

    def one_episode(demand: Array) -> Number:
        periods = jnp.arange(chain.periods, dtype=jnp.float32)
        return jax.lax.scan(jax.checkpoint(one_period), chain.start(), (periods, demand))[1].sum()

    return jax.vmap(one_episode)(demand)


@eqx.filter_jit
def profit_of(policy: ChainPolicy, chain: Chain, demand: Float[Array, "episode period"]) -> Float[Array, " episode"]:
    """The same, compiled."""
    return earned(policy, chain, demand)


def searched(chain: Chain, demand: NDArray[np.int64], ends: bool) -> BaseStock:
    """The levels that earn most, and the periods after which each site stops to order; if not `ends`, it never does.

    Args:
        chain: the problem.
        demand: to search on [episode, period]
        ends: whether the last periods are searched too.
    """
    sites, paths = chain.sites, jnp.asarray(demand[:SEARCHED], jnp.float32)
    furthest = (np.cumsum(chain.lead_times) + 1.0) * chain.mean * 2

    @jax.jit
    def losses(numbers: Array) -> Array:
        rules = jax.vmap(partial(_rule, chain))(numbers)
        return -jax.vmap(lambda rule: earned(rule, chain, paths).mean())(rules)

    def of_population(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(losses(jnp.asarray(numbers.T, jnp.float32)), np.float64)

    last = (1 if ends else chain.periods, chain.periods + 1e-3)
    found = differential_evolution(
        of_population,
        [(0.0, most) for most in furthest] + [last] * sites,
        integrality=[True] * sites + [ends] * sites,
        popsize=POPULATION // (2 * sites),
        maxiter=GENERATIONS,
        rng=np.random.default_rng(0),
        vectorized=True,
        updating="deferred",
        polish=False,
    )
    return _rule(chain, jnp.asarray(found.x, jnp.float32))


def _rule(chain: Chain, numbers: Array) -> BaseStock:
    return BaseStock(numbers[: chain.sites], numbers[chain.sites :], chain)


def planned(chain: Chain, demand: NDArray[np.int64]) -> float:
    """Profit of an episode in which the plan for mean demand is made anew in every period. demand: units [period]"""
    stock, profit = chain.start(), 0.0
    for period in range(chain.periods):
        on_hand, on_order = np.asarray(stock.on_hand, float), np.asarray(stock.on_order, float)
        left = Left(on_hand, on_order, float(stock.waiting[0]))
        plan = best_plan(chain, left, np.full(chain.periods - period, chain.mean))
        asked = within(chain, stock, jnp.asarray(plan.sent[0], jnp.float32))
        stock, lived = _live(chain, stock, asked, jnp.asarray(demand[period], jnp.float32))
        profit += float(lived.profit) * chain.discount**period
    return profit


_live = eqx.filter_jit(live)
