"""Search the numbers of a rule by simulation, with the care that the network gets: an under-tuned rival is a lie.

A space-filling sample of the whole box, then two rounds around the best point found; every candidate is run over the whole
catalogue. From one table of profits [candidate, row] the best numbers are chosen for all items together, for each group, or
for each item; which of the three is used is decided on later periods.
"""

from dataclasses import dataclass
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray
from scipy.stats import qmc

from restock.policies.rules import Past, Rule
from restock.simulator.rollout import Policy, Stretch, profits, run

Pooling = Literal["shop", "group", "item"]
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

    def policy(self) -> Policy:
        """The policy, with a leading row axis."""
        return eqx.filter_vmap(self.rule.make)(jnp.asarray(self.numbers), self.past)


def tune(rule: Rule, past: Past, train: Stretch, validate: Stretch, groups: NDArray[np.int32], seed: int = 0) -> Tuned:
    """The best numbers on `train`; the pooling that earns most on `validate`.

    Args:
        past: what the rule may take from the training periods. [row]
        train, validate: the same rows over different periods.
        groups: class of each row, for pooling.
    """
    rows = train.weight.shape[0]
    if not rule.numbers:
        return Tuned(rule, "shop", np.zeros((rows, 0), np.float32), past)
    tried, earned = search(rule, past, train, seed)
    choices = {pooling: tried[_choose(earned, pooling, groups)] for pooling in ("shop", "group", "item")}
    score = {
        pooling: float(row_profits(rule, numbers[None], past, validate).sum()) for pooling, numbers in choices.items()
    }
    best: Pooling = max(("shop", "group", "item"), key=lambda pooling: score[pooling])
    return Tuned(rule, best, choices[best].astype(np.float32), past)


def search(rule: Rule, past: Past, train: Stretch, seed: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """All candidates tried [candidate, number] and what they earned [candidate, row]."""
    rows = train.weight.shape[0]
    leads = np.asarray(_periods_to_protect(train)).max()
    stretch = np.where(rule.in_leads, leads, 1.0)
    low, high = np.array(rule.low) * stretch, np.array(rule.high) * stretch
    tried, earned = np.zeros((0, len(low)), np.float32), np.zeros((0, rows), np.float32)
    centre, width = (low + high) / 2, (high - low) / 2
    for number in range(ROUNDS + 1):
        count = FIRST_ROUND if number == 0 else NEXT_ROUND
        unit = qmc.Sobol(len(low), seed=seed + number).random(count)
        points = np.clip(centre + (2 * unit - 1) * width, low, high).astype(np.float32)
        profit = row_profits(rule, np.repeat(points[:, None], rows, axis=1), past, train)
        tried, earned = np.concatenate([tried, points]), np.concatenate([earned, profit])
        centre, width = tried[earned.sum(axis=1).argmax()], width * SHRINK
    return tried, earned


def row_profits(rule: Rule, numbers: NDArray[np.floating], past: Past, stretch: Stretch) -> NDArray[np.float32]:
    """Profit of each candidate on each row. numbers: [candidate, row, number]"""
    at_once = max(1, CELLS // max(stretch.weight.size, 1))
    parts = [
        np.asarray(_profits(rule.make, jnp.asarray(numbers[i : i + at_once], jnp.float32), past, stretch))
        for i in range(0, len(numbers), at_once)
    ]
    return np.concatenate(parts)


@eqx.filter_jit
def _profits(make, numbers: Float[Array, "candidate row number"], past: Past, stretch: Stretch) -> Float[Array, "candidate row"]:
    def one(numbers: Float[Array, "row number"]) -> Float[Array, " row"]:
        _, period = run(jax.vmap(make)(numbers, past), stretch, 0)
        return (profits(stretch.shop, period) * stretch.weight).sum(axis=1)

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
