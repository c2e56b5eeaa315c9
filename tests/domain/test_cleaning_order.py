from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.claims import TakeUnique
from domain.errors import InvalidInputError, JiawuError
from domain.orders import errors
from domain.orders.cleaning import AreaReview, CleaningOrder, RoomsNotAcceptedError
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import STAGE_LABELS, Stage
from domain.orders.windows import window
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_WORKER,
    NOW,
    POLICY,
    PRICE_FEN,
    TOMORROW,
    accepted_order,
    an_id,
    assert_replays,
    assigned_order,
    assignment,
    booked_order,
    cancel,
    cancelled_order,
    claims,
    completed_order,
    done_order,
    last,
    line,
    names,
    paid_order,
    pay,
    report,
    reserved_order,
    sealed,
    service_window,
    surveyed_home,
    window_cleaning,
)


def review_area(order: CleaningOrder, total_fen: int, consent: str = "customer_app") -> None:
    review = AreaReview(
        area_tenths=1_050,
        total_fen=total_fen,
        lines=[line(total_fen)],
        happened_at=NOW,
        consent=consent,
    )
    order.review_area(review, by=BY_STAFF, at=NOW)


def test_an_online_order_awaits_payment_of_its_price() -> None:
    order = booked_order()

    assert order.stage == Stage.AWAITING_PAYMENT
    assert order.charges[1].amount_fen == PRICE_FEN
    assert order.kept_fen() == 0


def test_a_reservation_awaits_the_call_back_and_has_no_charge() -> None:
    order = reserved_order()

    assert order.stage == Stage.AWAITING_CONFIRMATION
    assert order.charges == {}


def test_a_booking_claims_its_number() -> None:
    order = booked_order()

    assert claims(last(order)) == (TakeUnique("order_number", order.order_number),)


def test_what_was_agreed_is_in_the_first_event() -> None:
    order = booked_order(extra={"coupon": "国庆", "gate": {"code": [1, 2]}}, remark=sealed("狗"))

    assert last(order).tax_class == "general6"
    assert last(order).lines == [line()]
    assert order.extra == {"coupon": "国庆", "gate": {"code": [1, 2]}}
    assert_replays(order, order.pending_events)


@pytest.mark.parametrize(
    "change",
    [
        {"service_code": "GX-01"},
        {"service_code": "BJ-09"},
        {"order_number": "BJ261122-0042-2"},
        {"source": "fax"},
        {"payment_mode": "barter"},
        {"kind_path": []},
        {"total_fen": PRICE_FEN + 1},
        {"total_fen": 0, "lines": []},
        {"tax_class": ""},
        {"pay_by": None},
        {"pay_by": NOW},
        {"contact": {"name": "王女士", "phone": sealed("1"), "address": sealed("2")}},
        {"contact": {}},
        {"remark": "有狗"},
        {"windows": []},
        {"windows": [service_window(NOW)]},
        {"windows": [service_window(NOW + timedelta(days=90))]},
        {"windows": [service_window(), service_window()]},
        {"windows": [{"purpose": "service", "starts_at": "soon", "ends_at": "later"}]},
        {"windows": [{"purpose": "service"}]},
        {"details": {"rooms": ["客厅", "客厅"]}},
    ],
)
def test_a_malformed_booking_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        booked_order(**change)


def test_a_window_has_a_length_and_an_offset() -> None:
    with pytest.raises(errors.WindowError):
        window("service", TOMORROW, TOMORROW)
    with pytest.raises(errors.WindowError):
        window("service", TOMORROW.replace(tzinfo=None), TOMORROW + timedelta(days=7))


def test_every_stage_has_words_for_people() -> None:
    assert set(STAGE_LABELS) == set(Stage)


def test_the_worker_reports_stage_by_stage() -> None:
    order = done_order()

    assert order.stage == Stage.AWAITING_INSPECTION
    assert_replays(order, order.pending_events)


@pytest.mark.parametrize("stage", [Stage.ARRIVED, Stage.ACCEPTED, Stage.COMPLETED, "lunch"])
def test_no_stage_is_left_out_repeated_or_invented(stage: str) -> None:
    order = accepted_order()

    with pytest.raises(errors.WrongStageError):
        report(order, stage)


def test_a_report_keeps_when_it_happened_beside_when_it_was_told() -> None:
    order = accepted_order()
    told = NOW + timedelta(hours=5)

    order.progress(Stage.DEPARTED, happened_at=NOW, by=BY_WORKER, at=told, note=sealed("堵车"))

    assert (last(order).happened_at, last(order).timestamp) == (NOW, told)


def test_nothing_is_reported_before_it_happened() -> None:
    later = NOW + timedelta(seconds=1)

    with pytest.raises(errors.HappenedInFutureError):
        accepted_order().progress(Stage.DEPARTED, happened_at=later, by=BY_WORKER, at=NOW)


def test_windows_are_cleaned_only_after_the_safety_check() -> None:
    order = accepted_order(**window_cleaning())
    report(order, Stage.DEPARTED, Stage.ARRIVED)
    with pytest.raises(errors.WrongStageError):
        report(order, Stage.IN_SERVICE)

    report(order, Stage.SAFETY_CONFIRMED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)

    assert order.stage == Stage.AWAITING_INSPECTION


def test_a_completed_order_earns_what_is_kept_and_leaves_the_interval_taken() -> None:
    order = done_order()
    order.refund_due(2_000, reason_code="late", policy=POLICY, by=BY_STAFF, at=NOW)

    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)

    assert last(order).recognised_fen == PRICE_FEN - 2_000
    assert (last(order).tax_class, last(order).service_code) == ("general6", "BJ-01")
    assert claims(last(order)) == ()


