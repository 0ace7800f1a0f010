"""A tiny lost-sales simulation in plain NumPy, so that tests of metrics and charts have something true to read."""

from dataclasses import dataclass
from datetime import date, datetime

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.backtest.compare import difference, difference_by, standings
from restock.backtest.content import Assumption, Choice, Repair, ReportContent, Setting, ShopFacts, Window
from restock.backtest.courses import Learning
from restock.backtest.gallery import Scene, gallery
from restock.backtest.replay import Kind, Replay
from restock.language import Text
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


def run(shop: MadeUpShop, policy: str, kind: Kind, cover: float, insight: float = 0) -> Replay:
    """Order up to `cover` periods of the mean demand so far, mixed with the coming demand by `insight`."""
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
        past = shop.demand[:, max(0, t - 8) : t] if t else shop.demand[:, :1]
        target = insight * shop.demand[:, t : t + LEAD + 1].sum(1) + (1 - insight) * cover * past.mean(1)
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
    also = {"demand": shop.demand, "waited": none, "liquidated": none}
    wide = {name: values[..., None] for name, values in (units | also).items()}
    period = Period(
        **{name: jnp.asarray(values, jnp.float32) for name, values in wide.items()},
        money=Money(**{name: jnp.asarray(values, jnp.float32) for name, values in money.items()}),
    )
    change = (units["on_hand"] - before) * cost
    profit = (np.asarray(period.money.profit, np.float64) + change).astype(np.float32)
    return Replay(policy, kind, jax.tree.map(np.asarray, period), profit, shop.known, shop.cost.astype(np.float32), 7)


def made_up_learning() -> Learning:
    draw = np.random.default_rng(1)
    updates = np.arange(0, 601, 25)
    rise = 21_000 * (1 - np.exp(-updates / 90)) - 9 * np.maximum(0, updates - 250)
    return Learning(updates, rise + draw.normal(0, 450, (4, len(updates))), "base_stock", 17_800.0, 250)


def made_up_content(
    shop: MadeUpShop, name: str = "Corner Shop", item: str = "tea {}", policy: str = "learned", cover: float = 6.5
) -> ReportContent:
    replays = (
        run(shop, policy, "learned", cover, insight=0.4),
        run(shop, "base_stock", "classical", 8),
        run(shop, "fixed_quantity", "classical", 6),
        run(shop, "experience", "classical", 3.5),
        run(shop, "foresight", "bound", 0, insight=1),
    )
    rule = "base_stock"
    rows = standings(replays, rule)
    scene = Scene(
        replays, rows, policy, rule, policy, tuple(map(item.format, range(len(shop.cost)))), shop.starts, "GBP"
    )
    groups = np.array(["Black tea", "Green tea", "Cups & pots"])[np.arange(len(shop.cost)) % 3]
    return ReportContent(
        shop=ShopFacts(
            name,
            "GBP",
            len(shop.cost),
            1,
            7,
            (
                Window("train", date(2023, 1, 2), date(2024, 6, 30), 78),
                Window("validate", date(2024, 7, 1), date(2025, 1, 5), 27),
                Window("test", date(2025, 1, 6), date(2025, 7, 6), 26),
            ),
            float(1 - shop.known.mean()),
        ),
        headline=difference(replays[0], replays[1]),
        chosen=policy,
        standings=rows,
        observed=standings(replays, rule, observed_only=True),
        command="restock run sales.csv --seed 7",
        created=datetime(2025, 7, 7, 9, 30),
        version="0.1.0",
        charts=gallery(scene, made_up_learning()),
        choices=tuple(
            Choice(group, found.items, policy, found)
            for group, found in difference_by(groups, replays[0], replays[1]).items()
        ),
        assumptions=(
            Assumption(
                Text("Lead time", "补货提前期"),
                Text("2 weeks", "2 周"),
                Text(
                    "give `lead_time` in supply.csv or in [supply] of restock.toml",
                    "在 supply.csv 或 restock.toml 的 [supply] 中填写 `lead_time`",
                ),
            ),
            Assumption(
                Text("Holding rate a year", "年持有成本率"),
                Text("30%", "30%"),
                Text("`holding_rate` in [costs]", "[costs] 中的 `holding_rate`"),
            ),
        ),
        repairs=(
            Repair(Text("Exact repeats of order lines", "完全重复的订单行"), 1204, Text("dropped", "已删除")),
            Repair(
                Text("Returns", "退货"), 310, Text("subtracted from the day they came back", "从退回当日的销量中扣除")
            ),
        ),
        settings=(Setting("train.seeds", "4"), Setting("supply.unmet", "lost"), Setting("shop.period", "week")),
        seeds=(7, 8, 9, 10),
        descriptions={
            policy: Text("network trained through the simulator, ensemble of 4", "通过仿真器训练的网络，4 个集成"),
            rule: Text("orders up to 8 weeks of the recent mean", "补货至近期均值的 8 周用量"),
        },
    )
