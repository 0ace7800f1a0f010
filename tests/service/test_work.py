"""Long work: uploads, jobs, workers that die, and telling others."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from made_up_plan import PLAN

import restock
from restock.errors import UsageError
from restock.service.limits import check_archive, check_name
from restock.service.queue import open_queue
from restock.service.worker import offer, send_due
from restock.storage.state import work
from restock.workflows import webhooks
from restock.workflows.jobs import asking, kinds, working
from restock.workflows.jobs.asking import ask, find_job
from restock.workflows.jobs.working import ATTEMPTS, SILENT, take_up_lost, work_on

# 39 rows on 9 days: the sums of a day are one row.
CSV = "date,sku,qty\n" + "".join(f"2026-0{1 + n % 9}-1{n % 9},A,{n}\n" for n in range(1, 40))


def upload(served, name="sales.csv", content=CSV.encode(), **more):
    return served.post("/snapshots", files={"files": (name, content)}, **more)


def test_an_upload_is_a_job_that_a_worker_reads(served):
    said = upload(served, role="planner")
    job = said.json()
    assert (said.status_code, job["state"], said.headers["location"]) == (202, "queued", f"/api/v1/jobs/{job['id']}")
    assert served.queue.jobs == [job["id"]]
    done = work_on(served.admin, job["id"])
    assert done.state == "done", done.error
    snapshot = served.get(f"/jobs/{job['id']}").json()["result"]["snapshot"]
    kept = served.get(f"/snapshots/{snapshot}").json()
    assert (kept["rows"]["sales"], kept["author"], kept["sources"]) == (
        9,
        "planner",
        [{"name": "sales.csv", "rows": 39}],
    )
    assert not (served.project.folder.uploads / job["id"]).exists()
    assert work_on(served.admin, job["id"]) is None  # it no longer waits


def test_a_file_that_cannot_be_read_fails_its_job_in_both_languages(served):
    job = upload(served, content=b"nothing\n").json()["id"]
    work_on(served.admin, job)
    error = served.get(f"/jobs/{job}").json()["error"]
    assert error["message"]["en"].startswith("`sales.csv` ")  # as it was sent, without the folder where it lies here
    assert error["message"]["zh"].startswith("`sales.csv` ")
    assert str(served.project.path) not in str(error)


@pytest.mark.parametrize("name", ["../x.csv", "a/b.csv", "a\\b.csv", "..", ".hidden", "", "a\0b", "x" * 300, "C:x"])
def test_an_upload_has_a_name_and_no_path(served, name):
    with pytest.raises(UsageError):
        check_name(name)
    assert upload(served, name=name).status_code == 422
    folder = served.project.folder.uploads
    assert not folder.exists() or list(folder.iterdir()) == []


def test_an_upload_that_is_too_large_is_refused_whatever_it_says(served, monkeypatch):
    served.host.given["upload_mb"] = 1
    served.host.opened = None
    answer = upload(served, content=b"x" * 1_100_000)
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")

    def parts():
        yield b"x" * 1_500_000
        yield b"x" * 1_500_000

    headers = served.as_("admin") | {"Content-Type": "application/json"}
    streamed = served.client.post("/api/v1/lines/approve", content=parts(), headers=headers)
    assert streamed.status_code == 413


def bomb(path: Path, size: int) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * size)
    return path


def test_a_workbook_that_would_grow_beyond_measure_is_refused(served, tmp_path):
    content = bomb(tmp_path / "bomb.xlsx", 30_000_000).read_bytes()
    assert len(content) < 40_000
    answer = upload(served, "bomb.xlsx", content)
    assert (answer.status_code, "would grow" in answer.json()["detail"]) == (422, True)


def test_an_archive_that_lies_about_its_size_is_measured(tmp_path):
    path = bomb(tmp_path / "liar.xlsx", 3_000_000)
    raw = bytearray(path.read_bytes())
    at = raw.rindex(b"PK\x01\x02")
    raw[at + 24 : at + 28] = (100).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(UsageError.__mro__[1]):
        check_archive(path, 1_000_000)


def test_a_real_workbook_is_no_bomb(tmp_path):
    import polars as pl

    path = tmp_path / "real.xlsx"
    pl.DataFrame({"item": ["A"] * 5000, "quantity": [1.0] * 5000}).write_excel(path)
    check_archive(path, 200_000_000)


def test_training_asked_for_twice_with_one_key_is_one_job(served):
    headers = {"Idempotency-Key": "train-1"}
    first = served.post("/runs/train", {"seed": 1}, "scientist", headers=headers)
    again = served.post("/runs/train", {"seed": 1}, "scientist", headers=headers)
    assert first.json()["id"] == again.json()["id"]
    assert first.headers["location"] == again.headers["location"]
    assert len(served.get("/jobs").json()["items"]) == 1
    assert served.post("/runs/train", {}, "planner").status_code == 403


@pytest.fixture
def slow(monkeypatch):
    """A kind of job that counts until it is told to stop."""
    told = {"steps": 0, "stop": threading.Event(), "fail": None}

    def count(desk, job, progress):
        progress.start(restock.language.Text("counting", "计数"), 1000)
        for step in range(1000):
            told["steps"] = step
            progress.advance(step)
            if told["fail"]:
                raise told["fail"]
            if told["stop"].wait(0.02):
                break
        return {"steps": told["steps"], "nan": float("nan")}

    kind = kinds.Kind("learn", kinds.KINDS["train"].label, {}, count)
    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, "train": kind})
    return told


def in_thread(desk, job, beat=0.05):
    thread = threading.Thread(target=work_on, args=(desk, job, beat))
    thread.start()
    return thread


def wait_for(what, seconds=20.0):
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it never came"
        time.sleep(0.02)


def test_a_job_shows_how_far_it_is_and_stops_when_told(desk, slow):
    job = ask(desk, "train", {}).id
    thread = in_thread(desk, job)
    wait_for(lambda: find_job(desk, job).done > 2)
    shown = asking.show_job(find_job(desk, job))
    assert (shown["state"], shown["total"], shown["what"]) == ("running", 1000, {"en": "counting", "zh": "计数"})
    asking.cancel(desk, job)
    thread.join(20)
    assert find_job(desk, job).state == "cancelled"
    slow["stop"].set()
    asking.resume(desk, job)
    ended = work_on(desk, job)
    assert (ended.state, ended.attempt, ended.result["nan"]) == ("done", 2, None)


def test_an_unexpected_error_ends_the_job_and_not_the_worker(desk, slow):
    slow["fail"] = ZeroDivisionError("oh")
    ended = work_on(desk, ask(desk, "train", {}).id)
    assert (ended.state, ended.error["message"]["en"]) == ("failed", "unexpected ZeroDivisionError: oh")


def test_two_workers_never_do_one_job(desk, slow):
    slow["stop"].set()
    job, ended = ask(desk, "train", {}).id, []
    threads = [threading.Thread(target=lambda: ended.append(work_on(desk, job))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one is not None for one in ended) == 1
    assert find_job(desk, job).attempt == 1


def test_a_job_whose_worker_died_is_taken_up_again_and_marked_in_the_end(desk):
    job = ask(desk, "train", {}).id
    for attempt in range(1, ATTEMPTS + 1):
        with desk.state.write() as session:
            assert work.claim_job(session, job, desk.clock()).attempt == attempt
        assert take_up_lost(desk) == []  # it was alive a moment ago
        later = desk.clock() + SILENT + timedelta(seconds=1)
        waiting = take_up_lost(replace(desk, clock=lambda later=later: later))
        assert waiting == ([job] if attempt < ATTEMPTS else [])
    lost = find_job(desk, job)
    assert (lost.state, "died 3 times" in lost.error["message"]["en"]) == ("failed", True)


def test_a_worker_that_comes_back_from_the_dead_changes_nothing(desk, slow):
    job = ask(desk, "train", {}).id
    thread = in_thread(desk, job, beat=1000.0)  # it never says a word
    wait_for(lambda: slow["steps"] > 2)
    later = desk.clock() + SILENT * 2
    take_up_lost(replace(desk, clock=lambda: later))
    with desk.state.write() as session:
        work.claim_job(session, job, desk.clock())
    slow["stop"].set()
    thread.join(20)
    there = find_job(desk, job)
    assert (there.state, there.attempt, there.result) == ("running", 2, None)


def test_a_name_that_was_lost_in_the_queue_is_put_in_again(served):
    job = ask(served.admin, "train", {}).id
    offered: dict[str, float] = {}
    offer(served.admin, served.queue, offered)
    offer(served.admin, served.queue, offered)
    assert served.queue.jobs == [job]
    offer(served.admin, served.queue, offered, again=0.0)
    assert served.queue.jobs == [job, job]


def test_the_queue_carries_names_from_one_process_to_another(address, project, monkeypatch):
    monkeypatch.setenv("RESTOCK_DATABASE", address)
    got = []
    put, take = open_queue(project), open_queue(project, got.append)
    put.put("job-1")
    task = take.huey.dequeue()
    take.huey.execute(task)
    assert got == ["job-1"]
    put.close()
    take.close()


class Target(ThreadingHTTPServer):
    """Somebody who is told."""

    daemon_threads = True

    def __init__(self, status=200, hang=False):
        self.got, self.status, self.hang = [], status, hang
        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server_address[1]}/hook"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        if self.server.hang:
            try:
                for _ in range(100):  # a drop now and then, never an answer
                    self.wfile.write(b"H")
                    time.sleep(0.05)
            except OSError:
                pass
            return
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_):
        pass


def test_what_happens_is_told_with_a_signature(served):
    target = Target()
    made = served.post("/webhooks", {"url": target.url, "events": ["lines.approved"]}).json()
    served.post(f"/plans/{PLAN}/approve-safe", {})
    assert send_due(served.admin) == 1
    ((headers, body),) = target.got
    assert json.loads(body)["lines"]
    signature, now = headers[webhooks.SIGNATURE], served.admin.clock()
    assert webhooks.verify(made["secret"], body, signature, now)
    assert not webhooks.verify(made["secret"], body + b" ", signature, now)
    assert not webhooks.verify("other", body, signature, now)
    assert not webhooks.verify(made["secret"], body, signature, now + timedelta(minutes=6))  # a replay
    assert send_due(served.admin) == 0
    (delivery,) = served.get(f"/webhooks/{made['id']}/deliveries").json()
    assert (delivery["state"], delivery["answer"], delivery["id"]) == (
        "delivered",
        "HTTP 200",
        headers[webhooks.DELIVERY],
    )
    target.shutdown()
    target.server_close()


def test_a_target_that_hangs_holds_nobody_up_and_is_tried_again(served):
    hanging, fine = Target(hang=True), Target()
    slow = served.post("/webhooks", {"url": hanging.url, "events": ["*"]}).json()["id"]
    served.post("/webhooks", {"url": fine.url, "events": ["*"]})
    served.get(f"/plans/{PLAN}")
    began = time.monotonic()
    assert send_due(served.admin, patience=1.0) == 1
    assert time.monotonic() - began < 10
    (delivery,) = served.get(f"/webhooks/{slow}/deliveries").json()
    assert (delivery["state"], delivery["attempts"]) == ("waiting", 1)
    assert "no answer within 1 s" in delivery["answer"] or "Error" in delivery["answer"]
    for target in (hanging, fine):
        target.shutdown()
        target.server_close()


def test_a_target_that_never_takes_it_is_given_up_in_the_end_and_noted(served):
    target = Target(status=500)
    hook = served.post("/webhooks", {"url": target.url, "events": ["ping"]}).json()["id"]
    served.post(f"/webhooks/{hook}/ping")
    at = served.admin.clock()
    for _ in range(len(webhooks.WAITS) + 1):
        send_due(replace(served.admin, clock=lambda at=at: at))
        at += timedelta(hours=13)
    (delivery,) = served.get(f"/webhooks/{hook}/deliveries").json()
    assert (delivery["state"], delivery["attempts"]) == ("given_up", len(webhooks.WAITS) + 1)
    assert served.get("/audit", params={"action": "give_up"}).json()["items"]
    target.shutdown()
    target.server_close()


@pytest.mark.parametrize(
    "url", ["ftp://x/y", "x", "http://", "http://u:p@h/", "file:///etc/passwd", "http://a b", "http://h:99999/"]
)
def test_an_address_that_cannot_be_called_is_refused(served, url):
    assert served.post("/webhooks", {"url": url, "events": ["ping"]}).status_code == 422


KILLED = """
import sys
from restock.workflows.jobs import kinds, working
from restock.workflows.approval.desk import open_desk
from restock.workflows.project import open_project
import time
def forever(desk, job, progress):
    (desk.project.path / "begun").touch()
    time.sleep(600)
