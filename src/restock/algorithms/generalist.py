"""Train one policy on worlds that never were, for items and shops that it will never have seen.

The pathwise gradient of profit along drawn worlds, each seen for a while before the policy begins to order. Every few
updates the worlds are new: there is nothing to over-fit.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from pydantic import BaseModel, ConfigDict, Field

from restock.optimizer import adam, descend, start
from restock.policies.generalist import Generalist, Recalled
from restock.policies.memory import Told, believe
from restock.policies.network import SHARPNESS
from restock.policies.rules import buy, position
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Remembering, Seen, recall, run_remembering
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Decision, Known, Period, Shop, View
from restock.simulator.worlds import LONGEST, PRIOR, Prior, Worlds, draw_worlds

Draw = Callable[[np.random.Generator, int, int], Worlds]
FLAT = 4.0  # slope of orders at first, per demand scale
LEAST = 0.05  # of the unit cost: margins below count as this, as some sell at a loss
BOUND = -1.0  # of a world's score; losses below count by their logarithm: no hopeless item must drown the others


class GeneralistConfig(BaseModel):
    """Settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates: int = Field(default=6000, gt=0, description="Gradient steps")
    batch: int = Field(default=256, gt=0, description="Worlds averaged in one step")
    history: int = Field(default=50, gt=0, description="Periods that may have been seen before the first order")
    periods: int = Field(default=50, gt=0, description="Periods lived")
    hidden: int = Field(default=64, gt=0, description="Units of each layer")
    state: int = Field(default=16, gt=0, description="Numbers of the learned memory")
    learning_rate: float = Field(default=1e-3, gt=0, description="Largest step of Adam")
    reach: float = Field(default=0.6, gt=0, le=1, description="Share of the updates with a flatter slope, `Reaching`")
    at_once: int = Field(default=25, gt=0, description="Updates between two draws of worlds")


class Lives(eqx.Module):
    """Worlds as a policy lives through them. [row]"""

    past: Known  # [row, history]
    seen: Seen  # [row, history]
    stretch: Stretch
    nothing: Float[Array, " row"]  # profit of ordering nothing
    worth: Float[Array, " row"]  # money that serving all demand would bring and save


class Learner(eqx.Module):
    """All that training carries from one update to the next."""

    policy: Generalist
    optimizer: Any
    updates: Float[Array, ""]  # done so far


class Reaching(eqx.Module):
    """The same orders, with a derivative that reaches where nothing is ordered.

    Many worlds are hopeless, so a policy learns early to order nothing, in too many of them; and where no order is
    near, no derivative says that one would pay. With a flat slope it still does, at the price of counting states in
    which another unit changes nothing; so the slope is let go to that of the order itself.
    """

    policy: Generalist
    slope: Float[Array, ""]  # of the softplus that is derived, per demand scale

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """As the policy does."""
        return self.policy.begin(shop, known)

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The policy's order."""
        parts = self.policy.parts(view, memory)
        scale = believe(memory.kept, view.shop, view.known).scale
        missing = (parts.level - position(view) + parts.correction) / scale
        reached = jax.nn.softplus(self.slope * missing) / self.slope * scale
        return buy(view, reached + jax.lax.stop_gradient(parts.order - reached))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """As the policy does."""
        return self.policy.remember(memory, shop, known, seen)


