"""Starting to pay over HTTP: prepay, WeChat's silence and refusals, attempts, expiry."""

from datetime import timedelta
from uuid import UUID

import pytest

from tests.interface.sealed import Sealing
from tests.interface.town import Caller, Json, Town

ORDERS = "/api/v1/orders"
OFFICE = "/api/v1/office/orders"


def payments(order: Json) -> str:
    return f"{ORDERS}/{order['order_id']}/payments"


def let_prepay_fail(town: Town, **how: Json) -> None:
    town.simulate("pay", "/_sim/fail_next", {"path_contains": "jsapi", **how})


def attempts_of(town: Town, order: Json) -> list[list[str]]:
    """The facts of the charge's attempts, first to last."""
    numbers = [f"{order['order_number']}-C1A{attempt}" for attempt in range(1, 5)]
    return [facts for number in numbers if (facts := town.facts_of_payment(number))]


@pytest.fixture
def customer(town: Town) -> Caller:
    return town.customer()


def test_a_prepared_payment_opens_the_pay_sheet(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    answer = customer.post(payments(order))
    assert answer.status_code == 201
    told = answer.json()
    assert told["out_trade_no"] == f"{order['order_number']}-C1A1"
    assert set(told["bridge"]) == {
        *("appId", "timeStamp", "nonceStr", "package", "signType", "paySign")
    }
    assert told["bridge"]["timeStamp"] == str(int(town.clock.now().timestamp()))
    assert int(answer.headers["Jiawu-Position"]) <= town.position()


def test_paying_again_goes_on_with_the_open_attempt(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    assert town.prepared(customer, order) == town.prepared(customer, order)
    assert attempts_of(town, order) == [["payment.started", "payment.prepared"]]


SILENCES = [
    {"drop_response": True},
    {"status": 500},
    {"status": 500, "after_effect": True},
    {"status": 429, "code": "RATELIMIT_EXCEEDED"},
    {"probe_signature": True},
]


@pytest.mark.parametrize("silence", SILENCES, ids=str)
def test_after_wechats_silence_the_outbox_prepares_and_the_same_request_succeeds(
    town: Town, customer: Caller, silence: dict[str, Json]
) -> None:
    order = town.booked(customer)
    let_prepay_fail(town, **silence)
    answer = customer.post(payments(order), key="the same tap")
    assert (answer.status_code, answer.json()["code"]) == (503, "payment_not_ready")
    assert int(answer.headers["Retry-After"]) > 0

    assert not town.house.outbox.run_due()  # its pause is not over
    town.clock.advance(timedelta(seconds=2))
    assert town.house.outbox.run_due()
    repeated = customer.post(payments(order), key="the same tap")
    assert repeated.status_code == 201
    assert repeated.json()["bridge"]["package"].startswith("prepay_id=")
    assert attempts_of(town, order) == [["payment.started", "payment.prepared"]]


def test_while_wechat_is_silent_the_same_request_stays_unready(
    town: Town, customer: Caller
) -> None:
    order = town.booked(customer)
    let_prepay_fail(town, status=500)
    for _ in range(2):
        answer = customer.post(payments(order), key="the same tap")
        assert (answer.status_code, answer.json()["code"]) == (503, "payment_not_ready")
    assert attempts_of(town, order) == [["payment.started"]]
    town.clock.advance(timedelta(seconds=2))
    assert town.house.outbox.run_due()


def test_a_refused_prepay_is_told_and_another_attempt_may_follow(
    town: Town, customer: Caller
) -> None:
    order = town.booked(customer)
    let_prepay_fail(town, status=400, code="PARAM_ERROR")
    answer = customer.post(payments(order))
    assert (answer.status_code, answer.json()["code"]) == (502, "payment_refused")
    assert town.prepared(customer, order) == f"{order['order_number']}-C1A2"
    assert attempts_of(town, order) == [
        ["payment.started", "payment.prepare_rejected", "payment.closing_requested"],
        ["payment.started", "payment.prepared"],
    ]


def test_paying_ends_one_minute_before_wechats_expiry(town: Town, customer: Caller) -> None:
    """The hold is 15 minutes, WeChat's expiry 5 earlier, its shortest span one minute."""
    order, late = town.booked(customer), town.booked(customer)
    town.clock.advance(timedelta(minutes=9))
    assert customer.post(payments(order)).status_code == 201
    town.clock.advance(timedelta(seconds=1))
    answer = customer.post(payments(late))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_time_over")
    assert attempts_of(town, late) == []


def test_after_the_time_to_pay_nothing_can_be_started(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    town.prepared(customer, order)
    town.clock.advance(timedelta(minutes=15))
    answer = customer.post(payments(order))
    assert (answer.status_code, answer.json()["code"]) == (409, "payment_time_over")
    assert len(attempts_of(town, order)) == 1


def test_money_on_two_attempts_is_one_payment_and_one_refund_due(
    town: Town, customer: Caller
) -> None:
    """WeChat took the first attempt although it answered with a refusal."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    order = town.booked(customer)
    let_prepay_fail(town, status=400, code="PARAM_ERROR", after_effect=True)
    assert customer.post(payments(order)).status_code == 502
    town.prepared(customer, order)
    for attempt in (1, 2):
        transaction = town.pay_at_wechat(f"{order['order_number']}-C1A{attempt}")
        assert Sealing(town).notice(transaction).post(town) == 200
    town.catch_up()
    assert [facts[-1] for facts in attempts_of(town, order)] == [
        "payment.succeeded",
        "payment.succeeded_again",
    ]
    assert town.facts_of(UUID(order["order_id"])) == [
        "cleaning_order.booked",
        "cleaning_order.paid",
        "cleaning_order.refund_due",
    ]
    shown = customer.read(f"{ORDERS}/{order['order_id']}")
    assert shown["paid_fen"] == shown["refund_due_fen"] == order["total_fen"]


def test_a_paid_order_takes_no_further_payment(town: Town, customer: Caller) -> None:
    town.simulate("pay", "/_sim/notice_rules", {})
    order = town.paid(customer)
    answer = customer.post(payments(order))
    assert answer.status_code == 409
    assert len(attempts_of(town, order)) == 1


def test_a_cancelled_order_takes_no_payment(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    office = town.dispatcher()
    office.do(f"{OFFICE}/{order['order_id']}/cancellation", {"reason_code": "customer"})
    answer = customer.post(payments(order))
    assert answer.status_code == 409
    assert attempts_of(town, order) == []


def test_a_charge_that_is_not_there_cannot_be_paid(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    answer = customer.post(payments(order), {"charge_number": 2})
    assert 400 <= answer.status_code < 500
    assert attempts_of(town, order) == []


def test_another_customers_order_cannot_be_paid_or_asked_about(
    town: Town, customer: Caller
) -> None:
    order = town.booked(customer)
    number = town.prepared(customer, order)
    position, stranger = town.position(), town.customer()
    position = town.position()
    assert stranger.post(payments(order)).status_code == 404
    assert stranger.post(f"{payments(order)}/{number}/confirmation").status_code == 404
    assert town.position() == position


def test_a_number_that_is_not_there_is_not_found(town: Town, customer: Caller) -> None:
    order = town.booked(customer)
    answer = customer.post(f"{payments(order)}/BJ261122-9999-0-C1A1/confirmation")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_payment")


def test_a_number_of_another_of_my_orders_is_not_found(town: Town, customer: Caller) -> None:
    first, second = town.booked(customer), town.booked(customer)
    number = town.prepared(customer, first)
    assert customer.post(f"{payments(second)}/{number}/confirmation").status_code == 404


def test_the_price_is_never_the_callers(town: Town, customer: Caller) -> None:
    position = town.position()
    for name, value in {"total_fen": 1, "price": 1, "paid": True, "customer_id": "x"}.items():
        answer = customer.post(ORDERS, {**town.wish(), name: value})
        assert (answer.status_code, answer.json()["field"]) == (422, name)
    assert town.position() == position
