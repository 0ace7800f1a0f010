"""When orders come: a law for each world, a lead time for each order, and the array that the simulator takes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.worlds.draws import Floats, Rng, among, chosen, evenly, in_logs, unfilled
from restock.simulator.worlds.prior import DeliveryPrior
from restock.simulator.worlds.records import DELIVERIES, LONGEST

CHUNK = 1024  # rows whose arrays stay in the cache
NEVER = LONGEST + 1  # lead time of an order that is lost
LEADS = np.arange(LONGEST + 1, dtype=np.int32)
Leads = NDArray[np.int32]


class Deliveries(NamedTuple):
    """How goods come in each world."""

    leads: Leads  # lead time of the order of each period from -LONGEST on, NEVER if lost [row, LONGEST + period]
    law: Floats  # P(an order comes after 0, 1, ... periods), 1 less the loss in total [row, lead]
    kind: NDArray[np.int32]  # [row]
    loss: Floats  # [row]
    told: NDArray[np.bool_]  # whether the shop knows the law [row]
    promise_told: NDArray[np.bool_]  # [row]
    promised: Floats  # periods [row]


def draw_deliveries(rng: Rng, prior: DeliveryPrior, count: int, periods: int) -> Deliveries:
    """Draw the law of each world, then the lead time of each order from it."""
    kind = among(rng, [getattr(prior.kinds, name) for name in DELIVERIES], count)
    middle = rng.integers(prior.lead[0], prior.lead[1] + 1, count, np.int32)
    law = np.asarray(middle[:, None] == LEADS, np.float32)
    random = np.flatnonzero(kind != DELIVERIES.index("fixed"))
    law[random] = random_law(rng, prior, middle[random])
    leads = np.repeat(middle[:, None], 2 * LONGEST + periods, 1)  # LONGEST more, as waiting in line needs a past
    leads[random] = drawn_from(rng, law[random], leads.shape[1])
    line = np.flatnonzero(kind == DELIVERIES.index("in_order"))
    leads[line], law[line] = in_order(leads[line]), law_in_order(law[line])
    leads = leads[:, LONGEST:]

    loss = np.where(chosen(rng, prior.lossy, count), in_logs(rng, prior.loss, count), np.float32(0))
    lossy = np.flatnonzero(loss)
    lost = rng.random((len(lossy), leads.shape[1]), np.float32) < loss[lossy, None]
    leads[lossy] = np.where(lost, NEVER, leads[lossy])
    short = np.floor(evenly(rng, prior.too_short, count)) * chosen(rng, prior.broken, count)
    promised = np.maximum(np.rint(law @ LEADS.astype(np.float32)) - short, 0).astype(np.float32)
    told, named = chosen(rng, prior.lead_told, count), chosen(rng, prior.promise_told, count)
    return Deliveries(leads, law * (1 - loss[:, None]), kind, loss, told, named, promised * named)


def random_law(rng: Rng, prior: DeliveryPrior, middle: Leads) -> Floats:
    """A bell over lead times, made uneven by a factor for each of them. [row, lead]"""
    spread = in_logs(rng, prior.lead_spread, (len(middle), 1))
    weight = np.exp(-(((LEADS - middle[:, None]) / spread) ** 2) / 2).astype(np.float32)
    weight *= rng.standard_exponential(weight.shape, np.float32) + np.float32(1e-3)
    return weight / weight.sum(1, keepdims=True)


def drawn_from(rng: Rng, law: Floats, orders: int) -> Leads:
    """An independent lead time for each order. [row, order]"""
    bounds = np.cumsum(law, 1)
    uniform = rng.random((len(law), orders), np.float32)
    leads = np.zeros(uniform.shape, np.int32)
    for lead in range(LONGEST):
        leads += uniform >= bounds[:, lead, None]
    return leads


def in_order(leads: Leads) -> Leads:
    """No order comes before one that left earlier: it waits for it."""
    place = np.arange(leads.shape[1], dtype=np.int32)
    return np.maximum.accumulate(leads + place, 1) - place


def law_in_order(law: Floats) -> Floats:
    """The law of `in_order`: an order has come after n periods if it and all earlier ones would have. [row, lead]"""
    come = np.minimum(np.cumsum(law, 1), 1)
    come[:, -1] = 1
    together = np.flip(np.cumprod(np.flip(come, 1), 1), 1)
    return np.diff(together, axis=1, prepend=np.float32(0))


def arrivals(leads: Leads) -> Floats:
    """What `Chance.arrives` holds, for one lane. Every order comes once, or not at all in the window.

    Args:
        leads: of the order of each period from -LONGEST on. [row, LONGEST + period]

    Returns:
        [row, period, lane, lead]
    """
    count, periods = leads.shape[0], leads.shape[1] - LONGEST
    arrives = unfilled((count, periods, 1, LONGEST + 1), np.dtype(np.float32))
    left = np.arange(-LONGEST, periods, dtype=np.int32)
    for first in range(0, count, CHUNK):
        lead, piece = leads[first : first + CHUNK], arrives[first : first + CHUNK].reshape(-1)
        piece.fill(0)
        day = lead + left
        comes = (lead <= LONGEST) & (day >= 0) & (day < periods)
        row = np.arange(len(lead), dtype=np.int32)[:, None] * periods
        piece[((row + day) * len(LEADS) + lead)[comes]] = 1
    return arrives


def pending(leads: Leads) -> NDArray[np.bool_]:
    """Orders that left 1, 2, ... LONGEST periods before the window and have not come, or never will. [row, age]"""
    past = leads[:, :LONGEST][:, ::-1]
    return past >= np.arange(1, LONGEST + 1)
