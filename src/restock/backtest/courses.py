"""The figures over time: one item under several policies, and how a policy was learned."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from restock.backtest.look import (
    BOUND,
    CLASSICAL,
    COLOURS,
    DEMAND,
    INK,
    LEARNED,
    date_format,
    new_figure,
    policy_label,
    style,
)
from restock.backtest.metrics import SMALLEST_UNIT
from restock.backtest.replay import Kind, Replay
from restock.backtest.wording import with_unit
from restock.language import Language, Text

UNITS = Text("units", "件")


class Course(NamedTuple):
    """One item under one policy, in units. [period]"""

    policy: str
    kind: Kind
    on_hand: NDArray[Any]  # at the end of the period
    lost: NDArray[Any]  # lost or made to wait
    ordered: NDArray[Any]
    arrived: NDArray[Any]


@dataclass(frozen=True)
class ItemCourse:
    """One item's demand and how each policy served it."""

    item: str
    starts: NDArray[np.datetime64]  # first day of each period
    demand: NDArray[Any]  # units [period]
    known: NDArray[Any]  # 1 where demand was observed, 0 where it was estimated [period]
    courses: tuple[Course, ...]


@dataclass(frozen=True)
class Learning:
    """What training looked like from validation."""

    updates: NDArray[Any]  # gradient steps done at each look [look]
    profit: NDArray[Any]  # validation money, one row per seed [seed, look]
    best_rule: str
    best_rule_profit: float
    stopped: int | None = None  # the update whose weights were kept


def item_course(replays: Sequence[Replay], row: int, item: str, starts: NDArray[np.datetime64]) -> ItemCourse:
    """One row of several replays of the same window."""
    courses = []
    for replay in replays:
        period = replay.period
        on_hand, lost, waited, ordered, arrived = (
            np.asarray(values, np.float64)[row].sum(-1)
            for values in (period.on_hand, period.lost, period.waited, period.ordered, period.arrived)
        )
        courses.append(Course(replay.policy, replay.kind, on_hand, lost + waited, ordered, arrived))
    demand = np.asarray(replays[0].period.demand, np.float64)[row].sum(-1)
    return ItemCourse(item, starts, demand, np.asarray(replays[0].known)[row], tuple(courses))


def stock_and_demand(item: ItemCourse, language: Language = "en") -> go.Figure:
    """Demand, stock and orders of one item, one below the other.

    Crosses mark periods where customers left or had to wait, triangles deliveries; estimated demand is hatched.
    """
    figure = make_subplots(3, 1, shared_xaxes=True, row_heights=[0.28, 0.47, 0.25], vertical_spacing=0.05)
    style(figure, 560)
    _demand_bars(figure, item, language)
    colours = _colours(item.courses)
    for place, (course, colour) in enumerate(zip(item.courses, colours, strict=True)):
        _stock_line(figure, item, course, colour, language)
        _lost_marks(figure, item, course, colour, place, language)
        figure.add_bar(
            x=item.starts,
            y=_thin(course.ordered),
            marker={"color": colour},
            name=policy_label(course.policy, language),
            showlegend=False,
            hovertemplate="%{y:,.4~g}",
            offsetgroup=course.policy,
            alignmentgroup="orders",
            row=3,
            col=1,
        )
    titles = (Text("Demand", "需求"), Text("Stock", "库存"), Text("Orders", "订货"))
    for row, title in enumerate(titles, start=1):
        figure.update_yaxes(title_text=with_unit(title, UNITS.in_(language), language), row=row, col=1)
    figure.update_yaxes(rangemode="tozero")
    figure.update_xaxes(tickformat=date_format(language), showgrid=False)
    figure.update_layout(hovermode="x unified", bargap=0.15)
    return figure


