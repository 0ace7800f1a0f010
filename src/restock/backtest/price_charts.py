"""The figure of an item's prices: what was paid, what is planned, when it was promoted, and what it costs."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from restock.backtest.look import CLASSICAL, DEMAND, INK, LEARNED, LOSS, date_format, new_figure
from restock.backtest.wording import with_unit
from restock.language import Language, Text

LOW = 6.0  # bars of promotions take this part of the height


@dataclass(frozen=True)
class PriceCourse:
    """Prices of one item, period by period. Money per unit."""

    days: np.ndarray  # first day of each period, also of those to come, datetime64[D]
    paid: NDArray[np.floating]  # NaN where nothing was sold, and to come
    planned: NDArray[np.floating]  # of the periods to come; NaN before
    promotion: NDArray[np.floating]  # strength, 1 = full
    unit_cost: float
    list_price: float | None


def price_course(course: PriceCourse, language: Language = "en", currency: str = "") -> go.Figure:
    """Steps of the price; promotions as bars below it; cost and list price as level lines."""
    figure = new_figure(340)
    if (course.promotion > 0).any():
        figure.add_bar(
            x=course.days,
            y=np.round(course.promotion.astype(np.float64), 3),
            yaxis="y2",
            name=Text("promotion", "促销").in_(language),
            marker={"color": DEMAND},
            hovertemplate="%{y:.0%}",
        )
    for values, title, colour in (
        (course.paid, Text("paid", "成交价"), CLASSICAL),
        (course.planned, Text("to come", "未来价格"), LEARNED),
    ):
        if np.isfinite(values).any():
            figure.add_scatter(
                x=course.days,
                y=[None if np.isnan(value) else round(float(value), 4) for value in values],
                mode="lines+markers",
                line={"color": colour, "width": 2.5, "shape": "hv"},
                marker={"size": 4},
                name=title.in_(language),
                hovertemplate="%{y:,.2f}",
            )
    for value, title, colour in (
        (course.list_price, Text("list price", "标价"), INK),
        (course.unit_cost, Text("unit cost", "采购单价"), LOSS),
    ):
        if value is not None:
            figure.add_scatter(
                x=[course.days[0], course.days[-1]],
                y=[value] * 2,
                mode="lines",
                line={"color": colour, "width": 1.5, "dash": "dot"},
                name=title.in_(language),
                hovertemplate="%{y:,.2f}",
            )
    figure.update_xaxes(tickformat=date_format(language), showgrid=False)
    title = Text("Money per unit", "每件金额")
    figure.update_yaxes(rangemode="tozero", title_text=with_unit(title, currency, language), tickformat=",.2f")
    strongest = max(float(course.promotion.max(initial=0.0)), 1.0)
    figure.update_layout(
        hovermode="x unified",
        yaxis2={"overlaying": "y", "range": [0, LOW * strongest], "visible": False, "fixedrange": True},
    )
    return figure
