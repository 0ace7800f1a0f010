"""Figures of one order line: what its quantity is made of, and what it does to the stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from restock.backtest.look import CLASSICAL, LEARNED, STEPS, date_format, new_figure
from restock.backtest.wording import MINUS
from restock.language import Language, Text

LONGEST_LINE = {"en": 30, "zh": 14}  # signs of a label

SHADE = ("rgba(91,134,176,0.22)", "rgba(232,89,12,0.18)")  # bands without and with the order


class Bar(NamedTuple):
    """One step of a quantity. Units."""

    text: Text
    units: float


def quantity_waterfall(bars: Sequence[Bar], quantity: float, language: Language = "en") -> go.Figure:
    """Steps that add up to what is ordered, from top to bottom."""
    figure = new_figure(70 + 46 * (len(bars) + 1))
    last = Text("ordered", "订货量").in_(language)
    labels = [_wrapped(bar.text.in_(language), LONGEST_LINE[language]) for bar in bars]
    figure.add_waterfall(
        orientation="h",
        y=[*range(len(bars) + 1)],
        x=[*(bar.units for bar in bars), quantity],
        measure=["relative"] * len(bars) + ["total"],
        text=[*(_units(bar.units, signed=True) for bar in bars), _units(quantity)],
        **STEPS,
        hovertemplate="%{text}<extra></extra>",
    )
    figure.update_yaxes(
        autorange="reversed",
        tickvals=[*range(len(bars) + 1)],
        ticktext=[*labels, f"<b>{last}</b>"],
        ticks="",
        zeroline=False,
    )
    low, high = _reach(bars, quantity)
    room = 0.5 * max(high - low, 1e-9)  # for the numbers, in a narrow drawer too
    figure.update_xaxes(
        range=[low - room if low < 0 else low, high + room], title_text=Text("units", "件").in_(language)
    )
    return figure


def _reach(bars: Sequence[Bar], quantity: float) -> tuple[float, float]:
    """The least and the most that is reached on the way."""
    reached, seen = 0.0, [0.0, quantity]
    for bar in bars:
        reached += bar.units
        seen.append(reached)
    return min(seen), max(seen)


def _units(value: float, *, signed: bool = False) -> str:
    digits = 0 if abs(value - round(value)) < 0.005 else 1
    sign = MINUS if round(value, digits) < 0 else "+" if signed and round(value, digits) > 0 else ""
    return f"{sign}{abs(value):,.{digits}f}"


def _wrapped(text: str, width: int) -> str:
    """A label in lines of some width; Chinese breaks anywhere."""
    if text.isascii():
        lines: list[str] = []
        for word in text.split():
            if lines and len(lines[-1]) + len(word) < width:
                lines[-1] += f" {word}"
            else:
                lines.append(word)
    else:
        lines = [text[i : i + width] for i in range(0, len(text), width)]
    return "<br>".join(lines)


@dataclass(frozen=True)
class StockFan:
    """What will lie in stock, with and without today's order; the first column is now. Units."""

    days: np.ndarray  # end of each period, datetime64[D]
    middle: NDArray[np.floating]  # without the order
    low: NDArray[np.floating]
    high: NDArray[np.floating]
    middle_with: NDArray[np.floating]
    low_with: NDArray[np.floating]
    high_with: NDArray[np.floating]


def stock_fan(fan: StockFan, language: Language = "en") -> go.Figure:
    """Expected stock with and without the order, each with the band in which nine of ten courses lie."""
    figure = new_figure(320)
    for name, colour, band, parts in (
        (Text("without the order", "不订货"), CLASSICAL, SHADE[0], (fan.low, fan.middle, fan.high)),
        (Text("with the order", "订货后"), LEARNED, SHADE[1], (fan.low_with, fan.middle_with, fan.high_with)),
    ):
        low, middle, high = (np.round(part.astype(np.float64), 2) for part in parts)
        figure.add_scatter(x=fan.days, y=high, mode="lines", line={"width": 0}, hoverinfo="skip", showlegend=False)
        figure.add_scatter(
            x=fan.days,
            y=low,
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=band,
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=fan.days,
            y=middle,
            mode="lines+markers",
            line={"color": colour, "width": 2.5},
            name=name.in_(language),
            hovertemplate="%{y:,.4~g}",
        )
    figure.update_xaxes(tickformat=date_format(language), showgrid=False)
    figure.update_yaxes(rangemode="tozero", title_text=Text("units in stock", "库存件数").in_(language))
    figure.update_layout(hovermode="x unified")
    return figure
