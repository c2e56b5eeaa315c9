"""Bad inputs over HTTP: a problem document each time, never a 5xx, and nothing changes."""

import json
from collections.abc import Iterator
from uuid import uuid4

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.interface.problems import PROBLEM, assert_problem
from tests.interface.town import CONTACT, Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"


@pytest.fixture(scope="module")
def customer(town: Town) -> Caller:
    return town.customer()


@pytest.fixture
def unchanged(town: Town) -> Iterator[None]:
    """Whatever the test sends, the log stays as it was."""
    before = town.position()
    yield
    assert town.position() == before


def raw(customer: Caller, body: bytes, **headers: str) -> requests.Response:
    sent = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4()), **headers}
    return customer.send("POST", ORDERS, data=body, headers=sent)


# -- fields of a booking

DROPPED = object()

FIELDS: list[tuple[str, Json]] = [
    ("quantity", "120"),
    ("quantity", True),
    ("quantity", 120.0),
    ("quantity", 1.0000001),
    ("quantity", None),
    ("quantity", [120]),
    ("quantity", 0),
    ("quantity", -1),
    ("quantity", 2**31),
    ("quantity", 2**63),
    ("quantity", 10**400),
    ("quantity", DROPPED),
    ("service_code", "bj-01"),
    ("service_code", "BJ-01\n"),
    ("service_code", "BJ-０１"),
    ("service_code", 1),
    ("service_code", DROPPED),
    ("starts_at", "2026-11-23T09:00:00"),
    ("starts_at", "2026-11-23"),
    ("starts_at", "tomorrow"),
    ("starts_at", 1_763_888_400),
    ("starts_at", "1763888400"),
    ("starts_at", "2026-11-23T09:00:60+08:00"),
    ("starts_at", "2026-02-30T09:00:00+08:00"),
    ("starts_at", "0001-01-01T00:00:00+14:00"),
    ("starts_at", "9999-12-31T23:59:59-12:00"),
    ("starts_at", None),
    ("options", []),
    ("options", {"sides": 1}),
    ("cleaning", {"rooms": "厨房"}),
    ("cleaning", {"rooms": ["厨房"] * 31}),
    ("cleaning", {"rooms": [""]}),
    ("cleaning", {"survey": "yes"}),
    ("cleaning", {"survey": 1}),
    ("source", "WECHAT"),
    ("source", 5),
    ("remark", "x" * 501),
    ("remark", "NUL\x00"),
    ("remark", "\u202ecba"),
    ("remark", "\u2066cba"),
    ("remark", "\x1b[2J"),
    ("remark", "\x85"),
    ("remark", None),
    ("contact", None),
    ("contact", []),
    ("contact", DROPPED),
]

CONTACT_FIELDS: list[tuple[str, Json]] = [
    ("name", ""),
    ("name", "   "),
    ("name", "陈" * 31),
    ("name", "陈\x00"),
    ("name", 5),
    ("phone", "1391234567"),
    ("phone", "139123456789"),
    ("phone", "12912345678"),
    ("phone", "１３９１２３４５６７８"),
    ("phone", "13912345678\n"),
    ("phone", "+8613912345678"),
    ("phone", "139 1234 5678"),
    ("phone", 13_912_345_678),
    ("address", "x"),
    ("address", "x" * 201),
    ("address", "\u0000\u0000"),
    ("district", "11010"),
    ("district", "１１０１０５"),
    ("district", "010105"),
    ("district", 110_105),
    ("coordinates", "1" * 41),
    ("coordinate_system", "wgs84"),
    ("role", "administrator"),
]


def changed(body: dict[str, Json], field: str, value: Json) -> dict[str, Json]:
    rest = {name: old for name, old in body.items() if name != field}
    return rest if value is DROPPED else {**rest, field: value}


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("field", "value"), FIELDS, ids=lambda each: repr(each)[:40])
def test_a_bad_field_is_named(town: Town, customer: Caller, field: str, value: Json) -> None:
    answer = customer.post(ORDERS, changed(town.wish(), field, value))
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert told["field"].split(".")[0] == field
    assert_problem(answer, 422, told["code"], told["field"])


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(("field", "value"), CONTACT_FIELDS, ids=lambda each: repr(each)[:40])
@pytest.mark.requirement("R15", "R16")
def test_a_bad_contact_is_named(town: Town, customer: Caller, field: str, value: Json) -> None:
    answer = customer.post(ORDERS, town.wish(contact=changed(CONTACT, field, value)))
    assert_problem(answer, 422, "invalid_input", f"contact.{field}")


@pytest.mark.usefixtures("unchanged")
def test_a_naive_time_has_a_sentence_of_its_own(town: Town, customer: Caller) -> None:
    answer = customer.post(ORDERS, town.wish(starts_at="2026-11-23T09:00:00"))
    assert_problem(answer, 422, "naive_time", "starts_at")
    assert answer.json()["title"] == "时间必须带有时区。"


