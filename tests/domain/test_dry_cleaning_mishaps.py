"""Loss, damage, and what partner laundries tell."""

from functools import partial

from domain.orders import charges
from domain.orders.dry_cleaning import garments
from domain.orders.dry_cleaning.facts import return_trip_id
from domain.orders.dry_cleaning.order import (
    DryCleaningOrder,
)
from domain.orders.stages import STAGE_LABELS, Stage
from tests.domain.histories import (
    BY_WORKER,
    NOW,
    OFFICE,
    an_id,
    assert_replays,
    last,
    names,
)
from tests.domain.laundry import (
    COAT_FEN,
    FINDING,
    ITEMS,
    PLANT,
    SHIRT_FEN,
    TO_DELIVERY,
    TOTAL_FEN,
    advance,
    agree,
    awaiting_pickup,
    collected,
    collected_laundry,
    delivered_laundry,
    flawed,
    inspected_laundry,
    refused,
    sign,
)


def tell(order: DryCleaningOrder, code: int) -> None:
    order.take_partner_code(1, code, **PLANT)


# -- loss and damage


def test_damage_is_made_good_up_to_twenty_washes() -> None:
    order = collected_laundry()

    order.report_damage(1, FINDING, compensation_fen=20 * SHIRT_FEN - 1, **OFFICE)
    order.report_damage(1, FINDING, compensation_fen=1, **OFFICE)

    assert order.garments[1].compensation_fen == 20 * SHIRT_FEN
    assert order.stage == Stage.PICKED_UP
    refused(
        order,
        lambda it: it.report_damage(1, FINDING, compensation_fen=1, **OFFICE),
        garments.CompensationTooHighError,
    )
    refused(
        order,
        lambda it: it.report_loss(2, FINDING, compensation_fen=-1, **OFFICE),
        garments.CompensationTooHighError,
    )


def test_a_declared_value_lifts_the_limit() -> None:
    order = awaiting_pickup(details={"items": ITEMS, "declared_values_fen": {"coat": 300_000}})
    order.collect(collected(), by=BY_WORKER, at=NOW)

    order.report_loss(3, FINDING, compensation_fen=300_000, **OFFICE)

    assert order.garments[3].compensation_fen == 300_000
    assert_replays(order, order.pending_events)


def test_a_lost_garment_keeps_nobody_waiting() -> None:
    order = inspected_laundry()
    flawed(order)
    agree(order)
    order.report_loss(1, FINDING, compensation_fen=0, **OFFICE)
    assert order.charges[2].state == charges.WITHDRAWN

    for number in (2, 3):
        advance(order, number, *TO_DELIVERY[2:])
    sign(order, 2, 3)

    assert order.garments[1].stage == Stage.LOST
    assert order.stage == Stage.COMPLETED


def test_the_last_loss_ends_the_order() -> None:
    order = collected_laundry()

    for number in order.garments:
        order.report_loss(number, FINDING, compensation_fen=0, **OFFICE)

    assert order.stage == Stage.COMPLETED


def test_what_is_signed_for_is_not_lost_but_may_be_damaged() -> None:
    order = delivered_laundry()
    sign(order)

    order.report_damage(1, FINDING, compensation_fen=100, **OFFICE)

    assert order.stage == Stage.COMPLETED
    refused(
        order,
        lambda it: it.report_loss(1, FINDING, compensation_fen=0, **OFFICE),
        garments.GarmentStageError,
    )


# -- partner laundries


def test_a_partner_tells_the_whole_way_in_its_own_codes() -> None:
    order = collected_laundry()

    for number in order.garments:
        told = [
            order.take_partner_code(number, code, **PLANT) for code in (1, 2, 3, 4, 11, 5, 6, 10)
        ]
        assert told == [False, False, True, True, True, True, True, True]

    assert order.stage == Stage.COMPLETED
    assert_replays(order, order.pending_events)


def test_a_code_told_again_or_late_states_nothing() -> None:
    order = inspected_laundry()
    advance(order, 1, Stage.WASHING, Stage.QUALITY_CHECK, Stage.REWASHING)

    assert not order.take_partner_code(1, 4, **PLANT)
    assert order.take_partner_code(1, 11, **PLANT)
    assert not order.take_partner_code(1, 11, **PLANT)
    assert order.garments[1].stage == Stage.QUALITY_CHECK


def test_a_code_too_far_ahead_is_refused_whole() -> None:
    order = collected_laundry()

    for code in (4, 11, 5, 6, 10):
        refused(
            order,
            partial(tell, code=code),
            garments.GarmentStageError,
        )


def test_a_partner_does_not_wash_what_is_not_paid() -> None:
    order = inspected_laundry()
    flawed(order)
    agree(order)

    refused(
        order,
        lambda it: it.take_partner_code(1, 11, **PLANT),
        garments.SurchargeNotPaidError,
    )


def test_a_partner_may_refuse_a_garment() -> None:
    order = inspected_laundry()

    order.take_partner_code(3, -1, **PLANT)

    assert order.garments[3].stage == Stage.WASH_REFUSED
    assert order.kept_fen() == TOTAL_FEN - COAT_FEN


def test_an_unknown_code_is_kept_as_it_came() -> None:
    order = collected_laundry()

    assert order.take_partner_code(1, 77, **PLANT)

    assert names(order)[-1] == "PartnerCodeFlagged"
    assert last(order).code == 77
    assert order.garments[1].stage == Stage.PICKED_UP
    assert_replays(order, order.pending_events)


def test_every_stage_of_a_garment_has_its_place_and_its_words() -> None:
    ways = {*garments.GARMENT_WAY, *(s for to in garments.GARMENT_WAY.values() for s in to)}

    assert ways <= set(garments.SLOWEST_FIRST)
    assert set(garments.SLOWEST_FIRST) <= set(STAGE_LABELS)
    assert an_id("order") != return_trip_id(an_id("order"))
