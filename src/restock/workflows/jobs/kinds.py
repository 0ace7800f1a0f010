"""What a job can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from restock.errors import MissingError, UsageError, nearest
from restock.language import Text
from restock.progress import Progress
from restock.storage.frames import read_frame
from restock.storage.state import trail
from restock.storage.state.tables import Job, Run, Snapshot
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import store_plan
from restock.workflows.approval.roles import Permission
from restock.workflows.daily import Day
from restock.workflows.plan import LINES, NOT_ORDERED, settings_of
from restock.workflows.uploads import named_as_sent
from restock.workflows.whatif import scenario_of, what_if

Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind of job."""

    permission: Permission
    label: Text
    arguments: Mapping[str, type | tuple[type, ...]]
    do: Callable[[Desk, Job, Progress], dict[str, Any]]


def kind_of(name: str) -> Kind:
    """A kind by name.

    Raises:
        UsageError: there is none.
    """
    if name not in KINDS:
        raise UsageError(Text(f"there is no job `{name}`", f"没有任务类型 `{name}`"), hint=nearest(name, KINDS))
    return KINDS[name]


def check_arguments(name: str, arguments: Arguments) -> None:
    """Refuse what the job would not understand.

    Raises:
        UsageError: an argument is unknown or of another type.
    """
    known = kind_of(name).arguments
    for key, value in arguments.items():
        if key not in known or isinstance(value, bool) or not isinstance(value, known[key]):
            raise UsageError(
                Text(f"job `{name}` does not take `{key}` = {value!r}", f"任务 `{name}` 不接受 `{key}` = {value!r}"),
                hint=nearest(key, known or ("-",)),
            )


def load(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Read uploaded files into a snapshot; the files are gone afterwards."""
    import shutil

    place = desk.project.folder.uploads / job.id
    if not place.is_dir():
        raise MissingError(
            Text(f"the files of job `{job.id}` are gone", f"任务 `{job.id}` 的文件已不存在"),
            hint=Text("upload them again", "请重新上传"),
        )
    files = sorted(path for path in place.iterdir() if path.is_file())
    progress.start(Text(f"reading {len(files)} files", f"读取 {len(files)} 个文件"), 1)
    with named_as_sent(place):
        loaded = desk.project.load(files)
    record = loaded.to_json()
    keep_snapshot(desk, job, loaded, [path.name for path in files])
    shutil.rmtree(place, ignore_errors=True)
    return {key: record[key] for key in ("snapshot", "unchanged", "new_rows", "replaced_rows", "quality")}


def keep_snapshot(desk: Desk, job: Job, loaded: Any, names: list[str]) -> None:
    """Write down who brought which data."""
    with desk.change("load") as session:
        if loaded.snapshot is not None and not loaded.unchanged:
            manifest = desk.project.facts.manifest(loaded.snapshot)
            kept = Snapshot(
                id=manifest.id,
                created=manifest.created,
                author=job.author,
                rows={name: part.rows for name, part in manifest.tables.items()},
                sources=[{"name": source.name, "rows": source.rows} for source in manifest.sources],
            )
            session.merge(kept)
        desk.note(session, "load", "snapshot", loaded.snapshot, files=names, job=job.id)
        desk.tell(session, "snapshot.loaded", {"snapshot": loaded.snapshot, "unchanged": loaded.unchanged})


def train(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Learn a policy; goes on where an attempt before this one was stopped."""
    seed = job.arguments.get("seed", 0)
    result = desk.project.train(seed=seed, progress=progress, resume=job.attempt > 1).to_json()
    _keep_run(desk, job, result["model"], desk.project.facts.latest(), result["model"])
    return {key: result[key] for key in ("model", "items", "periods", "best_rule", "choice", "validation", "resumed")}


def backtest(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Prove a model on the test periods."""
    result = desk.project.backtest(job.arguments.get("model"), progress=progress).to_json()
    _keep_run(desk, job, result["run"], desk.project.facts.latest(), result.get("model"))
    return {key: result[key] for key in ("run", "policies", "chosen", "against_best_classical")}


def plan(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Make today's order lines and put them on the desk."""
    with desk.look() as session:
        there = trail.run_of_job(session, job.id, "plan")
    if there is not None:  # a worker put it on the desk and died before it could say so
        return _planned(desk, there.id)
    progress.start(Text("planning", "正在生成计划"), 2)
    made = desk.project.plan(job.arguments.get("policy"), model=job.arguments.get("model"))
    progress.advance(1)
    name = store_plan(desk, made.run, job.id)
    return _planned(desk, name)


def _planned(desk: Desk, plan: str) -> dict[str, Any]:
    place = desk.project.folder.runs / plan
    counts = {"lines": LINES, "not_ordered": NOT_ORDERED}
    return {"plan": plan} | {key: read_frame(place / file).height for key, file in counts.items()}


def daily(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Load, check, forecast, adapt, plan, notify."""
    return Day(desk, job, progress, keep_snapshot, plan).run()


def whatif(desk: Desk, job: Job, progress: Progress) -> dict[str, Any]:
    """Plan the same day under other settings, side by side; nothing of it is ordered."""
    scenarios = [scenario_of(one) for one in job.arguments.get("scenarios", [])]
    return what_if(desk.project, scenarios, progress).to_json()


def _keep_run(desk: Desk, job: Job, run: str, snapshot: str | None, policy: str | None) -> None:
    kept = Run(
        id=run,
        kind=job.kind,
        snapshot=snapshot,
        policy=policy,
        settings=settings_of(desk.project.config),
        author=job.author,
        created=desk.clock(),
        job_id=job.id,
    )
    with desk.change(KINDS[job.kind].permission) as session:
        session.merge(kept)
        desk.note(session, job.kind, "run", run, job=job.id, snapshot=snapshot)


KINDS: Mapping[str, Kind] = {
    "load": Kind("load", Text("load data", "导入数据"), {}, load),
    "train": Kind("learn", Text("train a policy", "训练策略"), {"seed": int}, train),
    "backtest": Kind("learn", Text("test a policy on unseen periods", "回测策略"), {"model": str}, backtest),
    "plan": Kind("plan", Text("plan orders", "生成订货计划"), {"policy": str, "model": str}, plan),
    "daily": Kind("plan", Text("the daily work", "每日任务"), {}, daily),
    "whatif": Kind("plan", Text("compare scenarios", "比较情景"), {"scenarios": list}, whatif),
}
