"""On duty (在户): attendance, the bed, and somebody else in the worker's place."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from domain.catalogue.holidays import statutory_holiday
from domain.errors import InvalidInputError
from domain.orders.care.contract import REPLACEMENT, Terms, claim_of
from domain.orders.care.errors import (
    DayOutsideContractError,
    NoSuccessorError,
    SuccessorAgreedError,
    TooManyReplacementsError,
)
from domain.orders.care.facts import CareFacts
from domain.orders.care.settlement import (
    COMPANY,
    CUSTOMER,
    DAY_KINDS,
    Engagement,
    Statement,
    statement,
)
from domain.orders.care.wishes import HOSPITAL
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds, check_happened, window
from domain.time import shanghai_day

ON_DUTY: Final = frozenset({Stage.ON_DUTY, Stage.REPLACEMENT_REQUESTED})


@dataclass(frozen=True, kw_only=True)
class DayReport:
    """What a day was: `day` is ISO 8601, `kind` one of care_settlement.DAY_KINDS."""

    day: str
    kind: str
    happened_at: datetime
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class ReplacementWish:
    """Why somebody else is wanted, and whose doing that is: "customer" or "company"."""

    cause: str
    reason_code: str
    happened_at: datetime
    note: str = ""


class CareDuty(CareFacts):
    """An order for care while a worker is there, and what needs one to be there."""

    def start(self, *, happened_at: datetime, by: str, at: datetime) -> None:
        """The worker came (上户, 进场); the first segment begins.

        Raises:
            WrongStageError: no start is awaited.
            DayOutsideContractError: it is not within the agreed period.
        """
        self.check_stage({Stage.AWAITING_START})
        check_happened(happened_at, at)
        if not self._agreed_terms().period().contains(happened_at):
            raise DayOutsideContractError
        self._state(self.WorkerStarted, at, by, Stage.ON_DUTY, happened_at=happened_at)

    def record_day(self, report: DayReport, *, by: str, at: datetime) -> None:
        """Say what a day was: worked (每日打卡), leave or rest; the last word counts.

        Raises:
            WrongStageError: nobody works, or the account is settled.
            DayOutsideContractError: it lies before the start or after today or the end.
            InvalidInputError: the day or kind is malformed, or a clear note.
        """
        self.check_stage({*ON_DUTY, Stage.OFF_DUTY})
        if report.kind not in DAY_KINDS:
            raise InvalidInputError(field="kind")
        self._check_report(report.happened_at, at, report.note)
        holiday = statutory_holiday(self._check_worked(report.day, at))
        self._state(self.DayRecorded, at, by, self.stage, holiday=holiday, **vars(report))

    def change_bed(self, place: str, *, happened_at: datetime, by: str, at: datetime) -> None:
        """The patient lies elsewhere now (转床); `place` is sealed.

        Raises:
            WrongStageError: nobody is on duty.
            InvalidInputError: no hospital care, no place, or a clear one.
        """
        self.check_stage(ON_DUTY)
        if self.service_code != HOSPITAL or not place:
            raise InvalidInputError(field="place")
        self._check_report(happened_at, at, place)
        self._state(self.BedChanged, at, by, self.stage, place=place, happened_at=happened_at)

    def request_replacement(self, wish: ReplacementWish, *, by: str, at: datetime) -> None:
        """Ask for somebody else (换人申请); the worker stays until the change.

        What the customer asks after the first days counts; what the company
        causes, or within them, does not.

        Raises:
            WrongStageError: nobody is on duty, or somebody else is looked for already.
            TooManyReplacementsError: the contract allows no more.
            InvalidInputError: no reason, an unknown cause, or a clear note.
        """
        self.check_stage({Stage.ON_DUTY})
        if wish.cause not in {CUSTOMER, COMPANY} or not wish.reason_code:
            raise InvalidInputError(field="reason_code")
        self._check_report(wish.happened_at, at, wish.note)
        most = self._agreed_terms().most_replacements
        counted = wish.cause == CUSTOMER and not self._within_free_days(wish.happened_at)
        if counted and self.replacements >= most:
            raise TooManyReplacementsError(most=most)
        facts = {"counted": counted, **vars(wish)}
        self._state(self.ReplacementRequested, at, by, Stage.REPLACEMENT_REQUESTED, **facts)

    def withdraw_replacement(self, *, happened_at: datetime, by: str, at: datetime) -> None:
        """The worker stays after all; whoever was found is free again.

        Raises:
            WrongStageError: nobody else is looked for.
        """
        self.check_stage({Stage.REPLACEMENT_REQUESTED})
        check_happened(happened_at, at)
        found = [self.successor.segment] if self.successor else []
        releases = [str(claim_of(self.id, number)) for number in found]
        facts = {"happened_at": happened_at, "releases": releases, "cancels": found}
        self._state(self.ReplacementWithdrawn, at, by, Stage.ON_DUTY, **facts)

    def agree_replacement(self, *, happened_at: datetime, by: str, at: datetime) -> None:
        """Sign the supplementary agreement; the new worker is kept free from its first day.

        Raises:
            WrongStageError: nobody else is looked for.
            TermsNotConsentedError: the customer has not agreed to such terms.
            SuccessorAgreedError: somebody is agreed already.
            DayOutsideContractError: the first day is past by now.
        """
        self.check_stage({Stage.REPLACEMENT_REQUESTED})
        if self.successor is not None:
            raise SuccessorAgreedError
        signed = self._consented(REPLACEMENT)
        self._check_terms_here(REPLACEMENT, signed.terms, at)
        check_happened(happened_at, at)
        period = signed.terms.period()
        facts = {
            "successor_id": signed.worker_id,
            "worker_number": signed.worker_number,
            "segment": len(self.segments) + 1,
            "starts_at": period.starts_at,
            "ends_at": period.ends_at,
            "terms": signed.terms.facts(),
            "digest": signed.digest,
            "happened_at": happened_at,
        }
        self._state(self.ReplacementAgreed, at, by, self.stage, **facts)

    def replace_worker(
        self, left_at: datetime, *, happened_at: datetime, by: str, at: datetime
    ) -> None:
        """The new worker came, the old one had left at `left_at`; what is left is carried on.

        Raises:
            WrongStageError: nobody else is looked for.
            NoSuccessorError: nobody is agreed.
            DayOutsideContractError: the times contradict the segments or the agreement.
        """
        self.check_stage({Stage.REPLACEMENT_REQUESTED})
        if self.successor is None:
            raise NoSuccessorError
        check_happened(happened_at, at)
        self._check_left(left_at)
        if left_at > happened_at:
            raise DayOutsideContractError
        if not self.successor.starts_at <= happened_at < self.successor.ends_at:
            raise DayOutsideContractError
        new = str(claim_of(self.id, self.successor.segment))
        facts = {
            "previous_worker_id": self.worker_id,
            "left_at": left_at,
            "worker_id": self.successor.worker_id,
            "worker_number": self.successor.worker_number,
            "segment": self.successor.segment,
            "windows": self._windows_until(self.successor.ends_at),
            "happened_at": happened_at,
            "releases": [name for name in self.held if name != new],
            **self._closing(left_at),
        }
        self._state(self.WorkerReplaced, at, by, Stage.ON_DUTY, **facts)

    def stop(self, until: datetime, cause: str = CUSTOMER) -> Statement:
        """What is owed if the work stops at `until` (今天停止); settled, it is as settled."""
        end = min(until, self.stopped_at or until)
        return statement(self.engagement(), end, self.cause or cause)

    def engagement(self) -> Engagement:
        """The facts that a settlement needs."""
        if self.terms is None:
            return Engagement(paid_offline_fen=self.held_by_hand_fen())
        return Engagement(
            entitled_days=self.entitled_days,
            segments=self.segments,
            days=self.days,
            fees=self.fees,
            starts_on=self.terms.starts_on,
            deposit_fen=max(min(self.terms.deposit_fen, self.deposit_held_fen), 0),
            deposit_back=self.terms.deposit_back,
            paid_offline_fen=self.held_by_hand_fen(),
        )

    def _closing(self, left_at: datetime) -> dict[str, list[int]]:
        """Which segments end then, and which will never begin."""
        going_on = [each for each in self.segments if not each.left_at or each.left_at > left_at]
        return {
            "ends": [each.number for each in going_on if each.started_at <= left_at],
            "cancels": [each.number for each in going_on if each.started_at > left_at],
        }

    def _agreed_terms(self) -> Terms:
        if self.terms is None:
            raise DayOutsideContractError
        return self.terms

    def _windows_until(self, ends_at: datetime) -> list[Window]:
        return [window("service", bounds(self.windows[0])[0], ends_at)]

    def _days_of(self, kind: str, terms: Terms, at: datetime) -> int:
        """A supplementary agreement is about the days that are left."""
        if kind == REPLACEMENT:
            return self.entitled_days - self.stop(at).used_days
        return super()._days_of(kind, terms, at)

    def _check_worked(self, day: str, at: datetime) -> date:
        try:
            asked = date.fromisoformat(day)
        except ValueError as malformed:
            raise InvalidInputError(field="day") from malformed
        if asked.isoformat() != day:
            raise InvalidInputError(field="day")
        first, last = self.segments[0].started_at, self.segments[-1].left_at or at
        if not shanghai_day(first) <= asked <= shanghai_day(min(last, at)):
            raise DayOutsideContractError
        return asked

    def _within_free_days(self, happened_at: datetime) -> bool:
        """Counted from the day the worker came; a renewal gives no new ones."""
        free = timedelta(days=self._agreed_terms().free_days)
        came = self.arrived_at or happened_at
        return shanghai_day(happened_at) < shanghai_day(came) + free

    def _check_left(self, left_at: datetime) -> None:
        """Nobody leaves before having come; what was before is settled history."""
        if self.arrived_at is None or left_at < self.arrived_at:
            raise DayOutsideContractError
