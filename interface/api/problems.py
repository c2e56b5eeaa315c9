"""Errors as problem documents (RFC 9457): a code for programs, a Chinese sentence for people."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.routing import Match

from domain.errors import JiawuError
from interface.api.away import DATABASE_AWAY
from interface.api.fields import OWN_RULE

MEDIA_TYPE: Final = "application/problem+json"
_RETRY_AFTER_SECONDS: Final = "5"
_LONGEST_FIELD: Final = 100
_OF_FILES: Final = frozenset({"GET", "HEAD"})
# What the domain calls otherwise than our bodies do.
_FIELDS: Final[Mapping[str, str]] = {"window_start": "starts_at", "window_end": "starts_at"}
_HTTP_SENTENCES: Final[Mapping[int, tuple[str, str]]] = {
    400: ("malformed_body", "提交的内容无法读取。"),
    404: ("not_found", "没有找到。"),
    405: ("method_not_allowed", "不支持此操作。"),
    408: ("too_slow", "提交的内容传送过慢，请重试。"),
    413: ("too_large", "提交的内容过大。"),
}

_logger = logging.getLogger("jiawu.api")


class Problem(BaseModel):
    """The body of every error answer."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    field: str | None = None


PROBLEM_ANSWERS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": description}
    for status, description in (
        (400, "请求无法读取，或缺少 Idempotency-Key"),
        (401, "未登录"),
        (403, "没有权限"),
        (404, "没有找到"),
        (408, "内容传送过慢"),
        (409, "当前状态不允许此操作"),
        (413, "内容过大"),
        (422, "内容不正确"),
        (429, "操作过于频繁，请按 Retry-After 重试"),
        (502, "微信拒绝"),
        (503, "暂时无法处理，请按 Retry-After 重试"),
    )
}


def install(app: FastAPI) -> None:
    """Answer every error as a problem document."""
    app.add_exception_handler(JiawuError, _refusal)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    for away in DATABASE_AWAY:
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(Exception, _defect)


def problem(
    status: int,
    code: str,
    title: str,
    *,
    field: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """A problem document as an answer."""
    body = Problem(title=title, status=status, code=code, field=field).model_dump(exclude_none=True)
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def too_large() -> JSONResponse:
    """The answer to a body above the limit."""
    return problem(413, *_HTTP_SENTENCES[413])


def refusal(error: JiawuError) -> JSONResponse:
    """The answer to an expected refusal; `facts["retry_after"]` are seconds."""
    field = str(error.facts.get("field", ""))
    wait = {503: _RETRY_AFTER_SECONDS}.get(error.status, error.facts.get("retry_after"))
    return problem(
        error.status,
        error.code,
        error.message,
        field=_FIELDS.get(field, field) or None,
        headers={"Retry-After": str(wait)} if wait else None,
    )


def _refusal(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, JiawuError)  # noqa: S101 - registered for this class
    return refusal(error)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    first = error.errors()[0]
    code, title = "invalid_input", "提交的内容不正确，请检查后重试。"
    if first["type"] == OWN_RULE:
        code, title = first["ctx"]["code"], first["ctx"]["sentence"]
    return problem(422, code, title, field=_name(first["loc"][1:]))


def _name(location: Sequence[str | int]) -> str | None:
    """Which field; an unknown one is named by the sender, so not every name is repeated."""
    name = ".".join(str(part) for part in location)[:_LONGEST_FIELD]
    return "".join(each if each.isprintable() else "?" for each in name) or None


def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    code, title = _HTTP_SENTENCES.get(error.status_code, ("http_error", "请求无法处理。"))
    headers = dict(error.headers or {})
    if error.status_code == 405:  # noqa: PLR2004 - Method Not Allowed
        headers["Allow"] = ", ".join(_methods(request))
    return problem(error.status_code, code, title, headers=headers)


def _methods(request: Request) -> list[str]:
    """What the path can be asked: each of its methods is a route of its own."""
    found: set[str] = set()
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", "")}
    for route in iter_route_contexts(request.app.routes):
        match, _ = route.matches(scope)
        if match is not Match.NONE:
            found |= route.methods or _OF_FILES
    return sorted(found)


def _database_away(_: Request, error: Exception) -> JSONResponse:
    _logger.error("the database is away: %s", type(error).__name__)
    headers = {"Retry-After": _RETRY_AFTER_SECONDS}
    return problem(503, "database_away", "系统繁忙，请稍后重试。", headers=headers)


def _defect(_: Request, error: Exception) -> JSONResponse:
    _logger.error("defect", exc_info=error)
    return problem(500, "defect", "系统出错，请稍后重试。")
