"""Which notices the adapter believes."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from application.payment_gateway import (
    BadNoticeError,
    ForeignNoticeError,
    Notice,
    UnreadableNoticeError,
)
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.pay.notices import MAX_BODY_BYTES, UnsupportedNoticeError
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    APPID,
    KEY_ID,
    MCHID,
    NOW,
    NUMBER,
    OPENID,
    encrypted,
    notice_body,
    paid_transaction,
    signed_headers,
)

# Nothing listens at this address: a notice that caused a call would be noticed.
CONFIG = fake_pay.config_for("http://127.0.0.1:9")
GATEWAY = WeChatPayGateway(CONFIG, SettableClock(NOW))
BODY = notice_body()
PAID = orjson.dumps(paid_transaction())
SEALED = orjson.loads(BODY)["resource"]["ciphertext"]
HEADERS = signed_headers(BODY)


def read(body: bytes) -> Notice:
    """Read a rightly signed body."""
    return GATEWAY.read_notice(signed_headers(body), body)


def test_a_genuine_notice_tells_the_payment() -> None:
    notice = read(BODY)
    assert notice.notice_id == "9f3e5bd5-8d2c-5b0c-9ad4-6a5a0f0a2a01"
    assert notice.event_type == "TRANSACTION.SUCCESS"
    transaction = notice.transaction
    assert (transaction.mchid, transaction.appid) == (MCHID, APPID)
    assert transaction.out_trade_no == NUMBER
    assert (transaction.total_fen, transaction.payer_total_fen) == (12_900, 12_400)
    assert transaction.openid == OPENID


def test_the_time_of_payment_is_utc() -> None:
    notice = read(notice_body(paid_transaction(success_time="2026-11-22T00:30:00+08:00")))
    assert notice.transaction.succeeded_at == datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    assert notice.transaction.succeeded_at.tzinfo is UTC


def test_the_same_notice_reads_the_same_every_time() -> None:
    assert read(BODY) == read(BODY)


@pytest.mark.parametrize("spell", [str.lower, str.upper])
def test_header_names_may_come_in_any_case(spell: Callable[[str], str]) -> None:
    headers = {spell(name): value for name, value in HEADERS.items()}
    assert GATEWAY.read_notice(headers, BODY).notice_id


def test_a_missing_signature_type_means_the_usual_one() -> None:
    headers = {name: HEADERS[name] for name in HEADERS if name != "Wechatpay-Signature-Type"}
    assert GATEWAY.read_notice(headers, BODY).notice_id


@pytest.mark.parametrize("name", sorted(set(HEADERS) - {"Wechatpay-Signature-Type"}))
@pytest.mark.parametrize("value", ["", "x", "z" * 10_240, "签名", "\ud800", "\x00", " 1", "１２"])
def test_a_wrong_signature_header_is_a_bad_notice(name: str, value: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {name: value}, BODY)


@pytest.mark.parametrize("name", sorted(set(HEADERS) - {"Wechatpay-Signature-Type"}))
def test_a_missing_signature_header_is_a_bad_notice(name: str) -> None:
    headers = {other: HEADERS[other] for other in HEADERS if other != name}
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(headers, BODY)


@pytest.mark.parametrize("name", sorted(set(HEADERS) - {"Wechatpay-Signature-Type"}))
def test_a_signature_header_given_twice_is_a_bad_notice(name: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {name.lower(): HEADERS[name]}, BODY)


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_altering_one_character_of_a_header_is_a_bad_notice(name: str) -> None:
    value = HEADERS[name]
    altered = ("1" if value[0] != "1" else "2") + value[1:]
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {name: altered}, BODY)


@pytest.mark.parametrize("kind", ["", "WECHATPAY2-SM2-WITH-SM3", "wechatpay2-sha256-rsa2048"])
def test_another_signature_type_is_a_bad_notice(kind: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {"Wechatpay-Signature-Type": kind}, BODY)


@pytest.mark.parametrize(
    "signature",
    [
        "WECHATPAY/SIGNTEST/" + HEADERS["Wechatpay-Signature"][19:],
        "WECHATPAY/SIGNTEST/",
        HEADERS["Wechatpay-Signature"].rstrip("="),
        HEADERS["Wechatpay-Signature"] + "=",
        HEADERS["Wechatpay-Signature"][:-3] + "~==",
        HEADERS["Wechatpay-Signature"].replace("=", "=!"),
        "!" + HEADERS["Wechatpay-Signature"],
        HEADERS["Wechatpay-Signature"] + "\n",
    ],
)
def test_a_probe_or_sloppily_spelt_signature_is_a_bad_notice(signature: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {"Wechatpay-Signature": signature}, BODY)


def test_the_signature_has_one_spelling_only() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    signature = HEADERS["Wechatpay-Signature"]
    assert signature.endswith("==")
    last = alphabet[alphabet.index(signature[-3]) + 1]
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {"Wechatpay-Signature": signature[:-3] + last + "=="}, BODY)


def test_the_border_of_nonce_and_body_cannot_be_moved() -> None:
    body = b"first\n" + BODY
    headers = signed_headers(body)
    headers["Wechatpay-Nonce"] += "\nfirst"
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(headers, BODY)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_altering_any_byte_of_the_body_is_a_bad_notice(index: int, mask: int) -> None:
    altered = BODY[:index] + bytes([BODY[index] ^ mask]) + BODY[index + 1 :]
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS, altered)


def test_the_same_meaning_in_other_bytes_is_a_bad_notice() -> None:
    rewritten = orjson.dumps(orjson.loads(BODY), option=orjson.OPT_INDENT_2)
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS, rewritten)


def test_a_strangers_signature_is_a_bad_notice() -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(signed_headers(BODY, owner="stranger"), BODY)


@pytest.mark.parametrize("serial", ["", "zz", "z" * 10_240, KEY_ID + "0", KEY_ID.lower()])
def test_an_unknown_serial_is_a_bad_notice_even_if_the_key_is_right(serial: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(signed_headers(BODY, serial=serial), BODY)


@pytest.mark.parametrize("seconds", [-300, -299, 0, 299, 300])
def test_a_notice_counts_for_five_minutes_to_the_second(seconds: int) -> None:
    headers = signed_headers(BODY, at=NOW + timedelta(seconds=seconds))
    assert GATEWAY.read_notice(headers, BODY).notice_id


@pytest.mark.parametrize("seconds", [-31_536_000, -301, 301, 31_536_000])
def test_beyond_five_minutes_it_is_a_bad_notice(seconds: int) -> None:
    headers = signed_headers(BODY, at=NOW + timedelta(seconds=seconds))
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(headers, BODY)


def test_a_microsecond_beyond_five_minutes_is_beyond() -> None:
    clock = SettableClock(NOW + timedelta(seconds=300))
    gateway = WeChatPayGateway(CONFIG, clock)
    assert gateway.read_notice(HEADERS, BODY).notice_id
    clock.advance(timedelta(microseconds=1))
    with pytest.raises(BadNoticeError):
        gateway.read_notice(HEADERS, BODY)


@pytest.mark.parametrize("timestamp", ["-1", "+1795312800", "1e9", "9" * 11, "9" * 400, "0x1"])
def test_an_impossible_timestamp_is_a_bad_notice(timestamp: str) -> None:
    with pytest.raises(BadNoticeError):
        GATEWAY.read_notice(HEADERS | {"Wechatpay-Timestamp": timestamp}, BODY)


def test_a_body_of_64_kib_is_read_and_not_a_byte_more() -> None:
    assert read(BODY.ljust(MAX_BODY_BYTES)).notice_id
    with pytest.raises(BadNoticeError):
        read(BODY.ljust(MAX_BODY_BYTES + 1))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{}",
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"id":' * 10_000,
        b'{"id":' + b"9" * 60_000 + b"}",
        b'{"id":"\\ud800"}',
        notice_body(resource_type="plain"),
        notice_body(resource_type=None),
        notice_body(event_type=None),
        notice_body(event_type=7),
        notice_body(id=None),
        notice_body(id="9f3e\x00"),
        notice_body(resource=None),
        notice_body(resource=[]),
        notice_body(resource=encrypted(PAID, algorithm="AEAD_SM4_GCM")),
        notice_body(resource=encrypted(PAID, algorithm=None)),
        notice_body(resource=encrypted(PAID, nonce="")),
        notice_body(resource=encrypted(PAID, nonce="elevenbytes")),
        notice_body(resource=encrypted(PAID, nonce="十二个字节")),
        notice_body(resource=encrypted(PAID, associated_data="a" * 16)),
        notice_body(resource=encrypted(PAID, associated_data=["transaction"])),
        notice_body(resource=encrypted(PAID, ciphertext="not base64!")),
        notice_body(resource=encrypted(PAID, ciphertext="\n" + SEALED)),
        notice_body(resource=encrypted(PAID, ciphertext=42)),
        notice_body(resource=encrypted(b"not json")),
        notice_body(resource=encrypted(b"[]")),
        notice_body(resource=encrypted(b"{}")),
    ],
)
def test_rightly_signed_garbage_is_a_bad_notice(body: bytes) -> None:
    with pytest.raises(BadNoticeError):
        read(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"associated_data": ""},
        {"associated_data": "refund"},
        {"nonce": "lkjihgfedcba"},
        {"ciphertext": ""},
        {"ciphertext": "AAAA"},
    ],
)
def test_what_does_not_decrypt_is_unreadable(changes: dict[str, object]) -> None:
    with pytest.raises(UnreadableNoticeError):
        read(notice_body(resource=encrypted(PAID, **changes)))


def test_with_a_wrong_key_of_ours_every_notice_is_unreadable() -> None:
    config = replace(CONFIG, apiv3_key=SecretStr("0" * 32))
    with pytest.raises(UnreadableNoticeError):
        WeChatPayGateway(config, SettableClock(NOW)).read_notice(HEADERS, BODY)


@pytest.mark.parametrize("event_type", ["REFUND.SUCCESS", "REFUND.ABNORMAL", "TRANSACTION.OTHER"])
def test_other_kinds_of_notices_are_named_as_unsupported(event_type: str) -> None:
    with pytest.raises(UnsupportedNoticeError) as raised:
        read(notice_body(event_type=event_type))
    assert raised.value.facts["event_type"] == event_type


@pytest.mark.parametrize("change", [{"mchid": "1900000002"}, {"appid": "wx0000"}])
def test_a_payment_to_another_merchant_or_app_is_foreign(change: dict[str, object]) -> None:
    with pytest.raises(ForeignNoticeError):
        read(notice_body(paid_transaction(**change)))


def test_a_forged_notice_is_not_foreign_whatever_it_says() -> None:
    body = notice_body(paid_transaction(mchid="1900000002"))
    with pytest.raises(BadNoticeError) as raised:
        GATEWAY.read_notice(signed_headers(body, owner="stranger"), body)
    assert type(raised.value) is BadNoticeError


@pytest.mark.parametrize(
    "amount",
    [
        None,
        [],
        {},
        {"total": True, "currency": "CNY"},
        {"total": 12_900.0, "currency": "CNY"},
        {"total": "12900", "currency": "CNY"},
        {"total": -1, "currency": "CNY"},
        {"total": 2**63, "currency": "CNY"},
        {"total": 12_900, "payer_total": False, "currency": "CNY"},
        {"total": 12_900, "payer_total": "0", "currency": "CNY"},
        {"total": 12_900, "currency": 156},
    ],
)
def test_an_amount_that_is_no_integer_fen_is_a_bad_notice(amount: object) -> None:
    with pytest.raises(BadNoticeError):
        read(notice_body(paid_transaction(amount=amount)))


@pytest.mark.parametrize(
    "success_time",
    [
        None,
        "",
        0,
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00+08:00",
        "2026-W47-7T10:00:00+08:00",
        "2026-02-30T10:00:00+08:00",
        "2026-11-22T10:00:60+08:00",
        "2026-11-22T10:00:00+24:00",
        "0001-01-01T00:00:00+08:00",
        "２０２６-11-22T10:00:00+08:00",
    ],
)
def test_a_time_of_payment_that_is_none_is_a_bad_notice(success_time: object) -> None:
    with pytest.raises(BadNoticeError):
        read(notice_body(paid_transaction(success_time=success_time)))


NAMES = st.sampled_from(sorted(HEADERS)) | st.text()
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
NOTICE_MEMBERS = ["id", "resource_type", "event_type", "resource"]
RESOURCE_MEMBERS = ["algorithm", "ciphertext", "associated_data", "nonce"]
TRANSACTION_MEMBERS = sorted(paid_transaction())


def one_member(names: list[str]) -> st.SearchStrategy[dict[str, object]]:
    return st.dictionaries(st.sampled_from(names), ANYTHING, max_size=2)


def only_expected_errors(headers: dict[str, str], body: bytes) -> None:
    """Read; the two errors of the port are answers, any other exception is a defect."""
    with suppress(BadNoticeError, UnreadableNoticeError):
        GATEWAY.read_notice(headers, body)


@given(st.dictionaries(NAMES, st.text()), st.binary())
def test_no_bytes_of_a_stranger_cause_an_unexpected_error(
    headers: dict[str, str], body: bytes
) -> None:
    only_expected_errors(HEADERS | headers, body)


@settings(deadline=None)
@given(st.binary() | one_member(NOTICE_MEMBERS).map(lambda changes: notice_body(None, **changes)))
def test_no_signed_bytes_cause_an_unexpected_error(body: bytes) -> None:
    only_expected_errors(signed_headers(body), body)


@settings(deadline=None)
@given(one_member(RESOURCE_MEMBERS), st.binary() | ANYTHING.map(orjson.dumps))
def test_no_signed_resource_causes_an_unexpected_error(
    changes: dict[str, object], plaintext: bytes
) -> None:
    body = notice_body(resource=encrypted(plaintext, **changes))
    only_expected_errors(signed_headers(body), body)


@settings(deadline=None)
@given(one_member(TRANSACTION_MEMBERS))
def test_no_signed_transaction_causes_an_unexpected_error(changes: dict[str, object]) -> None:
    body = notice_body(paid_transaction(**changes))
    only_expected_errors(signed_headers(body), body)
