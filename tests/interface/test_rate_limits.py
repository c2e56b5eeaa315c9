"""Who asks too often is told to wait (限流); everybody else is served meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import anyio
import pytest
import requests
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from starlette.responses import Response

from infrastructure.clock import SettableClock
from interface.api.app import create_app
from interface.api.limiting import AddressLimiter, Limits, TooManyRequestsError, address_of
from interface.api.rate_limits import CLASSES, EVERYTHING, NOTICES, Whose, class_of
from interface.api.windows import Windows
from interface.cli.serving import serving as as_in_production
from interface.settings import NOTIFY_PATH, Settings
from tests.interface.access_table import EVERYBODY, LET_IN
from tests.interface.problems import assert_problem
from tests.interface.strict import installed, somebody, subject_of
from tests.interface.town import Caller, Town
from tests.loopback import Message, Receive, Send, serving
from tests.product import NOON

ORDERS = "/api/v1/orders"
SENTENCE = "操作过于频繁，请稍后再试。"


@pytest.fixture(scope="module")
def strict(town: Town) -> Iterator[str]:
    with installed(town, rate_limits=1) as url:
        yield url


@pytest.fixture(autouse=True)
def a_new_day(town: Town) -> None:
    """No test finds the windows of another one."""
    town.clock.advance(timedelta(days=1))


def until_refused(ask: Iterator[requests.Response], most: int) -> tuple[int, requests.Response]:
    """How many were answered before the first 429."""
    for answered, answer in enumerate(ask):
        if answer.status_code == 429:
            return answered, answer
        assert answered < most
    pytest.fail("nobody was refused")


def asked(caller: Caller, method: str, path: str) -> Iterator[requests.Response]:
    while True:
        yield caller.send(method, path, json={})


# -- over HTTP


@pytest.mark.parametrize(
    ("method", "path", "most"),
    [
        ("GET", "/api/v1/wechat/login", 120),
        ("GET", "/callbacks/wechat-login", 120),
        ("POST", "/api/v1/staff/sessions", 30),
        ("POST", "/api/v1/quotes", 240),
        ("GET", "/api/v1/slots", 240),
        ("GET", "/healthz", 300),
    ],
)
def test_an_address_may_use_an_open_entrance_so_often(
    strict: str, method: str, path: str, most: int
) -> None:
    answered, refused = until_refused(asked(Caller(strict), method, path), most)
    assert answered == most
    assert_problem(refused, 429, "too_many_requests")
    assert refused.json()["title"] == SENTENCE
    assert refused.headers["Retry-After"] == "60"
    assert Caller(strict).get("/api/docs").status_code == 200


def test_the_window_moves_on_and_lets_in_again(town: Town, strict: str) -> None:
    caller = Caller(strict)
    until_refused(asked(caller, "POST", "/api/v1/staff/sessions"), 30)
    town.clock.advance(timedelta(seconds=59))
    refused = caller.send("POST", "/api/v1/staff/sessions", json={})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    town.clock.advance(timedelta(seconds=1))
    assert caller.send("POST", "/api/v1/staff/sessions", json={}).status_code == 422


def test_a_customer_books_ten_times_a_minute_whatever_session(town: Town, strict: str) -> None:
    who = subject_of(town, town.customer())
    sessions = [somebody(town, strict, who) for _ in range(3)]
    answers = [sessions[n % 3].post(ORDERS).status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    other = somebody(town, strict, subject_of(town, town.customer()))
    assert other.post(ORDERS).status_code == 422
    assert sessions[0].get(ORDERS).status_code == 200


def test_bookings_of_an_hour_are_limited_too(town: Town, strict: str) -> None:
    customer = somebody(town, strict, subject_of(town, town.customer()))
    for _ in range(6):
        assert {customer.post(ORDERS).status_code for _ in range(10)} == {422}
        town.clock.advance(timedelta(minutes=1))
    refused = customer.post(ORDERS)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, str(54 * 60))


def test_contacts_are_shown_thirty_times_a_minute(town: Town, strict: str) -> None:
    office = somebody(town, strict, subject_of(town, town.dispatcher()))
    path = "/api/v1/office/workers/00000000-0000-0000-0000-000000000000/contact-disclosure"
    answered, _ = until_refused(asked(office, "POST", path), 30)
    assert answered == 30


def test_commands_have_a_limit_that_reads_do_not_use_up(town: Town, strict: str) -> None:
    office = somebody(town, strict, subject_of(town, town.dispatcher()))
    for _ in range(130):
        assert office.get("/api/v1/staff/me").status_code == 200
    answered, _ = until_refused(asked(office, "POST", "/api/v1/office/leaves"), 120)
    assert answered == 120
    assert office.get("/api/v1/staff/me").status_code == 200


def test_notices_of_wechat_pay_come_in_bursts(strict: str) -> None:
    """50 a second for a minute, though nothing else may ask that often."""
    caller = Caller(strict)
    answers = {caller.send("POST", NOTIFY_PATH, data=b"{}").status_code for _ in range(300)}
    assert 429 not in answers
    (amount,) = NOTICES.amounts.split(";")
    assert int(amount.removesuffix("/minute")) > 60 * 50


# -- by whom


def refused_after(limits: Limits, name: str, whose: str) -> int:
    (routes,) = (each for each in (*CLASSES, EVERYTHING) if each.name == name)
    for admitted in range(100_000):
        try:
            limits.admit(routes, whose)
        except TooManyRequestsError:
            return admitted
    return -1


def test_who_is_counted_is_told_by_a_trusted_proxy_only() -> None:
    app = FastAPI()
    app.add_middleware(AddressLimiter, limits=Limits(SettableClock(NOON), 1))
    statuses = {}
    for trusted in ("127.0.0.1", ""):
        with as_in_production(app, trusted_proxies=trusted) as url, requests.Session() as session:
            session.trust_env = False
            statuses[trusted] = [
                session.get(
                    f"{url}/healthz", headers={"X-Forwarded-For": f"203.0.113.{n}"}, timeout=10
                ).status_code
                for n in range(250)
                for _ in range(2)
            ]
    assert 429 not in statuses["127.0.0.1"]
    assert statuses[""].count(429) == 200


def test_invented_tokens_are_counted_by_address() -> None:
    """Whatever a caller sends along, the sum of an address is that of its address."""
    statuses: list[int] = []

    async def answer(scope: Message, receive: Receive, send: Send) -> None:
        await Response()(scope, receive, send)

    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def ask() -> None:
        limiter = AddressLimiter(answer, Limits(SettableClock(NOON), 1))
        for number in range(3_100):
            headers = [(b"authorization", f"Bearer {number}".encode())]
            scope = {"type": "http", "method": "GET", "path": ORDERS, "headers": headers}
            await limiter({**scope, "client": ("203.0.113.7", number)}, nothing, note)

    anyio.run(ask)
    assert statuses == [200] * 3_000 + [429] * 100


async def nothing() -> Message:
    return {"type": "http.disconnect"}


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("203.0.113.7", "203.0.113.8", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::not::an::address", "::not::an::address", True),
    ],
)
def test_a_home_is_one_address(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a column of the table
    found = [address_of({"client": (each, 1)}) for each in (one, other)]
    assert (found[0] == found[1]) is same


def test_a_request_without_an_address_is_counted_with_its_like() -> None:
    assert address_of({"client": None}) == address_of({}) == ""


# -- at once


def test_a_held_callback_takes_four_places_of_an_address_and_eight_of_all() -> None:
    limits = Limits(SettableClock(NOON), 1)
    callback = class_of("GET", "/callbacks/wechat-login")
    stayed = [limits.under_way(callback, address) for address in "aaaabbbb"]
    for each in stayed:
        each.__enter__()
    for address in "abc":
        with pytest.raises(TooManyRequestsError), limits.under_way(callback, address):
            pytest.fail("nobody more is let in")
    stayed[0].__exit__(None, None, None)
    with limits.under_way(callback, "c"):
        pass
    for each in stayed[1:]:
        each.__exit__(None, None, None)
    assert not limits._under_way  # noqa: SLF001 - nothing may be kept of who has left


def test_threads_stay_free_while_somebody_holds_the_callback() -> None:
    leave, app = Event(), FastAPI()
    app.add_middleware(AddressLimiter, limits=Limits(SettableClock(NOON), 1))

    @app.get("/callbacks/wechat-login")
    def held() -> None:
        leave.wait(10)

    with serving(app) as url, ThreadPoolExecutor(12) as pool:
        asking = [pool.submit(Caller(url).get, "/callbacks/wechat-login") for _ in range(12)]
        while sum(each.done() for each in asking) < 8:
            assert Caller(url).get("/openapi.json").status_code == 200
        leave.set()
        statuses = sorted(each.result().status_code for each in asking)
    assert statuses == [200] * 4 + [429] * 8


# -- the table


def test_whoever_may_come_in_is_counted_by_address() -> None:
    open_to_all = [route for route, let_in in LET_IN.items() if let_in == EVERYBODY]
    by_person = {r for r in open_to_all if class_of(*r.split(" ")).whose is Whose.PERSON}
    assert by_person == {"GET /api/v1/openapi.json"}  # cheap, and in the sum of its address


def test_every_row_of_the_table_has_a_route(town: Town) -> None:
    used = set()
    for route in iter_route_contexts(create_app(town.house).routes):
        for method in route.methods or {"GET"}:
            used.add(class_of(method, route.path or "").name)
    assert {each.name for each in CLASSES} - used == set()


@pytest.mark.parametrize(("told", "factor"), [("off", 0), ("on", 1), ("20", 20)])
def test_limits_are_switched_by_one_setting(told: str, factor: int) -> None:
    assert Settings.model_validate({"rate_limits": told}).rate_limits == factor


@pytest.mark.parametrize("told", ["-1", "some", "1001"])
def test_a_wrong_factor_is_refused_at_the_start(told: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"rate_limits": told})


def test_limits_are_on_unless_somebody_says_otherwise() -> None:
    assert Settings().rate_limits == 1


def test_a_factor_multiplies_and_off_counts_nothing() -> None:
    clock = SettableClock(NOON)
    assert refused_after(Limits(clock, 3), "bookings", "x") == 30
    assert refused_after(Limits(clock, 0), "bookings", "x") == -1


# -- the windows


@given(
    steps=st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab")), max_size=60),
    limit=st.integers(1, 6),
)
def test_no_window_holds_more_than_its_limit(steps: list[tuple[int, str]], limit: int) -> None:
    clock, admitted = SettableClock(NOON), list[tuple[float, str]]()
    windows = Windows(clock)
    for seconds, key in steps:
        clock.advance(timedelta(seconds=seconds))
        now = clock.now().timestamp()
        inside = [at for at, whose in admitted if whose == key and at > now - 60]
        let_in = windows.acquire_entry(key, limit, 60)
        assert let_in == (len(inside) < limit)
        admitted += [(now, key)] * let_in


def test_the_oldest_are_forgotten_so_that_memory_has_an_end() -> None:
    windows = Windows(SettableClock(NOON), most_keys=100)
    for number in range(1_000):
        assert windows.acquire_entry(str(number), 1, 60)
    assert [windows.get(str(number)) for number in (0, 899, 900, 999)] == [0, 0, 1, 1]
    assert windows.reset() == 100


def test_a_storage_keeps_what_the_library_expects_of_one() -> None:
    clock = SettableClock(NOON)
    windows = Windows(clock)
    assert (windows.incr("k", 60), windows.incr("k", 60, 2), windows.get("k")) == (1, 3, 3)
    assert windows.get_expiry("k") == windows.get_expiry("nobody") == clock.now().timestamp()
    assert windows.check()
    windows.clear("k")
    assert (windows.get("k"), windows.base_exceptions) == (0, ValueError)
