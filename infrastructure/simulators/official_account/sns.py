"""The endpoints below /sns: codes to tokens, tokens to profiles.

Like WeChat they answer 200 and JSON labelled as plain text, also for errors.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse

from infrastructure.simulators.official_account.cgi import counted
from infrastructure.simulators.official_account.grants import TOKEN_LIFE, Grant
from infrastructure.simulators.official_account.refusals import (
    RefusalError,
    check_account,
    check_grant_type,
    check_secret,
    json_text,
)
from infrastructure.simulators.official_account.state import State

Text = Annotated[str, Query()]


def sns_router(state: State) -> APIRouter:
    """The four endpoints for one account."""
    router = APIRouter(
        prefix="/sns",
        default_response_class=PlainTextResponse,
        dependencies=[Depends(counted(state))],
    )
    grants, account = state.grants, state.settings

    @router.get("/oauth2/access_token")
    def access_token(
        appid_: Annotated[str, Query(alias="appid")] = "",
        secret_: Annotated[str, Query(alias="secret")] = "",
        code: Text = "",
        grant_type: Text = "",
    ) -> PlainTextResponse:
        check_account(appid_, account.appid)
        check_secret(secret_, account.secret)
        check_grant_type(grant_type, "authorization_code")
        if not code:
            raise RefusalError(41008, "missing code")
        return json_text(_token_answer(grants.redeem(code)))

    @router.get("/oauth2/refresh_token")
    def refresh_token(
        appid_: Annotated[str, Query(alias="appid")] = "",
        grant_type: Text = "",
        refresh_token: Text = "",
    ) -> PlainTextResponse:
        check_account(appid_, account.appid)
        check_grant_type(grant_type, "refresh_token")
        return json_text(_refresh_answer(grants.refresh(refresh_token)))

    @router.get("/userinfo")
    def userinfo(request: Request, access_token: Text = "", openid: Text = "") -> PlainTextResponse:
        grant = grants.check(access_token, openid)
        if grant.scope != "snsapi_userinfo":
            raise RefusalError(48001, "api unauthorized")
        return json_text(_profile(grant, f"{request.base_url}_sim/static/avatar.svg"))

    @router.get("/auth")
    def auth(access_token: Text = "", openid: Text = "") -> PlainTextResponse:
        grants.check(access_token, openid)
        return json_text({"errcode": 0, "errmsg": "ok"})

    return router


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