def live_worlds(worlds: Worlds, generator: np.random.Generator, history: int, seen: int | None = None) -> Lives:
    """Worlds whose first periods are history, of which the shop has seen a part.

    Some shops have seen all demand, some only what they sold; their stock when ordering begins is that of the draw.

    Args:
        worlds: [row, history and more]
        generator: of what was seen.
        history: periods.
        seen: of them, the last; none: nothing in a quarter of the rows, else 1 .. history, small numbers more often.
    """
    rows, periods = worlds.demand.shape[:2]
    sales, hidden = _sales(np.asarray(worlds.demand)[:, :history, 0], generator)
    counts = np.exp(generator.uniform(0, np.log(history + 1), rows)).astype(int) * (generator.random(rows) > 0.25)
    counts = np.full(rows, seen) if seen is not None else np.minimum(counts, history)
    weight = (np.arange(history) >= history - counts[:, None]).astype(np.float32)
    none = jnp.zeros((rows, history, worlds.arrives.shape[-1] + 1))
    past = Seen(jnp.asarray(sales), jnp.asarray(hidden), jnp.asarray(weight), none)

    told = told_features(worlds)
    known = _known(worlds, told)
    shop = eqx.tree_at(lambda s: s.lead_chance, worlds.shop, _law_told(worlds))
    live = periods - history
    after = jax.tree.map(lambda x: x[:, history:], known)
    stretch = Stretch(
        shop,
        worlds.stock,
        after,
        Chance(worlds.demand[:, history:], worlds.arrives[:, :live]),
        jnp.ones((rows, live)),
    )
    cost = shop.unit_cost[:, 0]
    margin = jnp.maximum(after.price[:, :, 0].mean(1) - cost, LEAST * cost) + shop.shortage[:, 0]
    nothing, waited = _without_orders(stretch)
    worth = margin * (worlds.mean[:, history:].sum(1) + 1.0) + waited
    return Lives(jax.tree.map(lambda x: x[:, :history], known), past, stretch, nothing, worth)


def told_features(worlds: Worlds) -> Float[Array, "row period feature"]:
    """What is told of each period, in the order of `Told`."""
    told = worlds.told
    rows, periods = worlds.demand.shape[:2]
    length, phase = np.asarray(told.season_length)[:, None], np.asarray(told.phase)[:, None]
    place = (phase + np.arange(periods + 1)) % np.maximum(length, 1)
    parts = place // 4

    def always(value: Any) -> np.ndarray:
        return np.broadcast_to(np.asarray(value, np.float32)[:, None], (rows, periods))

    def ahead(values: np.ndarray, first: int, last: int) -> np.ndarray:
        sums = np.concatenate([np.zeros((rows, 1)), np.cumsum(np.pad(values, ((0, 0), (0, last)), "edge"), 1)], 1)
        return (sums[:, last : last + periods] - sums[:, first : first + periods]) / (last - first)

    def three(values: np.ndarray) -> list[np.ndarray]:
        return [values, ahead(values, 1, 4), ahead(values, 4, 9)]

    promotion, price, event = np.asarray(told.promotion), np.log(np.asarray(told.price)), np.asarray(told.event)
    columns = Told._make(
        (
            always(told.season_length == 7),
            always(told.season_length == 52),
            (parts[:, 1:] != parts[:, :-1]).astype(np.float32),
            always(told.plan_told),
            *three(promotion),
            *three(price),
            *three(event),
            always(told.category_told),
            always(told.category_level),
            always(told.category_dispersion),
            always(told.lead_told),
            always(told.promise_told),
        )
    )
    return jnp.asarray(np.stack(columns, axis=-1), jnp.float32)


def train_generalist(
    config: GeneralistConfig,
    seed: int,
    prior: Prior = PRIOR,
    after: Callable[[int, Learner, float], None] = lambda done, learner, score: None,
    resume: tuple[int, Learner] | None = None,
) -> Generalist:
    """A policy trained on fresh worlds.

    Args:
        config: settings.
        seed: of weights and worlds.
        prior: of the worlds.
        after: told the updates done, what training carries, and the mean score of the last worlds.
        resume: where an earlier call stopped, as `after` was told.
    """
    done, learner = resume or (0, begin(config, seed))
    while done < config.updates:
        generator = np.random.default_rng([seed, done])
        count = config.batch * config.at_once
        worlds = draw_worlds(generator, count, config.history + config.periods, prior)
        lives = live_worlds(worlds, generator, config.history)
        learner, scores = _learn(config, learner, lives)
        done += config.at_once
        after(done, learner, float(scores.mean()))
    return learner.policy


