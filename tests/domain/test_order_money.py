from collections.abc import Callable

import pytest

from domain.claims import ReleasePlace, ReleaseSeats, ReleaseWorker
from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.cleaning import CleaningOrder
from domain.orders.stages import Stage
from domain.payments import payment_id
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    BY_WORKER,
    NOW,
    POLICY,
    PRICE_FEN,
    assert_replays,
    assigned_order,
    assignment,
    booked_order,
    cancel,
    cancelled_order,
    claims,
    completed_order,
    done_order,
    extra_charge,
    last,
    line,
    names,
    paid_order,
    pay,
    payment_for,
    reserved_order,
    stray,
    unsaved,
)


def test_a_paid_order_awaits_assignment() -> None:
    order = booked_order()

    assert pay(order)

    assert order.stage == Stage.AWAITING_ASSIGNMENT
    assert order.kept_fen() == PRICE_FEN


def test_a_payment_told_twice_is_taken_once() -> None:
    order = paid_order()

    assert not pay(order)

    assert names(order) == ["Booked", "Paid"]


def test_a_payment_told_again_after_cancelling_changes_nothing() -> None:
    order = cancelled_order()

    assert not pay(order)


def test_a_second_payment_of_a_charge_is_not_taken() -> None:
    order = paid_order()

    with pytest.raises(errors.ChargeAlreadyPaidError):
        pay(order, attempt=2)


def test_a_wrong_amount_is_not_taken() -> None:
    order = booked_order(total_fen=100, lines=[line(100)])
    other = payment_for(booked_order())

    with pytest.raises(errors.ChargeAmountError):
        order.mark_paid(other, by=BY_SYSTEM, at=NOW)


def test_an_unknown_charge_is_not_paid() -> None:
    order = paid_order()

    with pytest.raises(errors.UnknownChargeError):
        pay(order, charge_number=2)


def test_a_closed_order_takes_no_payment() -> None:
    order = booked_order()
    cancel(order, "unpaid")

    with pytest.raises(errors.OrderClosedError):
        pay(order)


def test_a_reservation_never_takes_online_money() -> None:
    order = reserved_order()

    with pytest.raises(errors.ReservationNotPayableError):
        pay(order)
    with pytest.raises(errors.ReservationNotPayableError):
        order.add_charge(extra_charge(), by=BY_STAFF, at=NOW)


def test_a_reservation_is_assigned_once_confirmed() -> None:
    order = reserved_order()
    with pytest.raises(errors.WrongStageError):
        order.assign(assignment(), by=BY_STAFF, at=NOW)

    order.confirm(happened_at=NOW, by=BY_STAFF, at=NOW)
    order.assign(assignment(), by=BY_STAFF, at=NOW)

    assert names(order) == ["Booked", "Confirmed", "Assigned"]


def test_an_online_order_needs_no_call_back() -> None:
    with pytest.raises(errors.WrongStageError):
        paid_order().confirm(happened_at=NOW, by=BY_STAFF, at=NOW)


def test_a_further_charge_is_numbered_and_paid_by_itself() -> None:
    order = done_order()

    assert order.add_charge(extra_charge(5_000), by=BY_WORKER, at=NOW) == 2
    pay(order, charge_number=2)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)

    assert last(order).recognised_fen == PRICE_FEN + 5_000


def test_nothing_is_completed_or_assigned_while_a_charge_is_open() -> None:
    done, paid = done_order(), paid_order()
    done.add_charge(extra_charge(), by=BY_STAFF, at=NOW)
    paid.add_charge(extra_charge(), by=BY_STAFF, at=NOW)

    with pytest.raises(errors.NotPaidError):
        done.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    with pytest.raises(errors.NotPaidError):
        paid.assign(assignment(), by=BY_STAFF, at=NOW)


def test_a_withdrawn_charge_is_no_longer_owed_nor_payable() -> None:
    order = done_order()
    order.add_charge(extra_charge(), by=BY_STAFF, at=NOW)

    order.withdraw_charge(2, reason_code="refused", by=BY_STAFF, at=NOW)

    with pytest.raises(errors.OrderClosedError):
        pay(order, charge_number=2)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)


@pytest.mark.parametrize("number", [1, 2])
def test_only_an_open_further_charge_is_withdrawn(number: int) -> None:
    with pytest.raises(errors.UnknownChargeError):
        booked_order().withdraw_charge(number, reason_code="x", by=BY_STAFF, at=NOW)


