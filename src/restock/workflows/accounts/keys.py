"""API keys: `restock_PREFIX_SECRET`, shown once, kept as a hash, with scopes and a day on which they end."""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, NamedTuple, cast

from restock.errors import MissingError, UsageError, nearest
from restock.language import Text
from restock.storage.state import people
from restock.storage.state.tables import Key, User
from restock.workflows.accounts.secret import hash_token, new_token
from restock.workflows.accounts.users import find
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import PERMISSIONS, Actor, Permission, Role

HEAD = "restock_"
DAYS = 365
SEEN_EVERY = timedelta(minutes=5)  # how exactly it is known when a key was last used


@dataclass(frozen=True)
class NewKey:
    """A key with its secret: the only time that it is seen."""

    key: Key
    owner: str
    token: str

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {**show_key(self.key, self.owner), "token": self.token}


def show_key(key: Key, owner: str) -> dict[str, Any]:
    """What may be known of a key."""
    names = ("id", "name", "prefix", "scopes", "created", "expires", "revoked", "used")
    return {name: getattr(key, name) for name in names} | {"user": owner}


def create_key(
    desk: Desk, name: str, scopes: Sequence[str], *, user: str | None = None, days: int | None = DAYS
) -> NewKey:
    """A key for a program.

    Args:
        scopes: what it may do, of what its user may.
        user: in whose name it acts; none: whoever makes it.
        days: until it ends; none: never.

    Raises:
        UsageError: a scope is none, or there are none.
        MissingError: there is no such user.
    """
    wrong = [scope for scope in scopes if scope not in PERMISSIONS]
    if wrong or not scopes:
        named = wrong[0] if wrong else ""
        raise UsageError(
            Text(f"there is no scope `{named}`", f"没有权限范围 `{named}`")
            if wrong
            else Text("a key needs at least one scope", "密钥至少需要一个权限范围"),
            hint=nearest(named, PERMISSIONS),
        )
    prefix, secret, at = token_hex(5), new_token(), desk.clock()
    with desk.change("manage") as session:
        owner = find(session, user or desk.actor.name)
        key = Key(
            name=name[:80] or prefix,
            prefix=prefix,
            secret=hash_token(secret),
            scopes=sorted(set(scopes)),
            user_id=owner.id,
            created=at,
            expires=None if days is None else at + timedelta(days=days),
            revoked=None,
            used=None,
        )
        session.add(key)
        session.flush()
        desk.note(session, "create", "key", key.id, user=owner.name, scopes=key.scopes, prefix=prefix)
    return NewKey(key, owner.name, f"{HEAD}{prefix}_{secret}")


def revoke_key(desk: Desk, key: int) -> Key:
    """End a key at once.

    Raises:
        MissingError: there is none of this id.
    """
    with desk.change("manage") as session:
        found = session.get(Key, key)
        if found is None:
            raise MissingError(
                Text(f"there is no key `{key}`", f"没有密钥 `{key}`"),
                hint=Text("`restock key list` shows them", "运行 `restock key list` 查看"),
            )
        found.revoked = found.revoked or desk.clock()
        desk.note(session, "revoke", "key", key, prefix=found.prefix)
    return found


def list_keys(desk: Desk) -> list[tuple[Key, User]]:
    """All keys with their users, the newest first."""
    with desk.look("manage") as session:
        return list(people.list_keys(session))


class Caller(NamedTuple):
    """Who calls with a key, and until when it holds."""

    actor: Actor
    expires: datetime | None


def actor_of_key(desk: Desk, token: str) -> Actor | None:
    """Who calls with this key; none: the key is unknown, over, or its user is gone."""
    found = caller_of_key(desk, token)
    return None if found is None else found.actor


def caller_of_key(desk: Desk, token: str) -> Caller | None:
    """The same, with the end of the key."""
    head, _, secret = token.partition("_")[2].partition("_")
    if not token.startswith(HEAD) or not secret:
        return None
    at = desk.clock()
    with desk.state.read() as session:
        found = people.find_key(session, head)
    if found is None:
        return None
    key, user = found
    if not hmac.compare_digest(key.secret, hash_token(secret)):
        return None
    if key.revoked is not None or not user.active or (key.expires is not None and key.expires <= at):
        return None
    _seen(desk, key, at)
    scopes = frozenset(cast(Sequence[Permission], key.scopes))
    return Caller(Actor(user.name, cast(Role, user.role), f"key:{key.prefix}", scopes), key.expires)


def _seen(desk: Desk, key: Key, at: datetime) -> None:
    if key.used is not None and at - key.used < SEEN_EVERY:
        return
    with desk.state.write() as session:
        there = session.get(Key, key.id)
        if there is not None:
            there.used = at
