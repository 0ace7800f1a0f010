"""Train one policy on worlds that never were, for items and shops that it will never have seen.

The pathwise gradient of profit along drawn worlds, each seen for a while before the policy begins to order. Every few
updates the worlds are new: there is nothing to over-fit.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from pydantic import BaseModel, ConfigDict, Field

from restock.algorithms.lives import Lives, live_worlds
from restock.optimizer import adam, descend, start
from restock.policies.generalist import PAYS, Generalist, Recalled, news_of, untrained
from restock.policies.memory import Memory, believe, empty_memory, remember
from restock.policies.outline import outline
from restock.policies.rules import buy
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Seen, run_remembering
from restock.simulator.types import Decision, Known, Shop, View
from restock.simulator.worlds import LONGEST, TAUGHT, Prior, Worlds, draw_worlds

SLOPE = 4.0  # of orders at zero, per usual surprise
LOTS = 5.0  # how much steeper it is for a lot, per lot of the size of a usual surprise
HEAVY = 5.0  # largest weight of a world
QUIET = 0.5  # weight of going by what was seen lately where nothing has changed
ENOUGH = 20.0  # periods seen, from which on it counts for half or more
BOUND = -1.0  # of a world's score; losses below count by a tenth: no hopeless item must drown the others


class GeneralistConfig(BaseModel):
    """Settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    updates: int = Field(default=3000, gt=0, description="Gradient steps")
    batch: int = Field(default=288, gt=0, description="Worlds averaged in one step")
    history: int = Field(default=100, gt=0, description="Periods that may have been seen before the first order")
    periods: int = Field(default=50, gt=0, description="Periods lived")
    hidden: int = Field(default=64, gt=0, description="Units of each layer")
    state: int = Field(default=16, gt=0, description="Numbers of the learned memory")
    learning_rate: float = Field(default=1e-2, gt=0, description="Largest step of Adam")
    at_once: int = Field(default=25, gt=0, description="Updates between two draws of worlds")


class Lesson(eqx.Module):
    """Worlds to learn from, and what is to be read of their past, which no policy had a part in. [row]"""

    lives: Lives
    kept: Memory  # when ordering begins
    news: Float[Array, "row history news"]


class Learner(eqx.Module):
    """All that training carries from one update to the next."""

    policy: Generalist
    optimizer: Any


class Reaching(eqx.Module):
    """The same orders, with a derivative that reaches a little further: to where next to nothing is missing.

    Single units are not rounded: at a whole number the derivative says what the next unit is worth, not this one, and
    a slow item would end between one and none. Larger packs are, with the derivative of what was asked for.
    """

    policy: Generalist

    def begin(self, shop: Shop, known: Known) -> Recalled:
        """As the policy does."""
        return self.policy.begin(_in_units(shop), known)

    def decide(self, view: View, memory: Recalled) -> Decision:
        """The policy's order."""
        wish = self.policy.wish(eqx.tree_at(lambda v: v.shop, view, _in_units(view.shop)), memory)
        order, grain = wish.order(view.shop), wish.usual.grain
        # Of a lot, the first unit is worth far more than the whole, so that only orders that were placed may teach.
        lot = jnp.maximum(jnp.maximum(view.shop.pack[0], view.shop.minimum[0]), wish.usual.lot.more)
        slope = SLOPE * (1.0 + LOTS * lot / grain)
        reached = jax.nn.softplus(slope * wish.missing / grain) / slope * grain * (wish.usual.lot.worth > PAYS)
        return buy(view, reached + jax.lax.stop_gradient(order - reached))

    def remember(self, memory: Recalled, shop: Shop, known: Known, seen: Seen) -> Recalled:
        """As the policy does."""
        return self.policy.remember(memory, _in_units(shop), known, seen)


def train_generalist(
    config: GeneralistConfig,
    seed: int,
    priors: tuple[Prior | Worlds, ...] = TAUGHT,
    after: Callable[[int, Learner, float], None] = lambda done, learner, score: None,
    resume: tuple[int, Learner] | None = None,
) -> Generalist:
    """A policy trained on fresh worlds.

    Args:
        config: settings.
        seed: of weights and worlds.
        priors: of the worlds, an equal share of each batch from each; one may stand there twice. Worlds that are there
            already, as long as history and periods together, are picked from.
        after: told the updates done, what training carries, and the mean score of the last worlds.
        resume: where an earlier call stopped, as `after` was told.
    """
    done, learner = resume or (0, begin(config, seed))
    count, periods = config.batch // len(priors) * config.at_once, config.history + config.periods

    def drawn(done: int) -> list[Lives]:
        generator = np.random.default_rng([seed, done])
        worlds = [some_worlds(generator, count, periods, prior) for prior in priors]
        return [live_worlds(w, generator, config.history) for w in worlds]

    with ThreadPoolExecutor(1) as ahead:  # the next worlds are drawn while these are learned from
        upcoming = ahead.submit(drawn, done)
        while done < config.updates:
            lives = upcoming.result()
            upcoming = ahead.submit(drawn, done + config.at_once)
            learner, scores = _learn(config, learner, lives)
            done += config.at_once
            after(done, learner, float(scores.mean()))
    return learner.policy


