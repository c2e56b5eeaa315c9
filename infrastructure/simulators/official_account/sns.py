"""The endpoints below /sns: codes to tokens, tokens to profiles.

Like WeChat they answer 200 and JSON labelled as plain text, also for errors.
"""

import json
import secrets
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import PlainTextResponse

from infrastructure.simulators.official_account.grants import (
    TOKEN_LIFE,
    Grant,
    Grants,
    SnsError,
)

Text = Annotated[str, Query()]


def sns_router(appid: str, secret: str, grants: Grants) -> APIRouter:
    """The four endpoints for one account."""
    router = APIRouter(prefix="/sns", default_response_class=PlainTextResponse)

    @router.get("/oauth2/access_token")
    def access_token(
        appid_: Annotated[str, Query(alias="appid")] = "",
        secret_: Annotated[str, Query(alias="secret")] = "",
        code: Text = "",
        grant_type: Text = "",
    ) -> PlainTextResponse:
        _check_account(appid_, appid)
        _check_secret(secret_, secret)
        _check_grant_type(grant_type, "authorization_code")
        if not code:
            raise SnsError(41008, "missing code")
        return json_text(_token_answer(grants.redeem(code)))

    @router.get("/oauth2/refresh_token")
    def refresh_token(
        appid_: Annotated[str, Query(alias="appid")] = "",
        grant_type: Text = "",
        refresh_token: Text = "",
    ) -> PlainTextResponse:
        _check_account(appid_, appid)
        _check_grant_type(grant_type, "refresh_token")
        return json_text(_refresh_answer(grants.refresh(refresh_token)))

    @router.get("/userinfo")
    def userinfo(request: Request, access_token: Text = "", openid: Text = "") -> PlainTextResponse:
        grant = grants.check(access_token, openid)
        if grant.scope != "snsapi_userinfo":
            raise SnsError(48001, "api unauthorized")
        return json_text(_profile(grant, f"{request.base_url}_sim/static/avatar.svg"))

    @router.get("/auth")
    def auth(access_token: Text = "", openid: Text = "") -> PlainTextResponse:
        grants.check(access_token, openid)
        return json_text({"errcode": 0, "errmsg": "ok"})

    return router


def sns_error_answer(_request: Request, error: Exception) -> PlainTextResponse:
    """The body of a refusal; its request id is what one quotes to WeChat."""
    if not isinstance(error, SnsError):
        raise error
    request_id = f"{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return json_text({"errcode": error.errcode, "errmsg": f"{error.errmsg}, rid: {request_id}"})


def json_text(content: dict[str, object]) -> PlainTextResponse:
    """JSON in UTF-8 with the content type that WeChat gives it."""
    return PlainTextResponse(json.dumps(content, ensure_ascii=False))


def _check_account(given: str, appid: str) -> None:
    if not given:
        raise SnsError(41002, "appid missing")
    if given != appid:
        raise SnsError(40013, "invalid appid")


def _check_secret(given: str, secret: str) -> None:
    if not given:
        raise SnsError(41004, "appsecret missing")
    if not secrets.compare_digest(given.encode(), secret.encode()):
        raise SnsError(40125, "invalid appsecret")


def _check_grant_type(given: str, expected: str) -> None:
    if given != expected:
        raise SnsError(40002, "invalid grant_type")


def _refresh_answer(grant: Grant) -> dict[str, object]:
    return {
        "access_token": grant.access_token,
        "expires_in": int(TOKEN_LIFE.total_seconds()),
        "refresh_token": grant.refresh_token,
        "openid": grant.user.openid,
        "scope": grant.scope,
    }


def _token_answer(grant: Grant) -> dict[str, object]:
    answer = _refresh_answer(grant)
    if grant.user.snapshot:
        answer["is_snapshotuser"] = 1
    if grant.user.unionid and grant.scope == "snsapi_userinfo":
        answer["unionid"] = grant.user.unionid
    return answer


def _profile(grant: Grant, headimgurl: str) -> dict[str, object]:
    """Sex and place stay empty, as WeChat leaves them since October 2021."""
    profile: dict[str, object] = {
        "openid": grant.user.openid,
        "nickname": grant.user.nickname,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": headimgurl,
        "privilege": [],
    }
    return profile | ({"unionid": grant.user.unionid} if grant.user.unionid else {})
