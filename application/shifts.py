"""Shifts (班次) and leave (请假): the office's roster, which gives the pools their seats."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from application.areas import Areas
from application.claiming import WorkerBusyError
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from domain.capacity import slots_between
from domain.errors import InvalidInputError
from domain.leaves import Absence, Leave
from domain.orders.service_order import ServiceOrder
from domain.shifts import Duty, NoShiftError, Shift, check_fit, shift_id
from domain.time import shanghai_day
from domain.workers import LEFT, Worker, WorkerNotActiveError

MOST_DAYS: Final = 62  # one command plans two months at most
_DAY: Final = timedelta(days=1)


class BusyTimes(Protocol):
    """What holds a worker, as the claims say at this moment."""

    def of(self, worker_number: int, starts_at: datetime, ends_at: datetime) -> list[UUID]:
        """The claims, an order's or a leave's id mostly, that overlap the time."""
        ...


@dataclass(frozen=True, kw_only=True)
class Roster:
    """A worker's shifts on the weekdays (ISO: Monday is 1) from one day to another.

    `area` is a district's six-digit code; `ends` 00:00 is the end of the day.
    """

    worker_id: UUID
    pool: str
    area: str
    weekdays: frozenset[int]
    first_day: date
    last_day: date
    starts: time
    ends: time

    def days(self) -> list[date]:
        """The days that are meant. Raises InvalidInputError: none, or more than MOST_DAYS."""
        if not timedelta() <= self.last_day - self.first_day < MOST_DAYS * _DAY:
            raise InvalidInputError(field="last_day")
        days = [day for day in self._span() if day.isoweekday() in self.weekdays]
        if not days:
            raise InvalidInputError(field="weekdays")
        return days

    def duty(self) -> Duty:
        """What each shift says. Raises InvalidInputError where a time is no half hour."""
        slots = slots_between(self.starts, self.ends)
        return Duty(pool=self.pool, area=self.area, first_slot=slots.start, end_slot=slots.stop)

    def _span(self) -> Iterator[date]:
        return (self.first_day + n * _DAY for n in range((self.last_day - self.first_day).days + 1))


class Shifts:
    """The use cases of the roster."""

    def __init__(self, log: Log, areas: Areas, busy: BusyTimes) -> None:
        self._log = log
        self._areas = areas
        self._busy = busy

    def roster(self, roster: Roster, command: Command) -> Outcome:
        """Give a worker shifts; one that the worker has on such a day is replaced.

        All days or none. Raises NotFoundError where there is no such worker,
        WorkerNotActiveError, TradeUnfitError, DistrictUnfitError,
        NotServedError, PastDayError, DayTooFarError, InvalidInputError kinds.
        """
        return self._log.run(command, lambda: self._roster(roster, command))

    def withdraw(self, worker_id: UUID, day: date, reason_code: str, command: Command) -> Outcome:
        """Take a shift away; what is sold of it stays sold, so a slot may be oversold then.

        Raises NoShiftError, PastDayError.
        """

        def decide() -> Decision:
            shift = self._log.find(Shift, shift_id(worker_id, day))
            if shift is None:
                raise NoShiftError
            shift.withdraw(reason_code, by=command.actor, at=command.at)
            return Decision([shift], _answer(worker_id, [day]))

        return self._log.run(command, decide)

    def grant_leave(self, worker_id: UUID, absence: Absence, command: Command) -> Outcome:
        """Grant a leave; the shifts in it give no seats; the answer holds leave_id.

        Raises WorkerBusyError where the worker has orders then, whose numbers it
        names: they are given to others first; NotFoundError,
        WorkerNotActiveError, PastDayError, InvalidInputError kinds.
        """
        try:
            return self._log.run(command, lambda: self._grant(worker_id, absence, command))
        except ClaimRefusedError as refused:
            if refused.kind != "worker":
                raise
            raise self._busy_error(worker_id, absence, refused.claim) from refused

    def revoke_leave(self, leave_id: UUID, command: Command) -> Outcome:
        """The worker serves after all; the shifts from today on give their seats again.

        Raises NotFoundError, LeaveOverError.
        """

        def decide() -> Decision:
            leave = self._log.load(Leave, leave_id)
            leave.revoke(by=command.actor, at=command.at)
            today = shanghai_day(command.at)
            shifts = [
                self._log.load(Shift, shift_id(leave.worker_id, day))
                for day, _ in leave.days()
                if day >= today
            ]
            for shift in shifts:
                shift.revoke_leave(leave_id, by=command.actor, at=command.at)
            return Decision([leave, *shifts], {"leave_id": str(leave_id)})

        return self._log.run(command, decide)

    def _roster(self, roster: Roster, command: Command) -> Decision:
        worker, days, duty = self._log.load(Worker, roster.worker_id), roster.days(), roster.duty()
        duty.check()
        check_fit(worker, duty)
        self._areas.check_trade(duty.area, duty.pool)
        shifts = [self._shift(worker, day, command) for day in days]
        for shift in shifts:
            shift.roster(duty, by=command.actor, at=command.at)
        return Decision(shifts, _answer(worker.id, days))

    def _grant(self, worker_id: UUID, absence: Absence, command: Command) -> Decision:
        worker = self._log.load(Worker, worker_id)
        if worker.status == LEFT:
            raise WorkerNotActiveError
        leave_id, by, at = uuid5(command.id, "leave"), command.actor, command.at
        leave = Leave.grant(leave_id, worker, absence, by=by, at=at)
        shifts = []
        for day, slots in leave.days():
            shift = self._shift(worker, day, command)
            shift.grant_leave(leave_id, slots, absence.reason_code, by=by, at=at)
            shifts.append(shift)
        return Decision([leave, *shifts], {"leave_id": str(leave_id)})

    def _busy_error(self, worker_id: UUID, absence: Absence, claim: str) -> WorkerBusyError:
        """The refusal in words: the orders that somebody else has to take first."""
        worker, span = self._log.load(Worker, worker_id), absence.interval
        held_by = self._busy.of(worker.number, span.starts_at, span.ends_at)
        orders = [self._log.find(ServiceOrder, each) for each in held_by]
        numbers = "、".join(order.order_number for order in orders if order)
        sentence = f"该服务人员在此期间已有安排，请先改派：{numbers}。" if numbers else ""
        return WorkerBusyError(sentence, claim=claim)

    def _shift(self, worker: Worker, day: date, command: Command) -> Shift:
        found = self._log.find(Shift, shift_id(worker.id, day))
        return found or Shift.plan(worker, day, by=command.actor, at=command.at)


def _answer(worker_id: UUID, days: list[date]) -> dict[str, Any]:
    return {"worker_id": str(worker_id), "days": [day.isoformat() for day in days]}
