"""What a replay comes to: the numbers that a shop is run by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from restock.backtest.replay import Kind, Replay

Numbers = NDArray[np.float64]
DAYS_PER_YEAR = 365.0
SMALLEST_UNIT = 1e-4  # units; less than this is rounding of float32, not goods
LONGEST_SMOOTH_INTERVAL = 1.32  # periods between demands; Syntetos, Boylan and Croston (2005)
LARGEST_STEADY_VARIATION = 0.49  # squared variation of demand sizes; same source


class Ledger(NamedTuple):
    """Every term of profit, summed; costs are positive. The terms add up to the profit of the replay."""

    sales: float
    liquidation: float
    stock_change: float  # change in the value of stock at cost: what `Replay.profit` adds to the money of its periods
    purchase: float
    order_cost: float
    transport: float
    holding: float
    shortage: float
    backlog: float

    def signed(self) -> "Ledger":
        """Costs negative, so that the sum is the profit."""
        earned = 3  # sales, liquidation, stock_change
        return Ledger(*self[:earned], *(-cost for cost in self[earned:]))


@dataclass(frozen=True)
class Kpis:
    """One policy over one window. Rates are shares between 0 and 1; None where there is nothing to divide by."""

    policy: str
    kind: Kind
    items: int
    item_periods: float  # with observed demand only, if that was asked for
    profit: float  # money
    demand_units: float
    sold_units: float  # served at once
    waited_units: float
    lost_units: float
    fill_rate: float | None  # units served at once / units asked for
    in_stock_rate: float | None  # share of item-periods with nothing lost nor made to wait
    turnover: float | None  # yearly cost of goods sold / mean stock at cost
    days_of_cover: float | None  # mean stock at cost / daily demand at cost
    stock_value: float  # mean at the end of a period, at cost, summed over items
    lost_sales: (
        float | None
    )  # lost units at the item's mean paid price, at cost where it never sold; None without prices
    waste: float  # units past their shelf life: none while stock has one age
    orders_placed: float
    bullwhip: float | None  # variance of orders / variance of demand, median over items
    share_of_oracle: float | None  # profit / profit of the perfect-foresight bound, where that is positive
    ledger: Ledger


class _Units(NamedTuple):
    """A period's quantities, summed over channels, sites and lanes. [item, period]"""

    demand: Numbers
    sold: Numbers
    waited: Numbers
    lost: Numbers
    on_hand: Numbers
    ordered: Numbers


def kpis(replay: Replay, oracle: Replay | None = None, observed_only: bool = False) -> Kpis:
    """The numbers of one policy.

    Args:
        replay: what happened.
        oracle: perfect foresight over the same window, for `share_of_oracle`.
        observed_only: count only item-periods whose demand was observed; means are then taken over those.
    """
    units, weight = _units(replay), _weight(replay, observed_only)
    counted = weight.sum()
    demand, sold, waited, lost = (float((weight * u).sum()) for u in units[:4])
    at_once = units.lost + units.waited <= SMALLEST_UNIT
    placed = (np.asarray(replay.period.ordered) > SMALLEST_UNIT).sum(-1)
    cost = np.asarray(replay.unit_cost, np.float64)
    stock_value = float(cost @ _mean(units.on_hand, weight))
    served_a_day = float(cost @ _mean(units.sold + units.waited, weight)) / replay.period_days
    asked_a_day = float(cost @ _mean(units.demand, weight)) / replay.period_days
    profit = float((weight * replay.profit).sum(dtype=np.float64))
    best = None if oracle is None else float((weight * oracle.profit).sum(dtype=np.float64))
    return Kpis(
        policy=replay.policy,
        kind=replay.kind,
        items=weight.shape[0],
        item_periods=float(counted),
        profit=profit,
        demand_units=demand,
        sold_units=sold,
        waited_units=waited,
        lost_units=lost,
        fill_rate=_ratio(sold, demand),
        in_stock_rate=_ratio(float((weight * at_once).sum()), float(counted)),
        turnover=_ratio(DAYS_PER_YEAR * served_a_day, stock_value),
        days_of_cover=_ratio(stock_value, asked_a_day),
        stock_value=stock_value,
        lost_sales=_lost_sales(replay, units, weight),
        waste=0.0,
        orders_placed=float((weight * placed).sum()),
        bullwhip=_bullwhip(units, weight),
        share_of_oracle=_ratio(profit, best) if best is not None and best > 0 else None,
        ledger=_ledger(replay, weight, profit),
    )


