"""How far an item and its terms lie outside of the prior: what was never drawn was never learned."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.simulator.types import Shop
from restock.simulator.worlds.prior import PRIOR, Prior
from restock.simulator.worlds.records import LONGEST

Doubles = NDArray[np.float64]
FAR = 3.0  # times beyond the end of a range: further out, a policy trained on the prior is not to be trusted
LEAST = 1e-9


class Distance(NamedTuple):
    """How many times each measure lies beyond its range; 1 or less is inside. [row]"""

    level: Doubles  # demand per period
    variability: Doubles  # (variance - mean) / mean²
    worth: Doubles  # of a unit sold / holding cost of a unit and period
    lead_time: Doubles
    review: Doubles
    pack: Doubles  # periods of demand
    minimum: Doubles  # periods of demand
    order_cost: Doubles  # periods of demand in the economic order quantity
    backlog_cost: Doubles  # / holding cost

    def most(self) -> Doubles:
        """Of the measure that lies furthest out. [row]"""
        return np.max(np.stack(self), axis=0)

    def furthest(self) -> NDArray[np.intp]:
        """The place of that measure. [row]"""
        return np.argmax(np.stack(self), axis=0)


class Item(NamedTuple):
    """What was seen of items. [row]"""

    level: Doubles  # units per period
    dispersion: Doubles  # (variance - mean) / mean²; 0 where it is not known
    price: Doubles


def distance(shop: Shop, item: Item, prior: Prior = PRIOR) -> Distance:
    """Measures against the ranges of the prior, in ratios to the end that is nearer.

    Args:
        shop: terms. [row], one lane, site and channel
        item: what it sells.
        prior: the ranges.
    """
    terms, demand = prior.terms, prior.demand
    level = np.maximum(np.asarray(item.level, np.float64), LEAST)

    def of(values: object) -> Doubles:
        return np.asarray(values, np.float64)[:, 0]

    chances = of(shop.lead_chance)
    lead = chances @ np.arange(chances.shape[1]) / np.maximum(chances.sum(axis=1), LEAST)
    holding = np.maximum(of(shop.holding), LEAST)
    margin = np.maximum(item.price - of(shop.unit_cost) - of(shop.transport), 0.0)
    worth = np.maximum((margin + of(shop.shortage) + of(shop.backlog_cost)) / holding, LEAST)
    least, most = terms.margin_to_holding
    pack, minimum = of(shop.pack), of(shop.minimum)
    whole = np.where(pack > 1, pack, 0.0)
    raised = np.where(minimum > np.maximum(pack, 1.0), minimum, 0.0)
    orders = np.sqrt(2 * of(shop.order_cost) / (holding * level))
    sizes = demand.interval[1] * (1 + demand.size_dispersion[1])  # of demand that comes rarely and in lumps
    return Distance(
        level=np.maximum(demand.level[0] / level, level / demand.level[1]),
        variability=np.asarray(item.dispersion) / max(sizes, demand.dispersion[1]),
        worth=np.maximum(least / worth, worth / (most * (1 + terms.goodwill_to_margin[1]))),
        lead_time=lead / LONGEST,
        review=of(shop.review) / terms.review[1],
        pack=whole / (level * terms.pack_cover[1]),
        minimum=raised / (level * terms.minimum_cover[1]),
        order_cost=orders / terms.fixed_cost_cover[1],
        backlog_cost=of(shop.backlog_cost) / holding / terms.backlog_to_holding[1],
    )
