import json
from dataclasses import replace

import numpy as np
import plotly.graph_objects as go
import pytest
from made_up_replays import made_up_learning, made_up_shop, run

from restock.backtest import charts, courses
from restock.backtest.compare import difference, difference_by
from restock.backtest.gallery import telling_items
from restock.backtest.look import BOUND, CLASSICAL, LEARNED
from restock.backtest.metrics import demand_classes, item_profit, kpis

SHOP = made_up_shop(40)
RULE, NETWORK = run(SHOP, "base_stock", "classical", 4), run(SHOP, "learned", "learned", 5)
ORACLE = run(SHOP, "foresight", "bound", 0, insight=1)
ROWS = [kpis(replay, ORACLE) for replay in (ORACLE, NETWORK, RULE)]
POINTS = [
    charts.FrontierPoint("foresight", "bound", 10, 100, None, None),
    charts.FrontierPoint("learned", "learned", 50, 90, 88, 93, chosen=True),
    charts.FrontierPoint("base_stock", "classical", 80, 70, None, None),
    charts.FrontierPoint("min_max", "classical", 81, 70.1, 69, 71),
]


def every_figure(language) -> dict[str, go.Figure]:
    found = difference(NETWORK, RULE)
    gain = item_profit(NETWORK) - item_profit(RULE)
    return {
        "intervals": charts.difference_intervals([found], {"learned": "learned"}, language, "GBP"),
        "profit frontier": charts.frontier(POINTS, language, "GBP"),
        "service frontier": charts.frontier(POINTS, language, "GBP", "fill_rate"),
        "bars": charts.kpi_bars(ROWS, language, "GBP"),
        "waterfall": charts.waterfall(ROWS[1], language, "GBP"),
        "difference waterfall": charts.difference_waterfall(ROWS[1], ROWS[2], language, "GBP"),
        "ranked": charts.ranked_differences(gain, ("learned", "base_stock"), language, "GBP"),
        "classes": charts.difference_by_class(
            difference_by(demand_classes(SHOP.demand), NETWORK, RULE), language, "GBP"
        ),
        "item": courses.stock_and_demand(courses.item_course([NETWORK, RULE], 3, "tea", SHOP.starts), language),
        "learning": courses.learning_curve(made_up_learning(), language, "GBP"),
    }


def words(figure: go.Figure) -> str:
    return json.dumps(json.loads(str(figure.to_json()))["layout"], ensure_ascii=False) + " ".join(
        str(trace.name) for trace in figure.data
    )


def test_every_axis_of_money_names_the_currency_in_both_languages():
    for language in ("en", "zh"):
        figures = every_figure(language)
        for name, figure in figures.items():
            expected = {"en": "(units)", "zh": "（件）"} if name == "item" else {"en": "(GBP)", "zh": "（GBP）"}
            assert expected[language] in words(figure), name


def test_chinese_figures_are_chinese():
    for name, figure in every_figure("zh").items():
        assert any("\u4e00" <= letter <= "\u9fff" for letter in words(figure)), name
        assert "Profit" not in words(figure), name


def test_figures_have_no_background_and_stay_small():
    for name, figure in every_figure("en").items():
        assert figure.layout.paper_bgcolor == "rgba(0,0,0,0)", name
        assert len(str(figure.to_json())) < 40_000, name


def test_waterfall_bars_add_up_to_the_profit():
    for figure, total in (
        (charts.waterfall(ROWS[1]), ROWS[1].profit),
        (charts.difference_waterfall(ROWS[1], ROWS[2]), ROWS[1].profit - ROWS[2].profit),
    ):
        *terms, last = figure.data[0].y
        assert list(figure.data[0].measure) == ["relative"] * len(terms) + ["total"]
        assert sum(terms) == pytest.approx(total, rel=1e-6)
        assert last == pytest.approx(total, rel=1e-6)


def test_cost_of_goods_is_purchases_less_what_stayed_in_stock():
    figure, ledger = charts.waterfall(ROWS[1]), ROWS[1].ledger
    goods = dict(zip(figure.data[0].x, figure.data[0].y, strict=True))["Cost of goods"]
    assert goods == pytest.approx(ledger.stock_change - ledger.purchase)


