"""The rules that all orders share; the five kinds of service derive from it.

Every command checks first and then states its facts, so a refused command
leaves nothing behind. `at` is the aware present instant, `by` the actor
("customer:<uuid>", "staff:<uuid>", "worker:<uuid>", "system:<policy>").
"""

from collections.abc import Collection
from datetime import datetime
from typing import Self
from uuid import UUID

from domain.errors import InvalidInputError
from domain.orders import charges
from domain.orders.assignment import Assignment, check_assignment
from domain.orders.booking import ONLINE, Booking, check_booking
from domain.orders.changes import UNPAID, Cancellation, Rescheduling, check_cancellation
from domain.orders.errors import (
    NotPaidError,
    NotYourOrderError,
    RefundTooLargeError,
    WrongStageError,
)
from domain.orders.order_money import OrderMoney
from domain.orders.stages import (
    ASSIGNABLE,
    CLOSED_UNDONE,
    DECLINABLE,
    DONE,
    HOME_VISIT,
    REASSIGNABLE,
    RESCHEDULABLE,
    STAGE_LABELS,
    Stage,
    Transitions,
)
from domain.orders.windows import LONGEST_AHEAD, check_happened, check_windows
from domain.sealed import check_sealed


class ServiceOrder(OrderMoney):
    """An order for a service. Leaves say their windows, stages and details.

    What a leaf may say of itself: its WINDOW_PURPOSES, how far AHEAD a window may
    end, at which stages it is COMPLETABLE, where it stands when settled or
    accepted, and its `transitions`.
    """

    WINDOW_PURPOSES = ("service",)
    AHEAD = LONGEST_AHEAD
    COMPLETABLE = frozenset({Stage.AWAITING_INSPECTION})

    @classmethod
    def _book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        check_booking(booking, cls.WINDOW_PURPOSES, at, cls.AHEAD)
        online = booking.payment_mode == ONLINE
        stage = Stage.AWAITING_PAYMENT if online else Stage.AWAITING_CONFIRMATION
        return cls._create(
            cls.Booked, id=order_id, timestamp=at, by=by, stage=stage.value, **booking.facts()
        )

    def confirm(self, *, happened_at: datetime, by: str, at: datetime, note: str = "") -> None:
        """Staff reached the customer of a reservation; now it can be assigned (R11).

        Raises:
            WrongStageError: it does not await confirmation.
            HappenedInFutureError: see check_happened.
        """
        self.check_stage({Stage.AWAITING_CONFIRMATION})
        check_happened(happened_at, at)
        check_sealed(note=note)
        stage = self._stage_when_settled()
        self._state(self.Confirmed, at, by, stage, happened_at=happened_at, note=note)

    def assign(self, assignment: Assignment, *, by: str, at: datetime) -> None:
        """Give the work to a worker or crew; an online order only once paid (R10).

        Raises:
            NotPaidError: an online charge is open.
            WrongStageError: the order does not await assignment.
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        if charges.has_open(self.charges) and self.stage not in CLOSED_UNDONE:
            raise NotPaidError
        self.check_stage(ASSIGNABLE)
        check_assignment(assignment, self.windows)
        self._state(self.Assigned, at, by, Stage.AWAITING_ACCEPTANCE, **assignment.facts())

    def reassign(self, assignment: Assignment, *, reason_code: str, by: str, at: datetime) -> None:
        """Give the work to somebody else, who has to accept it anew (改派).

        Raises:
            WrongStageError: nobody has it yet, or the work has begun.
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        self.check_stage(REASSIGNABLE)
        check_assignment(assignment, self.windows)
        facts = {
            "previous_worker_id": self.worker_id,
            "reason_code": reason_code,
            "releases": list(self.held),
            **assignment.facts(),
        }
        self._state(self.Reassigned, at, by, Stage.AWAITING_ACCEPTANCE, **facts)

    def accept(self, worker_id: UUID, *, happened_at: datetime, by: str, at: datetime) -> None:
        """The worker takes the work on (接单).

        Raises:
            WrongStageError: it does not await acceptance.
            NotYourOrderError: it is given to somebody else.
        """
        self.check_stage({Stage.AWAITING_ACCEPTANCE})
        self._check_worker(worker_id)
        check_happened(happened_at, at)
        facts = {"worker_id": worker_id, "happened_at": happened_at}
        self._state(self.Accepted, at, by, self._stage_when_accepted(), **facts)

    def decline(
        self, worker_id: UUID, *, reason_code: str, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The worker refuses the work or gives it back (拒单); it awaits assignment.

        Raises:
            WrongStageError: the worker does not have it or is on the way.
            NotYourOrderError: it is given to somebody else.
        """
        self.check_stage(DECLINABLE)
        self._check_worker(worker_id)
        check_happened(happened_at, at)
        facts = {
            "worker_id": worker_id,
            "reason_code": reason_code,
            "happened_at": happened_at,
            "releases": list(self.held),
        }
        self._state(self.Declined, at, by, Stage.AWAITING_ASSIGNMENT, **facts)

    def reschedule(
        self, new: Rescheduling, *, by: str, at: datetime, keep: Assignment | None = None
    ) -> None:
        """Agree new windows (改期); `keep` names who keeps the work and when.

        Without `keep` the crew is free and the order awaits assignment; with it
        the worker has to accept the new time.

        Raises:
            WrongStageError: the worker is on the way, or `keep` is given and nobody had it.
            WindowError, IntervalTooShortError, InvalidInputError: the new time is not possible.
        """
        self.check_stage(DECLINABLE if keep else RESCHEDULABLE)
        check_windows(new.windows, self.WINDOW_PURPOSES, at, self.AHEAD)
        facts = {"releases": list(self.held), **new.facts()}
        if keep:
            check_assignment(keep, new.windows)
            facts |= {name: fact for name, fact in keep.facts().items() if name != "reasons"}
        self._state(self.Rescheduled, at, by, self._stage_rescheduled(keep), **facts)

    def progress(
        self, stage: str, *, happened_at: datetime, by: str, at: datetime, note: str = ""
    ) -> None:
        """The field reports the next stage by name (进度).

        Raises:
            WrongStageError: `stage` does not follow the present one.
            HappenedInFutureError: see check_happened.
        """
        if stage not in self.transitions().get(self.stage, frozenset()):
            raise WrongStageError(label=STAGE_LABELS[self.stage])
        check_happened(happened_at, at)
        check_sealed(note=note)
        self._state(self.Progressed, at, by, stage, happened_at=happened_at, note=note)

    def complete(self, *, happened_at: datetime, by: str, at: datetime, note: str = "") -> None:
        """The customer, staff or the 24-hour rule finds the work done (验收).

        Raises:
            WrongStageError: it is not at a stage from which it is complete.
            NotPaidError: a charge is open; take it or withdraw it first.
        """
        self.check_stage(self.COMPLETABLE)
        if charges.has_open(self.charges):
            raise NotPaidError
        self._check_inspected(by)
        check_happened(happened_at, at)
        check_sealed(note=note)
        facts = {
            "recognised_fen": self.kept_fen(),
            "tax_class": self.tax_class,
            "service_code": self.service_code,
            "happened_at": happened_at,
            "note": note,
        }
        self._state(self.Completed, at, by, Stage.COMPLETED, **facts)

    def cancel(self, why: Cancellation, *, by: str, at: datetime) -> None:
        """End the order undone; what is kept beyond the fee is due back at once.

        Raises:
            WrongStageError: it is done or closed, or is paid and named "unpaid".
            RefundTooLargeError: the fee exceeds what is kept.
        """
        self._check_cancellable(why)
        back_fen = self.kept_fen() - why.fee_fen
        facts = {"service_code": self.service_code, "releases": list(self.held), **why.facts()}
        stage = Stage.EXPIRED if why.reason_code == UNPAID else Stage.CANCELLED
        self._state(self.Cancelled, at, by, stage, **facts)
        if back_fen:
            self.refund_due(back_fen, reason_code="cancelled", policy=why.policy, by=by, at=at)

    def review(self, rating: int, *, text: str = "", by: str, at: datetime) -> None:
        """The customer rates the work once, 1 to 5 (评价).

        Raises:
            WrongStageError: it is not completed or is reviewed already.
            InvalidInputError: the rating is not 1–5 or the text is clear.
        """
        self.check_stage({Stage.COMPLETED})
        if rating not in range(1, 6):
            raise InvalidInputError(field="rating")
        check_sealed(text=text)
        self._state(self.Reviewed, at, by, Stage.REVIEWED, rating=rating, text=text)

    def add_note(self, note: str, *, visibility: str, by: str, at: datetime) -> None:
        """Write a sealed note for the "office" or the "customer" too (备注).

        Raises:
            InvalidInputError: it is empty or clear, or nobody may see it.
        """
        if not note or visibility not in {"office", "customer"}:
            raise InvalidInputError(field="note")
        check_sealed(note=note)
        self._state(self.Noted, at, by, self.stage, note=note, visibility=visibility)

    def transitions(self) -> Transitions:
        """Which stages the field may report after which; a leaf may differ."""
        return HOME_VISIT

    def _stage_when_accepted(self) -> str:
        """Where the order stands once the worker took it on; a leaf may differ."""
        return Stage.ACCEPTED

    def _check_inspected(self, by: str) -> None:
        """A leaf may demand more before completion."""

    def check_stage(self, stages: Collection[str]) -> None:
        """Raise WrongStageError unless the order is at one of these stages."""
        if self.stage not in stages:
            raise WrongStageError(label=STAGE_LABELS[self.stage])

    def _check_worker(self, worker_id: UUID) -> None:
        if worker_id != self.worker_id:
            raise NotYourOrderError

    def _check_cancellable(self, why: Cancellation) -> None:
        check_cancellation(why)
        paid = why.reason_code == UNPAID and self.stage != Stage.AWAITING_PAYMENT
        if paid or self.stage in CLOSED_UNDONE | DONE:
            raise WrongStageError(label=STAGE_LABELS[self.stage])
        if why.fee_fen > self.kept_fen():
            raise RefundTooLargeError(fee_fen=why.fee_fen)

    def _stage_rescheduled(self, keep: Assignment | None) -> str:
        if keep:
            return Stage.AWAITING_ACCEPTANCE
        return Stage.AWAITING_ASSIGNMENT if self.held else self.stage
