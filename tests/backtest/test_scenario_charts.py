import pytest

from restock.backtest.look import CLASSICAL, LEARNED
from restock.backtest.scenario_charts import ScenarioPoint, efficient, scenario_frontier

POINTS = [
    ScenarioPoint("now", 100.0, 50.0, usual=True),
    ScenarioPoint("more", 200.0, 80.0),
    ScenarioPoint("dear and worse", 180.0, 40.0),
    ScenarioPoint("<b>most</b>", 300.0, 90.0),
]


def test_the_line_joins_what_no_other_betters_with_as_little_stock():
    assert [point.name for point in efficient(POINTS)] == ["now", "more", "<b>most</b>"]
    same = [ScenarioPoint("a", 1, 5), ScenarioPoint("b", 1, 6), ScenarioPoint("c", 2, 6)]
    assert [point.name for point in efficient(same)] == ["b"]
    assert list(scenario_frontier(POINTS).data[0].x) == [100, 200, 300]


def test_the_shop_as_it_is_stands_out_and_names_are_no_markup():
    _, others, usual = scenario_frontier(POINTS, "en", "GBP").data
    assert (list(usual.x), list(usual.y), usual.marker.color, others.marker.color) == ([100], [50], LEARNED, CLASSICAL)
    assert [text.strip() for text in others.text][-1] == "&lt;b&gt;most&lt;/b&gt;"


@pytest.mark.parametrize(("language", "axis"), [("en", "Chance not to run out"), ("zh", "不缺货概率")])
def test_service_is_a_share_and_money_has_its_currency(language, axis):
    figure = scenario_frontier([ScenarioPoint("a", 1, 0.5)], language, "GBP", "service")
    assert figure.layout.yaxis.title.text.startswith(axis)
    assert (figure.layout.yaxis.tickformat, "GBP" in figure.layout.xaxis.title.text) == (".0%", True)
    assert "GBP" in scenario_frontier(POINTS, language, "GBP").layout.yaxis.title.text


def test_no_scenarios_are_an_empty_figure():
    assert [len(trace.x) for trace in scenario_frontier([]).data] == [0, 0, 0]
