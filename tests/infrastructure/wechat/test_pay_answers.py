"""What the adapter makes of WeChat's answers."""

import gzip
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from application.payment_gateway import Prepared, Rejected, Transaction, Unknown
from infrastructure.clock import SettableClock
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.pay.transport import MAX_ANSWER_BYTES
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    APPID,
    KEY_ID,
    MCHID,
    NOW,
    NUMBER,
    OPENID,
    FakeWeChat,
    Reply,
    gateway_to,
    paid_transaction,
    prepare,
    refusal,
    signed_headers,
    signed_reply,
)


def test_a_query_of_a_paid_order_tells_the_whole_transaction(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    wechat.reply = signed_reply(paid_transaction())
    assert gateway.query(NUMBER) == Transaction(
        mchid=MCHID,
        appid=APPID,
        out_trade_no=NUMBER,
        trade_state="SUCCESS",
        total_fen=12_900,
        currency="CNY",
        trade_type="JSAPI",
        transaction_id="4200001234202611229876543210",
        payer_total_fen=12_400,
        succeeded_at=datetime(2026, 11, 22, 2, 0, tzinfo=UTC),
        openid=OPENID,
    )


def test_a_refunded_order_is_told_as_paid(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    wechat.reply = signed_reply(paid_transaction(trade_state="REFUND"))
    transaction = gateway.query(NUMBER)
    assert isinstance(transaction, Transaction)
    assert transaction.trade_state == "REFUND"
    assert transaction.succeeded_at == NOW


def test_an_unpaid_order_has_no_number_time_or_payer(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    wechat.reply = signed_reply(
        {
            "appid": APPID,
            "mchid": MCHID,
            "out_trade_no": NUMBER,
            "trade_state": "NOTPAY",
            "trade_state_desc": "订单未支付",
            "amount": {"total": 12_900, "payer_currency": "CNY"},
            "payer": {},
            "scene_info": None,
        }
    )
    assert gateway.query(NUMBER) == Transaction(
        mchid=MCHID,
        appid=APPID,
        out_trade_no=NUMBER,
        trade_state="NOTPAY",
        total_fen=12_900,
        currency="",
    )


def test_without_coupons_the_payer_paid_the_total(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    wechat.reply = signed_reply(paid_transaction(amount={"total": 12_900, "currency": "CNY"}))
    transaction = gateway.query(NUMBER)
    assert isinstance(transaction, Transaction)
    assert transaction.payer_total_fen == 12_900


def test_a_coupon_may_have_paid_everything(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    amount = {"total": 12_900, "payer_total": 0, "currency": "CNY"}
    wechat.reply = signed_reply(paid_transaction(amount=amount))
    transaction = gateway.query(NUMBER)
    assert isinstance(transaction, Transaction)
    assert (transaction.total_fen, transaction.payer_total_fen) == (12_900, 0)


@pytest.mark.parametrize(
    "change", [{"mchid": "1900000002"}, {"appid": "wx0000"}, {"out_trade_no": "BJ261122-0042-7-02"}]
)
def test_an_answer_about_another_order_merchant_or_app_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, change: dict[str, object]
) -> None:
    wechat.reply = signed_reply(paid_transaction(**change))
    assert gateway.query(NUMBER) == Unknown("answer about another mchid, appid or out_trade_no")


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"amount": {"total": 129.0, "currency": "CNY"}},
        {"amount": {"total": "12900", "currency": "CNY"}},
        {"amount": {"total": True, "currency": "CNY"}},
        {"amount": {"total": -1, "currency": "CNY"}},
        {"amount": {"total": 12_900, "payer_total": 1.0, "currency": "CNY"}},
        {"amount": {"total": 12_900}},
        {"success_time": None},
        {"success_time": "2026-11-22T10:00:00"},
        {"transaction_id": ""},
        {"transaction_id": 42},
        {"transaction_id": "42\x00"},
        {"trade_state": ["SUCCESS"]},
        {"payer": "someone"},
    ],
)
def test_a_paid_order_with_a_malformed_member_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, change: dict[str, object]
) -> None:
    wechat.reply = signed_reply(paid_transaction(**change))
    assert isinstance(gateway.query(NUMBER), Unknown)


@pytest.mark.parametrize("code", ["ORDER_NOT_EXIST", "ORDERNOTEXIST", "order_not_exist"])
def test_a_refusal_is_rejected_under_one_spelling(
    wechat: FakeWeChat, gateway: WeChatPayGateway, code: str
) -> None:
    wechat.reply = refusal(404, code, "订单不存在")
    assert gateway.query(NUMBER) == Rejected("ORDERNOTEXIST", "订单不存在")


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "PARAM_ERROR"), (401, "SIGN_ERROR"), (403, "NO_AUTH"), (400, "NEVER_HEARD_OF")],
)
def test_a_prepay_refused_with_a_client_error_is_rejected(
    wechat: FakeWeChat, gateway: WeChatPayGateway, status: int, code: str
) -> None:
    wechat.reply = refusal(status, code)
    assert prepare(gateway) == Rejected(code.replace("_", ""), "拒绝")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, "FREQUENCY_LIMITED"),
        (429, "RATELIMIT_EXCEEDED"),
        (408, "REQUEST_TIMEOUT"),
        (500, "SYSTEM_ERROR"),
        (502, "BANKERROR"),
        (503, "NEVER_HEARD_OF"),
        (503, "ORDER_NOT_EXIST"),
        (400, "SYSTEMERROR"),
        (403, "RATE_LIMITED"),
    ],
)
def test_overload_and_failure_leave_the_effect_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, status: int, code: str
) -> None:
    wechat.reply = refusal(status, code)
    assert isinstance(prepare(gateway), Unknown)
    assert isinstance(gateway.query(NUMBER), Unknown)


