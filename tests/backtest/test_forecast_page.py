"""The page of a forecast and its figures."""

import re
from datetime import UTC, datetime

import numpy as np
import pytest

from restock.backtest.content import Assumption, chart
from restock.backtest.forecast_charts import (
    ClassError,
    EventSpan,
    Fan,
    bias_by_item,
    calibration,
    errors_by_class,
    fan,
    methods_bars,
)
from restock.backtest.forecast_page import ForecastContent, forecast_page
from restock.backtest.report import page_html
from restock.language import Text

DAYS = np.datetime64("2025-10-01") + np.arange(50)
ITEM = Fan(
    name="<b>A-1</b>",
    period_days=1,
    days=DAYS[:40],
    sold=np.arange(40.0),
    available=np.where(np.arange(40) == 38, 0.5, 1.0),
    ahead=DAYS[40:],
    levels=(0.05, 0.2, 0.5, 0.8, 0.95),
    quantiles=np.arange(5.0) + np.full((10, 1), 30.0),
    mean=np.full(10, 32.0),
    events=(
        EventSpan(Text("Double 11", "双 11"), np.datetime64("2025-11-10"), np.datetime64("2025-11-11")),
        EventSpan(Text("long ago", "很久以前"), np.datetime64("2020-01-01"), np.datetime64("2020-01-02")),
    ),
)
ROW = {"scaled_pinball": 0.31, "lead_pinball": 0.2, "rmsse": 0.8, "coverage": 0.91, "bias": -0.02, "wape": 0.35}
RECORD = {
    "method": "ets",
    "accuracy": [
        {"method": "ets", **ROW, "windows_before": 0.3, "against_naive_percent": -20.0},
        {
            "method": "seasonal_naive",
            **ROW,
            "scaled_pinball": 0.4,
            "windows_before": None,
            "against_naive_percent": None,
        },
    ],
    "by_class": [{"class": "smooth", "series": 7, **ROW}],
    "forecasts": [{"item": "<i>", "site": "main", "next_period": 3.0, "expected": 21.0, "low": 12.0, "high": 30.0}],
    "overrides": [
        {"item": "A", "start": "2025-11-10", "end": "2025-11-11", "change": "+20 %", "reason": "fair", "units": None}
    ],
}


def test_a_fan_shows_bands_sold_out_days_and_the_festivals_around():
    drawn = fan(ITEM, "zh")
    names = [trace.name for trace in drawn.data]
    assert names.count("90% 区间") == 2
    assert {"销量", "预计", "60% 区间", "售罄：需求高于销量"} <= set(names)
    out = next(trace for trace in drawn.data if trace.name == "售罄：需求高于销量")
    assert list(out.y) == [38]
    assert [note.text for note in drawn.layout.annotations] == ["双 11"]
    assert drawn.layout.shapes[0].x1 == "2025-11-12"  # the last day belongs to it
    high = [trace for trace in drawn.data if trace.name == "90% 区间"][1]
    assert list(high.y) == [34] * 10


def test_other_figures_say_what_they_are_given():
    assert [trace.name for trace in calibration((0.1, 0.9), {"ours": (0.12, 0.88)}).data] == ["as promised", "ours"]
    bars = errors_by_class([ClassError("smooth", 3, 0.2, -0.1), ClassError("none", 1, None, None)], "en")
    assert list(bars.data[0].x) == ["smooth (3)", "no demand (1)"]
    assert list(bars.data[1].y) == [-0.1, None]
    best = methods_bars(["a", "b"], [0.4, 0.3], "b").data[0]
    assert (list(best.y), best.marker.color[1]) == (["a", "b"], "#e8590c")
    assert list(bias_by_item(np.array([0.2, np.nan, 9.0])).data[0].x) == [0.2, 1.0]


def test_the_page_is_in_both_languages_and_escapes_what_comes_from_outside():
    content = ForecastContent(
        shop="Tea <shop>", language="zh", version="0", created=datetime(2025, 11, 1, tzinfo=UTC), command="restock x",
        lead=Text("by ETS", "采用 ETS"), first="2025-11-10", last="2025-11-19", series=1200, record=RECORD,
        titles={}, names={"<i>": "pot"}, assumptions=(Assumption(Text("a", "甲"), Text("1", "1"), Text("b", "乙")),),
        charts=(chart(Text("t", "题"), Text("s", "要"), lambda language: fan(ITEM, language)),),
    )  # fmt: skip
    page = page_html(forecast_page(content))
    words = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    for said in (
        "Demand of 1,200 items",
        "1,200 个商品的需求",
        "&lt;i&gt; pot",
        "91.0%",
        "not used",
        "未采用",
        "平稳型",
    ):
        assert said in words
    assert "<i>" not in words
    assert words.count("<h2") == 7


def test_a_page_of_a_history_too_short_to_measure_says_so():
    record = {**RECORD, "accuracy": [], "by_class": [], "overrides": []}
    content = ForecastContent(
        shop="x", language="en", version="0", created=datetime(2025, 11, 1, tzinfo=UTC), command="c",
        lead=Text("", ""), first="", last="", series=1, record=record, titles={}, names={}, assumptions=(), charts=(),
    )  # fmt: skip
    page = page_html(forecast_page(content))
    assert "the history is too short to measure" in page
    assert "Nobody has changed the forecast." in page
    assert "Nothing had to be assumed." in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_item_that_was_never_out_of_stock_has_no_marks(language):
    always = ITEM.__class__(**{**ITEM.__dict__, "available": np.ones(40)})
    assert len(fan(always, language).data) == len(fan(ITEM, language).data) - 1
