"""A plan is changed: one visit alone, or this and later."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from domain.claims import ReleaseSeats, ReleaseWorker, TakeSeats, TakeWorker
from domain.errors import InvalidInputError
from domain.orders.errors import WindowError
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_course import WorkerSwap
from domain.orders.hourly.plan_visits import VisitMove
from domain.orders.hourly.recurrence import Pattern
from domain.orders.hourly.visits import (
    NoticeTooShortError,
    VisitOverlapsError,
    visit_claim,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    HOME,
    NOW,
    OFFICE,
    claims,
    last,
    unsaved,
)
from tests.domain.hourly_plans import (
    FOUR_WEEKS,
    PLAN,
    SOMEBODY_ELSE,
    TUESDAY,
    assign,
    days,
    done,
    moment,
    remind,
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


# -- exceptions: this visit alone


def test_a_moved_visit_keeps_its_day_so_nothing_is_doubled() -> None:
    order = rolled_plan()
    assign(order, 2)
    move(order, 2)
    visit = order.visit(2)
    assert (visit.day, visit.starts_at) == (tuesday(2), moment(tuesday(2) + timedelta(days=1)))
    assert (visit.stage, visit.worker_id) == (Stage.SCHEDULED, None)
    assert order.due_visits(NOW) == []


def test_a_move_frees_the_old_time_and_takes_the_new_one() -> None:
    order = rolled_plan()
    assign(order, 2)
    move(order, 2)
    name = visit_claim(order.id, 2)
    taken = claims(last(order))
    assert taken[:2] == (ReleaseWorker(name), ReleaseSeats(name))
    assert {each.day for each in taken if isinstance(each, TakeSeats)} == {
        tuesday(2) + timedelta(days=1)
    }


def test_within_the_agreed_days_staff_move_a_visit_unasked_and_beyond_them_with_consent() -> None:
    order = rolled_plan()
    near, far = (
        VisitMove(starts_at=moment(tuesday(2) + timedelta(days=d)), reason_code="gap")
        for d in (1, 2)
    )
    order.move_visit(2, near, **OFFICE)
    with pytest.raises(InvalidInputError):
        order.move_visit(2, far, **OFFICE)
    order.move_visit(2, replace(far, consent="phone_recording"), **OFFICE)
    assert order.visit(2).starts_at == far.starts_at


@pytest.mark.parametrize(
    "starts_at",
    [NOW - timedelta(hours=1), moment(tuesday(2) + timedelta(days=31))],
    ids=["past", "too far"],
)
def test_a_visit_is_moved_to_a_time_that_can_be(starts_at: datetime) -> None:
    order = rolled_plan()
    with pytest.raises(InvalidInputError):
        move(order, 2, starts_at=starts_at)


def test_two_visits_are_never_at_one_time() -> None:
    order = rolled_plan()
    with pytest.raises(VisitOverlapsError):
        move(order, 2, starts_at=moment(tuesday(3), 10))


def test_a_skipped_visit_leaves_its_value_for_one_at_the_end() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    assert order.due_visits(NOW) == []
    order.skip_visit(2, reason_code="away", **HOME)
    roll(order)
    assert days(order) == [tuesday(number) for number in (1, 2, 3, 4, 5)]
    assert order.paid_visits() == [1, 3, 4, 5]
    assert {type(each) for each in claims(unsaved(order)[-2])} == {ReleaseWorker, ReleaseSeats}


def test_a_visit_that_the_company_cancels_is_made_up_for_too() -> None:
    order = rolled_plan(**FOUR_WEEKS)
    assign(order, 1)
    order.cancel_visit(1, reason_code="company", **OFFICE)
    roll(order)
    assert order.paid_visits() == [2, 3, 4, 5]


def test_a_customer_changes_a_visit_until_a_day_before() -> None:
    order = rolled_plan()
    late: dict[str, Any] = {"by": BY_CUSTOMER, "at": moment(tuesday(1)) - timedelta(hours=23)}
    soon = VisitMove(starts_at=moment(tuesday(1), 15), reason_code="x", consent="customer_app")
    with pytest.raises(NoticeTooShortError):
        order.skip_visit(1, reason_code="away", **late)
    with pytest.raises(NoticeTooShortError):
        order.move_visit(1, soon, **late)
    with pytest.raises(NoticeTooShortError):
        order.pause(tuesday(1), tuesday(2), reason_code="away", **late)
    order.skip_visit(1, reason_code="away", **late | {"by": BY_STAFF})
    assert order.visit(1).stage == Stage.SKIPPED


# -- this and later


def test_another_pattern_holds_from_a_day_on_and_what_was_moved_stays() -> None:
    order = rolled_plan()
    move(order, 4)
    assign(order, 3)
    thursdays = Pattern.from_plain(PLAN | {"weekdays": [4], "first_day": tuesday(2).isoformat()})
    order.change_pattern(thursdays, reason_code="customer", **HOME)
    roll(order)
    assert stages(order)[1] == "scheduled"
    assert [stages(order)[n] for n in (2, 3, 5, 6)] == ["cancelled"] * 4
    assert stages(order)[4] == "scheduled"
    later = [visit.day for number, visit in order.visits.items() if number > 6]
    assert later == [tuesday(n) + timedelta(days=2) for n in range(2, 7)]


def test_longer_visits_use_the_prepaid_minutes_up_sooner() -> None:
    order = rolled_plan()
    longer = Pattern.from_plain(PLAN | {"minutes": 240, "first_day": tuesday(2).isoformat()})
    order.change_pattern(longer, reason_code="customer", **HOME)
    roll(order)
    assert len(order.paid_visits()) == 2  # 120 + 240 of 480 minutes


def test_another_pattern_withdraws_a_renewal_that_nobody_paid() -> None:
    order = rolled_plan()
    for number in (1, 2):
        done(order, number)
    at = moment(tuesday(2), 20)
    remind(order, at)
    fridays = Pattern.from_plain(PLAN | {"weekdays": [5], "first_day": tuesday(3).isoformat()})
    order.change_pattern(fridays, reason_code="customer", by=BY_STAFF, at=at)
    assert order.open_renewal() == 0
    assert [type(each).__name__ for each in unsaved(order)[-2:]] == [
        "ChargeWithdrawn",
        "PatternChanged",
    ]


def test_a_pause_gives_up_the_visits_in_it_and_the_plan_goes_on_after_it() -> None:
    order = rolled_plan()
    assign(order, 2)
    order.pause(tuesday(2), tuesday(3), reason_code="away", **HOME)
    assert order.stage == Stage.PLAN_PAUSED
    assert [stages(order)[n] for n in (1, 2, 3, 4)] == [
        "scheduled",
        "cancelled",
        "cancelled",
        "scheduled",
    ]
    assert order.due_visits(NOW) == []
    assert order.paid_visits() == [1, 4, 5, 6]


def test_who_is_back_earlier_gets_the_visits_of_the_pause_anew() -> None:
    order = rolled_plan()
    order.pause(tuesday(2), tuesday(3), reason_code="away", **HOME)
    order.resume(tuesday(2) + timedelta(days=1), reason_code="back", **HOME)
    assert order.stage == Stage.PLAN_ACTIVE
    assert [each.day for each in order.due_visits(NOW)] == [tuesday(3)]


@pytest.mark.parametrize(
    ("first_day", "last_day"),
    [
        (TUESDAY - A_WEEK, TUESDAY),
        (tuesday(3), tuesday(2)),
        (tuesday(2), tuesday(2) + timedelta(weeks=12, days=1)),
        (tuesday(7), tuesday(8)),
        (date.max, date.max),
    ],
    ids=["past", "backwards", "too long", "beyond the calendar", "never"],
)
def test_a_pause_has_possible_days(first_day: date, last_day: date) -> None:
    order = rolled_plan()
    with pytest.raises(InvalidInputError):
        order.pause(first_day, last_day, reason_code="away", **OFFICE)


@pytest.mark.parametrize("first_day", [TUESDAY - A_WEEK, tuesday(3) + timedelta(days=2), date.max])
def test_a_plan_resumes_by_the_day_after_its_pause(first_day: date) -> None:
    order = rolled_plan()
    order.pause(tuesday(2), tuesday(3), reason_code="away", **HOME)
    with pytest.raises(InvalidInputError):
        order.resume(first_day, reason_code="back", **HOME)
    order.resume(tuesday(3) + timedelta(days=1), reason_code="back", **HOME)
    assert order.stage == Stage.PLAN_ACTIVE


def test_a_visit_moved_again_and_again_stays_within_a_month_of_its_day() -> None:
    order = rolled_plan()
    move(order, 1, starts_at=moment(tuesday(1) + timedelta(days=20), 15))
    with pytest.raises(WindowError, match="请选择未来 32 天内的时间"):
        move(order, 1, starts_at=moment(tuesday(1) + timedelta(days=40), 15))


def test_another_worker_takes_over_from_a_day_on() -> None:
    order = rolled_plan()
    for number in (1, 2, 3):
        assign(order, number)
    swap = WorkerSwap(
        worker_id=SOMEBODY_ELSE,
        worker_number=8,
        first_day=tuesday(2),
        reason_code="customer",
        assignments={n: worker_for(order, n, worker_number=8) for n in (2, 3)},
    )
    order.swap_worker(swap, **OFFICE)
    assert [order.visit(n).worker_number for n in (1, 2, 3, 4)] == [7, 8, 8, 0]
    assert order.preferred_worker_id == SOMEBODY_ELSE
    kinds = [type(each) for each in claims(last(order))]
    assert kinds == [ReleaseWorker, ReleaseWorker, TakeWorker, TakeWorker]


def test_a_swap_names_every_visit_that_goes_over() -> None:
    order = rolled_plan()
    assign(order, 1)
    swap = WorkerSwap(
        worker_id=SOMEBODY_ELSE, worker_number=8, first_day=TUESDAY, reason_code="customer"
    )
    with pytest.raises(InvalidInputError):
        order.swap_worker(swap, **OFFICE)
