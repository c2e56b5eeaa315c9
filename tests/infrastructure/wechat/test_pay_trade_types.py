"""Paying inside WeChat, in another browser and by scanning: what is asked, what is believed."""

from dataclasses import replace

import orjson
import pytest

from application.payment_gateway import Prepared, Prepayment, Rejected, Unknown
from domain.payment_attempts import H5, JSAPI, NATIVE
from infrastructure.wechat.pay.gateway import WeChatPayGateway
from infrastructure.wechat.pay.prepay import InvalidPrepaymentError
from tests.infrastructure.wechat.fake_pay import (
    H5_PREPAYMENT,
    NATIVE_PREPAYMENT,
    OPENID,
    PREPAYMENT,
    FakeWeChat,
    prepare,
    refusal,
    signed_reply,
)

H5_URL = "https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx22&package=2150917749"
CODE_URL = "weixin://wxpay/bizpayurl?pr=NwY5Mz9&groupid=00"


def composed(gateway: WeChatPayGateway, prepayment: Prepayment) -> dict[str, object]:
    document = orjson.loads(gateway.compose(prepayment))
    assert isinstance(document, dict)
    return document


def test_outside_wechat_the_payer_is_known_by_address(gateway: WeChatPayGateway) -> None:
    body = composed(gateway, H5_PREPAYMENT)
    assert body["scene_info"] == {"payer_client_ip": "203.0.113.7", "h5_info": {"type": "Wap"}}
    assert "payer" not in body


def test_whoever_scans_pays(gateway: WeChatPayGateway) -> None:
    assert {"payer", "scene_info"} & set(composed(gateway, NATIVE_PREPAYMENT)) == set()


@pytest.mark.parametrize("trade_type", [H5, NATIVE])
def test_an_openid_is_told_only_where_wechat_needs_it(
    gateway: WeChatPayGateway, trade_type: str
) -> None:
    asked = replace(H5_PREPAYMENT, trade_type=trade_type, openid=OPENID)
    assert OPENID.encode() not in gateway.compose(asked)


def test_the_bytes_for_another_browser_are_fixed_for_ever(gateway: WeChatPayGateway) -> None:
    assert gateway.compose(H5_PREPAYMENT).decode() == (
        '{"amount":{"currency":"CNY","total":12900},"appid":"wx8888888888888888",'
        '"description":"家务 日常保洁 3小时","mchid":"1900000001",'
        '"notify_url":"https://jiawu.example/callbacks/wechat-pay",'
        '"out_trade_no":"BJ261122-0042-7-01",'
        '"scene_info":{"h5_info":{"type":"Wap"},"payer_client_ip":"203.0.113.7"},'
        '"time_expire":"2026-11-22T10:10:00+08:00"}'
    )


@pytest.mark.parametrize(
    ("seen", "told"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:DB8:0:0::0001", "2001:db8::1"),
    ],
)
def test_an_address_has_one_spelling(gateway: WeChatPayGateway, seen: str, told: str) -> None:
    body = composed(gateway, replace(H5_PREPAYMENT, payer_ip=seen))
    assert body["scene_info"] == {"payer_client_ip": told, "h5_info": {"type": "Wap"}}


@pytest.mark.parametrize(
    "payer_ip", ["", "localhost", "1.2.3", "1.2.3.4:80", "fe80::1%eth0", "１.1.1.1", "1.1.1.1\n"]
)
def test_what_is_no_address_is_refused(gateway: WeChatPayGateway, payer_ip: str) -> None:
    with pytest.raises(InvalidPrepaymentError):
        gateway.compose(replace(H5_PREPAYMENT, payer_ip=payer_ip))


@pytest.mark.parametrize("trade_type", ["", "jsapi", "H5", "APP", "../jsapi"])
def test_an_unknown_trade_type_is_neither_composed_nor_sent(
    wechat: FakeWeChat, gateway: WeChatPayGateway, trade_type: str
) -> None:
    with pytest.raises(InvalidPrepaymentError):
        gateway.compose(replace(PREPAYMENT, trade_type=trade_type))
    with pytest.raises(InvalidPrepaymentError):
        gateway.prepare(trade_type, b"{}")
    assert wechat.requests == []


