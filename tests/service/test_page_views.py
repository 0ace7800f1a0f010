"""What the other views show and do: the same as REST and command line, by the same rules."""

import pytest
from conftest import HOSTED
from fastapi.testclient import TestClient

from restock.errors import DataError, ForbiddenError, UsageError
from restock.service.page import uploading
from restock.service.page.frame import VIEWS
from restock.service.page.rows import admin, data, forecast, policies
from restock.storage.state import work
from restock.workflows.accounts.users import Changes, change_user
from restock.workflows.approval.roles import Actor
from restock.workflows.registry import promote_policy

PASSWORD = "a sentence that nobody guesses"
ROWS = "".join(f"A,2026-01-{day:02d},3,2.5\n" for day in range(1, 10))
SALES = f"item,date,quantity,unit_price\n{ROWS}B,2026-01-05,x,4\n".encode()  # one row is bad


@pytest.fixture
def browser(served):
    change_user(served.admin, "planner", Changes(password=PASSWORD))
    with_cookie = TestClient(served.client.app, base_url=HOSTED)
    said = with_cookie.post("/api/v1/session", json={"name": "planner", "password": PASSWORD}).json()
    return with_cookie, {"X-CSRF-Token": said["csrf"]}


def send(browser, files, csrf=True):
    client, headers = browser
    return client.post("/page/upload", files=files, headers=headers if csrf else {})


def test_every_view_has_a_name_in_both_languages():
    assert [view.name for view in VIEWS][:2] == ["today", "orders"]
    assert all(view.title.en and view.title.zh and view.title.en != view.title.zh for view in VIEWS)


def test_people_keys_and_trail_are_those_of_rest(served):
    users = served.get("/users").json()
    assert [row["name"] for row in admin.user_rows(served.admin, "zh")] == [user["name"] for user in users]
    assert {row["role_said"] for row in admin.user_rows(served.admin, "zh")} >= {"计划员", "管理员"}
    keys = served.get("/keys").json()
    shown = admin.key_rows(served.admin, "en")
    assert [(row["prefix"], row["user"]) for row in shown] == [(key["prefix"], key["user"]) for key in keys]
    assert {row["state"] for row in shown} == {"valid"}
    entries = served.get("/audit", params={"limit": 500}).json()["items"]
    told = admin.trail_rows(served.admin)
    assert [(row["actor"], row["action"], row["object"]) for row in told] == [
        (entry["actor"], entry["action"], entry["object"]) for entry in entries
    ]


@pytest.mark.parametrize("look", [lambda desk: admin.user_rows(desk, "en"), admin.trail_rows])
def test_who_may_not_look_is_told_so(served, look):
    with pytest.raises(ForbiddenError):
        look(served.admin.as_(Actor("vic", "viewer")))


def test_the_daily_work_is_that_of_rest(served):
    job = served.post("/schedule/run").json()
    (row,) = admin.day_rows(served.admin, "zh")
    assert (row["state"], row["author"], row["steps"]) == ("排队中", job["author"], "")
    facts = dict(admin.schedule_facts(served.admin, "en"))
    assert (facts["Due next"], facts["Files are loaded from"]) == ("–", "inbox")
    steps = [{"step": "load", "state": "skipped"}, {"step": "plan", "state": "failed"}]
    with served.state.write() as session:
        work.get_job(session, job["id"]).result = {"steps": steps, "plan": None}
    assert admin.day_rows(served.admin, "zh")[0]["steps"] == "导入新文件: 无需执行 · 生成计划: 失败"


def test_files_are_looked_at_before_they_are_loaded(served, browser):
    name = send(browser, {"files": ("sales.csv", SALES)}).json()["name"]
    result = data.preview(uploading.files_of(served.admin, name))
    (mapping,) = data.mapping_rows(result)
    assert (mapping["file"], mapping["table"], mapping["rows"]) == ("sales.csv", "sales", 10)
    assert "unit_price ← unit_price" in mapping["columns"]
    assert result.quality.rows_bad == 1
    assert served.queue.jobs == []
    visitor = type("Visitor", (), {"host": served.host})()
    job = uploading.load(visitor, served.admin, name)
    assert served.queue.jobs == [job] == [name]
    (row,) = admin.job_rows(served.admin, "zh")
    assert (row["id"], row["kind"], row["state_said"]) == (name, "导入数据", "排队中")


