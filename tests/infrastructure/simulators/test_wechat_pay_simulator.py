"""The simulated pay service: who may call it, and what a prepay must look like."""

import json
from collections.abc import Iterator

import pytest

from tests.infrastructure.simulators.wechat_pay_world import (
    BY_NUMBER,
    JSAPI,
    MCHID,
    NUMBER,
    Answer,
    World,
    running_world,
)


@pytest.fixture
def world() -> Iterator[World]:
    with running_world() as running:
        yield running


@pytest.fixture(scope="module")
def quiet_world() -> Iterator[World]:
    """For tests whose calls are all refused: they leave no trace."""
    with running_world() as running:
        yield running


def seconds_off(world: World, seconds: int) -> str:
    return str(int(world.clock.now().timestamp()) + seconds)


def refused_as(answer: Answer, status: int, code: str) -> bool:
    return (answer.status, answer.json()["code"]) == (status, code)


# Who may call


def test_a_signed_prepay_is_answered_with_a_signed_prepay_id(world: World) -> None:
    answer = world.prepay()
    prepay_id = answer.json()["prepay_id"]
    assert (answer.status, prepay_id[:2], len(prepay_id)) == (200, "wx", 36)
    world.merchant.verify(answer.headers, answer.body)
    assert answer.headers["Request-ID"]


@pytest.mark.parametrize("position", [0, 40, -1])
def test_one_altered_byte_of_the_body_is_refused(quiet_world: World, position: int) -> None:
    body = json.dumps(quiet_world.order()).encode()
    headers = quiet_world.merchant.headers("POST", JSAPI, body)
    altered = bytearray(body)
    altered[position] ^= 1
    answer = quiet_world.merchant.exchange("POST", JSAPI, bytes(altered), headers)
    assert refused_as(answer, 401, "SIGN_ERROR")
    assert quiet_world.query().status == 404


def test_a_refused_signature_is_explained_in_the_services_shape(quiet_world: World) -> None:
    target = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"
    headers = quiet_world.merchant.headers("GET", target + "1", b"")
    answer = quiet_world.merchant.exchange("GET", target, b"", headers)
    detail = answer.json()["detail"]
    assert detail["detail"] == {"issue": "sign not match"}
    assert (detail["field"], detail["location"]) == ("signature", "authorization")
    information = detail["sign_information"]
    assert (information["method"], information["url"]) == ("GET", target)
    assert information["truncated_sign_message"].startswith(f"GET\n{target}\n")
    assert information["sign_message_length"] > len(target)
    quiet_world.merchant.verify(answer.headers, answer.body)


def test_the_raw_target_is_what_is_signed(world: World) -> None:
    world.prepay(out_trade_no="A|B*C-1")
    assert world.query("A%7CB*C-1").json()["out_trade_no"] == "A|B*C-1"
    target = f"{BY_NUMBER}/A%7CB*C-1?mchid={MCHID}"
    headers = world.merchant.headers("GET", target.replace("%7C", "|"), b"")
    assert refused_as(world.merchant.exchange("GET", target, b"", headers), 401, "SIGN_ERROR")


@pytest.mark.parametrize(("seconds", "status"), [(-301, 401), (-300, 404), (300, 404), (301, 401)])
def test_a_timestamp_may_be_five_minutes_off(quiet_world: World, seconds: int, status: int) -> None:
    target = f"{BY_NUMBER}/UNKNOWN-1?mchid={MCHID}"
    assert (
        quiet_world.merchant.get(target, timestamp=seconds_off(quiet_world, seconds)).status
        == status
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"mchid": "1900000002"},
        {"serial_no": "0" * 40},
        {"signature": "bm90IGEgc2lnbmF0dXJl"},
        {"signature": "not base64"},
        {"nonce_str": "n" * 33},
        {"timestamp": "now"},
    ],
)
def test_a_wrong_field_of_the_authorization_is_refused(
    quiet_world: World, changed: dict[str, str]
) -> None:
    answer = quiet_world.merchant.get(f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}", **changed)
    assert refused_as(answer, 401, "SIGN_ERROR")


