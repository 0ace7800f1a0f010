"""Every step of an explanation is a number of the plan, or adds up to one."""

from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace

import pytest

from restock.errors import UsageError
from restock.workflows import explain as explained
from restock.workflows.explain import find_row
from restock.workflows.untrained import trained_or_not

PARTS = {
    "learned": ["forecast", "safety", "learned_level", "position", "learned_correction", "floor", "rounding"],
    "generalist": ["forecast", "learned_level", "position", "learned_correction", "limits", "rounding"],
    "newsvendor": ["forecast", "safety", "position", "floor", "rounding"],
    "forecast_quantile": ["forecast", "safety", "position", "floor", "rounding"],
    "base_stock": ["target", "position", "floor", "rounding"],
    "min_max": ["target", "position", None, "rounding"],
}


def exact(parts) -> Decimal:
    return sum((Decimal(str(part["units"])) for part in parts), Decimal(0))


@pytest.fixture
def forced(monkeypatch):
    """Let one policy decide every item."""

    def force(policy: str) -> None:
        def one(project, situation, model):
            name, trained = trained_or_not(project, situation, model)
            return name, replace(trained, choice=dict.fromkeys(trained.choice, policy))

        monkeypatch.setattr(explained, "trained_or_not", one)

    return force


@pytest.mark.parametrize("policy", PARTS)
def test_the_parts_of_every_policy_add_up_to_the_quantity_exactly(shop, forced, policy):
    forced(policy)
    for item in ("I-03", "I-04", "I-09", "I-20"):  # another review day, minimum, packs, none of them
        said = shop.project.explain(item).to_json()
        assert said["policy"] == policy
        assert exact(said["parts"]) == Decimal(str(said["quantity"]))
        names = [part["name"] for part in said["parts"]]
        assert all(wanted in (None, name) for wanted, name in zip(PARTS[policy], names, strict=True))
        assert all(part["text"]["en"] and part["text"]["zh"] for part in said["parts"])
        before_rounding = exact(said["parts"][:-1])
        assert float(before_rounding) == pytest.approx(said["wanted"], abs=2e-3)


def test_an_explanation_has_the_numbers_of_the_plan(shop):
    line = shop.plan.lines.row(0, named=True)
    said = shop.project.explain(line["item"]).to_json()
    same = ("quantity", "policy", "on_hand", "on_order", "forecast", "stockout_without", "stockout_with", "binding")
    for name in (*same, "expected_profit", "profit_without", "profit_with", "days_of_cover"):
        assert said[name] == line[name]
    assert said["reason"] == {"en": line["reason"], "zh": line["reason_zh"]}
    assert said["position"] == pytest.approx(line["on_hand"] + line["on_order"])


def test_the_chosen_policy_is_among_the_alternatives_with_its_own_quantity(shop):
    line = shop.plan.lines.row(0, named=True)
    said = shop.project.explain(line["item"]).to_json()
    orders = {row["policy"]: row["quantity"] for row in said["alternatives"]}
    assert list(orders) == ["learned", "generalist", "newsvendor", "base_stock", "min_max", "forecast_quantile"]
    assert orders[line["policy"]] == line["quantity"]


def test_alternatives_are_what_a_plan_of_that_policy_would_order(shop, own):
    said = shop.project.explain("I-20").to_json()
    for row in said["alternatives"]:
        lines = own.plan(row["policy"]).lines
        ordered = dict(lines.select("item", "quantity").iter_rows())
        assert ordered.get("I-20", 0.0) == row["quantity"]


def test_an_item_that_is_not_ordered_says_why_not(own):
    plan = own.plan("min_max")
    item = plan.not_ordered["item"][0]
    said = own.explain(item).to_json()
    assert said["reason"]["en"]
    assert said["reason"]["zh"]


def test_tuned_numbers_of_a_rule_have_names(shop, forced):
    forced("min_max")
    assert set(shop.project.explain("I-20").to_json()["numbers"]) == {"low", "more"}


def test_an_unknown_item_names_the_nearest(shop):
    with pytest.raises(UsageError, match="`i-2O` is not among the 25 items") as error:
        shop.project.explain("i-2O")
    assert "`I-2" in error.value.hint.en
    assert "最接近" in error.value.hint.zh


def test_an_item_at_several_sites_needs_one_named():
    situation = SimpleNamespace(history=SimpleNamespace(items=("A", "A", "B"), sites=("north", "south", "north")))
    with pytest.raises(UsageError, match="2 sites") as error:
        find_row(situation, "A", None)
    assert "north, south" in error.value.hint.en
    with pytest.raises(UsageError, match="not kept at site `east`"):
        find_row(situation, "A", "east")
    assert find_row(situation, "A", "south") == 1
    assert find_row(situation, "B", None) == 2
