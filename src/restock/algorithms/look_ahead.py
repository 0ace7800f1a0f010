"""What each order would bring: simulated futures of one item, shared out among the orders that look best.

Every order offered in a state is tried, and the shop is then run by a base policy along drawn demand. All orders of a
state meet the same demand (common random numbers), so that their difference is far less noisy than each of them. Paths
go in rounds; after each the worse half of the orders is dropped (sequential halving: Karnin, Koren and Somekh 2013).
"""

from itertools import pairwise
from math import ceil, log2
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from restock.algorithms.problem import Problem, random_stock
from restock.errors import UsageError
from restock.language import Text
from restock.policies.actors import Choices
from restock.policies.rules import buy
from restock.simulator.dynamics import receive, settle
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Policy
from restock.simulator.types import Chance, Decision, Known, Shop, Stock, View

NODES = 24  # numbers that stand for the demand of a period


class World(eqx.Module):
    """One item and many courses of its demand: in any period, each of them may come next, whatever came before."""

    shop: Shop  # no axes
    known: Known  # [period], or no axes where nothing ever changes
    arrives: Float[Array, "lane lead"]
    demand: Float[Array, "row period channel"]
    typical: Float[Array, "period node channel"]  # demand of a period in few numbers
    share: Float[Array, " node"]  # how often each of them comes
    weight: Float[Array, " period"]  # how much a period counts
    first: int = eqx.field(static=True)  # periods first <= t < last
    last: int = eqx.field(static=True)

    @property
    def lead(self) -> int:
        """Length of the pipeline: the longest lead time."""
        return self.arrives.shape[-1] - 1

    def today(self, period: Array) -> Known:
        """What is known in a period."""
        return jax.tree.map(lambda x: x[period], self.known) if self.known.scale.ndim else self.known


def one_item(problem: Problem) -> World:
    """The problem's rows as courses of demand of one item.

    Raises:
        UsageError: rows differ in their shop or in what is known, or lead times vary: another row's future would then
            not be a future of this one.
    """
    if problem.arrives.ndim != 3:
        raise _unfit("lead times that vary", "提前期不固定")
    rows = (problem.shop, problem.known, problem.arrives, problem.weight)
    if not all(bool(jnp.all(x == x[:1])) for x in jax.tree.leaves(rows)):
        raise _unfit("rows that are different items", "各行是不同的商品")
    shop, known, arrives, weight = jax.tree.map(lambda x: x[0], rows)
    typical, share = _typical(problem.demand)
    return World(shop, known, arrives, problem.demand, typical, share, weight, problem.first, problem.last)


def _typical(
    demand: Float[Array, "row period channel"],
) -> tuple[Float[Array, "period node channel"], Float[Array, " node"]]:
    """Means of groups of rows, by rising demand of a period; groups are small where demand is extreme."""
    rows, drawn = len(demand), np.asarray(demand)
    edges = np.unique(np.rint(rows * np.sin(np.linspace(0, np.pi / 2, NODES + 1)) ** 2).astype(int))
    rising = np.take_along_axis(drawn, np.argsort(drawn.sum(-1), axis=0)[:, :, None], axis=0)
    means = [rising[low:high].mean(axis=0) for low, high in pairwise(edges)]
    return jnp.asarray(np.stack(means, axis=1)), jnp.asarray(np.diff(edges) / rows, jnp.float32)


def _unfit(en: str, zh: str) -> UsageError:
    return UsageError(
        Text(f"`rollout` learns one item along many courses of demand; the problem has {en}",
             f"`rollout` 只能沿多条需求路径学习单个商品；而该问题{zh}"),
        hint=Text("train with `pathwise`, or one item at a time", "请改用 `pathwise`，或逐个商品训练"),
    )  # fmt: skip


class Plan(eqx.Module):
    """How much to simulate."""

    states: int = eqx.field(static=True)  # side by side, in the same period
    paths: int = eqx.field(static=True)  # of a state in one round, shared out among its orders
    horizon: int = eqx.field(static=True)  # periods of a path
    alive: tuple[int, ...] = eqx.field(static=True)  # orders tried in each round
    warm_up: int = eqx.field(static=True)  # most periods lived before a state is taken
    exploration: float = eqx.field(static=True)  # chance of a random order in each of them


class Visited(eqx.Module):
    """States that a policy comes to, all in the same period, at the moment of its decision."""

    stock: Stock  # [state], what arrives today is on the shelf
    period: Int[Array, ""]


