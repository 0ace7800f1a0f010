"""The proof: its shape, the same numbers twice, and nothing taken from the future."""

import json
import math

import numpy as np
import polars as pl
import pytest

from restock.errors import UsageError
from restock.progress import Silent
from restock.workflows.backtest import as_remembered, replay_all, trained_model
from restock.workflows.project import open_project
from restock.workflows.situation import understand

POLICIES = {"newsvendor", "base_stock", "min_max", "forecast_quantile", "learned", "generalist", "mixed", "foresight"}


def test_the_record_has_the_fields_that_programs_rely_on(shop):
    record = json.loads(json.dumps(shop.proof.to_json(), allow_nan=False))
    wanted = {"run", "policies", "chosen", "against_best_classical", "assumptions", "report", "seconds"}
    assert wanted <= set(record)
    assert {row["policy"] for row in record["policies"]} == POLICIES
    kinds = {row["policy"]: row["kind"] for row in record["policies"]}
    assert (kinds["learned"], kinds["min_max"], kinds["foresight"]) == ("learned", "classical", "bound")
    for row in record["policies"]:
        for name in ("profit", "fill_rate", "in_stock_rate", "turnover", "stock_value"):
            assert math.isfinite(row[name])
        assert 0 <= row["fill_rate"] <= 1
        assert 0 <= row["in_stock_rate"] <= 1
    against = record["against_best_classical"]
    assert {"policy", "difference", "low", "high"} <= set(against)
    assert against["low"] <= against["difference"] <= against["high"]
    best = max((r for r in record["policies"] if r["kind"] == "classical"), key=lambda r: r["profit"])
    assert against["policy"] == best["policy"]
    assert record["chosen"] in POLICIES


def test_nobody_earns_more_than_who_knows_the_future(shop):
    profit = {row.kpis.policy: row.kpis.profit for row in shop.proof.standings}
    assert max(profit.values()) == profit["foresight"]


def test_the_report_is_one_file_that_names_every_policy(shop):
    page = shop.proof.report.read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>") or page.startswith("<!DOCTYPE html>")
    assert "Sample shop" in page


def test_the_same_numbers_come_out_twice(own, shop):
    again = own.backtest().to_json()
    assert again["policies"] == shop.proof.to_json()["policies"]
    assert again["against_best_classical"] == shop.proof.to_json()["against_best_classical"]


def test_without_a_model_it_says_what_to_do(tmp_path):
    with pytest.raises(UsageError, match="no trained policy"):
        open_project(tmp_path / "new").backtest()


def orders(project, trained, until: int) -> dict[str, dict[str, np.ndarray]]:
    """What every policy ordered in the test periods before `until`; the bound knows the future by its trade."""
    situation = understand(project)
    catalogue = trained.look_at(situation.catalogue())
    items = {name: row for row, name in enumerate(situation.history.items)}
    order = np.array([items[key.split("\t")[0]] for key in trained.keys])  # models keep the rows of their training
    catalogue = catalogue.take(order)
    window = catalogue.window(trained.windows.test, trained.scaling)
    remembered = as_remembered(trained, catalogue, situation.terms.lead_kind[order], window)
    replays = replay_all(trained, window, remembered, Silent())
    keep = until - trained.windows.test[0]
    return {r.policy: r.period.ordered[:, :keep, 0] for r in replays if r.kind != "bound"}


def test_sales_of_the_last_test_period_change_no_earlier_order(own, shop, tmp_path):
    _, trained = trained_model(own, None)
    last = trained.windows.test[1] - 1
    before = orders(own, trained, last + 1)
    start = str(understand(own).history.starts[last])
    poison = (
        pl.read_csv(shop.files["sales"])
        .filter(pl.col("date") >= start)
        .with_columns(quantity=pl.col("quantity") * 3 + 7, unit_price=pl.col("unit_price") * 2)
    )
    path = tmp_path / "poison.csv"
    poison.write_csv(path)
    assert own.load([path]).replaced_rows["sales"] > 0
    after = orders(own, trained, last + 1)
    assert set(before) == POLICIES - {"foresight"}
    for policy, units in before.items():
        np.testing.assert_array_equal(units, after[policy], policy)
