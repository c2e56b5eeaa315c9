"""How a plan goes on (计划): its calendar, pauses, people and renewals.

Visits are scheduled six weeks ahead whether paid or not, but only paid ones are
given to workers. Whatever changes "this and later" gives up the visits
concerned; the calendar then schedules them anew.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from domain.errors import InvalidInputError
from domain.orders import charges
from domain.orders.assignment import Assignment, check_assignment
from domain.orders.charges import AddedCharge
from domain.orders.hourly.plan_visits import RUNNING, PlanVisits, check_notice
from domain.orders.hourly.recurrence import Occurrence, Pattern, missing
from domain.orders.hourly.visits import (
    GIVEN,
    GONE,
    NOT_BEGUN,
    NOTICE,
    Visit,
    minutes_of,
    planned,
    upcoming,
)
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds, window
from domain.time import shanghai_day

HORIZON: Final = timedelta(weeks=6)
# With so many paid visits left the customer is asked for the next period (catalogue sheet, d2).
REMIND_AT: Final = 2
LONGEST_PAUSE: Final = timedelta(weeks=12)
# So long a plan waits, paused, for the money of its next period.
UNPAID_PAUSE: Final = timedelta(days=14)
RENEWAL: Final = "renewal"
UNPAID_RENEWAL: Final = "unpaid_renewal"

_LOOK_AHEAD: Final = timedelta(weeks=52)


@dataclass(frozen=True, kw_only=True)
class Renewal:
    """The price of the next period, quoted for `windows` at the price book in force."""

    windows: Sequence[Window]
    amount_fen: int
    lines: list[dict[str, Any]]
    price_book_version: int


@dataclass(frozen=True, kw_only=True)
class WorkerSwap:
    """Who comes from a day on; `assignments` by visit, of those that go over to them."""

    worker_id: UUID
    worker_number: int
    first_day: date
    reason_code: str
    assignments: dict[int, Assignment] = field(default_factory=dict)


class PlanCourse(PlanVisits):
    """Commands on a plan as a whole. HourlyWorkOrder derives from this.

    Every one raises WrongStageError where the plan does not run.
    """

    def due_visits(self, at: datetime) -> list[Occurrence]:
        """What the next six weeks lack of the calendar, in order.

        After the plan's last day only what is paid and left over, because visits
        were skipped, has visits.
        """
        if self.stage not in RUNNING:
            return []
        today = shanghai_day(at)
        lacking = [each for each in self._lacking(today, HORIZON) if each.time.starts_at > at]
        return list(self._wanted(lacking))

    def schedule_visits(
        self, occurrences: Sequence[Occurrence], *, seats: str, by: str, at: datetime
    ) -> None:
        """Enter visits into the calendar (已排期); `seats` is TAKEN or MISSING.

        Raises:
            InvalidInputError: one of them is not due.
        """
        self.check_stage(RUNNING)
        due = self.due_visits(at)
        if not occurrences or any(each not in due for each in occurrences):
            raise InvalidInputError(field="visits")
        first = len(self.visits) + 1
        visits = [
            planned(number, each.day, _window(each), seats)
            for number, each in enumerate(occurrences, start=first)
        ]
        self._schedule(visits, by, at)

    def change_pattern(self, pattern: Pattern, *, reason_code: str, by: str, at: datetime) -> None:
        """From the pattern's first day on the visits follow it (本次及以后).

        Visits that were moved one by one stay as agreed. A renewal that is asked
        for and not paid is withdrawn: its price was that of the old pattern.

        Raises:
            InvalidInputError: the first day is past.
            NoticeTooShortError: a customer gives up what begins within 24 hours.
        """
        self.check_stage(RUNNING)
        if pattern.first_day < shanghai_day(at):
            raise InvalidInputError(field="first_day")
        given_up = [
            each for each in self._not_begun() if each.day >= pattern.first_day and not each.moved
        ]
        check_notice(given_up, by, at)
        self._withdraw_renewal("pattern_changed", by, at)
        facts = {**pattern.as_plain(), "reason_code": reason_code, **self._giving_up(given_up)}
        self._state(self.PatternChanged, at, by, self.stage, **facts)

    def pause(
        self, first_day: date, last_day: date, *, reason_code: str, by: str, at: datetime
    ) -> None:
        """No visits from the first to the last day, both included (暂停).

        Raises:
            WrongStageError: a pause is agreed already.
            InvalidInputError: the days are past, begin more than six weeks ahead, are in
                the wrong order or more than 12 weeks.
            NoticeTooShortError: a customer gives up what begins within 24 hours.
        """
        self.check_stage({Stage.PLAN_ACTIVE})
        today = shanghai_day(at)
        if not today <= first_day <= today + HORIZON:
            raise InvalidInputError(field="first_day")
        if not first_day <= last_day <= first_day + LONGEST_PAUSE:
            raise InvalidInputError(field="last_day")
        given_up = [
            each
            for each in self._not_begun()
            if first_day <= shanghai_day(each.starts_at) <= last_day
        ]
        check_notice(given_up, by, at)
        facts = {
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "reason_code": reason_code,
            **self._giving_up(given_up),
        }
        self._state(self.PlanPaused, at, by, Stage.PLAN_PAUSED, **facts)

    def resume(self, first_day: date, *, reason_code: str, by: str, at: datetime) -> None:
        """From a day on there are visits again (恢复).

        Raises:
            WrongStageError: it is not paused.
            InvalidInputError: the day is past, or the pause is over before it.
        """
        self.check_stage({Stage.PLAN_PAUSED})
        today = shanghai_day(at)
        if not today <= first_day <= max(today, self.pauses[-1].last_day + timedelta(days=1)):
            raise InvalidInputError(field="first_day")
        facts = {"first_day": first_day.isoformat(), "reason_code": reason_code}
        self._state(self.PlanResumed, at, by, Stage.PLAN_ACTIVE, **facts)

    def given_from(self, first_day: date) -> list[Visit]:
        """The visits from a day on that workers have and have not begun."""
        return [
            each
            for each in upcoming(self.visits)
            if each.stage in GIVEN and shanghai_day(each.starts_at) >= first_day
        ]

    def swap_worker(self, swap: WorkerSwap, *, by: str, at: datetime) -> None:
        """From a day on another worker comes (换阿姨); given visits go over to them.

        Raises:
            InvalidInputError: the assignments are not those of `given_from`.
            IntervalTooShortError: see check_assignment.
        """
        self.check_stage(RUNNING)
        given = self.given_from(swap.first_day)
        if {each.number for each in given} != swap.assignments.keys():
            raise InvalidInputError(field="visits")
        for each in given:
            check_assignment(swap.assignments[each.number], [each.window])
        facts = {
            "worker_id": swap.worker_id,
            "worker_number": swap.worker_number,
            "first_day": swap.first_day.isoformat(),
            "reason_code": swap.reason_code,
            "visits": [_taken(number, each) for number, each in swap.assignments.items()],
            "releases": self._names(given),
        }
        self._state(self.WorkerSwapped, at, by, self.stage, **facts)

    # -- renewals

    def open_renewal(self) -> int:
        """The number of the period's charge that awaits its money; 0 where none does."""
        asked = (self.charges[number] for number in self.periods)
        return next((each.number for each in asked if each.state == charges.OPEN), 0)

    def next_period(self, at: datetime) -> list[Window]:
        """The windows of the period to be paid next; none while enough visits are paid.

        As many visits as a period has: those scheduled and not paid, then what
        the calendar has after them, up to the plan's last day.
        """
        if self.stage != Stage.PLAN_ACTIVE or self.open_renewal():
            return []
        paid = self.paid_visits()
        if len(paid) > REMIND_AT:
            return []
        unpaid = [
            each
            for each in upcoming(self.visits)
            if each.number not in paid and each.starts_at > at
        ]
        later = (_window(each) for each in self._later(at))
        wanted = [*(each.window for each in unpaid), *later]
        return wanted[: self._visits_a_period()]

    def remind_of_renewal(self, renewal: Renewal, *, by: str, at: datetime) -> None:
        """Ask for the next period's money in advance (续费提醒).

        Raises:
            InvalidInputError: it is not the next period, or no price.
        """
        if not renewal.windows or renewal.windows != self.next_period(at):
            raise InvalidInputError(field="windows")
        visits_left, pay_by = len(self.paid_visits()), self._pay_by(renewal, at)
        charge = AddedCharge(
            reason_code=RENEWAL, amount_fen=renewal.amount_fen, consent="plan", pay_by=pay_by
        )
        facts = {
            "charge_number": self.add_charge(charge, by=by, at=at),
            "period": len(self._paid_periods()) + 1,
            "visits_left": visits_left,
            "visits": len(renewal.windows),
            "minutes": sum(map(minutes_of, renewal.windows)),
            "amount_fen": renewal.amount_fen,
            "lines": [dict(each) for each in renewal.lines],
            "price_book_version": renewal.price_book_version,
            "pay_by": pay_by,
        }
        self._state(self.RenewalReminded, at, by, self.stage, **facts)

    def pause_unpaid(self, *, by: str, at: datetime) -> None:
        """Nobody paid the next period in time: the plan waits a fortnight, paused.

        Raises:
            WrongStageError: no period awaits its money, or it is paused already.
        """
        unpaid = [each for each in upcoming(self.visits) if each.number not in self.paid_visits()]
        days = [shanghai_day(each.starts_at) for each in unpaid]
        today = shanghai_day(at)
        first_day = min(max(min(days, default=today), today), today + HORIZON)
        last_day = first_day + UNPAID_PAUSE
        self.pause(first_day, last_day, reason_code=UNPAID_RENEWAL, by=by, at=at)

    def last_day(self) -> date | None:
        """The day after which the plan has no visits but those left over; None without end."""
        until = self.details["plan"].get("until")
        return date.fromisoformat(until) if until else None

    def has_run_out(self, at: datetime) -> bool:
        """Whether the plan is past its end: nothing is left to be done or to be scheduled."""
        last = self.last_day()
        over = last is not None and last < shanghai_day(at)
        return over and self.stage in RUNNING and not upcoming(self.visits) and not self._later(at)

    def _pay_by(self, renewal: Renewal, at: datetime) -> datetime:
        """A day before the first visit that it is for, but never less than a day from now."""
        first = min(bounds(each)[0] for each in renewal.windows)
        return max(first - NOTICE, at + NOTICE)

    def _lacking(self, first: date, span: timedelta) -> list[Occurrence]:
        days = {each.day for each in self.visits.values() if not each.frees_day}
        busy = [each.time for each in self.visits.values() if each.stage not in GONE]
        return missing(self.calendar().between(first, first + span), days, busy)

    def _wanted(self, lacking: Sequence[Occurrence]) -> Iterator[Occurrence]:
        """Without those beyond the last day for which no paid minutes are left."""
        left = self._unplanned_minutes()
        last = self.last_day()
        for each in lacking:
            left -= each.minutes
            if last is None or each.day <= last or left >= 0:
                yield each

    def _later(self, at: datetime) -> list[Occurrence]:
        """What the calendar has and nobody scheduled yet, enough for a period."""
        lacking = [
            each
            for each in self._lacking(shanghai_day(at), _LOOK_AHEAD)
            if each.time.starts_at > at
        ]
        return list(islice(self._wanted(lacking), self._visits_a_period()))

    def _unplanned_minutes(self) -> int:
        """Paid minutes that no scheduled visit needs."""
        paid = sum(each.minutes for each in self._paid_periods())
        ahead = sum(each.minutes for each in upcoming(self.visits))
        return paid - self.used_minutes - ahead

    def _visits_a_period(self) -> int:
        weeks: int = self.details["plan"]["weeks"]
        return weeks * len(self.patterns[-1].weekdays)

    def _not_begun(self) -> list[Visit]:
        return [each for each in upcoming(self.visits) if each.stage in NOT_BEGUN]

    def _giving_up(self, visits: Collection[Visit]) -> dict[str, Any]:
        return {
            "visits": [each.number for each in visits],
            "releases": self._names(visits),
        }

    def _withdraw_renewal(self, reason_code: str, by: str, at: datetime) -> None:
        number = self.open_renewal()
        if number > 1:
            self.withdraw_charge(number, reason_code=reason_code, by=by, at=at)

    def _schedule(self, visits: list[dict[str, Any]], by: str, at: datetime) -> None:
        area = self.contact["district"]
        facts = {"visits": visits, "service_code": self.service_code, "area": area}
        self._state(self.VisitsScheduled, at, by, self.stage, **facts)


def _window(occurrence: Occurrence) -> Window:
    return window("service", occurrence.time.starts_at, occurrence.time.ends_at)


def _taken(number: int, assignment: Assignment) -> dict[str, Any]:
    return {
        "visit": number,
        "starts_at": assignment.starts_at.isoformat(),
        "ends_at": assignment.ends_at.isoformat(),
    }
