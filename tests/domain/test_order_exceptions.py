"""What goes wrong with an order: reports, how they are resolved, interruptions and rework."""

from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from domain.errors import InvalidInputError
from domain.orders import errors
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_exceptions import (
    EXCEPTION_LABELS,
    ExceptionKind,
    ExceptionNotOpenError,
    ExceptionReport,
)
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    BY_WORKER,
    NOW,
    OFFICE,
    POLICY,
    WORKER,
    accepted_order,
    assert_replays,
    assigned_order,
    assignment,
    cancel,
    completed_order,
    done_order,
    extra_charge,
    last,
    names,
    paid_order,
    report,
    sealed,
)

Fields: TypeAlias = Any  # whatever fields the thing has
TWO_DAYS = timedelta(hours=48)


def seen(kind: str = "late", **changes: Fields) -> ExceptionReport:
    return ExceptionReport(kind=kind, happened_at=NOW, **changes)


# -- reports


@pytest.mark.parametrize("kind", ExceptionKind)
def test_every_kind_can_be_reported_and_leaves_the_order_where_it_is(kind: str) -> None:
    order = accepted_order()
    number = order.report_exception(seen(kind, details={"minutes": 12}), **OFFICE)
    fact = last(order)
    assert (number, fact.exception_number, fact.kind) == (1, 1, kind)
    assert (fact.stage, order.stage) == (Stage.ACCEPTED, Stage.ACCEPTED)
    assert fact.details == {"minutes": 12}
    assert_replays(order, order.pending_events)


def test_every_kind_has_a_word_for_people() -> None:
    assert set(EXCEPTION_LABELS) == set(ExceptionKind)
    assert all(EXCEPTION_LABELS.values())


def test_a_report_of_an_unknown_kind_in_clear_words_or_of_the_future_is_refused() -> None:
    order = accepted_order()
    before = names(order)
    with pytest.raises(InvalidInputError):
        order.report_exception(seen("ghost"), **OFFICE)
    with pytest.raises(InvalidInputError):
        order.report_exception(seen(note="客户很生气"), **OFFICE)
    tomorrow = ExceptionReport(kind="late", happened_at=NOW + timedelta(days=1))
    with pytest.raises(errors.HappenedInFutureError):
        order.report_exception(tomorrow, **OFFICE)
    assert names(order) == before


def test_an_order_that_is_over_may_have_exceptions_too() -> None:
    order = completed_order()
    assert order.report_exception(seen("damage"), **OFFICE) == 1
    assert order.report_exception(seen("complaint"), **OFFICE) == 2
    assert order.stage == Stage.COMPLETED


def test_a_deadline_does_not_report_what_is_open_already() -> None:
    order = accepted_order()
    assert order.report_once(seen(), by=BY_SYSTEM, at=NOW)
    assert not order.report_once(seen(), by=BY_SYSTEM, at=NOW)
    order.resolve_exception(1, "arrived", **OFFICE)
    assert order.report_once(seen(), by=BY_SYSTEM, at=NOW)
    assert order.open_exceptions == {2: "late"}


# -- resolutions


def test_an_exception_is_resolved_once() -> None:
    order = accepted_order()
    order.report_exception(seen(), **OFFICE)
    order.resolve_exception(1, "apologised", note=sealed("已致歉"), **OFFICE)
    assert (last(order).kind, last(order).resolution_code) == ("late", "apologised")
    assert order.open_exceptions == {}
    for number in (1, 2):
        with pytest.raises(ExceptionNotOpenError):
            order.resolve_exception(number, "apologised", **OFFICE)
    assert_replays(order, order.pending_events)


def test_a_resolution_needs_a_code_and_sealed_words() -> None:
    order = accepted_order()
    order.report_exception(seen(), **OFFICE)
    with pytest.raises(InvalidInputError):
        order.resolve_exception(1, "", **OFFICE)
    with pytest.raises(InvalidInputError):
        order.resolve_exception(1, "apologised", note="已致歉", **OFFICE)
    assert order.open_exceptions == {1: "late"}


def test_what_nobody_took_is_resolved_once_somebody_is_assigned() -> None:
    order = assigned_order()
    order.decline(WORKER, reason_code="far", happened_at=NOW, by=BY_WORKER, at=NOW)
    for kind in ("refused", "timeout", "complaint"):
        order.report_exception(seen(kind), **OFFICE)
    order.assign(assignment(), **OFFICE)
    assert names(order)[-3:] == ["Assigned", "ExceptionResolved", "ExceptionResolved"]
    assert order.open_exceptions == {3: "complaint"}


# -- interruption and rework


def test_work_may_be_interrupted_and_go_on() -> None:
    order = accepted_order()
    report(order, Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.INTERRUPTED)
    with pytest.raises(errors.WrongStageError):
        report(order, Stage.AWAITING_INSPECTION)
    report(order, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    assert_replays(order, order.pending_events)


def test_poor_work_is_done_again_before_it_is_accepted() -> None:
    order = done_order()
    report(order, Stage.REWORKING)
    with pytest.raises(errors.WrongStageError):
        order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    report(order, Stage.AWAITING_INSPECTION)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    assert last(order).recognised_fen == order.kept_fen()


def test_work_done_again_after_its_acceptance_earns_nothing_twice() -> None:
    order = completed_order()
    report(order, Stage.REWORKING)
    assert set(order.next_stages()) == {Stage.COMPLETED}
    report(order, Stage.COMPLETED)
    assert names(order).count("Completed") == 1
    assert order.stage == Stage.COMPLETED
    order.review(5, by=BY_CUSTOMER, at=NOW)
    assert_replays(order, order.pending_events)


def rework(order: CleaningOrder, after: timedelta) -> None:
    at = NOW + after
    order.progress(Stage.REWORKING, happened_at=at, by=BY_WORKER, at=at)


def test_work_is_done_again_up_to_48_hours_after_its_acceptance() -> None:
    with pytest.raises(errors.ReworkTooLateError) as refused:
        rework(completed_order(), TWO_DAYS + timedelta(seconds=1))
    assert refused.value.message == "订单完成已超过 48 小时，不能再返工。"
    order = completed_order()
    rework(order, TWO_DAYS)
    later = NOW + 2 * TWO_DAYS
    order.progress(Stage.COMPLETED, happened_at=later, by=BY_WORKER, at=later)
    assert order.stage == Stage.COMPLETED


def test_an_order_in_rework_is_neither_cancelled_nor_charged_and_refunds_come_of_revenue() -> None:
    order = completed_order()
    report(order, Stage.REWORKING)
    before = names(order)
    with pytest.raises(errors.WrongStageError):
        cancel(order)
    with pytest.raises(errors.WrongStageError):
        order.add_charge(extra_charge(), **OFFICE)
    assert names(order) == before
    order.refund_due(100, reason_code="late", policy=POLICY, **OFFICE)
    assert last(order).taken_from == "revenue"


def test_an_order_that_was_paid_and_not_begun_has_nothing_to_do_again() -> None:
    order = paid_order()
    with pytest.raises(errors.WrongStageError):
        report(order, Stage.REWORKING)
    assert names(order) == ["Booked", "Paid"]
