"""The charts that every report shows, made from the replays of its test window."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from restock.backtest import charts, courses
from restock.backtest.compare import Standing, difference_by, fill_rate_interval
from restock.backtest.content import Chart, chart
from restock.backtest.metrics import demand_classes, item_profit
from restock.backtest.replay import Kind, Replay
from restock.backtest.wording import money_text, percent_text, policy_phrase
from restock.language import NOTHING, Text


@dataclass(frozen=True)
class Scene:
    """The replays of one test window, all over the same items and periods."""

    replays: tuple[Replay, ...]
    standings: tuple[Standing, ...]  # as `compare.standings` makes them from these replays
    policy: str  # the learned (or mixed) policy that the report is about
    reference: str  # the best classical rule
    chosen: str  # the policy that the shop will use
    items: tuple[str, ...]  # names, one per row
    starts: NDArray[np.datetime64]  # first day of each period
    currency: str = ""
    seed: int = 0

    @property
    def policy_title(self) -> Text:
        """The policy as a sentence calls it."""
        return policy_phrase(self.policy)

    @property
    def reference_title(self) -> Text:
        """The best classical rule as a sentence calls it."""
        return policy_phrase(self.reference)

    def replay(self, policy: str) -> Replay:
        """The replay of one policy."""
        return next(each for each in self.replays if each.policy == policy)

    def standing(self, policy: str) -> Standing:
        """The numbers of one policy."""
        return next(each for each in self.standings if each.kpis.policy == policy)


def gallery(scene: Scene, learning: courses.Learning | None = None) -> tuple[Chart, ...]:
    """All charts of a report, in reading order."""
    learned = () if learning is None else (_learning(learning, scene.currency),)
    return (
        _intervals(scene),
        _kpi_bars(scene),
        _frontier(scene, "profit"),
        _frontier(scene, "fill_rate"),
        _waterfall(scene),
        _difference_waterfall(scene),
        _by_class(scene),
        _ranked(scene),
        *learned,
        *_items(scene),
    )


def telling_items(gain: NDArray[np.floating], demand: NDArray[np.floating]) -> dict[int, Text]:
    """Rows worth a picture: where the policy gains most, where it loses most, and the best seller.

    Args:
        gain: profit difference. [item]
        demand: units. [item]
    """
    rows: dict[int, Text] = {}
    picks = (
        (gain.argmax(), Text("where it gains most", "获益最大的商品")),
        (gain.argmin(), Text("where it gains least or loses most", "获益最小或亏损最大的商品")),
        (demand.argmax(), Text("the best seller", "最畅销的商品")),
    )
    for row, why in picks:
        rows.setdefault(int(row), why)
    return rows


def _intervals(scene: Scene) -> Chart:
    found = [row.against for row in scene.standings if row.against is not None and row.kpis.kind != "bound"]
    kinds: dict[str, Kind] = {row.kpis.policy: row.kpis.kind for row in scene.standings}
    better = sum(each.is_clear and each.total > 0 for each in found)
    worse = sum(each.is_clear and each.total < 0 for each in found)
    return chart(
        Text("Who earns more than the best rule", "谁比最佳规则更赚钱"),
        Text(
            f"Of {len(found)} policies, {better} earned clearly more than {scene.reference_title.en}, {worse} clearly "
            f"less and {len(found) - better - worse} cannot be told apart. Lines are 95% intervals of "
            "the paired difference.",
            f"在 {len(found)} 个策略中，{better} 个明显优于“{scene.reference_title.zh}”，{worse} 个明显更差，"
            f"{len(found) - better - worse} 个无法区分。横线为配对差额的 95% 置信区间。",
        ),
        lambda language: charts.difference_intervals(found, kinds, language, scene.currency),
    )


def _kpi_bars(scene: Scene) -> Chart:
    mine, rule = scene.standing(scene.policy).kpis, scene.standing(scene.reference).kpis
    rows = [row.kpis for row in scene.standings if row.kpis.kind != "bound"]  # its turnover would dwarf the others
    rates = [percent_text(None if rate is None else 100 * rate) for rate in (mine.fill_rate, rule.fill_rate)]
    stock = [money_text(row.stock_value, scene.currency) for row in (mine, rule)]
    return chart(
        Text("Key figures side by side", "关键指标对比"),
        Text(
            f"Demand served at once: {rates[0]} with {stock[0]} of stock under {scene.policy_title.en}, "
            f"{rates[1]} with {stock[1]} under {scene.reference_title.en}.",
            f"“{scene.policy_title.zh}”以 {stock[0]} 的库存即时满足 {rates[0]} 的需求；"
            f"“{scene.reference_title.zh}”以 {stock[1]} 的库存满足 {rates[1]}。",
        ),
        lambda language: charts.kpi_bars(rows, language, scene.currency),
        least_width=900,
    )


def _frontier(scene: Scene, measure: str) -> Chart:
    if measure == "profit":
        points = [_profit_point(row, scene.chosen) for row in scene.standings]
        return chart(
            Text("Money tied up against profit", "资金占用与利润"),
            Text(
                "Up is more profit, left is less money tied up in stock. Lines are 95% intervals of the difference to "
                f"{scene.reference_title.en}; the ring marks the policy in use.",
                f"越靠上利润越高，越靠左占用资金越少。竖线为与“{scene.reference_title.zh}”之差的 95% 置信区间，"
                "圆环标出选用的策略。",
            ),
            lambda language: charts.frontier(points, language, scene.currency),
            half=True,
        )
    points = [_service_point(row, scene) for row in scene.standings]
    return chart(
        Text("Money tied up against service", "资金占用与服务水平"),
        Text(
            "Up is more demand served at once, left is less money tied up in stock. Lines are 95% intervals.",
            "越靠上即时满足的需求越多，越靠左占用资金越少。竖线为 95% 置信区间。",
        ),
        lambda language: charts.frontier(points, language, scene.currency, "fill_rate"),
        half=True,
    )


def _profit_point(row: Standing, chosen: str) -> charts.FrontierPoint:
    found, numbers = row.against, row.kpis
    low, high = (None, None) if found is None else (found.low - found.total, found.high - found.total)
    return charts.FrontierPoint(
        numbers.policy,
        numbers.kind,
        numbers.stock_value,
        numbers.profit,
        None if low is None else numbers.profit + low,
        None if high is None else numbers.profit + high,
        numbers.policy == chosen,
    )


def _service_point(row: Standing, scene: Scene) -> charts.FrontierPoint:
    numbers = row.kpis
    found = fill_rate_interval(scene.replay(numbers.policy), seed=scene.seed)
    value, low, high = found or (1.0, None, None)
    chosen = numbers.policy == scene.chosen
    return charts.FrontierPoint(numbers.policy, numbers.kind, numbers.stock_value, value, low, high, chosen)


def _waterfall(scene: Scene) -> Chart:
    row = scene.standing(scene.policy).kpis
    total = money_text(row.profit, scene.currency)
    return chart(
        Text(f"Where the profit of {scene.policy_title.en} comes from", f"“{scene.policy_title.zh}”的利润从何而来"),
        Text(f"The terms add up to {total}.", f"各项相加为 {total}。"),
        lambda language: charts.waterfall(row, language, scene.currency),
        half=True,
    )


def _difference_waterfall(scene: Scene) -> Chart:
    mine, rule = scene.standing(scene.policy).kpis, scene.standing(scene.reference).kpis
    total = money_text(mine.profit - rule.profit, scene.currency, signed=True)
    return chart(
        Text(f"Why it differs from {scene.reference_title.en}", f"与“{scene.reference_title.zh}”的差额从何而来"),
        Text(
            f"Green terms favour {scene.policy_title.en}, red ones {scene.reference_title.en}; together {total}.",
            f"绿色项有利于“{scene.policy_title.zh}”，红色项有利于“{scene.reference_title.zh}”；合计 {total}。",
        ),
        lambda language: charts.difference_waterfall(mine, rule, language, scene.currency),
        half=True,
    )


def _by_class(scene: Scene) -> Chart:
    mine, rule = scene.replay(scene.policy), scene.replay(scene.reference)
    classes = demand_classes(np.asarray(mine.period.demand, np.float64).sum(-1))
    found = difference_by(classes, mine, rule, seed=scene.seed)
    best = max(found.values(), key=lambda each: each.total)
    most = money_text(best.total, scene.currency, signed=True)
    return chart(
        Text("Which kind of demand gains", "哪类需求获益"),
        Text(
            f"Difference to {scene.reference_title.en} by demand class; the largest is {most} on {best.items:,} items. "
            "Lines are 95% intervals.",
            f"按需求类型列出与“{scene.reference_title.zh}”的差额；最大的一类为 {most}，"
            f"含 {best.items:,} 个商品。竖线为 95% 置信区间。",
        ),
        lambda language: charts.difference_by_class(found, language, scene.currency),
        half=True,
    )


def _ranked(scene: Scene) -> Chart:
    gain = _gain(scene)
    top = np.sort(gain)[::-1][: max(1, len(gain) // 10)].sum()
    return chart(
        Text("How the difference spreads over items", "差额在商品间的分布"),
        Text(
            f"Of {len(gain):,} items, {int((gain > 0).sum()):,} earn more with {scene.policy_title.en}; "
            f"the best tenth of the items alone makes {money_text(float(top), scene.currency, True)}.",
            f"“{scene.policy_title.zh}”在 {len(gain):,} 个商品中的 {int((gain > 0).sum()):,} 个上更赚钱；"
            f"仅最好的十分之一商品就贡献 {money_text(float(top), scene.currency, True)}。",
        ),
        lambda language: charts.ranked_differences(gain, (scene.policy, scene.reference), language, scene.currency),
        half=True,
    )


def _learning(learning: courses.Learning, currency: str) -> Chart:
    seeds = len(learning.profit)
    last, kept = NOTHING, learning.stopped
    if kept is not None:
        last = Text(f", weights kept at update {kept}", f"，保留第 {kept} 次更新的权重")
    return chart(
        Text("How the policy was learned", "策略的学习过程"),
        Text(
            f"Money on the validation window of {seeds} seeds{last.en}; the dashed line is the best tuned rule.",
            f"{seeds} 个随机种子在验证期的收益{last.zh}；虚线为调优后的最佳规则。",
        ),
        lambda language: courses.learning_curve(learning, language, currency),
    )


def _items(scene: Scene) -> Sequence[Chart]:
    pair = (scene.replay(scene.policy), scene.replay(scene.reference))
    demand = np.asarray(pair[0].period.demand, np.float64).sum((1, 2))
    gain = _gain(scene)
    return [_item(scene, pair, row, why, float(gain[row])) for row, why in telling_items(gain, demand).items()]


def _item(scene: Scene, pair: tuple[Replay, Replay], row: int, why: Text, gain: float) -> Chart:
    name, worth = scene.items[row], money_text(gain, scene.currency, signed=True)
    course = courses.item_course(pair, row, name, scene.starts)
    return chart(
        Text(f"Item {name}: {why.en}", f"商品 {name}：{why.zh}"),
        Text(
            f"{worth} against {scene.reference_title.en}. Crosses: customers left or had to wait; triangles: "
            "deliveries; hatched: estimated demand.",
            f"与“{scene.reference_title.zh}”相比 {worth}。叉号：顾客流失或等待；三角：到货；斜纹：估计的需求。",
        ),
        partial(courses.stock_and_demand, course),
    )


def _gain(scene: Scene) -> NDArray[np.float64]:
    return item_profit(scene.replay(scene.policy)) - item_profit(scene.replay(scene.reference))
