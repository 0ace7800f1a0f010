"""Records of a request as arrays, in NumPy: each number is touched once, so that a hundred items cost a millisecond."""

from collections.abc import Sequence
from itertools import chain
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from restock.forecasting.told import DISCOUNT, KEPT, MEASURED, STRENGTH
from restock.language import Text
from restock.policies.memory import YEAR, Told
from restock.simulator.types import Shop, Stock
from restock.simulator.worlds import LONGEST
from restock.workflows.asked import AHEAD, LARGEST, LATEST, Asked, AskedItem, lead_of, money_of

PERIODS = (8, 32, 128)  # of sales; what is older has been forgotten but for traces
LEADS = (LONGEST, 48, LATEST)  # periods, likewise
ON_SHELF = 0.75  # share of a period on the shelf from which sales still tell the demand
PLANNED = tuple(  # places in `Told` of what is told of the period to come only; of the past no plans are told
    Told._fields.index(name + suffix) for name in ("promotion", "price") for suffix in ("", "_soon", "_later")
)
MOVES = Told._fields.index("moves")
Floats = Any  # of NumPy here, of the compiled program in `unpacked`

_OF_ITEM = attrgetter("on_hand", "backlog", "like_items", "order_day")
_OF_TERMS = attrgetter("order_cost", "pack", "minimum", "review", "waiting", "backlog_cost")
_OF_MONEY = attrgetter("price", "unit_cost", "holding", "shortage")


class Batch(NamedTuple):
    """A request as arrays. NumPy, [row]; what is told of the past differs from `told` in plans and calendar alone."""

    shop: Shop
    stock: Stock
    told: Floats  # of this period [row, told]
    moves: Floats  # 1 where the next period lies in the next part of the year [period + 1]
    sales: Floats  # the latest last [row, period]
    hidden: Floats  # 1 where more may have been asked for [row, period]
    weight: Floats  # 0 where nothing was seen [row, period]
    leads: Floats  # received orders by the periods that they took [row, count]
    price: Floats  # [row]
    order_day: Floats  # [row]


def batch_of(asked: Asked, items: tuple[AskedItem, ...]) -> tuple[Batch, list[list[Text]]]:
    """Records as arrays, and what had to be assumed of each item."""
    days, rows = asked.period_days, len(items)
    terms = [item.terms for item in items]
    money, leads = [money_of(t, days) for t in terms], [lead_of(t, days) for t in terms]
    said = [[*m[1], *lead[2]] for m, lead in zip(money, leads, strict=True)]
    price, unit_cost, holding, shortage = _columns((m[0] for m in money), 4)
    order_cost, pack, minimum, review, waiting, backlog_cost = _columns(map(_OF_TERMS, terms), 6)
    on_hand, backlog, like_items, order_day = _columns(map(_OF_ITEM, items), 4)
    law = _law([lead[0] for lead in leads], [item.lead_times_seen for item in items])
    measured, longest = np.array([lead[1] == MEASURED for lead in leads], bool), law.shape[1] - 1
    nothing: Floats = np.zeros((rows, 1), np.float32)
    shop = _record(
        Shop,
        unit_cost=unit_cost[:, None],
        order_cost=order_cost[:, None],
        transport=nothing,
        pack=pack[:, None],
        minimum=minimum[:, None],
        review=review[:, None],
        lead_chance=(law * np.where(measured, 1.0, KEPT)[:, None])[:, None, :].astype(np.float32),
        holding=holding[:, None],
        salvage=nothing,
        shortage=shortage[:, None],
        waiting=waiting[:, None],
        backlog_cost=backlog_cost[:, None],
    )
    on_order = _on_order(items, longest)
    stock = _record(Stock, on_hand=on_hand[:, None, None], on_order=on_order, backlog=backlog[:, None])
    most = max((len(item.sales) for item in items), default=0)
    periods = next((p for p in PERIODS if p >= most), PERIODS[-1])
    sales, hidden, weight = _seen(items, periods)
    times: Floats = np.zeros((rows, longest + 2), np.float32)
    at, flat = _flat([item.lead_times_seen for item in items])
    np.add.at(times, (at, np.minimum(flat.astype(int), longest + 1)), 1)
    told = _told(asked, items, like_items, measured)
    return Batch(
        shop, stock, told, _moves(asked, periods), sales, hidden, weight, times, price, order_day.astype(np.float32)
    ), said


