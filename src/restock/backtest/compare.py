"""How sure a difference in money is: a paired bootstrap over items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.backtest.metrics import Kpis, Numbers, item_profit, kpis, only, rows_of
from restock.backtest.replay import Replay
from restock.errors import DataError
from restock.language import Text

DRAWS = 2000
TAILS = (0.025, 0.975)  # of a 95 % percentile interval
FEWEST_ITEMS = 10  # a bootstrap over fewer is far too sure of itself
INDICES_AT_ONCE = 2**21  # 16 MB of indices


@dataclass(frozen=True)
class Difference:
    """Total profit of policy a minus that of policy b over the same items, with 95 % intervals."""

    policy_a: str
    policy_b: str
    total: float  # money
    low: float
    high: float
    relative_percent: float | None  # of |profit of b|; None where that is too near zero to mean anything
    relative_low: float | None
    relative_high: float | None
    items: int
    wins: int  # items where a made more
    losses: int  # items where b made more

    @property
    def is_clear(self) -> bool:
        """The interval leaves zero out, and stands on enough items to mean it."""
        return self.items >= FEWEST_ITEMS and (self.low > 0 or self.high < 0)


class Interval(NamedTuple):
    """A value and its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Standing:
    """A policy's numbers and, unless it is the reference itself, its difference to the reference."""

    kpis: Kpis
    against: Difference | None


def difference(a: Replay, b: Replay, draws: int = DRAWS, seed: int = 0, observed_only: bool = False) -> Difference:
    """How much more money a made than b, and how sure that is.

    Items are drawn with replacement, both policies together, so what moves an item under both cancels. Shocks that hit
    all items of the window at once are not in the interval: it speaks of other items, not of other years.

    Raises:
        DataError: the replays are not of the same items and periods, or hold no item.
    """
    mine_by, theirs_by = a.profit.shape, b.profit.shape
    if mine_by != theirs_by or not a.profit.size:
        raise DataError(
            Text(
                f"`{a.policy}` and `{b.policy}` cannot be compared: items x periods {mine_by} and {theirs_by}",
                f"`{a.policy}` 与 `{b.policy}` 无法比较：商品 × 周期分别为 {mine_by} 和 {theirs_by}",
            ),
            hint=Text("replay both over the same window", "请在同一时间段内重放两种策略"),
        )
    mine, theirs = item_profit(a, observed_only), item_profit(b, observed_only)
    gain = mine - theirs
    sums = _resampled(np.stack([gain, theirs], 1), draws, seed)
    low, high = np.quantile(sums[:, 0], TAILS)
    base, share = theirs.sum(), Interval(np.nan, np.nan, np.nan)
    if base != 0 and np.all(np.sign(sums[:, 1]) == np.sign(base)):
        share = Interval(gain.sum() / abs(base), *np.quantile(sums[:, 0] / np.abs(sums[:, 1]), TAILS))
    tie = 1e-6 * np.maximum(np.abs(mine), np.abs(theirs))
    return Difference(
        a.policy,
        b.policy,
        float(gain.sum()),
        float(low),
        float(high),
        *(None if np.isnan(part) else float(100 * part) for part in share),
        items=len(gain),
        wins=int((gain > tie).sum()),
        losses=int((gain < -tie).sum()),
    )


def difference_by(
    groups: Sequence[str] | NDArray[Any], a: Replay, b: Replay, draws: int = DRAWS, seed: int = 0
) -> Mapping[str, Difference]:
    """The difference within each group of items, groups in order of name.

    Args:
        groups: name of each item's group. [item]
    """
    return {name: difference(only(a, rows), only(b, rows), draws, seed) for name, rows in rows_of(groups).items()}


def fill_rate_interval(replay: Replay, draws: int = DRAWS, seed: int = 0) -> Interval | None:
    """Units served at once / units asked for; None without demand."""
    units = np.stack([np.asarray(u, np.float64).sum((1, 2)) for u in (replay.period.sold, replay.period.demand)], 1)
    sold, demand = units.sum(0)
    if demand <= 0:
        return None
    sums = _resampled(units, draws, seed)
    asked = sums[:, 1] > 0
    return Interval(float(sold / demand), *(float(q) for q in np.quantile(sums[asked, 0] / sums[asked, 1], TAILS)))


def standings(
    replays: Sequence[Replay], reference: str, draws: int = DRAWS, seed: int = 0, observed_only: bool = False
) -> tuple[Standing, ...]:
    """Every policy's numbers and difference to the policy named `reference`, most profitable first, bounds on top.

    The first replay of kind `bound` is the oracle.
    """
    oracle = next((replay for replay in replays if replay.kind == "bound"), None)
    rival = next(replay for replay in replays if replay.policy == reference)
    rows = [
        Standing(
            kpis(replay, oracle, observed_only),
            None if replay is rival else difference(replay, rival, draws, seed, observed_only),
        )
        for replay in replays
    ]
    return tuple(sorted(rows, key=lambda row: (row.kpis.kind != "bound", -row.kpis.profit)))


def _resampled(columns: Numbers, draws: int, seed: int) -> Numbers:
    """Column sums of `draws` samples of the rows, as many rows as there are, with replacement. [draw, column]"""
    rows = len(columns)
    generator = np.random.default_rng(seed)
    at_once = max(1, INDICES_AT_ONCE // rows)
    parts = []
    for start in range(0, draws, at_once):
        index = generator.integers(rows, size=(min(at_once, draws - start), rows))
        parts.append(np.stack([column[index].sum(1) for column in columns.T], 1))
    return np.concatenate(parts)
