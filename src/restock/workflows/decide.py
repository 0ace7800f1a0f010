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
from restock.intake.starting import StartingStock
from restock.policies.rules import Past, rule
from restock.simulator.dynamics import allowed, receive
from restock.simulator.rollout import Policy, Stretch, run
from restock.simulator.types import Chance, Shop, Stock, View
from restock.workflows.situation import Situation
from restock.workflows.training import LEARNED, Trained

SIMULATED_PERIODS = 26  # of history that are replayed where nobody has counted the stock
ROWS_AT_ONCE = 20_000  # bounds memory


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
    lead_demand: NDArray[np.float32]  # forecast over lead time + review period [row]
    lead_spread: NDArray[np.float32]  # [row]
    scale: NDArray[np.float32]  # demand per period [row]
    price: NDArray[np.float32]  # [row]
    errors: NDArray[np.float32]  # past errors of the forecast in spreads, at `rules.QUANTILES` [row, quantile]
    counted: NDArray[np.bool_]  # False where the stock is simulated [row]
    view: View  # [row]
    past: Past  # [row]
    numbers: "Numbers"  # of each rule [row, number]


def decide(situation: Situation, trained: Trained, only: str | None = None) -> Decided:
    """What each row's policy orders in the period after the history.

    Args:
        only: a policy for all rows instead of the choice made in training.
    """
    start, now = situation.stock(), situation.history.shape[1]
    first = now if start.known.all() else max(now - SIMULATED_PERIODS, 14)
    catalogue = trained.look_at(situation.catalogue(first))
    groups, past, numbers = _of_rows(situation, trained, catalogue)
    policy = np.array([only or trained.choice.get(str(g), trained.choice[""]) for g in groups])
    stock = _stock(catalogue, trained, start, (policy, past, numbers))
    shop, known = jnp_shop(catalogue.shop), catalogue.known(now, now + 1, trained.scaling)
    view = jax.tree.map(np.asarray, View(shop, stock, jax.tree.map(lambda x: np.asarray(x)[:, 0], known)))
    wanted = np.zeros(catalogue.rows, np.float32)
    for name in np.unique(policy):
        rows = np.flatnonzero(policy == name)
        wanted[rows] = _ask(_policy(trained, str(name), numbers, past, rows), view, rows, own=name != LEARNED)
    order = np.asarray(_take(shop, jnp.asarray(view.known.may_order), jnp.asarray(wanted)[:, None]))[:, 0]
    return Decided(
        on_hand=np.asarray(stock.on_hand)[:, 0, 0],
        on_order=np.asarray(stock.on_order)[:, 0],
        wanted=wanted,
        order=order.astype(np.float32),
        may_order=np.asarray(view.known.may_order)[:, 0],
        policy=policy,
        group=groups,
        lead_demand=np.asarray(view.known.lead_demand),
        lead_spread=np.asarray(view.known.lead_spread),
        scale=np.asarray(view.known.scale),
        price=np.asarray(view.known.price)[:, 0],
        errors=np.asarray(past.errors),
        counted=start.known,
        view=view,
        past=past,
        numbers=numbers,
    )


def row_policy(trained: Trained, decided: Decided, row: int, name: str) -> Policy:
    """One policy for one row."""
    if name == LEARNED:
        return trained.ensemble()
    past = jax.tree.map(lambda x: jnp.asarray(x[row]), decided.past)
    return rule(name).make(jnp.asarray(decided.numbers[name][row]), past)


def row_view(decided: Decided, row: int) -> View:
    """What the policies of one row decide from."""
    return jax.tree.map(lambda x: jnp.asarray(x[row]), decided.view)


Numbers = dict[str, NDArray[np.float32]]


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


def _policy(trained: Trained, name: str, numbers: Numbers, past: Past, rows: NDArray[np.intp]) -> Policy:
    if name == LEARNED:
        return trained.ensemble()
    mine = Past(past.unit[rows], past.errors[rows])
    return eqx.filter_vmap(rule(name).make)(jnp.asarray(numbers[name][rows]), mine)


def _ask(policy: Policy, view: View, rows: NDArray[np.intp], *, own: bool) -> NDArray[np.float32]:
    """Orders of some rows, before packs and minimum."""
    parts = []
    for begin in range(0, len(rows), ROWS_AT_ONCE):
        some = np.arange(begin, min(begin + ROWS_AT_ONCE, len(rows)))
        mine = _pick(policy, some) if own else policy
        parts.append(np.asarray(_orders(mine, _pick(view, rows[some]), 0 if own else None)))
    return np.concatenate(parts)


def _pick(records: Any, rows: NDArray[np.intp]) -> Any:
    return jax.tree.map(lambda x: np.asarray(x)[rows], records)


@eqx.filter_jit
def _take(shop: Shop, may_order: Array, wanted: Array) -> Array:
    return jax.vmap(allowed)(shop, may_order, wanted)


@eqx.filter_jit
def _orders(policy: Policy, view: View, axis: int | None) -> Array:
    def one(policy: Policy, view: View) -> Array:
        return policy(view, None).order[0]

    return eqx.filter_vmap(one, in_axes=(axis, 0))(policy, view)


def _stock(
    catalogue: Catalogue, trained: Trained, start: StartingStock, chosen: tuple[NDArray[np.str_], Past, Numbers]
) -> Stock:
    """The counted stock; where nobody has counted, what the row's policy would hold after running the last periods."""
    policy, past, numbers = chosen
    on_hand, on_order = start.on_hand.copy(), start.on_order.copy()
    for name in np.unique(policy[~start.known]):
        rows = np.flatnonzero((policy == name) & ~start.known)
        some = catalogue.take(rows)
        first, last = int(some.at[0]), some.history.shape[1]
        after = _run_out(
            _policy(trained, str(name), numbers, past, rows),
            some.stretch(first, last, trained.scaling),
            0 if name != LEARNED else None,
        )
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
