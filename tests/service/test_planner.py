"""A planner's morning over REST: look, change, approve, hand over."""

import io

import polars as pl
import pytest
from made_up_plan import PLAN, SNAPSHOT


def test_health_is_open_and_says_the_version(served):
    import restock

    said = served.client.get("/api/v1/health")
    assert (said.status_code, said.json()) == (200, {"status": "ok", "version": restock.__version__})


def test_a_morning(served, lines):
    plan = served.get(f"/plans/{PLAN}", "planner").json()
    assert (plan["snapshot"], plan["lines"], plan["stale"]) == (SNAPSHOT, 12, [])
    third = lines()[2]
    seen = served.get(f"/lines/{third['id']}", "planner").headers["etag"]
    edit = {"quantity": 45, "why": "promotion"}
    headers = served.as_("planner") | {"If-Match": seen}
    changed = served.client.patch(f"/api/v1/lines/{third['id']}", json=edit, headers=headers)
    assert (changed.status_code, changed.json()["quantity"], changed.json()["why"]) == (200, 45, "promotion")
    assert changed.headers["etag"] != seen
    assert served.post(f"/plans/{PLAN}/approve-safe", {}, "planner").status_code == 403
    safe = served.post(f"/plans/{PLAN}/approve-safe", {}, "approver").json()
    assert (safe["approved"], safe["left"]) == (10, 2)
    export = served.post("/exports", {"plan": PLAN}, "approver").json()
    assert (export["lines"], export["again"], len(export["orders"])) == (10, False, 4)
    assert served.post("/exports", {"plan": PLAN}, "approver").json()["export"] == export["export"]
    total = 0
    for order in export["orders"]:
        file = served.get(f"/exports/{export['export']}/file", params={"order": order["stem"]})
        assert file.headers["content-type"] == "text/csv; charset=utf-8"
        total += pl.read_csv(file.content).height
    assert total == 10
    told = [(entry["action"], entry["actor"]) for entry in served.get("/audit", params={"limit": 3}).json()["items"]]
    assert told == [("hand_over", "approver"), ("approve_safe", "approver"), ("edit", "planner")]


def test_pages_show_every_line_once(served):
    seen, cursor = [], None
    while True:
        page = served.get(f"/plans/{PLAN}/lines", params={"limit": 5} | ({"cursor": cursor} if cursor else {})).json()
        seen += [line["rank"] for line in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == list(range(1, 13))


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "LTE", "MTAwMDAwMDAwMDAwMDAw"])
def test_a_cursor_that_was_never_given_out_is_refused(served, cursor):
    assert served.get(f"/plans/{PLAN}/lines", params={"cursor": cursor}).status_code == 422


def test_lines_are_found_by_state_supplier_site_and_attention(served):
    def ranks(**wanted):
        return [line["rank"] for line in served.get(f"/plans/{PLAN}/lines", params=wanted).json()["items"]]

    assert ranks(site="BJ") == [3, 6, 9, 12]
    assert ranks(attention=True) == [12]
    assert ranks(lane="南方贸易", site="SH") == [1, 5, 7, 11]
    assert ranks(state="approved") == []
    assert served.get(f"/plans/{PLAN}/lines", params={"state": "gone"}).status_code == 422


def test_a_stale_etag_changes_nothing(served, lines):
    line = lines()[1]
    path, old = f"/api/v1/lines/{line['id']}", f'"{line["id"]}-1"'
    for tag, status in ((old, 200), (old, 412), ('"7-1"', 412), ("x", 412), ("*", 200)):
        edit = {"quantity": 25 if tag != "*" else 30, "why": "demand"}
        said = served.client.patch(path, json=edit, headers=served.as_("planner") | {"If-Match": tag})
        assert said.status_code == status, tag
    assert lines()[1]["quantity"] == 30
    assert served.client.patch(path, json={"quantity": 20}, headers=served.as_("planner")).status_code == 422


def test_what_was_seen_is_not_sent_again(served, lines):
    line = lines()[0]["id"]
    tag = served.get(f"/lines/{line}").headers["etag"]
    again = served.get(f"/lines/{line}", headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)


