from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from domain.capacity import seat_claims
from domain.claims import ReleaseSeats, ReleaseWorker, TakeWorker
from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.changes import Rescheduling
from domain.orders.dry_cleaning.facts import return_trip_id
from domain.orders.dry_cleaning.order import (
    DryCleaningOrder,
    ReturnTooSoonError,
    return_district,
)
from domain.orders.stages import Stage
from domain.orders.windows import Window, window
from tests.domain.histories import (
    BY_WORKER,
    CONTACT,
    HOME,
    NOW,
    OFFICE,
    OTHER_WORKER,
    POLICY,
    TOMORROW,
    WORKER,
    assert_replays,
    claims,
    last,
    sealed,
)
from tests.domain.laundry import (
    ITEMS,
    LATER,
    LENGTH,
    PICKUP_AT,
    RETURN_AT,
    awaiting_pickup,
    booked_laundry,
    collected,
    collected_laundry,
    delivered_laundry,
    fetching,
    laundry_seats,
    paid_laundry,
    refused,
    returning,
    trip,
    trips,
)

Command = Callable[[DryCleaningOrder], object]


def put_off(order: DryCleaningOrder, back: Window) -> None:
    order.reschedule_return(back, reason_code="customer", policy=POLICY, **HOME)


# -- booking


@pytest.mark.requirement("R03")
def test_a_dry_cleaning_has_items_with_counts_and_two_windows() -> None:
    order = booked_laundry()

    assert order.stage == Stage.AWAITING_PAYMENT
    assert order.details["items"] == ITEMS
    assert [each["purpose"] for each in order.windows] == ["pickup", "return"]
    assert_replays(order, order.pending_events)


@pytest.mark.requirement("R03")
def test_the_return_may_go_elsewhere() -> None:
    elsewhere = {**CONTACT, "district": "110105"}

    order = booked_laundry(details={"items": ITEMS, "return_contact": elsewhere})

    assert return_district(order) == "110105"
    assert return_district(booked_laundry()) == CONTACT["district"]


@pytest.mark.parametrize(
    "change",
    [
        {"service_code": "GX-04"},
        {"service_code": "BJ-01"},
        {"details": {}},
        {"details": {"items": {}}},
        {"details": {"items": []}},
        {"details": {"items": {"shirt": 0}}},
        {"details": {"items": {"shirt": True}}},
        {"details": {"items": ITEMS, "item_remarks": {"boots": sealed("x")}}},
        {"details": {"items": ITEMS, "item_remarks": {"shirt": "袖口有墨迹"}}},
        {"details": {"items": ITEMS, "declared_values_fen": {"boots": 1}}},
        {"details": {"items": ITEMS, "declared_values_fen": {"coat": 0}}},
        {"details": {"items": ITEMS, "return_contact": {"name": "王"}}},
        {"windows": trips()[:1]},
        {"windows": trips()[::-1]},
        {"windows": []},
    ],
)
def test_a_malformed_booking_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        booked_laundry(**change)


@pytest.mark.parametrize(("service_code", "days"), [("GX-01", 3), ("GX-02", 3), ("GX-03", 4)])
def test_the_return_begins_when_the_laundry_can_be_ready(service_code: str, days: int) -> None:
    earliest = PICKUP_AT + LENGTH + timedelta(days=days)

    booked_laundry(service_code=service_code, windows=trips(return_at=earliest))
    with pytest.raises(ReturnTooSoonError, match=f"{days} 天"):
        booked_laundry(
            service_code=service_code, windows=trips(return_at=earliest - timedelta(minutes=1))
        )


def test_other_times_that_suit_leave_the_laundry_its_days_too() -> None:
    too_soon = trips(PICKUP_AT + timedelta(days=1), RETURN_AT)

    with pytest.raises(ReturnTooSoonError):
        booked_laundry(alternatives=[too_soon])


def test_both_trips_hold_a_seat() -> None:
    order = booked_laundry(seats=laundry_seats(trips()))

    held = set(claims(last(order)))
    assert set(seat_claims(order.id, laundry_seats(trips()))) <= held
    assert {span["day"] for span in laundry_seats(trips())["spans"]} == {"2026-11-23", "2026-11-26"}


# -- trips


def test_the_driver_of_the_pick_up_is_busy_then_alone() -> None:
    order = paid_laundry()

    order.assign(fetching(order), **OFFICE)

    taken = fetching(order)
    assert claims(last(order)) == (TakeWorker(order.id, 7, taken.starts_at, taken.ends_at),)
    assert taken.ends_at < RETURN_AT


def test_a_driver_who_is_not_there_all_the_pick_up_is_refused() -> None:
    order = paid_laundry()
    late = replace(fetching(order), starts_at=PICKUP_AT + timedelta(minutes=1))

    refused(order, lambda it: it.assign(late, **OFFICE), errors.IntervalTooShortError)


def test_once_accepted_the_pick_up_is_awaited() -> None:
    assert awaiting_pickup().stage == Stage.AWAITING_PICKUP


def test_the_driver_may_give_the_pick_up_back() -> None:
    order = awaiting_pickup()

    order.decline(WORKER, reason_code="ill", happened_at=NOW, by=BY_WORKER, at=NOW)

    assert order.stage == Stage.AWAITING_ASSIGNMENT
    assert claims(last(order)) == (ReleaseWorker(order.id),)


