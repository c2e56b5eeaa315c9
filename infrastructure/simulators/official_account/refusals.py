"""Answers with an errcode, and the checks that all endpoints share.

Like WeChat they have status 200 and JSON labelled as plain text.
"""

import json
import secrets

from fastapi import Request
from fastapi.responses import PlainTextResponse


class RefusalError(Exception):
    """An answer with an errcode, as WeChat words it."""

    def __init__(self, errcode: int, errmsg: str) -> None:
        super().__init__(f"{errcode} {errmsg}")
        self.errcode = errcode
        self.errmsg = errmsg


def refusal_answer(_request: Request, error: Exception) -> PlainTextResponse:
    """Registered for RefusalError."""
    if not isinstance(error, RefusalError):
        raise error
    return refusal_text(error)


def refusal_text(error: RefusalError) -> PlainTextResponse:
    """The body of a refusal; its request id is what one quotes to WeChat."""
    request_id = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return json_text({"errcode": error.errcode, "errmsg": f"{error.errmsg}, rid: {request_id}"})


def json_text(content: dict[str, object]) -> PlainTextResponse:
    """JSON in UTF-8 with the content type that WeChat gives it."""
    return PlainTextResponse(json.dumps(content, ensure_ascii=False))


def check_account(given: str, appid: str) -> None:
    """Raise RefusalError 41002 or 40013 for another account."""
    if not given:
        raise RefusalError(41002, "appid missing")
    if given != appid:
        raise RefusalError(40013, "invalid appid")


def check_secret(given: str, secret: str) -> None:
    """Raise RefusalError 41004 or 40125 for another secret."""
    if not given:
        raise RefusalError(41004, "appsecret missing")
    if not secrets.compare_digest(given.encode(), secret.encode()):
        raise RefusalError(40125, "invalid appsecret")


def check_grant_type(given: str, expected: str) -> None:
    """Raise RefusalError 40002 for another grant_type."""
    if given != expected:
        raise RefusalError(40002, "invalid grant_type")
