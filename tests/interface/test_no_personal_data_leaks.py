"""Canaries: a phone, an openid and a password that must show nowhere they are not meant for."""

import json
import logging
from collections.abc import Iterator
from uuid import UUID

import pytest
import requests
from sqlalchemy import inspect, text

from tests.interface.town import CONTACT, Caller, Json, Town

PHONE = "13655550123"
WORKERS_PHONE = "13655550124"
OPENID = "oCanary0000000000000000000001"
NAME = "金丝雀"
ADDRESS = "鸟笼胡同 7 号"
PASSWORD = "canary passphrase"
MASKED = "136****0123"
SECRETS = (PHONE, WORKERS_PHONE, OPENID, PASSWORD)
OFFICE = "/api/v1/office/orders"


class Listening(logging.Handler):
    """Keeps every line of every logger."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture(scope="module")
def heard() -> Iterator[list[str]]:
    """What is logged from now on; the client's own library tells of nothing of ours."""
    listening, root, client = Listening(), logging.getLogger(), logging.getLogger("urllib3")
    before, clients = root.level, client.level
    root.addHandler(listening)
    root.setLevel(logging.DEBUG)
    client.setLevel(logging.WARNING)
    yield listening.lines
    root.removeHandler(listening)
    root.setLevel(before)
    client.setLevel(clients)


@pytest.fixture(scope="module")
def answers(town: Town, heard: list[str]) -> list[requests.Response]:
    """Every answer about a canary's order that anybody gets."""
    assert heard is not None
    customer, office, finance = town.customer(OPENID), town.dispatcher(), town.finance()
    contact = {**CONTACT, "name": NAME, "phone": PHONE, "address": ADDRESS}
    order = town.paid(customer, contact=contact, remark=f"请打 {NAME} 的电话")
    worker = {"name": NAME, "phone": WORKERS_PHONE, "skills": ["BJ-01"], "districts": ["110105"]}
    worker_id = office.do("/api/v1/office/workers", worker)["worker_id"]
    office.do(f"{OFFICE}/{order['order_id']}/assignment", {"crew": [worker_id]})
    town.catch_up()
    reading = [
        *(customer.get(path) for path in ("/api/v1/me", "/api/v1/orders")),
        customer.get(f"/api/v1/orders/{order['order_id']}"),
        *(office.get(path) for path in (OFFICE, f"{OFFICE}/{order['order_id']}")),
        office.get("/api/v1/office/workers"),
        *(
            finance.get(f"/api/v1/office/ledger/{path}")
            for path in ("entries", "cash-flow", "trial-balance")
        ),
        *(town.anybody().get(path) for path in ("/readyz", "/metrics", "/healthz")),
    ]
    assert all(answer.ok for answer in reading)
    return [*reading, *refusals(town, customer, office, contact)]


def refusals(
    town: Town, customer: Caller, office: Caller, contact: Json
) -> Iterator[requests.Response]:
    """What is answered to bodies that hold a canary and cannot be taken."""
    yield customer.post("/api/v1/orders", town.wish(contact={**contact, "phone": f"{PHONE}0"}))
    yield customer.post("/api/v1/orders", town.wish(contact=contact, quantity=1))
    yield customer.post("/api/v1/orders", town.wish(contact=contact, service_code="ZZ-99"))
    yield customer.post("/api/v1/orders", json.dumps(contact))
    yield customer.get("/api/v1/orders", cursor=PHONE)
    yield office.post("/api/v1/office/workers", {"phone": WORKERS_PHONE})
    wrong = {"login_name": "demo-finance", "password": PASSWORD}
    yield town.anybody().post("/api/v1/staff/sessions", wrong)
    account = {"login_name": "x y", "display_name": "x", "roles": [], "password": PASSWORD}
    yield town.administrator().post("/api/v1/office/staff", account)


@pytest.mark.requirement("R16")
def test_no_answer_holds_a_canary(answers: list[requests.Response]) -> None:
    for answer in answers:
        told = answer.text + json.dumps(answer.json() if _is_json(answer) else "")
        told += str(answer.headers)
        assert not [secret for secret in SECRETS if secret in told], answer.url


def _is_json(answer: requests.Response) -> bool:
    return "json" in answer.headers["Content-Type"]


@pytest.mark.requirement("R16")
def test_phones_are_masked_wherever_they_show(answers: list[requests.Response]) -> None:
    board = next(answer for answer in answers if answer.url.endswith(OFFICE)).json()["orders"]
    assert board[0]["phone"] == MASKED
    workers = next(answer for answer in answers if answer.url.endswith("/workers")).json()
    assert workers["workers"][0]["phone"] == "136****0124"


def test_no_log_line_holds_a_canary(answers: list[requests.Response], heard: list[str]) -> None:
    assert answers
    lines = [line for line in heard if any(secret in line for secret in (*SECRETS, NAME, ADDRESS))]
    assert lines == []
    assert any('"route": "/api/v1/orders/{order_id}"' in line for line in heard)


def test_log_lines_hold_templates_and_no_ids(
    answers: list[requests.Response], heard: list[str]
) -> None:
    assert answers
    requests_heard = [json.loads(line) for line in heard if line.startswith('{"method"')]
    assert {"method", "route", "status", "ms"} == set(requests_heard[0])
    assert not any(_has_id(line["route"]) for line in requests_heard)


def _has_id(route: str) -> bool:
    return any(_is_id(part) for part in route.split("/"))


def _is_id(part: str) -> bool:
    try:
        UUID(part)
    except ValueError:
        return False
    return True


def test_no_table_holds_a_canary_in_clear(town: Town, answers: list[requests.Response]) -> None:
    assert answers
    engine = town.house.engine
    schemas = [each for each in inspect(engine).get_schema_names() if "pg_" not in each]
    tables = [
        f'"{schema}"."{table}"'
        for schema in schemas
        if schema not in {"information_schema", "public"}  # the latter is the migrations'
        for table in inspect(engine).get_table_names(schema=schema)
    ]
    assert len(tables) > 15
    with engine.connect() as connection:
        for table in tables:
            rows = connection.execute(text(f"select t::text from {table} t")).scalars()  # noqa: S608 - our own names
            for row in rows:
                assert not [s for s in (*SECRETS, NAME, ADDRESS) if s in row], table
