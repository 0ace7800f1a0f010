"""Who may call what: every route with every role, keys, sessions, forms, guesses."""

from datetime import timedelta
from itertools import count

import pytest
from conftest import HOSTED, start
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from restock.service.app import create_app
from restock.workflows.accounts.keys import create_key, revoke_key
from restock.workflows.accounts.sessions import TRIES, first_link, new_link
from restock.workflows.accounts.users import Changes, change_user
from restock.workflows.approval.roles import ROLES

OPEN = {("GET", "/health"), ("POST", "/session"), ("POST", "/session/link")}
OWN = {("GET", "/session"), ("DELETE", "/session")}  # whoever is signed in
PASSWORD = "a sentence that nobody guesses"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """For calls that change nothing, or are refused."""
    started = start(tmp_path_factory.mktemp("matrix") / "shop")
    yield started
    started.state.close()


def routes_of(app, prefix=""):
    found = []
    for route in app.routes:
        if isinstance(route, APIRoute):
            found += [(method, route) for method in sorted(route.methods)]
        elif hasattr(route, "original_router"):
            found += routes_of(route.original_router)
    return found


def permission_of(route):
    wanted = [getattr(part.call, "permission", None) for part in route.dependant.dependencies]
    return next((one for one in wanted if one), None)


def all_routes(app):
    return {(method, route.path.removeprefix("/api/v1")): permission_of(route) for method, route in routes_of(app)}


def call(client, method, path, headers):
    plain = path
    while "{" in plain:
        name = plain[plain.index("{") : plain.index("}") + 1]
        plain = plain.replace(name, "train" if name == "{kind}" else "999999")
    return client.request(method, f"/api/v1{plain}", headers=headers)


def test_every_route_of_the_schema_says_what_its_caller_must_be_allowed(shared):
    there = all_routes(shared.client.app)
    schema = shared.client.get("/api/v1/openapi.json").json()
    documented = {
        (method.upper(), path.removeprefix("/api/v1")) for path, said in schema["paths"].items() for method in said
    }
    assert documented == {key for key in there if key[1] != "/welcome"}
    assert {key for key in documented if there[key] is None} == OPEN | OWN
    secured = {
        (method.upper(), path.removeprefix("/api/v1"))
        for path, said in schema["paths"].items()
        for method, operation in said.items()
        if operation.get("security")
    }
    assert secured == documented - OPEN


def test_every_route_answers_every_role_as_its_permission_says(shared):
    wrong = []
    for (method, path), permission in all_routes(shared.client.app).items():
        if permission is None:
            continue
        if call(shared.client, method, path, {}).status_code != 401:
            wrong.append(("nobody", method, path))
        for role, may in ROLES.items():
            status = call(shared.client, method, path, shared.as_(role)).status_code
            refused = status == 403
            own = "/jobs/{job}/" in path  # needs what asking for the job needs, so 404 comes first here
            if refused != (permission not in may) and not own:
                wrong.append((role, method, path, status))
            if status >= 500:
                wrong.append((role, method, path, status))
    assert wrong == []


def test_a_key_may_no_more_than_its_scopes_and_its_user(served):
    token = create_key(served.admin, "reader", ["read", "manage"], user="planner").token
    headers = {"Authorization": f"Bearer {token}"}
    assert served.client.get("/api/v1/plans", headers=headers).status_code == 200
    assert served.client.get("/api/v1/users", headers=headers).status_code == 403  # its user may not
    edit = served.client.post("/api/v1/lines/snooze", headers=headers, json={})
    assert (edit.status_code, "scope `edit`" in edit.json()["hint"]) == (403, True)


def test_a_key_that_ended_was_revoked_or_whose_user_is_gone_is_no_key(served):
    made = create_key(served.admin, "short", ["read"], user="viewer", days=1)
    headers = {"Authorization": f"Bearer {made.token}"}

    def status():
        return served.client.get("/api/v1/plans", headers=headers).status_code

    assert status() == 200
    before, later = served.host.clock, served.host.clock() + timedelta(days=1)
    served.host.clock = lambda: later
    assert status() == 401
    served.host.clock = before
    change_user(served.admin, "viewer", Changes(active=False))
    assert status() == 401
    change_user(served.admin, "viewer", Changes(active=True))
    assert status() == 200
    revoke_key(served.admin, made.key.id)
    assert status() == 401


@pytest.mark.parametrize("said", ["Bearer", "Bearer x", "Basic YTpi", "Bearer restock_x_y", "Bearer restock__", "x"])
def test_what_is_no_key_is_nobody(shared, said):
    answer = shared.client.get("/api/v1/plans", headers={"Authorization": said})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_secrets_are_kept_as_hashes_only(served):
    sign_in(served, "viewer")
    raw = (served.project.path / "state.db").read_bytes() + (served.project.path / "state.db-wal").read_bytes()
    for token in served.keys.values():
        assert token.encode()[-20:] not in raw
    assert PASSWORD.encode() not in raw
    assert b"$argon2id$" in raw


