"""Dispatching (派单): what the office and the field do with an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from application.claiming import run_claiming
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.suggestions import job_of, shift_of
from application.vault import KeyClass, Vault
from domain.customers import Customer, WorkerWish
from domain.dispatch import occupied, travel_to
from domain.errors import InvalidInputError, RuleViolationError
from domain.orders.assignment import Assignment
from domain.orders.changes import EMPTY_TRIP, UNPAID, Cancellation, PolicyApplied
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.order_exceptions import ExceptionKind, ExceptionReport
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.shifts import Shift
from domain.workers import ACTIVE, Worker, WorkerNotActiveError


class WorkerUnfitError(RuleViolationError):
    """The worker lacks the skill or does not go to the district."""

    code = "worker_unfit"
    sentence = "该服务人员没有此项技能，或不服务该区域。"


class WorkerExcludedError(RuleViolationError):
    """The customer never wants this worker again (拉黑)."""

    code = "worker_excluded"
    sentence = "客户已将该服务人员拉黑，请另派他人。"


class WorkerNotInChargeError(RuleViolationError):
    """Nobody is in charge of the order."""

    code = "nobody_in_charge"
    sentence = "此订单尚未派单。"


class AssignedOrderError(RuleViolationError):
    """Somebody has the order; until a fee policy says what it costs, it is given back first."""

    code = "assigned_order"
    sentence = "订单已派单，请先由服务人员退回后再取消。"


@dataclass(frozen=True, kw_only=True)
class FieldReport:
    """What happened outside, when, and in whose words (clear; sealed before it is kept)."""

    happened_at: datetime
    note: str = ""


class Dispatching:
    """Commands on an order that exists; each loads, commands, saves.

    Every method takes the command and raises NotFoundError where there is no
    such order, RuleViolationError kinds where its stage forbids it.
    """

    def __init__(self, log: Log, vault: Vault) -> None:
        self._log = log
        self._vault = vault

    def confirm(self, order_id: UUID, report: FieldReport, command: Command) -> Outcome:
        """Staff reached the customer of a reservation."""
        return self._on(
            order_id,
            command,
            lambda order: order.confirm(
                happened_at=report.happened_at,
                note=self._note(order, report),
                by=command.actor,
                at=command.at,
            ),
        )

    def assign(
        self, order_id: UUID, crew: Sequence[UUID], reasons: list[str], command: Command
    ) -> Outcome:
        """Give the order to a crew, its leader first, for its window and travel.

        Raises WorkerBusyError where another order holds one of them then.
        """
        return self._on(
            order_id,
            command,
            lambda order: order.assign(
                self._assignment(order, crew, reasons), by=command.actor, at=command.at
            ),
        )

    def reassign(
        self,
        order_id: UUID,
        crew: Sequence[UUID],
        reasons: list[str],
        reason_code: str,
        command: Command,
    ) -> Outcome:
        """Give the order to another crew; the first one is free again.

        `reasons` say why it is this crew, `reason_code` why it is another one.
        """
        return self._on(
            order_id,
            command,
            lambda order: order.reassign(
                self._assignment(order, crew, reasons),
                reason_code=reason_code,
                by=command.actor,
                at=command.at,
            ),
        )

    def accept(self, order_id: UUID, report: FieldReport, command: Command) -> Outcome:
        """The worker in charge takes the order on."""
        return self._on(
            order_id,
            command,
            lambda order: order.accept(
                _in_charge(order),
                happened_at=report.happened_at,
                by=command.actor,
                at=command.at,
            ),
        )

    def decline(
        self, order_id: UUID, reason_code: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The worker in charge gives the order back; that is an exception (拒单)."""
        return self._on(
            order_id, command, lambda order: self._decline(order, reason_code, report, command)
        )

    def progress(
        self, order_id: UUID, stage: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The field reports the next stage by name; an interruption is an exception."""
        return self._on(
            order_id, command, lambda order: self._progress(order, stage, report, command)
        )

    def complete(self, order_id: UUID, report: FieldReport, command: Command) -> Outcome:
        """The work was inspected and is done; what was paid is earned."""
        return self._on(
            order_id,
            command,
            lambda order: order.complete(
                happened_at=report.happened_at,
                note=self._note(order, report),
                by=command.actor,
                at=command.at,
            ),
        )

    def cancel(self, order_id: UUID, reason_code: str, command: Command) -> Outcome:
        """End an order that nobody has; all that was paid is due back.

        The rule 未派单 any time 100 % is of the catalogue sheet, d3. Raises
        AssignedOrderError where a worker has it, InvalidInputError for the reason of
        an expiry or an empty trip, which have rules of their own.
        """
        return self._on(order_id, command, lambda order: _cancel(order, reason_code, command))

    def note(self, order_id: UUID, text: str, visibility: str, command: Command) -> Outcome:
        """Write a note for the office, or for the customer too."""
        return self._on(
            order_id,
            command,
            lambda order: order.add_note(
                self._vault.seal(order.customer_id, KeyClass.NOTE, text),
                visibility=visibility,
                by=command.actor,
                at=command.at,
            ),
        )

    def _on(
        self, order_id: UUID, command: Command, do: Callable[[ServiceOrder], object]
    ) -> Outcome:
        def decide() -> Decision:
            order = self._log.load(ServiceOrder, order_id)
            do(order)
            return Decision([order], _answer(order))

        return run_claiming(self._log, command, decide)

    def _decline(
        self, order: ServiceOrder, reason_code: str, report: FieldReport, command: Command
    ) -> None:
        worker_id, by, at = _in_charge(order), command.actor, command.at
        happened_at = report.happened_at
        order.decline(worker_id, reason_code=reason_code, happened_at=happened_at, by=by, at=at)
        refused = ExceptionReport(
            kind=ExceptionKind.REFUSED,
            happened_at=happened_at,
            details={"worker_id": str(worker_id), "reason_code": reason_code},
            note=self._note(order, report),
        )
        order.report_exception(refused, by=by, at=at)

    def _progress(
        self, order: ServiceOrder, stage: str, report: FieldReport, command: Command
    ) -> None:
        note, by, at = self._note(order, report), command.actor, command.at
        order.progress(stage, happened_at=report.happened_at, note=note, by=by, at=at)
        if stage == Stage.INTERRUPTED:
            seen = ExceptionReport(
                kind=ExceptionKind.INTERRUPTED, happened_at=report.happened_at, note=note
            )
            order.report_once(seen, by=by, at=at)
        else:
            order.resolve_kinds({ExceptionKind.INTERRUPTED}, "resumed", by=by, at=at)

    def _assignment(
        self, order: ServiceOrder, crew: Sequence[UUID], reasons: list[str]
    ) -> Assignment:
        workers = [fit_worker(self._log, order, worker_id) for worker_id in crew]
        leader, *members = workers
        job = job_of(order)
        minutes = max(self._travel_minutes(order, worker) for worker in workers)
        busy = occupied(job.interval, minutes)
        return Assignment(
            worker_id=leader.id,
            worker_number=leader.number,
            starts_at=busy.starts_at,
            ends_at=busy.ends_at,
            reasons=reasons,
            members=[{"worker_id": str(w.id), "worker_number": w.number} for w in members] or None,
        )

    def _travel_minutes(self, order: ServiceOrder, worker: Worker) -> int:
        job = job_of(order)
        shift = self._log.find(Shift, shift_of(worker.id, job.interval))
        area = shift.duty.area if shift and shift.duty else ""
        return travel_to(job.district, area, worker.districts)

    def _note(self, order: OrderFacts, report: FieldReport) -> str:
        return self._vault.seal(order.customer_id, KeyClass.NOTE, report.note)


_NOTHING_KEPT: Final = PolicyApplied(version=1, trace=["未派单取消，全额退款"])


def fit_worker(log: Log, order: ServiceOrder, worker_id: UUID) -> Worker:
    """The worker, if they can be sent to the order's customer for its service.

    Raises NotFoundError, WorkerNotActiveError, WorkerUnfitError, WorkerExcludedError.
    """
    worker = log.load(Worker, worker_id)
    if worker.status != ACTIVE:
        raise WorkerNotActiveError
    if not worker.can_take(order.service_code, order.contact["district"]):
        raise WorkerUnfitError
    customer = log.find(Customer, order.customer_id)
    if customer and customer.worker_wishes.get(worker_id) == WorkerWish.EXCLUDED:
        raise WorkerExcludedError
    return worker


def _cancel(order: ServiceOrder, reason_code: str, command: Command) -> None:
    if reason_code in {UNPAID, EMPTY_TRIP}:
        raise InvalidInputError(field="reason_code")
    if order.worker_id is not None:
        raise AssignedOrderError
    why = Cancellation(reason_code=reason_code, policy=_NOTHING_KEPT)
    order.cancel(why, by=command.actor, at=command.at)


def _in_charge(order: ServiceOrder) -> UUID:
    if isinstance(order, HourlyWorkOrder):
        order.check_one_piece()
    if order.worker_id is None:
        raise WorkerNotInChargeError
    return order.worker_id


def _answer(order: ServiceOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
