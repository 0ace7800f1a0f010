"""What the page's grids are told is what REST says, in the language of whoever looks."""

import pytest
from conftest import HOSTED
from fastapi.testclient import TestClient
from made_up_plan import PLAN

from restock.service.page.rows import lines as rows
from restock.service.page.rows import today
from restock.storage.state import browsing
from restock.storage.state.browsing import Stretch, Wanted
from restock.workflows.accounts.users import Changes, change_user
from restock.workflows.approval.approving import approve_lines
from restock.workflows.approval.lines import Edit, edit_line
from restock.workflows.approval.plans import view_plan

PASSWORD = "a sentence that nobody guesses"


@pytest.fixture
def browser(served):
    """Signed in as a planner who reads Chinese."""
    change_user(served.admin, "planner", Changes(password=PASSWORD, language="zh"))
    with_cookie = TestClient(served.client.app, base_url=HOSTED)
    assert with_cookie.post("/api/v1/session", json={"name": "planner", "password": PASSWORD}).status_code == 200
    return with_cookie


def told(browser, kind="lines", **asked):
    answer = browser.get(f"/page/rows/{kind}/{PLAN}", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_grid_is_told_the_lines_that_rest_tells(served, browser, lines):
    edit_line(served.admin, Edit(lines()[3]["id"], 60.0, "promotion"))
    found = told(browser, begin=0, end=100)
    assert found["count"] == 12
    for row, line in zip(found["rows"], lines(), strict=True):
        same = {key for key in row if key in line} - {"attention", "reason", "why", "changed_by"}
        assert {"quantity", "suggested", "on_hand", "expected_profit", "state", "version", "order_by"} <= same
        assert {key: row[key] for key in same} == {key: line[key] for key in same}
        assert row["cash"] == pytest.approx(line["quantity"] * line["unit_cost"])
        assert row["reason"] == line["reason_zh"]
    assert found["rows"][3]["attention"] == "数量被人工修改过"
    assert (found["rows"][3]["why"], found["rows"][3]["state_said"]) == ("促销变动，或数据中没有该促销", "待审批")


@pytest.mark.parametrize(
    ("asked", "ranks"),
    [
        ({"begin": 4, "end": 7}, [5, 6, 7]),
        ({"sort": "cash", "order": "desc", "end": 2}, [12, 11]),
        ({"sort": "site", "order": "asc", "end": 5}, [3, 6, 9, 12, 1]),
        ({"site": "BJ"}, [3, 6, 9, 12]),
        ({"lane": "南方贸易", "site": "SH"}, [1, 5, 7, 11]),
        ({"attention": "yes"}, [12]),
        ({"search": "a-1"}, [10, 11, 12]),
        ({"search": "茶 7"}, [7]),
        ({"search": "%"}, []),
        ({"state": "approved"}, [2]),
        ({"state": "open", "end": 3}, [1, 3, 4]),
        ({"due": "2026-11-04"}, []),
        ({"sort": "password", "end": 1}, [1]),
    ],
)
def test_lines_are_found_and_sorted_in_the_state(served, browser, lines, asked, ranks):
    approve_lines(served.admin, [lines()[1]["id"]])
    assert [row["rank"] for row in told(browser, **({"end": 50} | asked))["rows"]] == ranks


@pytest.mark.parametrize("asked", [{"begin": "-1"}, {"end": "x"}, {"due": "tomorrow"}, {"begin": "9" * 12}])
def test_a_stretch_that_is_none_is_a_problem(browser, asked):
    answer = browser.get(f"/page/rows/lines/{PLAN}", params=asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"


def test_nobody_sees_rows_without_a_session(served):
    key = served.client.get(f"/page/rows/lines/{PLAN}", headers=served.as_("admin"))
    assert key.status_code == 401
    page = served.client.get("/page/orders", follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, "/page/login?next=/page/orders")
    home = served.client.get("/", follow_redirects=False)
    assert (home.status_code, home.headers["location"]) == (303, "/page/today")


def test_a_browser_is_told_to_ask_no_other_machine(served):
    sign_in = served.client.get("/page/login")
    assert sign_in.headers["content-security-policy"].startswith("default-src 'self'")
    assert "frame-ancestors 'none'" in sign_in.headers["content-security-policy"]
    assert sign_in.headers["cache-control"] == "no-store"
    assert "http://" not in sign_in.text.replace("http://www.w3.org", "")


def test_the_page_leaves_errors_of_rest_as_they_are(served):
    assert served.get("/nothing").headers["content-type"] == "application/problem+json"
    assert served.client.put("/api/v1/health").status_code == 405


def test_what_is_not_ordered_is_told_with_its_reason(served, browser):
    rest = served.get(f"/plans/{PLAN}/not-ordered").json()["items"]
    found = told(browser, "not-ordered")
    assert found["count"] == len(rest) == 3
    assert [row["item"] for row in found["rows"]] == [row["item"] for row in rest]
    assert {row["reason"] for row in found["rows"]} == {"库存可用 9 周"}
    assert [row["item"] for row in told(browser, "not-ordered", search="B-02")["rows"]] == ["B-02"]


def test_sums_by_supplier_and_site_are_those_of_the_lines(served, lines):
    approve_lines(served.admin, [lines()[0]["id"]])
    with served.admin.look() as session:
        sums = browsing.sums(session, PLAN)
        whole = browsing.browse(session, PLAN, Wanted(), Stretch(rows=1))[1]
    by_hand = {}
    for line in lines():
        key = line["lane"], line["site"]
        before = by_hand.get(key, (0, 0, 0.0, 0.0))
        cash, is_open = line["quantity"] * line["unit_cost"], line["state"] == "proposed"
        by_hand[key] = (before[0] + 1, before[1] + is_open, before[2] + cash, before[3] + cash * is_open)
    assert {(one.lane, one.site): (one.lines, one.open, one.cash, one.open_cash) for one in sums} == by_hand
    assert sum(one.lines for one in sums) == whole == 12


def test_the_main_numbers_are_those_of_the_plan_over_rest(served, lines):
    approve_lines(served.admin, [lines()[0]["id"]])
    rest = served.get(f"/plans/{PLAN}").json()
    totals = {total["state"]: total for total in rest["totals"]}
    facts = {fact.name: fact for fact in today.plan_facts(view_plan(served.admin), "CNY", "en")}
    assert facts["open"].value == f"CNY {totals['proposed']['cash']:,.0f}"
    assert facts["open"].note == f"{totals['proposed']['lines']} lines"
    assert facts["committed"].value == "CNY 20.00"
    tiles = {tile.name: tile for tile in today.line_tiles(served.admin, view_plan(served.admin), "CNY", "zh")}
    assert (tiles["needs_eye"].count, tiles["needs_eye"].money) == (1, "CNY 240")
    assert tiles["order_today"].count == 0  # all of them can wait until the fifth


def test_the_budget_bar_says_what_is_left(served):
    view = view_plan(served.admin)
    budget = rows.Budget(view)
    assert (budget.given, budget.committed, budget.asked, budget.open_lines) == (None, 0, 1560.0, 12)
    assert budget.said("CNY", "en") == "CNY 0 approved, CNY 1,560 still open"
    budget.given = 2000.0
    assert budget.said("CNY", "zh") == "已批准 CNY 0，待定 CNY 1,560；预算 CNY 2,000，剩余 CNY 2,000"
    assert budget.whole == 2000.0
