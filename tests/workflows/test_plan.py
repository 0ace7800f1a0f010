"""Order lines: who decides, what binds, what it is worth, and what is said of the rest."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import weekly_shop as made_up

from restock.errors import UsageError
from restock.workflows import plan as planned
from restock.workflows.project import open_project
from restock.workflows.untrained import trained_or_not


def lines_of(project, policy=None) -> dict:
    return {row["item"]: row for row in project.plan(policy).lines.to_dicts()}


def test_every_item_is_ordered_or_has_a_reason_in_both_languages(shop):
    plan = shop.plan
    assert sorted([*plan.lines["item"], *plan.not_ordered["item"]]) == made_up.NAMES
    for column in ("reason", "reason_zh"):
        for frame in (plan.lines, plan.not_ordered):
            assert frame[column].str.len_chars().min() is None or frame[column].str.len_chars().min() > 5


def test_lines_are_ranked_by_expected_profit_per_cash_and_mostly_earn_money(shop):
    lines = shop.plan.lines
    assert lines.height > 10
    assert lines["rank"].to_list() == list(range(1, lines.height + 1))
    assert lines["profit_per_cash"].to_list() == sorted(lines["profit_per_cash"].to_list(), reverse=True)
    np.testing.assert_allclose(lines["profit_per_cash"], lines["expected_profit"] / lines["cash"], rtol=1e-2, atol=1e-3)
    assert (lines["expected_profit"] > 0).mean() > 0.8


def test_stock_and_cash_of_a_line_are_those_of_the_files(shop):
    stock = dict(zip(made_up.NAMES, made_up.starting_stock(shop.world), strict=True))
    for row in shop.plan.lines.to_dicts():
        assert row["on_hand"] == stock[row["item"]]
        cost = shop.world.cost[made_up.NAMES.index(row["item"])]
        assert row["cash"] == pytest.approx(row["quantity"] * cost, rel=1e-4)
        assert row["stock_counted"]
    assert shop.plan.date == str(made_up.monday(made_up.WEEKS))


def test_quantities_are_packs_and_minimum_and_only_on_order_days(shop, own):
    for policy in ("learned", "base_stock"):
        for item, row in lines_of(own, policy).items():
            number = made_up.NAMES.index(item)
            assert row["quantity"] % shop.world.pack[number] == 0
            assert row["quantity"] >= shop.world.minimum[number]


def test_a_limit_that_binds_is_named(shop, own):
    plan = own.plan("base_stock")
    bound = {*plan.lines["binding"].unique()}
    assert "pack" in bound or "minimum" in bound
    for row in plan.lines.filter(pl.col("binding") == "minimum").to_dicts():
        assert row["quantity"] == shop.world.minimum[made_up.NAMES.index(row["item"])]
        assert "smallest order" in row["reason"]
        assert "最小起订量" in row["reason_zh"]


def test_the_policy_chosen_for_a_class_orders_it(shop, own, monkeypatch):
    def chosen(project, situation, model):
        name, trained = trained_or_not(project, situation, model)
        return name, replace(trained, choice=dict.fromkeys((*trained.choice, ""), "base_stock"))

    monkeypatch.setattr(planned, "trained_or_not", chosen)
    mixed = own.plan()
    assert mixed.lines["policy"].unique().to_list() == ["base_stock"]
    same = own.plan("base_stock")
    assert mixed.lines["quantity"].to_list() == same.lines["quantity"].to_list()


def test_an_item_with_too_little_of_a_past_is_the_pretrained_policy_s(shop, own, tmp_path):
    week = made_up.WEEKS - 4
    old = made_up.sales_frame(shop.world, week, made_up.WEEKS).filter(pl.col("item") == "I-20")
    new = old.with_columns(item=pl.lit("NEW-1"))
    path = tmp_path / "new.csv"
    new.write_csv(path)
    own.load([path])
    line = lines_of(own)["NEW-1"]
    assert line["quantity"] > 0
    assert (line["policy"], line["periods_seen"]) == ("generalist", 4)
    assert "pretrained policy, 4 weeks seen" in line["reason"]
    assert "预训练策略，已观察 4 周" in line["reason_zh"]
    assert not line["stock_counted"]
    assert own.explain("NEW-1").to_json()["quantity"] == line["quantity"]


def test_the_same_plan_comes_out_twice(own):
    first, second = own.plan(), own.plan()
    assert first.run != second.run
    assert first.lines.equals(second.lines)
    assert first.not_ordered.equals(second.not_ordered)


def test_the_record_is_json_with_the_fields_that_programs_rely_on(shop):
    record = json.loads(json.dumps(shop.plan.to_json()))
    assert {"run", "snapshot", "policy", "lines", "not_ordered"} <= set(record)
    wanted = {"item", "site", "lane", "quantity", "order_by", "reason", "binding", "expected_profit"}
    assert wanted <= set(record["lines"][0])


def test_without_data_it_says_what_to_do(tmp_path):
    project = open_project(tmp_path / "empty")
    for ask in (project.plan, project.train):
        with pytest.raises(UsageError, match="no data yet") as error:
            ask()
        assert "restock load" in error.value.hint.zh


def test_an_unknown_policy_names_those_there_are(shop):
    with pytest.raises(UsageError, match="`magic`") as error:
        shop.project.plan("magic")
    assert "base_stock" in error.value.hint.en


def test_a_model_of_weeks_is_not_used_for_days(own):
    (own.path / "restock.toml").write_text(made_up.SETTINGS.replace("[shop]", '[shop]\nperiod = "day"'))
    with pytest.raises(UsageError, match="trained on weeks") as error:
        open_project(own.path).plan()
    assert 'period = "week"' in error.value.hint.en