def test_a_file_that_cannot_be_read_is_named_as_it_was_sent(served, browser):
    name = send(browser, {"files": ("sales.csv", b"")}).json()["name"]
    with pytest.raises(DataError) as wrong:
        data.preview(uploading.files_of(served.admin, name))
    assert wrong.value.in_("en")[0].startswith("`sales.csv` ")
    assert str(served.project.path) not in str(wrong.value.in_("zh"))


def test_files_that_nobody_wants_are_thrown_away(served, browser):
    name = send(browser, {"files": ("sales.csv", SALES)}).json()["name"]
    uploading.throw_away(served.admin, name)
    assert not (served.project.folder.uploads / name).exists()


@pytest.mark.parametrize("name", ["../sales.csv", ".hidden", "a/b.csv"])
def test_a_name_that_is_a_path_is_refused(served, browser, name):
    answer = send(browser, {"files": (name, SALES)})
    assert answer.status_code == 422
    assert not served.project.folder.uploads.exists() or not list(served.project.folder.uploads.iterdir())


def test_an_upload_needs_the_header_of_the_session_and_the_right_to_load(served, browser):
    assert send(browser, {"files": ("sales.csv", SALES)}, csrf=False).status_code == 403
    assert send((served.client, {}), {"files": ("sales.csv", SALES)}).status_code == 401
    change_user(served.admin, "viewer", Changes(password=PASSWORD))
    viewer = TestClient(served.client.app, base_url=HOSTED)
    said = viewer.post("/api/v1/session", json={"name": "viewer", "password": PASSWORD}).json()
    refused = send((viewer, {"X-CSRF-Token": said["csrf"]}), {"files": ("sales.csv", SALES)})
    assert refused.status_code == 403


def test_a_forecast_is_changed_with_a_reason_and_in_the_trail(served):
    cells = {"item": "A", "site": "", "start": "2026-12-01", "end": "2026-12-31", "reason": "fair", "expires": ""}
    planner = served.admin.as_(Actor("pia", "planner", "page"))
    forecast.change_forecast(planner, "+20%", cells)
    (row,) = forecast.override_rows(served.admin, "en")
    assert (row["item"], row["change"], row["reason"]) == ("A", "+20 %", "fair")
    last = admin.trail_rows(served.admin)[0]
    assert (last["actor"], last["via"], last["action"], last["object"]) == ("pia", "page", "override", "A")
    with pytest.raises(UsageError):
        forecast.change_forecast(planner, "+20%", cells | {"reason": ""})
    with pytest.raises(ForbiddenError):
        forecast.change_forecast(served.admin.as_(Actor("vic", "viewer")), "+20%", cells)
    assert len(forecast.override_rows(served.admin, "en")) == 1


def test_festivals_ahead_are_in_the_language_of_the_reader(served):
    english, chinese = (forecast.festival_rows(served.admin, language) for language in ("en", "zh"))
    assert len(english) == len(chinese) > 3
    assert [row["start"] for row in english] == sorted(row["start"] for row in english)
    assert {row["title"] for row in english} != {row["title"] for row in chinese}


def test_policies_are_those_of_rest(served):
    rest = served.get("/policies").json()["items"]
    shown = policies.policy_rows(served.admin, "CNY", "zh")
    assert [row["name"] for row in shown] == [policy["name"] for policy in rest]
    assert shown[0]["state"] == "使用中"


def test_who_put_a_policy_in_charge_is_on_its_card(served):
    name = served.get("/policies").json()["items"][0]["name"]
    assert (policies.is_promoted(served.admin), policies.decides(served.admin, name)) == (False, True)
    assert policies.facts_of(served.admin, name, "en") == []
    promote_policy(served.admin, name, "steadier")
    ((title, said),) = policies.facts_of(served.admin, name, "zh")
    assert (title, said.startswith("ada · "), said.endswith(" · steadier")) == ("指定使用", True, True)
    assert policies.is_promoted(served.admin)


def test_snapshots_are_those_of_rest(served):
    rest = served.get("/snapshots").json()["items"]
    assert [row["id"] for row in data.snapshot_rows(served.admin)] == [one["id"] for one in rest]
    assert data.quarantine_rows(served.admin, "en") == []
    assert data.sentences_of_last_load(served.admin, "en") == []
