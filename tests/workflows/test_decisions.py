"""Decisions from plain records: what is assumed and said, what is refused, and the same order as a shop's plan."""

import json
from datetime import date

import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from restock.errors import DataError
from restock.policies import pretrained
from restock.policies.pretrained import load_generalist as shipped
from restock.workflows.asked import Asked, refuse_wrong
from restock.workflows.asked_arrays import PERIODS, batch_of, may_be_wrong, packed, unpacked
from restock.workflows.decisions import decide_items

FULL = {"price": 10.0, "unit_cost": 6.0, "holding": 0.1, "lead_time": 2}


def asked(*items: dict, **request) -> Asked:
    return Asked.model_validate(
        {"items": [{"item": f"item {i}", "on_hand": 0, **x} for i, x in enumerate(items)], **request}
    )


@pytest.fixture(scope="module")
def answers():
    """One request of everyday items and odd ones, decided by the shipped weights: a program is compiled once."""
    sales = [10.0] * 20
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "load_generalist", shipped)
        return _answered(sales)


def _answered(sales: list[float]):
    return decide_items(
        asked(
            {"sales": sales, "terms": FULL},
            {"sales": sales, "terms": FULL, "on_hand": 500},
            {"sales": [x * 10 for x in sales], "terms": FULL},
            {"sales": sales, "terms": {**FULL, "pack": 12, "minimum": 24}},
            {"sales": sales, "terms": FULL, "order_day": False},
            {"sales": [], "terms": FULL, "like_items": 40.0},
            {"sales": [None, 10.0, None], "terms": {}},
            {"sales": sales, "terms": {**FULL, "lead_time": 60}},
            {"sales": sales, "terms": {**FULL, "lead_time": {13: 1.0}}},
            {"sales": sales, "terms": {"unit_cost": 3.0}, "discount": [0.25, 0.5]},
            {"sales": sales, "terms": FULL, "on_order": [{"periods_ago": 1, "quantity": 30}]},
        )
    )


def test_orders_follow_demand_stock_pipeline_packs_and_order_days(answers):
    usual, full, fast, packed, closed, new, *_, coming = answers
    assert 20 < usual.quantity < 80  # ten a day, two days to come and one until the next order
    assert full.quantity == 0
    assert fast.quantity == pytest.approx(10 * usual.quantity, rel=0.4)
    assert packed.quantity % 12 == 0
    assert packed.quantity >= 24
    assert (closed.quantity, closed.wanted > 0) == (0, True)
    assert new.quantity > usual.quantity
    assert (new.periods_seen, usual.periods_seen) == (0, 20)
    assert new.expected_demand == pytest.approx(120, rel=0.1)
    # what is under way is counted, but not in full: until it is here, demand is lost and asks for no stock
    assert 0 <= coming.quantity <= usual.quantity - 10


def test_the_price_is_what_customers_pay_now(answers):
    usual, *_, discounted, _ = answers
    assert usual.price == 10
    assert discounted.price == pytest.approx(0.75 * 3.0 / 0.6)  # the cost is taken as 60 % of it
    assert discounted.to_json()["price"] == pytest.approx(3.75)


def test_what_is_not_given_is_assumed_and_said_in_both_languages(answers):
    bare = answers[6]
    assert len(bare.assumptions) == 2  # no price and no cost; no lead time
    assert any("2 day(s)" in text.en and "2 天" in text.zh for text in bare.assumptions)
    assert bare.periods_seen == 1
    assert not answers[0].assumptions
    assert json.loads(json.dumps(bare.to_json(), allow_nan=False))["assumptions"][0]["zh"]


def test_terms_outside_of_what_was_learned_on_warn_and_far_outside_a_rule_decides(answers):
    far, outside = answers[7], answers[8]
    assert far.policy == "newsvendor"
    assert "lead time" in far.warnings[0].en
    assert "a rule decides" in far.warnings[0].en
    assert "交期" in far.warnings[0].zh
    assert far.quantity == pytest.approx(610, rel=0.5)
    assert outside.policy == "generalist"
    assert "all the same" in outside.warnings[0].en
    assert all(not answer.warnings for answer in (*answers[:5], answers[6]))


def test_of_what_nothing_has_been_seen_a_rule_decides_and_says_so(answers):
    new = answers[5]
    assert new.policy == "newsvendor"
    assert "a rule decides" in new.warnings[0].en
    assert "传统规则" in new.warnings[0].zh
    assert 120 < new.quantity < 300  # 40 a day for three days, and safety