def test_a_further_charge_needs_consent_money_and_an_order_under_way() -> None:
    with pytest.raises(InvalidInputError):
        paid_order().add_charge(extra_charge(0), by=BY_STAFF, at=NOW)
    with pytest.raises(errors.NotPaidError):
        booked_order().add_charge(extra_charge(), by=BY_STAFF, at=NOW)
    with pytest.raises(errors.WrongStageError):
        completed_order().add_charge(extra_charge(), by=BY_STAFF, at=NOW)


def test_an_order_nobody_paid_expires() -> None:
    order = booked_order()

    cancel(order, "unpaid")

    assert order.stage == Stage.EXPIRED
    assert names(order) == ["Booked", "Cancelled"]


def test_a_paid_order_does_not_expire() -> None:
    with pytest.raises(errors.WrongStageError):
        cancel(paid_order(), "unpaid")


def test_a_cancelled_order_owes_back_all_but_the_fee() -> None:
    order = assigned_order()

    cancel(order, fee_fen=1_500)

    due = last(order)
    assert names(order)[-2:] == ["Cancelled", "RefundDue"]
    assert (due.amount_fen, due.source, due.taken_from) == (PRICE_FEN - 1_500, "order", "advance")
    assert due.payment_id == payment_id(f"{order.order_number}-C1A1")
    assert (due.policy_version, due.policy_trace) == (1, POLICY.trace)
    assert order.kept_fen() == 1_500
    released = (ReleaseWorker(order.id), ReleaseSeats(order.id), ReleasePlace(order.id))
    assert claims(unsaved(order)[-2]) == released


def test_a_refund_names_each_payment_the_newest_first() -> None:
    order = paid_order()
    order.add_charge(extra_charge(5_000), by=BY_STAFF, at=NOW)
    pay(order, charge_number=2)

    cancel(order, fee_fen=1_000)

    parts = [
        (due.refund_number, due.charge_number, due.amount_fen, due.taken_from)
        for due in unsaved(order)[-2:]
    ]
    assert parts == [(1, 2, 5_000, "advance"), (2, 1, PRICE_FEN - 1_000, "advance")]


def test_no_fee_is_kept_beyond_what_was_paid() -> None:
    with pytest.raises(errors.RefundTooLargeError):
        cancel(booked_order(), fee_fen=1)


def test_a_fee_may_be_given_back_later_out_of_good_will() -> None:
    order = assigned_order()
    cancel(order, fee_fen=1_500)

    order.refund_due(1_500, reason_code="goodwill", policy=POLICY, by=BY_STAFF, at=NOW)

    assert last(order).taken_from == "fee"


def test_a_refund_after_completion_comes_out_of_revenue() -> None:
    order = completed_order()

    order.refund_due(1_500, reason_code="complaint", policy=POLICY, by=BY_STAFF, at=NOW)

    assert last(order).taken_from == "revenue"


@pytest.mark.parametrize("amount_fen", [0, PRICE_FEN + 1])
def test_a_refund_is_something_and_at_most_what_is_kept(amount_fen: int) -> None:
    with pytest.raises(errors.RefundTooLargeError):
        paid_order().refund_due(amount_fen, reason_code="x", policy=POLICY, by=BY_STAFF, at=NOW)


@pytest.mark.parametrize("ended", [cancelled_order, completed_order])
def test_what_has_ended_is_not_cancelled(ended: Callable[[], CleaningOrder]) -> None:
    with pytest.raises(errors.WrongStageError):
        cancel(ended())


@pytest.mark.parametrize(
    ("source", "pocket"),
    [
        ("late_payment", "suspense"),
        ("second_payment", "suspense"),
        ("untaken_payment", "advance"),
    ],
)
def test_a_stray_payment_goes_back_whole_and_once(source: str, pocket: str) -> None:
    order = booked_order()
    cancel(order, "unpaid")

    assert order.refund_stray(stray(source=source), policy=POLICY, by=BY_SYSTEM, at=NOW)
    assert not order.refund_stray(stray(source=source), policy=POLICY, by=BY_SYSTEM, at=NOW)

    due = last(order)
    assert (due.amount_fen, due.source, due.taken_from) == (PRICE_FEN, source, pocket)
    assert due.transaction_id == "4200000001"
    assert order.kept_fen() == 0
    assert_replays(order, order.pending_events)


def test_a_stray_payment_names_its_source_and_transaction() -> None:
    with pytest.raises(InvalidInputError):
        paid_order().refund_stray(stray(source="gift"), policy=POLICY, by=BY_SYSTEM, at=NOW)
    with pytest.raises(InvalidInputError):
        paid_order().refund_stray(stray(""), policy=POLICY, by=BY_SYSTEM, at=NOW)
