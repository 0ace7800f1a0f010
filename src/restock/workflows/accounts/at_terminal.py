"""Users and keys from the command line."""

from dataclasses import dataclass

from restock.errors import UsageError
from restock.language import Text
from restock.storage.state.tables import User
from restock.workflows.accounts import keys, users
from restock.workflows.accounts.sessions import new_link
from restock.workflows.accounts.users import Changes
from restock.workflows.approval.at_terminal import Said
from restock.workflows.approval.desk import Desk


@dataclass(frozen=True)
class NewKeyWish:
    """What a new key shall be."""

    scopes: tuple[str, ...]
    days: int
    owner: str | None


def do_user(desk: Desk, do: str, name: str | None, role: str | None) -> Said:
    """`restock user`."""
    if do == "list":
        return Said({"users": [show_user(user) for user in users.list_users(desk)]})
    who = _named(name, f"restock user {do} NAME")
    if do == "add":
        user = users.add_user(desk, who, role or "viewer")
        return Said({**show_user(user), "link": welcome(desk, new_link(desk, who))})
    if do == "link":
        return Said({"user": who, "link": welcome(desk, new_link(desk, who))})
    changes = Changes(active=False) if do == "stop" else Changes(role=role, active=True)
    return Said(show_user(users.change_user(desk, who, changes)))


def do_key(desk: Desk, do: str, name: str | None, wish: NewKeyWish) -> Said:
    """`restock key`."""
    if do == "list":
        return Said({"keys": [keys.show_key(key, user.name) for key, user in keys.list_keys(desk)]})
    what = _named(name, f"restock key {do} NAME")
    if do == "revoke":
        return Said({"revoked": keys.revoke_key(desk, _number(what)).prefix})
    return Said(keys.create_key(desk, what, wish.scopes, user=wish.owner, days=wish.days).to_json())


def show_user(user: User) -> dict[str, object]:
    """What may be known of a user."""
    return {
        "user": user.name,
        "role": user.role,
        "active": user.active,
        "language": user.language,
        "created": user.created,
    }


def welcome(desk: Desk, token: str) -> str:
    """The address of a link that signs in once; the token stands where no server writes it into a log."""
    service = desk.project.config.service
    host = "127.0.0.1" if service.host in ("0.0.0.0", "::") else service.host
    return f"http://{host}:{service.port}/welcome#{token}"


def _named(name: str | None, usage: str) -> str:
    if not name:
        raise UsageError(Text("no name is given", "没有指定名称"), hint=Text(f"`{usage}`", f"`{usage}`"))
    return name


def _number(text: str) -> int:
    if not text.isdigit():
        raise UsageError(
            Text(f"`{text}` is no key's number", f"`{text}` 不是密钥编号"),
            hint=Text("`restock key list` shows them", "运行 `restock key list` 查看"),
        )
    return int(text)
