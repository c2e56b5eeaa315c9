"""The endpoints below /cgi-bin: the account's own tokens and tickets."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import PlainTextResponse

from infrastructure.simulators.official_account.refusals import (
    RefusalError,
    check_account,
    check_grant_type,
    check_secret,
    json_text,
)
from infrastructure.simulators.official_account.state import State

Text = Annotated[str, Query()]


def cgi_router(state: State) -> APIRouter:
    """Both token endpoints and the ticket, for one account."""
    router = APIRouter(
        prefix="/cgi-bin",
        default_response_class=PlainTextResponse,
        dependencies=[Depends(counted(state))],
    )

    @router.get("/token")
    def token(
        request: Request, appid: Text = "", secret: Text = "", grant_type: Text = ""
    ) -> PlainTextResponse:
        _check_caller(state, request, appid, secret, grant_type)
        return _token_text(state.tokens.plain())

    @router.post("/stable_token")
    async def stable_token(request: Request) -> PlainTextResponse:
        asked = _object(await request.body())
        appid, secret, grant = (str(asked.get(name, "")) for name in _CREDENTIALS)
        _check_caller(state, request, appid, secret, grant)
        return _token_text(state.tokens.stable(force=asked.get("force_refresh") is True))

    @router.get("/ticket/getticket")
    def ticket(access_token: Text = "", type_: Annotated[str, Query(alias="type")] = "") -> object:
        check_token(state, access_token)
        if type_ != "jsapi":
            raise RefusalError(40097, "invalid args")
        value, seconds = state.ticket.current()
        return json_text({"errcode": 0, "errmsg": "ok", "ticket": value, "expires_in": seconds})

    return router


def counted(state: State) -> Any:  # noqa: ANN401 - a dependency, which FastAPI reads
    """A dependency that counts the call; raises RefusalError 45009 or 45011."""

    def count(request: Request) -> None:
        state.quotas.spend(request.url.path)

    return count


def check_token(state: State, access_token: str) -> None:
    """Raise RefusalError unless the account's token is good and none is refused now."""
    if state.switches.token_refused:
        raise RefusalError(40001, "invalid credential, access_token is invalid or not latest")
    state.tokens.check(access_token)


_CREDENTIALS = ("appid", "secret", "grant_type")


def _check_caller(state: State, request: Request, appid: str, secret: str, grant_type: str) -> None:
    check_grant_type(grant_type, "client_credential")
    check_account(appid, state.settings.appid)
    check_secret(secret, state.settings.secret)
    if state.switches.secret_frozen:
        raise RefusalError(40243, "AppSecret is frozen")
    if state.switches.ip_refused:
        address = request.client.host if request.client else ""
        raise RefusalError(40164, f"invalid ip {address}, not in whitelist")


def _object(body: bytes) -> dict[str, object]:
    try:
        read = json.loads(body)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise RefusalError(47001, "data format error")
    return read


def _token_text(issued: tuple[str, int]) -> PlainTextResponse:
    value, seconds = issued
    return json_text({"access_token": value, "expires_in": seconds})
