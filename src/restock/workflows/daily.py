"""The daily work, step by step: load, check, forecast, adapt, plan, notify.

Each step is written down as soon as it is done. A worker that takes the work up again goes on behind the last one;
a step that fails is told, and the others go on with what is there: better a plan from old data than none.
"""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from restock.errors import RestockError
from restock.language import Text
from restock.progress import Progress
from restock.storage.folder import explained
from restock.storage.models import list_models
from restock.storage.state import work
from restock.storage.state.tables import Job
from restock.workflows.approval.desk import Desk

STEPS: dict[str, Text] = {
    "load": Text("load new files", "导入新文件"),
    "check": Text("check how fresh the data are", "检查数据新鲜度"),
    "forecast": Text("forecast", "预测"),
    "adapt": Text("train again", "重新训练"),
    "plan": Text("plan", "生成计划"),
    "notify": Text("tell others", "发送通知"),
}
DONE = "loaded"  # folder below the inbox


@dataclass
class Day:
    """One day's work and how far it is."""

    desk: Desk
    job: Job
    progress: Progress
    keep_snapshot: Callable[[Desk, Job, Any, list[str]], None]
    make_plan: Callable[[Desk, Job, Progress], dict[str, Any]]
    steps: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    @property
    def result(self) -> dict[str, Any]:
        """What is kept of it."""
        plans = [step["plan"] for step in self.steps if "plan" in step]
        return {"steps": self.steps, "plan": plans[-1] if plans else None}

    def run(self) -> dict[str, Any]:
        """All steps that are not done yet."""
        self.steps = list((self.job.result or {}).get("steps", []))
        over = {step["step"] for step in self.steps}
        for place, (name, label) in enumerate(STEPS.items()):
            if name in over:
                continue
            self.progress.start(label, len(STEPS))
            self.progress.advance(place)
            self.steps.append({"step": name, **self._do(name)})
            with self.desk.state.write() as session:
                work.beat_job(session, self.job.id, self.job.attempt, {"result": self.result})
        return self.result

    def _do(self, name: str) -> dict[str, Any]:
        began = time.perf_counter()
        try:
            found = getattr(self, f"_{name}")()
        except RestockError as error:
            told = {"en": error.message.en, "zh": error.message.zh}
            found = {"state": "failed", "error": told}
        return {"state": "done", **found, "seconds": round(time.perf_counter() - began, 2)}

    def _load(self) -> dict[str, Any]:
        inbox = self.desk.project.path / self.desk.project.config.schedule.inbox
        with explained(inbox):
            there = sorted(inbox.iterdir()) if inbox.is_dir() else []
        files = [path for path in there if path.is_file() and not path.name.startswith(".")]
        if not files:
            return {"state": "skipped", "files": 0}
        loaded = self.desk.project.load(files)
        self.keep_snapshot(self.desk, self.job, loaded, [path.name for path in files])
        self._put_away(inbox, files)
        return {"files": len(files), "snapshot": loaded.snapshot, "unchanged": loaded.unchanged}

    def _put_away(self, inbox: Path, files: list[Path]) -> None:
        place = inbox / DONE / self.job.id
        with explained(place):
            place.mkdir(parents=True, exist_ok=True)
            for path in files:
                shutil.move(str(path), place / path.name)

    def _check(self) -> dict[str, Any]:
        facts = self.desk.project.facts
        latest = facts.latest()
        sales = None if latest is None else facts.load(latest).tables.get("sales")
        newest = None if sales is None or not sales.height else sales.select(pl.col("at").max()).item()
        if newest is None:
            return {"state": "skipped"}
        from zoneinfo import ZoneInfo

        today = self.desk.clock().astimezone(ZoneInfo(self.desk.project.config.schedule.zone)).date()
        return {"snapshot": latest, "last_sale": str(newest.date()), "days_old": (today - newest.date()).days}

    def _forecast(self) -> dict[str, Any]:
        if not self.desk.project.config.schedule.forecast:
            return {"state": "skipped"}
        return {"run": self.desk.project.forecast().run}

    def _adapt(self) -> dict[str, Any]:
        days = self.desk.project.config.schedule.adapt_days
        names = list_models(self.desk.project.folder)
        if days is None or not names:
            return {"state": "skipped"}
        with explained(self.desk.project.folder.models):
            made = (self.desk.project.folder.models / names[-1]).stat().st_mtime
        age = self.desk.clock() - datetime.fromtimestamp(made, UTC)
        if age.days < days:
            return {"state": "skipped", "days_old": age.days}
        trained = self.desk.project.train(progress=self.progress, resume=self.job.attempt > 1)
        return {"model": trained.model}

    def _plan(self) -> dict[str, Any]:
        made = self.make_plan(self.desk, self.job, self.progress)
        return {"plan": made["plan"], "lines": made["lines"], "not_ordered": made["not_ordered"]}

    def _notify(self) -> dict[str, Any]:
        failed = [step["step"] for step in self.steps if step["state"] == "failed"]
        body = {"job": self.job.id, "plan": self.result["plan"], "failed": failed}
        with self.desk.change("plan") as session:
            self.desk.tell(session, "day.done", body)
            self.desk.note(session, "daily", "job", self.job.id, plan=body["plan"], failed=failed or None)
        return {"failed": failed}
