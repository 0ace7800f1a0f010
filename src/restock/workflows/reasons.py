"""Why a line is ordered, or not, in words with numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from restock.forecasting import told
from restock.intake.announced import launches
from restock.intake.classes import OBSERVED
from restock.language import NOTHING, Text
from restock.policies.memory import Told
from restock.policies.rules import rule
from restock.workflows.decide import Decided
from restock.workflows.situation import Situation
from restock.workflows.training import FINE_TUNED, GENERALIST, LEARNED
from restock.workflows.trust import furthest

LIMITS = {
    "": Text("no limit binds", "无约束"),
    "pack": Text("rounded to whole packs", "按整箱取整"),
    "minimum": Text("raised to the smallest order", "提高到最小起订量"),
    "review day": Text("no order day", "非订货日"),
}


def binding_limits(decided: Decided, shop: Any) -> list[str]:
    """The rule that made the order differ from what the policy wanted, empty where none did."""
    pack, minimum = np.asarray(shop.pack)[:, 0], np.asarray(shop.minimum)[:, 0]
    closed = decided.may_order == 0
    raised = ~closed & (minimum > 0) & (decided.order >= minimum) & (decided.wanted < minimum - 0.5)
    cut = ~closed & (minimum > 0) & (decided.order == 0) & (decided.wanted >= np.maximum(pack / 2, 0.5))
    packed = ~closed & ~raised & ~cut & (pack > 1) & (np.abs(decided.order - decided.wanted) >= 0.5)
    names = np.select([closed & (decided.wanted >= 0.5), raised | cut, packed], ["review day", "minimum", "pack"], "")
    return names.tolist()


def reasons(situation: Situation, decided: Decided, position: NDArray[np.floating]) -> list[Text]:
    """One sentence per row: what is there, what is expected, what follows."""
    weekly = situation.history.period_days == 7
    unit = Text("weeks", "周") if weekly else Text("days", "天")
    span = situation.terms.lead_time + situation.terms.review
    limits = binding_limits(decided, situation.terms.shop)
    labels = [_label(decided, row, unit) for row in range(len(decided.policy))]
    cover = position / np.maximum(decided.scale, 1e-6)
    coming, mean, spread = decided.on_order.sum(axis=1), decided.lead_demand, decided.lead_spread
    numbers = np.stack([decided.on_hand, coming, cover, span, mean, spread])
    rows = zip(numbers.T.tolist(), limits, labels, strict=True)
    return [_sentence(row, LIMITS[limit], label, unit) for row, limit, label in rows]


def _sentence(numbers: list[float], limit: Text, label: Text, unit: Text) -> Text:
    hand, coming, cover, periods, mean, spread = numbers
    bound = Text(f"; {limit.en}", f"；{limit.zh}") if limit != LIMITS[""] else NOTHING
    return Text(
        f"{_units(hand)} on hand and {_units(coming)} on order cover {cover:.1f} {unit.en}; until a next order could "
        f"be here ({periods:.0f} {unit.en}) customers should ask for {mean:.1f} ± {spread:.1f}{bound.en} ({label.en})",
        f"现有 {_units(hand)}，在途 {_units(coming)}，可用 {cover:.1f} {unit.zh}；下一次订货到货前"
        f"（{periods:.0f} {unit.zh}）预计需求 {mean:.1f} ± {spread:.1f}{bound.zh}（{label.zh}）",
    )


def reasons_not(situation: Situation, decided: Decided, position: NDArray[np.floating]) -> list[Text]:
    """Why nothing is ordered, per row."""
    limits = binding_limits(decided, situation.terms.shop)
    weekly = situation.history.period_days == 7
    unit = Text("weeks", "周") if weekly else Text("days", "天")
    cover = position / np.maximum(decided.scale, 1e-6)
    numbers = zip(limits, cover.tolist(), decided.wanted.tolist(), decided.lead_demand.tolist(), strict=True)
    said = [_why_not(limit, c, w, m, unit) for limit, c, w, m in numbers]
    for row in decided.first.rows.tolist():
        label = _label(decided, row, unit)
        said[row] = Text(f"{said[row].en} ({label.en})", f"{said[row].zh}（{label.zh}）")
    for row in decided.first.rows[decided.first.share <= 0].tolist():
        said[row] = _too_early(situation, row)
    return said


def _too_early(situation: Situation, row: int) -> Text:
    """Of an item that has never sold, and whose launch a later order will still be in time for."""
    launch = launches(situation.facts.tables["items"])[situation.history.items[row]]
    return Text(
        f"never sold yet; the launch is on {launch}, and an order of the next order day will be there in time",
        f"从未售出；{launch} 上架，下一个订货日下单仍可按时到货",
    )


def _why_not(limit: str, cover: float, wanted: float, mean: float, unit: Text) -> Text:
    if limit == "review day":
        return Text(f"no order day; {wanted:.1f} would be wanted", f"今天不是订货日；本应订 {wanted:.1f}")
    if limit == "minimum":
        return Text(
            f"{wanted:.1f} wanted, less than half of the smallest order", f"需要 {wanted:.1f}，不足最小起订量的一半"
        )
    if mean < 0.05:
        return Text("hardly any demand is expected", "预计几乎没有需求")
    return Text(
        f"stock covers {cover:.1f} {unit.en}, {mean:.1f} units are expected",
        f"库存可用 {cover:.1f} {unit.zh}，预计需求 {mean:.1f}",
    )


def label_of(policy: str) -> Text:
    """What a planner calls a policy."""
    if policy == GENERALIST:
        return Text("pretrained policy", "预训练策略")
    if policy == FINE_TUNED:
        return Text("pretrained policy, fine-tuned on this shop", "用本店数据微调的预训练策略")
    return Text("learned policy", "学习策略") if policy == LEARNED else rule(policy).label


def model_label(model: str) -> Text:
    """What a planner calls a trained model; it has a name of its own, unlike the one that comes with the package."""
    return label_of(model) if model == GENERALIST else Text(model, model)


def _label(decided: Decided, row: int, unit: Text) -> Text:
    """The policy; of the pretrained one how much it has seen, and of a rule why it stands in."""
    name = str(decided.policy[row])
    label = label_of(name)
    if decided.far[row]:
        out = furthest(decided.distance, row)
        return Text(
            f"{label.en}, as the item lies outside of what the pretrained policy knows: {out.en}",
            f"{label.zh}，因为该商品超出预训练策略的学习范围：{out.zh}",
        )
    if row in decided.first.rows:
        guess = _guess(decided, row, unit) or _no_guess(unit)
        return Text(
            f"{label.en}, as the item has never sold: {guess.en}", f"{label.zh}，因为该商品从未售出：{guess.zh}"
        )
    if decided.unseen[row]:
        return Text(f"{label.en}, as nothing has been seen of the item yet", f"{label.zh}，因为该商品尚无任何观察记录")
    if name == GENERALIST:
        seen = int(decided.periods_seen[row])
        guess = _guess(decided, row, unit) if seen < OBSERVED else None
        beside = NOTHING if guess is None else Text(f", beside {guess.en}", f"，另参考{guess.zh}")
        return Text(f"{label.en}, {seen} {unit.en} seen{beside.en}", f"{label.zh}，已观察 {seen} {unit.zh}{beside.zh}")
    return label


def _guess(decided: Decided, row: int, unit: Text) -> Text | None:
    """What was expected of the item before it was seen, and of what."""
    known = decided.deciders.recollection
    rests_on = int(known.guess_rests_on[row])
    if rests_on == told.NOTHING:
        return None
    like = known.catalogue.history.like[row]
    whose = {
        told.SHOP: Text("the whole shop", "全店商品"),
        told.GROUP: Text("its category", "同类商品"),
        told.LIKE_ITEM: Text(f"`{like}`, which it is like", f"参照商品 `{like}`"),
    }[rests_on]
    level = float(Told(*known.told[row, -1]).category_level)
    return Text(f"a guess of {level:.1f} per {_one(unit)} from {whose.en}", f"{whose.zh}估计每{unit.zh} {level:.1f}")


def _no_guess(unit: Text) -> Text:
    return Text(
        f"1 per {_one(unit)} is assumed, as no like items tell what to expect",
        f"没有同类商品可参考，假定每{unit.zh} 1 件",
    )


def _one(unit: Text) -> str:
    return unit.en.removesuffix("s")


def _units(value: float) -> str:
    return f"{value:,.0f}" if abs(value - round(value)) < 0.05 else f"{value:,.1f}"