def begin(config: GeneralistConfig, seed: int) -> Learner:
    """An untrained policy: about the newsvendor's order with estimated mean and spread."""
    policy = Generalist(LONGEST, config.hidden, config.state, jax.random.key(seed))
    return Learner(policy, start(_optimizer(config), policy), jnp.zeros(()))


@eqx.filter_jit
def _learn(config: GeneralistConfig, learner: Learner, lives: Lives) -> tuple[Learner, Float[Array, " update"]]:
    optimizer = _optimizer(config)

    def update(learner: Learner, batch: Lives) -> tuple[Learner, Array]:
        done = jnp.minimum(learner.updates / (config.reach * config.updates), 1.0)
        slope = FLAT * (SHARPNESS / FLAT) ** done

        def loss_of(policy: Generalist) -> tuple[Array, Array]:
            share = scores(Reaching(policy, slope), batch)
            return -jnp.where(share > BOUND, share, BOUND + 0.1 * (share - BOUND)).mean(), jnp.clip(
                share, BOUND, 1.0
            ).mean()

        (_, score), gradient = eqx.filter_value_and_grad(loss_of, has_aux=True)(learner.policy)
        policy, memory = descend(optimizer, learner.optimizer, gradient, learner.policy)
        return Learner(policy, memory, learner.updates + 1), score

    batches = jax.tree.map(lambda x: x.reshape(-1, config.batch, *x.shape[1:]), lives)
    return jax.lax.scan(update, learner, batches)


def scores(policy: Remembering, lives: Lives) -> Float[Array, " row"]:
    """What the orders of a policy gained in each world, as a share of what its demand is worth."""
    memory = recall(policy, lives.stretch.shop, lives.past, lives.seen)
    _, _, earned = run_remembering(policy, lives.stretch, memory, keep=profit_at_cost)
    return (earned.sum(1) - lives.nothing) / lives.worth


class NoOrder(eqx.Module):
    """Lets the stock run out."""

    def __call__(self, view: View, key: Array | None = None) -> Decision:
        return Decision(jnp.zeros_like(view.known.may_order), view.known.price, jnp.zeros(1))


@eqx.filter_jit
def _without_orders(stretch: Stretch) -> tuple[Float[Array, " row"], Float[Array, " row"]]:
    """Profit of ordering nothing, and what it pays to customers who wait."""

    def keep(shop: Shop, period: Period) -> tuple[Array, Array]:
        return profit_at_cost(shop, period), period.money.backlog

    profit, waited = run(NoOrder(), stretch, keep=keep)[1]
    return profit.sum(1), waited.sum(1)


def _known(worlds: Worlds, told: Array) -> Known:
    one, none = jnp.ones(worlds.demand.shape[:2]), jnp.zeros(worlds.demand.shape[:2])
    return Known(one, one[:, :, None], none, none, told, worlds.price, worlds.may_order)


def _law_told(worlds: Worlds) -> Float[Array, "row lane lead"]:
    """The law of lead times that a shop goes by: the true one, what was promised, or a mere assumption."""
    told, law = worlds.told, worlds.shop.lead_chance
    leads = jnp.arange(law.shape[-1])
    promised = 0.95 * (leads == told.promised[:, None])
    assumed = 0.95 * jnp.exp(-leads / 3.0) / jnp.exp(-leads / 3.0).sum()
    guess = jnp.where(told.promise_told[:, None] > 0, promised, assumed)
    return jnp.where(told.lead_told[:, None, None] > 0, law, guess[:, None, :])


def _sales(demand: np.ndarray, generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """What was sold before the policy began; in some rows, part of demand found no stock."""
    rows = demand.shape[0]
    chance = generator.uniform(0, 0.6, rows) * (generator.random(rows) < 0.4)
    short = generator.random(demand.shape) < chance[:, None]
    sales = np.where(short, np.floor(demand * generator.random(demand.shape)), demand)
    return sales.astype(np.float32), short.astype(np.float32)


def _optimizer(config: GeneralistConfig) -> Any:
    return adam(config.learning_rate, config.updates, weight_decay=0.0, warm_up=0.05)
