"""The figures that compare policies in money; plain records in, one plotly figure out.

The report, notebooks and the page draw from here. Figures carry no title: the place that shows them has one.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from restock.backtest.compare import Difference
from restock.backtest.label_places import Place, beside, places_of_names
from restock.backtest.look import COLOURS, GAIN, INK, LOSS, STEPS, new_figure, plain, policy_label, style
from restock.backtest.metrics import Kpis, Ledger
from restock.backtest.replay import Kind
from restock.backtest.wording import (
    DEMAND_CLASSES,
    KINDS,
    MEASURES,
    MONEY_TERMS,
    measure_text,
    money_text,
    percent_text,
    with_unit,
)
from restock.language import Language, Text

SHOWN_IN_BARS = ("profit", "fill_rate", "in_stock_rate", "turnover", "stock_value")
MOST_RANKED_POINTS = 400
PROFIT = Text("Profit", "利润")


class FrontierPoint(NamedTuple):
    """One policy on the frontier; `low` and `high` are the interval of `value`, which is money or a share."""

    policy: str
    kind: Kind
    stock_value: float
    value: float
    low: float | None
    high: float | None
    chosen: bool = False


def difference_intervals(
    differences: Sequence[Difference], kinds: Mapping[str, Kind], language: Language = "en", currency: str = ""
) -> go.Figure:
    """How much more than the reference each policy earned, with 95 % intervals; best on top."""
    figure = new_figure(110 + 34 * len(differences))
    ordered = sorted(differences, key=lambda each: each.total)
    figure.add_scatter(
        x=[each.total for each in ordered],
        y=[policy_label(each.policy_a, language) for each in ordered],
        error_x={
            "array": [each.high - each.total for each in ordered],
            "arrayminus": [each.total - each.low for each in ordered],
            "thickness": 2,
            "width": 5,
            "color": INK,
        },
        mode="markers",
        marker={"size": 12, "color": [COLOURS[kinds[each.policy_a]] for each in ordered]},
        text=[_difference_text(each, currency) for each in ordered],
        hovertemplate="%{y}: %{text}<extra></extra>",
    )
    rival = policy_label(differences[0].policy_b, language) if differences else ""
    title = Text(f"Profit compared with {rival}", f"与“{rival}”的利润差")
    figure.update_xaxes(title_text=with_unit(title, currency, language), zerolinewidth=2)
    return figure


def frontier(
    points: Sequence[FrontierPoint],
    language: Language = "en",
    currency: str = "",
    measure: Literal["profit", "fill_rate"] = "profit",
) -> go.Figure:
    """Money tied up in stock against what it buys; the chosen policy is ringed."""
    figure = new_figure(430)
    share = measure == "fill_rate"
    named = _places(points, language)
    for kind in KINDS:
        mine = [point for point in points if point.kind == kind]
        if mine:
            _dots(figure, mine, named, share, language)
    chosen = [point for point in points if point.chosen]
    if chosen:
        _ring(figure, chosen, language)
    title = next(each.title for each in MEASURES if each.name == measure)
    most = max((point.stock_value for point in points), default=0.0) or 1.0
    figure.update_xaxes(
        title_text=with_unit(Text("Mean stock value", "平均库存金额"), currency, language),
        range=[-0.05 * most, 1.4 * most],  # room for the names
        zeroline=False,
    )
    figure.update_yaxes(title_text=with_unit(title, "" if share else currency, language))
    if share:
        figure.update_yaxes(tickformat=".0%")
    return figure


def kpi_bars(rows: Sequence[Kpis], language: Language = "en", currency: str = "") -> go.Figure:
    """The main KPIs of every policy side by side; first row on top."""
    shown = [each for each in MEASURES if each.name in SHOWN_IN_BARS]
    titles = [with_unit(each.title, currency if each.format == "money" else "", language) for each in shown]
    figure = make_subplots(1, len(shown), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.03)
    style(figure, 70 + 34 * len(rows))
    figure.update_layout(margin={"t": 34})  # the titles of the columns
    names = [policy_label(row.policy, language) for row in rows]
    for column, each in enumerate(shown, start=1):
        values = [getattr(row, each.name) for row in rows]
        figure.add_bar(
            x=values,
            y=names,
            orientation="h",
            marker={
                "color": [COLOURS[row.kind] for row in rows],
                "pattern": {"shape": ["/" if row.kind == "bound" else "" for row in rows], "solidity": 0.25},
            },
            text=[measure_text(value, each.format) for value in values],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{text}<extra>" + titles[column - 1] + "</extra>",
            row=1,
            col=column,
            showlegend=False,
        )
        ends = [0.0, *(value for value in values if value is not None)]
        figure.update_xaxes(range=[1.45 * min(ends), 1.45 * max(ends)], row=1, col=column)  # room for the numbers
    figure.update_xaxes(showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", ticks="", showgrid=False)
    figure.update_annotations(font={"size": 13})
    return figure


def waterfall(row: Kpis, language: Language = "en", currency: str = "") -> go.Figure:
    """Where one policy's profit comes from, term by term."""
    return _waterfall(_terms(row.ledger), PROFIT, language, currency)