def test_intervals_stand_around_the_difference_best_on_top():
    worse = difference(RULE, NETWORK)
    better = replace(difference(NETWORK, RULE), policy_a="learned")
    figure = charts.difference_intervals([better, worse], {"learned": "learned", "base_stock": "classical"})
    trace = figure.data[0]
    assert list(trace.x) == sorted([better.total, worse.total])
    order = sorted([better, worse], key=lambda each: each.total)
    assert [x + up for x, up in zip(trace.x, trace.error_x.array, strict=True)] == pytest.approx(
        [each.high for each in order]
    )
    assert [x - down for x, down in zip(trace.x, trace.error_x.arrayminus, strict=True)] == pytest.approx(
        [each.low for each in order]
    )


def test_frontier_rings_the_chosen_and_writes_no_name_over_another():
    figure = charts.frontier(POINTS)
    named = {trace.name: trace for trace in figure.data}
    assert list(named["chosen"].x) == [50]
    assert (named["learned"].marker.color, named["classical rule"].marker.color) == (LEARNED, CLASSICAL)
    assert (named["upper bound"].marker.color, named["upper bound"].marker.symbol) == (BOUND, "diamond-open")
    assert list(named["classical rule"].hovertext) == ["base stock", "min-max (s, S)"]
    assert [text.strip() for text in named["classical rule"].text] == ["base stock", "min-max (s, S)"]
    assert list(named["classical rule"].textposition) == ["bottom center", "middle right"]
    assert list(named["learned"].error_y.array) == [3]
    assert list(named["learned"].error_y.arrayminus) == [2]


def test_ranked_differences_fall_and_keep_both_ends_of_a_large_shop():
    gain = np.random.default_rng(1).normal(0, 5, 5000)
    figure = charts.ranked_differences(gain, ("a", "b"))
    ahead, behind = (np.asarray(trace.y) for trace in figure.data)
    assert len(ahead) <= charts.MOST_RANKED_POINTS
    assert np.all(np.diff(ahead + behind) <= 0)
    assert ahead[0] == pytest.approx(gain.max(), abs=0.01)
    assert behind[-1] == pytest.approx(gain.min(), abs=0.01)


def test_item_chart_marks_lost_periods_deliveries_and_estimates():
    lost = np.asarray(RULE.period.lost)[..., 0] > 0
    row = int(np.argmax(lost.sum(1) * (1 - SHOP.known).sum(1)))
    figure = courses.stock_and_demand(courses.item_course([NETWORK, RULE], row, "tea", SHOP.starts))
    traces = {trace.name: trace for trace in figure.data}
    assert list(traces["not served: base stock"].x) == list(SHOP.starts[lost[row]])
    arrived = np.asarray(RULE.period.arrived)[row, :, 0]
    assert list(traces["delivery: base stock"].customdata) == list(arrived[arrived > 0])
    assert list(traces["estimated demand"].y) == list(SHOP.demand[row][SHOP.known[row] == 0])
    assert traces["estimated demand"].marker.pattern.shape == "/"
    assert traces["demand"].marker.pattern.shape == ""


def test_two_policies_of_one_kind_get_two_shades():
    figure = courses.stock_and_demand(
        courses.item_course([RULE, replace(RULE, policy="min_max")], 0, "tea", SHOP.starts)
    )
    colours = [trace.line.color for trace in figure.data if str(trace.name).startswith("stock")]
    assert len(set(colours)) == 2


def test_learning_curve_shows_seeds_mean_rule_and_where_it_stopped():
    learning = made_up_learning()
    figure = courses.learning_curve(learning)
    assert len(figure.data) == 4 + 2
    np.testing.assert_allclose(figure.data[4].y, learning.profit.mean(0))
    assert list(figure.data[5].y) == [17_800.0] * 2
    assert figure.layout.shapes[0].x0 == 250


def test_names_of_the_shop_are_text_in_figures():
    evil = "<a href='https://example.com'>x</a>" * 3
    found = {evil: difference(NETWORK, RULE)}
    text = str(charts.difference_by_class(found).to_json())
    assert "<a" not in text.replace("\\u003c", "<")
    assert "&lt;a" in text.replace("\\u0026", "&")


def test_telling_items_are_the_best_the_worst_and_the_best_seller():
    rows = telling_items(np.array([5.0, -3, 9, 0]), np.array([1.0, 2, 3, 9]))
    assert list(rows) == [2, 1, 3]
    assert list(telling_items(np.array([5.0, 5]), np.array([9.0, 2]))) == [0]
