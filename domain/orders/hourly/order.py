"""Hourly work (小时工): single visits (单次) and long-term plans (长期).

A single one is a visit to a home like any other. A plan is one stream; what is
paid for it is a store of minutes, from which a visit takes its own when it is
done: so a visit that was skipped leaves its value for one at the end.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

from domain.errors import InvalidInputError
from domain.names import stored_as
from domain.orders import charges
from domain.orders.booking import ONLINE, Booking, OrderedWork
from domain.orders.changes import Cancellation, PolicyApplied
from domain.orders.charges import PaymentTaken
from domain.orders.errors import NotPaidError, RefundTooLargeError
from domain.orders.hourly.plan_course import UNPAID_RENEWAL, PlanCourse
from domain.orders.hourly.plan_money import REASONS, SETTLEMENT_VERSION, Settlement, Usage, settle
from domain.orders.hourly.plan_visits import RUNNING
from domain.orders.hourly.recurrence import Pattern, first_occurrences
from domain.orders.hourly.visits import (
    NOT_BEGUN,
    PlanOfVisitsError,
    VisitUnderWayError,
    first_visits,
    upcoming,
)
from domain.orders.stages import CLOSED_UNDONE, DONE, HOME_VISIT, Stage, Transitions
from domain.orders.windows import Window, bounds
from domain.time import Interval, shanghai_day

SINGLE: Final = "XS-01"  # 小时工·单次
LONG_TERM: Final = "XS-02"  # 小时工·长期

LEAST_WEEKS: Final = 4
MOST_WEEKS: Final = 8
MOST_FLEXIBLE_DAYS: Final = 3


@stored_as("hourly_order")
class HourlyWorkOrder(PlanCourse):
    """An order for hourly work.

    A plan's `details` have "plan": {"weekdays": [1–7], "start": "HH:MM", "minutes",
    "first_day": ISO 8601, "weeks": of a paid period, "until": last day or "",
    "flexible_days": how far staff may move a visit unasked, "preferred_worker_id":
    or ""}. Its windows are the visits of
    the first period, its price is theirs.
    """

    COMPLETABLE = frozenset({Stage.AWAITING_INSPECTION, Stage.SETTLED})

    @classmethod
    def book(cls, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> Self:
        """Book a single visit or a plan, to be paid online.

        Raises:
            InvalidInputError: see booking.check_booking; or no hourly work, a
                malformed plan, or windows other than those of its first period.
        """
        if booking.service_code not in {SINGLE, LONG_TERM} or booking.payment_mode != ONLINE:
            raise InvalidInputError(field="service_code")
        if (booking.service_code == LONG_TERM) != ("plan" in booking.details):
            raise InvalidInputError(field="plan")
        if "plan" in booking.details:
            _check_plan(booking)
        return cls._book(order_id, booking, by=by, at=at)

    def is_plan(self) -> bool:
        """Whether it is a long-term plan."""
        return self.service_code == LONG_TERM

    def mark_paid(self, payment: PaymentTaken, *, by: str, at: datetime) -> bool:
        """Take a verified payment; the first period's schedules its visits, a later one renews.

        Returns:
            False if this payment was taken before.

        Raises:
            PaymentNotTakenError: one of its kinds.
        """
        taken = super().mark_paid(payment, by=by, at=at)
        if taken and payment.charge_number in self.periods:
            self._go_on(payment.charge_number, by, at)
        return taken

    def settlement(self, reason_code: str, list_price_fen: int, at: datetime) -> Settlement:
        """What goes back if the plan ended now; nothing is stated (终止试算).

        `list_price_fen` is what an hour of single work costs by the order's price book.

        Raises:
            WrongStageError: it does not run.
            InvalidInputError: no such reason.
        """
        self.check_stage(RUNNING)
        if reason_code not in REASONS:
            raise InvalidInputError(field="reason_code")
        usage = Usage(
            kept_fen=self.kept_fen(),
            recognised_fen=self.recognised_fen,
            extras_fen=self.extras_fen(),
            used_minutes=self.used_minutes,
            list_price_fen=list_price_fen,
            days_since_paid=(at - self.paid_at).days if self.paid_at else 0,
        )
        return settle(usage, reason_code)

    def end_plan(
        self, reason_code: str, list_price_fen: int, *, by: str, at: datetime
    ) -> Settlement:
        """End the plan and settle it (到期, 终止结算); what is not used goes back at once.

        A plan of which nothing was used and all goes back is cancelled.

        Raises:
            WrongStageError: it does not run.
            VisitUnderWayError: a visit has begun and is not done.
            NotPaidError: a charge for anything but visits is open.
            InvalidInputError: no such reason.
        """
        settled = self.settlement(reason_code, list_price_fen, at)
        left = upcoming(self.visits)
        if self._is_under_way():
            raise VisitUnderWayError
        if self._owes_extras():
            raise NotPaidError
        self._withdraw_renewal("plan_ended", by, at)
        policy = PolicyApplied(version=SETTLEMENT_VERSION, trace=list(settled.reasons))
        facts = {
            "reason_code": reason_code,
            "paid_fen": settled.paid_fen,
            "used_minutes": settled.used_minutes,
            "used_fen": settled.used_fen,
            "refund_fen": settled.refund_fen,
            **policy.facts(),
            **self._giving_up(left),
        }
        self._state(self.PlanEnded, at, by, Stage.SETTLED, **facts)
        self._close(settled, reason_code, policy, by, at)
        return settled

    def can_end(self) -> bool:
        """Whether neither a visit under way nor money owed forbids `end_plan`."""
        return not (self._is_under_way() or self._owes_extras())

    def refund_due(
        self, amount_fen: int, *, reason_code: str, policy: PolicyApplied, by: str, at: datetime
    ) -> None:
        """Let so much go back; until the order is done only of what is not earned yet.

        Raises:
            RefundTooLargeError: less than 1 fen, or more than that.
        """
        if self.stage not in DONE | CLOSED_UNDONE and amount_fen > self._unearned_fen():
            raise RefundTooLargeError(amount_fen=amount_fen)
        super().refund_due(amount_fen, reason_code=reason_code, policy=policy, by=by, at=at)

    def check_new_windows(self, windows: Sequence[Window], at: datetime) -> None:
        """A single visit may move; a plan's visits are moved one by one.

        Raises:
            PlanOfVisitsError: it is a plan.
            WrongStageError, WindowError: see ServiceOrder.check_new_windows.
        """
        self.check_one_piece()
        super().check_new_windows(windows, at)

    def ordered_work(self) -> OrderedWork | None:
        """A single visit's; the visits of a plan move within what is prepaid."""
        return None if self.is_plan() else OrderedWork.booked(self.details)

    def check_one_piece(self) -> None:
        """Raise PlanOfVisitsError for a plan, whose visits are commanded one by one."""
        if self.is_plan():
            raise PlanOfVisitsError

    def check_stage(self, stages: Collection[str]) -> None:
        """Raise WrongStageError; of a running plan one whose sentence leads to its visits."""
        if self.stage in RUNNING and not RUNNING & frozenset(stages):
            raise PlanOfVisitsError
        super().check_stage(stages)

    def windows_to_cover(self, windows: Sequence[Window] | None = None) -> Sequence[Window]:
        """During which windows the crew of a single visit is busy.

        Raises:
            PlanOfVisitsError: it is a plan, whose visits are given out one by one.
        """
        self.check_one_piece()
        return super().windows_to_cover(windows)

    def next_stages(self) -> Collection[str]:
        """The stages that the field may report of a single visit.

        Raises:
            PlanOfVisitsError: it is a plan that runs.
        """
        if self.stage in RUNNING:
            raise PlanOfVisitsError
        return super().next_stages()

    def transitions(self) -> Transitions:
        """Which stages the field may report; of a plan, those of its visits only."""
        return {} if self.is_plan() else HOME_VISIT

    @classmethod
    def _purposes(cls, booking: Booking) -> tuple[str, ...]:
        """A plan has a window for every visit of its first period."""
        return cls.WINDOW_PURPOSES * (len(booking.windows) if "plan" in booking.details else 1)

    def _stage_when_settled(self) -> str:
        return Stage.PLAN_ACTIVE if self.is_plan() else Stage.AWAITING_ASSIGNMENT

    def _recognition(self) -> dict[str, int]:
        before = self.recognised_fen
        return {"recognised_fen": self.kept_fen() - before, "recognised_before_fen": before}

    def _unearned_fen(self) -> int:
        kept: int = self.kept_fen() - self.recognised_fen
        return kept

    def _is_under_way(self) -> bool:
        return any(each.stage not in NOT_BEGUN for each in upcoming(self.visits))

    def _owes_extras(self) -> bool:
        """Whether a charge for anything but visits (加项) is open."""
        others = [each for each in self.charges.values() if each.number not in self.periods]
        return any(each.state == charges.OPEN for each in others)

    def _check_cancellable(self, why: Cancellation) -> None:
        """A plan that runs is ended and settled, or what was earned would go back."""
        self.check_stage(frozenset(Stage) - RUNNING)
        super()._check_cancellable(why)

    def _go_on(self, charge_number: int, by: str, at: datetime) -> None:
        if charge_number == 1:
            self._schedule(first_visits(self.windows), by, at)
            return
        facts = {
            "charge_number": charge_number,
            "period": len(self._paid_periods()),
            "minutes": self.periods[charge_number],
            "amount_fen": self.charges[charge_number].amount_fen,
        }
        self._state(self.PlanRenewed, at, by, self.stage, **facts)
        if self.pause_reason == UNPAID_RENEWAL:
            self.resume(shanghai_day(at), reason_code="renewed", by=by, at=at)

    def _close(
        self, settled: Settlement, reason_code: str, policy: PolicyApplied, by: str, at: datetime
    ) -> None:
        if settled.used_minutes == 0 and settled.refund_fen == settled.paid_fen:
            self.cancel(Cancellation(reason_code=reason_code, policy=policy), by=by, at=at)
            return
        if settled.refund_fen:
            back_fen = settled.refund_fen
            self.refund_due(back_fen, reason_code="plan_ended", policy=policy, by=by, at=at)
        self.complete(happened_at=at, by=by, at=at)


def _check_plan(booking: Booking) -> None:
    plan: dict[str, Any] = booking.details["plan"]
    pattern = Pattern.from_plain(plan)
    if not LEAST_WEEKS <= plan.get("weeks", 0) <= MOST_WEEKS:
        raise InvalidInputError(field="plan")
    if not 0 <= plan.get("flexible_days", 0) <= MOST_FLEXIBLE_DAYS:
        raise InvalidInputError(field="flexible_days")
    _check_windows(booking, pattern, plan)


def _check_windows(booking: Booking, pattern: Pattern, plan: dict[str, Any]) -> None:
    """The windows are just the visits of the first period, which is paid whole."""
    ends_on = pattern.first_day + timedelta(weeks=plan["weeks"]) - timedelta(days=1)
    until = plan.get("until")
    if until and date.fromisoformat(until) < ends_on:
        raise InvalidInputError(field="until")
    visits = [each.time for each in first_occurrences(pattern, plan["weeks"])]
    if [Interval(*bounds(each)) for each in booking.windows] != visits:
        raise InvalidInputError(field="windows")
