"""One restrained style for every figure: learned policies in a strong colour, rules in slate, bounds dashed and grey.

Backgrounds are transparent and the ink is a middle grey, so that a figure reads on white and on dark; the report's page
then sets the ink of the theme in use (assets/report.js).
"""

from html import escape
from typing import Any

import plotly.graph_objects as go

from restock.backtest.replay import Kind
from restock.backtest.wording import policy_title
from restock.language import Language

LEARNED, CLASSICAL, BOUND = "#e8590c", "#5b86b0", "#8d99a6"
COLOURS: dict[Kind, str] = {"learned": LEARNED, "classical": CLASSICAL, "bound": BOUND}
GAIN, LOSS, TOTAL = "#2b9a76", "#c2356b", "#7f8c9b"
DEMAND = "#a9b8c7"
INK, GRID = "#7c8794", "rgba(127,140,155,0.22)"
FONTS = 'system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
LONGEST_NAME = 28
STEPS: dict[str, Any] = {  # how a waterfall looks
    "textposition": "outside",
    "constraintext": "none",
    "cliponaxis": False,
    "increasing": {"marker": {"color": GAIN}},
    "decreasing": {"marker": {"color": LOSS}},
    "totals": {"marker": {"color": TOTAL}},
    "connector": {"line": {"color": INK, "width": 1}},
}


def new_figure(height: int = 380) -> go.Figure:
    """An empty figure in the common style."""
    figure = go.Figure()
    style(figure, height)
    return figure


def style(figure: go.Figure, height: int) -> None:
    """Give a figure the common style; call again after adding subplots."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 12, "r": 16, "t": 16, "b": 12},
        font={"family": FONTS, "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        hoverlabel={"font": {"family": FONTS}},
        bargap=0.25,
        separators=".,",
    )
    axis = {"gridcolor": GRID, "zerolinecolor": INK, "zerolinewidth": 1, "linecolor": GRID, "automargin": True}
    axis |= {"separatethousands": True, "tickfont": {"size": 12}}
    figure.update_xaxes(**axis, title={"standoff": 10, "font": {"size": 13}})
    figure.update_yaxes(**axis, title={"standoff": 10, "font": {"size": 13}})


def plain(name: str) -> str:
    """A name of the shop's as figure text: never markup, never longer than the chart can bear."""
    short = name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
    return escape(short, quote=False)


def policy_label(name: str, language: Language) -> str:
    """A policy's title as figure text."""
    return plain(policy_title(name).in_(language))


def date_format(language: Language) -> str:
    """How days are written under an axis."""
    return "%-m月%-d日\n%Y年" if language == "zh" else "%-d %b\n%Y"
