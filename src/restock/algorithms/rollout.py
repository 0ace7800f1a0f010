"""Policy improvement by simulated look-ahead: try every order, see what it brings, teach a network the best.

Approximate policy iteration with common random numbers and sequential halving, as in Deep Controlled Learning (Temizoz
et al. 2025, arXiv 2011.15122). It needs no derivative, so it sees what a fixed cost per order, a minimum or any other
jump costs.
"""

from collections.abc import Callable
from math import isfinite
from time import perf_counter
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from pydantic import BaseModel, ConfigDict, Field, model_validator

from restock.algorithms.look_ahead import Found, Plan, World, contest, halved, measure, one_item, visit
from restock.algorithms.problem import Problem
from restock.errors import TrainingError, UsageError
from restock.language import Text
from restock.optimizer import adam, descend, start
from restock.policies.actors import Choices, Chooser, Grid, Perceptron, observe, observe_moment, observe_stock, observed
from restock.policies.rules import buy
from restock.simulator.rollout import Policy
from restock.simulator.types import Decision, View

Loss = Literal["profit", "label"]
HOTTEST, COOLEST = 1.0, 0.01  # temperatures of the softmax in training; 1 is how far orders lie apart
MEASURED = 200  # periods, along all rows


class RolloutConfig(BaseModel):
    """Settings of `train`; a wrong key or value stops the run before it starts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generations: int = Field(default=3, gt=0, description="Policies learned one from the other")
    states: int = Field(default=4096, gt=0, description="States looked ahead from in each generation")
    together: int = Field(default=64, gt=0, description="States of one batch, all in the same period")
    paths: int = Field(default=64, gt=1, description="Paths of a state in one round, shared out among its orders")
    horizon: int = Field(default=10, gt=1, description="Periods of a path")
    halving: bool = Field(default=True, description="Drop the worse half of the orders after each round")
    grid: Grid = Field(default="quantities", description="Whether choices are quantities or levels to order up to")
    choices: int = Field(default=24, gt=1, description="Orders tried in a state")
    step: float = Field(default=0.2, gt=0, description="Demand scales from one choice to the next")
    exploration: float = Field(default=0.1, ge=0, le=1, description="Share of random orders on the way to a state")
    warm_up: int = Field(default=12, ge=0, description="Most periods on the way from random stock to a state")
    loss: Loss = Field(default="profit", description="Learn what orders bring, or only which one is best (the paper)")
    hidden: int = Field(default=32, gt=0, description="Units of each of the two layers")
    updates: int = Field(default=2000, gt=0, description="Gradient steps in each generation")
    batch: int = Field(default=256, gt=0, description="States averaged in one step")
    learning_rate: float = Field(default=5e-3, gt=0, description="Largest step of Adam")

    @model_validator(mode="after")
    def _every_order_gets_a_path(self) -> "RolloutConfig":
        if self.paths < self.choices:
            raise ValueError(f"{self.paths} paths are too few to try {self.choices} choices in a round")
        return self

    @property
    def alive(self) -> tuple[int, ...]:
        """How many orders are tried in each round."""
        rounds = halved(self.choices)
        return rounds if self.halving else rounds[:1] * len(rounds)

    @property
    def environment_steps(self) -> int:
        """Periods simulated in training: on the way to all states, and along all paths from them."""
        states = self.generations * self.together * -(-self.states // self.together)
        return states * (self.warm_up + len(self.alive) * self.paths * self.horizon)


class Lessons(eqx.Module):
    """What the look-ahead found."""

    seen: Float[Array, "state input"]
    found: Found  # [state]


class Generation(NamedTuple):
    """What one round of look-ahead and teaching came to."""

    profit: float  # of the policy learned, per period, on the demand it learned from
    loss: float
    seconds: float


def train(
    config: RolloutConfig, problem: Problem, policy: Policy, key: Array
) -> tuple[Chooser, tuple[Generation, ...]]:
    """The best network of all generations; each improves on the one before, the first on `policy`.

    Args:
        config: settings.
        problem: rows are courses of demand of one item, each as likely as the others from any period on.
        policy: deterministic, a tuned classical rule for instance.
        key: the same key learns the same.

    Raises:
        UsageError: the rows are different items, lead times vary, or there are fewer periods than one path takes.
        TrainingError: a network came to numbers that are none.
    """
    _refuse_too_few_periods(config, problem)
    world = one_item(problem)
    make, test, key = jax.random.split(key, 3)
    sizes = (observed(problem.known.features.shape[-1], world.lead), config.hidden, config.hidden, config.choices)
    choices = Choices(config.grid, config.choices, jnp.asarray(config.step))
    chooser = best = Chooser(Perceptron(sizes, make), choices, world.lead)
    history: list[Generation] = []
    for one in jax.random.split(key, config.generations):
        began = perf_counter()
        look, fit = jax.random.split(one)
        chooser, loss = teach(config, chooser, study(config, world, policy, choices, look), fit)
        policy = Swift(chooser)
        profit = float(_measure(config, world, policy, test))
        if not isfinite(profit + float(loss)):
            raise _not_a_number(len(history) + 1)
        if not history or profit > max(generation.profit for generation in history):
            best = chooser
        history.append(Generation(profit, float(loss), perf_counter() - began))
    return best, tuple(history)


def _refuse_too_few_periods(config: RolloutConfig, problem: Problem) -> None:
    there, needed = problem.last - problem.first, config.warm_up + config.horizon
    if there < needed:
        raise UsageError(
            Text(f"`rollout` looks at {needed} periods at a time; the problem has {there}",
                 f"`rollout` 每次需要 {needed} 期；而该问题只有 {there} 期"),
            hint=Text("lower `warm_up` or `horizon`", "请调小 `warm_up` 或 `horizon`"),
        )  # fmt: skip


def _not_a_number(generation: int) -> TrainingError:
    return TrainingError(
        Text(f"the loss or the profit is not a number in generation {generation}",
             f"第 {generation} 代的损失或利润不是数字"),
        hint=Text("lower `learning_rate`, or look for demand that is not a number",
                  "请降低 `learning_rate`，或查找不是数字的需求"),
    )  # fmt: skip


@eqx.filter_jit
def study(config: RolloutConfig, world: World, policy: Policy, choices: Choices, key: Array) -> Lessons:
    """Visit states and try every order in each."""
    plan = _plan(config)

    def one_batch(key: Array) -> Lessons:
        there, tell = jax.random.split(key)
        now = visit(policy, world, choices, plan, there)
        known = world.today(now.period)
        views = jax.vmap(lambda stock: View(world.shop, stock, known))(now.stock)
        offered = jax.vmap(lambda view: jax.vmap(lambda i: choices.order(view, i))(jnp.arange(choices.count)))(views)
        seen = jax.vmap(lambda view: observe(view, world.lead))(views)
        return Lessons(seen, contest(policy, world, now, offered, plan, tell))

    batches = jax.lax.map(one_batch, jax.random.split(key, -(-config.states // config.together)))
    return jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), batches)


@eqx.filter_jit
def teach(config: RolloutConfig, chooser: Chooser, lessons: Lessons, key: Array) -> tuple[Chooser, Float[Array, ""]]:
    """Adam on one of the `LOSSES`; returns the chooser and the mean loss of the last tenth of the updates."""
    optimizer = adam(config.learning_rate, config.updates)
    unit = jnp.maximum(lessons.found.profit[:, 0].std(axis=1).mean(), 1e-9)  # how far orders lie apart, money
    lessons = eqx.tree_at(lambda x: x.found.profit, lessons, lessons.found.profit / unit)
    drawn = jax.random.randint(key, (config.updates, config.batch), 0, lessons.seen.shape[0])

    def loss_of(scores: Perceptron, taught: Lessons, temperature: Array) -> Array:
        said = jax.vmap(eqx.tree_at(lambda c: c.scores, chooser, scores).rate)(taught.seen)
        return jax.vmap(LOSSES[config.loss], (0, 0, None))(said, taught.found, temperature).mean()

    def update(carry: tuple[Perceptron, Any], today: tuple[Array, Array]) -> tuple[tuple[Perceptron, Any], Array]:
        (scores, memory), (places, temperature) = carry, today
        taught = jax.tree.map(lambda x: x[places], lessons)
        loss, gradient = eqx.filter_value_and_grad(loss_of)(scores, taught, temperature)
        return descend(optimizer, memory, gradient, scores), loss

    cooling = jnp.geomspace(HOTTEST, COOLEST, config.updates)
    begin = (chooser.scores, start(optimizer, chooser.scores))
    (scores, _), losses = jax.lax.scan(update, begin, (drawn, cooling))
    return eqx.tree_at(lambda c: c.scores, chooser, scores), losses[-max(config.updates // 10, 1) :].mean()


Scores = Float[Array, " choice"]


def free_regret(scores: Scores, found: Found, temperature: Array) -> Float[Array, ""]:
    """What the softmax policy brings less than the best order, less its entropy, in temperatures; mean over rounds.

    Each round is a choice among the orders that it tried, and counts by their paths. Smallest where scores are profits
    and a constant, at any temperature, so that the same network serves while it falls; linear in the profits, so that
    their noise averages out over states.
    """
    chances = jax.nn.log_softmax(jnp.where(found.tried, scores / temperature, -jnp.inf), axis=1)
    best = jnp.where(found.tried, found.profit, -jnp.inf).max(axis=1, keepdims=True)
    behind = jnp.where(found.tried, (best - found.profit) / temperature + chances, 0.0)
    paths = 1.0 / found.tried.sum(axis=1)
    return (jnp.exp(chances) * behind).sum(axis=1) @ paths / paths.sum()


def cross_entropy(scores: Scores, found: Found, temperature: Array) -> Float[Array, ""]:
    """Of the best order, as in the paper."""
    return -jax.nn.log_softmax(scores)[found.best]


LOSSES: dict[Loss, Callable[[Scores, Found, Array], Float[Array, ""]]] = {
    "profit": free_regret,
    "label": cross_entropy,
}


class Swift(eqx.Module):
    """Orders as the chooser, faster where shop and features are the same for many stocks: they are read once."""

    chooser: Chooser

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        first, *rest = self.chooser.scores.layers
        # Apart, so that under `vmap` over stocks the longer part of the first layer is worked out once.
        moment, stock = observe_moment(view), observe_stock(view, self.chooser.slots)
        x = first.weight[:, : len(moment)] @ moment + first.bias + first.weight[:, len(moment) :] @ stock
        for layer in rest:
            x = layer(jnp.tanh(x))
        # The first of the best, as argmax gives it, but on vector instructions.
        index = jnp.where(x >= x.max(), jnp.arange(len(x)), len(x)).min()
        return buy(view, self.chooser.choices.order(view, index))


@eqx.filter_jit
def _measure(config: RolloutConfig, world: World, policy: Policy, key: Array) -> Array:
    return measure(policy, world, _plan(config), min(MEASURED, world.last - world.first), key)


def _plan(config: RolloutConfig) -> Plan:
    return Plan(config.together, config.paths, config.horizon, config.alive, config.warm_up, config.exploration)
