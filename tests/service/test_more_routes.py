"""Policies that are promoted and rolled back, lines that people add, scenarios, the daily work over REST."""

import pytest
from made_up_plan import MODEL, PLAN

from restock.workflows.approval.at_terminal import Wish, carry_out
from restock.workflows.registry import do_policies, registry


@pytest.fixture
def two(served):
    """A second trained policy, newer than that of the plan."""
    (served.project.folder.models / "002-learned").mkdir()
    return served


def champions(served):
    return {one["name"]: one["champion"] for one in served.get("/policies").json()["items"]}


def test_the_newest_decides_until_somebody_promotes_another(two):
    assert champions(two) == {"002-learned": True, MODEL: False}
    assert "another policy decides" in two.get(f"/plans/{PLAN}").json()["stale"][0]["en"]
    promoted = two.post(f"/policies/{MODEL}/promote", role="scientist")
    assert (promoted.status_code, promoted.json()["champion"], promoted.json()["newest"]) == (200, True, False)
    assert two.get(f"/plans/{PLAN}").json()["stale"] == []
    (two.project.folder.models / "003-learned").mkdir()  # trained later: a challenger
    assert champions(two) == {"003-learned": False, "002-learned": False, MODEL: True}
    assert two.post(f"/policies/{MODEL}/promote").status_code == 409
    two.post("/policies/003-learned/promote")
    assert two.post("/policies/rollback").json()["name"] == MODEL
    assert two.post("/policies/rollback").json()["name"] == "003-learned"  # nobody is promoted: the newest
    assert two.post("/policies/rollback").status_code == 409
    told = [(e["action"], e["object"]) for e in two.get("/audit", params={"limit": 4}).json()["items"]]
    assert told[:2] == [("rollback", MODEL), ("rollback", "003-learned")]


def test_why_a_policy_was_promoted_or_taken_back_stands_in_the_trail(two):
    two.post(f"/policies/{MODEL}/promote", {"reason": "steadier"}, "scientist")
    two.post("/policies/rollback", {"reason": "a mistake"}, "scientist")
    back, there = two.get("/audit", params={"limit": 2}).json()["items"]
    assert (there["action"], there["details"]["reason"]) == ("promote", "steadier")
    assert (back["action"], back["details"]["reason"]) == ("rollback", "a mistake")
    assert two.post("/policies/rollback", {"why": "x"}).status_code == 422


def test_a_policy_that_is_not_there_is_not_promoted_and_a_planner_promotes_none(two):
    missing = two.post("/policies/x/promote")
    assert (missing.status_code, "没有策略" in missing.json()["said"]["zh"]) == (404, True)
    assert two.post(f"/policies/{MODEL}/promote", role="planner").status_code == 403
    assert champions(two)["002-learned"]


def test_the_terminal_shows_and_promotes_too(two):
    assert [one.champion for one in registry(two.project).policies] == [True, False]
    after = do_policies(two.admin, "promote", MODEL).to_json()
    assert [one["name"] for one in after["trained"] if one["champion"]] == [MODEL]
    assert after["promotions"][0]["by"] == "ada"


def test_an_item_that_the_plan_left_out_is_ordered_with_a_reason(served):
    asked = {"item": "B-02", "quantity": 20, "why": "promotion", "note": "school starts"}
    made = served.post(f"/plans/{PLAN}/lines", asked, "planner")
    line = made.json()
    assert made.status_code == 201
    assert (line["suggested"], line["quantity"], line["why"], line["state"]) == (0, 20, "promotion", "proposed")
    assert (line["rank"], line["changed_by"], line["pack"], line["unit_cost"]) == (13, "planner", 5, 2)
    assert "changed" in line["attention"]
    assert served.get(f"/plans/{PLAN}").json()["lines"] == 13
    again = served.post(f"/plans/{PLAN}/lines", asked, "planner")
    assert again.status_code == 409
    approved = served.post("/lines/approve", {"lines": [{"id": line["id"], "version": line["version"]}]}, "approver")
    assert approved.status_code == 200, approved.text


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"item": "nobody"}, 404),
        ({"quantity": 7}, 422),  # no whole packs
        ({"quantity": -5}, 422),
        ({"why": "because"}, 422),
        ({"why": "other"}, 422),  # without a note
        ({"site": "nowhere"}, 404),
    ],
)
def test_a_line_that_cannot_be_added_leaves_the_plan_as_it_was(served, wrong, status):
    asked = {"item": "B-02", "quantity": 20, "why": "promotion"} | wrong
    answer = served.post(f"/plans/{PLAN}/lines", asked, "planner")
    assert (answer.status_code, bool(answer.json()["said"]["zh"])) == (status, True)
    assert served.get(f"/plans/{PLAN}").json()["lines"] == 12


