"""What a job can do."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from restock.errors import MissingError, UsageError, nearest
from restock.language import Text
from restock.progress import Progress
from restock.storage.state.tables import Job, Run, Snapshot
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.plans import store_plan
from restock.workflows.approval.roles import Permission
from restock.workflows.plan import settings_of

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
    loaded = desk.project.load(files)
    record = loaded.to_json()
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
        desk.note(session, "load", "snapshot", loaded.snapshot, files=[path.name for path in files], job=job.id)
        desk.tell(session, "snapshot.loaded", {"snapshot": loaded.snapshot, "unchanged": loaded.unchanged})
    shutil.rmtree(place, ignore_errors=True)
    return {key: record[key] for key in ("snapshot", "unchanged", "new_rows", "replaced_rows", "quality")}


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
    progress.start(Text("planning", "正在生成计划"), 2)
    made = desk.project.plan(job.arguments.get("policy"), model=job.arguments.get("model"))
    progress.advance(1)
    name = store_plan(desk, made.run, job.id)
    return {"plan": name, "lines": made.lines.height, "not_ordered": made.not_ordered.height}


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
}
