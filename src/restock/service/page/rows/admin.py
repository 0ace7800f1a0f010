"""People, keys, work and the trail, as rows."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from restock.language import Language, Text
from restock.storage.state import work
from restock.storage.state.trail import AuditFilter
from restock.workflows.accounts import keys, users
from restock.workflows.approval import trail
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import LABELS
from restock.workflows.daily import STEPS
from restock.workflows.jobs import asking
from restock.workflows.jobs.kinds import KINDS
from restock.workflows.timetable import timetable

ROLES: Mapping[str, Text] = {
    "viewer": Text("viewer", "查看者"),
    "planner": Text("planner", "计划员"),
    "approver": Text("approver", "审批人"),
    "scientist": Text("scientist", "数据科学家"),
    "admin": Text("administrator", "管理员"),
}
JOBS: Mapping[str, Text] = {
    "queued": Text("waiting", "排队中"),
    "running": Text("running", "运行中"),
    "done": Text("done", "已完成"),
    "failed": Text("failed", "失败"),
    "cancelled": Text("cancelled", "已取消"),
}
STEP_STATES: Mapping[str, Text] = {**JOBS, "skipped": Text("nothing to do", "无需执行")}
MOST = 500  # entries of the trail


def user_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """Everybody, by name."""
    yes, no = Text("yes", "是").in_(language), Text("no", "否").in_(language)
    return [
        {
            "name": user.name,
            "role": user.role,
            "role_said": ROLES[user.role].in_(language) if user.role in ROLES else user.role,
            "active": yes if user.active else no,
            "language": {"en": "English", "zh": "中文"}.get(user.language, user.language),
            "created": f"{user.created:%Y-%m-%d %H:%M}",
        }
        for user in users.list_users(desk)
    ]


def key_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """All keys without their secrets, the newest first."""
    at = desk.clock()

    def state(key: Any) -> Text:
        if key.revoked is not None:
            return Text("revoked", "已撤销")
        return Text("over", "已过期") if key.expires is not None and key.expires <= at else Text("valid", "有效")

    return [
        {
            "id": key.id,
            "name": key.name,
            "user": user.name,
            "prefix": key.prefix,
            "scopes": ", ".join(LABELS[scope].in_(language) if scope in LABELS else scope for scope in key.scopes),
            "state": state(key).in_(language),
            "expires": f"{key.expires:%Y-%m-%d}" if key.expires else "–",
            "used": f"{key.used:%Y-%m-%d %H:%M}" if key.used else "–",
        }
        for key, user in keys.list_keys(desk)
    ]


def trail_rows(desk: Desk) -> list[dict[str, Any]]:
    """Who did what, the newest first."""
    return [
        {
            "at": f"{entry.at:%Y-%m-%d %H:%M:%S}",
            "actor": entry.actor,
            "via": entry.via,
            "action": entry.action,
            "kind": entry.kind,
            "object": entry.object,
            "details": ", ".join(f"{key}={value}" for key, value in entry.details.items()),
        }
        for entry in trail.entries(desk, AuditFilter(), None, MOST)
    ]


def job_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """Long work, the newest first."""
    with desk.look() as session:
        found = work.list_jobs(session, None, None, 100)
    return [_job(asking.show_job(job), language) for job in found]


def schedule_facts(desk: Desk, language: Language) -> list[tuple[str, str]]:
    """When the daily work is due, and what belongs to it."""
    table = timetable(desk, limit=1)
    schedule, never = table.schedule, Text("never: `schedule.time` is empty", "从不：`schedule.time` 为空")
    yes, no = Text("yes", "是"), Text("no", "否")
    when = f"{schedule.time} · {schedule.zone}" if schedule.time else never.in_(language)
    due = "–" if table.next is None else f"{table.next.astimezone(ZoneInfo(schedule.zone)):%Y-%m-%d %H:%M}"
    days = schedule.adapt_days
    adapt = no if days is None else Text(f"when the newest policy is {days} days old", f"最新策略满 {days} 天后")
    shown = (
        (Text("Every day at", "每天"), when),
        (Text("Due next", "下次执行"), due),
        (Text("Files are loaded from", "文件导入自"), schedule.inbox),
        (Text("Forecast report", "预测报告"), (yes if schedule.forecast else no).in_(language)),
        (Text("Train again", "重新训练"), adapt.in_(language)),
    )
    return [(title.in_(language), value) for title, value in shown]


def day_rows(desk: Desk, language: Language) -> list[dict[str, Any]]:
    """What the daily work did, the newest first."""
    return [
        {
            "when": f"{job.created:%Y-%m-%d %H:%M}",
            "state": JOBS[job.state].in_(language),
            "steps": " · ".join(_step(step, language) for step in (job.result or {}).get("steps", [])),
            "plan": (job.result or {}).get("plan") or "",
            "author": job.author,
        }
        for job in timetable(desk).history
    ]


def _step(step: dict[str, Any], language: Language) -> str:
    name = STEPS[step["step"]].in_(language) if step["step"] in STEPS else step["step"]
    return f"{name}: {STEP_STATES[step['state']].in_(language)}"


def _job(job: dict[str, Any], language: Language) -> dict[str, Any]:
    what, error = job["what"] or {}, job["error"] or {}
    return {
        "id": job["id"],
        "kind": KINDS[job["kind"]].label.in_(language) if job["kind"] in KINDS else job["kind"],
        "state": job["state"],
        "state_said": JOBS[job["state"]].in_(language),
        "progress": f"{job['done']}/{job['total']}" if job["total"] else "",
        "what": _said(error, language) or _said(what, language),
        "author": job["author"],
        "created": f"{job['created']:%Y-%m-%d %H:%M}",
    }


def _said(words: dict[str, Any], language: Language) -> str:
    """A sentence that is kept in both languages, wherever in the record it is."""
    found = words.get(language) or words.get("message") or words.get("detail") or ""
    return str(found.get(language, "")) if isinstance(found, dict) else str(found)
