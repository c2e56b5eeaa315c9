"""What every answer tells the browser (安全响应头), and what it does not tell anybody."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
import requests
from fastapi import FastAPI

from interface.api.app import create_app
from interface.cli.demo_data import PASSWORD
from interface.cli.serving import serving as as_in_production
from tests.interface.strict import installed
from tests.interface.town import Caller, Town
from tests.loopback import serving

POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
SECURE = "__Host-jiawu_staff"


@pytest.fixture(scope="module")
def behind_tls(town: Town) -> Iterator[str]:
    """The product as a proxy that ends TLS sees it."""
    with installed(town, public_base_url="https://jiawu.example") as url:
        yield url


def told(answer: requests.Response) -> Mapping[str, str]:
    return {name: answer.headers.get(name, "") for name in ALWAYS}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 307),
        ("GET", "/healthz", 200),
        ("GET", "/readyz", 200),
        ("GET", "/metrics", 200),
        ("GET", "/api/v1/me", 401),
        ("GET", "/api/v1/services", 200),
        ("GET", "/api/v1/openapi.json", 200),
        ("GET", "/nothing/here", 404),
        ("DELETE", "/api/v1/orders", 405),
        ("POST", "/api/v1/quotes", 422),
        ("GET", "/api/v1/wechat/login", 302),
        ("GET", "/callbacks/wechat-login", 401),
        ("POST", "/callbacks/wechat-pay/transactions", 401),
        ("GET", "/static/api-docs.js", 200),
        ("GET", "/static/nothing.js", 404),
        ("GET", "/api/docs/assets/swagger-ui.css", 200),
    ],
)
def test_every_answer_binds_the_browser(town: Town, method: str, path: str, status: int) -> None:
    answer = town.anybody().send(method, path)
    assert answer.status_code == status
    assert told(answer) == ALWAYS
    assert answer.headers["Content-Security-Policy"] == POLICY


def test_a_body_that_is_too_large_is_refused_with_the_headers(town: Town) -> None:
    answer = town.anybody().send("POST", "/api/v1/quotes", data=b"x" * (2**20 + 1))
    assert (answer.status_code, told(answer)) == (413, ALWAYS)


def test_a_defect_is_told_with_the_headers(town: Town) -> None:
    app = create_app(town.house)

    @app.get("/defect")
    def defect() -> None:
        message = "13912345678"
        raise ZeroDivisionError(message)

    with serving(app) as url:
        answer = Caller(url).get("/defect")
    assert (answer.status_code, answer.json()["code"], told(answer)) == (500, "defect", ALWAYS)
    assert "13912345678" not in answer.text


def test_the_documentation_runs_its_own_scripts_and_no_others(town: Town) -> None:
    answer = town.anybody().get("/api/docs")
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    assert told(answer) == ALWAYS


@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/orders", "/callbacks/wechat-login"])
def test_what_concerns_a_person_is_stored_nowhere(town: Town, path: str) -> None:
    assert town.customer().get(path).headers["Cache-Control"] == "no-store"


def test_a_refusal_is_stored_nowhere_either(town: Town) -> None:
    assert town.anybody().get("/api/v1/orders").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/api/v1/services", "/api/v1/catalogue", "/api/docs"])
def test_what_everybody_sees_may_be_kept(town: Town, path: str) -> None:
    assert "Cache-Control" not in town.anybody().get(path).headers


def test_only_an_installation_with_tls_binds_browsers_to_it(town: Town, behind_tls: str) -> None:
    name = "Strict-Transport-Security"
    assert name not in town.anybody().get("/healthz").headers
    assert Caller(behind_tls).get("/healthz").headers[name] == "max-age=15552000"


def test_no_answer_names_the_server() -> None:
    with as_in_production(FastAPI()) as url:
        answer = Caller(url).get("/openapi.json")
    assert "Server" not in answer.headers
    assert "X-Powered-By" not in answer.headers


# -- cookies


def password_login(url: str) -> requests.Response:
    body = {"login_name": "demo-dispatcher", "password": PASSWORD}
    return Caller(url).post("/api/v1/staff/sessions", body)


def test_over_tls_cookies_belong_to_the_host_alone(behind_tls: str) -> None:
    (cookie,) = password_login(behind_tls).headers["Set-Cookie"].split(", ")
    assert cookie.startswith(f"{SECURE}=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    state = Caller(behind_tls).get("/api/v1/wechat/login").headers["Set-Cookie"]
    assert state.startswith("__Host-jiawu_login_state=")
    assert {"HttpOnly", "Secure", "Path=/", "SameSite=lax"} <= set(state.split("; "))


@pytest.mark.parametrize(("name", "status"), [(SECURE, 200), ("jiawu_staff", 401)])
def test_over_tls_a_neighbours_cookie_is_nobodys(behind_tls: str, name: str, status: int) -> None:
    token = password_login(behind_tls).json()["token"]
    answer = Caller(behind_tls).send(
        "GET", "/api/v1/staff/me", headers={"Cookie": f"{name}={token}"}
    )
    assert answer.status_code == status


def test_over_tls_a_log_out_ends_the_session(behind_tls: str) -> None:
    token = password_login(behind_tls).json()["token"]
    caller = Caller(behind_tls)
    caller.session.headers["Cookie"] = f"{SECURE}={token}"
    assert caller.send("DELETE", "/api/v1/staff/sessions").status_code == 204
    assert caller.get("/api/v1/staff/me").status_code == 401


@pytest.mark.parametrize(
    ("base_url", "name"),
    [("https://jiawu.example", SECURE), ("http://127.0.0.1:8000", "jiawu_staff")],
)
def test_the_documentation_names_the_cookie_as_it_is(town: Town, base_url: str, name: str) -> None:
    settings = town.house.settings.model_copy(update={"public_base_url": base_url})
    app = create_app(replace(town.house, settings=settings))
    for _ in range(2):
        schemes = app.openapi()["components"]["securitySchemes"]
        assert schemes["staff_cookie"]["name"] == name
        assert schemes["bearer"]["scheme"] == "bearer"
