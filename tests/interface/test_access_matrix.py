"""Every route and everybody: who is let in stands in one table, and no route is missing in it."""

from collections.abc import Callable
from uuid import UUID

import pytest
from fastapi.routing import iter_route_contexts

from interface.api.app import create_app
from tests.interface.town import Caller, Town

NOBODY = str(UUID(int=0))
FILLED = {
    "order_id": NOBODY,
    "staff_id": NOBODY,
    "grant_id": NOBODY,
    "alert_id": NOBODY,
    "out_trade_no": "BJ261122-9999-0-C1A1",
}

EVERYBODY = frozenset({"anonymous", "customer", "dispatcher", "finance", "administrator"})
STAFF = frozenset({"dispatcher", "finance", "administrator"})
CUSTOMER = frozenset({"customer"})
DISPATCHER = frozenset({"dispatcher"})
FINANCE = frozenset({"finance"})
ADMINISTRATOR = frozenset({"administrator"})

LET_IN = {
    "GET /api/v1/openapi.json": EVERYBODY,
    "GET /": EVERYBODY,
    "GET /api/docs": EVERYBODY,
    "GET /healthz": EVERYBODY,
    "GET /readyz": EVERYBODY,
    "GET /metrics": EVERYBODY,
    "GET /api/v1/services": EVERYBODY,
    "GET /api/v1/quotes": EVERYBODY,
    "GET /api/v1/wechat/login": EVERYBODY,
    "GET /api/v1/wechat/js-sdk": EVERYBODY,
    "POST /api/v1/staff/sessions": EVERYBODY,
    "GET /api/v1/me": CUSTOMER,
    "DELETE /api/v1/session": CUSTOMER,
    "GET /api/v1/orders": CUSTOMER,
    "POST /api/v1/orders": CUSTOMER,
    "GET /api/v1/orders/{order_id}": CUSTOMER,
    "POST /api/v1/orders/{order_id}/cancellation": CUSTOMER,
    "POST /api/v1/orders/{order_id}/payments": CUSTOMER,
    "POST /api/v1/orders/{order_id}/payments/{out_trade_no}/confirmation": CUSTOMER,
    "GET /api/v1/staff/me": STAFF,
    "DELETE /api/v1/staff/sessions": STAFF,
    "GET /api/v1/office/orders": DISPATCHER | FINANCE,
    "GET /api/v1/office/orders/{order_id}": DISPATCHER | FINANCE,
    "POST /api/v1/office/orders/{order_id}/confirmation": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/assignment": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/reassignment": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/acceptance": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/refusal": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/rescheduling": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/progress": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/completion": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/cancellation": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/notes": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/area-review": DISPATCHER,
    "POST /api/v1/office/orders/{order_id}/room-inspection": DISPATCHER,
    "GET /api/v1/office/workers": DISPATCHER | ADMINISTRATOR,
    "POST /api/v1/office/workers": DISPATCHER | ADMINISTRATOR,
    "POST /api/v1/office/seats": DISPATCHER,
    "GET /api/v1/office/alerts": DISPATCHER | FINANCE,
    "POST /api/v1/office/alerts/{alert_id}/acknowledgement": FINANCE,
    "POST /api/v1/office/staff": ADMINISTRATOR,
    "POST /api/v1/office/staff/{staff_id}/grants": ADMINISTRATOR,
    "POST /api/v1/office/staff/{staff_id}/grants/{grant_id}/revocation": ADMINISTRATOR,
    "GET /api/v1/office/ledger/entries": FINANCE,
    "GET /api/v1/office/ledger/cash-flow": FINANCE,
    "GET /api/v1/office/ledger/trial-balance": FINANCE,
}

# They check WeChat's signature and the log-in's state, not a session.
FOR_WECHAT = {
    "GET /callbacks/wechat-login",
    "POST /callbacks/wechat-pay/transactions",
}
FILES = {"/api/docs/assets", "/static"}

PEOPLE: dict[str, Callable[[Town], Caller]] = {
    "anonymous": Town.anybody,
    "customer": Town.customer,
    "dispatcher": Town.dispatcher,
    "finance": Town.finance,
    "administrator": Town.administrator,
}


def routes_of(town: Town) -> set[str]:
    found = set()
    for route in iter_route_contexts(create_app(town.house).routes):
        for method in (route.methods or set()) - {"HEAD", "OPTIONS"}:
            found.add(f"{method} {route.path}")
    return found


def test_the_table_names_every_route_and_no_other(town: Town) -> None:
    assert routes_of(town) == set(LET_IN) | FOR_WECHAT


def test_nothing_is_mounted_but_files(town: Town) -> None:
    contexts = iter_route_contexts(create_app(town.house).routes)
    assert {route.path for route in contexts if not route.methods} == FILES


@pytest.mark.parametrize("person", PEOPLE)
def test_who_is_let_in_is_what_the_table_says(town: Town, person: str) -> None:
    wrong = {}
    for route, let_in in LET_IN.items():
        caller = PEOPLE[person](town)  # anew, as a log-out ends the session
        status = asked(caller, route)
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
