"""Visits of plans that nobody answers for or comes to (超时未接, 迟到): the times of all work."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision
from application.exception_desk import LATE_AFTER, answered_by
from application.log import Log
from application.policy import Deadline
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_visits import RUNNING
from domain.orders.hourly.visits import WAITED_FOR, Visit
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.stages import Stage

_UNANSWERED: Final = "visit.unanswered"
_LATE: Final = "visit.late"
_COMMANDS: Final = UUID("9a1f5c1e-2b0c-5e55-9c41-6d5f0e7a8b34")


class VisitWatch:
    """What is done when a visit's worker let the time pass; once for each time it was given."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def unanswered(self, deadline: Deadline) -> None:
        """The deadline `visit.unanswered`: take the visit back from who did not answer.

        Does nothing where it was given anew or answered.
        """
        version = deadline.payload["version"]
        command = self._command(f"{_UNANSWERED}:{deadline.subject}:{version}")

        def decide() -> Decision:
            order, visit = self._visit(deadline)
            waits = order.stage in RUNNING and visit.stage == Stage.AWAITING_ACCEPTANCE
            if not waits or visit.given_version != version:
                return Decision([])
            _take_back(order, visit, command)
            return Decision([order])

        self._log.run(command, decide)

    def late(self, deadline: Deadline) -> None:
        """The deadline `visit.late`: nobody is there, so somebody is late.

        Does nothing where the visit is at another time now, is off, or somebody arrived.
        """
        starts_at = datetime.fromisoformat(deadline.payload["starts_at"])
        command = self._command(f"{_LATE}:{deadline.subject}:{starts_at.isoformat()}")

        def decide() -> Decision:
            order, visit = self._visit(deadline)
            waits = order.stage in RUNNING and visit.stage in WAITED_FOR
            if not waits or visit.starts_at != starts_at:
                return Decision([])
            details = {"starts_at": starts_at.isoformat(), "stage": str(visit.stage)}
            report = ExceptionReport(
                kind=ExceptionKind.LATE, happened_at=command.at, details=details
            )
            order.report_of_visit(visit.number, report, by=command.actor, at=command.at)
            return Decision([order])

        self._log.run(command, decide)

    def _visit(self, deadline: Deadline) -> tuple[HourlyWorkOrder, Visit]:
        order_id, _, number = deadline.subject.partition("/")
        order = self._log.load(HourlyWorkOrder, UUID(order_id))
        return order, order.visit(int(number))

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), "system:visit_watch", "", self._clock.now())


def visit_deadlines(order_id: UUID, visit: Visit, given_at: datetime) -> Iterator[Deadline]:
    """When a visit that a worker was given has to be answered, and when they have to be there.

    The subject is "order/visit": one fact may give several visits at once.
    """
    subject, starts_at = f"{order_id}/{visit.number}", visit.starts_at
    payload = {"version": visit.given_version}
    yield Deadline(_UNANSWERED, subject, answered_by(given_at, starts_at), payload)
    yield Deadline(_LATE, subject, starts_at + LATE_AFTER, {"starts_at": starts_at.isoformat()})


def _take_back(order: HourlyWorkOrder, visit: Visit, command: Command) -> None:
    by, at = command.actor, command.at
    order.decline_visit(visit.number, reason_code="timeout", happened_at=at, by=by, at=at)
    details = {"worker_id": str(visit.worker_id)}
    report = ExceptionReport(kind=ExceptionKind.TIMEOUT, happened_at=at, details=details)
    order.report_of_visit(visit.number, report, by=by, at=at)