def test_work_is_inspected_before_it_is_complete() -> None:
    with pytest.raises(errors.WrongStageError):
        accepted_order().complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)


def test_a_completed_order_is_rated_once() -> None:
    order = completed_order()
    with pytest.raises(InvalidInputError):
        order.review(6, by=BY_CUSTOMER, at=NOW)

    order.review(5, text=sealed("很好"), by=BY_CUSTOMER, at=NOW)

    assert order.rating == 5
    with pytest.raises(errors.WrongStageError):
        order.review(4, by=BY_CUSTOMER, at=NOW)


def test_a_note_is_sealed_and_moves_nothing() -> None:
    order = paid_order()
    with pytest.raises(InvalidInputError):
        order.add_note("有狗", visibility="office", by=BY_STAFF, at=NOW)
    with pytest.raises(InvalidInputError):
        order.add_note(sealed("有狗"), visibility="world", by=BY_STAFF, at=NOW)

    order.add_note(sealed("有狗"), visibility="office", by=BY_STAFF, at=NOW)

    assert order.stage == Stage.AWAITING_ASSIGNMENT


def test_a_larger_area_is_paid_before_assignment() -> None:
    order = surveyed_home()
    assert order.stage == Stage.AWAITING_SURVEY

    review_area(order, PRICE_FEN + 3_000)

    assert names(order)[-2:] == ["AreaReviewed", "ChargeAdded"]
    with pytest.raises(errors.NotPaidError):
        order.assign(assignment(), by=BY_STAFF, at=NOW)
    pay(order, charge_number=2)
    order.assign(assignment(), by=BY_STAFF, at=NOW)
    assert_replays(order, order.pending_events)


def test_a_smaller_area_is_partly_given_back() -> None:
    order = surveyed_home()

    review_area(order, PRICE_FEN - 3_000, consent="")

    assert last(order).amount_fen == 3_000
    assert order.kept_fen() == PRICE_FEN - 3_000


def test_the_same_area_changes_no_money() -> None:
    order = surveyed_home()

    review_area(order, PRICE_FEN)

    assert names(order) == ["Booked", "Paid", "AreaReviewed"]
    assert order.area_tenths == 1_050


def test_a_higher_price_needs_consent_and_a_survey_is_taken_once() -> None:
    order = surveyed_home()
    with pytest.raises(InvalidInputError):
        review_area(order, PRICE_FEN + 1, consent="")
    with pytest.raises(InvalidInputError):
        review_area(order, 0)
    review_area(order, PRICE_FEN)
    with pytest.raises(errors.WrongStageError):
        review_area(order, PRICE_FEN)


def test_the_lines_of_a_reviewed_area_make_its_price() -> None:
    wrong = AreaReview(area_tenths=1, total_fen=2, lines=[line(1)], happened_at=NOW)

    with pytest.raises(InvalidInputError):
        surveyed_home().review_area(wrong, by=BY_STAFF, at=NOW)


def new_home_done(rooms: list[str]) -> CleaningOrder:
    return done_order(service_code="BJ-02", details={"rooms": rooms})


def inspect(order: CleaningOrder, room: str, *, accepted: bool) -> None:
    order.inspect_room(room, accepted=accepted, happened_at=NOW, by=BY_CUSTOMER, at=NOW)


def test_a_new_home_is_complete_once_every_room_is_accepted() -> None:
    order = new_home_done(["客厅", "主卧"])
    inspect(order, "客厅", accepted=True)
    with pytest.raises(RoomsNotAcceptedError):
        order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    inspect(order, "主卧", accepted=False)
    with pytest.raises(RoomsNotAcceptedError):
        order.complete(happened_at=NOW, by="system:auto_inspection", at=NOW)
    inspect(order, "主卧", accepted=True)

    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)

    assert order.stage == Stage.COMPLETED
    assert_replays(order, order.pending_events)


def test_rooms_nobody_refused_are_accepted_by_the_24_hour_rule() -> None:
    order = new_home_done(["客厅"])

    order.complete(happened_at=NOW, by="system:auto_inspection", at=NOW)

    assert order.stage == Stage.COMPLETED


def test_a_room_is_inspected_after_the_work_and_belongs_to_the_order() -> None:
    with pytest.raises(errors.WrongStageError):
        inspect(accepted_order(), "客厅", accepted=True)
    with pytest.raises(InvalidInputError):
        inspect(done_order(), "客厅", accepted=True)


def at_every_stage() -> list[CleaningOrder]:
    return [booked_order(), paid_order(), assigned_order(), accepted_order(), cancelled_order()]


REFUSED: list[Callable[[CleaningOrder], object]] = [
    lambda order: order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW),
    lambda order: order.accept(an_id("nobody"), happened_at=NOW, by=BY_WORKER, at=NOW),
    lambda order: order.confirm(happened_at=NOW, by=BY_STAFF, at=NOW),
    lambda order: order.review(5, by=BY_CUSTOMER, at=NOW),
    lambda order: cancel(order, fee_fen=PRICE_FEN + 1),
    lambda order: order.review_area(
        AreaReview(area_tenths=1, total_fen=1, lines=[line(1)], happened_at=NOW),
        by=BY_STAFF,
        at=NOW,
    ),
]


@pytest.mark.parametrize("refused", REFUSED)
def test_a_refused_command_leaves_nothing_behind(
    refused: Callable[[CleaningOrder], object],
) -> None:
    for order in at_every_stage():
        before = names(order)
        with pytest.raises(JiawuError):
            refused(order)
        assert names(order) == before


def test_the_first_event_of_a_cleaning_order_is_a_booking_of_any_order() -> None:
    booked = last(booked_order())

    assert isinstance(booked, ServiceOrder.Booked)
    assert isinstance(booked.timestamp, datetime)