kinds.KINDS = {**kinds.KINDS, "train": kinds.Kind("learn", kinds.KINDS["train"].label, {}, forever)}
working.work_on(open_desk(open_project(sys.argv[1])), sys.argv[2])
"""


def test_a_worker_killed_in_the_middle_loses_nothing(desk, slow, monkeypatch):
    if not desk.state.is_sqlite:
        monkeypatch.setenv("RESTOCK_DATABASE", desk.state.engine.url.render_as_string(hide_password=False))
    job = ask(desk, "train", {}).id
    source = Path(restock.__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": str(source)}
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(desk.project.path), job], env=environment)
    wait_for(lambda: (desk.project.path / "begun").exists(), 120)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert find_job(desk, job).state == "running"  # as far as anybody knows
    later = desk.clock() + SILENT * 2
    assert take_up_lost(replace(desk, clock=lambda: later)) == [job]
    slow["stop"].set()
    ended = work_on(desk, job)
    assert (ended.state, ended.attempt) == ("done", 2)
    assert working.take_up_lost(desk) == []


def test_sheets_that_come_back_are_checked_like_any_upload(served, tmp_path):
    content = io.BytesIO(bomb(tmp_path / "bomb.xlsx", 30_000_000).read_bytes())
    answer = served.post(f"/plans/{PLAN}/sheet", files={"file": ("bomb.xlsx", content)})
    assert answer.status_code == 422
