"""Who calls: a program with a key, or a browser with a session. Every route says what its caller must be allowed."""

import hmac
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from restock.language import Text
from restock.service.host import Host
from restock.service.problems import ProblemError
from restock.workflows.accounts.keys import caller_of_key
from restock.workflows.accounts.sessions import actor_of_session
from restock.workflows.approval.desk import Desk
from restock.workflows.approval.roles import Actor, Permission, need

COOKIE, CSRF = "restock_session", "X-CSRF-Token"
HARMLESS = {"GET", "HEAD", "OPTIONS"}
bearer = HTTPBearer(auto_error=False, scheme_name="key", description="An API key: `restock key create`")
cookie = APIKeyCookie(
    name=COOKIE, auto_error=False, scheme_name="session", description="After signing in; writes need X-CSRF-Token too"
)


def host_of(request: Request) -> Host:
    """What the server holds."""
    return request.app.state.host


def actor_of(request: Request) -> Actor:
    """Who calls.

    Raises:
        ProblemError: nobody (401), or a form that is not ours (403).
    """
    host = host_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme:
        caller = caller_of_key(host.desk(), token.strip()) if scheme.lower() == "bearer" else None
        actor = None if caller is None else caller.actor
        if caller is not None:
            host.recent.keep(token.strip(), caller)
    else:
        actor = _of_session(request, host)
    if actor is None:
        hint = Text(
            "sign in, or send a valid key: `Authorization: Bearer restock_...`",
            "请登录，或发送有效的密钥：`Authorization: Bearer restock_...`",
        )
        raise ProblemError(401, None, hint, {"WWW-Authenticate": "Bearer"})
    return actor


def desk_for(permission: Permission) -> Callable[..., Desk]:
    """A dependency: the desk of the caller, who may do this."""

    def desk(
        request: Request,
        key: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)],
        session: Annotated[str | None, Depends(cookie)],
    ) -> Desk:
        actor = actor_of(request)
        need(actor, permission)
        return host_of(request).desk(actor)

    desk.permission = permission  # pyright: ignore[reportFunctionMemberAccess]  # the roles matrix reads it
    return desk


async def desk_of_program(request: Request) -> Desk:
    """The desk of whoever may ask for decisions; a key that was good a moment ago is not looked up again.

    Raises:
        ProblemError: nobody.
        ForbiddenError: somebody who may not.
    """
    host = host_of(request)
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    actor = host.recent.find(token.strip(), host.clock()) if scheme.lower() == "bearer" else None
    actor = await run_in_threadpool(actor_of, request) if actor is None else actor
    need(actor, "decide")
    return host.desk(actor)


def _of_session(request: Request, host: Host) -> Actor | None:
    token = request.cookies.get(COOKIE)
    found = actor_of_session(host.desk(), token) if token else None
    if found is None:
        return None
    actor, csrf, _ = found
    said = request.headers.get(CSRF, "")
    if request.method not in HARMLESS and not hmac.compare_digest(said.encode(), csrf.encode()):
        raise ProblemError(
            403,
            Text(f"the header `{CSRF}` is missing or wrong", f"缺少请求头 `{CSRF}` 或其值不正确"),
            Text("send what `GET /api/v1/session` says", "请发送 `GET /api/v1/session` 返回的值"),
        )
    return actor


CanRead = Annotated[Desk, Depends(desk_for("read"))]
CanEdit = Annotated[Desk, Depends(desk_for("edit"))]
CanApprove = Annotated[Desk, Depends(desk_for("approve"))]
CanLoad = Annotated[Desk, Depends(desk_for("load"))]
CanPlan = Annotated[Desk, Depends(desk_for("plan"))]
CanLearn = Annotated[Desk, Depends(desk_for("learn"))]
CanDecide = Annotated[Desk, Depends(desk_for("decide"))]
CanAudit = Annotated[Desk, Depends(desk_for("audit"))]
CanManage = Annotated[Desk, Depends(desk_for("manage"))]
TheHost = Annotated[Host, Depends(host_of)]
