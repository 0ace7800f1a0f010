"""The exact optimum of lot sizing on a forecast, by dynamic programming over all periods, from the last to the first.

With a lead time of 2 a state is (x0, x1): on hand including what has just arrived, and what arrives in the next period.
Both and the orders are multiples of a step: whole units under Poisson demand, half units by default under the normal
law, whose demand is then rounded to the nearest half. The cost of the policy found comes from following the chances of
all states from the start, so the policy may have been made for another end than the one it is charged for.
"""

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from restock.environments.exact.grid import Floats, left_chances
from restock.environments.lot_sizing import AHEAD, PERIODS, LotSizing
from restock.errors import UsageError
from restock.language import Text

Steps = NDArray[np.int16]  # orders as numbers of steps
LEAD_TIME = 2  # the only one whose states are laid out here
NORMAL_STEP = 0.5  # units


class Room(NamedTuple):
    """The largest stock on hand and the largest order, in units."""

    shelf: int
    order: int


@dataclass(frozen=True)
class Exact:
    """A policy for each period, what it costs and what it took to find it."""

    cost: float  # expected, of all periods of an episode together
    orders: Steps  # [period, x0, x1]
    step: float  # units
    seconds: float

    def __call__(self, period: int, on_hand: Floats, coming: Floats) -> Floats:
        """Orders in a period, counted from 0; stock between steps or beyond the table is taken as the nearest.

        Args:
            period: 0 is the first.
            on_hand: units, what has just arrived included. [...]
            coming: units that arrive in the next period. [...]
        """
        _, shelf, order = self.orders.shape
        x0 = np.clip(np.rint(on_hand / self.step), 0, shelf - 1).astype(np.int64)
        x1 = np.clip(np.rint(coming / self.step), 0, order - 1).astype(np.int64)
        return self.orders[period, x0, x1] * self.step


def usual_room(instance: LotSizing) -> Room:
    """The economic order quantity on top of the highest demand; tests widen it and find the same optimum."""
    order = round(instance.peak + instance.batch)
    return Room(instance.start + order, order)


def optimal_lot_sizing(
    instance: LotSizing, *, knows_end: bool = False, step: float | None = None, room: Room | None = None
) -> Exact:
    """The policy with the smallest expected cost, and that cost over the periods of an episode.

    Args:
        instance: the problem.
        knows_end: whether the policy knows that the time ends with the episode; else it minimises the cost of the
            episode and the periods that a forecast in its last period still covers.
        step: units; demand, stock and orders are multiples of it. 1 under Poisson demand.
        room: what limits the states.

    Raises:
        UsageError: a lead time other than 2, or a step that does not suit the law.
    """
    began = time.perf_counter()
    step = step or (1.0 if instance.law == "poisson" else NORMAL_STEP)
    _refuse_what_is_not_laid_out(instance, step)
    room = room or usual_room(instance)
    shelf, order = round(room.shelf / step), round(room.order / step)
    days = [_day(instance, mean, shelf, step) for mean in instance.means(PERIODS + AHEAD * (not knows_end))]
    orders = _plan(instance.order_cost, days, order)[:PERIODS]
    cost = _follow(instance, days, orders, round(instance.start / step))
    return Exact(cost, orders, step, time.perf_counter() - began)


def orders_cost(instance: LotSizing, orders: Steps, step: float) -> float:
    """Expected cost of any policy over the periods of an episode, by the chances of all states.

    Args:
        instance: the problem.
        orders: numbers of steps, up to the most that x1 can be; stock beyond the table counts as its last row.
        step: units, of stock, orders and demand.

    Raises:
        UsageError: a lead time other than 2, or a step that does not suit the law.
    """
    _refuse_what_is_not_laid_out(instance, step)
    periods, size, _ = orders.shape
    days = [_day(instance, mean, size - 1, step) for mean in instance.means(periods)]
    return _follow(instance, days, orders, round(instance.start / step))


def _refuse_what_is_not_laid_out(instance: LotSizing, step: float) -> None:
    if instance.lead_time != LEAD_TIME or (instance.law == "poisson" and step != 1) or 1 % step:
        raise UsageError(
            Text(
                f"the optimum of `{instance.name}` in steps of {step:g} cannot be computed",
                f"无法以 {step:g} 为步长计算 `{instance.name}` 的精确最优解",
            ),
            hint=Text(
                f"the lead time must be {LEAD_TIME}; the step 1 under Poisson demand, else 1, 0.5, 0.25, ...",
                f"提前期必须为 {LEAD_TIME}；泊松需求的步长为 1，否则可为 1、0.5、0.25……",
            ),
        )


class _Day(NamedTuple):
    """One period, by what it starts with."""

    chances: Floats  # P(left at the end = e | x0) [x0, e]
    cost: Floats  # expected, of holding and shortage [x0]


def _day(instance: LotSizing, mean: float, shelf: int, step: float) -> _Day:
    chances = left_chances(_demand_chances(instance, mean, shelf + 1, step))
    units = np.arange(shelf + 1) * step
    rest = chances @ units
    return _Day(chances, instance.holding * rest + instance.shortage * (mean - units + rest))


def _demand_chances(instance: LotSizing, mean: float, below: int, step: float) -> Floats:
    """P(D = 0), P(D = step), ..."""
    values = np.arange(below) * step
    if instance.law == "poisson":
        return np.array(stats.poisson.pmf(values, mean), dtype=np.float64)
    up_to = np.array(stats.norm.cdf(values + step / 2, mean, instance.variation * mean), dtype=np.float64)
    return np.diff(up_to, prepend=0.0)


def _plan(order_cost: float, days: list[_Day], largest: int) -> Steps:
    """The best order of every state, for each period. [period, x0, x1]"""
    size = len(days[0].cost)
    after = np.zeros((size, largest + 1))  # expected cost from the next period on [x0, x1]
    shelf = np.minimum(np.arange(size)[:, None] + np.arange(largest + 1), size - 1)  # [left, x1]
    orders = np.empty((len(days), size, largest + 1), np.int16)
    for period in range(len(days) - 1, -1, -1):
        day, now = days[period], np.empty_like(after)
        for coming in range(largest + 1):
            expected = day.chances @ after[shelf[:, coming]]  # [x0, order]
            expected[:, 1:] += order_cost
            best = expected.argmin(axis=1)
            orders[period, :, coming] = best
            now[:, coming] = day.cost + expected[np.arange(size), best]
        after = now
    return orders


def _follow(instance: LotSizing, days: list[_Day], orders: Steps, start: int) -> float:
    """Expected cost of a policy from the start, over as many periods as it has orders for."""
    _, size, width = orders.shape
    chances, total = np.zeros((size, width)), 0.0  # of the states [x0, x1]
    chances[start, 0] = 1.0
    rows = np.arange(size)
    for day, order in zip(days, orders, strict=False):
        total += float(np.sum(chances * (day.cost[:, None] + instance.order_cost * (order > 0))))
        following = np.zeros_like(chances)
        for coming in range(width):
            ordered = np.zeros_like(chances)  # [x0, order]
            ordered[rows, order[:, coming]] = chances[:, coming]
            np.add.at(following, np.minimum(rows + coming, size - 1), day.chances.T @ ordered)
        chances = following
    return total
