"""One shop: items of its own to learn and to tune on, and others of its items to be scored on.

A grocer's fresh goods: sold by day with a rhythm of the week, delivered after two days, kept at a tenth of the margin
per day. What is learned here is learned from the shop alone, with the same network and memory as the pretrained policy.
"""

from functools import cache

import numpy as np

from restock.algorithms.generalist import GeneralistConfig, train_generalist
from restock.algorithms.lives import Lives, live_worlds
from restock.policies.adaptive import AdaptiveReorder
from restock.policies.generalist import Team
from restock.policies.pretrained import team_of
from restock.simulator.worlds import Prior, Worlds, draw_worlds
from restock.simulator.worlds.prior import (
    DeliveryPrior,
    DeliveryShares,
    DemandPrior,
    NoiseShares,
    PartShares,
    TermsPrior,
    ToldPrior,
)
from restock.workflows.benches.world_scores import HISTORY, PERIODS, reorder_tuned_on

OWN, SCORED = 300, 2000  # items
SEED = 31_337
SHOP = Prior(
    demand=DemandPrior(
        parts=PartShares(
            jump=0.1, trend=0.1, walk=0.3, memory=0.2, life=0.05, spike=0.05, gap=0.02, spread=0.0,
            week=1.0, year=0.2, cycle=0.0, event=0.3, promotion=0.4,
        ),
        noises=NoiseShares(steady=0.0, poisson=0.3, mixed=0.6, lumpy=0.1),
        level=(0.5, 50.0),
        dispersion=(0.02, 0.5),
        interval=(1.2, 3.0),
        days=1.0,
    ),
    deliveries=DeliveryPrior(
        kinds=DeliveryShares(fixed=1.0, crossing=0.0, in_order=0.0), lead=(2, 2), lossy=0.0, lead_told=1.0
    ),
    terms=TermsPrior(
        margin_to_holding=(10.0, 10.0), goodwill=0.0, backlog=0.0, partial=0.0, fixed_cost=0.0, packed=0.0, minimum=0.0,
        reviewed=0.0, empty=1.0, coming=0.0,
    ),
    told=ToldPrior(season=1.0, plan=1.0, event=1.0, category=1.0, category_error=(0.5, 0.5), demand_seen=0.0),
)  # fmt: skip
CONFIG = GeneralistConfig(updates=500, history=HISTORY, periods=PERIODS)


def own_items() -> Worlds:
    """What the shop has to learn on and to tune on."""
    return draw_worlds(np.random.default_rng([SEED, OWN]), OWN, HISTORY + PERIODS, SHOP)


def scored_items(seen: int) -> Lives:
    """Other items of the shop, of which so many periods have been seen."""
    generator = np.random.default_rng([SEED, SCORED])
    return live_worlds(draw_worlds(generator, SCORED, HISTORY + PERIODS, SHOP), generator, HISTORY, seen)


@cache
def tuned_on_shop() -> AdaptiveReorder:
    """The rule with a memory, its numbers searched on the shop's own items."""
    return reorder_tuned_on(live_worlds(own_items(), np.random.default_rng([SEED, 2]), HISTORY))


@cache
def trained_on_shop(seed: int) -> Team:
    """The network of the pretrained policy, trained from nothing on the shop's own items."""
    return team_of([train_generalist(CONFIG, seed, (own_items(),))])
