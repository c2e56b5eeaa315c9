"""Visits of a plan (每次上门): what the office, the field and the customer do with one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.dispatching import FieldReport, WorkerExcludedError, WorkerUnfitError
from application.log import Log
from application.suggestions import shift_of
from application.vault import KeyClass, Vault
from domain.customers import Customer, WorkerWish
from domain.dispatch import occupied, travel_to
from domain.errors import InvalidInputError, NotFoundError
from domain.orders.assignment import Assignment
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_visits import VisitMove, VisitReport
from domain.orders.hourly.visits import Visit
from domain.orders.stages import Stage
from domain.shifts import Shift
from domain.workers import ACTIVE, Worker, WorkerNotActiveError

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

        Raises NotFoundError, WorkerNotActiveError, WorkerUnfitError, WorkerExcludedError.
        """
        worker = self.fit(order, worker_id)
        shift = self.log.find(Shift, shift_of(worker.id, visit.time))
        area = shift.duty.area if shift and shift.duty else ""
        busy = occupied(visit.time, travel_to(order.contact["district"], area, worker.districts))
        return Assignment(
            worker_id=worker.id,
            worker_number=worker.number,
            starts_at=busy.starts_at,
            ends_at=busy.ends_at,
        )

    def fit(self, order: HourlyWorkOrder, worker_id: UUID) -> Worker:
        """The worker, if they can be sent to this customer."""
        worker = self.log.load(Worker, worker_id)
        if worker.status != ACTIVE:
            raise WorkerNotActiveError
        if not worker.can_take(order.service_code, order.contact["district"]):
            raise WorkerUnfitError
        customer = self.log.find(Customer, order.customer_id)
        if customer and customer.worker_wishes.get(worker_id) == WorkerWish.EXCLUDED:
            raise WorkerExcludedError
        return worker


class HourlyVisits:
    """Commands on one visit; each loads the plan, commands, saves.

    Every method raises NotFoundError where there is no such plan or visit, or not
    for this customer, and RuleViolationError kinds where a stage forbids it.
    """

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault
        self._workers = VisitWorkers(log=log)

    def assign(
        self, name: VisitName, worker_id: UUID | None, command: Command, *, later: bool = False
    ) -> Outcome:
        """Give a paid visit to a worker, or with `later` all paid ones from it on (派单).

        Without a worker it is the one whom the customer prefers. Raises
        WorkerBusyError where other work is in the way, InvalidInputError where
        nobody is named.
        """

        def do(order: HourlyWorkOrder) -> None:
            chosen = worker_id or order.preferred_worker_id
            if chosen is None:
                raise InvalidInputError(field="worker_id")
            for visit in _to_assign(order, name.number, later=later):
                given = self._workers.assignment(order, visit, chosen)
                order.assign_visit(visit.number, given, by=command.actor, at=command.at)

        return self._on(name, command, do)

    def reassign(
        self, name: VisitName, worker_id: UUID, reason_code: str, command: Command
    ) -> Outcome:
        """Give the visit to another worker (改派). Raises WorkerBusyError."""

        def do(order: HourlyWorkOrder) -> None:
            given = self._workers.assignment(order, order.visit(name.number), worker_id)
            by, at = command.actor, command.at
            order.reassign_visit(name.number, given, reason_code=reason_code, by=by, at=at)

        return self._on(name, command, do)

    def accept(self, name: VisitName, report: FieldReport, command: Command) -> Outcome:
        """The worker takes the visit on (接单)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.accept_visit(
                name.number, happened_at=report.happened_at, by=by, at=at
            ),
        )

    def decline(
        self, name: VisitName, reason_code: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The worker gives the visit back (拒单)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.decline_visit(
                name.number, reason_code=reason_code, happened_at=report.happened_at, by=by, at=at
            ),
        )

    def progress(
        self, name: VisitName, stage: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The field reports the visit's next stage by name (进度)."""
        by, at = command.actor, command.at
        return self._on(
            name,
            command,
            lambda order: order.progress_visit(
                name.number, stage, self._told(order, report), by=by, at=at
            ),
        )

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


def _answer(order: HourlyWorkOrder, number: int) -> dict[str, Any]:
    visit = order.visit(number)
    return {
        "order_id": str(order.id),
        "stage": order.stage,
        "visit": number,
        "visit_stage": visit.stage,
    }
