"""What a policy lives through: steps along windows of a problem, and the memory that keeps them."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from pydantic import BaseModel, ConfigDict, Field, model_validator

from restock.algorithms.problem import Limit, Problem, Reward, draw, hide_features, no_limit
from restock.algorithms.returns import n_step_rewards
from restock.policies.actors import observe
from restock.simulator.dynamics import receive, settle
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Stretch
from restock.simulator.types import Chance, Decision, Known, Shop, Stock, View

Act = Callable[[Float[Array, "row input"], View, Any], tuple[Any, Decision]]


class ModelFreeConfig(BaseModel):
    """What all algorithms that learn from lived steps are told; a wrong key or value stops the run before it starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(default=600, gt=0, description="Windows lived, each followed by gradient steps")
    rows: int = Field(default=256, gt=0, description="Shops that live side by side")
    periods: int = Field(default=16, gt=0, description="Steps of a window")
    hidden: int = Field(default=64, gt=0, description="Units of each layer")
    learning_rate: float = Field(default=2e-3, gt=0, description="Largest step of Adam; with an actor, of the critics")
    weight_decay: float = Field(default=0.0, ge=0, description="Pull of the weights towards zero")
    discount: float = Field(default=0.97, gt=0, lt=1, description="Worth of money one period later")
    delay: int = Field(default=0, ge=0, description="Periods until an order matters; see `later`")
    carry_stock: bool = Field(default=False, description="Windows follow each other; else stock starts at random")
    input_dropout: float = Field(default=0.0, ge=0, lt=1, description="Share of the features hidden in each window")
    differences: bool = Field(default=True, description="Rewards less their running mean; not where an end will come")

    @property
    def looks_ahead(self) -> int:
        """Periods that one lesson spans: fewer than a window has, or there is none."""
        return self.delay + 1

    @property
    def environment_steps(self) -> int:
        """Periods lived in training, all rows together."""
        return self.rounds * self.rows * self.periods

    @model_validator(mode="after")
    def _windows_hold_a_lesson(self) -> "ModelFreeConfig":
        if self.looks_ahead > self.periods:
            raise ValueError(f"windows of {self.periods} periods are too short for lessons of {self.looks_ahead}")
        return self


class ReplayConfig(ModelFreeConfig):
    """What algorithms with experience replay are told too."""

    steps: int = Field(default=16, gt=0, description="Gradient steps after each window")
    batch: int = Field(default=1024, gt=0, description="Remembered steps averaged in one gradient step")
    memory: int = Field(default=1 << 15, gt=0, description="Steps remembered")
    n: int = Field(default=2, gt=0, description="Rewards summed before the network's own estimate takes over")
    target_rate: float = Field(default=0.005, gt=0, le=1, description="How fast the target networks follow")

    @property
    def looks_ahead(self) -> int:
        """Rewards that one transition needs."""
        return self.delay + self.n


class Steps(eqx.Module):
    """Steps of many rows side by side."""

    seen: Float[Array, "time1 row input"]  # observations, one more than there are steps
    action: Any  # [time, row]
    reward: Float[Array, "time row"]  # profit per period, in units of the row's money scale


def money_scale(shop: Shop, known: Known) -> Float[Array, " row"]:
    """What a period of demand is worth: divides rewards, so that all items count alike."""
    scale = known.scale if known.scale.ndim == 1 else known.scale[:, 0]
    missing = shop.shortage[:, 0] + shop.backlog_cost[:, 0] + shop.unit_cost[:, 0]
    worth = scale * jnp.sqrt(missing * shop.holding[:, 0])
    return jnp.where(worth > 0, worth, 1.0)  # where stock or a shortage is free, rewards are taken as they are


def live(
    act: Act, window: Stretch, slots: int, draws: Any, reward: Reward = profit_at_cost, limit: Limit = no_limit
) -> tuple[Stock, Steps]:
    """Let a policy act along a window; the last period is only looked at, not lived.

    Args:
        act: observations and views [row], a draw -> what is remembered of the action, and decisions [row].
        slots: places of the pipeline.
        draws: keys or numbers for `act`, one entry per step.
        reward: of a period.
        limit: what becomes of a decision.

    Returns:
        The stock before the last period, and what happened before it.
    """
    shop, scale = window.shop, money_scale(window.shop, window.known)
    moves, varies = window.known.scale.ndim == 2, window.chance.arrives.ndim == 4
    periods = window.chance.demand.shape[1]

    def at(t: Array) -> tuple[Known, Chance]:
        known = jax.tree.map(lambda x: x[:, t], window.known) if moves else window.known
        arrives = window.chance.arrives[:, t] if varies else window.chance.arrives
        return known, Chance(window.chance.demand[:, t], arrives)

    def look(stock: Stock, t: Array) -> tuple[View, Chance, Array, Array]:
        known, chance = at(t)
        stock, arrived = jax.vmap(receive)(stock, chance)
        view = View(shop, stock, known)
        return view, chance, arrived, jax.vmap(lambda v: observe(v, slots))(view)

    def one_period(stock: Stock, today: tuple[Array, Any]) -> tuple[Stock, Any]:
        t, drawn = today
        view, chance, arrived, seen = look(stock, t)
        action, decision = act(seen, view, drawn)
        react = partial(settle, respond=window.respond)
        after, period = jax.vmap(react)(view, jax.vmap(limit)(view, decision), chance, arrived)
        return after, (seen, action, jax.vmap(reward)(shop, period) / scale)

    stock, (seen, action, earned) = jax.lax.scan(one_period, window.stock, (jnp.arange(periods - 1), draws))
    last = look(stock, jnp.asarray(periods - 1))[-1]
    return stock, Steps(jnp.concatenate([seen, last[None]]), action, earned)