@pytest.mark.parametrize(
    ("item", "place"),
    [
        ({"sales": [3.0, -1.0]}, "sales[1]"),
        ({"sales": [float("nan")]}, "sales[0]"),
        ({"on_hand": float("inf")}, "on_hand"),
        ({"sales": [1.0], "in_stock": [1.5]}, "in_stock[0]"),
        ({"sales": [1.0], "in_stock": [1.0, 1.0]}, "in_stock"),
        ({"on_order": [{"periods_ago": 0, "quantity": 1}]}, "on_order[0].periods_ago"),
        ({"terms": {"lead_time": {1: 0.7, 2: 0.7}}}, "lead_time"),
        ({"terms": {"lead_time": -1}}, "lead_time"),
        ({"terms": {"price": -5.0}}, "price"),
        ({"terms": {"review": 0}}, "review"),
        ({"lead_times_seen": [-2]}, "lead_times_seen[0]"),
        ({"lead_times_seen": [10**9]}, "lead_times_seen[0]"),
        ({"terms": {"lead_time": 10**9}}, "lead_time"),
        ({"terms": {"lead_time": {10**9: 1.0}}}, "lead_time"),
        ({"terms": {"lead_time": {}}}, "lead_time"),
        ({"terms": {"lead_time": {2: float("nan")}}}, "lead_time"),
        ({"terms": {"review": 10**400}}, "review"),
        ({"terms": {"pack": 1e300}}, "pack"),
        ({"terms": {"waiting": 2.0}}, "waiting"),
        ({"sales": [1.0], "promotion": [-0.1]}, "promotion[0]"),
        ({"discount": [float("nan")]}, "discount[0]"),
        ({"on_order": [{"periods_ago": 1, "quantity": -1}]}, "on_order[0].quantity"),
    ],
)
def test_numbers_that_cannot_be_are_refused_with_their_place(item, place):
    assert may_be_wrong(asked({}, item))  # the quick look sees that there is something
    with pytest.raises(DataError) as error:
        refuse_wrong(asked({}, item))
    assert f"item `item 1`: `{place}`" in error.value.message.en
    assert place in error.value.message.zh
    assert "null" in error.value.hint.zh


def test_the_quick_look_lets_pass_what_is_right():
    right = {"sales": [1.0, None], "in_stock": [None, 0.5], "promotion": [0.5], "lead_times_seen": [3], "terms": FULL}
    assert not may_be_wrong(asked({}, right, {"terms": {"lead_time": 200, "review": 200}}))


def test_a_batch_goes_into_one_array_and_comes_out_as_it_was():
    items = [{"sales": [1.0, 2.0], "terms": {**FULL, "lead_time": {1: 0.5, 3: 0.5}}}, {"backlog": 2, "on_hand": 7}]
    request = asked(*items, period="week", today=date(2025, 3, 3))
    batch, _ = batch_of(request, request.items)
    again = unpacked(jnp.asarray(packed(batch, 5)), batch.leads.shape[1] - 2, batch.sales.shape[1])
    for name in batch._fields:
        before, after = getattr(batch, name), getattr(again, name)
        pairs = [(before, after)] if name not in ("shop", "stock") else _pairs(before, after)
        for one, other in pairs:
            np.testing.assert_array_equal(one, other if name == "moves" else other[:2])
    np.testing.assert_array_equal(again.sales[4], batch.sales[1])  # the last row fills up


def _pairs(before, after):
    return [(getattr(before, name), getattr(after, name)) for name in before.__dataclass_fields__]


def test_an_unknown_key_is_an_error():
    with pytest.raises(ValidationError):
        asked({"quantity_on_hand": 3})


def test_sales_lie_at_the_end_and_empty_shelves_hide_demand():
    request = asked(
        {"sales": [4.0, 2.0, 0.0, None, 6.0], "in_stock": [1.0, 0.3, 0.0, 1.0, 0.8]}, {"sales": [1.0] * 200}
    )
    batch, _ = batch_of(request, request.items)
    assert batch.sales.shape[1] == PERIODS[-1]
    np.testing.assert_allclose(batch.sales[0, -5:], [4, 2, 0, 0, 7.5])
    np.testing.assert_array_equal(batch.hidden[0, -5:], [0, 1, 1, 0, 0])
    np.testing.assert_array_equal(batch.weight[0, -6:], [0, 1, 1, 0, 0, 1])
    assert batch.weight[1].sum() == PERIODS[-1]


def test_weeks_know_their_season_only_with_a_date():
    item = {"sales": [5.0] * 8}
    with_date = batch_of(asked(item, period="week", today=date(2025, 3, 3)), asked(item).items)[0]
    without = batch_of(asked(item, period="week"), asked(item).items)[0]
    assert (with_date.told[0, 1], without.told[0, 1]) == (1, 0)
    assert with_date.moves.sum() >= 2
    assert without.moves.sum() == 0


def test_nothing_asked_is_nothing_answered():
    assert decide_items(Asked(items=())) == ()
