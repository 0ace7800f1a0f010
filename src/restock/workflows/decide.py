"""Today's decision for every item: the trained policy meets the true stock."""

from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.backtest.catalogue import Catalogue, jnp_shop
from restock.backtest.recollection import Recollection, recollect
from restock.backtest.windows import FIRST
from restock.intake.classes import OBSERVED
from restock.intake.starting import StartingStock
from restock.policies.informed import Informed
from restock.policies.rules import Past, rule
from restock.simulator.dynamics import allowed, receive
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Chance, Known, Shop, Stock, View
from restock.simulator.worlds.distance import FAR, Distance
from restock.workflows.first_demand import FirstDemand, first_demand
from restock.workflows.situation import Situation
from restock.workflows.training import GENERALIST, LEARNED, PRETRAINED, Trained
from restock.workflows.trust import distances, left_to_a_rule
from restock.workflows.untrained import NORMAL

SIMULATED_PERIODS = 26  # of history that are replayed where nobody has counted the stock
ROWS_AT_ONCE = 20_000  # bounds memory
Numbers = dict[str, NDArray[np.float32]]  # of each rule [row, number]


@dataclass(frozen=True)
class Decided:
    """One moment, all rows. Units."""

    on_hand: NDArray[np.float32]  # deliveries due now are in it [row]
    on_order: NDArray[np.float32]  # by periods since the order [row, lead]
    wanted: NDArray[np.float32]  # what the policy asks for [row]
    order: NDArray[np.float32]  # what the supplier takes: packs, minimum, review day [row]
    may_order: NDArray[np.float32]  # 1 on a review day [row]
    policy: NDArray[np.str_]  # [row]
    group: NDArray[np.str_]  # [row]
    lead_demand: NDArray[np.float32]  # forecast over lead time + review period, as the row's policy sees it [row]
    lead_spread: NDArray[np.float32]  # [row]
    scale: NDArray[np.float32]  # demand per period [row]
    price: NDArray[np.float32]  # [row]
    errors: NDArray[np.float32]  # past errors of the forecast in spreads, at `rules.QUANTILES` [row, quantile]
    counted: NDArray[np.bool_]  # False where the stock is simulated [row]
    periods_seen: NDArray[np.int64]  # of each item [row]
    distance: Distance  # of each item from what the pretrained policy has learned on [row]
    far: NDArray[np.bool_]  # True where a rule decides for that reason [row]
    unseen: NDArray[np.bool_]  # True where one decides as no period of the item could be seen yet [row]
    first: FirstDemand  # what it goes by where the item has not sold either
    view: View  # [row]
    deciders: "Deciders"


@dataclass(frozen=True)
class Deciders:
    """All that may decide, for the rows of today."""

    trained: Trained
    catalogue: Catalogue
    past: Past  # [row]
    numbers: Numbers
    recollection: Recollection

    def policy(self, name: str, rows: NDArray[np.intp]) -> Policy:
        """A policy; a rule has a leading row axis."""
        if name == LEARNED:
            return self.trained.ensemble()
        if name in PRETRAINED:
            return Informed(self.trained.team(name))
        mine = Past(self.past.unit[rows], self.past.errors[rows])
        return eqx.filter_vmap(rule(name).make)(jnp.asarray(self.numbers[name][rows]), mine)

    def axis(self, name: str) -> int | None:
        """0 where each row has a policy of its own."""
        return None if name in (LEARNED, *PRETRAINED) else 0

    def known(self, name: str, first: int, last: int, rows: NDArray[np.intp]) -> Known:
        """What this policy knows of rows in periods first <= t < last."""
        if name in PRETRAINED:
            return self.recollection.informed(self.trained.team(name), first, last, rows)
        return self.catalogue.take(rows).known(first, last, self.trained.scaling)

    def view(self, name: str, view: View, rows: NDArray[np.intp]) -> View:
        """What this policy decides from now. view: of the other policies"""
        mine = pick_rows(view, rows)
        if name not in PRETRAINED:
            return mine
        now = self.catalogue.history.shape[1]
        known = jax.tree.map(lambda x: np.asarray(x)[:, 0], self.known(name, now, now + 1, rows))
        return eqx.tree_at(lambda v: v.known, mine, known)


