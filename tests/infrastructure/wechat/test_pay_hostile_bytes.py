"""Whatever bytes and headers come: a typed result, an error of ours, and no call but the one made.

The corpus beside this module holds documents as WeChat spells them and bytes
that once broke some client.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime, timedelta
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.payment_gateway import (
    CloseAccepted,
    Prepared,
    Prepayment,
    Rejected,
    Transaction,
    Unknown,
)
from application.policy import TryLaterError
from domain.errors import JiawuError
from domain.payment_attempts import H5, JSAPI, NATIVE
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.config import WeChatPayConfig
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.pay.prepay import InvalidPrepaymentError
from infrastructure.wechat.pay.transport import MAX_ANSWER_BYTES
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    KEY_ID,
    NOW,
    NUMBER,
    PREPAYMENT,
    FakeWeChat,
    Reply,
    encrypted,
    gateway_to,
    notice_body,
    signed_headers,
    signed_reply,
)
from tests.infrastructure.wechat.fake_pay_line import Line

CORPUS = Path(__file__).with_name("pay_corpus")
KEYS = {
    fake_pay.certificate_serial(): fake_pay.certificate_pem(),
    KEY_ID: fake_pay.public_pem("platform"),
}
LINE = Line(Reply())
GATEWAY = WeChatPayGateway(
    fake_pay.config_for("https://wechat.invalid", KEYS), SettableClock(NOW), LINE
)
BODY = GATEWAY.compose(PREPAYMENT)
CALLS: list[Callable[[], object]] = [
    lambda: GATEWAY.prepare(JSAPI, BODY),
    lambda: GATEWAY.prepare(H5, BODY),
    lambda: GATEWAY.prepare(NATIVE, BODY),
    lambda: GATEWAY.query(NUMBER),
    lambda: GATEWAY.close_order(NUMBER),
    GATEWAY.refresh_keys,
]
RESULTS = (Prepared, CloseAccepted, Transaction, Rejected, Unknown)
DEEP = [
    b"[" * 10_000,
    b"[" * 10_000 + b"]" * 10_000,
    b'{"data":' * 10_000 + b"1" + b"}" * 10_000,
    b'{"message":' + b'"' + b"\\u5bb6" * 10_000 + b'"}',
    b'{"amount":{"total":' + b"9" * 10_000 + b"}}",
]


def corpus(folder: str) -> list[bytes]:
    return [path.read_bytes() for path in sorted((CORPUS / folder).iterdir())]


def called(reply: Reply) -> Iterator[object]:
    """The outcome of every kind of call that is answered so; one request each."""
    for call in CALLS:
        LINE.reply = reply
        LINE.requests.clear()
        try:
            yield call()
        except TryLaterError as error:
            yield error
        assert len(LINE.requests) == 1


def is_typed(outcome: object) -> bool:
    return outcome is None or isinstance(outcome, (*RESULTS, TryLaterError))


@pytest.mark.parametrize("body", corpus("hostile") + DEEP)
@pytest.mark.parametrize("status", [200, 204, 302, 400, 404, 429, 500])
def test_hostile_bytes_in_an_answer_have_a_typed_outcome(status: int, body: bytes) -> None:
    assert all(is_typed(outcome) for outcome in called(signed_reply(body, status)))


@pytest.mark.parametrize("body", corpus("hostile") + DEEP)
def test_hostile_bytes_signed_as_an_answer_never_prepare_or_pay(body: bytes) -> None:
    outcomes = list(called(signed_reply(body)))
    assert not any(isinstance(outcome, Prepared | Transaction) for outcome in outcomes)


@pytest.mark.parametrize("body", corpus("answers"))
def test_transactions_as_wechat_spells_them_are_read(body: bytes) -> None:
    LINE.reply = signed_reply(body)
    transaction = GATEWAY.query(NUMBER)
    assert isinstance(transaction, Transaction)
    told = orjson.loads(body)
    assert transaction.trade_state == told["trade_state"]
    assert transaction.total_fen == told["amount"]["total"]
    assert transaction.transaction_id == told.get("transaction_id", "")


@pytest.mark.parametrize("body", corpus("refusals"))
def test_refusals_as_wechat_spells_them_are_rejected_under_one_spelling(body: bytes) -> None:
    LINE.reply = Reply(400, body)
    told = orjson.loads(body)
    rejected = Rejected(told["code"].replace("_", ""), told["message"])
    assert [GATEWAY.prepare(JSAPI, BODY), GATEWAY.close_order(NUMBER)] == [rejected] * 2


@pytest.mark.parametrize("body", corpus("hostile") + DEEP)
def test_hostile_bytes_in_a_notice_are_refused(body: bytes) -> None:
    LINE.requests.clear()
    with pytest.raises(JiawuError):
        GATEWAY.read_notice(signed_headers(body), body)
    sealed = notice_body(resource=encrypted(body))
    with pytest.raises(JiawuError):
        GATEWAY.read_notice(signed_headers(sealed), sealed)
    assert LINE.requests == []


SERIALS = ["", "A" * 10_240, "\ud800", "0x", "é", "PUB_KEY_ID_", "-1", "A" * 64]


@pytest.mark.parametrize("serial", SERIALS)
def test_no_serial_of_a_stranger_causes_a_call(serial: str) -> None:
    LINE.requests.clear()
    body = notice_body()
    headers = signed_headers(body, owner="stranger") | {"Wechatpay-Serial": serial}
    with pytest.raises(JiawuError):
        GATEWAY.read_notice(headers, body)
    assert LINE.requests == []


HEADER_NAMES = st.sampled_from([*signed_headers(b""), "Request-ID", "Location"])
LATIN = st.text(st.characters(max_codepoint=255))
BODIES = st.binary(max_size=200) | st.sampled_from(corpus("hostile") + corpus("answers"))


@settings(max_examples=150)
@given(st.integers(100, 999), st.dictionaries(HEADER_NAMES, LATIN, max_size=3), BODIES)
def test_no_answer_has_an_untyped_outcome(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    reply = Reply(status, body, signed_headers(body) | headers)
    assert all(is_typed(outcome) for outcome in called(reply))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
MEMBERS = ["prepay_id", "h5_url", "code_url", "data", "amount", "payer", "trade_state", "mchid"]
CERTIFICATE = st.fixed_dictionaries(
    {
        "serial_no": st.just(fake_pay.certificate_serial()) | JSON,
        "encrypt_certificate": st.builds(encrypted, st.binary()) | JSON,
    }
)


@settings(max_examples=150)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_no_signed_document_has_an_untyped_outcome(document: dict[str, object]) -> None:
    whole = fake_pay.paid_transaction() | document
    assert all(is_typed(outcome) for outcome in called(signed_reply(whole)))


@settings(max_examples=150)
@given(st.lists(CERTIFICATE | JSON, max_size=4))
def test_no_list_of_certificates_has_an_untyped_outcome(entries: list[object]) -> None:
    assert all(is_typed(outcome) for outcome in called(signed_reply({"data": entries})))


@given(
    st.builds(
        Prepayment,
        out_trade_no=st.just(NUMBER) | st.text(),
        description=st.text(),
        amount_fen=st.integers(),
        expires_at=st.datetimes() | st.datetimes(timezones=st.timezones()),
        trade_type=st.sampled_from([JSAPI, H5, NATIVE]) | st.text(),
        openid=st.just(fake_pay.OPENID) | st.text(),
        payer_ip=st.ip_addresses().map(str) | st.text(),
        attach=st.text(),
    )
)
def test_a_prepayment_has_one_body_or_is_invalid(prepayment: Prepayment) -> None:
    with suppress(InvalidPrepaymentError):
        body = GATEWAY.compose(prepayment)
        assert GATEWAY.compose(replace(prepayment)) == body
        assert orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS) == body
        assert orjson.loads(body)["amount"] == {"total": prepayment.amount_fen, "currency": "CNY"}


@pytest.mark.parametrize("expires_at", [datetime.max.replace(tzinfo=NOW.tzinfo)])
def test_a_time_beyond_the_calendar_is_invalid(expires_at: datetime) -> None:
    with pytest.raises(InvalidPrepaymentError):
        GATEWAY.compose(replace(PREPAYMENT, expires_at=expires_at))


@given(st.text())
def test_an_impossible_number_is_invalid_and_not_sent(number: str) -> None:
    LINE.requests.clear()
    for call in (GATEWAY.query, GATEWAY.close_order):
        with pytest.raises(InvalidPrepaymentError):
            call(f"{number}|")
    assert LINE.requests == []


OK = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00",
        b"\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 99999 X\r\n\r\n",
        b"SSH-2.0-OpenSSH_9\r\n",
        OK + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        OK + b"X: a\r\n" * 1_000 + b"\r\n",
        OK + b"X\xff\x00: \xe5\xae\xb6\r\n\r\n{}",
        OK + b"Content-Length: -1\r\n\r\n{}",
        OK + b"Content-Length: 9\r\nContent-Length: 2\r\n\r\n{}",
        OK + b"Content-Length: 99999999999999999999999\r\n\r\n{}",
        OK + b"Content-Length: two\r\n\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n{}",
        OK + b"Content-Encoding: gzip\r\n\r\nnot gzip",
        OK + b"Content-Encoding: deflate, gzip, br\r\n\r\nnothing",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest \xff\r\n\r\n",
    ],
)
def test_a_broken_head_is_unknown(server: FakeWeChat, raw: bytes) -> None:
    server.start_anew()
    server.reply = Reply(raw=raw)
    with gateway_to(server) as gateway:
        assert isinstance(gateway.query(NUMBER), Unknown)
        assert isinstance(gateway.close_order(NUMBER), Unknown)
    assert len(server.requests) == 2


@settings(max_examples=60)
@given(raw=st.binary(min_size=1), status=st.sampled_from([b"", OK, b"HTTP/1.1 204 X\r\n"]))
def test_no_bytes_on_the_wire_have_another_outcome_than_unknown(
    server: FakeWeChat, raw: bytes, status: bytes
) -> None:
    server.reply = Reply(raw=status + raw)
    with gateway_to(server) as gateway:
        assert isinstance(gateway.close_order(NUMBER), Unknown)


def test_a_signature_header_sent_twice_is_unknown(server: FakeWeChat) -> None:
    body = b'{"prepay_id":"wx22"}'
    headers = [f"{name}: {value}\r\n" for name, value in signed_headers(body).items()]
    length = f"Content-Length: {len(body)}\r\n\r\n"
    head = OK.decode() + "".join(headers)
    with gateway_to(server) as gateway:
        server.reply = Reply(raw=(head + length).encode() + body)
        assert gateway.prepare(JSAPI, BODY) == Prepared("wx22")
        for header in headers:
            server.reply = Reply(raw=(head + header + length).encode() + body)
            assert isinstance(gateway.prepare(JSAPI, BODY), Unknown)


def test_a_cookie_is_never_sent_back(server: FakeWeChat) -> None:
    server.start_anew()
    server.reply = replace(server.reply, headers=server.reply.headers | {"Set-Cookie": "a=1"})
    with gateway_to(server) as gateway:
        for _ in range(2):
            assert gateway.prepare(JSAPI, BODY) == Prepared("wx221000000000000000000000000000")
    assert [request for request in server.requests if "cookie" in request.headers] == []


def test_wechat_has_three_seconds_to_connect_and_ten_to_answer() -> None:
    defaults = {each.name: each.default for each in fields(WeChatPayConfig)}
    assert (defaults["connect_seconds"], defaults["read_seconds"]) == (3.0, 10.0)


def test_a_redirect_with_an_endless_body_is_bounded_too(server: FakeWeChat) -> None:
    head = b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n\r\n"
    server.reply = Reply(raw=head + b" " * (MAX_ANSWER_BYTES + 1))
    with gateway_to(server) as gateway:
        assert gateway.query(NUMBER) == Unknown("AnswerTooLongError")


def test_an_old_answer_is_not_believed_whatever_it_says() -> None:
    body = orjson.dumps({"prepay_id": "wx22"})
    LINE.reply = Reply(200, body, signed_headers(body, at=NOW - timedelta(seconds=301)))
    assert GATEWAY.prepare(JSAPI, BODY) == Unknown("timestamp outside five minutes")
