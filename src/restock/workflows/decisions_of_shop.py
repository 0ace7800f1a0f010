"""Decisions for a live state by the policy that a project has trained; by the pretrained one where it has none.

A trained policy knows an item by its history, so it decides on the day after the data end, for items that were in them,
on the project's own terms: what is taken from the request is the stock and the orders under way, now.
"""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from restock.language import Text
from restock.simulator.types import View
from restock.workflows.asked import Asked, AskedItem, refuse_wrong
from restock.workflows.asked_arrays import may_be_wrong
from restock.workflows.decide import orders_of, taken_of
from restock.workflows.decisions import ROWS, DecidedItem, decide_items
from restock.workflows.situation import day
from restock.workflows.today import Today
from restock.workflows.training import GENERALIST


def decide_in_shop(asked: Asked, today: Today | None) -> tuple[DecidedItem, ...]:
    """An order for each item, in the order in which they were asked for.

    Args:
        today: of a project with a trained policy; none: there is no such project, and the pretrained policy decides.

    Raises:
        DataError: numbers that cannot be; says where.
    """
    if today is None or today.model == GENERALIST or asked.policy == GENERALIST:
        return decide_items(asked)
    if may_be_wrong(asked):
        refuse_wrong(asked)
    places = [today.rows.get((item.item, item.site), -1) for item in asked.items]
    policy = today.decided.policy
    late = _too_late(asked, today)
    by_shop = [i for i, row in enumerate(places) if row >= 0 and policy[row] != GENERALIST and late is None]
    others = sorted(set(range(len(places))) - set(by_shop))
    found: dict[int, DecidedItem] = {}
    for name in sorted({str(policy[places[i]]) for i in by_shop}):
        mine = [i for i in by_shop if policy[places[i]] == name]
        for first in range(0, len(mine), ROWS[-1]):
            some = mine[first : first + ROWS[-1]]
            items, rows = [asked.items[i] for i in some], np.array([places[i] for i in some])
            found.update(zip(some, _by_policy(today, name, items, rows), strict=True))
    if others:
        rest = decide_items(asked.model_copy(update={"items": tuple(asked.items[i] for i in others)}))
        for i, decided in zip(others, rest, strict=True):
            told = late is not None and places[i] >= 0
            found[i] = decided._replace(warnings=(*decided.warnings, late)) if told and late else decided
    return tuple(found[i] for i in range(len(places)))


def _too_late(asked: Asked, today: Today) -> Text | None:
    """Why the trained policy cannot decide now; none: it can."""
    history = today.situation.history
    if asked.period_days != history.period_days:
        return Text(
            "the project's policy counts time in other periods; the pretrained policy decides",
            "项目策略使用的周期不同，由预训练策略决定",
        )
    now = day(history, history.shape[1])
    if asked.today is None or np.datetime64(asked.today) == now:
        return None
    return Text(
        f"the project's policy decides for {now}, the day after its data end; the pretrained policy decides",
        f"项目策略只能决定数据之后的 {now}，由预训练策略决定",
    )


def _by_policy(today: Today, name: str, items: Sequence[AskedItem], rows: NDArray[np.intp]) -> list[DecidedItem]:
    """Orders of one policy; rows are filled up to a size for which a program is compiled already."""
    decided, count = today.decided, len(items)
    size = next(size for size in ROWS if size >= count)
    padded = rows[np.minimum(np.arange(size), count - 1)]
    view = _now(today.view_of(name, padded), [items[min(i, count - 1)] for i in range(size)])
    wanted = np.asarray(orders_of(decided.deciders.policy(name, padded), view, decided.deciders.axis(name)))
    taken = np.asarray(taken_of(view.shop, jnp.asarray(view.known.may_order), jnp.asarray(wanted)[:, None]))[:, 0]
    history = today.situation.history
    until = day(history, history.shape[1]) - np.timedelta64(1, "D")
    said = Text(
        f"policy `{today.model}` of this project decides, from its data until {until} and on its terms; of what was "
        "sent it uses stock and orders under way",
        f"由本项目的策略 `{today.model}` 决定，依据截至 {until} 的数据和项目条件；请求中只使用库存和在途订单",
    )
    return [
        DecidedItem(
            item=item.item,
            site=item.site,
            quantity=float(taken[i]),
            wanted=float(wanted[i]),
            price=float(np.asarray(view.known.price)[i, 0]),
            policy=name,
            periods_seen=int(decided.periods_seen[rows[i]]),
            expected_demand=float(np.asarray(view.known.lead_demand)[i]),
            spread=float(np.asarray(view.known.lead_spread)[i]),
            assumptions=(said,),
            warnings=(),
        )
        for i, item in enumerate(items)
    ]


def _now(view: View, items: Sequence[AskedItem]) -> View:
    """What the policy knows of the items, with their stock as it is now."""
    shape = np.asarray(view.stock.on_order).shape
    on_order = np.zeros(shape, np.float32)
    for row, item in enumerate(items):
        for order in item.on_order:
            on_order[row, 0, min(order.periods_ago, shape[-1]) - 1] += order.quantity

    def column(values: list[float]) -> Any:
        return jnp.asarray(np.array(values, np.float32)[:, None])

    return eqx.tree_at(
        lambda v: (v.stock.on_hand, v.stock.on_order, v.stock.backlog, v.known.may_order),
        view,
        (
            column([item.on_hand for item in items])[:, :, None],
            jnp.asarray(on_order),
            column([item.backlog for item in items]),
            column([item.order_day for item in items]),
        ),
    )