def decide(situation: Situation, trained: Trained, only: str | None = None) -> Decided:
    """What each row's policy orders in the period after the history.

    Items with too little of a past are the pretrained policy's, whatever was chosen; those that lie far outside of what
    it has learned on are a rule's, and so are those of which nothing has been seen: it would wait for a first sale.

    Args:
        only: a policy for all rows instead of these choices.
    """
    start, now, seen = situation.stock(), situation.history.shape[1], _periods_seen(situation)
    unsold = ~situation.history.begun
    uncounted = ~start.known & ~unsold
    first = max(now - SIMULATED_PERIODS, min(FIRST[1], now)) if uncounted.any() else now
    catalogue = trained.look_at(situation.catalogue(first))
    recollection = recollect(catalogue, situation.terms.lead_kind)
    apart, expected = distances(catalogue, recollection), first_demand(situation, recollection, np.flatnonzero(unsold))
    groups, past, numbers = _of_rows(situation, trained, catalogue)
    deciders = Deciders(trained, catalogue, expected.past(past), numbers, recollection)
    policy = np.array([trained.choice.get(str(g), trained.choice[""]) for g in groups], dtype=object).astype(str)
    policy = np.where(seen < OBSERVED, GENERALIST, policy)
    pretrained = (policy == GENERALIST) & (only is None)
    far = pretrained & (apart.most() > FAR)
    by_rule = pretrained & left_to_a_rule(apart, seen)
    policy = np.where(by_rule, trained.best_rule, policy if only is None else only)
    stock = _stock(deciders, start, policy, np.flatnonzero(uncounted))
    shop, known = jnp_shop(catalogue.shop), catalogue.known(now, now + 1, trained.scaling)
    known = expected.known(jax.tree.map(lambda x: np.asarray(x)[:, 0], known))
    view = jax.tree.map(np.asarray, View(shop, stock, known))
    wanted, forecast = _ask_all(deciders, policy, view)
    order = np.asarray(taken_of(shop, jnp.asarray(view.known.may_order), jnp.asarray(wanted)[:, None]))[:, 0]
    return Decided(
        on_hand=np.asarray(stock.on_hand)[:, 0, 0],
        on_order=np.asarray(stock.on_order)[:, 0],
        wanted=wanted,
        order=order.astype(np.float32),
        may_order=np.asarray(view.known.may_order)[:, 0],
        policy=policy,
        group=groups,
        lead_demand=forecast[0],
        lead_spread=forecast[1],
        scale=forecast[2],
        price=np.asarray(view.known.price)[:, 0],
        errors=np.where(np.isin(policy, PRETRAINED)[:, None], NORMAL, _errors(deciders.past, view.known)),
        counted=start.known,
        periods_seen=seen,
        distance=apart,
        far=far,
        unseen=by_rule & ~far,
        first=expected,
        view=view,
        deciders=deciders,
    )


def row_policy(decided: Decided, row: int, name: str) -> Policy:
    """One policy for one row."""
    policy = decided.deciders.policy(name, np.array([row]))
    if decided.deciders.axis(name) is None:
        return policy
    return jax.tree.map(lambda x: x[0], policy)


def row_view(decided: Decided, row: int, name: str) -> View:
    """What a policy decides from for one row."""
    return jax.tree.map(lambda x: jnp.asarray(x[0]), decided.deciders.view(name, decided.view, np.array([row])))


def _periods_seen(situation: Situation) -> NDArray[np.int64]:
    """Periods on sale with a record. [row]"""
    return ((situation.history.on_sale > 0) & (situation.history.known > 0)).sum(axis=1)


def _of_rows(situation: Situation, trained: Trained, catalogue: Catalogue) -> tuple[NDArray[np.str_], Past, Numbers]:
    """Class, past and numbers of every row: as trained, or for a row that came later, the shop's."""
    place = {key: i for i, key in enumerate(trained.keys)}
    found = np.array([place.get(key, -1) for key in situation.row_names()])
    new = found < 0
    groups = np.where(new, situation.classes().pattern, trained.groups[found])
    history = catalogue.history
    sold, time = (history.demand * history.on_sale).sum(axis=1), np.maximum(history.on_sale.sum(axis=1), 1.0)
    first = next(iter(trained.rules.values()))
    unit = np.where(new, sold / time, np.asarray(first.past.unit)[found]).astype(np.float32)
    usual = np.median(np.asarray(first.past.errors), axis=0)
    errors = np.where(new[:, None], usual, np.asarray(first.past.errors)[found]).astype(np.float32)
    numbers = {name: np.where(new[:, None], t.shared, t.numbers[found]) for name, t in trained.rules.items()}
    return groups, Past(jnp.asarray(unit), jnp.asarray(errors)), numbers


