from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from domain.errors import InvalidInputError
from domain.orders import charges, errors
from domain.orders.dry_cleaning import garments
from domain.orders.dry_cleaning.garments import Finding, GarmentReport
from domain.orders.dry_cleaning.order import (
    DryCleaningOrder,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_SYSTEM,
    HOME,
    NOW,
    OFFICE,
    assert_replays,
    last,
    names,
)
from tests.domain.laundry import (
    COAT_FEN,
    DELIVERY_FEN,
    FINDING,
    PLANT,
    REPORT,
    SHIRT_FEN,
    TO_DELIVERY,
    TOTAL_FEN,
    advance,
    agree,
    collected_laundry,
    delivered_laundry,
    flawed,
    inspected_laundry,
    pay,
    refused,
    sign,
)

Command = Callable[[DryCleaningOrder], object]


def at_workshop(order: DryCleaningOrder, report: GarmentReport) -> None:
    order.advance(1, Stage.AT_WORKSHOP, report, **OFFICE)


def test_the_order_shows_its_slowest_garment() -> None:
    order = collected_laundry()

    advance(order, 1, *TO_DELIVERY)
    advance(order, 2, Stage.AT_WORKSHOP)

    assert order.stage == Stage.PICKED_UP
    advance(order, 3, Stage.AT_WORKSHOP, Stage.PRE_INSPECTION, Stage.WASHING)
    assert order.stage == Stage.AT_WORKSHOP
    advance(order, 2, Stage.PRE_INSPECTION, Stage.WASHING, Stage.QUALITY_CHECK)
    assert order.stage == Stage.WASHING
    assert_replays(order, order.pending_events)


def test_a_garment_is_washed_again_as_often_as_the_check_wants() -> None:
    order = inspected_laundry()
    again = (Stage.REWASHING, Stage.QUALITY_CHECK)

    advance(order, 1, Stage.WASHING, Stage.QUALITY_CHECK, *again, *again, Stage.SENT_BACK)

    assert order.garments[1].stage == Stage.SENT_BACK


@pytest.mark.parametrize("stage", [Stage.PICKED_UP, Stage.WASHING, Stage.SIGNED_FOR, "lunch"])
def test_no_stage_of_a_garment_is_left_out_or_invented(stage: str) -> None:
    refused(collected_laundry(), lambda order: advance(order, 1, stage), garments.GarmentStageError)


def test_the_order_itself_reports_no_stages() -> None:
    refused(
        collected_laundry(),
        lambda order: order.progress(Stage.AT_WORKSHOP, **PLANT),
        errors.WrongStageError,
    )


def test_no_garment_is_reported_ahead_of_its_time_or_in_clear_words() -> None:
    order = collected_laundry()
    ahead = GarmentReport(happened_at=NOW + timedelta(seconds=1))
    clear = GarmentReport(happened_at=NOW, note="有污渍")

    for report, error in ((ahead, errors.HappenedInFutureError), (clear, InvalidInputError)):
        refused(
            order,
            partial(at_workshop, report=report),
            error,
        )


UNKNOWN: list[Command] = [
    lambda order: advance(order, 9, Stage.AT_WORKSHOP),
    lambda order: flawed(order, 9),
    lambda order: agree(order, 9),
    lambda order: order.decline_surcharge(9, **PLANT),
    lambda order: order.refuse_garment(9, "fragile", REPORT, **OFFICE),
    lambda order: sign(order, 9),
    lambda order: order.report_damage(9, FINDING, compensation_fen=0, **OFFICE),
    lambda order: order.report_loss(9, FINDING, compensation_fen=0, **OFFICE),
    lambda order: order.take_partner_code(9, 3, **PLANT),
]


@pytest.mark.parametrize("command", UNKNOWN)
def test_a_garment_that_the_order_lacks_is_refused(command: Command) -> None:
    refused(collected_laundry(), command, garments.UnknownGarmentError)


# -- flaws and surcharges


def test_a_flaw_waits_for_the_customer() -> None:
    order = inspected_laundry()

    flawed(order)

    assert order.garments[1].stage == Stage.CONSENT_AWAITED
    assert last(order).surcharge_fen == 2_000
    refused(order, lambda it: advance(it, 1, Stage.WASHING), garments.GarmentStageError)


def test_an_agreed_surcharge_is_paid_before_the_washing() -> None:
    order = inspected_laundry()
    flawed(order)
    agree(order)
    refused(order, lambda it: advance(it, 1, Stage.WASHING), garments.SurchargeNotPaidError)
    advance(order, 2, Stage.WASHING)

    pay(order, charge_number=2)
    advance(order, 1, Stage.WASHING)

    assert order.charges[2].amount_fen == 2_000
    assert order.garments[1].charges == (2,)
    assert order.garments[1].stage == Stage.WASHING
    assert_replays(order, order.pending_events)


def test_a_waived_surcharge_holds_nothing_up() -> None:
    order = inspected_laundry()
    flawed(order)
    agree(order)

    order.withdraw_charge(2, reason_code="goodwill", **OFFICE)
    advance(order, 1, Stage.WASHING)

    assert order.garments[1].stage == Stage.WASHING


def test_a_flaw_without_surcharge_needs_consent_but_no_charge() -> None:
    order = inspected_laundry()
    flawed(order, surcharge_fen=0)

    agree(order)
    advance(order, 1, Stage.WASHING)

    assert set(order.charges) == {1}


