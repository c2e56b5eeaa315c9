"""Requests that no honest client sends: raw bytes, slow bodies, planted headers, odd paths."""

import gzip
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from interface.api import problems
from interface.api.bodies import BodyLimits
from interface.settings import NOTIFY_PATH
from tests.interface.problems import PROBLEM, assert_problem
from tests.interface.test_bad_inputs import raw
from tests.interface.town import Caller, Town
from tests.loopback import Message, serving

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"
PAYMENTS = f"{ORDERS}/00000000-0000-0000-0000-000000000000/payments"


@pytest.fixture(scope="module")
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def unchanged(town: Town) -> Iterator[None]:
    """Whatever the test sends, the log stays as it was."""
    before = town.position()
    yield
    assert town.position() == before


def answer_to(url: str, *parts: bytes) -> bytes:
    """All that a server says to these bytes, until it hangs up."""
    address = urlsplit(url)
    with closing(socket.create_connection((str(address.hostname), address.port or 0), 20)) as line:
        for part in parts:
            line.sendall(part)
        told = b""
        while received := line.recv(65_536):
            told += received
    return told


def head_of(method: str, path: str, *headers: bytes) -> bytes:
    """A request's head, after whose answer the server hangs up."""
    first = f"{method} {path} HTTP/1.1".encode()
    return b"\r\n".join([first, b"Host: x", b"Connection: close", *headers, b"", b""])


# -- bodies


@pytest.mark.usefixtures("unchanged")
def test_a_compressed_body_is_not_unpacked(town: Town, customer: Caller) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    packed = {"Content-Encoding": "gzip"}
    assert_problem(raw(customer, bomb, **packed), 400, "malformed_body")
    assert town.notice(bomb, packed) == 401


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("path", [ORDERS, NOTIFY_PATH, "/api/v1/staff/sessions", "/nothing"])
def test_ten_megabytes_are_refused_by_what_is_announced(town: Town, path: str) -> None:
    told = answer_to(town.url, head_of("POST", path, b"Content-Length: 10000000"))
    assert told.startswith(b"HTTP/1.1 413 ")
    assert PROBLEM.encode() in told


@pytest.mark.parametrize(
    "length", [b"-1", b"x", b"1e3", b"9" * 400, b"1\r\nContent-Length: 2", "１".encode()]
)
def test_a_length_that_is_none_is_no_defect(town: Town, length: bytes) -> None:
    head = head_of("POST", "/api/v1/quotes", b"Content-Length: " + length)
    status = answer_to(town.url, head, b"{}").split(b" ")[1]
    assert status in {b"400", b"413", b"422"}


class Dripping:
    """A client whose body never ends: each part after a pause."""

    def __init__(self, pause: float) -> None:
        self.pause = pause
        self.parts = 0

    async def __call__(self) -> Message:
        await anyio.sleep(self.pause)
        self.parts += 1
        return {"type": "http.request", "body": b"x", "more_body": True}


@pytest.mark.parametrize(("pause", "most"), [(9, 0), (0.01, 100)], ids=["stalls", "drips"])
def test_a_body_that_comes_too_slowly_is_given_up(pause: float, most: int) -> None:
    """A pause, or all of it, may last so long; no thread waits for it meanwhile."""
    client, told = Dripping(pause), list[Message]()

    async def read(request: Request) -> PlainTextResponse:
        return PlainTextResponse(await request.body())

    async def note(message: Message) -> None:
        told.append(message)

    async def ask() -> None:
        app: Any = Starlette(routes=[Route("/", read, methods=["POST"])])
        problems.install(app)
        limits = BodyLimits(app, pause_seconds=0.05, seconds=0.2)
        scope = {"type": "http", "method": "POST", "path": "/", "headers": [], "query_string": b""}
        await limits(scope, client, note)

    anyio.run(ask)
    assert told[0]["status"] == 408
    assert json.loads(told[1]["body"])["code"] == "too_slow"
    assert client.parts <= most


def test_who_has_sent_all_may_wait_for_the_answer() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        assert (await receive())["body"] == b"{}"
        with anyio.move_on_after(0.2) as waiting:
            await receive()
        assert waiting.cancelled_caught
        await PlainTextResponse("done")(scope, receive, send)

    with serving(BodyLimits(slow, pause_seconds=0.05, seconds=0.1)) as url:
        assert Caller(url).send("POST", "/", data=b"{}").text == "done"


