"""Bad paths, methods, queries and office bodies: a problem document each time, nothing changes."""

from collections.abc import Iterator

import pytest

from tests.interface.problems import PROBLEM, assert_problem
from tests.interface.town import Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture(scope="module")
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def unchanged(town: Town) -> Iterator[None]:
    """Whatever the test sends, the log stays as it was."""
    before = town.position()
    yield
    assert town.position() == before


# -- paths and methods


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{ORDERS}/{NOBODY}", 404),
        (f"{ORDERS}/0", 422),
        (f"{ORDERS}/{NOBODY}x", 422),
        (f"{ORDERS}/%00", 422),
        (f"{ORDERS}/%2e%2e/%2e%2e/healthz", 404),
        ("/api/v1/Orders", 404),
        ("/api/v1/order", 404),
        ("/api/v1//orders", 404),
        ("/nothing/here", 404),
        ("/api/docs/assets/../../../pyproject.toml", 404),
        ("/static/%2e%2e/settings.py", 404),
    ],
)
def test_a_wrong_path_is_a_problem(customer: Caller, path: str, status: int) -> None:
    answer = customer.get(path)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE"])
def test_a_wrong_method_is_a_problem(customer: Caller, method: str) -> None:
    answer = customer.send(method, ORDERS)
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"] or "GET" in answer.headers["Allow"]


def test_a_method_in_a_header_changes_nothing(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    town.catch_up()
    before = town.position()
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Forwarded-Host": "evil.example"}
    assert customer.send("GET", f"{ORDERS}/{order['order_id']}", headers=headers).ok
    assert town.position() == before


QUERIES = [
    ("limit", "0"),
    ("limit", "-1"),
    ("limit", "101"),
    ("limit", "1000000"),
    ("limit", "１２"),
    ("limit", "1e2"),
    ("limit", "x"),
    ("at_least", "-1"),
    ("at_least", str(2**63)),
    ("at_least", "9" * 5_000),
    ("cursor", "x"),
    ("cursor", "djE6MQ==="),
    ("cursor", "游标"),
    ("cursor", "\x00"),
    ("cursor", "x" * 65),
]


@pytest.mark.parametrize(("name", "value"), QUERIES, ids=lambda each: each[:20])
def test_a_bad_query_is_a_problem(town: Town, customer: Caller, name: str, value: str) -> None:
    for caller, path in ((customer, ORDERS), (town.dispatcher(), OFFICE)):
        answer = caller.get(path, **{name: value})
        assert answer.status_code == 422, answer.text
        assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.parametrize(
    ("name", "value"), [("stage", "'; --"), ("source", "%"), ("service_code", "BJ_01")]
)
def test_a_bad_filter_is_a_problem(town: Town, name: str, value: str) -> None:
    assert_problem(town.dispatcher().get(OFFICE, **{name: value}), 422, "invalid_input", name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("quantity", "１２０"),
        ("quantity", "-1"),
        ("starts_at", "0001-01-01T00:00:00+14:00"),
        ("starts_at", "9998-12-31T23:59:00+00:00"),
        ("starts_at", "1763888400"),
        ("district", "１１０１０５"),
        ("option", "no colon"),
        ("option", "sides:nowhere"),
        ("service_code", "ZZ-99"),
    ],
)
def test_a_bad_quote_is_a_problem(town: Town, name: str, value: str) -> None:
    wish = {
        "service_code": "BJ-01",
        "quantity": "120",
        "starts_at": town.tomorrow().isoformat(),
        "district": "110105",
    }
    answer = town.anybody().get("/api/v1/quotes", **{**wish, name: value})
    assert answer.status_code in {404, 422}, answer.text
    assert answer.headers["Content-Type"] == PROBLEM


# -- the office's bodies


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    ("step", "body"),
    [
        ("assignment", {"crew": []}),
        ("assignment", {"crew": [NOBODY] * 7}),
        ("assignment", {"crew": ["x"]}),
        ("assignment", {"crew": NOBODY}),
        ("reassignment", {"crew": [NOBODY]}),
        ("acceptance", {"happened_at": "2026-11-22T09:00:00"}),
        ("acceptance", {"happened_at": 5}),
        ("acceptance", {"note": "x" * 501}),
        ("refusal", {"reason_code": "not a word"}),
        ("rescheduling", {"starts_at": "later", "reason_code": "customer"}),
        ("progress", {"stage": "已出发"}),
        ("progress", {}),
        ("completion", {"paid": True}),
        ("cancellation", {"reason_code": ""}),
        ("notes", {"text": ""}),
        ("notes", {"text": "x", "visibility": "public!"}),
    ],
    ids=str,
)
def test_a_bad_office_command_is_a_problem(town: Town, step: str, body: Json) -> None:
    answer = town.dispatcher().post(f"{OFFICE}/{NOBODY}/{step}", body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["Content-Type"] == PROBLEM


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "change",
    [
        {"login_name": "a\x00b"},
        {"login_name": "名字"},
        {"login_name": "a b"},
        {"roles": ["root"]},
        {"roles": ["finance"] * 6},
        {"display_name": "\u202e"},
        {"staff_id": NOBODY},
    ],
    ids=str,
)
def test_a_bad_account_is_a_problem(town: Town, change: dict[str, Json]) -> None:
    body = {"login_name": "fine", "display_name": "好", "roles": [], "password": "p" * 12}
    answer = town.administrator().post("/api/v1/office/staff", {**body, **change})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("name", ["a\x00b", "\u202e", "x" * 65, ""])
def test_a_strange_log_in_name_logs_nobody_in(town: Town, name: str) -> None:
    body = {"login_name": name, "password": "whatever it is"}
    assert town.anybody().post("/api/v1/staff/sessions", body).status_code in {401, 422}
