"""Worlds by what customers ask for and by how goods come."""

import numpy as np
from numpy.typing import NDArray

from restock.intake.classes import pattern_of
from restock.simulator.worlds import DELIVERIES, Worlds

DEMANDS = ("smooth", "erratic", "intermittent", "lumpy")
WAYS = ("fixed", "crossing", "in_order", "lost", "told", "promised", "broken", "unknown")
Rows = NDArray[np.bool_]


def rows_of(worlds: Worlds, name: str) -> Rows:
    """The worlds of a class: of demand, by all of its periods; or of deliveries, where they may be of several. [row]"""
    return _by_demand(worlds, name) if name in DEMANDS else _by_delivery(worlds)[name]


def _by_demand(worlds: Worlds, name: str) -> Rows:
    demand = np.asarray(worlds.demand[:, :, 0], np.float64)
    return pattern_of(demand, np.ones(demand.shape, bool), demand) == name


def _by_delivery(worlds: Worlds) -> dict[str, Rows]:
    """How orders come, by their true law; where some never do, that alone. And what the shop knows of it."""
    lost, told = np.asarray(worlds.loss) > 0, np.asarray(worlds.told.lead_told) > 0
    kinds = {name: (np.asarray(worlds.delivery) == place) & ~lost for place, name in enumerate(DELIVERIES)}
    promised = (np.asarray(worlds.told.promise_told) > 0) & ~told
    law = np.asarray(worlds.shop.lead_chance[:, 0], np.float64)
    usual = np.rint(law @ np.arange(law.shape[1]) / law.sum(1))
    short = promised & (np.asarray(worlds.told.promised) < usual)
    return kinds | {
        "lost": lost,
        "told": told,
        "promised": promised & ~short,
        "broken": short,
        "unknown": ~told & ~promised,
    }
