"""Items from their fifth observation on: the pretrained policy beside a rule that is tuned on other items of the set.

Every item begins with an empty shelf and five observed periods; from then on a policy sees only what it sold itself.
The rule sees the same. Its numbers are searched on items of the same set, for the same margin and delivery, that
are not scored; the pretrained policy has seen none of them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.policies.foresight import with_foresight
from restock.policies.memory import YEAR, Told
from restock.simulator.money import profit_at_cost
from restock.simulator.remembering import Remembering, Seen, recall, run_remembering
from restock.simulator.rollout import Stretch, run
from restock.simulator.types import Chance, Known, Shop, Stock
from restock.simulator.worlds import LONGEST
from restock.simulator.worlds.deliveries import NEVER, arrivals
from restock.workflows.benches.newcomer_rules import Tuned, tune_rule

OBSERVED, LIVED = 5, 45  # periods
RATIOS = (1.0, 4.0, 19.0)  # margin of a unit / holding cost of a unit and period
LAWS = {"lead 0": (1.0,), "lead 4": (0.0, 0.0, 0.0, 0.0, 1.0), "random, lost": (0.0, 0.25, 0.25, 0.25)}
DRAWS = 2000  # of the bootstrap
WORST = -1.0  # score of an item that is lost altogether
Floats = NDArray[np.float32]


class Items(NamedTuple):
    """What some items sold from their first observation on. Rows may be repeated, with weight 0."""

    demand: Floats  # units [item, OBSERVED + LIVED]
    sold: Floats  # units; less than demand where the shelf was empty
    known: Floats  # 1 where demand was observed, 0 where it is an estimate
    start: np.ndarray  # first day of each item's first period, datetime64[D] [item]
    period_days: int


class Case(eqx.Module):
    """Items under one margin and one kind of delivery. [row]"""

    past: Known  # [row, OBSERVED]
    seen: Seen  # [row, OBSERVED]
    stretch: Stretch
    worth: Array  # margin of all demand [row]


@dataclass(frozen=True)
class Outcome:
    """What policies scored on one case: profit as a share of the margin of all demand, of each item."""

    ratio: float
    delivery: str
    items: int
    tuned: Tuned
    scores: dict[str, NDArray[np.float64]]  # policy -> [item]

    def interval(self, rival: str, policy: str = "generalist") -> tuple[float, float, float]:
        """Mean difference to a rival and its 95 % interval, paired over items."""
        gain = self.scores[policy] - self.scores[rival]
        index = np.random.default_rng(0).integers(len(gain), size=(DRAWS, len(gain)))
        low, high = np.quantile(gain[index].mean(axis=1), (0.025, 0.975))
        return float(gain.mean()), float(low), float(high)


def compare(
    policy: Remembering, prior_tuned: Remembering, scored: Items, others: Items, ratio: float, delivery: str
) -> Outcome:
    """One case: the policy, the rule tuned on other items, the rule as tuned on the prior, and perfect foresight."""
    case = make_case(scored, ratio, delivery, seed=0)
    elsewhere = make_case(others, ratio, delivery, seed=100)
    tuned = tune_rule(lambda rule: float(score(rule, elsewhere).mean()))
    policies = {"generalist": policy, "tuned_on_set": tuned.rule, "tuned_on_prior": prior_tuned}
    scores = {name: score(each, case) for name, each in policies.items()}
    scores["foresight"] = _clipped(np.asarray(_foreseen(*with_foresight(case.stretch))) / np.asarray(case.worth))
    return Outcome(ratio, delivery, len(scored.demand), tuned, scores)


def make_case(items: Items, ratio: float, delivery: str, seed: int) -> Case:
    """Items that cost 1 and sell at 2; every period is an order day, orders may be any number of whole units."""
    rows = len(items.demand)
    law = np.zeros(LONGEST + 1)
    law[: len(LAWS[delivery])] = LAWS[delivery]
    shop = _shop(rows, ratio, law)
    known = _known(items)
    demand = jnp.asarray(items.demand[:, OBSERVED:, None])
    chance = Chance(demand, jnp.asarray(arrivals(_leads(law, rows, seed))))
    empty = Stock(jnp.zeros((rows, 1, 1)), jnp.zeros((rows, 1, LONGEST)), jnp.zeros((rows, 1)))
    first, later = (_cut(known, part) for part in (slice(None, OBSERVED), slice(OBSERVED, None)))
    stretch = Stretch(shop, empty, later, chance, jnp.ones((rows, LIVED)))
    worth = jnp.maximum(demand.sum((1, 2)), 1.0)  # the margin of a unit is 1
    return Case(first, _seen(items), stretch, worth)


def score(policy: Remembering, case: Case) -> NDArray[np.float64]:
    """Profit as a share of the margin of all demand. [row]"""
    return _clipped(np.asarray(_earn(policy, case), np.float64) / np.asarray(case.worth))


@eqx.filter_jit
def _earn(policy: Remembering, case: Case) -> Array:
    memory = recall(policy, case.stretch.shop, case.past, case.seen)
    return run_remembering(policy, case.stretch, memory, keep=profit_at_cost)[2].sum(1)


@eqx.filter_jit
def _foreseen(script, stretch: Stretch) -> Array:
    return run(script, stretch, keep=profit_at_cost)[1].sum(1)


def _clipped(scores: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.clip(np.asarray(scores, np.float64), WORST, 1.0)


def _shop(rows: int, ratio: float, law: NDArray[np.float64]) -> Shop:
    def every(value: float) -> Array:
        return jnp.full((rows, 1), value, jnp.float32)

    return Shop(
        unit_cost=every(1.0), order_cost=every(0.0), transport=every(0.0), pack=every(1.0), minimum=every(0.0),
        review=every(1.0), lead_chance=jnp.tile(jnp.asarray(law, jnp.float32), (rows, 1, 1)),
        holding=every(1.0 / ratio), salvage=every(0.0), shortage=every(0.0), waiting=every(0.0),
        backlog_cost=every(0.0),
    )  # fmt: skip


def _leads(law: NDArray[np.float64], rows: int, seed: int) -> NDArray[np.int32]:
    """The lead time of the order of each period from -LONGEST on; what the law leaves out never comes."""
    draw = np.random.default_rng(seed).random((rows, LONGEST + LIVED))
    lead = (draw[..., None] >= np.cumsum(law)).sum(axis=-1)
    return np.where(lead > LONGEST, NEVER, lead).astype(np.int32)


def _known(items: Items) -> Known:
    """What is told of each period: weekday or part of the year, and the law of lead times."""
    rows, periods = items.demand.shape
    days = items.start[:, None] + np.arange(periods + 1) * np.timedelta64(items.period_days, "D")
    part = np.minimum((days - days.astype("datetime64[Y]").astype("datetime64[D]")).astype(int) // 28, YEAR - 1)
    none = np.zeros((rows, periods), np.float32)
    told = Told._make([none] * len(Told._fields))._replace(
        days=none + (items.period_days == 1),
        weeks=none + (items.period_days == 7),
        moves=(part[:, 1:] != part[:, :-1]).astype(np.float32),
        law_told=none + 1,
    )
    one, zero = jnp.ones((rows, periods)), jnp.zeros((rows, periods))
    features = jnp.asarray(np.stack(told, axis=-1))
    return Known(one, one[:, :, None], zero, zero, features, 2 * one[:, :, None], one[:, :, None])


def _seen(items: Items) -> Seen:
    """The observed periods."""
    known, sold = items.known[:, :OBSERVED], items.sold[:, :OBSERVED]
    sales = np.where(known > 0, items.demand[:, :OBSERVED], sold)
    leads = jnp.zeros((len(sales), OBSERVED, LONGEST + 2))
    weight = np.where((known > 0) | (sales > 0), 1.0, 0.0)
    return Seen(jnp.asarray(sales), jnp.asarray(1 - known), jnp.asarray(weight, jnp.float32), leads)


def _cut(known: Known, part: slice) -> Known:
    return jax.tree.map(lambda x: x[:, part], known)