def learning_curve(learning: Learning, language: Language = "en", currency: str = "") -> go.Figure:
    """Validation money while a policy learns: each seed, their mean, the best rule, and where training was stopped."""
    figure = new_figure(380)
    for number, profit in enumerate(learning.profit):
        figure.add_scatter(
            x=learning.updates,
            y=profit,
            mode="lines",
            line={"color": LEARNED, "width": 1},
            opacity=0.35,
            name=Text("each seed", "各随机种子").in_(language),
            legendgroup="seeds",
            showlegend=number == 0,
            hovertemplate="%{y:,.0f}<extra>" + Text(f"seed {number}", f"种子 {number}").in_(language) + "</extra>",
        )
    figure.add_scatter(
        x=learning.updates,
        y=np.mean(learning.profit, 0),
        mode="lines",
        line={"color": LEARNED, "width": 3},
        name=Text("mean of seeds", "种子均值").in_(language),
        hovertemplate="%{y:,.0f}<extra></extra>",
    )
    best = policy_label(learning.best_rule, language)
    figure.add_scatter(
        x=[learning.updates[0], learning.updates[-1]],
        y=[learning.best_rule_profit] * 2,
        mode="lines",
        line={"color": CLASSICAL, "width": 2, "dash": "dash"},
        name=Text(f"best rule: {best}", f"最佳规则：{best}").in_(language),
        hovertemplate="%{y:,.0f}<extra></extra>",
    )
    if learning.stopped is not None:
        words = Text("weights kept", "保留此处权重").in_(language)
        figure.add_vline(learning.stopped, line={"color": INK, "width": 1, "dash": "dot"}, annotation_text=words)
    title = Text("Profit on the validation window", "验证期利润")
    figure.update_xaxes(title_text=Text("Updates of the network", "网络更新次数").in_(language))
    figure.update_yaxes(title_text=with_unit(title, currency, language))
    return figure


def _demand_bars(figure: go.Figure, item: ItemCourse, language: Language) -> None:
    observed = item.known > 0
    for mask, words, pattern in (
        (observed, Text("demand", "需求"), ""),
        (~observed, Text("estimated demand", "估计的需求"), "/"),
    ):
        if mask.any():
            figure.add_bar(
                x=item.starts[mask],
                y=item.demand[mask],
                marker={"color": DEMAND, "pattern": {"shape": pattern, "fgcolor": INK, "size": 5, "solidity": 0.35}},
                name=words.in_(language),
                offsetgroup="demand",
                alignmentgroup="demand",
                hovertemplate="%{y:,.4~g}",
                row=1,
                col=1,
            )


def _stock_line(figure: go.Figure, item: ItemCourse, course: Course, colour: str, language: Language) -> None:
    name = policy_label(course.policy, language)
    dash = "dash" if course.kind == "bound" else "solid"
    figure.add_scatter(
        x=item.starts,
        y=course.on_hand,
        mode="lines",
        line={"color": colour, "width": 2, "dash": dash},
        name=Text(f"stock: {name}", f"库存：{name}").in_(language),
        hovertemplate="%{y:,.4~g}",
        row=2,
        col=1,
    )
    came = course.arrived > SMALLEST_UNIT
    figure.add_scatter(
        x=item.starts[came],
        y=course.on_hand[came],
        mode="markers",
        marker={"symbol": "triangle-up", "size": 8, "color": colour},
        name=Text(f"delivery: {name}", f"到货：{name}").in_(language),
        customdata=course.arrived[came],
        hovertemplate="+%{customdata:,.4~g}",
        row=2,
        col=1,
    )


def _lost_marks(
    figure: go.Figure, item: ItemCourse, course: Course, colour: str, place: int, language: Language
) -> None:
    """Crosses just under the zero of the stock, a line of them for each policy, so that none hides another."""
    lost = course.lost > SMALLEST_UNIT
    highest = max(float(each.on_hand.max()) for each in item.courses) or 1.0
    name = policy_label(course.policy, language)
    figure.add_scatter(
        x=item.starts[lost],
        y=np.full(int(lost.sum()), -0.06 * (place + 1) * highest),
        mode="markers",
        marker={"symbol": "x", "size": 8, "color": colour},
        name=Text(f"not served: {name}", f"未满足：{name}").in_(language),
        customdata=course.lost[lost],
        hovertemplate="%{customdata:,.4~g}",
        row=2,
        col=1,
    )


def _colours(courses: Sequence[Course]) -> list[str]:
    """The colour of each policy's kind; a second one of the same kind gets a darker shade."""
    darker = {LEARNED: "#a33c06", CLASSICAL: "#34597d", BOUND: "#5f6974"}
    colours: list[str] = []
    for course in courses:
        first = COLOURS[course.kind]
        colours.append(darker[first] if first in colours else first)
    return colours


def _thin(values: NDArray[Any]) -> list[float | None]:
    """None where nothing happened, so that the hover box names events only."""
    return [float(value) if value > SMALLEST_UNIT else None for value in values]
