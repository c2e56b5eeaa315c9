"""What keeps a customer from being erased: work, money on its way, money owed back."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.open_matters import Matter, open_matters
from domain.orders.cleaning import CleaningOrder
from domain.orders.service_order import REWORK_WITHIN
from domain.payments import Payment
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    NOW,
    POLICY,
    PRICE_FEN,
    accepted_order,
    assigned_order,
    booked_order,
    cancel,
    cancelled_order,
    completed_order,
    done_order,
    extra_charge,
    paid_order,
    pay,
    payment_for,
    reserved_order,
    started_payment,
    stray,
    success,
)

LATER = NOW + timedelta(days=30)


def attempt(order: CleaningOrder, number: int = 1) -> Payment:
    """An attempt to pay the order's price."""
    taken = payment_for(order, attempt=number)
    return started_payment(number, out_trade_no=taken.out_trade_no, payable_id=order.id)


def closed(payment: Payment) -> Payment:
    payment.request_closing("expired", at=NOW)
    payment.close("CLOSED", at=NOW)
    return payment


def succeeded(payment: Payment, transaction_id: str = "4200000001") -> Payment:
    payment.record_success(success(transaction_id), at=NOW)
    return payment


@pytest.mark.parametrize(
    "order", [booked_order, reserved_order, paid_order, assigned_order, accepted_order, done_order]
)
def test_an_order_is_open_until_it_is_done_or_cancelled(
    order: Callable[[], CleaningOrder],
) -> None:
    assert open_matters(order(), [], LATER) == [Matter.ORDER]


def test_done_work_is_open_as_long_as_it_may_be_asked_for_again() -> None:
    order = completed_order()
    assert open_matters(order, [], NOW + REWORK_WITHIN) == [Matter.ORDER]
    assert open_matters(order, [], NOW + REWORK_WITHIN + timedelta(seconds=1)) == []


def test_reviewed_work_is_over_at_once() -> None:
    order = completed_order()
    order.review(5, by=BY_CUSTOMER, at=NOW)
    assert open_matters(order, [], NOW) == []


def test_an_unpaid_order_that_was_cancelled_keeps_nobody() -> None:
    order = booked_order()
    payment = closed(attempt(order))
    cancel(order)
    assert open_matters(order, [payment], NOW) == []


def test_money_owed_back_keeps_the_customer() -> None:
    assert open_matters(cancelled_order(), [], LATER) == [Matter.REFUND]


def test_an_attempt_is_open_until_wechat_confirmed_its_end() -> None:
    order = booked_order()
    waiting, closing = attempt(order), attempt(order, 2)
    closing.request_closing("expired", at=NOW)
    cancel(order)
    for payment in (waiting, closing):
        assert open_matters(order, [payment], NOW) == [Matter.PAYMENT]
    assert open_matters(order, [closed(waiting)], NOW) == []


def test_money_that_the_order_took_is_settled() -> None:
    order = completed_order()
    assert open_matters(order, [succeeded(attempt(order))], LATER) == []


def test_money_that_nobody_took_or_owes_back_is_open() -> None:
    order = booked_order()
    payment = succeeded(attempt(order))
    cancel(order)
    assert open_matters(order, [payment], NOW) == [Matter.PAYMENT]

    order.refund_stray(stray(source="untaken_payment"), policy=POLICY, by=BY_SYSTEM, at=NOW)

    assert open_matters(order, [payment], NOW) == [Matter.REFUND]


def test_a_second_and_a_late_payment_are_open_until_they_are_owed_back() -> None:
    order = completed_order()
    first = succeeded(attempt(order))
    first.record_success(success("4200000002"), at=NOW)
    late = succeeded(closed(attempt(order, 2)), "4200000003")
    for payment in (first, late):
        assert open_matters(order, [payment], LATER) == [Matter.PAYMENT]


def test_what_came_on_an_attempt_that_never_succeeded_is_settled_once_it_is_owed_back() -> None:
    order = completed_order()
    second, wrong = attempt(order, 2), attempt(order, 3)
    second.record_second_success(success("4200000004"), at=NOW)
    wrong.record_success(success("4200000005", amount_fen=PRICE_FEN + 1), at=NOW)
    for payment in (second, wrong):
        assert Matter.PAYMENT in open_matters(order, [payment], LATER)
        (transaction_id,) = payment.received
        back = stray(transaction_id, source="second_payment")
        order.refund_stray(back, policy=POLICY, by=BY_SYSTEM, at=NOW)
        assert open_matters(order, [payment], LATER) == [Matter.REFUND]


def test_a_wrong_amount_is_open_for_a_person_to_decide() -> None:
    order = booked_order()
    payment = attempt(order)
    payment.record_success(success(amount_fen=PRICE_FEN + 1), at=NOW)
    cancel(order)
    assert open_matters(order, [payment], LATER) == [Matter.PAYMENT]


def test_a_further_charge_that_was_paid_leaves_nothing_open() -> None:
    order = done_order()
    order.add_charge(extra_charge(), by=BY_CUSTOMER, at=NOW)
    pay(order, 2)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    assert open_matters(order, [], LATER) == []