@pytest.mark.parametrize(
    ("missing", "status"),
    [("Accept", 400), ("User-Agent", 400), ("Wechatpay-Serial", 400), ("Authorization", 401)],
)
def test_every_call_needs_the_common_headers(quiet_world: World, missing: str, status: int) -> None:
    target = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"
    headers = quiet_world.merchant.headers("GET", target, b"")
    del headers[missing]
    assert quiet_world.merchant.exchange("GET", target, b"", headers).status == status


def test_a_nonce_may_come_twice_unless_the_settings_are_strict(world: World) -> None:
    target = f"{BY_NUMBER}/{NUMBER}?mchid={MCHID}"
    world.merchant.get(target, nonce_str="once")
    assert world.merchant.get(target, nonce_str="once").status == 404
    with running_world(refuse_repeated_nonces=True) as strict:
        strict.merchant.get(target, nonce_str="once")
        assert strict.merchant.get(target, nonce_str="once").status == 401


# What a prepay must look like


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"out_trade_no": "12345"}, "/out_trade_no"),
        ({"out_trade_no": "ORDER#1"}, "/out_trade_no"),
        ({"out_trade_no": "A" * 33}, "/out_trade_no"),
        ({"description": "保" * 43}, "/description"),
        ({"description": ""}, "/description"),
        ({"attach": "a" * 129}, "/attach"),
        ({"amount": {"total": 0}}, "/amount/total"),
        ({"amount": {"total": 1.5}}, "/amount/total"),
        ({"amount": {"total": "100"}}, "/amount/total"),
        ({"amount": {"total": 1, "currency": "USD"}}, "/amount/currency"),
        ({"payer": {}}, "/payer/openid"),
        ({"payer": {"openid": ""}}, "/payer/openid"),
        ({"mchid": "1900000002"}, "/mchid"),
        ({"time_expire": "2026-11-22 12:00:00"}, "/time_expire"),
        ({"time_expire": "2026-11-31T12:00:00+08:00"}, "/time_expire"),
        ({"notify_url": "http://pay.example.com/notify"}, "/notify_url"),
        ({"notify_url": "https://pay.example.com/notify?a=1"}, "/notify_url"),
        ({"notify_url": "https://[pay.example.com"}, "/notify_url"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_field_outside_its_limits_is_named(
    quiet_world: World, changed: dict[str, object], field: str
) -> None:
    answer = quiet_world.prepay(**changed)
    assert refused_as(answer, 400, "PARAM_ERROR")
    detail = answer.json()["detail"]
    assert (detail["field"], detail["location"]) == (field, "body")
    assert detail["issue"]
    assert "value" in detail


def test_limits_are_reached_but_not_passed(world: World) -> None:
    assert world.prepay(description="保" * 42, out_trade_no="A" * 32).status == 200


def test_a_body_that_is_not_json_is_refused_with_a_signature(quiet_world: World) -> None:
    for body in (b"{", b'{"a": "\xff"}', b"[]"):
        headers = quiet_world.merchant.headers("POST", JSAPI, body)
        answer = quiet_world.merchant.exchange("POST", JSAPI, body, headers)
        assert refused_as(answer, 400, "PARAM_ERROR")
        quiet_world.merchant.verify(answer.headers, answer.body)


def test_an_unbound_appid_is_refused(quiet_world: World) -> None:
    answer = quiet_world.prepay(appid="wx0000000000000000")
    assert refused_as(answer, 400, "APPID_MCHID_NOT_MATCH")


def test_plain_http_to_this_machine_needs_the_relaxed_setting() -> None:
    with running_world(allow_loopback_http_notify=False) as strict:
        assert refused_as(strict.prepay(), 400, "PARAM_ERROR")
        assert strict.prepay(notify_url="https://pay.example.com/notify").status == 200
