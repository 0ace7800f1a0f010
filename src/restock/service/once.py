"""`Idempotency-Key`: the same call sent twice is carried out once and answered twice."""

import hashlib
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute

from restock.language import Text
from restock.service.access import actor_of, host_of
from restock.service.problems import ProblemError
from restock.storage.state import trail
from restock.storage.state.tables import Answer

HEADER, REPLAYED = "Idempotency-Key", "Idempotent-Replayed"
KEPT = timedelta(days=2)
LONGEST = 200
DESCRIPTION = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[A-Za-z0-9_.:-]+$"},
    "description": "The same key with the same content: done once, answered again",
}


class Once(APIRoute):
    """A route that honours the header."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Around the usual one."""
        handler = super().get_route_handler()

        async def once(request: Request) -> Response:
            said = request.headers.get(HEADER)
            if said is None or request.method not in ("POST", "PATCH"):
                return await handler(request)
            key, content = await _names(request, said)
            before = await run_in_threadpool(_take, request, key, content)
            if before is not None:
                return _replay(before, content)
            try:
                response = await handler(request)
            except BaseException:
                await run_in_threadpool(_drop, request, key)
                raise
            await run_in_threadpool(_keep, request, key, response)
            return response

        return once


async def _names(request: Request, said: str) -> tuple[str, str]:
    if not 0 < len(said) <= LONGEST or not all(sign.isascii() and (sign.isalnum() or sign in "_.:-") for sign in said):
        raise ProblemError(
            422,
            Text(
                f"`{HEADER}` has between 1 and {LONGEST} letters, digits or _ . : -",
                f"`{HEADER}` 须为 1 到 {LONGEST} 个字母、数字或 _ . : -",
            ),
            Text("a random UUID will do", "可使用随机 UUID"),
        )
    actor = await run_in_threadpool(actor_of, request)  # nobody is shown an answer that was not for him
    path = request.url.path + "?" + request.url.query
    key = hashlib.sha256("\0".join((actor.name, actor.via, request.method, path, said)).encode()).hexdigest()
    return key, hashlib.sha256(await request.body()).hexdigest()


def _take(request: Request, key: str, content: str) -> Answer | None:
    host = host_of(request)
    now = host.clock()
    with host.state.write() as session:
        trail.drop_old_answers(session, now - KEPT)
        return trail.take_answer(session, key, content, now)


def _replay(before: Answer, content: str) -> Response:
    if before.request != content:
        raise ProblemError(
            422,
            Text(f"this `{HEADER}` was sent with other content before", f"该 `{HEADER}` 已用于其他内容"),
            Text("take a new key for a new call", "新的请求请使用新的键"),
        )
    if before.status is None:
        raise ProblemError(
            409,
            Text("the first call with this key is still under way", "使用该键的第一个请求仍在处理"),
            Text("ask again in a moment", "请稍后再试"),
            {"Retry-After": "2"},
        )
    return Response(before.body, before.status, {**(before.headers or {}), REPLAYED: "true"})


def _keep(request: Request, key: str, response: Response) -> None:
    kept = {name: response.headers[name] for name in ("content-type", "location", "etag") if name in response.headers}
    with host_of(request).state.write() as session:
        trail.give_answer(session, key, response.status_code, bytes(response.body).decode(), kept)


def _drop(request: Request, key: str) -> None:
    with host_of(request).state.write() as session:
        trail.drop_answer(session, key)
