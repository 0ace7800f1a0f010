"""Decisions for items that a program describes, without a project, without training: one compiled call for all."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.language import Text
from restock.policies import pretrained
from restock.policies.generalist import Team
from restock.policies.informed import Informed, inform
from restock.policies.rules import Newsvendor
from restock.simulator.dynamics import allowed
from restock.simulator.remembering import Seen
from restock.simulator.types import Known, Shop, Stock, View
from restock.simulator.worlds.distance import FAR, Item, distance
from restock.workflows.asked import Asked, AskedItem, refuse_wrong
from restock.workflows.asked_arrays import MOVES, PLANNED, Batch, batch_of, may_be_wrong, packed, unpacked
from restock.workflows.training import GENERALIST
from restock.workflows.trust import furthest, left_to_a_rule
from restock.workflows.untrained import FALLBACK

ROWS = (16, 128, 1024)  # one program is compiled for each of these sizes, and for each number of periods
NEAR = 1.05  # times beyond a range: what is nearer to its end is not worth a warning
UNSEEN = Text(
    "no period with demand in sight has been seen, and the pretrained policy would wait for one; a rule decides",
    "尚无可观察到需求的周期，预训练策略会等待首次销售；由传统规则决定",
)
Parts = tuple[tuple[Array, ...], Any]  # weights, and how they belong together
NUMBERS = ("quantity", "wanted", "price", "expected_demand", "spread")


class DecidedItem(NamedTuple):
    """What to order of one item now, in units, and what that rests on."""

    item: str
    site: str
    quantity: float  # what the supplier takes: packs, minimum, order day
    wanted: float  # before that
    price: float  # money per unit that a customer pays this period: planned, or assumed; no policy sets it
    policy: str
    periods_seen: int
    expected_demand: float  # over lead time and review period
    spread: float  # standard deviation of its error
    assumptions: tuple[Text, ...]
    warnings: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        shown = self._asdict()
        for name in NUMBERS:
            shown[name] = round(shown[name], 4)
        for name in ("assumptions", "warnings"):
            shown[name] = [{"en": text.en, "zh": text.zh} for text in shown[name]]
        return shown


def decide_items(asked: Asked) -> tuple[DecidedItem, ...]:
    """An order for each item, in the order in which they were asked for.

    The pretrained policy decides; an item that lies far outside of what it has learned on, or of which no period has
    been seen, is left to a rule, with a warning.

    Raises:
        DataError: numbers that cannot be, such as sales below 0 or not a number; says where.
    """
    if may_be_wrong(asked):
        refuse_wrong(asked)
    team = _parts(pretrained.load_generalist)
    found: list[DecidedItem] = []
    for first in range(0, len(asked.items), ROWS[-1]):
        found += _decide_some(team, asked, asked.items[first : first + ROWS[-1]])
    return tuple(found)


def _decide_some(team: Parts, asked: Asked, items: tuple[AskedItem, ...]) -> list[DecidedItem]:
    batch, said = batch_of(asked, items)
    answer = _answers(team, batch)
    apart = distance(batch.shop, Item(answer.scale, np.zeros(len(items)), batch.price.astype(np.float64)))
    periods = batch.weight.sum(axis=1).astype(np.int64)
    by_rule, most = left_to_a_rule(apart, periods), apart.most()
    warnings: list[tuple[Text, ...]] = [()] * len(items)
    for row in np.flatnonzero((most > NEAR) | (periods == 0)).tolist():
        outside = (_outside(furthest(apart, row), bool(most[row] > FAR)),) if most[row] > NEAR else ()
        warnings[row] = (*outside, UNSEEN) if periods[row] == 0 else outside
    columns = (
        np.where(by_rule, answer.rule_taken, answer.taken).tolist(),
        np.where(by_rule, answer.rule_wanted, answer.wanted).tolist(),
        [price * (1 - (item.discount or (0.0,))[0]) for price, item in zip(batch.price.tolist(), items, strict=True)],
        [FALLBACK if rule else GENERALIST for rule in by_rule.tolist()],
        periods.tolist(),
        answer.lead_demand.tolist(),
        answer.lead_spread.tolist(),
    )
    return [
        DecidedItem(item.item, item.site, taken, wanted, price, policy, seen, demand, spread, tuple(assumed), warned)
        for item, (taken, wanted, price, policy, seen, demand, spread), assumed, warned in zip(
            items, zip(*columns, strict=True), said, warnings, strict=True
        )
    ]


def _outside(what: Text, far: bool) -> Text:
    if far:
        who = Text("a rule decides", "由传统规则决定")
    else:
        who = Text("the pretrained policy decides all the same", "仍由预训练策略决定")
    return Text(
        f"the item lies outside of what the pretrained policy has learned on ({what.en}); {who.en}",
        f"该商品超出预训练策略的学习范围（{what.zh}），{who.zh}",
    )


@cache
def _parts(load: Callable[[], Team]) -> Parts:
    """Taking a team apart costs as much as ten items: done once."""
    leaves, tree = jax.tree.flatten(load())
    return tuple(leaves), tree


class Answer(NamedTuple):
    """What the compiled program says. [row]"""

    wanted: Any  # by the pretrained policy
    taken: Any
    rule_wanted: Any
    rule_taken: Any
    lead_demand: Any
    lead_spread: Any
    scale: Any


def _answers(team: Parts, batch: Batch) -> Answer:
    """One array goes in and one comes out: each crossing costs as much as some items."""
    rows = len(batch.price)
    together = packed(batch, next(size for size in ROWS if size >= rows))
    leaves, tree = team
    longest, periods = batch.leads.shape[1] - 2, batch.sales.shape[1]
    numbers: NDArray[np.float32] = np.asarray(_ask(leaves, together, tree, longest, periods))
    return Answer(*numbers[:, :rows].astype(np.float64))


@partial(jax.jit, static_argnums=(2, 3, 4))
def _ask(leaves: tuple[Array, ...], together: Array, tree: Any, longest: int, periods: int) -> Array:
    """[number of `Answer`, row]"""
    team, batch = jax.tree.unflatten(tree, leaves), unpacked(together, longest, periods)
    rows = together.shape[0]
    one, none = jnp.ones((rows, periods + 1)), jnp.zeros((rows, periods + 1))
    past = batch.told.at[:, jnp.array(PLANNED)].set(0.0)
    told = jnp.concatenate([jnp.repeat(past[:, None], periods, axis=1), batch.told[:, None]], axis=1)
    told = told.at[:, :, MOVES].set(batch.moves)
    prices = jnp.broadcast_to(batch.price[:, None, None], (rows, periods + 1, 1))
    may_order = jnp.broadcast_to(batch.order_day[:, None, None], (rows, periods + 1, 1))
    known = Known(one, one[:, :, None], none, none, told, prices, may_order)
    leads = jnp.zeros((rows, periods, longest + 2)).at[:, -1].set(batch.leads)
    seen = Seen(batch.sales, batch.hidden, batch.weight, leads)
    now = jax.tree.map(lambda x: x[:, 0], inform(team, batch.shop, known, seen, periods))

    def one_row(shop: Shop, stock: Stock, known: Known) -> Array:
        view = View(shop, stock, known)
        wanted = [policy(view).order for policy in (Informed(team), Newsvendor())]
        orders = [order[0] for units in wanted for order in (units, allowed(shop, known.may_order, units))]
        return jnp.stack([*orders, known.lead_demand, known.lead_spread, known.scale])

    return jax.vmap(one_row, out_axes=1)(batch.shop, batch.stock, now)