def visit(policy: Policy, world: World, choices: Choices, plan: Plan, key: Array) -> Visited:
    """Live for a random while from random stock in a random period, and now and then order at random."""
    # One draw for all that is random: each call of a random function costs a second of compilation.
    drawn = jax.random.uniform(key, (plan.warm_up + world.lead + 3, plan.states))
    start, length = drawn[0, 0], drawn[0, 1]
    start = (world.first + start * (world.last - plan.horizon - plan.warm_up + 1 - world.first)).astype(int)
    length = (length * (plan.warm_up + 1)).astype(int)
    rows = (drawn[1] * len(world.demand)).astype(int)
    luck, shares = drawn[2 : 2 + plan.warm_up], drawn[2 + plan.warm_up :].T

    def decide(view: View, luck: Array) -> Decision:
        index = jnp.floor(luck / max(plan.exploration, 1e-9) * choices.count)
        usual, other = policy(view, None), buy(view, choices.order(view, jnp.minimum(index, choices.count - 1)))
        return jax.tree.map(lambda a, b: jnp.where(luck < plan.exploration, a, b), other, usual)

    def one_period(stock: Stock, today: tuple[Array, Array]) -> tuple[Stock, None]:
        ahead, luck = today
        after, _ = live(world, start + ahead, stock, world.demand[rows, start + ahead].T, decide, luck)
        return jax.tree.map(lambda a, b: jnp.where(ahead < length, a, b), after, stock), None

    stock = any_stock(world, start, shares)
    stock, _ = jax.lax.scan(one_period, stock, (jnp.arange(plan.warm_up), luck))
    nothing = Chance(jnp.zeros(world.demand.shape[-1]), world.arrives)
    return Visited(jax.vmap(lambda stock: receive(stock, nothing)[0], -1)(stock), start + length)


def measure(policy: Policy, world: World, plan: Plan, periods: int, key: Array) -> Float[Array, ""]:
    """Mean profit per period of a policy along all rows, after some periods that do not count."""
    rows = len(world.demand)

    def one_period(stock: Stock, period: Array) -> tuple[Stock, Array]:
        after, profit = live(world, period, stock, world.demand[:, period].T, lambda view, _: policy(view, None))
        return after, profit.mean()

    stock = any_stock(world, jnp.asarray(world.first), jax.random.uniform(key, (rows, world.lead + 1)))
    _, profit = jax.lax.scan(one_period, stock, world.first + jnp.arange(periods))
    weight = world.weight[world.first : world.first + periods][plan.warm_up :]
    return profit[plan.warm_up :].sum() / weight.sum()


def any_stock(world: World, period: Array, shares: Float[Array, "row place"]) -> Stock:
    """Random stock as training starts from, with the rows last: see `simulator.rollout.run`."""
    known = world.today(period)
    known = eqx.tree_at(lambda k: k.scale, known, jnp.broadcast_to(known.scale, shares.shape[:1]))
    return jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1), random_stock(world.demand.shape[-1], known, shares))


def live(
    world: World, period: Array, stock: Stock, demand: Float[Array, "channel row"], decide: Any, luck: Any = None
) -> tuple[Stock, Float[Array, " row"]]:
    """One period in all rows, which are the last axis; returns the stock after it and the profit expected of it."""
    known = world.today(period)

    def one_row(stock: Stock, demand: Array, luck: Any) -> tuple[Stock, Array]:
        stock, arrived = receive(stock, Chance(demand, world.arrives))
        view = View(world.shop, stock, known)
        return _close(world, period, view, decide(view, luck), demand, arrived)

    return jax.vmap(one_row, (-1, -1, None if luck is None else -1), -1)(stock, demand, luck)


def _close(
    world: World, period: Array, view: View, decision: Decision, demand: Array, arrived: Array
) -> tuple[Stock, Array]:
    """The stock that this demand leaves, and the profit that demand of this period brings on average.

    One path's shortage is rare and dear: its expectation says the same with far less noise.
    """

    def profit(demand: Array) -> Array:
        return profit_at_cost(world.shop, settle(view, decision, Chance(demand, world.arrives), arrived)[1])

    after, _ = settle(view, decision, Chance(demand, world.arrives), arrived)
    return after, world.share @ jax.vmap(profit)(world.typical[period]) * world.weight[period]


