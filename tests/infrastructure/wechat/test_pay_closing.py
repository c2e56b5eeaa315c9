"""What the adapter makes of the answers to a close (关单)."""

import orjson
import pytest

from application.payment_gateway import CloseAccepted, PaymentGateway, Rejected, Unknown
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from tests.infrastructure.wechat.fake_pay import (
    MCHID,
    NUMBER,
    FakeWeChat,
    Reply,
    gateway_to,
    refusal,
    signed_headers,
    signed_reply,
)


@pytest.fixture(name="wechat")
def closing_wechat(server: FakeWeChat) -> FakeWeChat:
    server.start_anew()
    server.reply = signed_reply(b"", 204)
    return server


def test_a_close_is_a_signed_post_of_the_merchant(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    port: PaymentGateway = gateway
    assert port.close_order(NUMBER) == CloseAccepted()
    (request,) = wechat.requests
    assert request.method == "POST"
    assert request.target == f"/v3/pay/transactions/out-trade-no/{NUMBER}/close"
    assert orjson.loads(request.body) == {"mchid": MCHID}
    assert request.is_signed_by_merchant()


def test_a_close_may_be_repeated(wechat: FakeWeChat, gateway: WeChatPayGateway) -> None:
    assert [gateway.close_order(NUMBER) for _ in range(2)] == [CloseAccepted()] * 2
    assert wechat.requests[0].body == wechat.requests[1].body


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed_headers(b"{}"),
        signed_headers(b"", owner="stranger"),
        signed_headers(b"", serial="PUB_KEY_ID_UNKNOWN"),
        signed_headers(b"") | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + "A" * 325},
    ],
)
def test_a_204_not_signed_over_nothing_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, headers: dict[str, str]
) -> None:
    wechat.reply = Reply(204, headers=headers)
    assert isinstance(gateway.close_order(NUMBER), Unknown)


@pytest.mark.parametrize("status", [200, 202, 205, 304, 500, 502])
def test_any_other_answer_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, status: int
) -> None:
    wechat.reply = signed_reply({}, status)
    assert gateway.close_order(NUMBER) == Unknown(f"HTTP {status}")


@pytest.mark.parametrize("code", ["ORDERPAID", "ORDER_PAID", "OrderPaid"])
def test_a_paid_order_is_rejected_under_one_spelling(
    wechat: FakeWeChat, gateway: WeChatPayGateway, code: str
) -> None:
    wechat.reply = refusal(400, code, "订单已支付")
    assert gateway.close_order(NUMBER) == Rejected("ORDERPAID", "订单已支付")


@pytest.mark.parametrize(
    ("status", "code"),
    [(429, "FREQUENCY_LIMITED"), (500, "SYSTEM_ERROR"), (400, "USER_PAYING"), (400, "USERPAYING")],
)
def test_while_the_payer_is_at_it_the_effect_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, status: int, code: str
) -> None:
    wechat.reply = refusal(status, code)
    assert isinstance(gateway.close_order(NUMBER), Unknown)


def test_silence_about_a_close_is_unknown(wechat: FakeWeChat) -> None:
    wechat.reply = Reply(silent=True)
    with gateway_to(wechat, read_seconds=0.2) as gateway:
        assert gateway.close_order(NUMBER) == Unknown("ReadTimeout")


def test_the_connection_serves_on_after_an_empty_answer(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    assert gateway.close_order(NUMBER) == CloseAccepted()
    wechat.reply = refusal(404, "ORDER_NOT_EXIST")
    assert gateway.query(NUMBER) == Rejected("ORDERNOTEXIST", "拒绝")
