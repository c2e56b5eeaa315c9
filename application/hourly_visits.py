"""Visits of a plan (每次上门): what the office, the field and the customer do with one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport, fit_worker
from application.log import Log
from application.suggestions import Suggestions, shift_of
from application.vault import KeyClass, Vault
from domain.dispatch import occupied, travel_to
from domain.errors import InvalidInputError, NotFoundError
from domain.orders.assignment import Assignment
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_visits import VisitMove, VisitReport
from domain.orders.hourly.visits import Visit, upcoming
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.stages import Stage
from domain.shifts import Shift

Do = Callable[[HourlyWorkOrder], object]


@dataclass(frozen=True, kw_only=True)
class VisitName:
    """Which visit of which plan; `customer_id` where it is the customer who asks."""

    order_id: UUID
    number: int
    customer_id: UUID | None = None


@dataclass(frozen=True, kw_only=True)
class VisitWorkers:
    """Finds who can do a visit, and when they are busy with it."""

    log: Log

    def assignment(self, order: HourlyWorkOrder, visit: Visit, worker_id: UUID) -> Assignment:
        """The worker for the time of the visit and the travel around it.

        Raises what `fit_worker` raises.
        """
        worker = fit_worker(self.log, order, worker_id)
        shift = self.log.find(Shift, shift_of(worker.id, visit.time))
        area = shift.duty.area if shift and shift.duty else ""
        busy = occupied(visit.time, travel_to(order.contact["district"], area, worker.districts))
        return Assignment(
            worker_id=worker.id,
            worker_number=worker.number,
            starts_at=busy.starts_at,
            ends_at=busy.ends_at,
        )


class HourlyVisits:
    """Commands on one visit; each loads the plan, commands, saves.

    Every method raises NotFoundError where there is no such plan or visit, or not
    for this customer, and RuleViolationError kinds where a stage forbids it.
    """

    def __init__(self, log: Log, vault: Vault, suggestions: Suggestions) -> None:
        self._log = log
        self._vault = vault
        self._suggestions = suggestions
        self._workers = VisitWorkers(log=log)

    def assign(
        self, name: VisitName, worker_id: UUID | None, command: Command, *, later: bool = False
    ) -> Outcome:
        """Give a paid visit to a worker, or with `later` all paid ones from it on (派单).

        Without a worker it is the one whom the customer prefers. The named visit
        keeps the reasons of the suggestion. Raises WorkerBusyError where other work
        is in the way, InvalidInputError where nobody is named.
        """

        def do(order: HourlyWorkOrder) -> None:
            chosen = worker_id or order.preferred_worker_id
            if chosen is None:
                raise InvalidInputError(field="worker_id")
            reasons = self._suggestions.reasons_for_visit(order.id, name.number, chosen)
            for visit in _to_assign(order, name.number, later=later):
                given = self._workers.assignment(order, visit, chosen)
                if visit.number == name.number:
                    given = replace(given, reasons=reasons)
                order.assign_visit(visit.number, given, by=command.actor, at=command.at)

        return self._on(name, command, do)

    def reassign(
        self, name: VisitName, worker_id: UUID, reason_code: str, command: Command
    ) -> Outcome:
        """Give the visit to another worker (改派). Raises WorkerBusyError."""

        def do(order: HourlyWorkOrder) -> None:
            given = self._workers.assignment(order, order.visit(name.number), worker_id)
            reasons = self._suggestions.reasons_for_visit(order.id, name.number, worker_id)
            given = replace(given, reasons=reasons)
            by, at = command.actor, command.at
            order.reassign_visit(name.number, given, reason_code=reason_code, by=by, at=at)

        return self._on(name, command, do)

    def accept(
        self, name: VisitName, report: FieldReport, command: Command, *, later: bool = False
    ) -> Outcome:
        """The worker takes the visit on, or with `later` all that they have from it on (接单)."""
        by, at, happened_at = command.actor, command.at, report.happened_at

        def do(order: HourlyWorkOrder) -> None:
            for number in _to_accept(order, name.number, later=later):
                order.accept_visit(number, happened_at=happened_at, by=by, at=at)

        return self._on(name, command, do)

    def decline(
        self, name: VisitName, reason_code: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The worker gives the visit back; that is an exception (拒单)."""
        by, at, happened_at = command.actor, command.at, report.happened_at

        def do(order: HourlyWorkOrder) -> None:
            worker_id = order.visit(name.number).worker_id
            order.decline_visit(
                name.number, reason_code=reason_code, happened_at=happened_at, by=by, at=at
            )
            refused = ExceptionReport(
                kind=ExceptionKind.REFUSED,
                happened_at=happened_at,
                details={"worker_id": str(worker_id), "reason_code": reason_code},
                note=self._told(order, report).note,
            )
            order.report_of_visit(name.number, refused, by=by, at=at)

        return self._on(name, command, do)

    def progress(
        self, name: VisitName, stage: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The field reports the visit's next stage by name; an interruption is an exception."""
        by, at = command.actor, command.at

        def do(order: HourlyWorkOrder) -> None:
            told = self._told(order, report)
            order.progress_visit(name.number, stage, told, by=by, at=at)
            if stage == Stage.INTERRUPTED:
                seen = ExceptionReport(
                    kind=ExceptionKind.INTERRUPTED, happened_at=told.happened_at, note=told.note
                )
                order.report_of_visit(name.number, seen, by=by, at=at)
            else:
                interrupted = {ExceptionKind.INTERRUPTED}
                order.resolve_of_visit(name.number, interrupted, "resumed", by=by, at=at)

        return self._on(name, command, do)

    def complete(self, name: VisitName, report: FieldReport, command: Command) -> Outcome:
        """The visit is done (本次完成); its share of the prepaid money is earned."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.complete_visit(
                name.number, self._told(order, report), by=by, at=at
            ),
        )

    def move(self, name: VisitName, move: VisitMove, command: Command) -> Outcome:
        """This visit alone takes place at another time (本次改期).

        Raises SlotFullError where the pool has no seat then, InvalidInputError kinds.
        """
        by, at = command.actor, command.at
        return self._on(
            name, command, lambda order: order.move_visit(name.number, move, by=by, at=at)
        )

    def skip(self, name: VisitName, reason_code: str, command: Command) -> Outcome:
        """The customer leaves this visit out (跳过)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.skip_visit(name.number, reason_code=reason_code, by=by, at=at),
        )

    def cancel(self, name: VisitName, reason_code: str, command: Command) -> Outcome:
        """The company cannot come (取消本次)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.cancel_visit(name.number, reason_code=reason_code, by=by, at=at),
        )

    def _on(self, name: VisitName, command: Command, do: Do) -> Outcome:
        def decide() -> Decision:
            order = load_plan(self._log, name.order_id, name.customer_id)
            do(order)
            return Decision([order], _answer(order, name.number))

        return run_claiming(self._log, command, decide)

    def _told(self, order: HourlyWorkOrder, report: FieldReport) -> VisitReport:
        note = self._vault.seal(order.customer_id, KeyClass.NOTE, report.note)
        return VisitReport(happened_at=report.happened_at, note=note)


def load_plan(log: Log, order_id: UUID, customer_id: UUID | None) -> HourlyWorkOrder:
    """The plan, if the customer who asks (None for staff) has it. Raises NotFoundError."""
    order = log.load(HourlyWorkOrder, order_id)
    if not order.is_plan() or customer_id not in {None, order.customer_id}:
        raise NotFoundError
    return order


def _to_assign(order: HourlyWorkOrder, number: int, *, later: bool) -> list[Visit]:
    first, paid = order.visit(number), order.paid_visits()
    if not later or number not in paid:
        return [first]
    return [
        each
        for each in map(order.visit, paid)
        if each.stage == Stage.SCHEDULED and each.starts_at >= first.starts_at
    ]


def _to_accept(order: HourlyWorkOrder, number: int, *, later: bool) -> list[int]:
    first = order.visit(number)
    if not later or first.stage != Stage.AWAITING_ACCEPTANCE:
        return [number]
    return [
        each.number
        for each in upcoming(order.visits)
        if each.stage == Stage.AWAITING_ACCEPTANCE
        and each.worker_id == first.worker_id
        and each.starts_at >= first.starts_at
    ]


def _answer(order: HourlyWorkOrder, number: int) -> dict[str, Any]:
    visit = order.visit(number)
    return {
        "order_id": str(order.id),
        "stage": order.stage,
        "visit": number,
        "visit_stage": visit.stage,
    }
