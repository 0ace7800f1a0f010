"""How long goods take: chances of each lead time in periods, from what suppliers promise and what they did."""

from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammainc

from restock.errors import ConfigError
from restock.intake.assumptions import Assumption
from restock.language import Text

Doubles = NDArray[np.float64]
ENOUGH = 8  # received orders of a supplier from which its true lead times are known
DEFAULT = {1: 2, 7: 1}  # periods, by days of a period
Promise = tuple[str | None, float | None]  # a supplier and the days that it promises
TAIL = 0.995  # where a distribution that never ends is cut
MEASURED, PROMISED, ASSUMED = "measured", "promised", "assumed"  # what a lead time rests on


class LeadTimes(NamedTuple):
    """How long goods take, and what that rests on."""

    chance: Doubles  # P(an order arrives 0, 1, 2, ... periods after it left) [item, lead]
    kind: NDArray[np.str_]  # measured, promised or assumed [item]
    assumptions: list[Assumption]


def lead_chances(
    orders: pl.DataFrame | None,
    supply: pl.DataFrame,
    rows: pl.DataFrame,
    period_days: int,
    setting: int | dict[int, float] | None,
) -> LeadTimes:
    """P(an order arrives 0, 1, 2, ... periods after it left), all rows with the length of the longest.

    Days are rounded up to whole periods. A spread in the supply table wins, then what at least 8 received orders of the
    supplier show, of items with the same promise, then the supply table's lead time, then the settings, then one week
    or two days.

    Args:
        orders: the table of purchase orders.
        supply: one way to buy per row, `supplier`, `lead_time` and `lead_time_sd` null where not known. [item]
        rows: item, site and row.
        period_days: 1 or 7.
        setting: `[supply] lead_time`.

    Raises:
        ConfigError: the settings' table is no table of probabilities.
    """
    default = _table(setting, period_days)
    seen = _received(orders, supply, period_days)
    days, spread = supply["lead_time"].to_list(), supply["lead_time_sd"].to_list()
    suppliers = supply["supplier"].to_list()
    known: dict[tuple[float, float], Doubles] = {}
    parts: list[Doubles] = []
    sources: dict[str, int] = {"spread": 0, "orders": 0, "supply": 0, "default": 0}
    kinds = {"spread": MEASURED, "orders": MEASURED, "supply": PROMISED, "default": _kind(setting)}
    kind: list[str] = []
    for day, sd, supplier in zip(days, spread, suppliers, strict=True):
        if day is not None and sd is not None and sd > 0:
            source, part = "spread", known.setdefault((day, sd), _spread_out(day, sd, period_days))
        elif (supplier, day) in seen:
            source, part = "orders", seen[supplier, day]
        elif day is not None:
            source, part = "supply", known.setdefault((day, 0.0), _certain(int(np.ceil(max(day, 0) / period_days))))
        else:
            source, part = "default", default
        sources[source] += 1
        kind.append(kinds[source])
        parts.append(part)
    chance = np.zeros((rows.height, max(map(len, parts))))
    for row, part in enumerate(parts):
        chance[row, : len(part)] = part
    return LeadTimes(chance, np.array(kind), _said(sources, setting, period_days, seen))


def _kind(setting: int | dict[int, float] | None) -> str:
    """What the settings say: a table of probabilities has been measured, a number is what somebody counts on."""
    return ASSUMED if setting is None else PROMISED if isinstance(setting, int) else MEASURED


def _table(setting: int | dict[int, float] | None, period_days: int) -> Doubles:
    if setting is None or isinstance(setting, int):
        periods = DEFAULT[period_days] if setting is None else setting
        if periods < 0:
            raise _wrong(f"{periods} periods")
        return _certain(periods)
    if not setting or min(setting) < 0 or min(setting.values()) < 0:
        raise _wrong(f"{setting}")
    total = sum(setting.values())
    if abs(total - 1) > 1e-6:
        raise _wrong(f"{setting} sums to {total:g}")
    table = np.zeros(max(setting) + 1)
    table[list(setting)] = list(setting.values())
    return table / total