def halved(count: int) -> tuple[int, ...]:
    """How many of so many orders are tried in each round, down to two."""
    return tuple(ceil(count / 2**done) for done in range(max(ceil(log2(count)), 1)))


class Slots(eqx.Module):
    """Paths to simulate side by side."""

    order: Float[Array, "state slot"]  # units, today
    row: Int[Array, "state slot"]  # whose demand comes


def look_ahead(policy: Policy, world: World, now: Visited, slots: Slots, horizon: int) -> Float[Array, "state slot"]:
    """Profit of so many periods: today the order of each slot, then the policy, along the demand of the slot's row."""

    def first(stock: Stock, order: Array, demand: Array) -> tuple[Stock, Array]:
        view = View(world.shop, stock, world.today(now.period))
        return _close(world, now.period, view, buy(view, order), demand, jnp.zeros(world.arrives.shape[0]))

    def one_period(carry: tuple[Stock, Array], today: tuple[Array, Array]) -> tuple[tuple[Stock, Array], None]:
        (stock, earned), (ahead, demand) = carry, today
        stock, profit = live(world, now.period + ahead, stock, demand, lambda view, _: policy(view, None))
        return (stock, earned + profit), None

    repeats = slots.order.shape[1]
    stock = jax.tree.map(lambda x: jnp.moveaxis(jnp.repeat(x, repeats, axis=0), 0, -1), now.stock)
    coming = jax.lax.dynamic_slice_in_dim(world.demand, now.period, horizon, axis=1)
    coming = jnp.moveaxis(coming[slots.row.reshape(-1)], 0, -1)  # [period, channel, slot]
    begin = jax.vmap(first, -1, -1)(stock, slots.order.reshape(-1), coming[0])
    (_, earned), _ = jax.lax.scan(one_period, begin, (jnp.arange(1, horizon), coming[1:]))
    return earned.reshape(slots.order.shape)


class Found(eqx.Module):
    """What a contest of orders found."""

    profit: Float[Array, "*state round choice"]  # mean over the paths of this round alone, 0 where not tried
    tried: Bool[Array, "*state round choice"]
    best: Int[Array, "*state"]  # choice that led over all its paths, of those tried in the last round


def contest(
    policy: Policy, world: World, now: Visited, offered: Float[Array, "state choice"], plan: Plan, key: Array
) -> Found:
    """Simulate every order in the first round, in each later one those that have led so far.

    In each round the paths of a state are shared out evenly among the orders still alive, all of which see the same
    demand. Which orders a round tries depends on the rounds before, its own profits do not: they are unbiased, which
    the mean over all rounds is not, since unlucky orders get no second chance.
    """
    states, choices = offered.shape
    state, slot = jnp.arange(states)[:, None], jnp.arange(plan.paths)
    # Rows by their demand until an order of today arrives: drawn evenly over this list, few paths stand for all.
    soon = jax.lax.dynamic_slice_in_dim(world.demand, now.period, world.lead + 1, axis=1).sum((1, 2))
    by_demand = jnp.argsort(soon)

    def one_round(carry: Any, today: tuple[Array, Array]) -> tuple[Any, Any]:
        total, ranking = carry
        alive, luck = today
        each = plan.paths // alive  # paths of an order
        choice = ranking[:, jnp.minimum(slot // each, choices - 1)]
        even = (slot + luck) / each
        place = jnp.minimum((even * len(soon)).astype(int), len(soon) - 1)[:, slot % each]
        earned = look_ahead(policy, world, now, Slots(offered[state, choice], by_demand[place]), plan.horizon)
        fresh = jnp.zeros(offered.shape).at[state, choice].add(jnp.where(slot < alive * each, earned, 0.0))
        tried = jnp.argsort(ranking, axis=1) < alive  # by the place of each order in the ranking
        total = total + fresh
        ranking = jnp.argsort(jnp.where(tried, -total, jnp.inf), axis=1)
        return (total, ranking), (fresh / each, tried)

    begin = (jnp.zeros(offered.shape), jnp.broadcast_to(jnp.arange(choices), offered.shape))
    luck = jax.random.uniform(key, (len(plan.alive), states, plan.paths))
    rounds = (jnp.asarray(plan.alive), luck)
    (_, ranking), (profit, tried) = jax.lax.scan(one_round, begin, rounds)
    return Found(jnp.moveaxis(profit, 0, 1), jnp.moveaxis(tried, 0, 1), ranking[:, 0])
