from datetime import timedelta
from typing import Any

import pytest

from domain.claims import ReleaseWorker, TakeWorker
from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_WORKER,
    NOW,
    OTHER_WORKER,
    TOMORROW,
    WORKER,
    accepted_order,
    assert_replays,
    assigned_order,
    assignment,
    booked_order,
    cancel,
    claims,
    last,
    paid_order,
    report,
    rescheduling,
    service_window,
    unsaved,
)

A_WEEK = timedelta(days=7)


def test_an_unpaid_order_is_not_assigned() -> None:
    with pytest.raises(errors.NotPaidError):
        booked_order().assign(assignment(), by=BY_STAFF, at=NOW)


def test_an_assigned_worker_is_busy_for_the_whole_interval() -> None:
    order = assigned_order()

    busy = TakeWorker(order.id, 7, assignment().starts_at, assignment().ends_at)
    assert claims(last(order)) == (busy,)
    assert order.worker_id == WORKER
    assert order.stage == Stage.AWAITING_ACCEPTANCE


def test_a_crew_is_busy_as_a_whole_and_freed_as_a_whole() -> None:
    order = paid_order()
    members = [{"worker_id": str(OTHER_WORKER), "worker_number": 8}]
    order.assign(assignment(members=members), by=BY_STAFF, at=NOW)
    taken = claims(last(order))

    cancel(order)

    assert [claim.worker for claim in taken if isinstance(claim, TakeWorker)] == [7, 8]
    freed = [ReleaseWorker(claim.claim_id) for claim in taken if isinstance(claim, TakeWorker)]
    assert set(freed) <= set(claims(unsaved(order)[-2]))


@pytest.mark.parametrize(
    "change",
    [
        {"starts_at": TOMORROW + timedelta(minutes=1)},
        {"ends_at": TOMORROW + timedelta(hours=2)},
        {"worker_number": 0},
        {"members": [{"worker_id": str(WORKER), "worker_number": 7}]},
    ],
)
def test_an_assignment_covers_the_window_with_different_people(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        paid_order().assign(assignment(**change), by=BY_STAFF, at=NOW)


def test_an_order_is_assigned_once() -> None:
    with pytest.raises(errors.WrongStageError):
        assigned_order().assign(assignment(), by=BY_STAFF, at=NOW)


def test_only_the_assigned_worker_accepts_or_declines() -> None:
    order = assigned_order()

    with pytest.raises(errors.NotYourOrderError):
        order.accept(OTHER_WORKER, happened_at=NOW, by=BY_WORKER, at=NOW)
    with pytest.raises(errors.NotYourOrderError):
        order.decline(OTHER_WORKER, reason_code="far", happened_at=NOW, by=BY_WORKER, at=NOW)


def test_a_declined_order_awaits_assignment_and_frees_the_worker() -> None:
    order = accepted_order()

    order.decline(WORKER, reason_code="ill", happened_at=NOW, by=BY_WORKER, at=NOW)

    assert order.stage == Stage.AWAITING_ASSIGNMENT
    assert order.worker_id is None
    assert claims(last(order)) == (ReleaseWorker(order.id),)


def test_reassigning_frees_one_worker_and_takes_the_other() -> None:
    order = accepted_order()
    other = assignment(worker_id=OTHER_WORKER, worker_number=8)

    order.reassign(other, reason_code="ill", by=BY_STAFF, at=NOW)

    busy = TakeWorker(order.id, 8, other.starts_at, other.ends_at)
    assert claims(last(order)) == (ReleaseWorker(order.id), busy)
    assert last(order).previous_worker_id == WORKER
    assert order.worker_id == OTHER_WORKER
    assert order.stage == Stage.AWAITING_ACCEPTANCE


def test_work_that_has_begun_is_not_reassigned() -> None:
    order = accepted_order()
    report(order, Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE)

    with pytest.raises(errors.WrongStageError):
        order.reassign(assignment(), reason_code="ill", by=BY_STAFF, at=NOW)


def test_an_unassigned_order_gets_a_new_date_where_it_stands() -> None:
    order = booked_order()

    order.reschedule(rescheduling(TOMORROW + A_WEEK), by=BY_CUSTOMER, at=NOW)

    assert order.stage == Stage.AWAITING_PAYMENT
    assert order.windows == [service_window(TOMORROW + A_WEEK)]
    assert order.reschedules == 1
    assert claims(last(order)) == ()


def test_a_new_date_frees_the_worker() -> None:
    order = accepted_order()

    order.reschedule(rescheduling(TOMORROW + A_WEEK), by=BY_CUSTOMER, at=NOW)

    assert claims(last(order)) == (ReleaseWorker(order.id),)
    assert order.stage == Stage.AWAITING_ASSIGNMENT
    assert order.worker_id is None


def test_a_worker_who_stays_is_busy_at_the_new_date_and_accepts_it_anew() -> None:
    order = accepted_order()
    keep = assignment(TOMORROW + A_WEEK)

    order.reschedule(rescheduling(TOMORROW + A_WEEK), keep=keep, by=BY_CUSTOMER, at=NOW)

    busy = TakeWorker(order.id, 7, keep.starts_at, keep.ends_at)
    assert claims(last(order)) == (ReleaseWorker(order.id), busy)
    assert order.stage == Stage.AWAITING_ACCEPTANCE
    assert order.worker_id == WORKER
    assert_replays(order, order.pending_events)


def test_nobody_is_kept_where_nobody_was_assigned() -> None:
    with pytest.raises(errors.WrongStageError):
        paid_order().reschedule(rescheduling(TOMORROW), keep=assignment(), by=BY_CUSTOMER, at=NOW)


def test_no_new_date_in_the_past_or_once_the_worker_is_on_the_way() -> None:
    order = accepted_order()
    with pytest.raises(errors.WindowError):
        order.reschedule(rescheduling(NOW), by=BY_CUSTOMER, at=NOW)
    report(order, Stage.DEPARTED)
    with pytest.raises(errors.WrongStageError):
        order.reschedule(rescheduling(TOMORROW), by=BY_CUSTOMER, at=NOW)
