"""Every error as `application/problem+json`: what, where, how much, then what to do; in English and Chinese."""

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from restock.errors import (
    ConflictError,
    DataError,
    ForbiddenError,
    MissingError,
    RestockError,
    StaleError,
    StorageError,
    UsageError,
)
from restock.language import NOTHING, Language, Text
from restock.workflows.accounts.sessions import TooManyTriesError

MEDIA = "application/problem+json"
STATUS: Mapping[type[RestockError], int] = {  # the first that fits
    TooManyTriesError: 429,
    MissingError: 404,
    StaleError: 412,
    ConflictError: 409,
    ForbiddenError: 403,
    DataError: 422,
    UsageError: 422,
    StorageError: 503,
}
SAID: Mapping[int, Text] = {
    400: Text("the request cannot be read", "无法读取该请求"),
    401: Text("nobody is signed in, or the key is not valid", "未登录，或密钥无效"),
    403: Text("this is not allowed", "没有权限"),
    404: Text("there is nothing here", "不存在"),
    405: Text("this cannot be done here", "不支持该操作"),
    409: Text("it does not fit what is there", "与现有状态冲突"),
    412: Text("it has changed since", "内容已被改动"),
    413: Text("it is too large", "内容过大"),
    415: Text("this kind of content is not taken", "不支持该内容类型"),
    422: Text("it cannot be used as it is", "内容无效"),
    429: Text("too often", "请求过于频繁"),
    500: Text("unexpected error", "意外错误"),
    503: Text("not now", "暂时不可用"),
}


class Said(BaseModel):
    """A sentence in both languages."""

    en: str
    zh: str


class Problem(BaseModel):
    """What went wrong (RFC 9457): `detail` and `hint` in the language of the caller, `said` in both."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank#MissingError",
                    "title": "there is nothing here",
                    "status": 404,
                    "detail": "there is no line `7`",
                    "hint": "list the lines of the plan",
                    "said": {"en": "there is no line `7`", "zh": "没有订货行 `7`"},
                    "places": [],
                }
            ]
        }
    )

    type: str = Field(description="The kind of error, for programs")
    title: str
    status: int
    detail: str
    hint: str
    said: Said
    places: list[str] = Field(default=[], description="Fields that are wrong")


class ProblemError(Exception):
    """An error of the protocol, not of the shop."""

    def __init__(
        self, status: int, message: Text | None = None, hint: Text = NOTHING, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.message, self.hint = status, message or SAID[status], hint
        self.headers = dict(headers or {})


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What a route may answer besides its result, for OpenAPI."""
    everywhere = {400, 422, 503}
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": SAID[status].en, "content": content} for status in sorted({*statuses, *everywhere})}


def language_of(request: Request) -> Language:
    """From `?lang=`, then `Accept-Language`."""
    said = request.query_params.get("lang") or request.headers.get("accept-language", "")
    return cast(Language, "zh" if said.strip().lower().startswith("zh") else "en")


class Wrong(NamedTuple):
    """What is said of an error."""

    message: Text
    hint: Text = NOTHING
    kind: str = ""
    places: tuple[str, ...] = ()


def answer(request: Request, status: int, wrong: Wrong, headers: Mapping[str, str] | None = None) -> Response:
    """The body of an error."""
    language, (message, hint, kind, places) = language_of(request), wrong
    title = SAID.get(status, SAID[500])
    body = Problem(
        type=f"about:blank#{kind}" if kind else "about:blank",
        title=title.in_(language),
        status=status,
        detail=message.in_(language),
        hint=hint.in_(language),
        said=Said(en=message.en, zh=message.zh),
        places=list(places),
    )
    sent = {"Content-Language": language, "Vary": "Accept-Language", **(headers or {})}
    return JSONResponse(body.model_dump(), status, sent, MEDIA)


def add_handlers(app: FastAPI) -> None:
    """Answer every error this way."""
    app.add_exception_handler(RestockError, _ours)
    app.add_exception_handler(ProblemError, _protocol)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def status_of(error: RestockError) -> int:
    """The status that tells a program what kind of error it is."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, RestockError)
    headers = {"Retry-After": str(error.seconds)} if isinstance(error, TooManyTriesError) else {}
    status = status_of(error)
    if status >= 500:
        structlog.get_logger().error("failed", error=error.message.en, path=request.url.path)
    return answer(request, status, Wrong(error.message, error.hint, type(error).__name__), headers)


async def _protocol(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer(request, error.status, Wrong(error.message, error.hint), error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    places = tuple(".".join(str(part) for part in one["loc"]) for one in found)
    told = "; ".join(f"{place}: {one['msg']}" for place, one in zip(places, found, strict=True))[:1000]
    message = Text(f"{len(found)} fields are wrong: {told}", f"{len(found)} 个字段有误：{told}")
    hint = Text("`/api/v1/openapi.json` says what is taken", "字段说明见 `/api/v1/openapi.json`")
    return answer(request, 422, Wrong(message, hint, "Invalid", places))


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = SAID.get(error.status_code, SAID[500])
    return answer(request, error.status_code, Wrong(message), error.headers)


async def _unexpected(request: Request, error: Exception) -> Response:
    structlog.get_logger().error("unexpected", path=request.url.path, exc_info=error)
    message = Text(f"unexpected {type(error).__name__}", f"意外错误 {type(error).__name__}")
    hint = Text("the log of the server has the details", "详情见服务器日志")
    return answer(request, 500, Wrong(message, hint, "Unexpected"))
