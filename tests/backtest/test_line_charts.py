"""Figures of one order line."""

import numpy as np
import pytest

from restock.backtest.line_charts import Bar, StockFan, quantity_waterfall, stock_fan
from restock.language import Text

BARS = (
    Bar(Text("expected demand", "预计需求"), 75.6),
    Bar(Text("less stock", "减去库存"), -48.0),
    Bar(Text("packs", "整箱"), 2.4),
)


@pytest.mark.parametrize(("language", "last"), [("en", "<b>ordered</b>"), ("zh", "<b>订货量</b>")])
def test_the_steps_and_their_sum_are_drawn_in_the_language_of_the_reader(language, last):
    figure = quantity_waterfall(BARS, 30.0, language)
    (trace,) = figure.data
    assert list(trace.x) == [75.6, -48.0, 2.4, 30.0]
    assert sum(trace.x[:-1]) == pytest.approx(trace.x[-1])
    assert list(trace.text) == ["+75.6", "−48", "+2.4", "30"]
    assert figure.layout.yaxis.ticktext == (*(bar.text.in_(language) for bar in BARS), last)


def test_every_bar_and_its_number_have_room():
    low, high = quantity_waterfall(BARS, 30.0).layout.xaxis.range
    assert low <= 0
    assert high > 75.6 * 1.2
    assert (
        quantity_waterfall((Bar(Text("less", "减"), -9.0), Bar(Text("floor", "下限"), 9.0)), 0.0).layout.xaxis.range[0]
        < -9
    )


def test_stock_is_drawn_with_and_without_the_order():
    days, course = np.array(["2026-01-05", "2026-01-12"], "datetime64[D]"), np.array([5.0, 2.0])
    figure = stock_fan(StockFan(days, course, course - 1, course + 1, course + 10, course + 9, course + 11), "zh")
    named = {trace.name: list(trace.y) for trace in figure.data if trace.name}
    assert named == {"不订货": [5.0, 2.0], "订货后": [15.0, 12.0]}