def test_a_declined_surcharge_brings_the_garment_home_unwashed_for_nothing() -> None:
    order = inspected_laundry()
    flawed(order, 3)

    order.decline_surcharge(3, **PLANT)

    assert order.garments[3].stage == Stage.WASH_REFUSED
    assert last(order).amount_fen == COAT_FEN
    assert order.kept_fen() == TOTAL_FEN - COAT_FEN
    advance(order, 3, Stage.SENT_BACK, Stage.DELIVERED)
    assert order.garments[3].stage == Stage.DELIVERED


def test_a_refused_garment_takes_its_paid_and_unpaid_surcharges_along() -> None:
    order = inspected_laundry()
    flawed(order, 1, surcharge_fen=700)
    agree(order)
    pay(order, charge_number=2)
    flawed(order, 1, surcharge_fen=300)
    agree(order)

    order.refuse_garment(1, "fragile", REPORT, **OFFICE)

    assert order.charges[3].state == charges.WITHDRAWN
    assert order.kept_fen() == TOTAL_FEN - SHIRT_FEN
    assert order.garments[1].stage == Stage.WASH_REFUSED


def test_when_all_are_refused_only_the_trips_are_kept() -> None:
    order = inspected_laundry()

    for number in order.garments:
        order.refuse_garment(number, "fragile", REPORT, **OFFICE)

    assert order.stage == Stage.WASH_REFUSED
    assert order.kept_fen() == DELIVERY_FEN


def test_the_company_refuses_a_garment_only_before_it_is_washed() -> None:
    order = inspected_laundry()
    advance(order, 1, Stage.WASHING)

    refused(
        order,
        lambda it: it.refuse_garment(1, "fragile", REPORT, **OFFICE),
        garments.GarmentStageError,
    )
    refused(order, lambda it: it.refuse_garment(2, "", REPORT, **OFFICE), InvalidInputError)


def test_nobody_agrees_to_a_surcharge_that_was_not_shown() -> None:
    order = inspected_laundry()
    flawed(order, surcharge_fen=2_000)

    order.check_surcharge(1, 2_000)

    refused(order, lambda it: it.check_surcharge(1, 1_999), garments.SurchargeNotAgreedError)


def test_nobody_answers_what_was_not_asked() -> None:
    order = inspected_laundry()

    refused(order, agree, garments.GarmentStageError)
    refused(order, lambda it: it.check_surcharge(1, 0), garments.GarmentStageError)
    refused(order, lambda it: it.decline_surcharge(1, **PLANT), garments.GarmentStageError)


@pytest.mark.parametrize(
    ("finding", "fen"),
    [
        (replace(FINDING, description=""), 0),
        (replace(FINDING, description="领口有旧渍"), 0),
        (replace(FINDING, photos=("x",)), 0),
        (replace(FINDING, photos=("ab" * 32, "ab" * 32)), 0),
        (replace(FINDING, happened_at=NOW + timedelta(seconds=1)), 0),
        (FINDING, -1),
    ],
)
def test_a_malformed_flaw_is_refused(finding: Finding, fen: int) -> None:
    refused(
        inspected_laundry(),
        lambda order: order.report_flaw(1, finding, surcharge_fen=fen, **OFFICE),
        InvalidInputError,
    )


def test_an_answer_says_how_the_customer_agreed() -> None:
    order = inspected_laundry()
    flawed(order)

    refused(order, lambda it: it.accept_surcharge(1, consent="", **PLANT), InvalidInputError)


# -- home again


def test_with_the_last_signature_the_order_is_done_and_earned() -> None:
    order = delivered_laundry()

    sign(order, 1, 2)
    assert order.stage == Stage.DELIVERED
    sign(order, 3)

    assert names(order)[-2:] == ["GarmentSigned", "Completed"]
    assert order.stage == Stage.COMPLETED
    assert order.recognised_fen == TOTAL_FEN
    assert_replays(order, order.pending_events)


def test_who_does_not_object_for_a_day_has_signed() -> None:
    order = delivered_laundry()

    order.sign_for([1, 2, 3], happened_at=NOW, by=BY_SYSTEM, at=NOW)

    assert order.stage == Stage.COMPLETED


def test_an_open_charge_holds_the_end_up_but_not_the_signature() -> None:
    order = delivered_laundry()
    order.add_charge(
        charges.AddedCharge(reason_code="urgent", amount_fen=500, consent="phone"), **OFFICE
    )
    sign(order)
    assert order.stage == Stage.SIGNED_FOR

    pay(order, charge_number=2)

    assert order.stage == Stage.COMPLETED
    assert order.recognised_fen == TOTAL_FEN + 500
    assert not pay(order, charge_number=2)
    assert_replays(order, order.pending_events)


def test_a_charge_given_up_at_last_ends_the_order_too() -> None:
    order = delivered_laundry()
    order.add_charge(
        charges.AddedCharge(reason_code="urgent", amount_fen=500, consent="phone"), **OFFICE
    )
    sign(order)

    order.withdraw_charge(2, reason_code="goodwill", **OFFICE)

    assert order.stage == Stage.COMPLETED
    assert order.recognised_fen == TOTAL_FEN


def test_only_what_was_delivered_is_signed_for() -> None:
    order = collected_laundry()
    advance(order, 1, *TO_DELIVERY)

    refused(order, lambda it: sign(it, 1, 2), garments.GarmentStageError)
    refused(
        order,
        lambda it: it.sign_for([], happened_at=NOW, **HOME),
        InvalidInputError,
    )


def test_a_completed_order_is_reviewed_as_any_other() -> None:
    order = delivered_laundry()
    sign(order)

    order.review(5, **HOME)

    assert order.stage == Stage.REVIEWED
