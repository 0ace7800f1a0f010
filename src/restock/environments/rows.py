"""Many episodes of one task side by side, one jitted call per period."""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from numpy.typing import NDArray

from restock.environments.generators import OwnGenerators
from restock.environments.task import Rules, Task
from restock.policies.rules import buy
from restock.simulator.demand import lead_time_arrivals
from restock.simulator.dynamics import receive, settle
from restock.simulator.rollout import under_way
from restock.simulator.types import Chance, Known, Period, Stock, View

AHEAD = 8  # episodes drawn at once where only demand changes: a draw costs more than the episode
FACTS = ("demand", "sold", "lost", "ordered")  # units of the period, told beside the reward


class Episode(eqx.Module):
    """What nobody decides and what is known, of all periods of an episode; rows are the last axis."""

    demand: Float[Array, "period channel row"]
    arrives: Float[Array, "*arrivals"]  # [lane, lead] where lead times never vary, else [period, lane, lead, row]
    known: Known  # without axes where nothing ever changes, else [period, ..., row]


class Today(NamedTuple):
    """One period of an episode."""

    demand: Float[Array, "channel row"]
    arrives: Float[Array, "lane lead *row"]
    known: Known


class Now(NamedTuple):
    """The moment of decision. A plain tuple of arrays: a record would cost a step of one row a fifth of its time."""

    column: Int[Array, ""]
    on_hand: Float[Array, "site age row"]  # what has arrived is in it
    on_order: Float[Array, "lane lead row"]
    backlog: Float[Array, "channel row"]
    arrived: Float[Array, "lane row"]


class Seen(NamedTuple):
    """What a period led to. NumPy."""

    observation: NDArray[np.float32]  # at the next moment of decision [row, observation]
    reward: NDArray[np.float32]  # [row]
    facts: NDArray[np.float32]  # [fact, row]


class Rows:
    """Episodes of one task, each with its own generator; all begin and end together."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.period = task.periods  # lived; an episode that has not begun is over
        self._generators: Sequence[np.random.Generator] = ()
        self._ahead: list[tuple[Episode, Stock]] = []
        self._width = len(task.names)

    @property
    def over(self) -> bool:
        """Whether all periods have been lived."""
        return self.period >= self.task.periods

    def begin(self, generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        """Start the next episode of every row; what is seen first. [row, observation]

        Args:
            generators: one per row; episodes are drawn ahead for as long as they stay the same.
        """
        same = len(generators) == len(self._generators) and all(
            a is b for a, b in zip(generators, self._generators, strict=True)
        )
        if not same or not self._ahead:
            self._generators, self._ahead = generators, draw_episodes(self.task, generators)
        (episode, start), self.period = self._ahead.pop(0), 0
        # Handing over leaves, not records, saves a third of the time of a step of one row.
        self._fixed, self._tree = jax.tree.flatten((self.task.setting.shop, episode))
        self._now, packed = _begin(self.task.rules, self._tree, self._fixed, start)
        return np.array(packed.T, order="C")

    def advance(self, actions: NDArray[Any]) -> Seen:
        """Live one period. actions: inside the space, [row] or [row, 1]"""
        self.period += 1
        acted = actions.reshape(-1).astype(np.float32)
        self._now, packed = _advance(self.task.rules, self._tree, self._fixed, self._now, acted)
        made = np.asarray(packed)
        return Seen(made[: self._width].T.copy(), made[self._width].copy(), made[self._width + 1 :].copy())


def draw_episodes(task: Task, generators: Sequence[np.random.Generator]) -> list[tuple[Episode, Stock]]:
    """The next episodes of every row, and the stocks that they start with; a row's depend on its own generator only."""
    setting, columns, each = task.setting, task.columns, 1 if task.moves else AHEAD
    rows, paths = len(generators), len(generators) * each
    generator = generators[0] if rows == 1 else OwnGenerators(generators, each)
    drawn = setting.draw(generator, paths, columns)
    chances = np.asarray(setting.shop.lead_chance)
    varies = bool(np.any((chances > 0) & (chances < 1)))
    every = np.broadcast_to(chances, (paths, *chances.shape))
    arrives = np.moveaxis(lead_time_arrivals(generator, every, columns), 2, 1) if varies else None
    stock = None if task.start is None else task.start(generator, paths)

    def by_episode(array: Any) -> NDArray[np.float32]:
        """[row and episode, ...] -> [episode, ..., row]"""
        parts = np.asarray(array, np.float32).reshape(rows, each, *array.shape[1:])
        return np.ascontiguousarray(np.moveaxis(parts, 0, -1))

    demand, arrives, stock = jax.tree.map(by_episode, (drawn.demand, arrives, stock))
    known = jax.tree.map(by_episode if task.moves else np.asarray, drawn.known)
    usual = jax.tree.map(lambda x: np.broadcast_to(np.asarray(x)[..., None], (*x.shape, rows)), setting.stock)

    def one_episode(number: int) -> tuple[Episode, Stock]:
        today = jax.tree.map(lambda x: jnp.asarray(x[number] if task.moves else x, jnp.float32), known)
        coming = jnp.asarray(chances if arrives is None else arrives[number])
        start = usual if stock is None else jax.tree.map(lambda x: x[number], stock)
        return Episode(jnp.asarray(demand[number][:, None]), coming, today), jax.tree.map(jnp.asarray, start)

    return [one_episode(number) for number in range(each)]