def sign_in(served, name, password=PASSWORD):
    """A browser that followed a link."""
    browser = TestClient(create_app(served.host), base_url=HOSTED, raise_server_exceptions=False)
    said = browser.post("/api/v1/session/link", json={"token": new_link(served.admin, name), "password": password})
    assert said.status_code == 200, said.text
    return browser, said.json()["csrf"]


def test_a_link_signs_in_once(served):
    token = new_link(served.admin, "viewer")
    asked = {"token": token, "password": PASSWORD}
    short = served.client.post("/api/v1/session/link", json={"token": token, "password": "short"})
    assert short.status_code == 422
    first = served.client.post("/api/v1/session/link", json=asked)
    assert (first.status_code, first.json()["role"]) == (200, "viewer")
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert served.client.post("/api/v1/session/link", json=asked).status_code == 403


def test_the_first_start_has_one_link_for_the_administrator(tmp_path):
    from made_up_plan import make_project

    from restock.workflows.approval.desk import open_desk

    desk = open_desk(make_project(tmp_path / "new"))
    assert first_link(desk)
    assert first_link(desk) is None
    desk.state.close()


def test_a_browser_changes_something_only_with_the_token_of_its_forms(served, lines):
    browser, csrf = sign_in(served, "planner")
    me = browser.get("/api/v1/session").json()
    assert (me["name"], me["csrf"]) == ("planner", csrf)
    path, asked = f"/api/v1/lines/{lines()[0]['id']}/comments", {"text": "hello"}
    assert browser.get("/api/v1/plans").status_code == 200
    for headers in ({}, {"X-CSRF-Token": "x"}, {"X-CSRF-Token": "é".encode()}):
        assert browser.post(path, json=asked, headers=headers).status_code == 403
    assert browser.post(path, json=asked, headers={"X-CSRF-Token": csrf}).status_code == 201
    assert browser.delete("/api/v1/session", headers={"X-CSRF-Token": csrf}).status_code == 204
    assert browser.get("/api/v1/plans").status_code == 401


def test_another_role_or_password_ends_what_is_open(served):
    browser, _ = sign_in(served, "planner")
    change_user(served.admin, "planner", Changes(role="viewer"))
    assert browser.get("/api/v1/plans").status_code == 401


def test_a_session_ends_by_itself(served):
    browser, _ = sign_in(served, "planner")
    later = served.host.clock() + timedelta(hours=12)
    served.host.clock = lambda: later
    assert browser.get("/api/v1/plans").status_code == 401


def test_whoever_guesses_passwords_must_wait(served):
    sign_in(served, "planner")
    asked = {"name": "planner", "password": "wrong wrong wrong"}
    statuses = [served.client.post("/api/v1/session", json=asked).status_code for _ in range(TRIES)]
    assert statuses == [403] * TRIES
    right = {"name": "planner", "password": PASSWORD}
    blocked = served.client.post("/api/v1/session", json=right)
    assert blocked.status_code == 429
    assert 0 < int(blocked.headers["retry-after"]) <= 900
    later = served.host.clock() + timedelta(minutes=16)
    served.host.clock = lambda: later
    assert served.client.post("/api/v1/session", json=right).status_code == 200


def test_nobody_learns_which_users_exist(served):
    said = [
        served.client.post("/api/v1/session", json={"name": name, "password": "wrong wrong wrong"}).json()["detail"]
        for name in ("planner", "nobody")
    ]
    assert said[0] == said[1]


def test_the_last_administrator_stays(served):
    assert (
        served.client.patch("/api/v1/users/admin", json={"role": "viewer"}, headers=served.as_("admin")).status_code
        == 409
    )


def test_another_host_name_is_refused(shared):
    assert shared.client.get("/api/v1/health", headers={"Host": "evil.example"}).status_code == 400


def test_the_welcome_page_loads_nothing_from_elsewhere(shared):
    page = shared.client.get("/welcome").text
    assert "http://" not in page
    assert "https://" not in page


def test_keys_and_users_are_managed_over_rest(served):
    number = count(1)
    made = served.post(
        "/keys", {"name": f"till {next(number)}", "scopes": ["decide"], "user": "planner", "days": 3}
    ).json()
    headers = {"Authorization": f"Bearer {made['token']}"}
    assert served.client.get("/api/v1/session", headers=headers).json()["permissions"] == ["decide"]
    assert "token" not in served.get("/keys").json()[0]
    gone = served.client.delete(f"/api/v1/keys/{made['id']}", headers=served.as_("admin"))
    assert gone.json()["revoked"] is not None
    assert served.client.get("/api/v1/session", headers=headers).status_code == 401
    link = served.post("/users", {"name": "mei", "role": "planner"})
    assert (link.status_code, "/welcome#" in link.json()["link"]) == (201, True)
    assert served.post("/users", {"name": "mei", "role": "planner"}).status_code == 409
    assert "mei" in [user["name"] for user in served.get("/users").json()]
