"""Processes that are killed with -9 while they learn, plan or hand orders over: nothing is lost, nothing done twice."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from made_up_plan import PLAN, write_plan

import restock
from restock.storage.checkpoints import load_checkpoint
from restock.storage.folder import explained
from restock.storage.models import CARD, list_models
from restock.storage.state import orders
from restock.storage.state.orders import LineFilter
from restock.workflows.approval.approving import approve_safe
from restock.workflows.approval.handing_over import hand_over, write_orders
from restock.workflows.jobs import asking
from restock.workflows.jobs.asking import ask, find_job
from restock.workflows.jobs.working import SILENT, take_up_lost, work_on
from restock.workflows.project import Project

SMALL = """\
[shop]
country = "CN"
[train]
seeds = 1
updates = 100
hidden = 8
batch = 16
fine_tune = false
[backtest]
policies = ["newsvendor"]
"""
TESTS = Path(__file__).parents[1]
BEGIN = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from restock.workflows.approval.desk import open_desk
from restock.workflows.project import Project, open_project
desk = open_desk(open_project(sys.argv[1]), "ada")
def wait():
    (desk.project.path / "begun").touch()
    time.sleep(600)
"""
PLANNING = """
from types import SimpleNamespace
from made_up_plan import write_plan
from restock.workflows.jobs import kinds, working
def plan(project, policy=None, *, model=None):
    return SimpleNamespace(run=write_plan(project, "20261102T060000-plan"))
Project.plan = plan
store = kinds.store_plan
def killed(*arguments):
    if sys.argv[3] == "after":
        store(*arguments)
    wait()
kinds.store_plan = killed
working.work_on(desk, sys.argv[2])
"""
TRAINING = """
from restock.workflows import train
from restock.workflows.jobs import working
save = train.save_checkpoint
def killed(*given):
    save(*given)
    wait()
train.save_checkpoint = killed
working.work_on(desk, sys.argv[2])
"""
EXPORT = """
from restock.workflows.approval import handing_over
write, written = handing_over.write_order, []
def killed(frame, path, form):
    if written:
        wait()
    written.append(path)
    write(frame, path, form)
handing_over.write_order = killed
handing_over.write_orders(desk, handing_over.hand_over(desk).export.id, "csv")
"""


def kill(desk, script: str, *arguments: str) -> None:
    """Let a process begin, and kill it where it waits."""
    begun = desk.project.path / "begun"
    begun.unlink(missing_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(Path(restock.__file__).parents[1])}
    command = [sys.executable, "-c", BEGIN.format(tests=str(TESTS)) + script, str(desk.project.path), *arguments]
    process = subprocess.Popen(command, env=environment)
    try:
        until = time.monotonic() + 300
        while not begun.exists():
            assert process.poll() is None, "it ended by itself"
            assert time.monotonic() < until, "it never came so far"
            time.sleep(0.05)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


@pytest.fixture
def made(monkeypatch):
    """Plans that a worker makes, without their cost; how many there were."""
    runs = []

    class Made:
        def __init__(self, run):
            self.run = run

    def plan(project, policy=None, *, model=None):
        runs.append(write_plan(project, f"20261103T06000{len(runs)}-plan"))
        return Made(runs[-1])

    monkeypatch.setattr(Project, "plan", plan)
    return runs


def plans(desk):
    with desk.look() as session:
        return [one.id for one in orders.list_plans(session, None, 10)]


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("when", "made_again"), [("before", 1), ("after", 0)])
def test_a_worker_killed_in_planning_leaves_one_plan_on_the_desk(desk, made, when, made_again):
    job = ask(desk, "plan", {}).id
    kill(desk, PLANNING, job, when)
    assert (find_job(desk, job).state, len(plans(desk))) == ("running", 1 - made_again)
    later = desk.clock() + SILENT * 2
    assert take_up_lost(replace(desk, clock=lambda: later)) == [job]
    ended = work_on(desk, job)
    assert (ended.state, ended.attempt, len(made)) == ("done", 2, made_again)
    assert plans(desk) == [ended.result["plan"]]
    assert (ended.result["lines"], ended.result["not_ordered"]) == (12, 3)


@pytest.mark.slow
def test_a_worker_killed_in_training_goes_on_behind_the_last_checkpoint(fresh, files, desk_of):
    project = fresh(SMALL)
    project.load(list(files.values()))
    desk = desk_of(project)
    job = ask(desk, "train", {"seed": 3}).id
    kill(desk, TRAINING, job)
    kept = load_checkpoint(project.folder)
    assert (find_job(desk, job).state, len(kept.about["rounds"])) == ("running", 1)
    assert not list_models(project.folder)
    later = desk.clock() + SILENT * 2
    assert take_up_lost(replace(desk, clock=lambda: later)) == [job]
    ended = work_on(desk, job)
    assert (ended.state, ended.attempt, ended.result["resumed"]) == ("done", 2, True)
    assert list(list_models(project.folder)) == [ended.result["model"]]
    card = json.loads((project.folder.models / ended.result["model"] / CARD).read_text())
    assert card["best_round"]["updates"] >= kept.about["rounds"][0]["updates"]
    assert load_checkpoint(project.folder) is None


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_who_is_killed_while_handing_over_hands_the_same_over_once(desk):
    approved = approve_safe(desk, PLAN).approved
    kill(desk, EXPORT)
    with desk.look() as session:
        given = orders.find_lines(session, PLAN, LineFilter(state="exported"))
    assert len(given) == approved  # the state knows, and no half of the files is there
    assert not (desk.project.folder.orders / given[0].export_id / "csv").exists()
    again = hand_over(desk)
    files = write_orders(desk, again.export.id, "csv")
    assert again.again
    assert sum(pl.read_csv(path).height for path in files) == approved
    assert len(files) == len(again.orders)


@pytest.mark.parametrize("address", ["sqlite"], indirect=True)
def test_a_job_on_a_full_disk_fails_in_words_and_goes_on_later(desk, made, monkeypatch):
    def full(project, policy=None, *, model=None):
        with explained(project.folder.runs):
            raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Project, "plan", full)
        failed = work_on(desk, ask(desk, "plan", {}).id)
    assert failed.state == "failed"
    assert failed.error["message"]["zh"]
    assert "space" in failed.error["message"]["en"] + failed.error["hint"]["en"]
    assert plans(desk) == []
    asking.resume(desk, failed.id)
    assert (work_on(desk, failed.id).state, len(plans(desk))) == ("done", 1)
