"""When the daily work is due, that what was missed is made up for once, and what its steps leave behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from made_up_plan import write_plan
from pydantic import ValidationError

from restock.config import ScheduleConfig
from restock.errors import DataError
from restock.language import Text
from restock.storage.state import work
from restock.workflows import daily
from restock.workflows.jobs import kinds
from restock.workflows.jobs.asking import find_job
from restock.workflows.jobs.working import work_on
from restock.workflows.project import Project, open_project
from restock.workflows.timetable import ask_if_due, latest_due, next_due, timetable

SHANGHAI = ScheduleConfig(time="06:30", zone="Asia/Shanghai")
BERLIN = ScheduleConfig(time="02:30", zone="Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_time_is_that_of_the_shop():
    assert latest_due(SHANGHAI, at("2026-11-24T22:30")) == at("2026-11-24T22:30")  # 06:30 of the 25th there
    assert latest_due(SHANGHAI, at("2026-11-24T22:29")) == at("2026-11-23T22:30")
    assert next_due(SHANGHAI, at("2026-11-24T22:30")) == at("2026-11-25T22:30")
    assert latest_due(ScheduleConfig(), at("2026-11-24T22:30")) is None


def test_no_day_is_left_out_or_done_twice_when_clocks_change():
    for first in ("2026-03-27T12:00", "2026-10-23T12:00"):  # before both changes of that year
        now, found = at(first), []
        for _ in range(5):
            now = next_due(BERLIN, now)
            found.append(now)
        assert len({moment.date() for moment in found}) == 5
        assert all(timedelta(hours=22) < b - a < timedelta(hours=26) for a, b in pairwise(found))


@pytest.mark.parametrize(
    "wrong", [{"time": "25:00"}, {"time": "6:30"}, {"zone": "Mars/Base"}, {"inbox": "../x"}, {"inbox": "/x"}]
)
def test_a_time_a_zone_or_a_folder_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValidationError):
        ScheduleConfig(**wrong)


@pytest.fixture
def shop(desk):
    """A desk whose shop works at half past six, at a time of our own."""
    config = desk.project.config.model_copy(update={"schedule": SHANGHAI})
    return replace(desk, project=Project(desk.project.path, config), clock=lambda: at("2026-11-24T23:00"))


def later(desk, text):
    return replace(desk, clock=lambda: at(text))


def test_what_was_missed_is_made_up_for_once(shop):
    first = ask_if_due(shop)
    assert first.kind == "daily"
    assert ask_if_due(shop) is None
    after_a_week = later(shop, "2026-12-01T10:00")
    assert ask_if_due(after_a_week) is not None  # seven moments have passed: one job
    assert ask_if_due(after_a_week) is None
    assert len(timetable(after_a_week).history) == 2
    assert ask_if_due(later(shop, "2026-12-01T22:31")) is not None


def test_of_two_workers_one_asks(shop, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(work, "newest_job", lambda *_: None)  # neither has seen the other
        assert [ask_if_due(shop) is None for _ in range(2)] == [False, True]


@pytest.fixture
def steps(shop, monkeypatch):
    """Loading and planning without their cost."""
    called = []

    class Loaded:
        snapshot, unchanged = "s-1", True

    def load(project, files, options=None):
        called.append(("load", sorted(path.name for path in files)))
        return Loaded()

    class Made:
        run = "20261124T230000-plan"

    def plan(project, policy=None, *, model=None):
        called.append(("plan",))
        write_plan(project, Made.run)
        return Made()

    monkeypatch.setattr(Project, "load", load)
    monkeypatch.setattr(Project, "plan", plan)
    monkeypatch.setattr(daily.Day, "_check", lambda self: {"days_old": 1})
    inbox = shop.project.path / "inbox"
    inbox.mkdir()
    (inbox / "sales.csv").write_text("x")
    (inbox / ".hidden").write_text("x")
    return called


def test_every_step_is_done_in_turn_and_told(shop, steps):
    job = work_on(shop, ask_if_due(shop).id)
    assert job.state == "done", job.error
    told = {step["step"]: step["state"] for step in job.result["steps"]}
    assert told == {
        "load": "done", "check": "done", "forecast": "skipped", "adapt": "skipped", "plan": "done", "notify": "done",
    }  # fmt: skip
    assert list(told) == list(daily.STEPS)
    assert steps == [("load", ["sales.csv"]), ("plan",)]
    assert (shop.project.path / "inbox" / "loaded" / job.id / "sales.csv").exists()
    assert not (shop.project.path / "inbox" / "sales.csv").exists()
    shown = timetable(shop).to_json()["history"][0]
    assert (shown["plan"], shown["state"]) == (job.result["plan"], "done")


def test_work_that_was_cut_short_goes_on_behind_its_last_step(shop, steps, monkeypatch):
    job = ask_if_due(shop).id
    real = kinds.plan

    def dies(desk, job, progress):
        real(desk, job, progress)  # the plan is on the desk, and nobody knows
        raise KeyboardInterrupt  # as good as a kill: nothing is written any more

    monkeypatch.setattr(kinds, "plan", dies)
    with pytest.raises(KeyboardInterrupt):
        work_on(shop, job)
    assert find_job(shop, job).state == "running"
    assert [step["step"] for step in find_job(shop, job).result["steps"]] == ["load", "check", "forecast", "adapt"]
    monkeypatch.setattr(kinds, "plan", real)
    with shop.state.write() as session:
        work.get_job(session, job).state = "queued"  # what a worker does with a job that fell silent
    done = work_on(shop, job)
    assert (done.state, done.attempt) == ("done", 2)
    assert [call[0] for call in steps] == ["load", "plan"]  # neither was done twice


def test_a_step_that_fails_is_told_and_the_others_go_on(shop, steps, monkeypatch):
    def broken(project, files, options=None):
        raise DataError(Text("no sales", "没有销售"))

    monkeypatch.setattr(Project, "load", broken)
    job = work_on(shop, ask_if_due(shop).id)
    first, *_, last = job.result["steps"]
    assert (job.state, first["state"], first["error"]["zh"]) == ("done", "failed", "没有销售")
    assert last["failed"] == ["load"]
    assert job.result["plan"]
    assert (shop.project.path / "inbox" / "sales.csv").exists()  # it waits for whoever repairs it


def test_the_settings_are_read_from_the_file(tmp_path):
    (tmp_path / "restock.toml").write_text('[schedule]\ntime = "05:00"\nzone = "Asia/Tokyo"\nadapt_days = 7\n')
    schedule = open_project(tmp_path).config.schedule
    assert (schedule.time, schedule.zone, schedule.adapt_days) == ("05:00", "Asia/Tokyo", 7)