def difference_waterfall(a: Kpis, b: Kpis, language: Language = "en", currency: str = "") -> go.Figure:
    """Why policy a earns more or less than policy b, term by term."""
    mine, theirs = _terms(a.ledger), _terms(b.ledger)
    gain = {name: mine[name] - theirs[name] for name in mine}
    return _waterfall(gain, Text("Difference", "差额"), language, currency, signed=True)


def ranked_differences(
    gain: NDArray[np.floating], policies: tuple[str, str], language: Language = "en", currency: str = ""
) -> go.Figure:
    """Every item's profit under the first policy minus the second, from the largest gain to the largest loss.

    Args:
        gain: money. [item]
    """
    ranked = np.sort(np.asarray(gain, np.float64))[::-1]
    place = (np.arange(len(ranked)) + 0.5) / max(len(ranked), 1)
    if len(ranked) > MOST_RANKED_POINTS:  # a large shop: the curve keeps its ends and shape, the page its size
        kept = np.unique(np.linspace(0, len(ranked) - 1, MOST_RANKED_POINTS).round().astype(int))
        ranked, place = ranked[kept], place[kept]
    figure = new_figure(360)
    for part, colour, words in (
        (np.maximum(ranked, 0), GAIN, Text("earns more with {}", "{}更赚钱")),
        (np.minimum(ranked, 0), LOSS, Text("earns more with {}", "{}更赚钱")),
    ):
        figure.add_scatter(
            x=100 * place,
            y=np.round(part, 2),
            mode="lines",
            line={"color": colour, "width": 1.5, "shape": "hvh"},
            fill="tozeroy",
            name=words.in_(language).format(policy_label(policies[0] if colour == GAIN else policies[1], language)),
            hovertemplate="%{y:,.2f}<extra></extra>",
        )
    figure.update_xaxes(title_text=Text("Share of items", "商品占比").in_(language), range=[0, 100], ticksuffix="%")
    title = Text("Profit difference per item", "每个商品的利润差")
    figure.update_yaxes(title_text=with_unit(title, currency, language))
    return figure


