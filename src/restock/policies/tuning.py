"""Search the numbers of a rule by simulation, with the care that the network gets: an under-tuned rival is a lie.

A space-filling sample of the whole box, then two rounds around the best point found; every candidate is run over the
whole catalogue. From one table of profits [candidate, row] the best numbers are chosen for all items together, for
each group, or for each item; which of the three is used is decided on later periods.
"""

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.stats import qmc

from restock.policies.rules import Past, Rule
from restock.simulator.money import profit_at_cost
from restock.simulator.rollout import Policy, Stretch, run

Pooling = Literal["shop", "group", "item"]
POOLINGS: tuple[Pooling, ...] = ("shop", "group", "item")
FIRST_ROUND, NEXT_ROUND, ROUNDS = 64, 32, 2
SHRINK = 0.25  # of the box, each round
CELLS = 4_000_000  # row-periods simulated at once: bounds memory


@dataclass(frozen=True)
class Tuned:
    """A rule with its numbers, one set per row."""

    rule: Rule
    pooling: Pooling
    numbers: NDArray[np.float32]  # [row, number]
    past: Past  # [row]
    shared: NDArray[np.float32]  # the best numbers for all rows together, for items that come later [number]
    validation: NDArray[np.float32]  # what `numbers` earned on the validation periods [row]

    def policy(self) -> Policy:
        """The policy, with a leading row axis."""
        return eqx.filter_vmap(self.rule.make)(jnp.asarray(self.numbers), self.past)


@dataclass(frozen=True)
class Tried:
    """Candidates and what they earned."""

    numbers: NDArray[np.float32]  # [candidate, number]
    train: NDArray[np.float32]  # [candidate, row]
    validation: NDArray[np.float32]  # [candidate, row]


class Trial(NamedTuple):
    """Where candidates are tried: one stretch, its first part for tuning, its last for validation."""

    stretch: Stretch
    train: Float[Array, "row period"]  # how much a period counts for tuning
    validation: Float[Array, "row period"]  # how much a period counts for validation


def tune(rule: Rule, past: Past, trial: Trial, groups: NDArray[np.int32], seed: int = 0) -> Tuned:
    """The best numbers on the training periods; the pooling that earns most on the validation periods.

    Args:
        past: what the rule may take from the training periods. [row]
        groups: class of each row, for pooling.
    """
    tried = search(rule, past, trial, seed)
    rows = np.arange(tried.train.shape[1])
    choices = {pooling: _choose(tried.train, pooling, groups) for pooling in POOLINGS}
    score = {pooling: float(tried.validation[choice, rows].sum()) for pooling, choice in choices.items()}
    pooling: Pooling = max(POOLINGS, key=lambda pooling: score[pooling])
    best = choices[pooling]
    shared = tried.numbers[choices["shop"][0]]
    return Tuned(rule, pooling, tried.numbers[best], past, shared, tried.validation[best, rows])


def tune_again(tuned: Tuned, past: Past, trial: Trial, groups: NDArray[np.int32], seed: int = 0) -> Tuned:
    """The best numbers on training and validation periods together, pooled as validation has chosen.

    Args:
        past: what the rule may take from both. [row]
    """
    tried = search(tuned.rule, past, trial._replace(train=trial.train + trial.validation), seed)
    best = _choose(tried.train, tuned.pooling, groups)
    shared = tried.numbers[_choose(tried.train, "shop", groups)[0]]
    return replace(tuned, numbers=tried.numbers[best], past=past, shared=shared)


def search(rule: Rule, past: Past, trial: Trial, seed: int, rounds: int = ROUNDS) -> Tried:
    """A sample of the whole box, then rounds around the best point for all rows together, each in a smaller box."""
    rows = trial.train.shape[0]
    stretch = np.where(rule.in_leads, np.asarray(_periods_to_protect(trial.stretch)).max(), 1.0)
    low, high = np.array(rule.low) * stretch, np.array(rule.high) * stretch
    if not rule.numbers:
        return _try(rule, np.zeros((1, 0), np.float32), past, trial)
    tried = Tried(np.zeros((0, len(low)), np.float32), *np.zeros((2, 0, rows), np.float32))
    centre, width = (low + high) / 2, (high - low) / 2
    for number in range(rounds + 1):
        count = FIRST_ROUND if number == 0 else NEXT_ROUND
        unit = qmc.Sobol(len(low), rng=seed + number).random(count)
        points = np.clip(centre + (2 * unit - 1) * width, low, high).astype(np.float32)
        tried = _join(tried, _try(rule, points, past, trial))
        centre, width = tried.numbers[tried.train.sum(axis=1).argmax()], width * SHRINK
    return tried


def _join(a: Tried, b: Tried) -> Tried:
    pairs = [(a.numbers, b.numbers), (a.train, b.train), (a.validation, b.validation)]
    return Tried(*(np.concatenate(pair) for pair in pairs))


def _try(rule: Rule, numbers: NDArray[np.float32], past: Past, trial: Trial) -> Tried:
    """Run every candidate over all rows, some at once; always the same number, so that it is compiled once."""
    at_once = int(np.clip(CELLS // trial.train.size, 1, NEXT_ROUND))
    padded = np.concatenate([numbers, np.repeat(numbers[:1], -len(numbers) % at_once, axis=0)])
    parts = [_earn(rule.make, jnp.asarray(chunk), past, trial) for chunk in np.split(padded, len(padded) // at_once)]
    train, validation = (np.concatenate([np.asarray(part[i]) for part in parts])[: len(numbers)] for i in (0, 1))
    return Tried(numbers, train, validation)


@eqx.filter_jit
def _earn(make, numbers: Float[Array, "candidate number"], past: Past, trial: Trial) -> tuple[Array, Array]:
    """Profit of each candidate and row, on the training and on the validation periods."""

    def one(numbers: Float[Array, " number"]) -> tuple[Array, Array]:
        _, money = run(jax.vmap(make, (None, 0))(numbers, past), trial.stretch, 0, keep=profit_at_cost)
        return (money * trial.train).sum(axis=1), (money * trial.validation).sum(axis=1)

    return jax.vmap(one)(numbers)


def _choose(earned: NDArray[np.float32], pooling: Pooling, groups: NDArray[np.int32]) -> NDArray[np.intp]:
    """The best candidate for each row. [row]"""
    if pooling == "shop":
        return np.full(earned.shape[1], earned.sum(axis=1).argmax())
    if pooling == "item":
        return earned.argmax(axis=0)
    best = np.empty(earned.shape[1], np.intp)
    for group in np.unique(groups):
        best[groups == group] = earned[:, groups == group].sum(axis=1).argmax()
    return best


def _periods_to_protect(stretch: Stretch) -> Float[Array, " row"]:
    chances = stretch.shop.lead_chance[:, 0]
    return chances @ jnp.arange(chances.shape[-1]) + stretch.shop.review[:, 0]
