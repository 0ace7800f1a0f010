"""How long the page takes to open a plan of many lines: python benchmarks/page.py [--lines 100000] [--times 5]

A real server and a real browser on this machine. Seconds are from the address to the first row that can be read; beside
them the seconds that the server computed, as wall seconds say little on a machine that does other work.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[1]
PASSWORD, FIRST_ROW = "a sentence that nobody guesses", ".ag-center-cols-container [row-index='0'] [col-id='quantity']"


def make_shop(folder: Path, lines: int) -> str:
    """A project with a plan of so many lines on the desk; returns the plan's name."""
    sys.path.insert(0, str(ROOT / "tests"))
    from made_up_plan import PLAN, make_project

    from restock.workflows.accounts.users import add_user
    from restock.workflows.approval.desk import open_desk
    from restock.workflows.approval.plans import store_plan

    desk = open_desk(make_project(folder, lines=lines))
    add_user(desk, "ada", "approver", PASSWORD)
    began = time.perf_counter()
    store_plan(desk, PLAN)
    print(f"{lines:,} lines put on the desk in {time.perf_counter() - began:.1f} s", file=sys.stderr)
    desk.state.close()
    return PLAN


def open_often(browser: Browser, address: str, server: int, times: int) -> list[dict[str, float]]:
    """Open the view again and again, the first time with nothing cached."""
    tab = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    tab.set_default_timeout(600_000)
    tab.goto(f"{address}/page/login")
    tab.fill("#name", "ada")
    tab.fill("#password", PASSWORD)
    tab.click("button")
    tab.wait_for_url(f"{address}/page/today")
    tab.wait_for_timeout(3000)
    found = []
    for _ in range(times):
        before, began = cpu(server), time.perf_counter()
        tab.goto(f"{address}/page/orders")
        tab.wait_for_selector(FIRST_ROW)
        seconds = time.perf_counter() - began
        rows = tab.evaluate("window.restockSeen")
        found.append({"seconds": seconds, "server_cpu": cpu(server) - before, "rows": rows})
    tab.context.close()
    return found


def cpu(process: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as place, socket.socket() as probe:
        folder = Path(place) / "shop"
        make_shop(folder, asked.lines)
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        command = [sys.executable, "-m", "restock.cli.main", "serve", "--no-worker", "--port", str(port)]
        server = subprocess.Popen([*command, "--project", str(folder)], stderr=subprocess.DEVNULL)
        address = f"http://127.0.0.1:{port}"
        try:
            wait(address)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                found = open_often(browser, address, server.pid, asked.times)
                browser.close()
        finally:
            server.terminate()
            server.wait(60)
    warm = found[1:] or found
    result = {
        "lines": found[-1]["rows"],
        "first_seconds": round(found[0]["seconds"], 2),
        "seconds": round(statistics.median(one["seconds"] for one in warm), 2),
        "server_cpu_seconds": round(statistics.median(one["server_cpu"] for one in warm), 3),
        "load": os.getloadavg()[0],
    }
    print(json.dumps(result))


def wait(address: str) -> None:
    """Until the server answers."""
    for _ in range(600):
        try:
            urlopen(f"{address}/api/v1/health").read()
            return
        except OSError:
            time.sleep(1)


if __name__ == "__main__":
    main()