def difference_by_class(
    differences: Mapping[str, Difference], language: Language = "en", currency: str = ""
) -> go.Figure:
    """Profit difference in each demand class (or any other grouping), with 95 % intervals and numbers of items."""
    figure = new_figure(340)
    rows = list(differences.items())
    items = Text("items", "个商品").in_(language)
    titles = [DEMAND_CLASSES[name].in_(language) if name in DEMAND_CLASSES else plain(name) for name in differences]
    figure.add_bar(
        x=[f"{title}<br>{row.items} {items}" for title, (_, row) in zip(titles, rows, strict=True)],
        y=[row.total for _, row in rows],
        error_y={
            "array": [row.high - row.total for _, row in rows],
            "arrayminus": [row.total - row.low for _, row in rows],
            "color": INK,
            "thickness": 2,
            "width": 6,
        },
        marker={"color": [GAIN if row.total >= 0 else LOSS for _, row in rows]},
        width=0.5,
        text=[_difference_text(row, currency) for _, row in rows],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_yaxes(title_text=with_unit(Text("Profit difference", "利润差"), currency, language))
    return figure


def _difference_text(each: Difference, currency: str) -> str:
    low, high = (money_text(end, currency, signed=True) for end in (each.low, each.high))
    share = "" if each.relative_percent is None else f" ({percent_text(each.relative_percent, signed=True)})"
    return f"{money_text(each.total, currency, signed=True)}{share} [{low}, {high}]"


def _places(points: Sequence[FrontierPoint], language: Language) -> dict[str, Place | None]:
    """Where each policy's name stands: the chosen, the learned and the bound come first, then the best rules."""
    widest = max((point.stock_value for point in points), default=0.0) or 1.0
    values = [point.value for point in points]
    tallest = max(values, default=0.0) - min(values, default=0.0) or 1.0
    rank: dict[Kind, int] = {"learned": 1, "bound": 2, "classical": 3}
    ordered = sorted(points, key=lambda each: (not each.chosen, rank[each.kind], -each.value))
    marks = [(point.stock_value, point.value) for point in ordered]
    names = [policy_label(point.policy, language) for point in ordered]
    found = places_of_names(marks, names, 1.45 * widest, 1.1 * tallest)
    return {point.policy: place for point, place in zip(ordered, found, strict=True)}


def _dots(
    figure: go.Figure,
    points: Sequence[FrontierPoint],
    named: Mapping[str, Place | None],
    share: bool,
    language: Language,
) -> None:
    kind = points[0].kind
    labels = [policy_label(point.policy, language) for point in points]
    intervals = [(point.value, point.low, point.high) for point in points]
    figure.add_scatter(
        x=[point.stock_value for point in points],
        y=[point.value for point in points],
        error_y={
            "array": [0 if high is None else high - value for value, _, high in intervals],
            "arrayminus": [0 if low is None else value - low for value, low, _ in intervals],
            "color": COLOURS[kind],
            "thickness": 1.5,
            "width": 4,
        },
        mode="markers+text",
        text=[beside(label, named[point.policy]) for label, point in zip(labels, points, strict=True)],
        hovertext=labels,
        textposition=[named[point.policy] or "middle right" for point in points],
        cliponaxis=False,
        name=KINDS[kind].in_(language),
        marker={"size": 12, "color": COLOURS[kind], "symbol": "diamond-open" if kind == "bound" else "circle"},
        hovertemplate="%{hovertext}<br>%{x:,.0f} · %{y:" + (".1%" if share else ",.0f") + "}<extra></extra>",
    )


def _ring(figure: go.Figure, points: Sequence[FrontierPoint], language: Language) -> None:
    figure.add_scatter(
        x=[point.stock_value for point in points],
        y=[point.value for point in points],
        mode="markers",
        name=Text("chosen", "选用").in_(language),
        marker={"size": 22, "symbol": "circle-open", "color": INK, "line": {"width": 2.5}},
        hoverinfo="skip",
    )


def _terms(ledger: Ledger) -> dict[str, float]:
    """The signed terms of profit by name; purchases less what stayed in stock are the cost of goods."""
    signed = ledger.signed()._asdict()
    goods = signed.pop("purchase") + signed.pop("stock_change")
    earned = {name: signed.pop(name) for name in ("sales", "liquidation")}
    return earned | {"goods": goods} | signed


def _waterfall(
    terms: Mapping[str, float], last: Text, language: Language, currency: str, signed: bool = False
) -> go.Figure:
    used = {name: value for name, value in terms.items() if abs(value) > 1e-9}
    total = sum(terms.values())
    figure = new_figure(380)
    figure.add_waterfall(
        x=[MONEY_TERMS[name].in_(language) for name in used] + [f"<b>{last.in_(language)}</b>"],
        y=[*used.values(), total],
        measure=["relative"] * len(used) + ["total"],
        text=[money_text(value, signed=signed) for value in (*used.values(), total)],
        textfont={"size": 11},
        **STEPS,
        hovertemplate="%{x}: %{text}<extra></extra>",
    )
    figure.update_yaxes(title_text=with_unit(Text("Money", "金额"), currency, language))
    return figure
