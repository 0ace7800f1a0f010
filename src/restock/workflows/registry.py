"""Trained policies: which one decides (the champion), which ones wait (challengers), and the way back."""

import json
from dataclasses import dataclass
from typing import Any

from restock.errors import MissingError, UsageError
from restock.language import Text
from restock.storage import champion as kept
from restock.storage.folder import explained
from restock.storage.models import CARD, list_models
from restock.workflows.approval.desk import Desk
from restock.workflows.project import Project

SCORES = ("best_rule", "validation", "seed", "snapshot")  # of the card, as they are listed


@dataclass(frozen=True)
class RegisteredPolicy:
    """A trained policy and its place."""

    name: str
    champion: bool
    newest: bool
    card: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"name": self.name, "champion": self.champion, "newest": self.newest, "card": self.card}


@dataclass(frozen=True)
class RegistryResult:
    """All trained policies, the newest first, and who was made champion when."""

    policies: tuple[RegisteredPolicy, ...]
    promotions: tuple[kept.Promotion, ...]

    def to_json(self) -> dict[str, Any]:
        """For programs; of the cards what fits a table."""
        listed = [
            {"name": one.name, "champion": one.champion, "newest": one.newest}
            | {key: one.card[key] for key in SCORES if key in one.card and not isinstance(one.card[key], dict)}
            for one in self.policies
        ]
        return {"trained": listed, "promotions": [one._asdict() for one in self.promotions]}


def list_registered(project: Project) -> tuple[RegisteredPolicy, ...]:
    """All of them, the newest first."""
    names, decides = list_models(project.folder)[::-1], kept.champion(project.folder)
    return tuple(RegisteredPolicy(name, name == decides, name == names[0], _card(project, name)) for name in names)


def find_registered(project: Project, name: str) -> RegisteredPolicy:
    """One of them.

    Raises:
        MissingError: there is none of this name.
    """
    found = [one for one in list_registered(project) if one.name == name]
    if not found:
        raise MissingError(
            Text(f"there is no policy `{name}`", f"没有策略 `{name}`"),
            hint=Text("`restock policies` shows them", "运行 `restock policies` 查看"),
        )
    return found[0]


def registry(project: Project) -> RegistryResult:
    """What `restock policies` shows."""
    return RegistryResult(list_registered(project), kept.promotions(project.folder))


def promote_policy(desk: Desk, name: str, reason: str = "") -> RegisteredPolicy:
    """Make a policy the champion: it decides from now on, whatever is trained later.

    Args:
        reason: why; it stands with the promotion and in the trail.

    Raises:
        ForbiddenError: the actor may not.
        MissingError: there is no such policy.
        ConflictError: it was promoted already.
    """
    with desk.change("learn") as session:
        before = kept.promote(desk.project.folder, name, desk.actor.name, desk.clock(), reason)
        desk.note(session, "promote", "policy", name, before=before, reason=reason or None)
        desk.tell(session, "policy.promoted", {"policy": name, "before": before})
    return find_registered(desk.project, name)


def rollback_policy(desk: Desk, reason: str = "") -> RegisteredPolicy:
    """Take the latest promotion back.

    Args:
        reason: why; it stands in the trail.

    Raises:
        ForbiddenError: the actor may not.
        ConflictError: nobody was promoted.
    """
    with desk.change("learn") as session:
        before, now = kept.rollback(desk.project.folder)
        desk.note(session, "rollback", "policy", before, now=now, reason=reason or None)
        desk.tell(session, "policy.promoted", {"policy": now, "before": before})
    return find_registered(desk.project, str(now))


def do_policies(desk: Desk, do: str, name: str | None, reason: str = "") -> RegistryResult:
    """`restock policies promote|rollback`.

    Raises:
        UsageError: nobody is named.
        RestockError: as the decisions themselves.
    """
    if do == "rollback":
        rollback_policy(desk, reason)
    elif name is None:
        raise UsageError(
            Text("which policy is to decide?", "要使用哪个策略？"),
            hint=Text("`restock policies` shows their names", "运行 `restock policies` 查看名称"),
        )
    else:
        promote_policy(desk, name, reason)
    return registry(desk.project)


def _card(project: Project, name: str) -> dict[str, Any]:
    path = project.folder.models / name / CARD
    with explained(path):
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
