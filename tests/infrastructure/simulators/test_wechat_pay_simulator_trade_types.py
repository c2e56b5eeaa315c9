"""The simulated pay service: JSAPI, H5 and NATIVE orders, and what tells them apart."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from infrastructure.simulators.wechat_pay import RefusalError
from tests.infrastructure.simulators.wechat_pay_world import (
    OPENID,
    TRANSACTIONS,
    Visit,
    order,
    told,
    visit,
)

NOBODY_NAMED = "oSimPasserBy0000000000000001"
SCENE = {"payer_client_ip": "203.0.113.9"}


@pytest.fixture
def here() -> Visit:
    return visit(public_base_url="https://pay.example.com")


def code(here: Visit, trade: str, **changed: object) -> tuple[int, str]:
    reply = here.prepay(trade, **changed)
    return reply.status, told(reply)["code"]


def test_h5_is_answered_with_a_link_to_the_cashier(here: Visit) -> None:
    link = urlsplit(told(here.prepay("h5"))["h5_url"])
    assert f"{link.scheme}://{link.netloc}" == "https://pay.example.com"
    assert link.path == "/cgi-bin/mmpayweb-bin/checkmweb"
    query = parse_qs(link.query)
    assert list(query) == ["prepay_id", "package"]
    assert query["prepay_id"][0].startswith("wx20261122100000")


@pytest.mark.parametrize(
    ("host", "base"),
    [({"Host": "127.0.0.1:8001"}, "http://127.0.0.1:8001/"), ({}, "https://wx.tenpay.com/")],
)
def test_without_a_configured_address_the_link_leads_where_the_request_went(
    host: dict[str, str], base: str
) -> None:
    here, target = visit(), f"{TRANSACTIONS}/h5"
    body = json.dumps(order("https://shop.example.com/notify", "h5")).encode()
    assert told(here.call("POST", target, body, host))["h5_url"].startswith(base)


def test_native_is_answered_with_the_content_of_a_code(here: Visit) -> None:
    first, second = told(here.prepay("native")), told(here.prepay("native"))
    assert first.keys() == {"code_url"}
    assert first["code_url"].startswith("weixin://wxpay/bizpayurl?pr=")
    assert first != second


@pytest.mark.parametrize("trade", ["jsapi", "h5", "native"])
def test_the_same_prepay_again_gives_a_fresh_handle(here: Visit, trade: str) -> None:
    first, second = here.prepay(trade), here.prepay(trade)
    assert (first.status, second.status) == (200, 200)
    assert told(first) != told(second)


@pytest.mark.parametrize(
    ("first", "second"), [("jsapi", "h5"), ("h5", "native"), ("native", "jsapi")]
)
def test_another_trade_type_under_the_same_number_is_refused(
    here: Visit, first: str, second: str
) -> None:
    here.prepay(first)
    reply = here.prepay(second)
    assert (reply.status, told(reply)["code"]) == (400, "INVALID_REQUEST")
    assert told(reply)["message"] == "201 商户订单号重复"


def test_a_closed_order_takes_no_prepay(here: Visit) -> None:
    here.prepay("native")
    here.close()
    assert code(here, "native") == (400, "ORDER_CLOSED")


@pytest.mark.parametrize(
    ("trade", "changed", "field"),
    [
        ("h5", {"scene_info": None}, "/scene_info"),
        ("h5", {"scene_info": SCENE}, "/scene_info/h5_info"),
        ("h5", {"scene_info": {"h5_info": {"type": "Wap"}}}, "/scene_info/payer_client_ip"),
        ("h5", {"scene_info": SCENE | {"h5_info": {}}}, "/scene_info/h5_info/type"),
        ("h5", {"scene_info": SCENE | {"h5_info": {"type": "Web"}}}, "/scene_info/h5_info/type"),
        (
            "h5",
            {"scene_info": SCENE | {"h5_info": {"type": "Wap", "app_name": "n" * 65}}},
            "/scene_info/h5_info/app_name",
        ),
        (
            "h5",
            {"scene_info": SCENE | {"h5_info": {"type": "Wap", "app_url": "u" * 129}}},
            "/scene_info/h5_info/app_url",
        ),
        ("h5", {"payer": {"openid": OPENID}}, "/payer"),
        ("native", {"payer": {"openid": OPENID}}, "/payer"),
        ("native", {"scene_info": {"payer_client_ip": ""}}, "/scene_info/payer_client_ip"),
        ("jsapi", {"scene_info": SCENE | {"h5_info": {"type": "Wap"}}}, "/scene_info/h5_info"),
    ],
)
def test_each_trade_type_has_its_own_fields(
    here: Visit, trade: str, changed: dict[str, object], field: str
) -> None:
    reply = here.prepay(trade, **changed)
    assert (reply.status, told(reply)["code"]) == (400, "PARAM_ERROR")
    assert told(reply)["detail"]["field"] == field


def test_app_is_not_offered(here: Visit) -> None:
    reply = here.post(f"{TRANSACTIONS}/app", {})
    assert (reply.status, told(reply)["code"]) == (404, "RESOURCE_NOT_EXISTS")


@pytest.mark.parametrize(
    ("trade", "trade_type", "payer"),
    [
        ("jsapi", "JSAPI", OPENID),
        ("h5", "MWEB", NOBODY_NAMED),
        ("native", "NATIVE", NOBODY_NAMED),
    ],
)
def test_a_transaction_names_trade_type_and_payer(
    here: Visit, trade: str, trade_type: str, payer: str
) -> None:
    here.prepay(trade)
    here.pay()
    transaction = told(here.query())
    assert (transaction["trade_type"], transaction["payer"]) == (trade_type, {"openid": payer})


@pytest.mark.parametrize("trade", ["h5", "native"])
def test_anybody_may_pay_where_nobody_is_named(here: Visit, trade: str) -> None:
    here.prepay(trade)
    assert here.pay(openid="oSomebody")["payer"] == {"openid": "oSomebody"}


def test_a_code_leads_to_its_order_for_two_hours(here: Visit) -> None:
    code_url = told(here.prepay("native"))["code_url"]
    here.clock.advance(timedelta(hours=2))
    prepay_id = here.desk.books.scanned(code_url)
    assert here.pay(prepay_id=prepay_id)["trade_state"] == "SUCCESS"
    here.clock.advance(timedelta(seconds=1))
    with pytest.raises(RefusalError, match="PREPAY_EXPIRED"):
        here.desk.books.scanned(code_url)


def test_the_books_list_orders_with_their_states(here: Visit) -> None:
    here.prepay("native", out_trade_no="CODE-01")
    here.prepay("h5", out_trade_no="LINK-01")
    here.prepay(out_trade_no="PAGE-01")
    here.pay(out_trade_no="PAGE-01")
    here.close("LINK-01")
    lines = [
        (line["out_trade_no"], line["trade_type"], line["state"])
        for line in here.desk.books.orders()
    ]
    assert lines == [
        ("CODE-01", "NATIVE", "NOTPAY"),
        ("LINK-01", "MWEB", "CLOSED"),
        ("PAGE-01", "JSAPI", "SUCCESS"),
    ]
