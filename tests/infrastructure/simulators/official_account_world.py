"""A simulated Official Account on a real socket, with what its callers send."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from infrastructure.clock import SettableClock

APPID = "wx0123456789abcdef"
SECRET = "simulated-secret"
START = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
CALLBACK = "http://127.0.0.1/callback?from=menu"
NEW_USER = "oSimNewUser00000000000000001"
CREDENTIALS = {"appid": APPID, "secret": SECRET, "grant_type": "client_credential"}
WRONG_CREDENTIALS = [
    ({"appid": ""}, 41002),
    ({"appid": "wx_other"}, 40013),
    ({"secret": ""}, 41004),
    ({"secret": "wrong"}, 40125),
]
"""Changes to any call that names the account, with the errcode of each."""
AUTHORIZE = "/connect/oauth2/authorize"
TOKEN = "/cgi-bin/token"
STABLE = "/cgi-bin/stable_token"
TICKET = "/cgi-bin/ticket/getticket"
Json: TypeAlias = Any  # whatever a document holds; tests look into it


@dataclass(frozen=True)
class Simulator:
    url: str
    clock: SettableClock

    def get(self, path: str, **parameters: str) -> Json:
        return read(requests.get(self.url + path, parameters, timeout=5))

    def tell(self, path: str, body: object) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=5)

    def later(self, **by: float) -> None:
        self.clock.advance(timedelta(**by))

    def token(self, **changes: str) -> Json:
        return self.get(TOKEN, **(CREDENTIALS | changes))

    def stable(self, **changes: object) -> Json:
        return read(self.tell(STABLE, CREDENTIALS | changes))

    def ticket(self, access_token: object, type_: str = "jsapi") -> Json:
        return self.get(TICKET, access_token=str(access_token), type=type_)

    def is_good(self, access_token: object) -> bool:
        return bool(self.ticket(access_token)["errcode"] == 0)

    def page(self, **changes: str) -> requests.Response:
        parameters = {
            "appid": APPID,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "snsapi_base",
            "state": "s1",
        }
        query = urlencode(parameters | changes)
        return requests.get(f"{self.url}{AUTHORIZE}?{query}", timeout=5)

    def choose(self, openid: str, **changes: str) -> requests.Response:
        form = {"openid": openid, "redirect_uri": CALLBACK, "scope": "snsapi_base", "state": "s1"}
        url = self.url + AUTHORIZE
        return requests.post(url, form | changes, timeout=5, allow_redirects=False)

    def authorize(self, **changes: object) -> requests.Response:
        choice = {
            "openid": NEW_USER,
            "state": "s1",
            "redirect_uri": CALLBACK,
            "scope": "snsapi_userinfo",
        }
        return self.tell("/_sim/authorize", choice | changes)

    def code(self, **changes: str) -> str:
        address: str = self.authorize(**changes).json()["url"]
        return parse_qs(urlsplit(address).query)["code"][0]

    def redeem(self, code: str, **changes: str) -> Json:
        parameters = CREDENTIALS | {"grant_type": "authorization_code", "code": code}
        return self.get("/sns/oauth2/access_token", **(parameters | changes))

    def profile(self, access_token: object, openid: str) -> Json:
        return self.get("/sns/userinfo", access_token=str(access_token), openid=openid)

    def refresh(self, refresh_token: object) -> Json:
        return self.get(
            "/sns/oauth2/refresh_token",
            appid=APPID,
            grant_type="refresh_token",
            refresh_token=str(refresh_token),
        )


def read(answer: requests.Response) -> Json:
    """What WeChat answers: status 200 and JSON labelled as plain text, errors too."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    return answer.json()
