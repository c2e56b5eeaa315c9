"""What can be done with one visit of a plan; the plan itself is in `hourly`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from domain.errors import InvalidInputError
from domain.orders import charges
from domain.orders.assignment import Assignment, check_assignment
from domain.orders.hourly.plan_money import PrepaidPeriod, worth_fen
from domain.orders.hourly.recurrence import Calendar
from domain.orders.hourly.visit_exceptions import VisitExceptions
from domain.orders.hourly.visits import (
    GIVEN,
    GONE,
    LONGEST_MOVE,
    MISSING,
    NOT_BEGUN,
    NOTICE,
    OVER,
    TAKEN,
    NoticeTooShortError,
    Visit,
    VisitNotFoundError,
    VisitNotPaidError,
    VisitOverlapsError,
    check_follows,
    check_visit_stage,
    covered,
    visit_claim,
)
from domain.orders.order_exceptions import NOBODY_TOOK_IT
from domain.orders.stages import Stage
from domain.orders.windows import bounds, check_happened, check_windows, window
from domain.sealed import check_sealed
from domain.time import Interval, shanghai_day

RUNNING: Final = frozenset({Stage.PLAN_ACTIVE, Stage.PLAN_PAUSED})


@dataclass(frozen=True, kw_only=True)
class VisitMove:
    """Another time for one visit; its length stays.

    Attributes:
        seats: TAKEN, or MISSING where the pool has none and the dispatcher answers for it.
        consent: how the customer agreed, needed beyond the days agreed at booking
            (灵活天数), e.g. "customer_app", "phone_recording".
    """

    starts_at: datetime
    reason_code: str
    seats: str = TAKEN
    consent: str = ""


@dataclass(frozen=True, kw_only=True)
class VisitReport:
    """When it happened at the customer's, and a sealed note."""

    happened_at: datetime
    note: str = ""

    def checked(self, at: datetime) -> dict[str, Any]:
        """The fields as an event names them.

        Raises:
            HappenedInFutureError: it lies in the future.
            InvalidInputError: the note is clear.
        """
        check_happened(self.happened_at, at)
        check_sealed(note=self.note)
        return {"happened_at": self.happened_at, "note": self.note}