def test_another_driver_may_take_the_pick_up_over() -> None:
    order = awaiting_pickup()

    order.reassign(
        trip(order.windows[0], worker_id=OTHER_WORKER, worker_number=8),
        reason_code="ill",
        **OFFICE,
    )

    assert order.stage == Stage.AWAITING_ACCEPTANCE
    assert order.worker_id == OTHER_WORKER


@pytest.mark.requirement("R18")
def test_before_the_pick_up_both_windows_move_and_the_driver_is_free() -> None:
    order = awaiting_pickup(seats=laundry_seats(trips()))
    windows = trips(PICKUP_AT + timedelta(days=1), LATER)
    new = Rescheduling(
        windows=windows, reason_code="customer", policy=POLICY, seats=laundry_seats(windows)
    )

    order.reschedule(new, **HOME)

    assert order.stage == Stage.AWAITING_ASSIGNMENT
    assert order.windows == windows
    assert {ReleaseWorker(order.id), ReleaseSeats(order.id)} <= set(claims(last(order)))


def test_a_driver_keeps_a_moved_pick_up_without_covering_the_return() -> None:
    order = awaiting_pickup()
    windows = trips(PICKUP_AT + timedelta(days=1), LATER)
    new = Rescheduling(windows=windows, reason_code="customer", policy=POLICY)

    order.reschedule(new, keep=trip(windows[0]), **HOME)

    assert order.stage == Stage.AWAITING_ACCEPTANCE


def test_a_moved_pick_up_leaves_the_laundry_its_days() -> None:
    order = awaiting_pickup()
    new = Rescheduling(
        windows=trips(PICKUP_AT + timedelta(days=1)), reason_code="customer", policy=POLICY
    )

    refused(order, lambda it: it.reschedule(new, **HOME), ReturnTooSoonError)


def test_another_date_before_the_pick_up_costs_nothing() -> None:
    order = awaiting_pickup()

    terms = order.terms_of_rescheduling(PICKUP_AT + timedelta(days=1), "customer", TOMORROW)

    assert terms.fee_fen == 0


def test_the_return_has_a_driver_and_a_busy_interval_of_its_own() -> None:
    order = collected_laundry()
    taken = returning(order)

    order.assign_return(taken, **OFFICE)

    own = return_trip_id(order.id)
    assert claims(last(order)) == (TakeWorker(own, 8, taken.starts_at, taken.ends_at),)
    assert (order.worker_id, order.return_worker_id) == (WORKER, OTHER_WORKER)
    assert order.stage == Stage.PICKED_UP
    assert_replays(order, order.pending_events)


def test_another_driver_may_take_the_return_over() -> None:
    order = collected_laundry()
    order.assign_return(returning(order), **OFFICE)

    order.assign_return(trip(order.windows[1]), **OFFICE)

    assert claims(last(order))[0] == ReleaseWorker(return_trip_id(order.id))
    assert order.return_worker_id == WORKER


def test_a_return_is_assigned_only_between_pick_up_and_delivery() -> None:
    for order in (paid_laundry(), awaiting_pickup(), delivered_laundry()):
        refused(order, lambda it: it.assign_return(returning(it), **OFFICE), errors.WrongStageError)


def test_the_driver_of_the_return_is_there_all_the_time() -> None:
    order = collected_laundry()

    refused(
        order,
        lambda it: it.assign_return(fetching(it), **OFFICE),
        errors.IntervalTooShortError,
    )


def test_after_the_pick_up_the_return_can_still_move() -> None:
    order = awaiting_pickup(seats=laundry_seats(trips()))
    order.collect(collected(), by=BY_WORKER, at=NOW)
    order.assign_return(returning(order), **OFFICE)
    back = trips(return_at=LATER)[1]

    put_off(order, back)

    held = set(seat_claims(order.id, laundry_seats([back])))
    freed = {ReleaseWorker(return_trip_id(order.id)), ReleaseSeats(order.id)}
    assert set(claims(last(order))) == held | freed
    assert (order.return_worker_id, order.stage) == (None, Stage.PICKED_UP)
    assert order.windows == trips(return_at=LATER)
    assert_replays(order, order.pending_events)


def test_before_the_pick_up_a_moved_return_leaves_the_pick_up_its_seat_and_driver() -> None:
    order = awaiting_pickup(seats=laundry_seats(trips()))

    put_off(order, trips(return_at=LATER)[1])

    assert order.seats == laundry_seats(trips(return_at=LATER))
    assert (order.worker_id, order.stage) == (WORKER, Stage.AWAITING_PICKUP)


def test_an_order_without_seats_goes_on_without() -> None:
    order = collected_laundry()

    put_off(order, trips(return_at=LATER)[1])

    assert claims(last(order)) == ()


@pytest.mark.parametrize(
    ("back", "error"),
    [
        (window("return", RETURN_AT - LENGTH * 4, RETURN_AT), ReturnTooSoonError),
        (window("return", NOW, NOW + LENGTH), errors.WindowError),
        (window("pickup", LATER, LATER + LENGTH), errors.WindowError),
    ],
)
def test_an_impossible_return_is_refused(back: Window, error: type[Exception]) -> None:
    refused(collected_laundry(), lambda order: put_off(order, back), error)


def test_what_is_delivered_has_no_return_to_move() -> None:
    back = trips(return_at=LATER)[1]

    refused(delivered_laundry(), lambda order: put_off(order, back), errors.WrongStageError)