@partial(jax.jit, static_argnums=(0, 1))
def _begin(rules: Rules, tree: Any, fixed: list[Array], start: Stock) -> tuple[Now, Array]:
    """Receive what arrives in the first period and look. [observation, row]"""
    shop, episode = jax.tree.unflatten(tree, fixed)
    first = jnp.zeros((), jnp.int32)
    today, axes = _at(episode, first)
    if episode.arrives.ndim == 4:  # an order that has arrived before the episode is no longer under way
        coming = under_way(jnp.moveaxis(episode.arrives, -1, 0))
        start = eqx.tree_at(lambda s: s.on_order, start, start.on_order * jnp.moveaxis(coming, 0, -1))

    def one_row(stock: Stock, today: Today) -> tuple[Stock, Array, Array]:
        stock, arrived = receive(stock, Chance(today.demand, today.arrives))
        return stock, arrived, rules.observe(View(shop, stock, today.known), today.known.scale)

    stock, arrived, seen = jax.vmap(one_row, (-1, axes), -1)(start, today)
    return _now(first, stock, arrived), seen


@partial(jax.jit, static_argnums=(0, 1))
def _advance(rules: Rules, tree: Any, fixed: list[Array], now: Now, actions: Array) -> tuple[Now, Array]:
    """Decide, settle, receive what arrives next, look. [observation + reward + facts, row]"""
    shop, episode = jax.tree.unflatten(tree, fixed)
    today, axes = _at(episode, now.column)
    tomorrow, _ = _at(episode, now.column + 1)

    def one_row(now: tuple[Stock, Array, Array], today: Today, tomorrow: Today) -> tuple[Stock, Array, Array]:
        stock, arrived, action = now
        view, chance = View(shop, stock, today.known), Chance(today.demand, today.arrives)
        decision = buy(view, rules.order(view, action))
        if rules.price is not None:
            price = jnp.full_like(decision.price, rules.price(view, action))
            decision = eqx.tree_at(lambda d: d.price, decision, price)
        stock, period = settle(view, decision, chance, arrived, rules.respond)
        paid = rules.reward(shop, period)
        stock, arrived = receive(stock, Chance(tomorrow.demand, tomorrow.arrives))
        seen = rules.observe(View(shop, stock, tomorrow.known), period.demand.sum())
        return stock, arrived, jnp.concatenate([seen, paid.reshape(1), _facts(period)])

    stock = Stock(now.on_hand, now.on_order, now.backlog)
    stock, arrived, packed = jax.vmap(one_row, (-1, axes, axes), -1)((stock, now.arrived, actions), today, tomorrow)
    return _now(now.column + 1, stock, arrived), packed


def _now(column: Array, stock: Stock, arrived: Array) -> Now:
    return Now(column, stock.on_hand, stock.on_order, stock.backlog, arrived)


def _facts(period: Period) -> Array:
    return jnp.stack([period.demand.sum(), period.sold.sum(), period.lost.sum(), period.ordered.sum()])


def _at(episode: Episode, column: Array) -> tuple[Today, Any]:
    """One period (the last one, if it lies beyond), and which axes its rows are."""

    def pick(array: Array) -> Array:
        return jax.lax.dynamic_index_in_dim(array, column, keepdims=False)  # stays within the array

    varies, moves = episode.arrives.ndim == 4, episode.known.scale.ndim == 2
    arrives = pick(episode.arrives) if varies else episode.arrives
    known = jax.tree.map(pick, episode.known) if moves else episode.known
    return Today(pick(episode.demand), arrives, known), Today(-1, -1 if varies else None, -1 if moves else None)  # pyright: ignore