def _wrong(what: str) -> ConfigError:
    return ConfigError(
        Text(f"`[supply] lead_time` cannot be {what}", f"`[supply] lead_time` 设置有误：{what}"),
        hint=Text(
            "give whole periods from 0 on, or a table {periods = probability} whose probabilities sum to 1",
            "请填写不小于 0 的整数周期，或填写概率之和为 1 的表 {周期 = 概率}",
        ),
    )


def _certain(periods: int) -> Doubles:
    table = np.zeros(periods + 1)
    table[periods] = 1
    return table


def _spread_out(days: float, sd: float, period_days: int) -> Doubles:
    """A gamma distribution of days with this mean and standard deviation, in whole periods, each rounded up."""
    if days <= 0:
        return _certain(0)
    shape, scale = (days / sd) ** 2, sd**2 / days
    most = int(np.ceil((days + 20 * sd) / period_days)) + 1
    below = gammainc(shape, np.arange(most + 1) * period_days / scale)
    last = int(np.argmax(below >= TAIL))
    below = np.append(below[:last], 1.0)
    return np.diff(below, prepend=0.0)


def _received(orders: pl.DataFrame | None, supply: pl.DataFrame, period_days: int) -> dict[Promise, Doubles]:
    """Shares of the lead times that received orders took, per supplier and promise with enough of them.

    Items of one supplier with other promises are other goods: one comes from the shelf, one is made to order.
    Orders do not name their supplier: it is the one of the item. Where no supply table names any, all orders are one's.
    """
    if orders is None or not orders.height or not {"ordered", "received"} <= set(orders.columns):
        return {}
    days = (pl.col("received") - pl.col("ordered")).dt.total_days()
    done = orders.filter(days >= 0).select(
        "item", "site", periods=((days + period_days - 1) // period_days).cast(pl.Int64)
    )
    done = done.join(supply.select("item", "site", "supplier", "lead_time"), on=["item", "site"], how="inner")
    found: dict[Promise, Doubles] = {}
    for (supplier, promised), part in done.partition_by("supplier", "lead_time", as_dict=True).items():
        if part.height >= ENOUGH:
            promise = (None if supplier is None else str(supplier), promised)
            found[promise] = np.bincount(part["periods"].to_numpy()) / part.height
    return found


def _said(
    sources: dict[str, int], setting: int | dict[int, float] | None, period_days: int, seen: dict[Promise, Doubles]
) -> list[Assumption]:
    found = []
    unit, zh = ("week(s)", "周") if period_days == 7 else ("day(s)", "天")
    if sources["default"] and setting is None:
        found.append(
            Assumption(
                "lead_time",
                str(DEFAULT[period_days]),
                Text(
                    f"{sources['default']} items have no lead time; assumed: {DEFAULT[period_days]} {unit}",
                    f"{sources['default']} 个商品没有交期，使用 {DEFAULT[period_days]} {zh}",
                ),
                Text(
                    "add `lead_time` to the supply table, or set `[supply] lead_time`",
                    "在供应表中加入 `lead_time`，或设置 `[supply] lead_time`",
                ),
            )
        )
    if sources["orders"]:
        means = [float(np.arange(len(part)) @ part) for part in seen.values()]
        shown = f"{min(means):.1f}" if max(means) - min(means) < 0.05 else f"{min(means):.1f} - {max(means):.1f}"
        found.append(
            Assumption(
                "lead_time_seen",
                str(sources["orders"]),
                Text(
                    f"{sources['orders']} items have the lead times that received orders of their suppliers took: "
                    f"{shown} {unit} on average",
                    f"{sources['orders']} 个商品采用其供应商已收货订单的实际交期：平均 {shown} {zh}",
                ),
                Text("add `lead_time_sd` to the supply table", "在供应表中加入 `lead_time_sd`"),
            )
        )
    return found
