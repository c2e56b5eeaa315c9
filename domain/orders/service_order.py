"""The rules that all orders share; the five kinds of service derive from it.

Every command checks first and then states its facts, so a refused command
leaves nothing behind. `at` is the aware present instant, `by` the actor
("customer:<uuid>", "staff:<uuid>", "worker:<uuid>", "system:<policy>").
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from domain.errors import InvalidInputError
from domain.orders import charges
from domain.orders.assignment import Assignment, check_assignment
from domain.orders.booking import ONLINE, Booking, OrderedWork, check_booking
from domain.orders.changes import EMPTY_TRIP, UNPAID, Cancellation, Rescheduling, check_cancellation
from domain.orders.errors import (
    NotPaidError,
    NotYourOrderError,
    RefundTooLargeError,
    ReworkTooLateError,
    WrongStageError,
)
from domain.orders.order_exceptions import NOBODY_TOOK_IT, OrderExceptions
from domain.orders.rescheduling_policy import (
    COMPANY_CAUSED,
    HOME_VISIT_RULES,
    ChangeAsked,
    ReschedulingTerms,
    rescheduling_terms,
)
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
from domain.orders.windows import (
    LONGEST_AHEAD,
    Window,
    bounds,
    check_happened,
    check_windows,
    window,
)
from domain.sealed import check_sealed

# So long after its acceptance poor work is done again (返工; catalogue sheet d3, 已完成).
REWORK_WITHIN: Final = timedelta(hours=48)
_ENDS: Final = {UNPAID: Stage.EXPIRED, EMPTY_TRIP: Stage.EMPTY_TRIP}
_ONE_VISIT: Final[tuple[str, ...]] = ("service",)


class ServiceOrder(OrderExceptions):
    """An order for a service. Leaves say their windows, stages and details.

    What a leaf may say of itself: its WINDOW_PURPOSES, how far AHEAD a window may
    end, at which stages it is COMPLETABLE, what another date costs by its
    RESCHEDULING_RULES, at which stages somebody is WAITED_FOR, where it stands
    when settled or accepted, and its `transitions`.
    """

    WINDOW_PURPOSES = _ONE_VISIT
    AHEAD = LONGEST_AHEAD
    COMPLETABLE = frozenset({Stage.AWAITING_INSPECTION})
    RESCHEDULING_RULES = HOME_VISIT_RULES
    WAITED_FOR = frozenset(
        {Stage.AWAITING_ASSIGNMENT, Stage.AWAITING_ACCEPTANCE, Stage.ACCEPTED, Stage.DEPARTED}
    )

    @classmethod
    def _book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        check_booking(booking, cls._purposes(booking), at, cls.AHEAD)
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
        check_assignment(assignment, self.windows_to_cover())
        self._state(self.Assigned, at, by, Stage.AWAITING_ACCEPTANCE, **assignment.facts())
        self.resolve_kinds(NOBODY_TOOK_IT, "assigned", by=by, at=at)

    def reassign(self, assignment: Assignment, *, reason_code: str, by: str, at: datetime) -> None:
        """Give the work to somebody else, who has to accept it anew (改派).

        Raises:
            WrongStageError: nobody has it yet, or the work has begun.
            IntervalTooShortError, InvalidInputError: see check_assignment.
        """
        self.check_stage(REASSIGNABLE)
        check_assignment(assignment, self.windows_to_cover())
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
        self.check_new_windows(new.windows, at)
        if keep:
            self.check_stage(DECLINABLE)
        facts = {"releases": list(self.held), **new.facts()}
        if keep:
            check_assignment(keep, self.windows_to_cover(new.windows))
            facts |= {name: fact for name, fact in keep.facts().items() if name != "reasons"}
        self._state(self.Rescheduled, at, by, self._stage_rescheduled(keep), **facts)

    def check_new_windows(self, windows: Sequence[Window], at: datetime) -> None:
        """Check that the order may move, and that these are windows for it; a leaf may differ.

        Raises:
            WrongStageError: the worker is on the way, or the order is done or closed.
            WindowError: see check_windows.
        """
        self.check_stage(RESCHEDULABLE)
        check_windows(windows, self.WINDOW_PURPOSES, at, self.AHEAD)

    def terms_of_rescheduling(
        self, starts_at: datetime, reason_code: str, at: datetime
    ) -> ReschedulingTerms:
        """What another start costs if it is asked for at `at`; nothing is stated.

        Raises:
            NewDateTooFarError: see rescheduling_terms.
        """
        agreed_at, _ = bounds(self.windows[0])
        asked = ChangeAsked(
            price_fen=self.price_fen if self.payment_mode == ONLINE else 0,
            starts_at=agreed_at,
            new_starts_at=starts_at,
            before=self.reschedules,
            assigned=self.worker_id is not None,
            by_company=reason_code in COMPANY_CAUSED,
        )
        return rescheduling_terms(asked, self.RESCHEDULING_RULES, at)

    def windows_from(self, starts_at: datetime) -> list[Window]:
        """The agreed windows, moved so that the first begins at `starts_at`; a leaf may differ."""
        spans = [(each["purpose"], *bounds(each)) for each in self.windows]
        later = starts_at - spans[0][1]
        return [window(purpose, start + later, end + later) for purpose, start, end in spans]

    def ordered_work(self) -> OrderedWork | None:
        """What is charged for, where the date is part of the price; a leaf may differ."""
        return None

    def progress(
        self, stage: str, *, happened_at: datetime, by: str, at: datetime, note: str = ""
    ) -> None:
        """The field reports the next stage by name (进度).

        Raises:
            WrongStageError: `stage` does not follow the present one.
            ReworkTooLateError: it was completed more than 48 hours ago.
            HappenedInFutureError: see check_happened.
        """
        if stage not in self.next_stages():
            raise WrongStageError(label=STAGE_LABELS[self.stage])
        self._check_rework(stage, at)
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
            **self._recognition(),
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
        stage = _ENDS.get(why.reason_code, Stage.CANCELLED)
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

    def windows_to_cover(self, windows: Sequence[Window] | None = None) -> Sequence[Window]:
        """During which of `windows`, else of those agreed, the crew is busy; a leaf may differ."""
        return self.windows if windows is None else windows

    def next_stages(self) -> Collection[str]:
        """The stages that the field may report now.

        Work done again after its acceptance is complete as soon as it is reported:
        what was paid was earned the first time.
        """
        if self.stage == Stage.REWORKING and self.completed_at:
            return {Stage.COMPLETED}
        return self.transitions().get(self.stage, frozenset())

    def transitions(self) -> Transitions:
        """Which stages the field may report after which; a leaf may differ."""
        return HOME_VISIT

    @classmethod
    def _purposes(cls, booking: Booking) -> tuple[str, ...]:
        """What the windows of a booking are for; a leaf may differ."""
        del booking
        return cls.WINDOW_PURPOSES

    def _recognition(self) -> dict[str, int]:
        """What completion earns, all that is kept; a leaf may have earned some before."""
        return {"recognised_fen": self.kept_fen()}

    def _stage_when_accepted(self) -> str:
        """Where the order stands once the worker took it on; a leaf may differ."""
        return Stage.ACCEPTED

    def _check_inspected(self, by: str) -> None:
        """A leaf may demand more before completion."""

    def check_stage(self, stages: Collection[str]) -> None:
        """Raise WrongStageError unless the order is at one of these stages."""
        if self.stage not in stages:
            raise WrongStageError(label=STAGE_LABELS[self.stage])

    def _check_rework(self, stage: str, at: datetime) -> None:
        done_at: datetime | None = self.completed_at
        if stage == Stage.REWORKING and done_at and at > done_at + REWORK_WITHIN:
            raise ReworkTooLateError

    def _check_worker(self, worker_id: UUID) -> None:
        if worker_id != self.worker_id:
            raise NotYourOrderError

    def _check_cancellable(self, why: Cancellation) -> None:
        check_cancellation(why)
        paid = why.reason_code == UNPAID and self.stage != Stage.AWAITING_PAYMENT
        if paid or self.stage in CLOSED_UNDONE | DONE or self.completed_at:
            raise WrongStageError(label=STAGE_LABELS[self.stage])
        if why.fee_fen > self.kept_fen():
            raise RefundTooLargeError(fee_fen=why.fee_fen)

    def _stage_rescheduled(self, keep: Assignment | None) -> str:
        if keep:
            return Stage.AWAITING_ACCEPTANCE
        return Stage.AWAITING_ASSIGNMENT if self.held else self.stage
