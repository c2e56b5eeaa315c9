"""The simulated pay service: what an order goes through, failures, the cashier page."""

import http.client
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature

from tests.infrastructure.simulators.wechat_pay_world import (
    APPID,
    BY_NUMBER,
    MCHID,
    NUMBER,
    OPENID,
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


def refused_as(answer: Answer, status: int, code: str) -> bool:
    return (answer.status, answer.json()["code"]) == (status, code)


# The life of an order


def test_the_same_prepay_again_gives_a_fresh_prepay_id(world: World) -> None:
    first, second = world.prepay(), world.prepay()
    assert second.status == 200
    assert first.json()["prepay_id"] != second.json()["prepay_id"]


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": {"total": 18901}},
        {"description": "另一项服务"},
        {"payer": {"openid": "somebody-else"}},
        {"time_expire": "2026-11-22T12:00:00+08:00"},
    ],
)
def test_the_same_number_with_other_parameters_is_refused(
    world: World, changed: dict[str, object]
) -> None:
    world.prepay()
    answer = world.prepay(**changed)
    assert refused_as(answer, 400, "INVALID_REQUEST")
    assert answer.json()["message"] == "201 商户订单号重复"


def test_an_unpaid_order_shows_only_the_reduced_fields(world: World) -> None:
    world.prepay(attach="booking-7")
    answer = world.query()
    assert answer.json() == {
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": NUMBER,
        "trade_state": "NOTPAY",
        "trade_state_desc": "订单未支付",
        "amount": {"total": 18900, "currency": "CNY"},
    }
    world.merchant.verify(answer.headers, answer.body)