def _errors(past: Past, known: Known) -> NDArray[np.float32]:
    """Errors of the forecast in spreads: as a forecaster tells them, else those of the past. [row, quantile]"""
    if known.lead_quantiles is None:
        return np.asarray(past.errors)
    mean, spread = np.asarray(known.lead_demand)[:, None], np.asarray(known.lead_spread)[:, None]
    return ((np.asarray(known.lead_quantiles) - mean) / np.maximum(spread, 1e-9)).astype(np.float32)


def _ask_all(
    deciders: Deciders, policy: NDArray[np.str_], view: View
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What each row's policy orders [row]; forecast, spread and scale as that policy sees them [number, row]."""
    wanted, expected = np.zeros(len(policy), np.float32), np.zeros((3, len(policy)), np.float32)
    for name in np.unique(policy).tolist():
        rows = np.flatnonzero(policy == name)
        for some in np.split(rows, range(ROWS_AT_ONCE, len(rows), ROWS_AT_ONCE)):
            mine = deciders.view(name, view, some)
            wanted[some] = np.asarray(orders_of(deciders.policy(name, some), mine, deciders.axis(name)))
            expected[:, some] = np.stack([mine.known.lead_demand, mine.known.lead_spread, mine.known.scale])
    return wanted, expected


def pick_rows(records: Any, rows: NDArray[np.intp]) -> Any:
    """Some rows of a record of arrays."""
    return jax.tree.map(lambda x: np.asarray(x)[rows], records)


@eqx.filter_jit
def taken_of(shop: Shop, may_order: Array, wanted: Array) -> Array:
    """What the supplier takes. [row, lane]"""
    return jax.vmap(allowed)(shop, may_order, wanted)


@eqx.filter_jit
def orders_of(policy: Policy, view: View, axis: int | None) -> Array:
    """What a policy wants to order. [row]"""

    def one(policy: Policy, view: View) -> Array:
        return policy(view, None).order[0]

    return eqx.filter_vmap(one, in_axes=(axis, 0))(policy, view)


def _stock(deciders: Deciders, start: StartingStock, policy: NDArray[np.str_], uncounted: NDArray[np.intp]) -> Stock:
    """The counted stock; where nobody has counted, what the row's policy would hold after running the last periods."""
    on_hand, on_order = start.on_hand.copy(), start.on_order.copy()
    catalogue = deciders.catalogue
    first, last = int(catalogue.at[0]), catalogue.history.shape[1]
    for name in np.unique(policy[uncounted]).tolist():
        rows = uncounted[policy[uncounted] == name]
        some = catalogue.take(rows)
        after = some.usual_stock(first)
        if first < last:
            stretch = some.stretch(first, last, deciders.trained.scaling)
            if name in PRETRAINED:
                stretch = eqx.tree_at(lambda s: s.known, stretch, deciders.known(name, first, last, rows))
            after = _run_out(deciders.policy(name, rows), stretch, deciders.axis(name))
        on_hand[rows], on_order[rows] = np.asarray(after.on_hand)[:, 0, 0], np.asarray(after.on_order)[:, 0]
    stock = Stock(jnp.asarray(on_hand)[:, None, None], jnp.asarray(on_order)[:, None, :], jnp.zeros((len(policy), 1)))
    return _deliveries(stock, jnp_shop(catalogue.shop))


@eqx.filter_jit
def _run_out(policy: Policy, stretch: Stretch, axis: int | None) -> Stock:
    return run(policy, stretch, axis)[0]


def _deliveries(stock: Stock, shop: Shop) -> Stock:
    """Put on the shelf what is due now, as a `View` promises: an order that is still open is in no count.

    Only where lead times never vary is it known what comes today.
    """
    return _receive(stock, (shop.lead_chance >= 1.0).astype(jnp.float32))


@eqx.filter_jit
def _receive(stock: Stock, arrives: Array) -> Stock:
    nothing = jnp.zeros((arrives.shape[0], 1))
    return jax.vmap(lambda stock, arrives, demand: receive(stock, Chance(demand, arrives))[0])(stock, arrives, nothing)
