"""Dispatching (派单): what the office and the field do with an order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from application.capacity import SlotFullError
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from application.vault import KeyClass, Vault
from domain.capacity import HeldSeats, held_seats
from domain.errors import RuleViolationError
from domain.orders.assignment import Assignment
from domain.orders.changes import Cancellation, PolicyApplied, Rescheduling
from domain.orders.order_facts import OrderFacts
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import Window, bounds, window
from domain.workers import ACTIVE, Worker, WorkerNotActiveError

# On the road before and after a visit, until distances are known.
TRAVEL: Final = timedelta(minutes=30)


class WorkerBusyError(RuleViolationError):
    """The worker has other work in that interval, travel included."""

    code = "worker_busy"
    sentence = "该服务人员在此时间段已有安排（含路途时间）。"


class WorkerUnfitError(RuleViolationError):
    """The worker lacks the skill or does not go to the district."""

    code = "worker_unfit"
    sentence = "该服务人员没有此项技能，或不服务该区域。"


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
        return self._claiming(
            order_id,
            command,
            lambda order: order.assign(
                self._assignment(order, crew, reasons), by=command.actor, at=command.at
            ),
        )

    def reassign(
        self, order_id: UUID, crew: Sequence[UUID], reason_code: str, command: Command
    ) -> Outcome:
        """Give the order to another crew; the first one is free again."""
        return self._claiming(
            order_id,
            command,
            lambda order: order.reassign(
                self._assignment(order, crew, []),
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
        """The worker in charge gives the order back."""
        return self._on(
            order_id,
            command,
            lambda order: order.decline(
                _in_charge(order),
                reason_code=reason_code,
                happened_at=report.happened_at,
                by=command.actor,
                at=command.at,
            ),
        )

    def reschedule(
        self, order_id: UUID, starts_at: datetime, reason_code: str, command: Command
    ) -> Outcome:
        """Agree a new start; the order keeps its length and awaits assignment anew.

        Raises SlotFullError where the pool has no seat left then.
        """
        return self._claiming(
            order_id,
            command,
            lambda order: order.reschedule(
                _rescheduling(order, starts_at, reason_code), by=command.actor, at=command.at
            ),
        )

    def progress(
        self, order_id: UUID, stage: str, report: FieldReport, command: Command
    ) -> Outcome:
        """The field reports the next stage by name."""
        return self._on(
            order_id,
            command,
            lambda order: order.progress(
                stage,
                happened_at=report.happened_at,
                note=self._note(order, report),
                by=command.actor,
                at=command.at,
            ),
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
        AssignedOrderError where a worker has it.
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

        return self._log.run(command, decide)

    def _claiming(
        self, order_id: UUID, command: Command, do: Callable[[ServiceOrder], object]
    ) -> Outcome:
        try:
            return self._on(order_id, command, do)
        except ClaimRefusedError as refused:
            if refused.kind == "worker":
                raise WorkerBusyError(claim=refused.claim) from refused
            if refused.kind == "seats":
                raise SlotFullError(claim=refused.claim) from refused
            raise

    def _assignment(
        self, order: ServiceOrder, crew: Sequence[UUID], reasons: list[str]
    ) -> Assignment:
        leader, *members = [self._fit(order, worker_id) for worker_id in crew]
        spans = [bounds(each) for each in order.windows]
        return Assignment(
            worker_id=leader.id,
            worker_number=leader.number,
            starts_at=min(start for start, _ in spans) - TRAVEL,
            ends_at=max(end for _, end in spans) + TRAVEL,
            reasons=reasons,
            members=[{"worker_id": str(w.id), "worker_number": w.number} for w in members] or None,
        )

    def _fit(self, order: ServiceOrder, worker_id: UUID) -> Worker:
        worker = self._log.load(Worker, worker_id)
        if worker.status != ACTIVE:
            raise WorkerNotActiveError
        if not worker.can_take(order.service_code, order.contact["district"]):
            raise WorkerUnfitError
        return worker

    def _note(self, order: OrderFacts, report: FieldReport) -> str:
        return self._vault.seal(order.customer_id, KeyClass.NOTE, report.note)


_NOTHING_KEPT: Final = PolicyApplied(version=1, trace=["未派单取消，全额退款"])


def _cancel(order: ServiceOrder, reason_code: str, command: Command) -> None:
    if order.worker_id is not None:
        raise AssignedOrderError
    why = Cancellation(reason_code=reason_code, policy=_NOTHING_KEPT)
    order.cancel(why, by=command.actor, at=command.at)


def _in_charge(order: ServiceOrder) -> UUID:
    if order.worker_id is None:
        raise WorkerNotInChargeError
    return order.worker_id


def _rescheduling(order: ServiceOrder, starts_at: datetime, reason_code: str) -> Rescheduling:
    start, end = bounds(order.windows[0])
    moved = [window("service", starts_at, starts_at + (end - start))]
    free = PolicyApplied(version=1, trace=["改期不收费"])
    seats = _moved_seats(order, moved)
    return Rescheduling(windows=moved, reason_code=reason_code, policy=free, seats=seats)


def _moved_seats(order: ServiceOrder, windows: list[Window]) -> HeldSeats | None:
    """An order of a time when none held seats goes on without."""
    if order.seats is None:
        return None
    return held_seats(order.service_code, order.contact["district"], windows, order.seats["seats"])


def _answer(order: ServiceOrder) -> dict[str, Any]:
    return {"order_id": str(order.id), "stage": order.stage}
