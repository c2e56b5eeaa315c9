"""What the adapter sends, and what it signs for the page."""

import threading
from base64 import b64decode
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from application.payment_gateway import PaymentGateway, Prepared, Prepayment
from domain.errors import InvalidInputError
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.pay.prepay import InvalidPrepaymentError, prepay_body
from tests.infrastructure.wechat import fake_pay
from tests.infrastructure.wechat.fake_pay import (
    APPID,
    KEY_ID,
    MCHID,
    NOW,
    NUMBER,
    OPENID,
    PREPAYMENT,
    FakeWeChat,
    gateway_to,
    prepare,
)

CONFIG = fake_pay.config_for("http://127.0.0.1:9")


def test_a_prepay_is_a_signed_post_of_the_canonical_body(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    port: PaymentGateway = gateway
    assert prepare(port) == Prepared("wx221000000000000000000000000000")
    (request,) = wechat.requests
    assert (request.method, request.target) == ("POST", "/v3/pay/transactions/jsapi")
    assert request.is_signed_by_merchant()
    assert request.body == prepay_body(CONFIG, PREPAYMENT)


def test_a_chinese_description_goes_out_as_utf8_and_rightly_signed(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    prepare(gateway, replace(PREPAYMENT, description="月嫂 26天·𠮷祥 ＋ 加项"))
    (request,) = wechat.requests
    assert "月嫂 26天·𠮷祥 ＋ 加项".encode() in request.body
    assert request.is_signed_by_merchant()


def test_a_query_is_a_signed_get_with_the_merchant_in_the_query(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    gateway.query(NUMBER)
    (request,) = wechat.requests
    assert request.method == "GET"
    assert request.target == f"/v3/pay/transactions/out-trade-no/{NUMBER}?mchid={MCHID}"
    assert request.body == b""
    assert request.is_signed_by_merchant()


def test_every_request_names_what_it_accepts_and_who_asks(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    prepare(gateway)
    gateway.query(NUMBER)
    for request in wechat.requests:
        assert request.headers["accept"] == "application/json"
        assert request.headers["content-type"] == "application/json"
        assert request.headers["user-agent"].startswith("jiawu/")
        assert request.headers["wechatpay-serial"] == KEY_ID


def test_in_certificate_mode_no_public_key_is_asked_for(wechat: FakeWeChat) -> None:
    certificates = {fake_pay.certificate_serial(): fake_pay.certificate_pem()}
    with gateway_to(wechat, platform_keys=certificates) as gateway:
        gateway.query(NUMBER)
    assert "wechatpay-serial" not in wechat.requests[0].headers


def test_no_two_requests_share_a_nonce(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    for _ in range(5):
        gateway.query(NUMBER)
    assert len({request.headers["authorization"] for request in wechat.requests}) == 5


def test_threads_share_a_gateway(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    results: list[object] = []
    prepayments = [replace(PREPAYMENT, out_trade_no=f"NUMBER-{index}") for index in range(8)]
    threads = [
        threading.Thread(target=lambda asked=asked: results.append(prepare(gateway, asked)))
        for asked in prepayments
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [Prepared("wx221000000000000000000000000000")] * 8
    assert all(request.is_signed_by_merchant() for request in wechat.requests)
    assert {request.body for request in wechat.requests} == {
        prepay_body(CONFIG, asked) for asked in prepayments
    }


def test_a_gateway_works_again_after_closing(gateway: WeChatPayGateway) -> None:
    prepare(gateway)
    gateway.close()
    assert isinstance(prepare(gateway), Prepared)


def test_the_body_says_what_is_paid_by_whom_until_when() -> None:
    assert orjson.loads(prepay_body(CONFIG, replace(PREPAYMENT, attach="a=1"))) == {
        "appid": APPID,
        "mchid": MCHID,
        "description": "家务 日常保洁 3小时",
        "out_trade_no": NUMBER,
        "time_expire": "2026-11-22T10:10:00+08:00",
        "notify_url": "https://jiawu.example/callbacks/wechat-pay",
        "amount": {"total": 12_900, "currency": "CNY"},
        "payer": {"openid": OPENID},
        "attach": "a=1",
    }


def test_the_bytes_of_a_body_are_fixed_for_ever() -> None:
    assert prepay_body(CONFIG, PREPAYMENT).decode() == (
        '{"amount":{"currency":"CNY","total":12900},"appid":"wx8888888888888888",'
        '"description":"家务 日常保洁 3小时","mchid":"1900000001",'
        '"notify_url":"https://jiawu.example/callbacks/wechat-pay",'
        '"out_trade_no":"BJ261122-0042-7-01","payer":{"openid":"oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},'
        '"time_expire":"2026-11-22T10:10:00+08:00"}'
    )


def test_the_same_prepayment_has_the_same_bytes_in_whatever_zone_it_was_timed() -> None:
    elsewhere = PREPAYMENT.expires_at.astimezone(ZoneInfo("America/New_York"))
    again = replace(PREPAYMENT, expires_at=elsewhere + timedelta(microseconds=999_999))
    assert prepay_body(CONFIG, again) == prepay_body(CONFIG, PREPAYMENT)


@pytest.mark.parametrize("number", ["ABC123", "A" * 32, "BJ261122-0042-7_1"])
def test_an_order_number_of_the_allowed_shape_is_sent(number: str) -> None:
    body = orjson.loads(prepay_body(CONFIG, replace(PREPAYMENT, out_trade_no=number)))
    assert body["out_trade_no"] == number


@pytest.mark.parametrize(
    "number",
    ["", "ABC12", "A" * 33, "abc123", "ABC|123", "ABC*123", "ABC/../1", "ABC123\n", "１２３４５６"],
)
def test_an_order_number_of_another_shape_is_refused_before_sending(
    wechat: FakeWeChat, gateway: WeChatPayGateway, number: str
) -> None:
    with pytest.raises(InvalidPrepaymentError):
        gateway.compose(replace(PREPAYMENT, out_trade_no=number))
    with pytest.raises(InvalidPrepaymentError):
        gateway.close_order(number)
    with pytest.raises(InvalidPrepaymentError):
        gateway.query(number)
    assert wechat.requests == []


UNTIMED = datetime(2026, 11, 22, 10, 10)  # noqa: DTZ001 - the missing zone is the point


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PREPAYMENT, description=""),
        replace(PREPAYMENT, description="  "),
        replace(PREPAYMENT, description="洁" * 43),
        replace(PREPAYMENT, description="a" * 128),
        replace(PREPAYMENT, description="保洁\x00"),
        replace(PREPAYMENT, description="保洁\ud800"),
        replace(PREPAYMENT, attach="a" * 129),
        replace(PREPAYMENT, openid=""),
        replace(PREPAYMENT, openid='o"x'),
        replace(PREPAYMENT, amount_fen=0),
        replace(PREPAYMENT, amount_fen=-1),
        replace(PREPAYMENT, amount_fen=True),
        replace(PREPAYMENT, amount_fen=10**12 + 1),
        replace(PREPAYMENT, expires_at=UNTIMED),
    ],
)
def test_an_impossible_prepayment_has_no_body(wrong: Prepayment) -> None:
    with pytest.raises(InvalidPrepaymentError):
        prepay_body(CONFIG, wrong)


@pytest.mark.parametrize("description", ["a" * 127, "洁" * 42 + "a"])
def test_a_description_may_have_127_bytes(description: str) -> None:
    assert prepay_body(CONFIG, replace(PREPAYMENT, description=description))


def test_the_page_gets_parameters_signed_in_wechats_order(gateway: WeChatPayGateway) -> None:
    parameters = gateway.bridge_parameters("wx221000000000000000000000000000")
    assert set(parameters) == {"appId", "timeStamp", "nonceStr", "package", "signType", "paySign"}
    assert parameters["appId"] == APPID
    assert parameters["timeStamp"] == str(int(NOW.timestamp()))
    assert len(parameters["nonceStr"]) == 32
    assert parameters["package"] == "prepay_id=wx221000000000000000000000000000"
    assert parameters["signType"] == "RSA"
    message = "".join(
        parameters[name] + "\n" for name in ("appId", "timeStamp", "nonceStr", "package")
    )
    fake_pay.private_key("merchant").public_key().verify(
        b64decode(parameters["paySign"]), message.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.parametrize("prepay_id", ["", "wx1\nx", "wx 1", "a" * 65])
def test_the_page_gets_no_signature_over_anything_else(
    gateway: WeChatPayGateway, prepay_id: str
) -> None:
    with pytest.raises(InvalidInputError):
        gateway.bridge_parameters(prepay_id)
