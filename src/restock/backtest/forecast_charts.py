"""Figures of forecasts: what comes and how sure that is, whether intervals hold, where the errors are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from restock.backtest.look import CLASSICAL, DEMAND, GRID, INK, LEARNED, LOSS, date_format, new_figure, plain
from restock.backtest.wording import DEMAND_CLASSES
from restock.language import Language, Text

PAST_SHOWN = {1: 84, 7: 40}  # periods before the forecast, by days of a period
BANDS = ((0.05, 0.95, 0.16), (0.2, 0.8, 0.30))  # outer and inner, and how strong
MOST_METHODS = 12


class EventSpan(NamedTuple):
    """Days of a festival or of an event of the shop, both included."""

    title: Text
    first: np.datetime64
    last: np.datetime64


@dataclass(frozen=True)
class Fan:
    """The past of one item and its forecast."""

    name: str
    period_days: int
    days: np.ndarray  # first day of each period of the past, datetime64[D]
    sold: NDArray[np.floating]  # NaN where not known
    available: NDArray[np.floating]  # share of the period on the shelf
    ahead: np.ndarray  # first day of each period ahead, datetime64[D]
    levels: tuple[float, ...]
    quantiles: NDArray[np.floating]  # [period ahead, level]
    mean: NDArray[np.floating]
    events: tuple[EventSpan, ...] = ()


class ClassError(NamedTuple):
    """Numbers of one class of items."""

    name: str  # smooth, erratic, ...
    series: int
    wape: float | None
    bias: float | None


def fan(item: Fan, language: Language = "en") -> go.Figure:
    """Sales, the expected demand, and two bands; hollow marks are periods with a stock-out, grey strips festivals."""
    figure = new_figure(340)
    begin = max(len(item.days) - PAST_SHOWN[item.period_days], 0)
    days, sold, available = item.days[begin:], item.sold[begin:], item.available[begin:]
    for event in item.events:
        if event.last >= days[0] and event.first <= item.ahead[-1]:
            _strip(figure, event, language)
    figure.add_scatter(
        x=days,
        y=sold,
        mode="lines",
        line={"color": DEMAND, "width": 1.5},
        name=Text("sold", "销量").in_(language),
        hovertemplate="%{y:,.4~g}",
    )
    out = available < 1
    if out.any():
        figure.add_scatter(
            x=days[out],
            y=np.nan_to_num(sold[out]),
            mode="markers",
            marker={"symbol": "circle-open", "size": 8, "color": LOSS, "line": {"width": 2}},
            name=Text("sold out: demand was more", "售罄：需求高于销量").in_(language),
            customdata=100 * available[out],
            hovertemplate="%{customdata:.0f} %",
        )
    for low, high, strength in BANDS:
        _band(figure, item, (low, high, strength), language)
    figure.add_scatter(
        x=item.ahead,
        y=item.mean,
        mode="lines",
        line={"color": LEARNED, "width": 2.5},
        name=Text("expected", "预计").in_(language),
        hovertemplate="%{y:,.4~g}",
    )
    figure.update_xaxes(tickformat=date_format(language), showgrid=False)
    figure.update_yaxes(rangemode="tozero", title_text=Text("units", "件").in_(language))
    figure.update_layout(hovermode="x unified")
    return figure


def calibration(
    levels: Sequence[float], observed: Mapping[str, Sequence[float]], language: Language = "en"
) -> go.Figure:
    """How often demand came out below each quantile; on the line the quantile is what it says."""
    figure = new_figure(380)
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"color": INK, "width": 1, "dash": "dot"},
        name=Text("as promised", "与承诺一致").in_(language),
        hoverinfo="skip",
    )
    for place, (name, shares) in enumerate(observed.items()):
        figure.add_scatter(
            x=list(levels),
            y=list(shares),
            mode="lines+markers",
            line={"color": LEARNED if place == 0 else CLASSICAL, "width": 3 if place == 0 else 1.5},
            name=plain(name),
            hovertemplate="%{x:.0%}: %{y:.1%}",
        )
    figure.update_xaxes(title_text=Text("Quantile", "分位数").in_(language), tickformat=".0%", range=[0, 1])
    said = Text("Demand below it", "需求低于该分位数的比例")
    figure.update_yaxes(title_text=said.in_(language), tickformat=".0%", range=[0, 1])
    return figure


def errors_by_class(rows: Sequence[ClassError], language: Language = "en") -> go.Figure:
    """WAPE and bias of each class of items; how many items stand in it."""
    figure = new_figure(320)
    unknown = Text("", "")
    names = [f"{DEMAND_CLASSES.get(row.name, unknown).in_(language) or plain(row.name)} ({row.series})" for row in rows]
    for title, values, colour in (
        (Text("WAPE", "WAPE"), [row.wape for row in rows], CLASSICAL),
        (Text("bias", "偏差"), [row.bias for row in rows], LEARNED),
    ):
        figure.add_bar(
            x=names,
            y=values,
            name=title.in_(language),
            marker={"color": colour},
            hovertemplate="%{y:+.1%}",
            text=[
                None if value is None else f"{value:+.0%}" if colour == LEARNED else f"{value:.0%}" for value in values
            ],
            textposition="outside",
            cliponaxis=False,
        )
    figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(showgrid=False)
    return figure


def methods_bars(names: Sequence[str], values: Sequence[float], chosen: str, language: Language = "en") -> go.Figure:
    """Scaled pinball of each method, best on top; the chosen one in the strong colour."""
    order = [int(i) for i in np.argsort(values)[::-1][-MOST_METHODS:]]
    figure = new_figure(90 + 30 * len(order))
    figure.add_bar(
        x=[values[i] for i in order],
        y=[plain(names[i]) for i in order],
        orientation="h",
        marker={"color": [LEARNED if names[i] == chosen else CLASSICAL for i in order]},
        text=[f"{values[i]:.3f}" for i in order],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    figure.update_xaxes(
        title_text=Text("Scaled pinball loss: less is better", "标准化分位损失：越小越好").in_(language)
    )
    figure.update_yaxes(showgrid=False, ticks="")
    return figure


def bias_by_item(bias: NDArray[np.floating], language: Language = "en") -> go.Figure:
    """How items are spread: forecast too little on the left, too much on the right."""
    figure = new_figure(320)
    shown = np.clip(bias[np.isfinite(bias)], -1, 1)
    figure.add_histogram(
        x=shown,
        xbins={"start": -1.05, "end": 1.05, "size": 0.1},
        marker={"color": CLASSICAL, "line": {"color": GRID, "width": 1}},
        hovertemplate="%{x}: %{y}<extra></extra>",
        showlegend=False,
    )
    figure.add_vline(0, line={"color": INK, "width": 1, "dash": "dot"})
    said = Text("(expected - sold) / sold, of each item", "各商品的（预计 − 实际）÷ 实际")
    figure.update_xaxes(title_text=said.in_(language), tickformat="+.0%")
    figure.update_yaxes(title_text=Text("items", "商品数").in_(language))
    return figure


def _strip(figure: go.Figure, event: EventSpan, language: Language) -> None:
    end = event.last + np.timedelta64(1, "D")
    figure.add_vrect(
        x0=str(event.first),
        x1=str(end),
        fillcolor=INK,
        opacity=0.14,
        line_width=0,
        layer="below",
        annotation_text=plain(event.title.in_(language)),
        annotation_position="top left",
        annotation_textangle=-90,
        annotation_font_size=10,
    )


def _band(figure: go.Figure, item: Fan, band: tuple[float, float, float], language: Language) -> None:
    low, high, strength = band
    places = [int(np.argmin(np.abs(np.asarray(item.levels) - level))) for level in (low, high)]
    words = Text(f"{high - low:.0%} interval", f"{high - low:.0%} 区间").in_(language)
    for place, fill in zip(places, (None, "tonexty"), strict=True):
        figure.add_scatter(
            x=item.ahead,
            y=item.quantiles[:, place],
            mode="lines",
            line={"width": 0, "color": LEARNED},
            fill=fill,
            fillcolor=f"rgba(232,89,12,{strength})",
            name=words,
            showlegend=fill is not None,
            hovertemplate="%{y:,.4~g}",
        )