def test_of_two_equal_keys_the_one_that_is_checked_counts(town: Town) -> None:
    caller = town.customer()
    twice = json.dumps(town.wish())[:-1].encode() + b', "quantity": 180}'
    assert raw(caller, twice).json()["total_fen"] == town.booked(caller, quantity=180)["total_fen"]
    hidden = json.dumps(town.wish())[:-1].encode() + b', "quantity": -1}'
    assert_problem(raw(caller, hidden), 422, "invalid_input", "quantity")


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("field", ["role", "price", "paid", "customer_id", "total_fen", "stage"])
def test_nobody_names_his_own_price(town: Town, customer: Caller, field: str) -> None:
    assert_problem(customer.post(ORDERS, {**town.wish(), field: 1}), 422, "invalid_input", field)


@pytest.mark.usefixtures("unchanged")
def test_the_largest_amounts_do_not_overflow(town: Town, customer: Caller) -> None:
    items = {f"a{number}": 100_000 for number in range(50)}
    for wish in (town.wish("BJ-01", 100_000), {**town.wish("BJ-01", 0), "items": items}):
        answer = customer.post(ORDERS, wish)
        assert answer.status_code == 422, answer.text


# -- times


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "starts_at",
    [
        "1970-01-01T00:00:00Z",
        "2026-11-22T11:00:00+08:00",
        "2026-11-22T12:00:00+14:00",
        "2026-12-31T23:59:59.999999+14:00",
        "2027-01-01T00:00:00+08:00",
        "9998-12-31T23:59:59+00:00",
    ],
)
def test_a_time_that_cannot_be_kept_is_refused(
    town: Town, customer: Caller, starts_at: str
) -> None:
    answer = customer.post(ORDERS, town.wish(starts_at=starts_at))
    assert answer.status_code in {409, 422}, answer.text
    assert answer.headers["Content-Type"] == PROBLEM


def test_the_same_instant_is_the_same_time_in_every_zone(town: Town) -> None:
    nine = town.tomorrow(9)
    for hours in (14, -12, 0):
        told = nine.astimezone(timezone(timedelta(hours=hours))).isoformat()
        customer = town.customer()
        town.booked(customer, starts_at=told)
        town.catch_up()
        (shown,) = customer.read(ORDERS)["orders"]
        assert datetime.fromisoformat(shown["starts_at"]) == nine


# -- paths and methods


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "path",
    [
        f"{ORDERS}/",
        "//api/v1/orders",
        "/api//v1/orders",
        "/api/v1/%2e%2e/v1/orders",
        "/api/v1/%252e%252e/orders",
        "/API/V1/orders",
        "/api/v1/orders%2f",
        "/api/v1/orders;x=1",
        "/api/v1/orders%00",
        "/static/%252e%252e/app.py",
        "/static/..%2fapi%2fapp.py",
    ],
)
def test_a_path_has_one_spelling(customer: Caller, path: str) -> None:
    for method in ("GET", "POST"):
        told = answer_to(customer.base_url, head_of(method, path))
        assert told.split(b" ")[1] in {b"404", b"405"}
        assert b"\r\nlocation:" not in told.lower()


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "GET"])
@pytest.mark.parametrize("path", [PAYMENTS, NOTIFY_PATH, f"{OFFICE}/x/offline-receipts"])
def test_money_moves_by_post_alone(customer: Caller, method: str, path: str) -> None:
    override = {"X-HTTP-Method-Override": "POST", "X-Method-Override": "POST"}
    answer = customer.send(method, path, headers=override)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


def test_allow_names_every_method_of_a_path(customer: Caller) -> None:
    assert customer.send("DELETE", ORDERS).headers["Allow"] == "GET, POST"
    assert customer.send("POST", "/static/api-docs.js").headers["Allow"] == "GET, HEAD"


# -- queries


LONG = ["x" * 10_000, "a" * 9_999 + "!", "'; drop table orders; --", "%_%", "(a+)+$" * 100]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("text", LONG, ids=lambda text: text[:12])
@pytest.mark.parametrize("name", ["search", "stage", "service_code", "cursor"])
def test_a_long_or_strange_query_is_answered(town: Town, name: str, text: str) -> None:
    answer = town.dispatcher().get(OFFICE, **{name: text})
    assert answer.status_code in {200, 422}
    if answer.status_code == 200:
        assert answer.json()["orders"] == []