def packed(batch: Batch, rows: int) -> Floats:
    """All of it side by side, with rows up to this number, the last one repeated. [row, number]"""
    there = len(batch.price)
    moves = np.broadcast_to(batch.moves, (there, len(batch.moves)))
    parts = [*_leaves(batch.shop), *_leaves(batch.stock), *batch[2:3], moves, *batch[4:]]
    side_by_side = np.concatenate([np.asarray(x, np.float32).reshape(there, -1) for x in parts], axis=1)
    return side_by_side if rows == there else side_by_side[np.minimum(np.arange(rows), there - 1)]


def unpacked(together: Any, longest: int, periods: int) -> Batch:
    """The same again, of an array of any kind; `moves` of the first row are those of all."""
    ones, told = [(1,)] * 6, len(Told._fields)
    of_shop = [*ones, (1, longest + 1), *[(1,)] * 5]
    of_stock = [(1, 1), (1, longest), (1,)]
    more = [(told,), (periods + 1,), (periods,), (periods,), (periods,), (longest + 2,), (), ()]
    found, place = [], 0
    for shape in (*of_shop, *of_stock, *more):
        size = int(np.prod(shape))
        found.append(together[:, place : place + size].reshape(-1, *shape))
        place += size
    shop, stock, rest = Shop(*found[:12]), Stock(*found[12:15]), found[15:]
    return Batch(shop, stock, rest[0], rest[1][0], *rest[2:])


def may_be_wrong(asked: Asked) -> bool:
    """A quick look: whether any number is worth the careful check, `asked.refuse_wrong`."""
    items, terms = asked.items, [item.terms for item in asked.items]
    units = chain.from_iterable(
        (*_OF_MONEY(t), *_OF_TERMS(t), i.on_hand, i.backlog, i.like_items) for i, t in zip(items, terms, strict=True)
    )
    orders = [order for item in items for order in item.on_order]
    shares = [*chain.from_iterable((*i.in_stock, *i.promotion, *i.discount) for i in items)]
    shares += [t.waiting for t in terms]
    counted = [*units, *chain.from_iterable(i.sales for i in items), *(order.quantity for order in orders)]
    whole = [*chain.from_iterable(i.lead_times_seen for i in items)]
    whole += [0 if t.lead_time is None else t.lead_time for t in terms if not isinstance(t.lead_time, dict)]
    return (
        _outside(counted, LARGEST)
        or _outside(shares, 1.0)
        or any(not 0 <= number <= LATEST for number in whole)
        or any(not 1 <= t.review <= LATEST or isinstance(t.lead_time, dict) for t in terms)
        or any(order.periods_ago < 1 for order in orders)
        or any(item.in_stock and len(item.in_stock) != len(item.sales) for item in items)
    )


def _outside(numbers: list[float | None], most: float) -> bool:
    try:
        array = np.array(numbers, np.float64)
    except OverflowError:  # a whole number with hundreds of digits
        return True
    return bool(np.isnan(array).sum() != numbers.count(None) or (array < 0).any() or (array > most).any())


def _columns(rows: Any, number: int) -> Floats:
    """[number, row]; what is not given is not a number."""
    return np.array(list(rows), np.float32).reshape(-1, number).T


def _record(kind: type[Any], **arrays: Floats) -> Any:
    """A record of NumPy arrays: its own constructor takes arrays of JAX, which would cross over one by one."""
    record = object.__new__(kind)
    for name, array in arrays.items():
        object.__setattr__(record, name, array)
    return record


def _leaves(record: Any) -> list[Any]:
    return [getattr(record, name) for name in record.__dataclass_fields__]


def _flat(lists: Sequence[Sequence[Any]]) -> tuple[NDArray[np.intp], Floats]:
    """All values, and the row of each."""
    rows = np.repeat(np.arange(len(lists)), [len(some) for some in lists])
    return rows, np.array(list(chain.from_iterable(lists)), np.float32)


