"""The exception desk (异常台): what went wrong is reported, by people and by deadlines."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from application.clock import Clock
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.policy import Deadline
from application.vault import KeyClass, Vault
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.orders.windows import bounds

# How long a worker has to answer, and the least where the start is near (超时未接).
ANSWER_WITHIN: Final = timedelta(minutes=30)
ANSWER_AT_LEAST: Final = timedelta(minutes=5)
# Nobody arrived so long after the start of the window (迟到; catalogue sheet d4).
LATE_AFTER: Final = timedelta(minutes=10)

_UNANSWERED: Final = "assignment.unanswered"
_NOT_ARRIVED: Final = "visit.not_arrived"
_COMMANDS: Final = UUID("3f8d5b8e-9a3b-5d3e-8c55-3a7d1e0f6b21")


@dataclass(frozen=True, kw_only=True)
class SeenException:
    """What somebody saw go wrong; `note` in clear, sealed before it is kept."""

    kind: str
    happened_at: datetime
    note: str = ""


class ExceptionDesk:
    """Reports and resolves; every method raises NotFoundError where there is no such order."""

    def __init__(self, log: Log, vault: Vault, clock: Clock) -> None:
        self._log = log
        self._vault = vault
        self._clock = clock

    def report(self, order_id: UUID, seen: SeenException, command: Command) -> Outcome:
        """State that something went wrong; the answer holds order_id and exception_number.

        Raises InvalidInputError kinds.
        """

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            note = self._vault.seal(order.customer_id, KeyClass.NOTE, seen.note)
            report = ExceptionReport(kind=seen.kind, happened_at=seen.happened_at, note=note)
            number = order.report_exception(report, by=command.actor, at=command.at)
            return Decision([order], _answer(order, number))

        return self._log.run(command, decide)

    def resolve(
        self, order_id: UUID, number: int, resolution_code: str, note: str, command: Command
    ) -> Outcome:
        """State how an exception was dealt with; `note` in clear.

        Raises ExceptionNotOpenError.
        """

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            sealed = self._vault.seal(order.customer_id, KeyClass.NOTE, note)
            by, at = command.actor, command.at
            order.resolve_exception(number, resolution_code, note=sealed, by=by, at=at)
            return Decision([order], _answer(order, number))

        return self._log.run(command, decide)

    def assignment_unanswered(self, deadline: Deadline) -> None:
        """The deadline `assignment.unanswered`: take the order back from who did not answer.

        Does nothing where the assignment is another or was answered.
        """
        version = deadline.payload["version"]
        command = self._command(f"{_UNANSWERED}:{deadline.subject}:{version}")

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, UUID(deadline.subject))
            waits = order.stage == Stage.AWAITING_ACCEPTANCE
            if order.worker_id is None or not waits or order.assignment_version != version:
                return Decision([])
            _take_back(order, order.worker_id, command)
            return Decision([order])

        self._log.run(command, decide)

    def nobody_arrived(self, deadline: Deadline) -> None:
        """The deadline `visit.not_arrived`: nobody is there, so somebody is late.

        Does nothing where the date is another now, or somebody arrived.
        """
        starts_at = deadline.payload["starts_at"]
        command = self._command(f"{_NOT_ARRIVED}:{deadline.subject}:{starts_at}")

        def decide() -> Decision:
            order = self._log.load(ServiceOrder, UUID(deadline.subject))
            if order.windows[0]["starts_at"] != starts_at or order.stage not in order.WAITED_FOR:
                return Decision([])
            details = {"starts_at": starts_at, "stage": order.stage}
            report = ExceptionReport(
                kind=ExceptionKind.LATE, happened_at=command.at, details=details
            )
            order.report_once(report, by=command.actor, at=command.at)
            return Decision([order])

        self._log.run(command, decide)

    def _command(self, key: str) -> Command:
        return Command(uuid5(_COMMANDS, key), "system:exception_desk", "", self._clock.now())


def unanswered_deadline(
    order_id: UUID, version: int, assigned_at: datetime, starts_at: datetime
) -> Deadline:
    """When an unanswered assignment is taken back: in half an hour, at the latest at the start."""
    due_at = answered_by(assigned_at, starts_at)
    return Deadline(_UNANSWERED, str(order_id), due_at, {"version": version})


def answered_by(assigned_at: datetime, starts_at: datetime) -> datetime:
    """Until when a worker has to answer for work that starts then."""
    due_at = min(assigned_at + ANSWER_WITHIN, starts_at)
    return max(due_at, assigned_at + ANSWER_AT_LEAST)


def arrival_deadline(order: ServiceOrder) -> Deadline:
    """When somebody should have arrived for the order's first window."""
    starts_at, _ = bounds(order.windows[0])
    payload = {"starts_at": order.windows[0]["starts_at"]}
    return Deadline(_NOT_ARRIVED, str(order.id), starts_at + LATE_AFTER, payload)


def _take_back(order: ServiceOrder, worker_id: UUID, command: Command) -> None:
    by, at = command.actor, command.at
    order.decline(worker_id, reason_code="timeout", happened_at=at, by=by, at=at)
    details = {"worker_id": str(worker_id)}
    report = ExceptionReport(kind=ExceptionKind.TIMEOUT, happened_at=at, details=details)
    order.report_exception(report, by=by, at=at)


def _answer(order: ServiceOrder, number: int) -> dict[str, Any]:
    return {"order_id": str(order.id), "exception_number": number}
