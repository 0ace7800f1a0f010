"""Who did what: to be read."""

from typing import Any

from restock.storage.state.tables import Audit
from restock.storage.state.trail import AuditFilter, find_audit
from restock.workflows.approval.at_terminal import Said
from restock.workflows.approval.desk import Desk


def entries(desk: Desk, wanted: AuditFilter, before: int | None, limit: int) -> list[Audit]:
    """Entries, the newest first."""
    with desk.look("audit") as session:
        return find_audit(session, wanted, before, limit)


def trail(desk: Desk, limit: int, name: str | None = None) -> Said:
    """The last entries, of one object if named."""
    return Said({"entries": [show_entry(entry) for entry in entries(desk, AuditFilter(object=name), None, limit)]})


def show_entry(entry: Audit) -> dict[str, Any]:
    """For programs."""
    names = ("id", "at", "actor", "via", "action", "kind", "object", "details")
    return {name: getattr(entry, name) for name in names}