def test_the_terminal_orders_what_the_plan_left_out(served):
    said = carry_out(served.admin, Wish(("B-01", "A-02"), quantity=30.0, why="demand")).to_json()
    assert [(line["item"], line["quantity"]) for line in said["lines"]] == [("B-01", 30), ("A-02", 30)]


def test_scenarios_are_a_job_and_what_cannot_be_is_told_at_once(served):
    asked = {"scenarios": [{"name": "poor", "budget": 100}, {"name": "dear", "settings": {"costs.holding_rate": 1}}]}
    said = served.post("/scenarios", asked, "planner")
    assert (said.status_code, served.queue.jobs) == (202, [said.json()["id"]])
    assert said.json()["arguments"]["scenarios"][0]["budget"] == 100
    for settings in ({"costs.holding": 1}, {"service.port": 1}, {"costs.holding_rate": -1}, {"costs.cost_share": "x"}):
        wrong = served.post("/scenarios", {"scenarios": [{"name": "x", "settings": settings}]}, "planner")
        assert wrong.status_code == 422, settings
    assert served.post("/scenarios", asked, "viewer").status_code == 403


def test_the_daily_work_is_shown_and_asked_for(served):
    said = served.get("/schedule", "viewer").json()
    assert (said["time"], said["next"], said["history"]) == (None, None, [])
    job = served.post("/schedule/run", role="planner").json()
    assert (job["kind"], served.queue.jobs) == ("daily", [job["id"]])
    assert served.get("/schedule").json()["history"][0]["job"] == job["id"]


def test_a_key_that_was_revoked_gets_no_decision_after_a_second(served, monkeypatch):
    from restock.service import host
    from restock.service.routes import decisions
    from restock.workflows.accounts.keys import create_key, revoke_key

    monkeypatch.setattr("restock.workflows.decisions_of_shop.decide_in_shop", lambda asked, today: ())
    monkeypatch.setattr(served.host, "today_of_trained", lambda: None)
    made = create_key(served.admin, "till", ["decide"], user="planner", days=1)
    time = [100.0]
    monkeypatch.setattr(host.time, "monotonic", lambda: time[0])

    def status():
        headers = {"Authorization": f"Bearer {made.token}"}
        return served.client.post("/api/v1/decisions", json=decisions.EXAMPLE, headers=headers).status_code

    assert status() == 200
    revoke_key(served.admin, made.key.id)
    time[0] += host.Recent.SECONDS + 0.01
    assert status() == 401


def test_a_key_that_ends_within_the_second_is_refused_at_once(served, monkeypatch):
    from datetime import timedelta

    from restock.service.routes import decisions
    from restock.workflows.accounts.keys import create_key

    monkeypatch.setattr("restock.workflows.decisions_of_shop.decide_in_shop", lambda asked, today: ())
    monkeypatch.setattr(served.host, "today_of_trained", lambda: None)
    made = create_key(served.admin, "till", ["decide"], user="planner", days=1)
    headers = {"Authorization": f"Bearer {made.token}"}
    assert served.client.post("/api/v1/decisions", json=decisions.EXAMPLE, headers=headers).status_code == 200
    later = served.host.clock() + timedelta(days=1)
    served.host.clock = lambda: later
    assert served.client.post("/api/v1/decisions", json=decisions.EXAMPLE, headers=headers).status_code == 401


def test_decisions_that_cannot_be_read_are_refused_in_both_languages(served):
    for content in (b"", b"[", b'{"items": 3}', b'{"items": []}', b'{"items": [{"item": "A"}]}', b"\xff"):
        answer = served.client.post("/api/v1/decisions", content=content, headers=served.as_("planner"))
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json"), content
        assert answer.json()["said"]["zh"]
    assert served.client.post("/api/v1/decisions", content=b"{}").status_code == 401
    assert served.client.post("/api/v1/decisions", content=b"{}", headers=served.as_("viewer")).status_code == 403
