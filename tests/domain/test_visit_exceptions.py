"""A visit's exceptions and its seat: what concerns one visit leaves the others alone."""

from datetime import timedelta
from typing import Any

import pytest

from domain.claims import TakeSeats
from domain.errors import InvalidInputError
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.visits import (
    MISSING,
    PlanOfVisitsError,
    VisitNotFoundError,
    WrongVisitStageError,
    visit_claim,
)
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.stages import Stage
from tests.domain.histories import BY_STAFF, BY_SYSTEM, NOW, assert_replays, claims, last
from tests.domain.hourly_plans import (
    active_plan,
    assign,
    booked_plan,
    booked_single,
    roll,
    rolled_plan,
)

SYSTEM: dict[str, Any] = {"by": BY_SYSTEM, "at": NOW}


def report(order: HourlyWorkOrder, number: int, kind: str = ExceptionKind.LATE) -> bool:
    return order.report_of_visit(number, ExceptionReport(kind=kind, happened_at=NOW), **SYSTEM)


def test_each_visit_has_exceptions_of_its_own_one_of_a_kind() -> None:
    order = rolled_plan()
    assert [report(order, number) for number in (1, 2, 1)] == [True, True, False]
    assert last(order).details == {"visit": 2}
    assert_replays(order, order.pending_events)


def test_a_new_worker_resolves_what_nobody_took_of_that_visit_alone() -> None:
    order = rolled_plan()
    for number in (1, 2):
        report(order, number, ExceptionKind.TIMEOUT)
        report(order, number, ExceptionKind.LATE)
    assign(order, 2)
    assert order.open_exceptions == {1: "timeout", 2: "late", 4: "late"}
    assert report(order, 2, ExceptionKind.TIMEOUT)  # it may be reported anew


def test_an_exception_of_the_whole_plan_is_no_visits() -> None:
    order = rolled_plan()
    seen = ExceptionReport(kind=ExceptionKind.TIMEOUT, happened_at=NOW)
    order.report_exception(seen, by=BY_STAFF, at=NOW)
    assign(order, 1)
    assert order.open_exceptions == {1: "timeout"}


def test_a_visit_without_a_seat_takes_one_once() -> None:
    order = active_plan()
    roll(order, seats=MISSING)
    order.seat_visit(5, **SYSTEM)
    stated = claims(last(order))
    taken = [each for each in stated if isinstance(each, TakeSeats)]
    assert len(taken) == len(stated) == 4  # two hours
    assert {each.claim_id for each in taken} == {visit_claim(order.id, 5)}
    assert (order.visit(5).seats, order.visit(5).stage) == ("taken", Stage.SCHEDULED)
    for number in (1, 5):  # one whose seat the booking holds, and the same again
        with pytest.raises(InvalidInputError):
            order.seat_visit(number, **SYSTEM)


def test_a_visit_that_is_off_or_unknown_takes_no_seat() -> None:
    order = active_plan()
    roll(order, seats=MISSING)
    order.cancel_visit(5, reason_code="ill", **SYSTEM)
    with pytest.raises(WrongVisitStageError):
        order.seat_visit(5, **SYSTEM)
    with pytest.raises(VisitNotFoundError):
        order.seat_visit(99, **SYSTEM)


def test_a_plan_is_no_single_piece_of_work_and_a_single_visit_is() -> None:
    for order in (booked_plan(), rolled_plan()):
        with pytest.raises(PlanOfVisitsError):
            order.windows_to_cover()
        with pytest.raises(PlanOfVisitsError):
            order.check_new_windows(order.windows, NOW)
    single = booked_single()
    assert single.windows_to_cover() == single.windows


def test_the_sentence_of_a_running_plan_leads_to_its_visits() -> None:
    order = rolled_plan()
    with pytest.raises(PlanOfVisitsError, match="请对每次服务操作"):
        order.progress(Stage.DEPARTED, happened_at=NOW, by=BY_STAFF, at=NOW)
    with pytest.raises(PlanOfVisitsError, match="请终止计划"):
        order.complete(happened_at=NOW, by=BY_STAFF, at=NOW)
    order.pause(order.visit(1).day, order.visit(1).day, reason_code="x", by=BY_STAFF, at=NOW)
    with pytest.raises(PlanOfVisitsError):
        order.complete(happened_at=NOW + timedelta(days=9), by=BY_STAFF, at=NOW)
