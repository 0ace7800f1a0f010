"""Whether the pretrained policy may be trusted with an item, and what a planner is told about it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from restock.backtest.catalogue import Catalogue
from restock.backtest.recollection import Recollection
from restock.forecasting.outlook import SCALE_WINDOW
from restock.intake.assumptions import Assumption, listed
from restock.intake.classes import OBSERVED
from restock.language import Text
from restock.policies.memory import Told
from restock.simulator.worlds.distance import FAR, Distance, Item, distance

MOST = 1000  # times beyond a range, as they are told
MEASURES: tuple[Text, ...] = (  # as the fields of `Distance`
    Text("demand per period", "每周期需求"),
    Text("variability of demand", "需求波动"),
    Text("worth of a sale against holding", "单件收益与持有成本之比"),
    Text("lead time", "交期"),
    Text("review period", "检查周期"),
    Text("pack, in periods of demand", "整箱数量（按需求周期计）"),
    Text("smallest order, in periods of demand", "最小起订量（按需求周期计）"),
    Text("cost per order", "每次订货成本"),
    Text("cost of waiting customers", "缺货等待成本"),
)


def distances(catalogue: Catalogue, recollection: Recollection) -> Distance:
    """How far each row lies outside of what the pretrained policy has learned on, as of now."""
    history = catalogue.history
    window = slice(max(history.shape[1] - SCALE_WINDOW[history.period_days], 0), None)
    counts = (history.on_sale * history.known)[:, window].astype(np.float64)
    demand, number = history.demand[:, window], counts.sum(axis=1)
    mean = (counts * demand).sum(axis=1) / np.maximum(number, 1.0)
    square = (counts * demand**2).sum(axis=1) / np.maximum(number, 1.0)
    seen = (number > 0) & (mean > 0)
    told = Told(*recollection.told[:, -1].T)
    guess = np.where(told.category > 0, told.category_level, 1.0)
    level = np.where(seen, mean, guess)
    spread = np.where(seen & (number >= OBSERVED), (square - mean**2 - mean) / np.maximum(mean, 1e-9) ** 2, 0.0)
    price = catalogue.price[:, min(history.shape[1], catalogue.price.shape[1] - 1)]
    return distance(catalogue.shop, Item(level, np.maximum(spread, 0.0), price.astype(np.float64)))


def left_to_a_rule(apart: Distance, seen: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Rows that the pretrained policy is not trusted with: far outside of what it has learned on, or never seen.

    It knows no day of a launch, and without like items orders nothing of what it has never seen.

    Args:
        apart: how far outside they lie. [row]
        seen: periods in which their demand could be seen. [row]
    """
    return (apart.most() > FAR) | (seen == 0)


def furthest(apart: Distance, row: int) -> Text:
    """The measure that lies furthest out, and by how much."""
    times, place = max((float(values[row]), -place) for place, values in enumerate(apart))
    name = MEASURES[-place]
    if times > MOST:
        return Text(f"{name.en}: more than {MOST:,} times beyond", f"{name.zh}：超出 {MOST:,} 倍以上")
    return Text(f"{name.en}: {times:,.1f} times beyond", f"{name.zh}：超出 {times:,.1f} 倍")


def said_of_trust(items: Sequence[str], far: NDArray[np.bool_], apart: Distance, rule: Text) -> list[Assumption]:
    """What is said of items that a rule decides as they lie far outside of the prior."""
    rows = np.flatnonzero(far)
    if not len(rows):
        return []
    worst = furthest(apart, int(rows[np.argmax(apart.most()[rows])]))
    names = listed([items[i] for i in rows.tolist()])
    return [
        Assumption(
            "outside_prior",
            str(len(rows)),
            Text(
                f"{len(rows)} items lie more than {FAR:g} times outside of what the pretrained policy has learned on "
                f"({worst.en}); {rule.en} decides them: {names}",
                f"{len(rows)} 个商品超出预训练策略学习范围 {FAR:g} 倍以上（{worst.zh}），由{rule.zh}决定：{names}",
            ),
            Text(
                "check the terms of these items, or train on the shop's own history",
                "请检查这些商品的条件，或用店铺自己的历史进行训练",
            ),
        )
    ]


def said_of_unseen(items: Sequence[str], unseen: NDArray[np.bool_], rule: Text) -> list[Assumption]:
    """What is said of items that a rule decides as nothing has been seen of them."""
    names = [items[i] for i in np.flatnonzero(unseen).tolist()]
    if not names:
        return []
    text = Text(
        f"nothing has been seen yet of {len(names)} items; {rule.en} decides them, by what like items sell where they "
        f"have never sold: {listed(names)}",
        f"{len(names)} 个商品尚无任何观察记录，由{rule.zh}决定（从未售出的按参照或同类商品的销量）：{listed(names)}",
    )
    how = Text(
        "name a `like_item` that sells like them; from the first period seen on the pretrained policy decides",
        "可为其填写销量相近的 `like_item`；有了第一个周期的记录后由预训练策略决定",
    )
    return [Assumption("unseen", str(len(names)), text, how)]


def said_of_newcomers(decided: int, total: int, trained: bool) -> list[Assumption]:
    """What is said where the pretrained policy decides."""
    if not decided:
        return []
    if trained:
        text = Text(
            f"{decided} of {total} items are the pretrained policy's: it was chosen for them, or they have fewer than "
            f"{OBSERVED} periods of history",
            f"{total} 个商品中有 {decided} 个由预训练策略决定：训练时选定，或历史不足 {OBSERVED} 个周期",
        )
    else:
        text = Text(
            f"no policy has been trained on this shop yet; the pretrained one decides {decided} of {total} items",
            f"尚未用本店数据训练策略，{total} 个商品中有 {decided} 个由预训练策略决定",
        )
    how = Text(
        "`restock train` learns from the shop's own history and proves what decides best",
        "运行 `restock train` 可用店铺自己的历史学习，并检验哪种策略最好",
    )
    return [Assumption("generalist", str(decided), text, how)]