def _on_order(items: tuple[AskedItem, ...], longest: int) -> Floats:
    """[row, lane, periods ago - 1]"""
    on_order = np.zeros((len(items), 1, longest), np.float32)
    for row, item in enumerate(items):
        for order in item.on_order:
            on_order[row, 0, min(order.periods_ago, longest) - 1] += order.quantity
    return on_order


def _law(leads: list[dict[int, float]], seen: list[tuple[int, ...]]) -> Floats:
    """Chances of lead times; one that is longer than was ever learned on makes the array longer. [row, lead]"""
    most = max(chain([0], chain.from_iterable(leads), chain.from_iterable(seen)))
    longest = next(size for size in LEADS if size >= most)
    law = np.zeros((len(leads), longest + 1))
    rows = np.repeat(np.arange(len(leads)), [len(lead) for lead in leads])
    places = list(chain.from_iterable(leads))
    law[rows, places] = list(chain.from_iterable(lead.values() for lead in leads))
    return law


def _told(asked: Asked, items: tuple[AskedItem, ...], like: Floats, measured: NDArray[np.bool_]) -> Floats:
    """What is known ahead. [row, told]"""
    told = {name: np.zeros(len(items), np.float32) for name in Told._fields}
    weekly = asked.period == "week"
    told["days"] += not weekly
    told["weeks"] += weekly and asked.today is not None
    discount = np.minimum(_ahead([i.discount for i in items]), 0.8)
    promotion = ((_ahead([i.promotion for i in items]) >= STRENGTH) | (discount >= DISCOUNT)).astype(np.float32)
    for name, values in (("promotion", promotion), ("price", np.log(1 - discount))):
        for suffix, part in (("", slice(0, 1)), ("_soon", slice(1, 4)), ("_later", slice(4, 9))):
            told[name + suffix] = values[:, part].mean(axis=1)
    told["plan"] += np.array([bool(i.promotion or i.discount) for i in items], bool)
    told["category"] += ~np.isnan(like)
    told["category_level"] += np.nan_to_num(like)
    told["category_dispersion"] += 0.3 * ~np.isnan(like)
    told["law_told"] += measured
    told["promised"] += ~measured
    return np.stack(list(told.values()), axis=-1)


def _moves(asked: Asked, periods: int) -> Floats:
    """Where the year goes on to its next part; known only of weeks with a date. [period + 1]"""
    if asked.period != "week" or asked.today is None:
        return np.zeros(periods + 1, np.float32)
    starts = np.datetime64(asked.today) + (np.arange(periods + 2) - periods) * np.timedelta64(7, "D")
    day = (starts - starts.astype("datetime64[Y]").astype("datetime64[D]")).astype(int)
    part = np.minimum(day // 28, YEAR - 1)
    return (part[1:] != part[:-1]).astype(np.float32)


def _ahead(plans: list[tuple[float, ...]]) -> Floats:
    """Planned values of this period and the next ones; the rest is as usual. [row, AHEAD]"""
    values = np.zeros((len(plans), AHEAD), np.float32)
    for row, plan in enumerate(plans):
        if plan:
            values[row, : len(plan[:AHEAD])] = plan[:AHEAD]
    return values


def _seen(items: tuple[AskedItem, ...], periods: int) -> tuple[Floats, Floats, Floats]:
    """Sales, where more may have been asked for, and what counts; before the first nothing does. [row, period]"""
    past = _last([item.sales for item in items], periods)
    share = _last([item.in_stock for item in items], periods)
    share = np.where(np.isnan(share), np.float32(1.0), share)
    known, there = np.nan_to_num(past), ~np.isnan(past)
    short = share < ON_SHELF
    sales = np.where(short, known, known / np.maximum(share, np.float32(ON_SHELF)))
    weight = there & (~short | (known > 0))
    return sales, short.astype(np.float32), weight.astype(np.float32)


def _last(lists: list[tuple[float | None, ...]], periods: int) -> Floats:
    """The last values of each, at the end; before the first, and where there is none, not a number. [row, period]"""
    lists = [some[-periods:] for some in lists]
    rows, flat = _flat(lists)
    lengths = np.array([len(some) for some in lists], int)
    ends = np.cumsum(lengths)
    columns = np.arange(len(flat)) - np.repeat(ends, lengths) + periods
    values = np.full((len(lists), periods), np.nan, np.float32)
    values[rows, columns] = flat
    return values
