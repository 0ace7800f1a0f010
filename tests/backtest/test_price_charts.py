import numpy as np
import pytest

from restock.backtest.price_charts import PriceCourse, price_course

NAN = np.nan
COURSE = PriceCourse(
    days=np.datetime64("2026-01-05") + 7 * np.arange(5),
    paid=np.array([2.0, NAN, 2.5, NAN, NAN]),
    planned=np.array([NAN, NAN, NAN, 2.5, 1.99]),
    promotion=np.array([0.0, 0.0, 1.0, 0.0, 0.5]),
    unit_cost=1.2,
    list_price=3.0,
)


@pytest.mark.parametrize(
    ("language", "names"),
    [
        ("en", ["promotion", "paid", "to come", "list price", "unit cost"]),
        ("zh", ["促销", "成交价", "未来价格", "标价", "采购单价"]),
    ],
)
def test_what_was_paid_and_what_is_planned_are_apart(language, names):
    figure = price_course(COURSE, language, "GBP")
    traces = dict(zip(names, figure.data, strict=True))
    assert [trace.name for trace in figure.data] == names
    assert list(traces[names[1]].y) == [2.0, None, 2.5, None, None]
    assert list(traces[names[2]].y) == [None, None, None, 2.5, 1.99]
    assert (traces[names[3]].y[0], traces[names[4]].y[0]) == (3.0, 1.2)
    assert "GBP" in figure.layout.yaxis.title.text


def test_what_is_not_known_is_not_drawn():
    bare = PriceCourse(COURSE.days, np.full(5, NAN), np.full(5, NAN), np.zeros(5), 1.2, None)
    assert [trace.name for trace in price_course(bare).data] == ["unit cost"]
