"""Rules that see what the pretrained policy sees, with numbers searched on items that are not scored."""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from restock.policies.adaptive import MEANS, AdaptiveReorder
from restock.policies.estimated import EstimatedBaseStock
from restock.policies.lots import Habits
from restock.simulator.remembering import Remembering


class Family(NamedTuple):
    """Rules of one form, and what each of their numbers may be."""

    name: str
    make: Callable[..., Remembering]
    choices: tuple[tuple[float, ...], ...]


class Tuned(NamedTuple):
    """The best rule that was found."""

    rule: Remembering
    score: float
    family: str
    numbers: tuple[float, ...]


def _reorder(estimate: Array, *habits: Array) -> Remembering:
    return AdaptiveReorder(estimate.astype(int), Habits(*habits))


FAMILIES = (
    Family(
        "adaptive_reorder",
        _reorder,
        (
            tuple(range(MEANS)),
            (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3),
            (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
            (0.1, 0.4, 1.0, 1e6),
            (-1e6, -0.2, 0.0, 0.2),
        ),
    ),
    Family(
        "estimated_base_stock",
        EstimatedBaseStock,
        (
            (0.0, 0.03, 0.1, 0.25, 0.5),
            (0.0, 1.0),
            (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0),
            (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.3, 1.6),
        ),
    ),
)


def tune_rule(score: Callable[[Remembering], float], families: tuple[Family, ...] = FAMILIES) -> Tuned:
    """The rule with the best score."""
    return max((_best_of(family, score) for family in families), key=lambda tuned: tuned.score)


def _best_of(family: Family, score: Callable[[Remembering], float]) -> Tuned:
    """One number after the other, from the middle of each, until none of them changes any more."""

    @cache
    def scored(numbers: tuple[float, ...]) -> float:
        return score(family.make(*map(_array, numbers)))

    best, before = tuple(values[len(values) // 2] for values in family.choices), None
    while best != before:
        before = best
        for place, values in enumerate(family.choices):
            best = max(((*best[:place], value, *best[place + 1 :]) for value in values), key=scored)
    return Tuned(family.make(*map(_array, best)), scored(best), family.name, best)


def _array(number: float) -> Array:
    return jnp.asarray(number, jnp.float32)
