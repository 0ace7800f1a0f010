"""Signing in and out: by password, or by a link that works once."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import cast

from restock.errors import ForbiddenError, RestockError
from restock.language import Text
from restock.storage.state import people
from restock.storage.state.tables import Login, User
from restock.workflows.accounts.secret import hash_password, hash_token, new_token, password_fits
from restock.workflows.accounts.users import find
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import Actor, Role

SESSION, LINK = timedelta(hours=12), timedelta(hours=24)
TRIES, WITHIN = 5, timedelta(minutes=15)
ADMIN = "admin"


class TooManyTriesError(RestockError):
    """Somebody guesses passwords."""

    exit_code = 2

    def __init__(self, seconds: int) -> None:
        super().__init__(
            Text(
                f"{TRIES} wrong passwords within {WITHIN.seconds // 60} minutes",
                f"{WITHIN.seconds // 60} 分钟内 {TRIES} 次密码错误",
            ),
            hint=Text(f"wait {seconds} seconds", f"请等待 {seconds} 秒"),
        )
        self.seconds = seconds


@dataclass(frozen=True)
class SignedIn:
    """A session; the token goes into a cookie, the other one stands in every form."""

    token: str
    csrf: str
    user: User
    expires: datetime


@dataclass
class Tries:
    """Wrong passwords of late, by name and by address: neither can be guessed at speed."""

    failed: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    lock: Lock = field(default_factory=Lock)

    def check(self, keys: tuple[str, ...], now: datetime) -> None:
        """Go on only if there were not too many.

        Raises:
            TooManyTriesError: there were.
        """
        with self.lock:
            for key in keys:
                past = self.failed[key]
                while past and now - past[0] > WITHIN:
                    past.popleft()
                if len(past) >= TRIES:
                    raise TooManyTriesError(int((past[0] + WITHIN - now).total_seconds()) + 1)
                if not past:
                    del self.failed[key]

    def fail(self, keys: tuple[str, ...], now: datetime) -> None:
        """One more."""
        with self.lock:
            for key in keys:
                self.failed[key].append(now)

    def forget(self, keys: tuple[str, ...]) -> None:
        """It was right at last."""
        with self.lock:
            for key in keys:
                self.failed.pop(key, None)


def sign_in(desk: Desk, name: str, password: str, tries: Tries, address: str = "") -> SignedIn:
    """Start a session by password.

    Raises:
        TooManyTriesError: too many wrong ones before.
        ForbiddenError: unknown user or wrong password; does not say which.
    """
    now, keys = desk.clock(), (f"name {name.casefold()}", f"address {address}")
    tries.check(keys, now)
    with desk.state.read() as session:
        user = people.find_user(session, name)
    fits = password_fits(password, None if user is None or not user.active else user.password)
    if not fits or user is None:
        tries.fail(keys, now)
        raise ForbiddenError(
            Text("user or password is wrong", "用户名或密码错误"),
            hint=Text("an administrator can give you a new link", "管理员可以为您生成新的登录链接"),
        )
    tries.forget(keys[:1])
    return _start(desk, user, "sign_in")


def new_link(desk: Desk, name: str) -> str:
    """The token of a link that signs a user in once, to choose a password.

    Raises:
        MissingError: there is no such user.
    """
    token, at = new_token(), desk.clock()
    with desk.change("manage") as session:
        user = find(session, name)
        session.add(
            Login(token=hash_token(token), kind="link", user_id=user.id, csrf="", created=at, expires=at + LINK)
        )
        desk.note(session, "link", "user", name)
    return token


def follow_link(desk: Desk, token: str, password: str) -> SignedIn:
    """Use a link up: choose a password and start a session.

    Raises:
        ForbiddenError: it was used, is over, or never was.
        UsageError: the password will not do; the link can be used again.
    """
    hashed = hash_password(password)
    with desk.state.write() as session:
        found = people.find_login(session, hash_token(token), "link", lock=True)
        if found is None or found[0].expires <= desk.clock() or not found[1].active:
            raise ForbiddenError(
                Text("this link was used already, or is over", "该链接已使用或已过期"),
                hint=Text("`restock user link NAME` makes a new one", "运行 `restock user link 用户名` 生成新链接"),
            )
        user = found[1]
        user.password = hashed
        people.drop_logins(session, user.id)
    return _start(desk, user, "follow_link")


def sign_out(desk: Desk, token: str) -> None:
    """End a session; one that is not there is ended already."""
    with desk.state.write() as session:
        people.drop_login(session, hash_token(token))


def actor_of_session(desk: Desk, token: str) -> tuple[Actor, str, User] | None:
    """Who is signed in with this cookie, the token that forms must carry, and the user; none: nobody."""
    with desk.state.read() as session:
        found = people.find_login(session, hash_token(token), "session")
    if found is None or found[0].expires <= desk.clock() or not found[1].active:
        return None
    login, user = found
    return Actor(user.name, cast(Role, user.role), "page"), login.csrf, user


def first_link(desk: Desk) -> str | None:
    """Where nobody may do everything yet: make the administrator, and the token of a link for the first sign-in."""
    with desk.state.write() as session:
        if people.count_admins(session):
            return None
        first = people.find_user(session, ADMIN)
        if first is None:
            first = User(name=ADMIN, role="admin", password=None, active=True, language="en", created=desk.clock())
            session.add(first)
        first.role, first.active = "admin", True
        desk.note(session, "add", "user", ADMIN, role="admin")
    return new_link(desk, ADMIN)


def _start(desk: Desk, user: User, how: str) -> SignedIn:
    token, csrf, at = new_token(), new_token(), desk.clock()
    with desk.state.write() as session:
        people.drop_expired(session, at)
        session.add(
            Login(token=hash_token(token), kind="session", user_id=user.id, csrf=csrf, created=at, expires=at + SESSION)
        )
        desk.as_(Actor(user.name, cast(Role, user.role), "page")).note(session, how, "user", user.name)
    return SignedIn(token, csrf, user, at + SESSION)