def some_worlds(generator: np.random.Generator, count: int, periods: int, source: Prior | Worlds) -> Worlds:
    """Drawn from a prior, or picked from worlds that are there, again and again."""
    if isinstance(source, Prior):
        return draw_worlds(generator, count, periods, source)
    if source.demand.shape[1] != periods:
        raise ValueError(f"worlds to learn from have {periods} periods, history and life, got {source.demand.shape[1]}")
    rows = generator.integers(len(source.loss), size=count)
    return jax.tree.map(lambda x: x[rows], source)


def begin(config: GeneralistConfig, seed: int) -> Learner:
    """An untrained policy: about what the rule orders."""
    policy = untrained(LONGEST, config.hidden, config.state, jax.random.key(seed))
    return Learner(policy, start(_optimizer(config), policy))


@eqx.filter_jit
def _learn(config: GeneralistConfig, learner: Learner, lives: list[Lives]) -> tuple[Learner, Float[Array, " update"]]:
    optimizer = _optimizer(config)

    def update(learner: Learner, batch: Lives) -> tuple[Learner, Array]:
        lesson = study(batch)

        # Where margins are large, most of the worth is earned by any order, and what can be gained is a small part.
        weight = jnp.clip(jnp.sqrt(batch.worth / jnp.maximum(batch.stake, 1e-9)), 1.0, HEAVY)

        def loss_of(policy: Generalist) -> tuple[Array, Array]:
            share = _shares(policy, lesson)
            bounded = jnp.where(share > BOUND, share, BOUND + 0.1 * (share - BOUND))
            loss = QUIET * _disquiet(policy, lesson).mean() - (weight * bounded).mean()
            return loss, jnp.clip(share, BOUND, 1.0).mean()

        (_, score), gradient = eqx.filter_value_and_grad(loss_of, has_aux=True)(learner.policy)
        policy, memory = descend(optimizer, learner.optimizer, gradient, learner.policy)
        return Learner(policy, memory), score

    def shared(*of_priors: Array) -> Array:
        return jnp.concatenate([x.reshape(config.at_once, -1, *x.shape[1:]) for x in of_priors], 1)

    batches = jax.tree.map(shared, *lives)
    return jax.lax.scan(update, learner, batches)


def study(lives: Lives) -> Lesson:
    """Read the past once: it needs no derivative, as only the learned memory depends on the policy."""
    shop = lives.stretch.shop
    longest = shop.lead_chance.shape[-1] - 1
    rows_last = jax.tree.map(lambda x: jnp.moveaxis(x, 0, -1), shop)
    kept = jax.tree.map(lambda x: jnp.broadcast_to(x[..., None], (*x.shape, len(lives.worth))), empty_memory(longest))

    def one_row(kept: Memory, shop: Shop, known: Known, seen: Seen) -> tuple[Memory, Array]:
        return remember(kept, shop, known, seen), news_of(believe(kept, shop, known), kept, known, seen)

    def one_period(kept: Memory, today: Any) -> tuple[Memory, Array]:
        return jax.vmap(one_row, in_axes=-1, out_axes=-1)(kept, rows_last, *today)

    past = jax.tree.map(lambda x: jnp.moveaxis(x, (1, 0), (0, -1)), (lives.past, lives.seen))
    kept, news = jax.lax.scan(one_period, kept, past)
    kept = jax.tree.map(lambda x: jnp.moveaxis(x, -1, 0), kept)
    return jax.lax.stop_gradient(Lesson(lives, kept, jnp.moveaxis(news, -1, 0)))


def _shares(policy: Generalist, lesson: Lesson) -> Float[Array, " row"]:
    """`scores` in training: with a derivative that reaches, and single units not rounded."""

    def state_of(news: Array, weight: Array) -> Array:
        none = jnp.zeros(policy.write.bias.shape[0] // 2)
        return jax.lax.scan(lambda state, today: (policy.learn(state, *today), None), none, (news, weight))[0]

    lives = lesson.lives
    memory = Recalled(lesson.kept, jax.vmap(state_of)(lesson.news, lives.seen.weight))
    pack = lives.stretch.shop.pack
    stretch = eqx.tree_at(lambda s: s.shop.pack, lives.stretch, jnp.where(pack == 1.0, 0.0, pack))
    _, _, earned = run_remembering(Reaching(policy), stretch, memory, keep=profit_at_cost)
    return (earned.sum(1) - lives.nothing) / lives.worth


def _disquiet(policy: Generalist, lesson: Lesson) -> Float[Array, " row"]:
    """How far it goes by what was seen lately, squared, in worlds whose mean never moves.

    Profit teaches that too, but a few per cent of the cost of chance drown in the noise of all other worlds.
    """
    lives, kept = lesson.lives, lesson.kept

    def of_row(kept: Memory, shop: Shop, known: Known) -> Array:
        return policy.heeded(outline(kept, believe(kept, shop, known), known))

    heeded = jax.vmap(of_row)(kept, lives.stretch.shop, jax.tree.map(lambda x: x[:, 0], lives.stretch.known))
    return lives.still * kept.count / (kept.count + ENOUGH) * heeded**2


def _in_units(shop: Shop) -> Shop:
    """The shop as it is: what was let go of for the derivative put back."""
    return eqx.tree_at(lambda s: s.pack, shop, jnp.where(shop.pack == 0.0, 1.0, shop.pack))


def _optimizer(config: GeneralistConfig) -> Any:
    return adam(config.learning_rate, config.updates, weight_decay=0.0, warm_up=0.05)
