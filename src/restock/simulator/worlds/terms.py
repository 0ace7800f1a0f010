"""Costs, rules and starting stock of many worlds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.worlds.draws import Floats, Rng, chosen, evenly, in_logs
from restock.simulator.worlds.prior import TermsPrior
from restock.simulator.worlds.records import LONGEST


class Terms(NamedTuple):
    """One lane, one site, one channel: the fields of `Shop` without lead times, and the usual price. Each [row]."""

    price: Floats  # money per unit
    unit_cost: Floats
    order_cost: Floats
    pack: Floats
    minimum: Floats
    review: Floats
    holding: Floats
    shortage: Floats
    waiting: Floats
    backlog_cost: Floats


class Start(NamedTuple):
    """What a world starts with."""

    on_hand: Floats  # units [row]
    on_order: Floats  # units ordered 1, 2, ... LONGEST periods ago and not yet arrived [row, age]
    backlog: Floats  # units [row]


def draw_terms(rng: Rng, prior: TermsPrior, demand: Floats, period_days: NDArray[np.int32]) -> Terms:
    """Money is free of scale; pack, minimum and fixed cost are drawn in periods of demand.

    Args:
        demand: mean of the item, units per period. [row]
    """
    count = len(demand)
    unit_cost = in_logs(rng, prior.unit_cost, count)
    margin = unit_cost * in_logs(rng, prior.markup, count)
    holding = margin / in_logs(rng, prior.margin_to_holding, count)
    goodwill = margin * in_logs(rng, prior.goodwill_to_margin, count) * chosen(rng, prior.goodwill, count)
    kind = rng.random(count, np.float32)
    waiting = np.where(kind < prior.backlog, 1, np.where(kind < prior.backlog + prior.partial, rng.random(count), 0))
    backlog_cost = holding * in_logs(rng, prior.backlog_to_holding, count) * (waiting > 0)
    cover = in_logs(rng, prior.fixed_cost_cover, count)
    order_cost = holding * demand * cover**2 / 2 * chosen(rng, prior.fixed_cost, count)  # Harris (1913)
    pack = np.maximum(np.rint(demand * in_logs(rng, prior.pack_cover, count)), 1)
    pack = np.where(chosen(rng, prior.packed, count), pack, 1)
    minimum = np.ceil(demand * in_logs(rng, prior.minimum_cover, count) / pack) * pack
    minimum *= chosen(rng, prior.minimum, count)
    review = rng.integers(prior.review[0], prior.review[1] + 1, count)
    weekly = (period_days == 1) & chosen(rng, 0.5, count) & (prior.review[0] <= 7 <= prior.review[1])
    review = np.where(chosen(rng, prior.reviewed, count), np.where(weekly, 7, review), 1)
    fields = (
        unit_cost + margin,
        unit_cost,
        order_cost,
        pack,
        minimum,
        review,
        holding,
        goodwill,
        waiting,
        backlog_cost,
    )
    return Terms(*(field.astype(np.float32) for field in fields))


def review_days(rng: Rng, review: Floats, periods: int) -> NDArray[np.bool_]:
    """Whether an order may leave, from LONGEST periods before the window on. [row, LONGEST + period]"""
    every = review.astype(np.int16)[:, None]
    first = np.floor(rng.random(every.shape) * every).astype(np.int16)
    return (np.arange(LONGEST + periods, dtype=np.int16) + first) % every == 0


def draw_start(rng: Rng, prior: TermsPrior, demand: Floats, terms: Terms, left: NDArray[np.bool_]) -> Start:
    """From none to far too much.

    Args:
        demand: usual mean at the start, units per period. [row]
        left: where an order may have left 1, 2, ... periods ago and has not come. [row, age]
    """
    count = len(demand)
    on_hand = np.rint(demand * in_logs(rng, prior.cover, count)) * ~chosen(rng, prior.empty, count)
    size = demand * terms.review * in_logs(rng, prior.coming_cover, count) * chosen(rng, prior.coming, count)
    size = size[:, None] * evenly(rng, (0, 2), left.shape)
    packs = np.floor(size / terms.pack[:, None] + rng.random(left.shape, np.float32)) * terms.pack[:, None]
    on_order = np.where(left & (packs >= terms.minimum[:, None]), packs, 0)
    wait = chosen(rng, prior.waiting, count) & (terms.waiting > 0) & (on_hand == 0)
    backlog = np.rint(demand * evenly(rng, (0, 5), count)) * wait
    return Start(*(units.astype(np.float32) for units in (on_hand, on_order, backlog)))
