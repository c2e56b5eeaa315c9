"""Hourly work: single visits go the usual way; a plan holds seats and schedules its visits."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any, cast

import pytest

from domain.claims import ReleaseSeats, ReleaseWorker, TakePlace, TakeSeats, TakeUnique, TakeWorker
from domain.errors import InvalidInputError
from domain.orders.changes import Cancellation
from domain.orders.errors import WrongStageError
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_visits import VisitMove, VisitReport
from domain.orders.hourly.visits import (
    MISSING,
    VisitNotFoundError,
    VisitNotPaidError,
    WrongVisitStageError,
    visit_claim,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    BY_WORKER,
    HOME,
    NOW,
    OFFICE,
    POLICY,
    TOMORROW,
    WORKER,
    assert_replays,
    assignment,
    claims,
    last,
    names,
    rescheduling,
    unsaved,
)
from tests.domain.hourly_plans import (
    FOUR_WEEKS,
    PLAN,
    SOMEBODY_ELSE,
    TUESDAY,
    active_plan,
    assign,
    booked_plan,
    booked_single,
    days,
    end,
    pay,
    roll,
    rolled_plan,
    stages,
    worker_for,
)

A_WEEK = timedelta(weeks=1)


def tuesday(number: int) -> date:
    """The number-th Tuesday of the plan, from 1."""
    return TUESDAY + (number - 1) * A_WEEK


def move(order: HourlyWorkOrder, number: int, **changes: object) -> None:
    starts_at = order.visit(number).starts_at + timedelta(days=1)
    usual = VisitMove(starts_at=starts_at, reason_code="customer", consent="customer_app")
    order.move_visit(number, replace(usual, **cast("dict[str, Any]", changes)), **HOME)


def facts_named(order: HourlyWorkOrder, *kinds: str) -> list[Any]:
    return [each for each in unsaved(order) if type(each).__name__ in kinds]


# -- single visits


def test_a_single_visit_goes_the_usual_way() -> None:
    order = booked_single()
    pay(order)
    order.assign(assignment(), **OFFICE)
    order.accept(WORKER, happened_at=NOW, by=BY_WORKER, at=NOW)
    for stage in (Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION):
        order.progress(stage, happened_at=NOW, by=BY_WORKER, at=NOW)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    assert (order.stage, order.recognised_fen) == (Stage.COMPLETED, order.total_fen)
    assert last(order).recognised_before_fen == 0
    assert_replays(order, unsaved(order))


def test_a_single_visit_may_be_rescheduled_and_cancelled() -> None:
    order = booked_single()
    pay(order)
    order.reschedule(rescheduling(TOMORROW + timedelta(days=2)), **HOME)
    order.cancel(Cancellation(reason_code="customer", policy=POLICY), **HOME)
    assert (order.stage, order.kept_fen()) == (Stage.CANCELLED, 0)


def test_a_single_visit_knows_no_commands_of_a_plan() -> None:
    order = booked_single()
    pay(order)
    assert order.due_visits(NOW) == []
    with pytest.raises(WrongStageError):
        end(order, "customer")
    with pytest.raises(WrongStageError):
        order.skip_visit(1, reason_code="away", **HOME)


@pytest.mark.parametrize(
    "wrong", [{"details": {"plan": PLAN}}, {"payment_mode": "reservation", "pay_by": None}]
)
def test_a_single_visit_has_no_plan_and_is_paid_online(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        booked_single(**wrong)


# -- booking a plan


@pytest.mark.requirement("R04")
def test_a_plan_of_four_weeks_has_four_visits_and_each_can_be_assigned() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    assert days(order) == [tuesday(1), tuesday(2), tuesday(3), tuesday(4)]
    for number in order.visits:
        assign(order, number)
    assert set(stages(order).values()) == {"awaiting_acceptance"}
    assert order.stage == Stage.PLAN_ACTIVE


def test_a_plan_without_end_is_scheduled_six_weeks_ahead() -> None:
    order = rolled_plan()
    assert days(order) == [tuesday(number) for number in range(1, 7)]
    assert order.paid_visits() == [1, 2, 3, 4]


def test_visits_that_are_not_paid_yet_cannot_be_assigned() -> None:
    order = rolled_plan()
    with pytest.raises(VisitNotPaidError):
        assign(order, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"weeks": 3},
        {"weeks": 9},
        {"weekdays": []},
        {"flexible_days": 4},
        {"until": "2026-12-20"},  # the first period would not fit
    ],
    ids=str,
)
def test_a_malformed_plan_is_refused(wrong: dict[str, Any]) -> None:
    plan = PLAN | wrong
    with pytest.raises(InvalidInputError):
        booked_plan(**plan)


def test_a_plan_starts_on_any_of_its_weekdays() -> None:
    order = active_plan(weekdays=[2, 5], first_day="2026-11-26")
    assert days(order)[:3] == [date(2026, 11, 27), date(2026, 12, 1), date(2026, 12, 4)]
    assert len(order.visits) == 8


# -- seats


def test_a_plan_holds_its_seats_visit_by_visit_from_the_booking_on() -> None:
    order = booked_plan()
    (event,) = unsaved(order)
    held = claims(event)
    assert [type(each) for each in held if not isinstance(each, TakeSeats)] == [
        TakeUnique,
        TakePlace,
    ]
    seats = [each for each in held if isinstance(each, TakeSeats)]
    assert {each.claim_id for each in seats} == {visit_claim(order.id, n) for n in range(1, 5)}
    assert [each.day for each in seats] == [tuesday(n) for n in range(1, 5) for _ in range(4)]


def test_payment_schedules_the_first_period_and_takes_no_seat_twice() -> None:
    order = active_plan()
    assert names(order) == ["Booked", "Paid", "VisitsScheduled"]
    assert claims(last(order)) == ()
    assert order.stage == Stage.PLAN_ACTIVE


def test_a_plan_that_nobody_pays_frees_every_seat() -> None:
    order = booked_plan()
    order.cancel(Cancellation(reason_code="unpaid", policy=POLICY), by=BY_SYSTEM, at=NOW)
    freed = {each.claim_id for each in claims(last(order)) if isinstance(each, ReleaseSeats)}
    assert {visit_claim(order.id, number) for number in range(1, 5)} <= freed


def test_a_visit_without_a_free_seat_is_scheduled_for_the_dispatcher_to_see() -> None:
    order = active_plan()
    roll(order, seats=MISSING)
    assert claims(last(order)) == ()
    assert [order.visit(number).seats for number in (4, 5, 6)] == ["held", "missing", "missing"]


def test_only_what_is_due_is_scheduled_and_only_once() -> None:
    order = active_plan()
    due = order.due_visits(NOW)
    order.schedule_visits(due, seats="taken", by=BY_SYSTEM, at=NOW)
    with pytest.raises(InvalidInputError):
        order.schedule_visits(due, seats="taken", by=BY_SYSTEM, at=NOW)
    assert order.due_visits(NOW) == []
    assert [each.day for each in order.due_visits(NOW + A_WEEK)] == [tuesday(7)]


# -- a visit's way


def test_a_worker_is_busy_with_the_visit_and_free_again_when_it_is_given_back() -> None:
    order = rolled_plan()
    assign(order, 2)
    name = visit_claim(order.id, 2)
    travel = timedelta(minutes=30)
    visit = order.visit(2)
    taken = TakeWorker(name, 7, visit.starts_at - travel, visit.ends_at + travel)
    assert claims(last(order)) == (taken,)
    order.decline_visit(2, reason_code="ill", happened_at=NOW, by=BY_WORKER, at=NOW)
    assert claims(last(order)) == (ReleaseWorker(name),)
    assert (order.visit(2).stage, order.visit(2).worker_id) == (Stage.SCHEDULED, None)


def test_another_worker_takes_a_visit_over() -> None:
    order = rolled_plan()
    assign(order, 1)
    order.accept_visit(1, happened_at=NOW, by=BY_WORKER, at=NOW)
    other = worker_for(order, 1, worker_id=SOMEBODY_ELSE, worker_number=8)
    order.reassign_visit(1, other, reason_code="ill", **OFFICE)
    assert order.visit(1).worker_number == 8
    assert order.visit(1).stage == Stage.AWAITING_ACCEPTANCE
    released, taken = claims(last(order))
    assert released == ReleaseWorker(visit_claim(order.id, 1))
    assert isinstance(taken, TakeWorker)


def test_a_visit_is_for_one_worker() -> None:
    order = rolled_plan()
    crew = worker_for(order, 1, members=[{"worker_id": str(SOMEBODY_ELSE), "worker_number": 8}])
    with pytest.raises(InvalidInputError):
        order.assign_visit(1, crew, **OFFICE)


def test_stages_of_a_visit_follow_each_other() -> None:
    order = rolled_plan()
    assign(order, 1)
    with pytest.raises(WrongVisitStageError, match="待接单"):
        order.progress_visit(1, Stage.DEPARTED, VisitReport(happened_at=NOW), **OFFICE)
    with pytest.raises(WrongVisitStageError):
        order.complete_visit(1, VisitReport(happened_at=NOW), **OFFICE)
    with pytest.raises(VisitNotFoundError):
        order.accept_visit(99, happened_at=NOW, **OFFICE)


def test_the_order_itself_is_neither_assigned_nor_moved_nor_cancelled_while_it_runs() -> None:
    order = rolled_plan()
    with pytest.raises(WrongStageError):
        order.assign(assignment(), **OFFICE)
    with pytest.raises(WrongStageError):
        order.reschedule(rescheduling(TOMORROW), **OFFICE)
    with pytest.raises(WrongStageError):
        order.cancel(Cancellation(reason_code="customer", policy=POLICY), **OFFICE)
    with pytest.raises(WrongStageError):
        order.complete(happened_at=NOW, **OFFICE)


def test_an_unpaid_plan_is_not_moved_either() -> None:
    with pytest.raises(WrongStageError):
        booked_plan().reschedule(rescheduling(TOMORROW), **OFFICE)