@pytest.mark.parametrize(
    "body", [b"", b"<html>404</html>", b"[]", b'{"code":7}', b'{"message":"x"}', b'{"code":"a b"}']
)
def test_a_client_error_without_wechats_code_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, body: bytes
) -> None:
    wechat.reply = Reply(404, body)
    assert gateway.query(NUMBER) == Unknown("HTTP 404 without a readable code")


def test_a_refusals_message_is_short_and_free_of_control_characters(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    wechat.reply = refusal(400, "PARAM_ERROR", "金额\x00\r\n" + "错" * 1000)
    rejected = prepare(gateway)
    assert isinstance(rejected, Rejected)
    assert rejected.message == "金额" + "错" * 254


def test_redirects_are_not_followed(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    with FakeWeChat() as elsewhere:
        wechat.reply = Reply(307, headers={"Location": elsewhere.url})
        assert prepare(gateway) == Unknown("HTTP 307")
        assert elsewhere.requests == []


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"{}", b'{"prepay_id":7}', b"\xff"])
def test_a_signed_answer_that_says_nothing_usable_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, body: bytes
) -> None:
    wechat.reply = signed_reply(body)
    assert isinstance(prepare(gateway), Unknown)
    assert isinstance(gateway.query(NUMBER), Unknown)


def test_an_unsigned_success_is_unknown(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    wechat.reply = Reply(200, orjson.dumps(paid_transaction()))
    assert isinstance(gateway.query(NUMBER), Unknown)


@pytest.mark.parametrize(
    "change",
    [
        {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + "A" * 325},
        {"Wechatpay-Signature": ""},
        {"Wechatpay-Serial": "PUB_KEY_ID_UNKNOWN"},
        {"Wechatpay-Nonce": "another"},
        {"Wechatpay-Timestamp": str(int(NOW.timestamp()) + 1)},
        {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
    ],
)
def test_a_wrongly_signed_success_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, change: dict[str, str]
) -> None:
    body = orjson.dumps(paid_transaction())
    wechat.reply = Reply(200, body, signed_headers(body) | change)
    assert isinstance(gateway.query(NUMBER), Unknown)


def test_an_old_answer_is_unknown(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    body = orjson.dumps(paid_transaction())
    wechat.reply = Reply(200, body, signed_headers(body, at=NOW - timedelta(seconds=301)))
    assert gateway.query(NUMBER) == Unknown("timestamp outside five minutes")


def test_while_wechat_moves_from_certificate_to_public_key_both_are_believed(
    wechat: FakeWeChat,
) -> None:
    serial, body = fake_pay.certificate_serial(), orjson.dumps(paid_transaction())
    keys = {serial: fake_pay.certificate_pem(), KEY_ID: fake_pay.public_pem("platform")}
    with gateway_to(wechat, platform_keys=keys) as gateway:
        wechat.reply = Reply(200, body, signed_headers(body, owner="certificate", serial=serial))
        assert isinstance(gateway.query(NUMBER), Transaction)
        wechat.reply = signed_reply(body)
        assert isinstance(gateway.query(NUMBER), Transaction)
        wechat.reply = Reply(200, body, signed_headers(body, owner="certificate"))
        assert isinstance(gateway.query(NUMBER), Unknown)
    assert all(request.headers["wechatpay-serial"] == KEY_ID for request in wechat.requests)


def test_an_answer_of_a_mebibyte_is_read_and_not_a_byte_more(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    document = b'{"prepay_id":"wx1"}'
    wechat.reply = signed_reply(document.ljust(MAX_ANSWER_BYTES))
    assert prepare(gateway) == Prepared("wx1")
    wechat.reply = signed_reply(document.ljust(MAX_ANSWER_BYTES + 1))
    assert prepare(gateway) == Unknown("AnswerTooLongError")


def test_a_compressed_flood_is_unknown(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    flood = gzip.compress(b" " * (64 * MAX_ANSWER_BYTES))
    wechat.reply = Reply(200, flood, {"Content-Encoding": "gzip"})
    assert prepare(gateway) == Unknown("AnswerTooLongError")


def test_silence_is_unknown(wechat: FakeWeChat) -> None:
    wechat.reply = Reply(silent=True)
    with gateway_to(wechat, read_seconds=0.2) as gateway:
        assert prepare(gateway) == Unknown("ReadTimeout")


def test_an_answer_that_drips_on_for_ever_is_unknown(wechat: FakeWeChat) -> None:
    wechat.reply = Reply(200, b"{", declared_length=60, drips=True)
    with gateway_to(wechat, read_seconds=0.2) as gateway:
        assert prepare(gateway) == Unknown("AnswerTooLongError")


def test_an_answer_whose_head_drips_is_unknown_before_it_is_complete(wechat: FakeWeChat) -> None:
    wechat.reply = replace(wechat.reply, drips_head=True)
    with gateway_to(wechat, read_seconds=0.2) as gateway:
        unknown = prepare(gateway)
    assert isinstance(unknown, Unknown)
    assert unknown != Unknown("AnswerTooLongError")
    with gateway_to(wechat) as patient:
        assert isinstance(prepare(patient), Prepared)


def test_an_answer_cut_short_is_unknown(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    whole = signed_reply(paid_transaction())
    wechat.reply = replace(whole, declared_length=len(whole.body) + 1)
    assert isinstance(gateway.query(NUMBER), Unknown)


def test_a_closed_port_is_unknown() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        config = fake_pay.config_for(f"http://127.0.0.1:{unused.getsockname()[1]}")
        gateway = WeChatPayGateway(config, SettableClock(NOW))
        assert prepare(gateway) == Unknown("ConnectionError")
