"""Signing in, users, keys."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import AfterValidator

from restock.service.access import COOKIE, CSRF, CanManage, TheHost, actor_of
from restock.service.problems import ProblemError, documented
from restock.service.shapes.base import without_nul
from restock.service.shapes.people import (
    FollowLinkAsked,
    Key,
    KeyAsked,
    Link,
    Me,
    NewKey,
    SignInAsked,
    User,
    UserAsked,
    UserChanges,
)
from restock.storage.state import tables
from restock.workflows.accounts import keys, sessions, users
from restock.workflows.accounts.at_terminal import welcome

router = APIRouter()
UserName = Annotated[str, AfterValidator(without_nul), Path(max_length=80)]
KeyId = Annotated[int, Path(ge=1, le=2**31 - 1)]
SECURED = [{"key": []}, {"session": []}]


@router.post("/session", tags=["session"], responses=documented(403, 429))
def sign_in(host: TheHost, asked: SignInAsked, request: Request, response: Response) -> Me:
    """Sign in with name and password; the session comes as a cookie."""
    address = request.client.host if request.client else ""
    signed = sessions.sign_in(host.desk(), asked.name, asked.password, host.tries, address)
    return _welcome(signed, request, response)


@router.post("/session/link", tags=["session"], responses=documented(403))
def follow_link(host: TheHost, asked: FollowLinkAsked, request: Request, response: Response) -> Me:
    """Use a link up: choose a password and sign in."""
    return _welcome(sessions.follow_link(host.desk(), asked.token, asked.password), request, response)


@router.get("/session", tags=["session"], responses=documented(401), openapi_extra={"security": SECURED})
def who_am_i(host: TheHost, request: Request) -> Me:
    """Who is signed in, and what he may do."""
    actor = actor_of(request)
    token = request.cookies.get(COOKIE)
    found = sessions.actor_of_session(host.desk(), token) if token and actor.via == "page" else None
    language, csrf = (found[2].language, found[1]) if found else ("en", "")
    return Me(name=actor.name, role=actor.role, permissions=sorted(actor.permissions), language=language, csrf=csrf)


@router.delete(
    "/session", tags=["session"], status_code=204, responses=documented(401, 403), openapi_extra={"security": SECURED}
)
def sign_out(host: TheHost, request: Request, response: Response) -> None:
    """End this session."""
    actor = actor_of(request)  # with the header that forms must carry
    if actor.via != "page":
        raise ProblemError(403)
    sessions.sign_out(host.desk(actor), request.cookies[COOKIE])
    response.delete_cookie(COOKIE, path="/")


@router.get("/users", tags=["users"], responses=documented(401, 403))
def list_users(desk: CanManage) -> list[User]:
    """Everybody, by name."""
    return [User.model_validate(user) for user in users.list_users(desk)]


@router.post("/users", tags=["users"], status_code=201, responses=documented(401, 403, 409))
def add_user(desk: CanManage, asked: UserAsked) -> Link:
    """A new user; the link signs in once, to choose a password."""
    users.add_user(desk, asked.name, asked.role, language=asked.language)
    return Link(user=asked.name, link=welcome(desk, sessions.new_link(desk, asked.name)))


@router.patch("/users/{user}", tags=["users"], responses=documented(401, 403, 404, 409))
def change_user(desk: CanManage, user: UserName, asked: UserChanges) -> User:
    """Another role or language, or no access any more."""
    changes = users.Changes(role=asked.role, active=asked.active, language=asked.language)
    return User.model_validate(users.change_user(desk, user, changes))


@router.post("/users/{user}/link", tags=["users"], responses=documented(401, 403, 404))
def new_link(desk: CanManage, user: UserName) -> Link:
    """A new link that signs in once."""
    return Link(user=user, link=welcome(desk, sessions.new_link(desk, user)))


@router.get("/keys", tags=["keys"], responses=documented(401, 403))
def list_keys(desk: CanManage) -> list[Key]:
    """All keys without their secrets, the newest first."""
    return [Key.model_validate(keys.show_key(key, user.name)) for key, user in keys.list_keys(desk)]


@router.post("/keys", tags=["keys"], status_code=201, responses=documented(401, 403, 404))
def create_key(desk: CanManage, asked: KeyAsked) -> NewKey:
    """A key for a program; its secret is shown this once."""
    made = keys.create_key(desk, asked.name, asked.scopes, user=asked.user, days=asked.days)
    return NewKey.model_validate(made.to_json())


@router.delete("/keys/{key}", tags=["keys"], responses=documented(401, 403, 404))
def revoke_key(desk: CanManage, key: KeyId) -> Key:
    """End a key at once."""
    revoked = keys.revoke_key(desk, key)
    with desk.look("manage") as session:
        owner = session.get(tables.User, revoked.user_id)
    return Key.model_validate(keys.show_key(revoked, owner.name if owner else "-"))


def _welcome(signed: sessions.SignedIn, request: Request, response: Response) -> Me:
    response.set_cookie(
        COOKIE,
        signed.token,
        expires=signed.expires,
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    response.headers["Cache-Control"] = "no-store"
    actor = sessions.Actor(signed.user.name, signed.user.role, "page")  # pyright: ignore[reportArgumentType]
    user, may = signed.user, sorted(actor.permissions)
    return Me(name=user.name, role=user.role, permissions=may, language=user.language, csrf=signed.csrf)


__all__ = ["CSRF", "router"]