def test_a_paid_order_shows_the_whole_transaction_by_either_number(world: World) -> None:
    world.prepay(attach="booking-7")
    world.pay()
    transaction = world.query().json()
    number = transaction.pop("transaction_id")
    assert (number[:5], len(number), number.isdigit()) == ("42000", 28, True)
    assert transaction == {
        "appid": APPID,
        "mchid": MCHID,
        "out_trade_no": NUMBER,
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "booking-7",
        "success_time": "2026-11-22T10:00:00+08:00",
        "payer": {"openid": OPENID},
        "amount": {
            "total": 18900,
            "payer_total": 18900,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
        "promotion_detail": [],
    }
    by_transaction = world.merchant.get(f"/v3/pay/transactions/id/{number}?mchid={MCHID}")
    assert by_transaction.json() == world.query().json()


def test_an_unknown_order_is_not_found(quiet_world: World) -> None:
    assert refused_as(quiet_world.query("UNKNOWN-1"), 404, "ORDER_NOT_EXIST")
    by_transaction = quiet_world.merchant.get(f"/v3/pay/transactions/id/42000?mchid={MCHID}")
    assert refused_as(by_transaction, 404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize("query", ["", "?mchid=1900000002"])
def test_a_query_names_the_merchant_who_signs(quiet_world: World, query: str) -> None:
    answer = quiet_world.merchant.get(f"{BY_NUMBER}/{NUMBER}{query}")
    assert refused_as(answer, 400, "PARAM_ERROR")
    assert answer.json()["detail"]["location"] == "query"


def test_closing_ends_an_unpaid_order(world: World) -> None:
    world.prepay()
    answer = world.close()
    assert (answer.status, answer.body) == (204, b"")
    world.merchant.verify(answer.headers, b"")
    assert world.query().json()["trade_state"] == "CLOSED"
    assert refused_as(world.prepay(), 400, "ORDER_CLOSED")
    assert refused_as(world.pay(), 409, "ORDER_CLOSED")


def test_closing_again_or_an_unknown_number_is_204_too(world: World) -> None:
    world.prepay()
    assert [world.close().status, world.close().status] == [204, 204]
    assert world.close("UNKNOWN-1").status == 204
    assert world.query("UNKNOWN-1").status == 404


def test_a_paid_order_can_neither_be_closed_nor_prepaid_nor_paid_again(world: World) -> None:
    world.prepay()
    world.pay()
    assert refused_as(world.close(), 400, "ORDERPAID")
    assert refused_as(world.prepay(), 400, "ORDERPAID")
    assert refused_as(world.pay(), 409, "ORDERPAID")


def test_an_order_cannot_be_closed_while_the_password_is_typed(world: World) -> None:
    world.prepay()
    world.merchant.control(f"/_sim/orders/{NUMBER}/password", entering=True)
    assert refused_as(world.close(), 429, "FREQUENCY_LIMITED")
    world.merchant.control(f"/_sim/orders/{NUMBER}/password", entering=False)
    assert world.close().status == 204


def test_what_the_simulator_does_not_offer_is_refused_with_a_signature(quiet_world: World) -> None:
    for target in ("/v3/certificates", "/v3/nothing"):
        answer = quiet_world.merchant.get(target)
        assert refused_as(answer, 404, "RESOURCE_NOT_EXISTS")
        quiet_world.merchant.verify(answer.headers, answer.body)


# When and by whom an order can be paid


@pytest.mark.parametrize(
    ("time_expire", "payable_for"),
    [
        ("2026-11-22T10:00:20+08:00", timedelta(minutes=1)),
        ("2026-11-22T10:30:00+08:00", timedelta(minutes=30)),
        ("2027-11-22T10:00:00+08:00", timedelta(days=90)),
        (None, timedelta(days=7)),
    ],
)
def test_an_order_is_payable_until_its_expiry(
    world: World, time_expire: str | None, payable_for: timedelta
) -> None:
    expiry = {"time_expire": time_expire} if time_expire else {}
    world.prepay(**expiry)
    world.prepay(**expiry, out_trade_no="SECOND-1")
    world.clock.advance(payable_for)
    world.prepay(**expiry)
    world.prepay(**expiry, out_trade_no="SECOND-1")
    assert world.pay().status == 200
    world.clock.advance(timedelta(seconds=1))
    assert refused_as(world.pay(out_trade_no="SECOND-1"), 409, "ORDER_EXPIRED")
    assert world.query("SECOND-1").json()["trade_state"] == "NOTPAY"


def test_a_payment_just_after_expiry_can_be_forced(world: World) -> None:
    world.prepay(time_expire="2026-11-22T10:30:00+08:00")
    world.clock.advance(timedelta(minutes=30, seconds=4))
    assert world.pay(even_if_expired=True).status == 200


def test_a_prepay_id_is_valid_for_two_hours(world: World) -> None:
    prepay_id = world.prepay().json()["prepay_id"]
    world.clock.advance(timedelta(hours=2, seconds=1))
    pay = "/_sim/pay"
    assert refused_as(world.merchant.control(pay, prepay_id=prepay_id), 409, "PREPAY_EXPIRED")
    fresh = world.prepay().json()["prepay_id"]
    assert world.merchant.control(pay, prepay_id=fresh).status == 200


def test_only_the_person_of_the_prepay_can_pay(world: World) -> None:
    world.prepay()
    assert refused_as(world.pay(openid="somebody-else"), 409, "OPENID_MISMATCH")
    assert world.pay(openid=OPENID).status == 200


def test_of_many_concurrent_payments_one_succeeds(world: World) -> None:
    world.prepay()
    with ThreadPoolExecutor(8) as customers:
        answers = [customers.submit(world.pay) for _ in range(16)]
    assert sorted(answer.result().status for answer in answers) == [200] + [409] * 15
    assert world.merchant.look("/_sim/books")["count"] == 1
    assert world.notifier.deliver_due() == 1


def test_what_was_never_prepaid_cannot_be_paid(quiet_world: World) -> None:
    assert refused_as(quiet_world.pay(), 404, "ORDER_NOT_EXIST")


@pytest.mark.parametrize("command", [{"coupon_fen": 900}, {"payer_total": 18000}])
def test_a_coupon_lowers_what_the_customer_pays_but_not_the_total(
    world: World, command: dict[str, object]
) -> None:
    world.prepay()
    world.pay(**command)
    transaction = world.query().json()
    assert (transaction["amount"]["total"], transaction["amount"]["payer_total"]) == (18900, 18000)
    assert [coupon["amount"] for coupon in transaction["promotion_detail"]] == [900]


def test_a_coupon_larger_than_the_total_is_refused(world: World) -> None:
    world.prepay()
    assert refused_as(world.pay(coupon_fen=18901), 409, "COUPON_INVALID")
    assert refused_as(world.pay(payer_total=18901), 409, "COUPON_INVALID")


def test_the_books_hold_every_successful_transaction(world: World) -> None:
    world.prepay()
    world.prepay(out_trade_no="SECOND-1", amount={"total": 500})
    world.prepay(out_trade_no="UNPAID-1")
    world.pay(coupon_fen=900)
    world.pay(out_trade_no="SECOND-1")
    books = world.merchant.look("/_sim/books")
    assert books["count"] == 2
    first, second = books["transactions"]
    assert (first["out_trade_no"], first["total_fen"]) == (NUMBER, 18900)
    assert (first["payer_total_fen"], first["coupon_fen"]) == (18000, 900)
    assert (second["out_trade_no"], second["total_fen"]) == ("SECOND-1", 500)
    assert first["transaction_id"] != second["transaction_id"]


# Failures on order


def test_an_ordered_failure_hits_the_next_matching_call_once(world: World) -> None:
    fault = {"path_contains": "jsapi", "status": 500, "code": "SYSTEM_ERROR"}
    world.merchant.control("/_sim/fail_next", **fault)
    assert world.query().status == 404
    assert refused_as(world.prepay(), 500, "SYSTEM_ERROR")
    assert world.query().status == 404
    assert world.prepay().status == 200


def test_a_failure_may_come_after_the_effect(world: World) -> None:
    world.merchant.control("/_sim/fail_next", status=503, after_effect=True)
    assert world.prepay().status == 503
    assert world.query().json()["trade_state"] == "NOTPAY"


@pytest.mark.parametrize("call", ["prepay", "query", "close"])
def test_an_answer_may_be_lost_after_the_effect(world: World, call: str) -> None:
    world.merchant.control("/_sim/fail_next", drop_response=True)
    calls: dict[str, Callable[[], Answer]]
    calls = {"prepay": world.prepay, "query": world.query, "close": world.close}
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        calls[call]()
    assert world.query().status == (200 if call == "prepay" else 404)


def test_an_answer_may_carry_a_signature_probe(world: World) -> None:
    world.merchant.control("/_sim/fail_next", probe_signature=True)
    answer = world.prepay()
    signature = answer.headers["Wechatpay-Signature"]
    assert (answer.status, signature[:19]) == (200, "WECHATPAY/SIGNTEST/")
    with pytest.raises((InvalidSignature, ValueError)):
        world.merchant.verify(answer.headers, answer.body)


def test_codes_may_be_spelled_the_old_way() -> None:
    with running_world(old_error_spellings=True) as old:
        assert refused_as(old.query("UNKNOWN-1"), 404, "ORDERNOTEXIST")


# The cashier page


def test_a_person_pays_at_the_cashier(world: World) -> None:
    prepay_id = world.prepay(description="<b>保洁</b>").json()["prepay_id"]
    path = f"/_sim/cashier?prepay_id={prepay_id}"
    page = world.merchant.exchange("GET", path, b"", {}).body.decode()
    assert "¥189.00" in page
    assert "&lt;b&gt;保洁" in page
    assert "支付</button>" in page
    form = {"prepay_id": prepay_id, "return_url": "https://shop.example.com/orders"}
    paid = world.merchant.submit("/_sim/cashier", action="pay", **form).body.decode()
    assert "支付成功" in paid
    assert 'href="https://shop.example.com/orders"' in paid
    assert world.query().json()["trade_state"] == "SUCCESS"


def test_a_person_leaves_the_cashier_without_paying(world: World) -> None:
    prepay_id = world.prepay().json()["prepay_id"]
    left = world.merchant.submit(
        "/_sim/cashier", action="cancel", prepay_id=prepay_id, return_url="javascript:alert(1)"
    )
    assert "已取消支付" in left.body.decode()
    assert b"javascript" not in left.body
    assert world.query().json()["trade_state"] == "NOTPAY"


def test_the_cashier_says_why_nothing_can_be_paid(world: World) -> None:
    prepay_id = world.prepay().json()["prepay_id"]
    world.close()
    refused = world.merchant.submit("/_sim/cashier", action="pay", prepay_id=prepay_id)
    assert (refused.status, "订单已关闭" in refused.body.decode()) == (409, True)
    unknown = world.merchant.exchange("GET", "/_sim/cashier?prepay_id=wx0", b"", {})
    assert (unknown.status, "订单不存在" in unknown.body.decode()) == (404, True)
