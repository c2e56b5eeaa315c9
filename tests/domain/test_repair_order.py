"""Rules of a repair: reserved, quoted, agreed, paid by hand, under warranty."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.claims import ReleaseWorker, TakeUnique
from domain.errors import InvalidInputError
from domain.orders.appliance_care.empty_trips import CUSTOMER_ABSENT, EmptyTrip
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.appliance_care.quotations import (
    QuotationExpiredError,
    QuotationReplacedError,
    quotation_line,
)
from domain.orders.appliance_care.repair import PartsOrder
from domain.orders.booking import ONLINE
from domain.orders.charges import AddedCharge
from domain.orders.errors import ReservationNotPayableError, WrongStageError
from domain.orders.offline_receipts import OnlineOrderError
from domain.orders.stages import Stage
from tests.domain.appliances import (
    FIELD,
    agreed,
    arrive,
    booked,
    booking,
    cleaning,
    finding,
    pay,
    quotation,
    quoted,
    receipt,
    repair,
    repaired,
    report,
    warranty_claim,
)
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    HOME,
    NOW,
    OFFICE,
    TOMORROW,
    assert_replays,
    assignment,
    cancellation,
    claims,
    last,
    names,
    sealed,
    service_window,
    unsaved,
)

pytestmark = pytest.mark.requirement("R05", "R08", "R11")

UNTIL = datetime(2027, 2, 20, 16, 0, tzinfo=UTC)  # midnight after 20 February in Shanghai
LATER = TOMORROW + timedelta(days=5)


def order_parts(order: ApplianceCareOrder) -> ApplianceCareOrder:
    parts = PartsOrder(parts=["压缩机"], finding=finding(), expected_on=LATER.date())
    order.order_parts(parts, **FIELD)
    return order


@pytest.mark.parametrize(
    "details",
    [
        {"fault": ""},
        {"fault": "不制冷"},
        {"photos": ["../x"]},
        {"warranty_days": 0},
    ],
)
def test_a_repair_is_described_in_sealed_words(details: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        repair(**details)


def test_a_repair_is_never_paid_online() -> None:
    order = repair()

    assert (order.stage, order.charges) == (Stage.AWAITING_CONFIRMATION, {})
    with pytest.raises(ReservationNotPayableError):
        pay(order)
    more = AddedCharge(reason_code="x", amount_fen=1, consent="customer_app")
    with pytest.raises(ReservationNotPayableError):
        order.add_charge(more, **OFFICE)
    with pytest.raises(InvalidInputError):
        booked(booking("WX-01", 5_000, payment_mode=ONLINE, details=order.details))


def test_a_repair_goes_from_the_call_to_its_warranty() -> None:
    order = repaired()

    assert order.stage == Stage.UNDER_WARRANTY
    assert names(order) == [
        *("Booked", "Confirmed", "Assigned", "Accepted", "Progressed", "Progressed"),
        *("Diagnosed", "Quoted", "QuotationAccepted", "Progressed", "Progressed"),
        *("Completed", "WarrantyStarted"),
    ]
    assert unsaved(order)[-2].recognised_fen == 0
    assert_replays(order, order.pending_events)


def test_a_warranty_ends_with_its_last_day_in_shanghai() -> None:
    order = repaired()

    # done on 22 November; the 90th day after it is 20 February
    assert last(order).until == UNTIL


def test_what_is_wrong_is_said_in_sealed_words_on_site() -> None:
    order = repair()
    with pytest.raises(WrongStageError):
        order.diagnose(finding(), **FIELD)
    arrive(order)
    with pytest.raises(InvalidInputError):
        order.diagnose(finding(note=""), **FIELD)
    with pytest.raises(WrongStageError):
        arrive(cleaning()).diagnose(finding(), **FIELD)
    with pytest.raises(WrongStageError):
        order.quote(quotation(), **OFFICE)


@pytest.mark.parametrize(
    "change",
    [
        {"lines": []},
        {"lines": [quotation_line("part", "", 1, 28_000)]},
        {"lines": [quotation_line("gift", "压缩机", 1, 28_000)]},
        {"lines": [quotation_line("part", "压缩机", 1, 28_000) | {"quantity": 2}]},
        {"total_fen": 28_001},
        {"inspection_fee_fen": -1},
        {"total_fen": 0, "lines": [quotation_line("part", "压缩机", 1, 0)]},
        {"valid_until": NOW},
        {"valid_until": NOW + timedelta(days=31)},
        {"happened_at": NOW + timedelta(seconds=1)},
    ],
)
def test_a_malformed_quotation_is_refused(change: dict[str, Any]) -> None:
    order = arrive(repair())
    order.diagnose(finding(), **FIELD)
    with pytest.raises(InvalidInputError):
        order.quote(quotation(**change), **OFFICE)


def test_a_later_quotation_replaces_the_one_before() -> None:
    order = quoted()

    assert order.quote(quotation(20_000, 3_000), **OFFICE) == 2
    with pytest.raises(QuotationReplacedError):
        order.accept_quotation(1, consent="customer_app", **HOME)
    order.accept_quotation(2, consent="customer_app", **HOME)

    assert (order.agreed_fen, order.due_by_hand_fen()) == (23_000, 23_000)
    with pytest.raises(WrongStageError):
        order.quote(quotation(), **OFFICE)


def test_a_quotation_is_good_up_to_its_day_and_needs_consent() -> None:
    order = quoted()
    with pytest.raises(InvalidInputError):
        order.accept_quotation(1, consent="", **HOME)
    late = NOW + timedelta(days=3, seconds=1)
    with pytest.raises(QuotationExpiredError):
        order.accept_quotation(1, consent="customer_app", by=BY_CUSTOMER, at=late)

    order.accept_quotation(1, consent="x", by=BY_CUSTOMER, at=NOW + timedelta(days=3))
    assert order.stage == Stage.QUOTATION_ACCEPTED


def test_who_refuses_the_price_owes_the_inspection() -> None:
    order = quoted()
    with pytest.raises(InvalidInputError):
        order.refuse_quotation(1, reason_code="", **HOME)

    order.refuse_quotation(1, reason_code="too_dear", **HOME)

    assert (order.stage, order.due_by_hand_fen()) == (Stage.QUOTATION_REFUSED, 5_000)
    order.record_receipt(receipt(5_000), **OFFICE)
    order.complete(happened_at=NOW, **OFFICE)
    assert (order.stage, order.due_by_hand_fen()) == (Stage.COMPLETED, 0)
    with pytest.raises(WrongStageError):
        order.claim_warranty(warranty_claim(), **HOME)
    assert_replays(order, order.pending_events)


def test_money_by_hand_is_a_fact_with_its_receipts_number() -> None:
    order = agreed()

    order.record_receipt(receipt(20_000), **OFFICE)

    assert order.due_by_hand_fen() == 8_000
    assert claims(last(order)) == (TakeUnique("receipt_number", "SJ-20261122-001"),)
    with pytest.raises(OnlineOrderError):
        cleaning().record_receipt(receipt(), **OFFICE)


def test_a_repair_waits_for_its_parts_and_goes_on() -> None:
    order = order_parts(agreed())
    assert order.stage == Stage.AWAITING_PARTS

    order.receive_parts(finding(), **FIELD)

    assert order.stage == Stage.IN_SERVICE
    order_parts(order)
    assert last(order).expected_on == LATER.date().isoformat()


def test_with_the_parts_somebody_comes_again_and_goes_straight_to_work() -> None:
    order = order_parts(agreed())

    order.receive_parts(finding(), windows=[service_window(LATER)], **OFFICE)

    assert (order.stage, order.worker_id) == (Stage.AWAITING_ASSIGNMENT, None)
    assert claims(last(order)) == (ReleaseWorker(order.id),)
    assert order.reschedules == 0
    arrive(order, LATER)
    with pytest.raises(WrongStageError):
        order.diagnose(finding(), **FIELD)
    report(order, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    order.complete(happened_at=NOW, **HOME)
    assert (order.stage, order.visit) == (Stage.UNDER_WARRANTY, "")
    assert_replays(order, order.pending_events)


def test_parts_have_names_and_belong_to_what_is_agreed() -> None:
    with pytest.raises(WrongStageError):
        order_parts(quoted())
    with pytest.raises(InvalidInputError):
        agreed().order_parts(PartsOrder(parts=[], finding=finding()), **FIELD)
    with pytest.raises(WrongStageError):
        agreed().receive_parts(finding(), **FIELD)
    order = order_parts(agreed())
    with pytest.raises(InvalidInputError):
        order.receive_parts(finding(), windows=[service_window(NOW)], **FIELD)
    assert order.stage == Stage.AWAITING_PARTS


def test_work_that_is_not_accepted_goes_on() -> None:
    order = report(agreed(), Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)

    report(order, Stage.IN_SERVICE)

    assert order.stage == Stage.IN_SERVICE


def test_within_the_warranty_somebody_comes_again_for_free() -> None:
    order = repaired()

    order.claim_warranty(warranty_claim(LATER), **HOME)
    assert (order.stage, order.claim, order.worker_id) == (Stage.AWAITING_ASSIGNMENT, 1, None)
    with pytest.raises(WrongStageError):
        order.cancel(cancellation(), **HOME)
    report(arrive(order, LATER), Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    order.complete(happened_at=NOW, **HOME)

    assert (order.stage, order.claim) == (Stage.UNDER_WARRANTY, 0)
    assert names(order).count("Completed") == names(order).count("WarrantyStarted") == 1
    assert order.due_by_hand_fen() == 28_000
    order.claim_warranty(warranty_claim(LATER), **HOME)
    assert order.claim == 2
    assert_replays(order, order.pending_events)


def test_a_claim_waits_for_parts_like_any_repair() -> None:
    order = repaired()
    order.claim_warranty(warranty_claim(), **HOME)
    order_parts(report(arrive(order), Stage.IN_SERVICE))

    order.receive_parts(finding(), windows=[service_window(LATER)], **OFFICE)

    assert (order.stage, order.visit, order.claim) == (Stage.AWAITING_ASSIGNMENT, "warranty", 1)


def test_a_claim_may_be_withdrawn_until_work_begins() -> None:
    order = repaired()
    with pytest.raises(WrongStageError):
        order.withdraw_claim(reason_code="works_again", **HOME)
    order.claim_warranty(warranty_claim(), **HOME)
    order.assign(assignment(), **OFFICE)

    order.withdraw_claim(reason_code="works_again", **HOME)

    assert (order.stage, order.worker_id, order.visit) == (Stage.UNDER_WARRANTY, None, "")
    assert claims(last(order)) == (ReleaseWorker(order.id),)
    assert_replays(order, order.pending_events)


def test_a_claim_is_described_and_made_in_time() -> None:
    order = repaired()
    refusals: list[dict[str, Any]] = [
        {"fault": ""},
        {"fault": "坏了"},
        {"windows": []},
        {"photos": ["x"]},
    ]
    for refused in refusals:
        with pytest.raises(InvalidInputError):
            order.claim_warranty(warranty_claim(**refused), **HOME)
    with pytest.raises(WrongStageError):
        order.claim_warranty(warranty_claim(), by=BY_CUSTOMER, at=UNTIL)
    with pytest.raises(WrongStageError):
        agreed().claim_warranty(warranty_claim(), **HOME)


def test_a_warranty_expires_once_and_not_before_its_end() -> None:
    order = repaired()

    assert not order.expire_warranty(by=BY_SYSTEM, at=UNTIL - timedelta(seconds=1))
    assert order.expire_warranty(by=BY_SYSTEM, at=UNTIL)
    assert not order.expire_warranty(by=BY_SYSTEM, at=UNTIL)
    assert order.stage == Stage.WARRANTY_EXPIRED


def test_an_open_claim_keeps_a_warranty_from_expiring() -> None:
    order = repaired()
    order.claim_warranty(warranty_claim(), **HOME)

    assert not order.expire_warranty(by=BY_SYSTEM, at=UNTIL)


def test_a_repair_is_rated_once_without_leaving_its_warranty() -> None:
    order = repaired()
    for refused in ({"rating": 6}, {"rating": 5, "text": "好"}):
        with pytest.raises(InvalidInputError):
            order.review(**refused, **HOME)

    order.review(5, text=sealed("好"), **HOME)

    assert (order.stage, order.rating) == (Stage.UNDER_WARRANTY, 5)
    with pytest.raises(WrongStageError):
        order.review(4, **HOME)


def test_an_empty_trip_of_a_repair_is_due_by_hand() -> None:
    order = arrive(repair())
    calls = [NOW + timedelta(minutes=5), NOW + timedelta(minutes=10)]
    left = finding(happened_at=NOW + timedelta(minutes=15))
    trip = EmptyTrip(reason_code=CUSTOMER_ABSENT, finding=left, calls=calls)

    order.record_empty_trip(trip, by=BY_SYSTEM, at=NOW + timedelta(minutes=20))

    assert (order.stage, order.fee_fen, order.due_by_hand_fen()) == (Stage.EMPTY_TRIP, 0, 5_000)


def test_a_reservation_that_nobody_needs_is_cancelled_without_money() -> None:
    order = repair()

    order.cancel(cancellation(), **HOME)

    assert (order.stage, order.kept_fen()) == (Stage.CANCELLED, 0)
