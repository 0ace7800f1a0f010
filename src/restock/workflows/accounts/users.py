"""Users and their roles."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from restock.errors import ConflictError, MissingError, UsageError, nearest
from restock.language import Text
from restock.storage.state import people
from restock.storage.state.tables import User
from restock.workflows.accounts.secret import hash_password
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import ROLES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NAME = r"[\w.@+-]{1,80}"


@dataclass(frozen=True)
class Changes:
    """What is to be different about a user; none: stays."""

    role: str | None = None
    password: str | None = None
    active: bool | None = None
    language: str | None = None


def add_user(desk: Desk, name: str, role: str, password: str | None = None, language: str = "en") -> User:
    """A new user; one without a password signs in by a link.

    Raises:
        UsageError: the name, role or password will not do.
        ConflictError: there is one of this name.
    """
    if not re.fullmatch(NAME, name):
        raise UsageError(
            Text(f"`{name}` cannot be a user's name", f"`{name}` 不能用作用户名"),
            hint=Text("letters, digits and . @ + - _, at most 80", "可用字母、数字和 . @ + - _，最多 80 个字符"),
        )
    _check_role(role)
    hashed = None if password is None else hash_password(password)
    with desk.change("manage") as session:
        if people.find_user(session, name) is not None:
            raise ConflictError(
                Text(f"there is a user `{name}` already", f"用户 `{name}` 已存在"),
                hint=Text("choose another name", "请换一个名称"),
            )
        user = User(name=name, role=role, password=hashed, active=True, language=language, created=desk.clock())
        session.add(user)
        desk.note(session, "add", "user", name, role=role)
    return user


def change_user(desk: Desk, name: str, changes: Changes) -> User:
    """Another role or password, or no access any more; who is signed in with the old ones is signed out.

    Raises:
        MissingError: there is no such user.
        ConflictError: nobody would be left who may manage.
    """
    if changes.role is not None:
        _check_role(changes.role)
    hashed = None if changes.password is None else hash_password(changes.password)
    with desk.change("manage") as session:
        user = find(session, name)
        before_admin = user.role == "admin" and user.active
        user.role = changes.role or user.role
        user.active = user.active if changes.active is None else changes.active
        user.language = changes.language or user.language
        user.password = hashed or user.password
        session.flush()
        if before_admin and people.count_admins(session) == 0:
            raise ConflictError(
                Text(f"`{name}` is the last administrator", f"`{name}` 是最后一位管理员"),
                hint=Text("make somebody else one first", "请先指定另一位管理员"),
            )
        if hashed or changes.active is False or changes.role is not None:
            people.drop_logins(session, user.id)
        shown: dict[str, Any] = {"role": changes.role, "active": changes.active, "language": changes.language}
        desk.note(session, "change", "user", name, **shown, password=True if hashed else None)
    return user


def list_users(desk: Desk) -> list[User]:
    """Everybody, by name."""
    with desk.look("manage") as session:
        return people.list_users(session)


def find(session: "Session", name: str) -> User:
    """A user by name.

    Raises:
        MissingError: there is none.
    """
    user = people.find_user(session, name, lock=True)
    if user is None:
        raise MissingError(
            Text(f"there is no user `{name}`", f"没有用户 `{name}`"),
            hint=nearest(name, [one.name for one in people.list_users(session)] or ["-"]),
        )
    return user


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(Text(f"there is no role `{role}`", f"没有角色 `{role}`"), hint=nearest(role, ROLES))