def kpis_by(
    groups: Sequence[str] | NDArray[Any], replay: Replay, oracle: Replay | None = None, observed_only: bool = False
) -> Mapping[str, Kpis]:
    """The numbers of each group of items, groups in order of name.

    Args:
        groups: name of each item's group. [item]
    """
    return {
        name: kpis(only(replay, rows), None if oracle is None else only(oracle, rows), observed_only)
        for name, rows in rows_of(groups).items()
    }


def rows_of(groups: Sequence[str] | NDArray[Any]) -> Mapping[str, NDArray[np.intp]]:
    """Which rows each group holds, groups in order of name."""
    names = np.asarray(groups).astype(str)
    return {str(name): np.flatnonzero(names == name) for name in np.unique(names)}


def only(replay: Replay, rows: NDArray[np.intp]) -> Replay:
    """The same replay with some of its items."""
    return replace(
        replay,
        period=jax.tree.map(lambda values: np.asarray(values)[rows], replay.period),
        profit=replay.profit[rows],
        known=replay.known[rows],
        unit_cost=replay.unit_cost[rows],
    )


def item_profit(replay: Replay, observed_only: bool = False) -> Numbers:
    """Money that each item made over the window. [item]"""
    return (_weight(replay, observed_only) * replay.profit).sum(1)


def demand_classes(demand: NDArray[Any]) -> NDArray[np.str_]:
    """`smooth`, `erratic`, `intermittent`, `lumpy` or `none` for each item, after Syntetos, Boylan and Croston (2005).

    Args:
        demand: units. [item, period]
    """
    sizes = np.asarray(demand, np.float64)
    asked = sizes > SMALLEST_UNIT
    times = asked.sum(1)
    interval = sizes.shape[1] / np.maximum(times, 1)
    mean = np.where(asked, sizes, 0).sum(1) / np.maximum(times, 1)
    variance = np.where(asked, (sizes - mean[:, None]) ** 2, 0).sum(1) / np.maximum(times, 1)
    steady = variance <= LARGEST_STEADY_VARIATION * mean**2
    often = interval <= LONGEST_SMOOTH_INTERVAL
    names = [times == 0, often & steady, often & ~steady, ~often & steady]
    return np.select(names, ["none", "smooth", "erratic", "intermittent"], "lumpy")


def _units(replay: Replay) -> _Units:
    return _Units(*(np.asarray(getattr(replay.period, name), np.float64).sum(-1) for name in _Units._fields))


def _weight(replay: Replay, observed_only: bool) -> Numbers:
    return np.asarray(replay.known, np.float64) if observed_only else np.ones(replay.profit.shape)


def _mean(values: Numbers, weight: Numbers) -> Numbers:
    """Mean over the counted periods of each item; 0 for an item without any. [item]"""
    return (weight * values).sum(1) / np.maximum(weight.sum(1), SMALLEST_UNIT)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if abs(whole) > 1e-12 else None


def _lost_sales(replay: Replay, units: _Units, weight: Numbers) -> float | None:
    paid = np.asarray(replay.period.money.sales, np.float64).sum(1)
    if not (paid > 0).any():
        return None
    served = (units.sold + units.waited).sum(1)
    sells = served > SMALLEST_UNIT
    price = np.where(sells, paid / np.where(sells, served, 1), replay.unit_cost)
    return float(price @ (weight * units.lost).sum(1))


def _bullwhip(units: _Units, weight: Numbers) -> float | None:
    ordered, demand = (_mean((u - _mean(u, weight)[:, None]) ** 2, weight) for u in (units.ordered, units.demand))
    varies = demand > SMALLEST_UNIT**2
    return float(np.median(ordered[varies] / demand[varies])) if varies.any() else None


def _ledger(replay: Replay, weight: Numbers, profit: float) -> Ledger:
    names = (name for name in Ledger._fields if name != "stock_change")
    terms = {name: np.asarray(getattr(replay.period.money, name), np.float64) for name in names}
    booked = Ledger(stock_change=0.0, **{name: float((weight * values).sum()) for name, values in terms.items()})
    return booked._replace(stock_change=profit - sum(booked.signed()))
