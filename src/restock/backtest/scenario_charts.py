"""Figures of scenarios: what more money in stock buys today."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import plotly.graph_objects as go

from restock.backtest.label_places import Place, beside, places_of_names
from restock.backtest.look import CLASSICAL, INK, LEARNED, new_figure, plain
from restock.backtest.wording import with_unit
from restock.language import Language, Text

PROFIT = Text("Expected profit of the orders", "订货的预期利润")
SERVICE = Text("Chance not to run out, mean of items", "不缺货概率（商品均值）")
AS_IT_IS = Text("as it is", "现状")
Measure = Literal["profit", "service"]
TITLES: Mapping[Measure, Text] = {"profit": PROFIT, "service": SERVICE}
ROOM = 0.5  # right of the marks, for names, as a share of their span


class ScenarioPoint(NamedTuple):
    """One scenario: the money in stock, and what it buys, money or a share."""

    name: str
    stock_value: float
    value: float
    usual: bool = False  # the shop as it is


def scenario_frontier(
    points: Sequence[ScenarioPoint],
    language: Language = "en",
    currency: str = "",
    measure: Measure = "profit",
) -> go.Figure:
    """Money in stock against profit or service; the line joins those that no other betters with as little stock."""
    figure, share = new_figure(340), measure == "service"
    least, most = (end((point.stock_value for point in points), default=0.0) for end in (min, max))
    span = most - least or 0.1 * most or 1.0
    best = efficient(points)
    number = ".1%" if share else ",.0f"
    figure.add_scatter(
        x=[point.stock_value for point in best],
        y=[point.value for point in best],
        mode="lines",
        line={"color": INK, "width": 1, "dash": "dot"},
        name=Text("most for the money", "同等资金下最优").in_(language),
        hoverinfo="skip",
    )
    places = _places(points, span)
    for usual, title, colour in ((False, Text("scenario", "情景"), CLASSICAL), (True, AS_IT_IS, LEARNED)):
        mine = [point for point in points if point.usual == usual]
        figure.add_scatter(
            x=[point.stock_value for point in mine],
            y=[point.value for point in mine],
            mode="markers+text",
            text=[beside(plain(point.name), places[point]) for point in mine],
            hovertext=[plain(point.name) for point in mine],
            textposition=[places[point] or "middle right" for point in mine],
            cliponaxis=False,
            name=title.in_(language),
            marker={"size": 12, "color": colour},
            hovertemplate="%{hovertext}<br>%{x:,.0f} · %{y:" + number + "}<extra></extra>",
        )
    money = Text("Stock with what is ordered, at cost", "订货后的库存金额")
    figure.update_xaxes(
        title_text=with_unit(money, currency, language),
        range=[least - 0.1 * span, most + ROOM * span],
        tickformat=",.0f",
        zeroline=False,
    )
    if share:
        figure.update_yaxes(title_text=SERVICE.in_(language), tickformat=".0%", zeroline=False)
    else:
        figure.update_yaxes(title_text=with_unit(PROFIT, currency, language), tickformat=",.0f", zeroline=False)
    return figure


def efficient(points: Sequence[ScenarioPoint]) -> list[ScenarioPoint]:
    """Those that no other point betters with as little stock or less; the least stock first."""
    kept: list[ScenarioPoint] = []
    for point in sorted(points, key=lambda each: (each.stock_value, -each.value)):
        if not kept or point.value > kept[-1].value:
            kept.append(point)
    return kept


def _places(points: Sequence[ScenarioPoint], span: float) -> dict[ScenarioPoint, Place | None]:
    """The shop as it is comes first, then what earns most."""
    values = [point.value for point in points]
    tallest = max(values, default=0.0) - min(values, default=0.0) or 1.0
    ordered = sorted(points, key=lambda each: (not each.usual, -each.value))
    marks, names = [(point.stock_value, point.value) for point in ordered], [plain(point.name) for point in ordered]
    return dict(zip(ordered, places_of_names(marks, names, (1.1 + ROOM) * span, 1.2 * tallest), strict=True))
