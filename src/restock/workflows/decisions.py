"""Decisions for items that a program describes, without a project, without training: one compiled call for all."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from restock.forecasting.told import DISCOUNT, KEPT, MEASURED, STRENGTH
from restock.language import Text
from restock.policies import pretrained
from restock.policies.generalist import Team
from restock.policies.informed import Informed, inform
from restock.policies.memory import YEAR, Told
from restock.policies.rules import Newsvendor
from restock.simulator.dynamics import allowed
from restock.simulator.remembering import Seen
from restock.simulator.types import Known, Shop, Stock, View
from restock.simulator.worlds import LONGEST
from restock.simulator.worlds.distance import FAR, Item, distance
from restock.workflows.asked import AHEAD, Asked, AskedItem, lead_of, money_of, refuse_wrong
from restock.workflows.training import GENERALIST
from restock.workflows.trust import furthest, left_to_a_rule
from restock.workflows.untrained import FALLBACK

ROWS = (16, 128, 1024, 8192)  # one program is compiled for each of these sizes, and for each of the next
PERIODS = (8, 32, 128)  # of sales; what is older has been forgotten but for traces
UNSEEN = Text(
    "no period with demand in sight has been seen, and the pretrained policy would wait for one; a rule decides",
    "尚无可观察到需求的周期，预训练策略会等待首次销售；由传统规则决定",
)
ON_SHELF = 0.75  # share of a period on the shelf from which sales still tell the demand


@dataclass(frozen=True)
class DecidedItem:
    """What to order of one item now, in units, and what that rests on."""

    item: str
    site: str
    quantity: float  # what the supplier takes: packs, minimum, order day
    wanted: float  # before that
    policy: str
    periods_seen: int
    expected_demand: float  # over lead time and review period
    spread: float  # standard deviation of its error
    assumptions: tuple[Text, ...]
    warnings: tuple[Text, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        said = {name: [{"en": t.en, "zh": t.zh} for t in getattr(self, name)] for name in ("assumptions", "warnings")}
        numbers = ("quantity", "wanted", "expected_demand", "spread")
        return {
            "item": self.item,
            "site": self.site,
            "policy": self.policy,
            "periods_seen": self.periods_seen,
            **{name: round(getattr(self, name), 4) for name in numbers},
            **said,
        }


class Batch(NamedTuple):
    """A request as arrays. NumPy, [row]; `told` has one period more than `seen`."""

    shop: Shop
    stock: Stock
    told: NDArray[np.float32]  # [row, period + 1, told]
    seen: Seen  # [row, period]
    price: NDArray[np.float32]  # [row]
    order_day: NDArray[np.float32]  # [row]


def decide_items(asked: Asked) -> tuple[DecidedItem, ...]:
    """An order for each item, in the order in which they were asked for.

    The pretrained policy decides; an item that lies far outside of what it has learned on, or of which no period has
    been seen, is left to a rule, with a warning.

    Raises:
        DataError: numbers that cannot be, such as sales below 0 or not a number; says where.
    """
    refuse_wrong(asked)
    team = pretrained.load_generalist()
    found: list[DecidedItem] = []
    for first in range(0, len(asked.items), ROWS[-1]):
        found += _decide_some(team, asked, asked.items[first : first + ROWS[-1]])
    return tuple(found)


def _decide_some(team: Team, asked: Asked, items: tuple[AskedItem, ...]) -> list[DecidedItem]:
    batch, said = batch_of(asked, items)
    answer = jax.tree.map(np.asarray, _ask(team, _padded(batch, len(items))))
    answer = jax.tree.map(lambda x: x[: len(items)].astype(np.float64), answer)
    apart = distance(batch.shop, Item(answer.scale, np.zeros(len(items)), batch.price.astype(np.float64)))
    far, outside = apart.most() > FAR, apart.most() > 1
    periods = np.asarray(batch.seen.weight).sum(axis=1).astype(int)
    by_rule = left_to_a_rule(apart, periods)
    result = []
    for row, item in enumerate(items):
        warnings = [_outside(furthest(apart, row), bool(far[row]))] if outside[row] else []
        if periods[row] == 0:
            warnings.append(UNSEEN)
        chosen = answer.rule if by_rule[row] else answer.pretrained
        result.append(
            DecidedItem(
                item=item.item,
                site=item.site,
                quantity=float(chosen.taken[row]),
                wanted=float(chosen.wanted[row]),
                policy=FALLBACK if by_rule[row] else GENERALIST,
                periods_seen=int(periods[row]),
                expected_demand=float(answer.lead_demand[row]),
                spread=float(answer.lead_spread[row]),
                assumptions=tuple(said[row]),
                warnings=tuple(warnings),
            )
        )
    return result


def _outside(what: Text, far: bool) -> Text:
    if far:
        who = Text("a rule decides", "由传统规则决定")
    else:
        who = Text("the pretrained policy decides all the same", "仍由预训练策略决定")
    return Text(
        f"the item lies outside of what the pretrained policy has learned on ({what.en}); {who.en}",
        f"该商品超出预训练策略的学习范围（{what.zh}），{who.zh}",
    )


def batch_of(asked: Asked, items: tuple[AskedItem, ...]) -> tuple[Batch, list[list[Text]]]:
    """Records as arrays, and what had to be assumed of each item."""
    days = asked.period_days
    money, leads = zip(*(money_of(i.terms, days) for i in items), strict=True), [lead_of(i.terms, days) for i in items]
    prices, said_money = money
    said = [[*a, *lead[2]] for a, lead in zip(said_money, leads, strict=True)]
    law, measured = (
        _law([lead[0] for lead in leads], [i.lead_times_seen for i in items]),
        np.array([lead[1] == MEASURED for lead in leads]),
    )
    longest = law.shape[1] - 1

    def column(values: list[float]) -> Array:
        return jnp.asarray(np.array(values, np.float32)[:, None])

    terms = [item.terms for item in items]
    shop = Shop(
        unit_cost=column([p.unit_cost for p in prices]),
        order_cost=column([t.order_cost for t in terms]),
        transport=column([0.0] * len(items)),
        pack=column([t.pack for t in terms]),
        minimum=column([t.minimum for t in terms]),
        review=column([t.review for t in terms]),
        lead_chance=jnp.asarray((law * np.where(measured, 1.0, KEPT)[:, None])[:, None, :], jnp.float32),
        holding=column([p.holding for p in prices]),
        salvage=column([0.0] * len(items)),
        shortage=column([p.shortage for p in prices]),
        waiting=column([t.waiting for t in terms]),
        backlog_cost=column([t.backlog_cost for t in terms]),
    )
    on_order = np.zeros((len(items), 1, longest), np.float32)
    for row, item in enumerate(items):
        for order in item.on_order:
            on_order[row, 0, min(order.periods_ago, longest) - 1] += order.quantity
    stock = Stock(
        column([i.on_hand for i in items])[:, :, None], jnp.asarray(on_order), column([i.backlog for i in items])
    )
    periods = max((len(item.sales) for item in items), default=0)
    told = _told(asked, items, min(next((p for p in PERIODS if p >= periods), PERIODS[-1]), PERIODS[-1]), measured)
    seen = _seen(items, told.shape[1] - 1, longest)
    price = np.array([p.price for p in prices], np.float32)
    return Batch(shop, stock, told, seen, price, np.array([i.order_day for i in items], np.float32)), said


def _law(leads: list[dict[int, float]], seen: list[tuple[int, ...]]) -> NDArray[np.float64]:
    """Chances of lead times; a longer one than was ever learned on makes the array longer. [row, lead]"""
    longest = max([LONGEST, *(max(lead) for lead in leads), *(max(some) for some in seen if some)])
    law = np.zeros((len(leads), longest + 1))
    for row, lead in enumerate(leads):
        law[row, list(lead)] = list(lead.values())
    return law


def _told(asked: Asked, items: tuple[AskedItem, ...], periods: int, measured: NDArray[np.bool_]) -> NDArray[np.float32]:
    """What is known ahead; of the past no plans are told. [row, period + 1, told]"""
    shape = (len(items), periods + 1)
    columns = {name: np.zeros(shape, np.float32) for name in Told._fields}
    weekly = asked.period == "week"
    columns["days"] += not weekly
    columns["weeks"] += weekly and asked.today is not None
    if weekly and asked.today is not None:
        starts = np.datetime64(asked.today) + (np.arange(periods + 2) - periods) * np.timedelta64(7, "D")
        day = (starts - starts.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
        part = np.minimum(day // 28, YEAR - 1)
        columns["moves"] += part[1:] != part[:-1]
    discount = np.minimum(_ahead([i.discount for i in items]), 0.8)
    promotion = ((_ahead([i.promotion for i in items]) >= STRENGTH) | (discount >= DISCOUNT)).astype(np.float32)
    for name, values in (("promotion", promotion), ("price", np.log(1 - discount))):
        for suffix, part in (("", slice(0, 1)), ("_soon", slice(1, 4)), ("_later", slice(4, 9))):
            columns[name + suffix][:, -1] = values[:, part].mean(axis=1)
    columns["plan"] += np.array([bool(i.promotion or i.discount) for i in items])[:, None]
    like = np.array([np.nan if i.like_items is None else i.like_items for i in items], np.float32)[:, None]
    columns["category"] += ~np.isnan(like)
    columns["category_level"] += np.nan_to_num(like)
    columns["category_dispersion"] += 0.3 * ~np.isnan(like)
    columns["law_told"] += measured[:, None]
    columns["promised"] += ~measured[:, None]
    return np.stack(list(columns.values()), axis=-1)


def _ahead(plans: list[tuple[float, ...]]) -> NDArray[np.float32]:
    """Planned values of this period and the next ones; the rest is as usual. [row, AHEAD]"""
    values = np.zeros((len(plans), AHEAD), np.float32)
    for row, plan in enumerate(plans):
        values[row, : len(plan[:AHEAD])] = plan[:AHEAD]
    return values


def _seen(items: tuple[AskedItem, ...], periods: int, longest: int) -> Seen:
    """Sales, the latest last; a period without a record, and those before the first, have no weight."""
    shape = (len(items), periods)
    sales, hidden, weight = (np.zeros(shape, np.float32) for _ in range(3))
    leads = np.zeros((*shape, longest + 2), np.float32)
    for row, item in enumerate(items):
        past = np.array([np.nan if x is None else x for x in item.sales[-periods:]], np.float32)
        share = np.array([1.0 if x is None else x for x in item.in_stock[-periods:]] or [1.0] * len(past), np.float32)
        if len(past):
            short = share < ON_SHELF
            known = np.nan_to_num(past)
            sales[row, -len(past) :] = np.where(short, known, known / np.maximum(share, ON_SHELF))
            hidden[row, -len(past) :] = short
            weight[row, -len(past) :] = ~np.isnan(past) & (~short | (known > 0))
        for lead in item.lead_times_seen:
            leads[row, -1, min(lead, longest + 1)] += 1
    return Seen(jnp.asarray(sales), jnp.asarray(hidden), jnp.asarray(weight), jnp.asarray(leads))


class Order(NamedTuple):
    """Units [row]."""

    wanted: Array
    taken: Array


class Answer(NamedTuple):
    """What the compiled program says. [row]"""

    pretrained: Order
    rule: Order
    lead_demand: Array
    lead_spread: Array
    scale: Array


def _padded(batch: Batch, rows: int) -> Batch:
    """The arrays with rows up to the next size, the last one repeated, so that programs are used again."""
    size = next(s for s in ROWS if s >= rows)
    index = np.minimum(np.arange(size), rows - 1)
    return jax.tree.map(lambda x: jnp.asarray(np.asarray(x)[index], jnp.float32), batch)


@eqx.filter_jit
def _ask(team: Team, batch: Batch) -> Answer:
    shop, stock, told, seen, price, order_day = batch
    rows, periods = told.shape[:2]
    one, none = jnp.ones((rows, periods)), jnp.zeros((rows, periods))
    prices = jnp.broadcast_to(price[:, None, None], (rows, periods, 1))
    may_order = jnp.broadcast_to(order_day[:, None, None], (rows, periods, 1))
    known = Known(one, one[:, :, None], none, none, jnp.asarray(told), prices, may_order)
    now = jax.tree.map(lambda x: x[:, 0], inform(team, shop, known, seen, periods - 1))

    def one_row(shop: Shop, stock: Stock, known: Known) -> Answer:
        view = View(shop, stock, known)
        wanted = [policy(view).order for policy in (Informed(team), Newsvendor())]
        first, rule = (Order(units[0], allowed(shop, known.may_order, units)[0]) for units in wanted)
        return Answer(first, rule, known.lead_demand, known.lead_spread, known.scale)

    return jax.vmap(one_row)(shop, stock, now)