@pytest.mark.parametrize(
    "name", ["阿卜杜拉·买买提", "𠮷田", "José", "Jose\u0301", "王👩‍👩‍👧", "X Æ A-12"]
)
def test_an_honest_name_is_taken_as_it_is(town: Town, name: str) -> None:
    order = town.booked(town.customer(), contact={**CONTACT, "name": name})
    town.catch_up()
    assert town.dispatcher().read(f"{OFFICE}/{order['order_id']}")["name"] == name


@pytest.mark.parametrize("remark", ["", "第一行\n第二行", "'; drop table orders; --", "%s {x} \\"])
def test_an_honest_remark_is_taken_as_it_is(town: Town, remark: str) -> None:
    order = town.booked(town.customer(), remark=remark)
    town.catch_up()
    assert town.dispatcher().read(f"{OFFICE}/{order['order_id']}")["remark"] == remark


# -- bodies

BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"text"',
    b"1",
    b"\xff\xfe\x00",
    b"\xef\xbb\xbf{}",
    b"[" * 10_000 + b"]" * 10_000,
    b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"quantity": NaN}',
    b'{"quantity": 1e400}',
    b'{"quantity": ' + b"9" * 5_000 + b"}",
    b'{"remark": "\\ud800"}',
    b'{"\\ud800": 1}',
    b'{"options": {"\\ud800": "a"}}',
    b'{"\\u0000": 1}',
]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("body", BODIES, ids=lambda body: repr(body[:24]))
def test_a_bad_body_is_a_problem(customer: Caller, body: bytes) -> None:
    answer = raw(customer, body)
    assert answer.status_code in {400, 422}
    assert answer.headers["Content-Type"] == PROBLEM
    assert answer.json()["code"]


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("field", ["remark", "source", "service_code", "starts_at"])
def test_a_lone_surrogate_is_refused(town: Town, customer: Caller, field: str) -> None:
    for surrogate in ("\ud800", "\udfff", "\ud83d"):
        body = json.dumps({**town.wish(), field: f"a{surrogate}b"}).encode()
        assert raw(customer, body).status_code == 422


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_that_does_not_say_so_is_refused(town: Town, customer: Caller, kind: str) -> None:
    """A foreign page can send such a body without asking first."""
    body = json.dumps(town.wish()).encode()
    assert_problem(raw(customer, body, **{"Content-Type": kind}), 422, "invalid_input")


@pytest.mark.usefixtures("unchanged")
def test_a_body_above_a_mebibyte_is_refused_unread(town: Town, customer: Caller) -> None:
    body = json.dumps(town.wish(remark="x" * 2**20)).encode()
    for caller in (customer, town.anybody()):
        assert_problem(raw(caller, body), 413, "too_large")
        in_chunks = caller.send("POST", ORDERS, data=iter([body]), headers=JSON)
        assert_problem(in_chunks, 413, "too_large")


JSON = {"Content-Type": "application/json"}


@pytest.mark.usefixtures("unchanged")
def test_the_field_names_no_more_than_we_would_print(town: Town, customer: Caller) -> None:
    for name in ("x" * 5_000, "\ud800\u202e"):
        body = json.dumps({**town.wish(), name: 1}).encode()
        answer = raw(customer, body)
        assert answer.status_code == 422
        field = answer.json().get("field", "")
        assert len(field) <= 100
        assert field.isprintable()


# -- and whatever nobody thought of

_texts = st.text(max_size=40)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
_names = st.sampled_from(
    ["service_code", "quantity", "items", "options", "starts_at", "contact", "remark", "cleaning"]
)


@given(changes=st.dictionaries(_names, _values, min_size=1), contact=st.booleans())
@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_at_all_is_a_defect(
    town: Town, customer: Caller, changes: dict[str, Json], contact: Json
) -> None:
    body = town.wish(**changes)
    if contact and isinstance(body["contact"], dict):
        body["contact"] = {**CONTACT, **body["contact"]}
    before = town.position()
    answer = raw(customer, json.dumps(body).encode())
    assert answer.status_code < 500, answer.text
    if answer.status_code == 201:  # given up, so that the next one may be booked too
        customer.do(f"{ORDERS}/{answer.json()['order_id']}/cancellation")
    else:
        assert answer.headers["Content-Type"] == PROBLEM
        assert town.position() == before


@given(body=st.binary(max_size=200))
@hypothesis_settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_bytes_at_all_are_a_defect(town: Town, customer: Caller, body: bytes) -> None:
    before = town.position()
    assert raw(customer, body).status_code in {400, 422}
    assert town.position() == before
