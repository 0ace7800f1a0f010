"""On which terms each item is bought, kept and sold: its own row first, then the settings, then an assumption."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import polars as pl
from numpy.typing import NDArray

from restock.config import Config
from restock.errors import ConfigError
from restock.intake.assumptions import Assumption, listed
from restock.intake.lead_times import lead_chances
from restock.intake.money_remarks import HOLDING, SALVAGE, money_remarks, no_margin, objective_remarks
from restock.intake.rows import ANY_SITE, at_site, column, rows_frame
from restock.language import Text
from restock.simulator.history import Floats, History
from restock.simulator.types import Shop

Doubles = NDArray[np.float64]
NUMBERS = ("lead_time", "lead_time_sd", "minimum", "pack", "unit_cost", "review")


class Terms(NamedTuple):
    """What the simulator needs to know of each row of a history."""

    shop: Shop  # NumPy float32, leading axis item, one lane, site and channel
    price: Floats  # median price, money per unit; 0 where only costs count [item]
    objective: Literal["profit", "cost"]
    lead_time: Floats  # mean, periods [item]
    review: Floats  # periods between two order days [item]
    lead_kind: NDArray[np.str_]  # what the lead time rests on: measured, promised or assumed [item]
    assumptions: tuple[Assumption, ...]


def build_terms(facts: Mapping[str, pl.DataFrame], history: History, config: Config) -> Terms:
    """The terms of every row of `history`; what the data do not say is assumed and listed.

    Args:
        facts: the tables of docs/architecture.md; `supply`, `items`, `purchase_orders` are read where they are there.
        history: its rows are those of the result.
        config: the shop's settings.

    Raises:
        ConfigError: profit is asked for where no price is known, or a setting cannot be.
    """
    rows = rows_frame(history.items, history.sites)
    supply, several = _supply(facts.get("supply"), rows)
    objective = _objective(history, config)
    price = _median_price(history) if objective == "profit" else np.zeros(rows.height)
    cost, said = (
        _unit_cost(facts, supply, rows, price, config) if objective == "profit" else (np.zeros(rows.height), [])
    )
    leads = lead_chances(facts.get("purchase_orders"), supply, rows, history.period_days, config.supply.lead_time)
    chance = leads.chance
    pack, said_pack = _pack(supply["pack"], history, config)
    review = _review(supply["review"], history.period_days, config)
    minimum = supply["minimum"].fill_null(float(config.supply.minimum)).to_numpy()
    costs = _costs(objective, cost, history.period_days, config)
    shop = _shop(costs, chance, pack=pack, minimum=minimum, review=review, waiting=_waiting(config.supply.unmet))
    lead_time = chance @ np.arange(chance.shape[1])
    losing = [history.items[i] for i in np.flatnonzero(cost >= price)] if objective == "profit" else []
    remarks = [*objective_remarks(objective, config), *several, *said, *leads.assumptions, *said_pack]
    remarks += [*money_remarks(objective, config), *no_margin(losing)]
    single = [a.astype(np.float32) for a in (price, lead_time, review)]
    return Terms(shop, single[0], objective, single[1], single[2], leads.kind, tuple(remarks))


def _objective(history: History, config: Config) -> Literal["profit", "cost"]:
    priced = bool((np.nan_to_num(history.price) > 0).any())
    if config.objective.kind == "profit" and not priced:
        raise ConfigError(
            Text(
                '`[objective] kind = "profit"`, but no row of the sales has a price',
                '`[objective] kind = "profit"`，但销售数据中没有价格',
            ),
            hint=Text(
                "load sales with `unit_price` or items with `list_price`, or use `cost`",
                "请导入带 `unit_price` 的销售或带 `list_price` 的商品，或改用 `cost`",
            ),
        )
    if config.objective.kind == "auto":
        return "profit" if priced else "cost"
    return config.objective.kind


def _supply(table: pl.DataFrame | None, rows: pl.DataFrame) -> tuple[pl.DataFrame, list[Assumption]]:
    """One way to buy per row: the cheapest, then the fastest; a way named for no site stands for all sites."""
    if table is None or not table.height:
        return rows.with_columns(
            *(pl.lit(None, pl.Float64).alias(n) for n in NUMBERS), supplier=pl.lit(None, pl.String)
        ), []
    own = at_site(table, rows)
    elsewhere = rows.join(own, on="row", how="anti")
    shared = table.filter(pl.col("site") == ANY_SITE).drop("site").join(elsewhere, on="item")
    found = pl.concat([own, shared.select(own.columns)])
    found = found.select("row", column(found, "supplier", pl.String), *(column(found, name) for name in NUMBERS))
    best = found.sort("row", "unit_cost", "lead_time", "supplier", nulls_last=True).unique(
        "row", keep="first", maintain_order=True
    )
    several = (
        rows.join(found.filter(pl.len().over("row") > 1), on="row", how="semi")["item"]
        .unique(maintain_order=True)
        .to_list()
    )
    chosen = rows.join(best, on="row", how="left", maintain_order="left")
    if not several:
        return chosen, []
    return chosen, [
        Assumption(
            "supplier",
            str(len(several)),
            Text(
                f"{len(several)} items have several suppliers; the cheapest, then fastest, is used: {listed(several)}",
                f"{len(several)} 个商品有多个供应商，使用最便宜、其次最快的：{listed(several)}",
            ),
            Text("leave only the supplier to use in the supply table", "在供应表中只保留要使用的供应商"),
        )
    ]


def _median_price(history: History) -> Doubles:
    """Over the periods on sale so far."""
    periods = history.shape[1]
    seen = np.where(history.on_sale > 0, history.price[:, :periods], np.nan).astype(np.float64)
    seen[np.isnan(seen).all(1), -1] = history.price[np.isnan(seen).all(1), periods - 1]
    return np.nanmedian(seen, axis=1)


def _unit_cost(
    facts: Mapping[str, pl.DataFrame], supply: pl.DataFrame, rows: pl.DataFrame, price: Doubles, config: Config
) -> tuple[Doubles, list[Assumption]]:
    items = facts.get("items")
    own = pl.Series([None] * rows.height, dtype=pl.Float64)
    if items is not None and items.height:
        known = items.select("item", cost=column(items, "unit_cost")).unique("item", keep="last")
        own = rows.join(known, on="item", how="left", maintain_order="left")["cost"]
    frame = pl.DataFrame(
        {
            "supply": supply["unit_cost"],
            "own": own,
            "config": pl.Series([config.costs.unit_cost] * rows.height, dtype=pl.Float64),
        }
    )
    positive = [pl.when(pl.col(name) > 0).then(name) for name in ("supply", "own", "config")]
    cost = frame.select(pl.coalesce(positive).alias("cost"))["cost"]
    guessed = cost.is_null().to_numpy()
    values = np.where(guessed, config.costs.cost_share * price, cost.fill_null(0.0).to_numpy())
    if not guessed.any():
        return values, []
    names = rows["item"].filter(pl.Series(guessed)).to_list()
    share = config.costs.cost_share
    return values, [
        Assumption(
            "unit_cost",
            f"{share:g}",
            Text(
                f"{len(names)} of {rows.height} items have no unit cost; {share:.0%} of their median price is used: "
                f"{listed(names)}",
                f"{rows.height} 个商品中有 {len(names)} 个没有成本，按售价中位数的 {share:.0%} 计算：{listed(names)}",
            ),
            Text(
                "add `unit_cost` to the items or supply table, or set `[costs] cost_share`",
                "在商品表或供应表中加入 `unit_cost`，或设置 `[costs] cost_share`",
            ),
        )
    ]


def _pack(own: pl.Series, history: History, config: Config) -> tuple[Doubles, list[Assumption]]:
    """Units per pack; an item that sells in fractions is bought in fractions unless somebody says otherwise."""
    pack = own.fill_null(float(config.supply.pack)).to_numpy().copy()
    if "pack" in config.supply.model_fields_set:
        return pack, []
    fractions = own.is_null().to_numpy() & (history.sold != np.rint(history.sold)).any(1)
    pack[fractions] = 0
    names = [history.items[i] for i in np.flatnonzero(fractions)]
    if not names:
        return pack, []
    return pack, [
        Assumption(
            "pack",
            "0",
            Text(
                f"{len(names)} items sell in fractions of a unit and may be ordered in fractions: {listed(names)}",
                f"{len(names)} 个商品按小数销售，允许按小数订货：{listed(names)}",
            ),
            Text(
                "add `pack` to the supply table, or set `[supply] pack`",
                "在供应表中加入 `pack`，或设置 `[supply] pack`",
            ),
        )
    ]


def _review(own: pl.Series, period_days: int, config: Config) -> Doubles:
    """Periods between two order days; days of the supply table are rounded up."""
    days = own.fill_null(float("nan")).to_numpy()
    periods = np.maximum(np.ceil(days / period_days), 1)
    return np.where(np.isnan(days), config.supply.review_period, periods)


def _waiting(unmet: Literal["lost", "backlog"] | float) -> float:
    share = {"lost": 0.0, "backlog": 1.0}.get(unmet, unmet) if isinstance(unmet, str) else unmet
    if not isinstance(share, str) and 0 <= share <= 1:
        return float(share)
    raise ConfigError(
        Text(f"`[supply] unmet` cannot be {unmet}", f"`[supply] unmet` 不能是 {unmet}"),
        hint=Text(
            "use `lost`, `backlog`, or the share of customers who wait, 0 to 1",
            "请使用 `lost`、`backlog`，或愿意等待的顾客比例（0 到 1）",
        ),
    )


class _Costs(NamedTuple):
    unit_cost: Doubles  # [item]
    holding: Doubles  # [item]
    salvage: Doubles  # [item]
    shortage: float
    order_cost: float
    transport: float
    backlog: float


def _costs(objective: str, cost: Doubles, period_days: int, config: Config) -> _Costs:
    costs = config.costs
    given = costs.holding_per_period
    if objective == "cost":
        holding = np.full(len(cost), HOLDING if given is None else given)
    else:
        holding = costs.holding_rate * cost * period_days / 365 if given is None else np.full(len(cost), given)
    shortage = costs.shortage if objective == "cost" else costs.goodwill
    return _Costs(cost, holding, SALVAGE * cost, shortage, costs.order_cost, costs.transport, costs.backlog)


def _shop(costs: _Costs, chance: Doubles, *, pack: Doubles, minimum: Doubles, review: Doubles, waiting: float) -> Shop:
    def one(value: Doubles | float) -> jax.Array:
        return jnp.asarray(np.broadcast_to(np.asarray(value, np.float32), (len(chance),))[:, None])

    shop = Shop(
        unit_cost=one(costs.unit_cost),
        order_cost=one(costs.order_cost),
        transport=one(costs.transport),
        pack=one(pack),
        minimum=one(minimum),
        review=one(review),
        lead_chance=jnp.asarray(chance[:, None, :], jnp.float32),
        holding=one(costs.holding),
        salvage=one(costs.salvage),
        shortage=one(costs.shortage),
        waiting=one(waiting),
        backlog_cost=one(costs.backlog),
    )
    # The record's own check, where it is switched on, asks for jax arrays; outside the simulator they are NumPy.
    return jax.tree.map(np.asarray, shop)
