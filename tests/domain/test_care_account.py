"""What an engagement leaves to be paid: withdrawals, receipts by hand, completion."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from domain.claims import TakeUnique
from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.care.contract import (
    CONTRACT,
)
from domain.orders.care.errors import (
    BalanceOpenError,
)
from domain.orders.care.order import CareOrder
from domain.orders.offline_receipts import OfflineRefundTooLargeError
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    OFFICE,
    assert_replays,
    cancellation,
    claims,
    last,
    names,
)
from tests.domain.nannies import (
    DAYS,
    DEPOSIT_FEN,
    FEE_FEN,
    NURSE,
    PRICE_FEN,
    after,
    booked_care,
    cancel,
    care_on_duty,
    leave,
    meet,
    nurse,
    on,
    receipt,
    record,
    signed_care,
    sought_care,
    take,
    terms,
    want_another,
)


def test_before_a_contract_cancelling_is_free_and_settles_nothing() -> None:
    order = sought_care()

    cancel(order)

    assert order.stage == Stage.CANCELLED
    assert "Settled" not in names(order)


@pytest.mark.parametrize(
    ("notice", "back_fen"),
    [(40, 88_000), (30, 88_000), (29, 52_800), (15, 52_800), (14, 17_600), (0, 17_600)],
)
def test_withdrawing_before_the_start_costs_part_of_the_deposit(notice: int, back_fen: int) -> None:
    order = signed_care(terms(starts_on=on(60), ends_on=on(60 + DAYS)))
    take(order, DEPOSIT_FEN)

    cancel(order, at=after(60 - notice, 12))

    assert [name for name in names(order) if name in {"Settled", "Cancelled"}] == [
        "Settled",
        "Cancelled",
    ]
    assert order.balance_fen() == back_fen
    assert order.held == ()


def test_the_company_that_cannot_come_gives_the_deposit_back_twice() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)

    cancel(order, "company")

    assert order.balance_fen() == 2 * DEPOSIT_FEN
    order.record_repayment(receipt(2 * DEPOSIT_FEN, "TK-0001"), **OFFICE)
    assert order.balance_fen() == 0


def test_a_deposit_that_was_never_handed_over_binds_nobody() -> None:
    order = signed_care()

    cancel(order)

    assert order.balance_fen() == 0


def test_a_deposit_that_went_back_before_binds_nobody() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)
    order.record_repayment(receipt(DEPOSIT_FEN, "TK-0001"), **OFFICE)

    cancel(order)

    assert order.balance_fen() == 0


def test_what_passes_by_hand_after_the_settlement_changes_no_line_of_it() -> None:
    order = signed_care()
    take(order, DEPOSIT_FEN)
    cancel(order)
    settled_fen = order.settled_fen
    order.record_repayment(receipt(order.repayable_fen(), "TK-0001"), **OFFICE)
    take(order, 1_000, number="SJ-0002")

    told = order.stop(NOW)
    assert (told.used_fen, told.balance_fen) == (settled_fen, 1_000)
    assert order.balance_fen() == told.balance_fen


def test_work_that_has_begun_is_ended_not_cancelled() -> None:
    order = care_on_duty()

    with pytest.raises(errors.WrongStageError):
        cancel(order, at=after(1))


def test_a_receipt_is_taken_once() -> None:
    order = signed_care()

    take(order, DEPOSIT_FEN)

    assert claims(last(order)) == (TakeUnique("receipt_number", "SJ-0001"),)
    assert order.held_by_hand_fen() == DEPOSIT_FEN


@pytest.mark.parametrize(
    "change",
    [
        {"amount_fen": 0},
        {"method": "gold"},
        {"purpose": "gift"},
        {"receipt_number": "收据一"},
        {"happened_at": NOW + timedelta(minutes=1)},
        {"note": "clear"},
    ],
)
def test_a_malformed_receipt_is_refused(change: dict[str, Any]) -> None:
    order = signed_care()

    with pytest.raises(InvalidInputError):
        order.record_receipt(receipt(**{"amount_fen": 1, **change}), **OFFICE)


def test_no_more_goes_back_by_hand_than_is_left_over() -> None:
    order = care_on_duty()
    take(order, PRICE_FEN + FEE_FEN, purpose="wage")
    leave(order, after(13, 8), "customer")
    order.settle(by=BY_STAFF, at=after(13))
    half = (PRICE_FEN + FEE_FEN) // 2

    with pytest.raises(OfflineRefundTooLargeError):
        order.record_repayment(receipt(half + 1, "TK-0001"), by=BY_STAFF, at=after(13))
    order.record_repayment(receipt(half, "TK-0001"), by=BY_STAFF, at=after(13))
    assert order.balance_fen() == 0


def test_an_order_is_complete_once_its_account_is_level() -> None:
    order = care_on_duty()
    leave(order, after(DAYS))
    order.settle(by=BY_STAFF, at=after(DAYS))

    with pytest.raises(BalanceOpenError, match="应收"):
        order.complete(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    take(order, PRICE_FEN + FEE_FEN)
    order.complete(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    order.review(5, by=BY_CUSTOMER, at=after(DAYS))
    order.follow_up(happened_at=NOW, by=BY_STAFF, at=after(DAYS))
    assert order.stage == Stage.REVIEWED
    assert_replays(order, order.pending_events)


AT_THE_WRONG_STAGE: list[Callable[[CareOrder], object]] = [
    lambda order: order.confirm_needs("gold", happened_at=NOW, **OFFICE),
    lambda order: order.propose_candidates([nurse()], **OFFICE),
    meet,
    lambda order: order.propose_terms(CONTRACT, NURSE, terms(), **OFFICE),
    lambda order: order.move_start(on(3), **OFFICE),
    lambda order: order.start(happened_at=NOW, **OFFICE),
    lambda order: record(order, [0], at=NOW),
    lambda order: want_another(order, NOW),
    lambda order: order.withdraw_replacement(happened_at=NOW, **OFFICE),
    lambda order: leave(order, NOW),
    lambda order: order.settle(**OFFICE),
    lambda order: order.complete(happened_at=NOW, **OFFICE),
    lambda order: order.progress("departed", happened_at=NOW, **OFFICE),
]


@pytest.mark.parametrize("command", AT_THE_WRONG_STAGE)
def test_a_lead_that_nobody_called_takes_none_of_the_later_steps(
    command: Callable[[CareOrder], object],
) -> None:
    order = booked_care()

    with pytest.raises(errors.WrongStageError):
        command(order)
    assert names(order) == ["Booked"]


@pytest.mark.parametrize("command", AT_THE_WRONG_STAGE[:8])
def test_a_cancelled_engagement_stays_as_it_is(command: Callable[[CareOrder], object]) -> None:
    order = signed_care()
    order.cancel(cancellation(), by=BY_CUSTOMER, at=NOW)
    before = names(order)

    with pytest.raises(errors.WrongStageError):
        command(order)
    assert names(order) == before