def test_somebody_elses_cursor_shows_nothing_of_theirs(town: Town) -> None:
    other = town.customer()
    for _ in range(2):
        town.booked(other)
    mine = town.customer()
    town.booked(mine)
    town.catch_up()
    cursor = other.read(ORDERS, limit=1)["next_cursor"]
    assert cursor
    own = {each["order_id"] for each in mine.read(ORDERS)["orders"]}
    told = mine.read(ORDERS, cursor=cursor)["orders"]
    assert {each["order_id"] for each in told} <= own


# -- headers


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
def test_no_answer_repeats_where_the_request_pretends_to_go(town: Town, name: str) -> None:
    for path in ("/", "/api/v1/wechat/login", "/api/v1/orders/", "/static", "/api/v1/me"):
        answer = town.anybody().send("GET", path, headers={name: "evil.example"})
        assert "evil.example" not in answer.text
        assert "evil.example" not in json.dumps(dict(answer.headers))


def test_a_line_break_in_a_header_makes_no_second_header(town: Town) -> None:
    for path in ("/api/v1/wechat/login?return_path=/%0d%0aSet-Cookie:%20a=b", "/%0d%0aX: y"):
        told = answer_to(town.url, head_of("GET", path))
        head = told.split(b"\r\n\r\n")[0].lower()
        assert b"\r\nset-cookie: a=b" not in head
        assert b"\r\nx: y" not in head


@pytest.mark.parametrize(
    "cookie", ["x" * 16_384, "jiawu_customer=" + "x" * 16_384, "=;=;==", "\xff"]
)
def test_a_strange_cookie_is_nobody(town: Town, cookie: str) -> None:
    answer = town.anybody().send("GET", "/api/v1/me", headers={"Cookie": cookie.encode("latin-1")})
    assert answer.status_code in {400, 401, 431}


def test_of_two_cookies_one_counts_and_none_adds_rights(town: Town) -> None:
    customer, staff = town.customer(), town.dispatcher()
    tokens = [
        next(each.value for each in caller.session.cookies if each.path == "/")
        for caller in (customer, staff)
    ]
    caller = town.anybody()
    for first, second in (tokens, tokens[::-1]):
        caller.session.headers["Cookie"] = f"jiawu_customer={first}; jiawu_customer={second}"
        assert caller.get("/api/v1/staff/me").status_code == 401
        status = caller.get("/api/v1/me").status_code
        assert status == (200 if second == tokens[0] else 401)


# -- foreign pages (CSRF)


@pytest.mark.usefixtures("unchanged")
def test_a_form_of_a_foreign_page_commands_nothing(town: Town, customer: Caller) -> None:
    """What a browser sends without asking first: text/plain, with the cookie, from elsewhere."""
    body = json.dumps(town.wish()).encode()
    kinds = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data")
    for kind in kinds:
        foreign = {"Content-Type": kind, "Origin": "https://evil.example"}
        assert raw(customer, body, **foreign).status_code in {403, 422}
        assert raw(customer, body, **{"Content-Type": kind}).status_code == 422


def test_a_cookie_without_an_origin_comes_from_no_page(town: Town) -> None:
    """Browsers name the origin of every command; programs with a cookie need not."""
    assert town.customer().post(ORDERS, town.wish()).status_code == 201


# -- at the same time


def test_one_worker_is_sent_to_one_of_two_homes_at_the_same_hour(town: Town) -> None:
    office = town.dispatcher()
    worker = town.worker(office)
    orders = [town.paid(town.customer())["order_id"] for _ in range(2)]
    before = town.position()

    def assign(order_id: str) -> int:
        body = {"crew": [worker]}
        return office.post(f"{OFFICE}/{order_id}/assignment", body).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(assign, orders)) == [200, 409]
    assert town.position() == before + 1


def test_a_cancellation_and_a_payment_at_once_lose_no_money(town: Town) -> None:
    customer = town.customer()
    order = town.booked(customer)
    number = town.prepared(customer, order)
    town.pay_at_wechat(number)
    door = f"{ORDERS}/{order['order_id']}"
    with ThreadPoolExecutor(3) as pool:
        cancelling = pool.submit(customer.post, f"{door}/cancellation")
        asking = pool.submit(customer.post, f"{door}/payments/{number}/confirmation")
        pool.submit(town.courier.deliver_due).result()
    assert {cancelling.result().status_code, asking.result().status_code} <= {200, 204, 409}
    assert town.facts_of_payment(number).count("payment.succeeded") == 1
    town.settle()
    facts = town.facts_of(UUID(order["order_id"]))
    cancelled, paid = "cleaning_order.cancelled" in facts, "cleaning_order.paid" in facts
    assert cancelled != paid or "cleaning_order.refund_due" in facts
