"""Every route and everybody: who is let in stands in one table, and no route is missing in it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from interface.api.app import create_app
from tests.interface.access_table import LET_IN, STAFF
from tests.interface.town import Caller, Town

NOBODY = str(UUID(int=0))
FILLED = {
    "order_id": NOBODY,
    "staff_id": NOBODY,
    "grant_id": NOBODY,
    "alert_id": NOBODY,
    "contact_id": NOBODY,
    "customer_id": NOBODY,
    "photo_id": "0" * 64,
    "leave_id": NOBODY,
    "thread_id": NOBODY,
    "kind": "privacy_policy",
    "receipt_number": f"{'0' * 32}-{'0' * 24}",
    "worker_id": NOBODY,
    "district": "110105",
    "exception_number": "1",
    "number": "1",
    "version": "1",
    "charge_number": "2",
    "service_code": "BJ-01",
    "out_trade_no": "BJ261122-9999-0-C1A1",
}

# They check WeChat's signature and the log-in's state, not a session.
FOR_WECHAT = {
    "GET /callbacks/wechat-login",
    "POST /callbacks/wechat-pay/transactions",
}
ENDING = {"DELETE /api/v1/session", "DELETE /api/v1/staff/sessions"}
FILES = {"/api/docs/assets", "/static"}

PEOPLE: dict[str, Callable[[Town], Caller]] = {
    "anonymous": Town.anybody,
    "customer": Town.customer,
    "dispatcher": Town.dispatcher,
    "finance": Town.finance,
    "administrator": Town.administrator,
}


def routes_of(app: FastAPI) -> set[str]:
    found = set()
    for route in iter_route_contexts(app.routes):
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            found.add(f"{method} {route.path}")
    return found


def test_the_table_names_every_route_and_no_other(town: Town) -> None:
    assert routes_of(create_app(town.house)) == set(LET_IN) | FOR_WECHAT


def test_a_route_that_the_table_lacks_is_found(town: Town) -> None:
    app, planted = create_app(town.house), APIRouter(prefix="/api/v1/office")

    @planted.delete("/orders/{order_id}")
    def forget(order_id: str) -> None:
        del order_id

    app.include_router(planted)
    assert routes_of(app) - set(LET_IN) - FOR_WECHAT == {"DELETE /api/v1/office/orders/{order_id}"}


def test_nothing_is_mounted_but_files(town: Town) -> None:
    contexts = iter_route_contexts(create_app(town.house).routes)
    assert {route.path for route in contexts if not route.methods} == FILES


@pytest.mark.parametrize("person", PEOPLE)
def test_who_is_let_in_is_what_the_table_says(town: Town, person: str) -> None:
    wrong = {}
    caller = PEOPLE[person](town)
    for route, let_in in LET_IN.items():
        status = asked(caller, route)
        if route in ENDING:
            caller = PEOPLE[person](town)
        expected = "in" if person in let_in else refusal_of(person, route)
        if verdict(status) != expected:
            wrong[route] = status
    assert wrong == {}


def asked(caller: Caller, route: str) -> int:
    method, template = route.split(" ")
    path = template.format(**FILLED)
    answer = caller.post(path) if method == "POST" else caller.send(method, path)
    assert answer.status_code < 500, (route, answer.text)
    return answer.status_code


def verdict(status: int) -> str:
    return {401: "unknown", 403: "forbidden"}.get(status, "in")


def refusal_of(person: str, route: str) -> str:
    """Whose session opens another door is unknown here; whose role lacks it is forbidden."""
    for_staff = "/office/" in route or "/staff/" in route
    return "forbidden" if for_staff and person in STAFF else "unknown"


@pytest.mark.parametrize("person", ["customer", "dispatcher"])
def test_a_token_opens_the_doors_its_cookie_opens(town: Town, person: str) -> None:
    caller = PEOPLE[person](town)
    (cookie,) = [each for each in caller.session.cookies if each.path == "/"]
    by_token = town.anybody()
    by_token.session.headers["Authorization"] = f"Bearer {cookie.value}"
    for path, opened in (("/api/v1/me", "customer"), ("/api/v1/staff/me", "dispatcher")):
        assert by_token.get(path).status_code == (200 if person == opened else 401)


@pytest.mark.parametrize("token", ["", "x", "' or 1=1 --", "0" * 43, "a" * 8_000])
def test_an_invented_token_opens_nothing(town: Town, token: str) -> None:
    answer = town.anybody().send(
        "GET", "/api/v1/staff/me", headers={"Authorization": f"Bearer {token}"}
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
