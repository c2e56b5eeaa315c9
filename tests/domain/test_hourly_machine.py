"""Any history of commands, legal or not, keeps a plan's promises."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from domain.capacity import seat_claims
from domain.claims import Claim
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_course import WorkerSwap
from domain.orders.hourly.plan_visits import RUNNING, VisitMove, VisitReport
from domain.orders.hourly.recurrence import Pattern
from domain.orders.hourly.visits import GONE, OVER, visit_claim, visit_seats
from domain.orders.order_exceptions import ExceptionReport
from domain.orders.stages import Stage
from domain.time import shanghai_day
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    BY_WORKER,
    NOW,
    OTHER_WORKER,
    POLICY,
    extra_charge,
    rescheduling,
    unsaved,
)
from tests.domain.hourly_plans import (
    FOUR_WEEKS,
    PLAN,
    booked_plan,
    done,
    end,
    pay,
    renewal_for,
    roll,
    worker_for,
)
from tests.domain.order_machine import OrderMachine, seats_held, workers_held

PlanCommand = Callable[[HourlyWorkOrder, datetime], object]
NUMBERS = st.integers(1, 9)
FIELD_STAGES = (Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)


def pattern(at: datetime, **changes: Any) -> Pattern:  # noqa: ANN401
    first_day = shanghai_day(at) + timedelta(days=3)
    return Pattern.from_plain(PLAN | {"first_day": first_day.isoformat()} | changes)


def swap(order: HourlyWorkOrder, at: datetime) -> None:
    first_day = shanghai_day(at)
    given = {
        each.number: worker_for(order, each.number, worker_id=OTHER_WORKER, worker_number=8)
        for each in order.given_from(first_day)
    }
    asked = WorkerSwap(
        worker_id=OTHER_WORKER,
        worker_number=8,
        first_day=first_day,
        reason_code="customer",
        assignments=given,
    )
    order.swap_worker(asked, by=BY_STAFF, at=at)


def change(**changes: Any) -> PlanCommand:  # noqa: ANN401 - fields of a pattern
    return lambda order, at: order.change_pattern(
        pattern(at, **changes), reason_code="customer", by=BY_STAFF, at=at
    )


def pause(order: HourlyWorkOrder, at: datetime) -> None:
    today = shanghai_day(at)
    days = timedelta(days=2), timedelta(days=12)
    order.pause(today + days[0], today + days[1], reason_code="away", by=BY_STAFF, at=at)


# What concerns the plan as a whole; refused or not.
OF_THE_PLAN: list[PlanCommand] = [
    lambda order, at: pay(order, 1, at),
    lambda order, at: pay(order, 2, at),
    lambda order, at: pay(order, 3, at),
    roll,
    lambda order, at: roll(order, at, "missing"),
    change(weekdays=[4]),
    change(weekdays=[1, 5], minutes=180),
    pause,
    lambda order, at: order.pause_unpaid(by=BY_SYSTEM, at=at),
    lambda order, at: order.resume(shanghai_day(at), reason_code="back", by=BY_STAFF, at=at),
    swap,
    lambda order, at: order.remind_of_renewal(renewal_for(order, at), by=BY_SYSTEM, at=at),
    lambda order, at: order.add_charge(extra_charge(), by=BY_STAFF, at=at),
    lambda order, at: order.withdraw_charge(2, reason_code="error", by=BY_STAFF, at=at),
    lambda order, at: order.refund_due(
        5_000, reason_code="late", policy=POLICY, by=BY_STAFF, at=at
    ),
    lambda order, at: order.reschedule(rescheduling(at + timedelta(days=2)), by=BY_STAFF, at=at),
    lambda order, at: order.complete(happened_at=at, by=BY_STAFF, at=at),
    lambda order, at: order.review(5, by=BY_CUSTOMER, at=at),
]


def move(days: int, seats: str = "taken") -> Callable[[HourlyWorkOrder, int, datetime], object]:
    def moving(order: HourlyWorkOrder, number: int, at: datetime) -> None:
        starts_at = order.visit(number).starts_at + timedelta(days=days, hours=1)
        asked = VisitMove(starts_at=starts_at, reason_code="x", seats=seats, consent="phone")
        order.move_visit(number, asked, by=BY_STAFF, at=at)

    return moving


def report(stage: str) -> Callable[[HourlyWorkOrder, int, datetime], object]:
    return lambda order, number, at: order.progress_visit(
        number, stage, VisitReport(happened_at=at), by=BY_WORKER, at=at
    )


# What concerns one visit; refused or not.
OF_A_VISIT: list[Callable[[HourlyWorkOrder, int, datetime], object]] = [
    lambda order, number, at: order.assign_visit(
        number, worker_for(order, number), by=BY_STAFF, at=at
    ),
    lambda order, number, at: order.reassign_visit(
        number, worker_for(order, number, worker_number=9), reason_code="ill", by=BY_STAFF, at=at
    ),
    lambda order, number, at: order.accept_visit(number, happened_at=at, by=BY_WORKER, at=at),
    lambda order, number, at: order.decline_visit(
        number, reason_code="far", happened_at=at, by=BY_WORKER, at=at
    ),
    lambda order, number, at: order.skip_visit(number, reason_code="away", by=BY_CUSTOMER, at=at),
    lambda order, number, at: order.cancel_visit(number, reason_code="ill", by=BY_STAFF, at=at),
    lambda order, number, at: order.complete_visit(
        number, VisitReport(happened_at=at), by=BY_CUSTOMER, at=at
    ),
    lambda order, number, at: order.seat_visit(number, by=BY_SYSTEM, at=at),
    lambda order, number, at: order.report_of_visit(
        number, ExceptionReport(kind="timeout", happened_at=at), by=BY_SYSTEM, at=at
    ),
    lambda order, number, at: order.resolve_of_visit(
        number, {"timeout"}, "called", by=BY_STAFF, at=at
    ),
    move(1),
    move(-2, "missing"),
    move(7),
    *(report(stage) for stage in FIELD_STAGES),
]


class PlanHistories(OrderMachine):
    """A plan goes on for weeks, with anything tried in between."""

    order: HourlyWorkOrder
    at: datetime

    @initialize(
        weekdays=st.sampled_from([[2], [1, 4], [1, 2, 3, 4, 5]]),
        until=st.sampled_from([{}, FOUR_WEEKS]),
        paid=st.sampled_from([True, True, True, False]),
    )
    def book(self, weekdays: list[int], until: dict[str, Any], *, paid: bool) -> None:
        self.at = NOW
        self.order = booked_plan(weekdays=weekdays, first_day="2026-11-24", **until)
        if paid:
            pay(self.order)
            roll(self.order)

    @rule(command=st.sampled_from(OF_THE_PLAN))
    def ask_of_the_plan(self, command: PlanCommand) -> None:
        self._attempt(lambda order: command(order, self.at))

    @rule(command=st.sampled_from(OF_A_VISIT), number=NUMBERS)
    def ask_of_a_visit(
        self, command: Callable[[HourlyWorkOrder, int, datetime], object], number: int
    ) -> None:
        self._attempt(lambda order: command(order, number, self.at))

    @rule()
    def go_on(self) -> None:
        """The way a plan usually goes; never refused."""
        order = self.order
        renewal = order.open_renewal()
        if renewal and order.stage in RUNNING:
            pay(order, renewal, self.at)
        elif order.next_period(self.at):
            order.remind_of_renewal(renewal_for(order, self.at), by=BY_SYSTEM, at=self.at)
        elif order.stage in RUNNING:
            self._do_the_next_visit()

    def _do_the_next_visit(self) -> None:
        roll(self.order, self.at)
        waiting = [self.order.visit(number) for number in self.order.paid_visits()]
        following = next((each for each in waiting if each.stage == Stage.SCHEDULED), None)
        if following:
            self.at = max(self.at, following.ends_at)
            done(self.order, following.number, self.at)

    @rule(days=st.integers(1, 10))
    def let_time_pass(self, days: int) -> None:
        self.at += timedelta(days=days)

    @rule(
        reason=st.sampled_from(["customer", "company", "expired", "bored"]),
        soon=st.integers(0, 9),
    )
    def end(self, reason: str, soon: int) -> None:
        if soon == 0:
            self._attempt(lambda order: end(order, reason, self.at))

    def _part_stages(self) -> set[str]:
        return {each.stage for each in self.order.visits.values()}

    @invariant()
    def a_visit_is_given_to_a_worker_only_when_it_is_paid(self) -> None:
        given = {
            number
            for number, each in self.order.visits.items()
            if each.worker_id and each.stage not in OVER
        }
        assert given <= set(self.order.paid_visits())

    @invariant()
    def no_two_visits_are_at_one_time(self) -> None:
        times = [each.time for each in self.order.visits.values() if each.stage not in GONE]
        for one, time in enumerate(times):
            assert not any(time.overlaps(other) for other in times[one + 1 :])

    @invariant()
    def no_day_has_two_visits_of_the_calendar(self) -> None:
        kept = [each.day for each in self.order.visits.values() if not each.frees_day]
        assert len(kept) == len(set(kept))

    @invariant()
    def no_fen_is_lost(self) -> None:
        """What was paid is earned, goes back, or is kept for visits to come."""
        paid = back = earned = 0
        for event in unsaved(self.order):
            match event:
                case HourlyWorkOrder.Paid():
                    paid += event.amount_fen
                case HourlyWorkOrder.RefundDue():
                    back += event.amount_fen if event.taken_from == "advance" else 0
                case HourlyWorkOrder.VisitCompleted() | HourlyWorkOrder.Completed():
                    assert event.recognised_before_fen == earned
                    earned += event.recognised_fen
                    assert event.recognised_fen >= 0
        assert earned + back <= paid
        if self.order.stage in {Stage.COMPLETED, Stage.REVIEWED, Stage.CANCELLED}:
            assert earned + back == paid

    @invariant()
    def the_claims_hold_just_the_workers_of_the_visits(self) -> None:
        assert workers_held(self.order) == {
            visit_claim(self.order.id, number): each.worker_number
            for number, each in self.order.visits.items()
            if each.worker_id
        }

    @invariant()
    def the_claims_hold_just_the_seats_of_the_visits(self) -> None:
        """Of those that are not given up; a visit that is done was in its seat."""
        held = seats_held(self.order)
        if self.order.stage != Stage.AWAITING_PAYMENT:
            assert held == self._seats()

    def _seats(self) -> set[Claim]:
        order, area = self.order, self.order.contact["district"]
        return {
            claim
            for number, each in order.visits.items()
            if each.stage not in GONE and each.seats != "missing"
            for claim in seat_claims(
                visit_claim(order.id, number), visit_seats(order.service_code, area, each.window)
            )
        }


TestPlanHistories = PlanHistories.TestCase
TestPlanHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
