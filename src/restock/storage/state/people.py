"""Users, keys and sign-ins: the SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from restock.storage.state.tables import Key, Login, User


def find_user(session: Session, name: str, *, lock: bool = False) -> User | None:
    """A user by name."""
    query = select(User).where(User.name == name)
    return session.scalar(query.with_for_update() if lock else query)


def list_users(session: Session) -> list[User]:
    """All users by name."""
    return list(session.scalars(select(User).order_by(User.name)))


def count_admins(session: Session) -> int:
    """Active users who may do everything."""
    return session.scalar(select(func.count()).where(User.role == "admin", User.active)) or 0


def find_key(session: Session, prefix: str) -> tuple[Key, User] | None:
    """A key by its public part, with its owner."""
    query = select(Key, User).join(User, Key.user_id == User.id).where(Key.prefix == prefix)
    found = session.execute(query).first()
    return None if found is None else (found[0], found[1])


def list_keys(session: Session) -> Sequence[tuple[Key, User]]:
    """All keys with their owners, the newest first."""
    query = select(Key, User).join(User, Key.user_id == User.id).order_by(Key.id.desc())
    return [(key, user) for key, user in session.execute(query)]


def find_login(session: Session, token: str, kind: str, *, lock: bool = False) -> tuple[Login, User] | None:
    """A session or link by the hash of its token, with its user."""
    query = select(Login, User).join(User, Login.user_id == User.id)
    query = query.where(Login.token == token, Login.kind == kind)
    found = session.execute(query.with_for_update() if lock else query).first()
    return None if found is None else (found[0], found[1])


def drop_login(session: Session, token: str) -> None:
    """End a session, or use up a link."""
    session.execute(delete(Login).where(Login.token == token))


def drop_logins(session: Session, user: int) -> None:
    """End everything that a user has open."""
    session.execute(delete(Login).where(Login.user_id == user))


def drop_expired(session: Session, now: datetime) -> None:
    """Forget what is over."""
    session.execute(delete(Login).where(Login.expires < now))
