"""Draw many worlds at once."""

from typing import NamedTuple

import jax
import numpy as np
from numpy.typing import NDArray

from restock.errors import UsageError
from restock.language import Text
from restock.simulator.types import Shop, Stock
from restock.simulator.worlds.deliveries import Deliveries, arrivals, draw_deliveries, pending
from restock.simulator.worlds.demand import Demand, draw_demand
from restock.simulator.worlds.draws import Floats, Rng, chosen, in_logs, joined, normal
from restock.simulator.worlds.prior import PRIOR, Prior, ToldPrior
from restock.simulator.worlds.records import LONGEST, Told, Worlds
from restock.simulator.worlds.terms import Start, Terms, draw_start, draw_terms, review_days

CHUNK = 1024  # rows drawn together: their arrays stay in the cache
LEAST = np.float32(1e-3)  # units per period; terms of an item that nobody wants are drawn as if this was asked for


def draw_worlds(generator: Rng, count: int, periods: int, prior: Prior = PRIOR) -> Worlds:
    """Independent items of different shops. The same generator, count, periods and prior give the same worlds.

    Args:
        generator: where all chance comes from.
        count: rows.
        periods: length of each.
        prior: how wide.

    Raises:
        UsageError: fewer than one world or four periods.
    """
    require("count", count, 1)
    require("periods", periods, 4)
    sizes = [min(CHUNK, count - first) for first in range(0, count, CHUNK)]
    pieces = [_draw(generator, size, periods, prior) for size in sizes]
    return assemble(jax.tree.map(joined, *pieces))


class Drawn(NamedTuple):
    """All that is random in a draw of worlds, in NumPy."""

    demand: Demand
    deliveries: Deliveries
    terms: Terms
    price: Floats  # money per unit [row, period]
    may_order: NDArray[np.bool_]  # [row, period]
    start: Start
    told: dict[str, Floats]  # fields of `Told`


def _draw(rng: Rng, count: int, periods: int, prior: Prior) -> Drawn:
    demand = draw_demand(rng, prior.demand, count, periods)
    deliveries = draw_deliveries(rng, prior.deliveries, count, periods)
    return draw_shop(rng, prior, demand, deliveries)


def draw_shop(rng: Rng, prior: Prior, demand: Demand, deliveries: Deliveries) -> Drawn:
    """Terms, stock to start from, and what the shop knows, for items and deliveries that are there."""
    usual = np.maximum(demand.mean.mean(1), LEAST)
    terms = draw_terms(rng, prior.terms, usual, demand.calendar.period_days)
    may_order = review_days(rng, terms.review, demand.mean.shape[1])
    left = pending(deliveries.leads) & may_order[:, LONGEST - 1 :: -1]
    start = draw_start(rng, prior.terms, demand.mean[:, :4].mean(1), terms, left)
    price, told = terms.price[:, None] * demand.price, _draw_told(rng, prior.told, demand, deliveries, terms)
    return Drawn(demand, deliveries, terms, price, may_order[:, LONGEST:], start, told)


def assemble(drawn: Drawn) -> Worlds:
    """As the simulator takes it."""
    demand, deliveries, terms, start = drawn.demand, drawn.deliveries, drawn.terms, drawn.start
    nothing = np.zeros_like(terms.price)
    per_row = {
        "unit_cost": terms.unit_cost,
        "order_cost": terms.order_cost,
        "transport": nothing,
        "pack": terms.pack,
        "minimum": terms.minimum,
        "review": terms.review,
        "holding": terms.holding,
        "salvage": nothing,
        "shortage": terms.shortage,
        "waiting": terms.waiting,
        "backlog_cost": terms.backlog_cost,
    }
    return Worlds(
        shop=Shop(
            **{name: jax.device_put(value[:, None]) for name, value in per_row.items()},
            lead_chance=jax.device_put(deliveries.law[:, None, :]),
        ),
        stock=Stock(
            on_hand=jax.device_put(start.on_hand[:, None, None]),
            on_order=jax.device_put(start.on_order[:, None, :]),
            backlog=jax.device_put(start.backlog[:, None]),
        ),
        demand=jax.device_put(demand.units[:, :, None]),
        arrives=jax.device_put(arrivals(deliveries.leads)),
        price=jax.device_put(drawn.price[:, :, None]),
        may_order=jax.device_put(drawn.may_order[:, :, None]),
        told=Told(**{name: jax.device_put(value) for name, value in drawn.told.items()}),
        mean=jax.device_put(demand.mean),
        parts=jax.device_put(demand.parts),
        noise=jax.device_put(demand.noise),
        delivery=jax.device_put(deliveries.kind),
        loss=jax.device_put(deliveries.loss),
    )


def _draw_told(rng: Rng, prior: ToldPrior, demand: Demand, deliveries: Deliveries, terms: Terms) -> dict[str, Floats]:
    calendar, count = demand.calendar, len(demand.level)
    season = np.where(calendar.period_days == 1, 7, 52) * chosen(rng, prior.season, count)
    phase = np.where(calendar.period_days == 1, calendar.weekday, np.floor(calendar.year_part * 52)) * (season > 0)
    plan, events = chosen(rng, prior.plan, count), chosen(rng, prior.event, count)
    category, error = chosen(rng, prior.category, count), in_logs(rng, prior.category_error, count)
    guess = demand.level * np.exp(error * normal(rng, count))
    spread = np.maximum(demand.dispersion, 0) * np.exp(error * normal(rng, count))
    seen = chosen(rng, prior.demand_seen, count) | (terms.waiting == 1)
    fields = {
        "period_days": calendar.period_days,
        "season_length": season,
        "phase": phase,
        "lead_told": deliveries.told,
        "promise_told": deliveries.promise_told,
        "promised": deliveries.promised,
        "plan_told": plan,
        "price": np.where(plan[:, None], demand.price, np.float32(1)),
        "promotion": demand.promotion & plan[:, None],
        "event": demand.event & events[:, None],
        "category_told": category,
        "category_level": guess * category,
        "category_dispersion": spread * category,
        "demand_seen": seen,
    }
    return {name: np.asarray(value, np.float32) for name, value in fields.items()}


def require(name: str, value: int, least: int) -> None:
    """Raise UsageError for a draw that is too small."""
    if value < least:
        raise UsageError(
            Text(
                f"`{name}` of a draw of worlds must be {least} or more, got {value}",
                f"生成商品世界时 `{name}` 必须不小于 {least}，实际为 {value}",
            ),
            hint=Text("a few hundred worlds of 100 periods take milliseconds", "几百个世界、每个 100 个周期只需几毫秒"),
        )
