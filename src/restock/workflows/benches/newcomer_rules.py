"""Rules that see what the pretrained policy sees, with numbers searched on items that are not scored."""

from collections.abc import Callable
from itertools import product
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from restock.policies.adaptive import AdaptiveBaseStock
from restock.policies.estimated import EstimatedBaseStock
from restock.simulator.remembering import Remembering


class Family(NamedTuple):
    """Rules of one form: how they learn, and two numbers."""

    name: str
    make: Callable[[Any, Array, Array], Remembering]  # how it learns, safety, share of demand
    learns: tuple[Any, ...]  # the first is tried first
    safety: tuple[float, ...]
    more: tuple[float, ...]


class Tuned(NamedTuple):
    """The best rule that was found, in words too."""

    rule: Remembering
    score: float
    family: str
    learns: Any
    safety: float
    more: float


def _adaptive(learns: int, safety: Array, more: Array) -> Remembering:
    return AdaptiveBaseStock(jnp.asarray(learns), safety, more)


def _estimated(learns: tuple[float, float], safety: Array, more: Array) -> Remembering:
    return EstimatedBaseStock(jnp.asarray(learns[0]), jnp.asarray(learns[1]), safety, more)


FAMILIES = (
    Family(
        "adaptive_base_stock",
        _adaptive,
        (2, 1, 3, 4, 5, 6, 7, 8, 9, 10),
        (0.0, 0.25, 0.5, 0.75, 1.0),
        (0.6, 0.7, 0.8, 0.9, 1.0, 1.2),
    ),
    Family(
        "estimated_base_stock",
        _estimated,
        tuple(product((0.1, 0.03, 0.25, 0.5), (1.0, 0.0))),
        (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5),
        (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.6),
    ),
)


def tune_rule(score: Callable[[Remembering], float], families: tuple[Family, ...] = FAMILIES) -> Tuned:
    """The rule with the best score: two numbers together, then how it learns, then the numbers again."""
    return max((_best_of(family, score) for family in families), key=lambda tuned: tuned.score)


def _best_of(family: Family, score: Callable[[Remembering], float]) -> Tuned:
    def tried(learns: Any, safety: float, more: float) -> Tuned:
        rule = family.make(learns, jnp.asarray(safety), jnp.asarray(more))
        return Tuned(rule, score(rule), family.name, learns, safety, more)

    def numbers(learns: Any) -> Tuned:
        pairs = product(family.safety, family.more)
        return max((tried(learns, *pair) for pair in pairs), key=lambda tuned: tuned.score)

    first = numbers(family.learns[0])
    kind = max((tried(learns, first.safety, first.more) for learns in family.learns), key=lambda tuned: tuned.score)
    return first if kind.learns == first.learns else numbers(kind.learns)