class PlanVisits(VisitExceptions):
    """Commands on one visit. HourlyWorkOrder derives from this.

    Every one raises VisitNotFoundError where there is no such visit,
    WrongStageError where the plan does not run, WrongVisitStageError where the
    visit's stage forbids it.
    """

    def assign_visit(self, number: int, assignment: Assignment, *, by: str, at: datetime) -> None:
        """Give a paid visit to a worker (派单).

        Raises:
            VisitNotPaidError: its period is not paid yet (R10).
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        visit = self._visit_at(number, {Stage.SCHEDULED})
        if number not in self.paid_visits():
            raise VisitNotPaidError
        facts = _given(assignment, visit)
        self._of_visit(self.VisitAssigned, visit, Stage.AWAITING_ACCEPTANCE, by, at, **facts)
        self.resolve_of_visit(number, NOBODY_TOOK_IT, "assigned", by=by, at=at)

    def reassign_visit(
        self, number: int, assignment: Assignment, *, reason_code: str, by: str, at: datetime
    ) -> None:
        """Give a visit to another worker, who has to accept it anew (改派).

        Raises:
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        visit = self._visit_at(number, GIVEN)
        facts = {
            "previous_worker_id": visit.worker_id,
            "reason_code": reason_code,
            "releases": self._names([visit]),
            **_given(assignment, visit),
        }
        self._of_visit(self.VisitReassigned, visit, Stage.AWAITING_ACCEPTANCE, by, at, **facts)

    def accept_visit(self, number: int, *, happened_at: datetime, by: str, at: datetime) -> None:
        """The worker takes the visit on (接单)."""
        visit = self._visit_at(number, {Stage.AWAITING_ACCEPTANCE})
        check_happened(happened_at, at)
        facts = {"worker_id": visit.worker_id, "happened_at": happened_at}
        self._of_visit(self.VisitAccepted, visit, Stage.ACCEPTED, by, at, **facts)

    def decline_visit(
        self, number: int, *, reason_code: str, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The worker gives the visit back (拒单)."""
        visit = self._visit_at(number, GIVEN)
        check_happened(happened_at, at)
        facts = {
            "worker_id": visit.worker_id,
            "reason_code": reason_code,
            "happened_at": happened_at,
            "releases": self._names([visit]),
        }
        self._of_visit(self.VisitDeclined, visit, Stage.SCHEDULED, by, at, **facts)

    def progress_visit(
        self, number: int, stage: str, report: VisitReport, *, by: str, at: datetime
    ) -> None:
        """The field reports the visit's next stage by name (进度).

        Raises:
            HappenedInFutureError: see check_happened.
        """
        self.check_stage(RUNNING)
        visit = self.visit(number)
        check_follows(visit, stage)
        facts = report.checked(at)
        self._of_visit(self.VisitProgressed, visit, stage, by, at, **facts)

    def complete_visit(self, number: int, report: VisitReport, *, by: str, at: datetime) -> None:
        """The visit is done (本次完成); its share of the prepaid money is earned (P10).

        Raises:
            HappenedInFutureError: see check_happened.
        """
        visit = self._visit_at(number, {Stage.AWAITING_INSPECTION})
        facts = {
            "recognised_fen": self._worth_fen(visit),
            "recognised_before_fen": self.recognised_fen,
            "tax_class": self.tax_class,
            "service_code": self.service_code,
            **report.checked(at),
        }
        self._of_visit(self.VisitCompleted, visit, Stage.VISIT_COMPLETED, by, at, **facts)

    def move_visit(self, number: int, move: VisitMove, *, by: str, at: datetime) -> None:
        """This visit alone takes place at another time (本次改期).

        Raises:
            NoticeTooShortError: a customer asks less than 24 hours before.
            InvalidInputError: the day is beyond the agreed ones and nobody agreed.
            WindowError: the time is past or more than 30 days from its day.
            VisitOverlapsError: another visit is at that time.
        """
        visit = self._visit_at(number, NOT_BEGUN)
        check_notice([visit], by, at)
        time = window("service", move.starts_at, move.starts_at + (visit.ends_at - visit.starts_at))
        check_windows([time], ["service"], at, visit.day - shanghai_day(at) + LONGEST_MOVE)
        self._check_move(visit, Interval(*bounds(time)), move)
        facts = {
            "window": time,
            "seats": move.seats,
            "reason_code": move.reason_code,
            "consent": move.consent,
            "releases": self._names([visit]),
            "service_code": self.service_code,
            "area": self.contact["district"],
        }
        self._of_visit(self.VisitRescheduled, visit, Stage.SCHEDULED, by, at, **facts)

    def seat_visit(self, number: int, *, by: str, at: datetime) -> None:
        """Take a seat for a visit that found none (待确认).

        Raises:
            InvalidInputError: it has one.
        """
        visit = self._visit_at(number, NOT_BEGUN)
        if visit.seats != MISSING:
            raise InvalidInputError(field="seats")
        facts = {
            "window": visit.window,
            "service_code": self.service_code,
            "area": self.contact["district"],
        }
        self._of_visit(self.VisitSeated, visit, visit.stage, by, at, **facts)

    def skip_visit(self, number: int, *, reason_code: str, by: str, at: datetime) -> None:
        """The customer leaves this visit out (跳过); what it is worth stays for the end.

        Raises:
            NoticeTooShortError: a customer asks less than 24 hours before.
        """
        visit = self._visit_at(number, NOT_BEGUN)
        check_notice([visit], by, at)
        facts = {"reason_code": reason_code, "releases": self._names([visit])}
        self._of_visit(self.VisitSkipped, visit, Stage.SKIPPED, by, at, **facts)

    def cancel_visit(self, number: int, *, reason_code: str, by: str, at: datetime) -> None:
        """The company cannot come (取消本次); what it is worth stays for the end."""
        visit = self._visit_at(number, frozenset(Stage) - OVER)
        facts = {"reason_code": reason_code, "releases": self._names([visit])}
        self._of_visit(self.VisitCancelled, visit, Stage.CANCELLED, by, at, **facts)

    # -- what the plan knows of its visits

    def visit(self, number: int) -> Visit:
        """One visit. Raises VisitNotFoundError."""
        found: Visit | None = self.visits.get(number)
        if found is None:
            raise VisitNotFoundError
        return found

    def paid_visits(self) -> list[int]:
        """The visits still to be done that are paid for, in the order of their turn."""
        paid = sum(period.minutes for period in self._paid_periods())
        return covered(self.visits, paid - self.used_minutes)

    def calendar(self) -> Calendar:
        """When there are visits."""
        return Calendar(self.patterns, self.pauses)

    def advance_fen(self) -> int:
        """What is kept for visits still to come; below 0 where a refund took more of it."""
        kept: int = self.kept_fen() - self.extras_fen() - self.recognised_fen
        return kept

    def extras_fen(self) -> int:
        """What is kept of money for anything but visits (加项)."""
        others = [each for each in self.charges.values() if each.number not in self.periods]
        return sum(each.kept_fen for each in others)

    def _paid_periods(self) -> list[PrepaidPeriod]:
        paid = [each for each in self.charges.values() if each.state == charges.PAID]
        return [
            PrepaidPeriod(self.periods[each.number], each.amount_fen)
            for each in paid
            if each.number in self.periods
        ]

    def _worth_fen(self, visit: Visit) -> int:
        """Never more than what is left of the money, if some of it went back."""
        worth = worth_fen(self._paid_periods(), self.used_minutes, visit.minutes)
        return max(min(worth, self.advance_fen()), 0)

    def _visit_at(self, number: int, stages: Collection[str]) -> Visit:
        self.check_stage(RUNNING)
        visit = self.visit(number)
        check_visit_stage(visit, stages)
        return visit

    def _check_move(self, visit: Visit, time: Interval, move: VisitMove) -> None:
        if move.seats not in {TAKEN, MISSING} or not move.reason_code:
            raise InvalidInputError(field="move")
        others = [each for each in self.visits.values() if each.number != visit.number]
        if any(each.time.overlaps(time) for each in others if each.stage not in GONE):
            raise VisitOverlapsError
        within = timedelta(days=self.details["plan"].get("flexible_days", 0))
        if not move.consent and abs(shanghai_day(time.starts_at) - visit.day) > within:
            raise InvalidInputError(field="consent")

    def _names(self, visits: Collection[Visit]) -> list[str]:
        return [str(visit_claim(self.id, each.number)) for each in visits]

    def _of_visit(
        self,
        fact: type[VisitExceptions.Event],
        visit: Visit,
        stage: str,
        by: str,
        at: datetime,
        **facts: Any,  # noqa: ANN401 - facts of an event
    ) -> None:
        """State a fact about a visit; the plan stands where it stood."""
        told = {"visit": visit.number, "visit_stage": str(stage), **facts}
        self._state(fact, at, by, self.stage, **told)


def check_notice(visits: Collection[Visit], by: str, at: datetime) -> None:
    """Raise NoticeTooShortError where a customer changes what begins within 24 hours."""
    if by.startswith("customer:") and any(each.starts_at < at + NOTICE for each in visits):
        raise NoticeTooShortError


def _given(assignment: Assignment, visit: Visit) -> dict[str, Any]:
    """The fields of an event that gives a visit to a worker; it takes one person."""
    check_assignment(assignment, [visit.window])
    if assignment.members:
        raise InvalidInputError(field="crew")
    return {
        "worker_id": assignment.worker_id,
        "worker_number": assignment.worker_number,
        "starts_at": assignment.starts_at,
        "ends_at": assignment.ends_at,
        "reasons": list(assignment.reasons),
    }
