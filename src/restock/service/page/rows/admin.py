"""People, keys, work and the trail, as rows."""

from collections.abc import Mapping
from typing import Any

from restock.language import Language, Text
from restock.storage.state import work
from restock.storage.state.trail import AuditFilter
from restock.workflows.accounts import keys, users
from restock.workflows.approval import trail
from restock.workflows.approval.desk import Desk
from restock.workflows.jobs import asking

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
            "scopes": ", ".join(key.scopes),
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


def _job(job: dict[str, Any], language: Language) -> dict[str, Any]:
    what, error = job["what"] or {}, job["error"] or {}
    return {
        "id": job["id"],
        "kind": job["kind"],
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