def test_a_sheet_goes_out_and_comes_back(served, lines):
    out = served.get(f"/plans/{PLAN}/sheet", params={"form": "xlsx"})
    frame = pl.read_excel(io.BytesIO(out.content), infer_schema_length=0)
    mine = pl.col("item") == "A-05"
    frame = frame.with_columns(
        pl.when(mine).then(pl.lit("60")).otherwise(pl.col("quantity")).alias("quantity"),
        pl.when(mine).then(pl.lit("demand")).otherwise(pl.col("why")).alias("why"),
    )
    file = {"file": ("edited.csv", frame.write_csv().encode())}
    back = served.post(f"/plans/{PLAN}/sheet", role="planner", files=file)
    assert (back.status_code, back.json()["changed"]) == (200, 1)
    assert lines()[4]["quantity"] == 60


def test_a_call_with_the_same_key_is_carried_out_once(served, lines):
    line = lines()[0]["id"]
    headers = {"Idempotency-Key": "k-1"}
    asked = {"text": "call them"}
    first = served.post(f"/lines/{line}/comments", asked, "planner", headers=headers)
    again = served.post(f"/lines/{line}/comments", asked, "planner", headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    assert len(served.get(f"/lines/{line}/comments").json()) == 1
    other = served.post(f"/lines/{line}/comments", {"text": "no"}, "planner", headers=headers)
    assert other.status_code == 422
    assert served.post(f"/lines/{line}/comments", asked, "admin", headers=headers).json() != first.json()
    assert served.client.post(f"/api/v1/lines/{line}/comments", json=asked, headers=headers).status_code == 401
    assert served.post(f"/lines/{line}/comments", asked, headers={"Idempotency-Key": "a b"}).status_code == 422


def test_a_call_that_failed_may_be_tried_again_with_its_key(served, lines):
    line = lines()[11]["id"]
    headers = {"Idempotency-Key": "k-2"}
    served.post("/lines/reject", {"lines": [{"id": line}], "reason": "no"})
    asked = {"lines": [{"id": line}]}
    assert served.post("/lines/approve", asked, headers=headers).status_code == 409
    served.post("/lines/reopen", {"lines": [{"id": line}]})
    assert served.post("/lines/approve", asked, headers=headers).json()[0]["state"] == "approved"


@pytest.mark.parametrize(
    ("language", "said"), [("zh-CN,zh;q=0.9", "没有订货行 `999`"), ("en", "there is no line `999`")]
)
def test_errors_are_problems_in_the_language_of_the_caller_and_in_both(served, language, said):
    answer = served.get("/lines/999", headers={"Accept-Language": language})
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, problem["status"], problem["detail"]) == (404, 404, said)
    assert problem["said"] == {"en": "there is no line `999`", "zh": "没有订货行 `999`"}
    assert problem["type"].endswith("MissingError")


@pytest.mark.parametrize("path", ["/nothing", "/plans/../../etc", "/lines/x", "/lines/0", f"/lines/{2**40}"])
def test_what_is_not_there_is_a_problem_too(served, path):
    answer = served.get(path)
    assert answer.status_code in (404, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_numbers_for_prometheus_name_routes_and_not_lines(served, lines):
    served.get(f"/lines/{lines()[0]['id']}")
    text = served.get("/metrics").text
    assert 'restock_requests_total{method="GET",route="/lines/{line}",status="200"} 1.0' in text
    assert 'restock_jobs{state="queued"} 0.0' in text


def test_settings_that_change_make_a_plan_out_of_date_at_once(served):
    assert served.get(f"/plans/{PLAN}").json()["stale"] == []
    path = served.project.path / "restock.toml"
    path.write_text(path.read_text() + "[costs]\nholding_rate = 0.9\n")
    (why,) = served.get(f"/plans/{PLAN}").json()["stale"]
    assert "costs.holding_rate" in why["en"]
    assert served.post(f"/plans/{PLAN}/approve-safe", {}).status_code == 409
    assert served.post(f"/plans/{PLAN}/approve-safe", {"anyway": True}).status_code == 200
