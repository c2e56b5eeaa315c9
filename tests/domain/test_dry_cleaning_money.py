"""What of a dry-cleaning is paid, charged and given back where more was collected than booked."""

import pytest

from domain.orders import charges
from domain.orders.dry_cleaning import garments
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.stages import Stage
from tests.domain.histories import OFFICE, assert_replays, last
from tests.domain.laundry import (
    COAT_FEN,
    DELIVERY_FEN,
    REPORT,
    SHIRT_FEN,
    TO_DELIVERY,
    TOTAL_FEN,
    advance,
    collected_laundry,
    pay,
    refused,
    sign,
)


def more_than_booked() -> DryCleaningOrder:
    """Two coats more than booked; nobody paid for them yet."""
    items = ("shirt", "shirt", "coat", "coat", "coat")
    return collected_laundry(*items, reason_code="more", consent="signature")


def refuse(order: DryCleaningOrder, *numbers: int) -> None:
    for number in numbers:
        order.refuse_garment(number, "not_paid", REPORT, **OFFICE)


def open_fen(order: DryCleaningOrder) -> int:
    return sum(each.amount_fen for each in order.charges.values() if each.state == charges.OPEN)


def test_garments_that_nobody_pays_for_go_home_unwashed_and_nothing_is_owed() -> None:
    order = more_than_booked()
    advance(order, 4, Stage.AT_WORKSHOP)

    refuse(order, 4, 5)

    assert (order.kept_fen(), open_fen(order)) == (TOTAL_FEN, 0)
    advance(order, 1, *TO_DELIVERY)
    assert_replays(order, order.pending_events)


def test_what_is_still_owed_for_the_count_is_charged_anew() -> None:
    order = more_than_booked()

    refuse(order, 1)

    assert (order.kept_fen(), open_fen(order)) == (TOTAL_FEN, 2 * COAT_FEN - SHIRT_FEN)
    advance(order, 2, Stage.AT_WORKSHOP)
    refused(order, lambda it: advance(it, 2, Stage.PRE_INSPECTION), garments.CountNotPaidError)
    pay(order, last_charge(order))
    advance(order, 2, Stage.PRE_INSPECTION)


def last_charge(order: DryCleaningOrder) -> int:
    return max(order.charges)


def test_what_nobody_paid_falls_away_before_money_goes_back() -> None:
    order = more_than_booked()

    refuse(order, 3, 4, 5)

    assert (order.kept_fen(), open_fen(order)) == (TOTAL_FEN - COAT_FEN, 0)
    assert last(order).amount_fen == COAT_FEN


def test_a_paid_count_goes_back_as_it_was_paid() -> None:
    order = more_than_booked()
    pay(order, charge_number=2)

    refuse(order, 5)

    assert last(order).charge_number == 2
    assert order.kept_fen() == TOTAL_FEN + COAT_FEN


@pytest.mark.parametrize("paid", [True, False])
def test_of_an_order_whose_garments_are_all_refused_the_trips_alone_are_earned(
    *, paid: bool
) -> None:
    order = more_than_booked()
    if paid:
        pay(order, charge_number=2)

    refuse(order, *order.garments)
    for number in order.garments:
        advance(order, number, Stage.SENT_BACK, Stage.DELIVERED)
    sign(order)

    assert order.stage == Stage.COMPLETED
    assert order.recognised_fen == DELIVERY_FEN
