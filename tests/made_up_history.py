"""Histories of a few items, drawn or given."""

import numpy as np

from restock.simulator.history import History

AHEAD = 5


def made_up_history(demand=None, *, items: int = 4, periods: int = 90, period_days: int = 7, seed: int = 0) -> History:
    """Demand as given, or Poisson with a season, in two groups; an item that starts late; a discount now and then."""
    draw = np.random.default_rng(seed)
    if demand is None:
        wave = 1.0 + 0.4 * np.sin(2 * np.pi * np.arange(periods) / (7 if period_days == 1 else 52))
        demand = draw.poisson(np.linspace(3, 40, items)[:, None] * wave)
    demand = np.asarray(demand, np.float32)
    items, periods = demand.shape
    on_sale = np.ones_like(demand)
    if items > 2:
        on_sale[2, : periods // 5] = 0.0
        demand = demand * on_sale
    discount = np.where(draw.random((items, periods + AHEAD)) < 0.1, 0.2, 0.0)
    listed = np.linspace(5, 50, items)[:, None] * np.ones((1, periods + AHEAD))
    known = (draw.random(demand.shape) > 0.1).astype(np.float32)
    return History(
        items=tuple(f"item {i}" for i in range(items)),
        sites=("main",) * items,
        groups=(np.arange(items) % 2).astype(np.int32),
        like=("",) * items,
        starts=np.datetime64("2024-01-01") + np.arange(periods) * np.timedelta64(period_days, "D"),
        period_days=period_days,
        sold=demand * known,
        demand=demand,
        known=known,
        on_sale=on_sale,
        price=(listed * (1 - discount)).astype(np.float32),
        seen=(draw.random((items, periods, 1)) < 0.2).astype(np.float32),
        seen_names=("promotion",),
        planned=discount[:, :, None].astype(np.float32),
        planned_names=("discount",),
        calendar=(draw.random((periods + AHEAD, 1)) < 0.1).astype(np.float32),
        calendar_names=("holiday",),
    )