def live_on(
    config: ModelFreeConfig, problem: Problem, act: Act, draws: Any, stock: Stock, key: Array
) -> tuple[Stock, Steps]:
    """The next window of training, its orders beside what they earned; goes on with `stock` if the config says so."""
    window = learning_window(config, problem, stock, key)
    after, steps = live(act, window, problem.lead, draws, problem.reward, problem.limit)
    return after, later(as_learned(problem, window, steps), config.delay)


def as_learned(problem: Problem, window: Stretch, steps: Steps) -> Steps:
    """The rewards that are learned from: periods count by their weight; see `Problem.less_all_served`."""
    reward = steps.reward
    if problem.less_all_served:
        price = window.known.price if window.known.price.ndim == 3 else window.known.price[:, None]
        margin = price - window.shop.unit_cost[:, None, :1]
        earned = (margin * window.chance.demand).sum(axis=-1) / money_scale(window.shop, window.known)[:, None]
        reward = reward - earned[:, : reward.shape[0]].T
    return Steps(steps.seen, steps.action, reward * window.weight[:, : reward.shape[0]].T)


def centre_of(config: ModelFreeConfig, before: Array, rounds: Array, reward: Array, kept: float = 0.95) -> Array:
    """The running mean of the reward, which values are differences from.

    Args:
        before: that of the round before.
        rounds: made before this one.
        reward: of this round. [time, row]
        kept: share of what was there.
    """
    if not config.differences:
        return before
    mean = reward.mean()
    return jnp.where(rounds == 0, mean, kept * before + (1.0 - kept) * mean)


def later(steps: Steps, delay: int) -> Steps:
    """Each order beside what was earned `delay` periods after it; orders whose time has not come are left out.

    With a lead time of L no order changes what is earned in the L periods before it arrives. Taken out of its reward,
    they leave less chance to average over. Not where ordering itself costs or pays.
    """
    count = steps.reward.shape[0] - delay
    return Steps(steps.seen[: count + 1], jax.tree.map(lambda x: x[:count], steps.action), steps.reward[delay:])


def next_window(problem: Problem, batch: int, periods: int, key: Array, stock: Stock | None) -> Stretch:
    """A window with one period more than is lived; it goes on with `stock` unless that is None."""
    window = draw(problem, batch, periods + 1, key)
    return window if stock is None else eqx.tree_at(lambda w: w.stock, window, stock)


def learning_window(config: ModelFreeConfig, problem: Problem, stock: Stock, key: Array) -> Stretch:
    """The next window to learn from; it goes on with `stock`, and hides features, if the config says so."""
    window = next_window(problem, config.rows, config.periods, key, stock if config.carry_stock else None)
    hidden = hide_features(window.known, config.input_dropout, jax.random.fold_in(key, 1))
    return eqx.tree_at(lambda w: w.known, window, hidden)


class Transition(NamedTuple):
    """What is remembered: n periods from an order on."""

    seen: Array
    action: Array
    reward: Array  # discounted sum of n
    then: Array  # seen n periods later


def transitions(steps: Steps, discount: float, n: int) -> Transition:
    """All n-step transitions of a window, as one axis."""
    count = steps.reward.shape[0] - n + 1
    reward = n_step_rewards(steps.reward, discount, n)
    parts = Transition(steps.seen[:count], steps.action[:count], reward, steps.seen[n : n + count])
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), parts)


class Memory(eqx.Module):
    """Experience replay: the latest transitions, each an entry of every leaf. Lin (1992); Mnih et al. (2015)."""

    content: Any  # [place, ...]
    priority: Float[Array, " place"]  # 0 where nothing is kept yet
    next: Int[Array, ""]  # place of the next entry

    def add(self, entries: Any) -> "Memory":
        """Keep more entries, over the oldest ones; new ones get the highest priority so far."""
        count = jax.tree.leaves(entries)[0].shape[0]
        places = (self.next + jnp.arange(count)) % self.priority.shape[0]
        content = jax.tree.map(lambda old, new: old.at[places].set(new), self.content, entries)
        most = jnp.maximum(self.priority.max(), 1.0)
        return Memory(content, self.priority.at[places].set(most), (self.next + count) % self.priority.shape[0])

    def draw(self, count: int, key: Array, exponent: float = 0.0) -> tuple[Any, Int[Array, " entry"], Array]:
        """Entries, their places, and the probability of each, relative to even draws.

        Args:
            exponent: 0 draws evenly; above, by priority to this power (Schaul et al. 2016, arXiv 1511.05952).
        """
        kept = (self.priority > 0).sum()  # entries fill the places from the first one on
        if exponent == 0:
            places = jax.random.randint(key, (count,), 0, jnp.maximum(kept, 1))
            return jax.tree.map(lambda x: x[places], self.content), places, jnp.ones(count)
        weight = jnp.where(self.priority > 0, self.priority**exponent, 0.0)
        total = jnp.cumsum(weight)
        places = jnp.searchsorted(total, jax.random.uniform(key, (count,)) * total[-1], side="right")
        places = jnp.minimum(places, self.priority.shape[0] - 1)
        relative = weight[places] / total[-1] * jnp.maximum(kept, 1)
        return jax.tree.map(lambda x: x[places], self.content), places, relative

    def rate(self, places: Int[Array, " entry"], error: Float[Array, " entry"]) -> "Memory":
        """New priorities: the size of the error."""
        return Memory(self.content, self.priority.at[places].set(jnp.abs(error) + 1e-3), self.next)


def empty_memory(places: int, like: Any) -> Memory:
    """Room for entries like this one. [...]"""
    content = jax.tree.map(lambda x: jnp.zeros((places, *x.shape), x.dtype), like)
    return Memory(content, jnp.zeros(places), jnp.zeros((), int))
