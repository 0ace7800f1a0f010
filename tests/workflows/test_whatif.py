"""Scenarios side by side on a shop that was really trained."""

import pytest

from restock.backtest.scenario_charts import ScenarioPoint
from restock.errors import UsageError
from restock.service.page.rows import scenarios as rows
from restock.workflows import whatif
from restock.workflows.jobs.asking import find_job
from restock.workflows.jobs.working import work_on
from restock.workflows.today import understand_today
from restock.workflows.whatif import Scenario, what_if


@pytest.fixture(scope="module")
def compared(shop):
    """The shop with less money, with dear lost sales, and under one rule."""
    money = float(shop.plan.lines["cash"].sum())
    scenarios = [
        Scenario("half", budget=money / 2),
        Scenario("all", budget=money),
        Scenario("dear", {"costs.goodwill": 50.0}),
        Scenario("rule", policy="base_stock"),
    ]
    return {one.name: one for one in what_if(shop.project, scenarios).scenarios}


def test_the_shop_as_it_is_comes_to_the_plan(shop, compared):
    plan, usual = shop.plan.lines, compared["as it is"]
    assert (usual.lines, usual.left_out) == (plan.height, 0)
    assert usual.cash == pytest.approx(plan["cash"].sum())
    assert usual.units == pytest.approx(plan["quantity"].sum())
    assert usual.expected_profit == pytest.approx(plan["expected_profit"].sum())


def test_less_money_buys_less_and_all_of_it_the_same(compared):
    half, whole, usual = compared["half"], compared["all"], compared["as it is"]
    assert 0 < half.cash <= usual.cash / 2
    assert half.lines + half.left_out == usual.lines
    assert half.stockout_risk > usual.stockout_risk
    assert half.expected_profit > usual.expected_profit / 2  # the best lines come first
    assert (whole.lines, whole.cash, whole.left_out) == (usual.lines, pytest.approx(usual.cash), 0)


def test_other_costs_and_another_policy_make_another_plan(compared):
    usual = compared["as it is"]
    assert compared["dear"].expected_profit > usual.expected_profit  # each order saves dear lost sales
    assert compared["rule"].units != usual.units


def test_scenarios_that_differ_in_money_alone_are_one_plan(shop, monkeypatch):
    made = []
    plan = whatif._plan
    monkeypatch.setattr(whatif, "_plan", lambda *given: made.append(given[2]) or plan(*given))
    what_if(shop.project, [Scenario(f"{money}", budget=float(money)) for money in (10, 20, 30)])
    assert made == [None]


def test_a_scenario_without_a_budget_has_the_budget_of_the_shop(own):
    (own.path / "restock.toml").write_text((own.path / "restock.toml").read_text() + "[approval]\nbudget = 100.0\n")
    from restock.workflows.project import open_project

    usual, dear = what_if(open_project(own.path), [Scenario("dear", {"costs.holding_rate": 0.5})]).scenarios
    assert usual.cash <= 100
    assert dear.cash <= 100


def test_the_page_asks_for_what_rest_asks_for_and_shows_its_numbers(own, desk_of):
    desk = desk_of(own)
    today = understand_today(own)
    wanted = [
        *rows.budgets(today, "zh"),
        rows.scenario("dear", {"costs.goodwill": 2.0, "supply.minimum": None}, None, None),
    ]
    assert [one["name"] for one in wanted] == ["资金的 25%", "资金的 50%", "资金的 75%", "资金的 100%", "dear"]
    assert wanted[-1] == {"name": "dear", "settings": {"costs.goodwill": 2}, "budget": None, "policy": None}
    job = rows.ask_comparison(desk, wanted)
    (running,) = rows.comparisons(desk)
    assert (running.is_over, rows.outcome_rows(running, "CNY", "en")) == (False, [])
    assert work_on(desk, job).state == "done"
    (over,) = rows.comparisons(desk)
    told = find_job(desk, job).result["scenarios"]
    shown = rows.outcome_rows(over, "CNY", "zh")
    assert [row["name"] for row in shown] == ["现状", *(one["name"] for one in wanted)]
    for row, one in zip(shown, told, strict=True):
        assert {key: row[key] for key in one if key != "name"} == {key: one[key] for key in one if key != "name"}
        assert row["service"] == 1 - one["stockout_risk"]
    assert shown[-1]["otherwise"] == "每件缺货损失 2"
    assert shown[2]["more"] == told[2]["expected_profit"] - told[0]["expected_profit"]
    assert rows.points_of(shown, "profit")[0] == ScenarioPoint(
        "现状", told[0]["stock_value"], told[0]["expected_profit"], True
    )


def test_what_cannot_be_is_told_before_a_worker_is_asked(own, desk_of):
    desk = desk_of(own)
    with pytest.raises(UsageError, match="holding_rate"):
        rows.ask_comparison(desk, [rows.scenario("x", {"costs.holding_rate": -1.0}, None, None)])
    assert rows.comparisons(desk) == []
