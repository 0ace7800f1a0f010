"""A memory as a network sees it: without units, what hardly moves apart from what was seen lately."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from restock.policies.memory import MANY, Beliefs, Memory, Told, slow_mean
from restock.simulator.types import Known, Number

EVIDENCE = 10.0  # for or against a law that never changed, from which on more of it is no news; logarithm of odds


class Outline(NamedTuple):
    """A memory without units, for a network."""

    slow: Float[Array, "*axes slow"]  # what hardly moves where the law of demand does not
    fast: Float[Array, "*axes fast"]  # how what was seen lately differs from that: about zero where nothing changes
    change: Float[Array, "*axes change"]  # what tells whether the law changes


def outline(memory: Memory, beliefs: Beliefs, known: Known) -> Outline:
    """The memory without units."""
    stillness = jnp.clip(beliefs.stillness, -EVIDENCE, EVIDENCE) / 4.0
    seen = [jnp.log1p(jnp.minimum(memory.count, MANY)) / 4.0, 1.0 / (1.0 + memory.count)]
    return Outline(
        jnp.concatenate([jnp.stack(seen), stillness, _slow(memory, beliefs, known)]),
        _fast(memory, beliefs),
        jnp.concatenate([jnp.stack(seen), stillness, _changes(memory, beliefs, known)]),
    )


def _slow(memory: Memory, beliefs: Beliefs, known: Known) -> Array:
    told, mean = Told(*known.features), slow_mean(beliefs)

    def logs(units: Array) -> Array:
        return jnp.log1p(jnp.maximum(units, 0.0) / mean)

    weight = jnp.maximum(memory.square_weights[-1], 1e-6)
    orders = jnp.minimum(memory.leads.sum(), MANY / 2)
    numbers = [
        jnp.log(jnp.clip(beliefs.lift, 0.1, 10.0)),
        jnp.minimum(memory.lift_weight, 1.0),
        told.days, told.weeks, told.plan, told.promotion, told.promotion_soon, told.promotion_later,
        told.price, told.price_soon, told.price_later, told.event, told.event_soon, told.event_later,
        told.category, told.category * logs(told.category_level), told.law_told, told.promised,
        beliefs.lead / 4.0, beliefs.lead_spread / 3.0, beliefs.law[-1], jnp.log1p(orders) / 3.0,
        logs(beliefs.open_means[-1]),
        logs(beliefs.spreads[-1]),
        memory.hidden[-1] / weight,
        memory.empty[-1] / weight,
    ]  # fmt: skip
    lists = [
        told.days * jnp.log(jnp.clip(beliefs.week, 0.1, 10.0)),
        told.weeks * jnp.log(jnp.clip(beliefs.year[:4], 0.1, 10.0)),
        told.weeks * jnp.minimum(memory.year_weights[:4] * 4.0, 1.0),
    ]
    return jnp.concatenate([jnp.stack(numbers), *lists])


def _fast(memory: Memory, beliefs: Beliefs) -> Array:
    mean = slow_mean(beliefs)

    def differ(units: Array, usual: Number) -> Array:
        return jnp.log1p(jnp.maximum(units, 0.0) / mean) - jnp.log1p(usual / mean)

    weights = jnp.maximum(memory.square_weights, 1e-6)
    hidden, empty = memory.hidden / weights, memory.empty / weights
    share = memory.product / jnp.maximum(memory.squares[0], 1e-9)
    lists = [
        jnp.clip(share, -1.0, 1.0)[None],
        differ(beliefs.means, mean),
        differ(beliefs.open_means[:-1], beliefs.open_means[-1]),
        differ(beliefs.full_means[:-1], mean),
        differ(beliefs.spreads[:-1], beliefs.spreads[-1]),
        differ(memory.last, mean),
        memory.last_hidden - hidden[-1],
        hidden[:-1] - hidden[-1],
        empty[:-1] - empty[-1],
    ]
    return jnp.concatenate(lists)


def _changes(memory: Memory, beliefs: Beliefs, known: Known) -> Array:
    told = Told(*known.features)
    return jnp.stack(
        [
            told.promotion, told.promotion_soon, told.promotion_later,
            told.event, told.event_soon, told.event_later,
            told.days * jnp.log(jnp.clip(beliefs.week, 0.1, 10.0)).std(),
            told.weeks * jnp.log(jnp.clip(beliefs.year, 0.1, 10.0)).std(),
            memory.hidden[-1] / jnp.maximum(memory.square_weights[-1], 1e-6),
        ]
    )  # fmt: skip
