"""Who asks (客户端地址): a proxy is believed about it only where the settings trust it."""

import pytest
import requests
from fastapi import FastAPI, Request

from interface.cli.serving import serving
from interface.settings import Settings

app = FastAPI()


@app.get("/")
def who(request: Request) -> str:
    return request.client.host if request.client else ""


def told(trusted: str, forwarded: str) -> str:
    """Whom the server takes for the one who asks, behind a proxy on the loopback."""
    with serving(app, trusted_proxies=trusted) as url, requests.Session() as session:
        session.trust_env = False
        answer = session.get(url, headers={"X-Forwarded-For": forwarded}, timeout=10)
    return str(answer.json())


@pytest.mark.parametrize("trusted", [Settings().trusted_proxies, "10.0.0.0/8,127.0.0.0/8"])
def test_a_trusted_proxy_tells_the_payers_address(trusted: str) -> None:
    assert told(trusted, "203.0.113.7") == "203.0.113.7"


@pytest.mark.parametrize("trusted", ["", "10.0.0.0/8"])
def test_anybody_else_is_taken_for_who_asks(trusted: str) -> None:
    assert told(trusted, "203.0.113.7") == "127.0.0.1"


def test_a_payer_cannot_put_an_address_before_the_proxys_own() -> None:
    assert told("127.0.0.1", "198.51.100.1, 203.0.113.7") == "203.0.113.7"
