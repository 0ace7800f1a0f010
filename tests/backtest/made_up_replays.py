"""A tiny lost-sales simulation in plain NumPy, so that tests of metrics and charts have something true to read."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.backtest.replay import Kind, Replay
from restock.simulator.types import Money, Period

LEAD = 2


@dataclass(frozen=True)
class MadeUpShop:
    demand: NDArray[np.float64]  # [item, period]
    known: NDArray[np.float32]
    price: NDArray[np.float64]  # [item]
    cost: NDArray[np.float64]

    @property
    def starts(self) -> NDArray[np.datetime64]:
        return np.datetime64("2025-01-06") + 7 * np.arange(self.demand.shape[1])


def made_up_shop(items: int = 40, periods: int = 26, seed: int = 0) -> MadeUpShop:
    draw = np.random.default_rng(seed)
    rate = draw.lognormal(1.6, 0.9, (items, 1))
    season = 1 + 0.4 * np.sin(np.arange(periods) / 26 * 2 * np.pi)
    demand = draw.poisson(rate * season * draw.gamma(3, 1 / 3, (items, periods))).astype(float)
    known = (draw.random((items, periods)) > 0.08).astype(np.float32)
    price = draw.uniform(4, 30, items)
    return MadeUpShop(demand, known, price, price * draw.uniform(0.45, 0.7, items))


def run(shop: MadeUpShop, policy: str, kind: Kind, cover: float, looks_ahead: bool = False) -> Replay:
    """Order up to `cover` periods of the mean demand so far, or of the coming demand for a bound."""
    items, periods = shop.demand.shape
    on_hand = shop.demand[:, : LEAD + 1].mean(1) * (LEAD + 1)
    pipeline = np.zeros((items, LEAD))
    columns: dict[str, list[NDArray[np.float64]]] = {
        name: [] for name in ("sold", "lost", "on_hand", "ordered", "arrived")
    }
    for t in range(periods):
        arrived, pipeline = pipeline[:, 0], np.roll(pipeline, -1, 1)
        pipeline[:, -1] = 0
        on_hand = on_hand + arrived
        if looks_ahead:
            target = shop.demand[:, t : t + LEAD + 1].sum(1)
        else:
            past = shop.demand[:, max(0, t - 8) : t] if t else shop.demand[:, :1]
            target = cover * past.mean(1)
        ordered = np.ceil(np.maximum(0, target - on_hand - pipeline.sum(1)))
        pipeline[:, LEAD - 1] += ordered
        sold = np.minimum(on_hand, shop.demand[:, t])
        on_hand = on_hand - sold
        for name, values in (("sold", sold), ("lost", shop.demand[:, t] - sold), ("on_hand", on_hand)):
            columns[name].append(values)
        columns["ordered"].append(ordered)
        columns["arrived"].append(arrived)
    units = {name: np.stack(values, 1) for name, values in columns.items()}
    return replay_of(policy, kind, shop, units)


def replay_of(policy: str, kind: Kind, shop: MadeUpShop, units: dict[str, NDArray[np.float64]]) -> Replay:
    """A replay with one channel, site and lane, from units [item, period]."""
    cost, none = shop.cost[:, None], np.zeros_like(shop.demand)
    before = np.concatenate([np.zeros((len(shop.cost), 1)), units["on_hand"][:, :-1]], 1)
    money = {
        "sales": units["sold"] * shop.price[:, None],
        "liquidation": none,
        "purchase": units["arrived"] * cost,
        "order_cost": 2.0 * (units["ordered"] > 0),
        "transport": 0.05 * units["ordered"],
        "holding": units["on_hand"] * cost * 0.3 / 52,
        "shortage": 0.1 * units["lost"],
        "backlog": none,
    }
    wide = {name: values[..., None] for name, values in (units | {"demand": shop.demand, "waited": none}).items()}
    period = Period(
        **{name: jnp.asarray(values, jnp.float32) for name, values in wide.items()},
        money=Money(**{name: jnp.asarray(values, jnp.float32) for name, values in money.items()}),
    )
    change = (units["on_hand"] - before) * cost
    profit = (np.asarray(period.money.profit, np.float64) + change).astype(np.float32)
    return Replay(policy, kind, jax.tree.map(np.asarray, period), profit, shop.known, shop.cost.astype(np.float32), 7)
