"""The pick-up (取件): garments registered one by one, and cancelling around it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.dry_cleaning import garments
from domain.orders.dry_cleaning.garments import CollectedGarment
from domain.orders.dry_cleaning.order import (
    DryCleaningOrder,
    GarmentsCollectedError,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_WORKER,
    HOME,
    NOW,
    OFFICE,
    assert_replays,
    cancellation,
    last,
    names,
    sealed,
    unsaved,
)
from tests.domain.laundry import (
    COAT_FEN,
    ITEMS,
    PHOTO,
    SHIRT_FEN,
    TOTAL_FEN,
    advance,
    awaiting_pickup,
    booked_laundry,
    collected,
    collected_laundry,
    paid_laundry,
    pay,
    refused,
)

# -- pick-up


def test_the_driver_registers_the_garments_one_by_one() -> None:
    order = collected_laundry()

    assert names(order)[-4:] == ["GarmentCollected"] * 3 + ["ItemsCounted"]
    assert [each.label for each in order.garments.values()] == ["A001", "A002", "A003"]
    assert [each.price_fen for each in order.garments.values()] == [SHIRT_FEN, SHIRT_FEN, COAT_FEN]
    assert order.counts == ITEMS
    assert order.stage == Stage.PICKED_UP
    assert_replays(order, order.pending_events)


def test_a_garment_bears_the_value_declared_for_its_kind() -> None:
    order = awaiting_pickup(details={"items": ITEMS, "declared_values_fen": {"coat": 300_000}})

    order.collect(collected(), by=BY_WORKER, at=NOW)

    assert [each.declared_value_fen for each in order.garments.values()] == [0, 0, 300_000]


def test_a_garment_bears_the_customers_words_unless_the_driver_has_others() -> None:
    words = {"shirt": sealed("袖口"), "coat": sealed("羊绒")}
    order = awaiting_pickup(details={"items": ITEMS, "item_remarks": words})
    given = collected()
    seen = [replace(given.garments[0], remark=sealed("缺扣")), *given.garments[1:]]

    order.collect(replace(given, garments=seen), by=BY_WORKER, at=NOW)

    taken = [each for each in unsaved(order) if isinstance(each, DryCleaningOrder.GarmentCollected)]
    assert [each.remark for each in taken] == [sealed("缺扣"), words["shirt"], words["coat"]]


def test_fewer_garments_than_booked_need_a_reason_and_the_difference_goes_back() -> None:
    order = awaiting_pickup()
    refused(
        order,
        lambda it: it.collect(collected("shirt", "coat"), by=BY_WORKER, at=NOW),
        garments.CountReasonError,
    )

    order.collect(collected("shirt", "coat", reason_code="fewer"), by=BY_WORKER, at=NOW)

    assert last(order).amount_fen == SHIRT_FEN
    assert order.kept_fen() == TOTAL_FEN - SHIRT_FEN


def test_more_garments_need_consent_and_wait_for_their_price() -> None:
    order = awaiting_pickup()
    more = collected("shirt", "shirt", "shirt", "coat", reason_code="more")
    refused(order, lambda it: it.collect(more, by=BY_WORKER, at=NOW), garments.CountConsentError)
    order.collect(replace(more, consent="signature"), by=BY_WORKER, at=NOW)
    advance(order, 1, Stage.AT_WORKSHOP)
    refused(
        order,
        lambda it: advance(it, 1, Stage.PRE_INSPECTION),
        garments.CountNotPaidError,
    )

    pay(order, charge_number=2)
    advance(order, 1, Stage.PRE_INSPECTION)

    assert order.charges[2].amount_fen == SHIRT_FEN
    assert order.garments[1].stage == Stage.PRE_INSPECTION


def test_other_garments_of_the_same_price_cost_nothing_more() -> None:
    order = awaiting_pickup(details={"items": {"shirt": 1, "coat": 1}})
    same = replace(collected("shirt", "shirt", "coat", reason_code="other"), total_fen=TOTAL_FEN)

    order.collect(same, by=BY_WORKER, at=NOW)

    assert names(order)[-1] == "ItemsCounted"


def garment(**changes: Any) -> CollectedGarment:  # noqa: ANN401 - whichever fields a test changes
    usual = CollectedGarment(label="A001", item="shirt", name="衬衫", price_fen=SHIRT_FEN)
    return replace(usual, **changes)


@pytest.mark.parametrize(
    "change",
    [
        {"garments": []},
        {"garments": [garment(), garment()]},
        {"garments": [garment(label="红色 衬衫")]},
        {"garments": [garment(item="")]},
        {"garments": [garment(name="")]},
        {"garments": [garment(units=0)]},
        {"garments": [garment(price_fen=-1)]},
        {"garments": [garment(price_fen=TOTAL_FEN + 1)]},
        {"garments": [garment(remark="领口发黄")]},
        {"garments": [garment(photos=["photo.jpg"])]},
        {"garments": [garment(photos=[PHOTO] * 10)]},
        {"total_fen": TOTAL_FEN + 1},
        {"total_fen": 0, "lines": []},
        {"happened_at": NOW + timedelta(minutes=1)},
    ],
)
def test_a_malformed_collection_is_refused(change: dict[str, Any]) -> None:
    given = replace(collected(reason_code="other", consent="signature"), **change)

    refused(
        awaiting_pickup(),
        lambda order: order.collect(given, by=BY_WORKER, at=NOW),
        InvalidInputError,
    )


def test_garments_are_collected_once_and_when_awaited() -> None:
    for order in (booked_laundry(), paid_laundry(), collected_laundry()):
        refused(
            order, lambda it: it.collect(collected(), by=BY_WORKER, at=NOW), errors.WrongStageError
        )


# -- cancelling


def test_before_the_pick_up_all_goes_back() -> None:
    order = awaiting_pickup()

    order.cancel(cancellation(), **HOME)

    assert order.stage == Stage.CANCELLED
    assert order.kept_fen() == 0


def test_after_the_pick_up_nobody_cancels() -> None:
    refused(
        collected_laundry(),
        lambda order: order.cancel(cancellation("company"), **OFFICE),
        GarmentsCollectedError,
    )