ORDERS = [
    (PREPAYMENT, "jsapi", {"prepay_id": "wx22"}, Prepared(prepay_id="wx22")),
    (H5_PREPAYMENT, "h5", {"h5_url": H5_URL}, Prepared(pay_url=H5_URL)),
    (NATIVE_PREPAYMENT, "native", {"code_url": CODE_URL}, Prepared(pay_url=CODE_URL)),
]


@pytest.mark.parametrize("order", ORDERS)
def test_each_trade_type_is_ordered_in_its_place(
    wechat: FakeWeChat,
    gateway: WeChatPayGateway,
    order: tuple[Prepayment, str, dict[str, str], Prepared],
) -> None:
    prepayment, path, answer, prepared = order
    wechat.reply = signed_reply(answer)
    assert prepare(gateway, prepayment) == prepared
    (request,) = wechat.requests
    assert (request.method, request.target) == ("POST", f"/v3/pay/transactions/{path}")
    assert request.body == gateway.compose(prepayment)
    assert request.is_signed_by_merchant()


@pytest.mark.parametrize("trade_type", [JSAPI, H5, NATIVE])
def test_kept_bytes_are_sent_as_they_are(
    wechat: FakeWeChat, gateway: WeChatPayGateway, trade_type: str
) -> None:
    kept = '{ "of another":"version" , "sum": 1.0 , "洁":"\\u6d01" }\n'.encode()
    gateway.prepare(trade_type, kept)
    (request,) = wechat.requests
    assert request.body == kept
    assert request.is_signed_by_merchant()


def test_a_simulators_pay_page_may_be_on_the_loopback(
    wechat: FakeWeChat, gateway: WeChatPayGateway
) -> None:
    url = f"{wechat.url}/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=wx22"
    wechat.reply = signed_reply({"h5_url": url})
    assert prepare(gateway, H5_PREPAYMENT) == Prepared(pay_url=url)


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        7,
        "http://wx.tenpay.com/pay",
        "javascript:alert(1)//https://",
        "//wx.tenpay.com/pay",
        "https://",
        "https://[::1/pay",
        "https://wx.tenpay.com/ pay",
        "https://wx.tenpay.com/\r\nSet-Cookie: a",
        "https://wx.tenpay.com/付",
        "https://wx.tenpay.com/" + "a" * 4096,
        CODE_URL,
    ],
)
def test_an_h5_url_that_is_no_https_address_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, url: object
) -> None:
    wechat.reply = signed_reply({"h5_url": url, "code_url": CODE_URL, "prepay_id": "wx22"})
    assert isinstance(prepare(gateway, H5_PREPAYMENT), Unknown)


@pytest.mark.parametrize(
    "url", [None, "", [], "https://wx.tenpay.com/pay", "WEIXIN://wxpay", "weixin://a\nb", " " * 9]
)
def test_a_code_url_that_is_no_weixin_address_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, url: object
) -> None:
    wechat.reply = signed_reply({"code_url": url, "h5_url": H5_URL, "prepay_id": "wx22"})
    assert isinstance(prepare(gateway, NATIVE_PREPAYMENT), Unknown)


@pytest.mark.parametrize("prepayment", [H5_PREPAYMENT, NATIVE_PREPAYMENT])
def test_a_refusal_is_rejected_and_overload_is_unknown(
    wechat: FakeWeChat, gateway: WeChatPayGateway, prepayment: Prepayment
) -> None:
    wechat.reply = refusal(403, "OUT_TRADE_NO_USED")
    assert prepare(gateway, prepayment) == Rejected("OUTTRADENOUSED", "拒绝")
    wechat.reply = refusal(429, "FREQUENCY_LIMITED")
    assert prepare(gateway, prepayment) == Unknown("HTTP 429")
