"""Seats and places of an order: taken when it is booked, moved with it, free when it ends."""

from datetime import date, timedelta
from typing import Any

import pytest

from domain.claims import Claim, ReleasePlace, ReleaseSeats, TakePlace, TakeSeats, TakeUnique
from domain.errors import InvalidInputError
from domain.orders.booking import RESERVATION
from domain.orders.changes import UNPAID
from domain.orders.cleaning import CleaningOrder
from domain.orders.errors import WrongStageError
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    CUSTOMER,
    NOW,
    TOMORROW,
    assert_replays,
    assignment,
    booked_order,
    cancel,
    claims,
    extra_charge,
    holding_order,
    last,
    names,
    pay,
    rescheduling,
    seats_for,
    service_window,
)

AREA = "510107"
# 09:00 to 12:00 of tomorrow in Shanghai.
DAY, SLOTS = date(2026, 11, 23), range(18, 24)
NEXT_WEEK = TOMORROW + timedelta(days=7)


def seats(order: CleaningOrder, day: date = DAY, crew: int = 1) -> tuple[Claim, ...]:
    return tuple(TakeSeats(order.id, "cleaning", AREA, day, slot, crew) for slot in SLOTS)


def moved(order: CleaningOrder, crew: int = 1) -> None:
    windows = [service_window(NEXT_WEEK)]
    new = rescheduling(NEXT_WEEK, seats=seats_for(windows, crew))
    order.reschedule(new, by=BY_CUSTOMER, at=NOW)


@pytest.mark.parametrize("crew", [1, 2, 3])
def test_a_booking_takes_the_seats_of_its_crew_and_a_place_among_the_unpaid(crew: int) -> None:
    order = holding_order(crew)

    assert claims(last(order)) == (
        TakeUnique("order_number", order.order_number),
        *seats(order, crew=crew),
        TakePlace(order.id, "open_hold", str(CUSTOMER), 3),
    )
    assert order.seats == seats_for([service_window()], crew)
    assert_replays(order, order.pending_events)


def test_a_reservation_takes_seats_and_no_place() -> None:
    order = holding_order(payment_mode=RESERVATION, pay_by=None)

    assert claims(last(order)) == (TakeUnique("order_number", order.order_number), *seats(order))


def test_an_order_of_a_time_without_seats_takes_none() -> None:
    order = booked_order()

    assert order.seats is None
    assert claims(last(order)) == (TakeUnique("order_number", order.order_number),)
    order.reschedule(rescheduling(NEXT_WEEK), by=BY_CUSTOMER, at=NOW)
    assert order.seats is None
    assert claims(last(order)) == ()


@pytest.mark.parametrize(
    "change",
    [
        {"seats": 0},
        {"seats": -1},
        {"pool": "moving"},
        {"area": "110105"},
        {"spans": []},
        {"spans": [{"day": "2026-11-23", "first": 18, "end": 23}]},
        {"spans": [{"day": "2026-11-23", "first": 18, "end": 25}]},
        {"spans": [{"day": "2026-11-24", "first": 18, "end": 24}]},
        {"free": True},
    ],
    ids=str,
)
def test_what_is_held_is_what_was_agreed(change: dict[str, Any]) -> None:
    wrong = {**seats_for([service_window()]), **change}
    with pytest.raises(InvalidInputError) as refused:
        booked_order(seats=wrong)
    assert refused.value.facts["field"] == "seats"


def test_paying_frees_the_place_and_keeps_the_seats() -> None:
    order = holding_order()

    pay(order)

    assert claims(last(order)) == (ReleasePlace(order.id),)
    assert order.seats == seats_for([service_window()])


def test_a_further_charge_has_no_place() -> None:
    order = holding_order()
    pay(order)
    order.add_charge(extra_charge(), by=BY_STAFF, at=NOW)

    pay(order, charge_number=2)

    assert claims(last(order)) == ()


@pytest.mark.parametrize("reason", ["customer", UNPAID])
def test_an_unpaid_order_that_ends_frees_its_seats_and_its_place(reason: str) -> None:
    order = holding_order()

    cancel(order, reason)

    assert claims(last(order)) == (ReleaseSeats(order.id), ReleasePlace(order.id))
    assert order.stage == (Stage.EXPIRED if reason == UNPAID else Stage.CANCELLED)


def test_a_paid_order_that_is_cancelled_frees_its_seats() -> None:
    order = holding_order()
    pay(order)

    cancel(order)

    assert names(order) == ["Booked", "Paid", "Cancelled", "RefundDue"]
    cancelled = order.pending_events[-2]
    assert claims(cancelled) == (ReleaseSeats(order.id), ReleasePlace(order.id))


def test_a_paid_order_never_expires() -> None:
    order = holding_order()
    pay(order)
    with pytest.raises(WrongStageError):
        cancel(order, UNPAID)
    assert names(order) == ["Booked", "Paid"]


@pytest.mark.parametrize("crew", [1, 2])
def test_a_new_date_frees_the_old_seats_and_then_takes_the_new(crew: int) -> None:
    """In that order: the new date may overlap the old one."""
    order = holding_order(crew)

    moved(order, crew)

    later = DAY + timedelta(days=7)
    assert claims(last(order)) == (ReleaseSeats(order.id), *seats(order, later, crew))
    assert order.seats == seats_for([service_window(NEXT_WEEK)], crew)
    assert_replays(order, order.pending_events)


def test_a_new_date_moves_the_seats_of_an_order_that_somebody_has() -> None:
    order = holding_order()
    pay(order)
    order.assign(assignment(), by=BY_STAFF, at=NOW)

    moved(order)

    released = [claim for claim in claims(last(order)) if isinstance(claim, ReleaseSeats)]
    taken = [claim for claim in claims(last(order)) if isinstance(claim, TakeSeats)]
    assert released == [ReleaseSeats(order.id)]
    assert tuple(taken) == seats(order, DAY + timedelta(days=7))
