"""Shifts (班次): a worker's day belongs to one pool in one district, and gives its seats.

The stream of a worker's day says where the worker serves that day and when the
worker is on leave (请假) instead. A day has one shift at most, so a worker of two
trades is never sold twice. Each fact states by how much it changes the seats of
the pools; what is sold stays sold when a shift goes away.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.capacity import POOLS, check_place, check_slots
from domain.claims import AddSeats, Claim, RemoveSeats
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.time import shanghai_day
from domain.workers import ACTIVE, Worker, WorkerNotActiveError

# So far ahead at most is a shift planned: twice as far as customers book.
ROSTERED_AHEAD: Final = timedelta(days=180)

_NAMESPACE: Final = UUID("9b1d6a1e-2d0c-5a0e-9a54-0e6a7c1f3b52")

# {"pool", "area", "first": slot, "end": slot, "seats": int}; `end` is excluded,
# fewer seats are negative.
SeatChange = dict[str, Any]
_Offer = dict[tuple[str, str], frozenset[int]]


class PastDayError(InvalidInputError):
    """The day is over, and with it what could be planned for it."""

    code = "past_day"
    sentence = "不能更改已过去日期的排班。"


class DayTooFarError(InvalidInputError):
    """Nobody plans so far ahead."""

    code = "day_too_far"
    sentence = "最多提前 {days} 天排班。"


class TradeUnfitError(RuleViolationError):
    """The worker has no skill of any line that the pool serves."""

    code = "worker_lacks_trade"
    sentence = "该服务人员没有此业务线的技能。"


class DistrictUnfitError(RuleViolationError):
    """The worker does not go to the district."""

    code = "worker_lacks_district"
    sentence = "该服务人员不服务该区域。"


class NoShiftError(RuleViolationError):
    """The worker has no shift on that day."""

    code = "no_shift"
    sentence = "该服务人员当天没有排班。"


@dataclass(frozen=True, kw_only=True)
class Duty:
    """What a shift says: one pool, one district (GB/T 2260), half hours of the day.

    Slots from `first_slot` up to, not including, `end_slot`.
    """

    pool: str
    area: str
    first_slot: int
    end_slot: int

    def check(self) -> None:
        """Check the values.

        Raises:
            InvalidInputError: no such pool, no six-digit code, or slots outside the day.
        """
        check_place(self.pool, self.area)
        check_slots(range(self.first_slot, self.end_slot))


def shift_id(worker_id: UUID, day: date) -> UUID:
    """The stream of a worker's day."""
    return uuid5(_NAMESPACE, f"{worker_id}/{day.isoformat()}")


def check_fit(worker: Worker, duty: Duty) -> None:
    """Check that a worker can serve a pool in a district.

    Raises:
        WorkerNotActiveError: suspended or gone.
        TradeUnfitError: the worker has no skill of the pool's lines.
        DistrictUnfitError: the worker does not go to the district.
    """
    if worker.status != ACTIVE:
        raise WorkerNotActiveError
    if duty.pool not in {POOLS.get(skill[:2]) for skill in worker.skills}:
        raise TradeUnfitError
    if not any(duty.area.startswith(own) for own in worker.districts):
        raise DistrictUnfitError


@stored_as("shift")
class Shift(EventSourced):
    """A worker's day; its id is `shift_id`. Without a `duty` nothing is sold of it."""

    class Event(EventSourced.Event):
        """A fact about the day, which is ISO 8601 in Asia/Shanghai."""

        worker_id: UUID
        worker_number: int
        day: str
        seats: list[SeatChange]
        by: str

        def claims(self) -> tuple[Claim, ...]:
            """The seats that the fact gives and takes."""
            day = date.fromisoformat(self.day)
            return tuple(_claim(day, change) for change in self.seats)

    class Planned(Event, EventSourced.Opened):
        """The day was opened for planning; it has no shift yet."""

    class Rostered(Event):
        """The worker serves this pool in this district from slot to slot (排班)."""

        pool: str
        area: str
        first_slot: int
        end_slot: int

    class Changed(Rostered):
        """Another pool, district or other hours than before (调班)."""

    class Withdrawn(Event):
        """The worker does not serve on that day after all (撤班)."""

        reason_code: str

    class LeaveGranted(Event):
        """Leave `leave_id` takes the slots; seats of the shift in them are gone."""

        leave_id: UUID
        reason_code: str
        first_slot: int
        end_slot: int

    class LeaveRevoked(Event):
        """That leave does not take place; the shift gives its seats again (销假)."""

        leave_id: UUID

    @classmethod
    def plan(cls, worker: Worker, day: date, *, by: str, at: datetime) -> Self:
        """Open a worker's day."""
        facts = {"worker_id": worker.id, "worker_number": worker.number, "day": day.isoformat()}
        stream = shift_id(worker.id, day)
        return cls._create(cls.Planned, id=stream, timestamp=at, seats=[], by=by, **facts)

    def roster(self, duty: Duty, *, by: str, at: datetime) -> bool:
        """Give the day to a pool in a district; it replaces the shift there was.

        Returns:
            False if that is the shift already.

        Raises:
            InvalidInputError: a value is malformed.
            PastDayError: the day is over.
            DayTooFarError: it is more than ROSTERED_AHEAD away.
        """
        duty.check()
        self._check_ahead(at)
        if date.fromisoformat(self.day) > shanghai_day(at) + ROSTERED_AHEAD:
            raise DayTooFarError(days=ROSTERED_AHEAD.days)
        if duty == self.duty:
            return False
        fact = self.Rostered if self.duty is None else self.Changed
        self._state(fact, at, by, duty, self.leaves, **asdict(duty))
        return True

    def withdraw(self, reason_code: str, *, by: str, at: datetime) -> None:
        """Take the shift away; its orders keep what they hold.

        Raises:
            PastDayError: the day is over.
            NoShiftError: there is none.
        """
        self._check_ahead(at)
        if self.duty is None:
            raise NoShiftError
        self._state(self.Withdrawn, at, by, None, self.leaves, reason_code=reason_code)

    def grant_leave(
        self, leave_id: UUID, slots: range, reason_code: str, *, by: str, at: datetime
    ) -> None:
        """Take the slots out of whatever shift the day has or will have.

        Raises:
            InvalidInputError: no slot, or one outside the day.
            PastDayError: the day is over.
        """
        check_slots(slots)
        self._check_ahead(at)
        span = (slots.start, slots.stop)
        leaves = {**self.leaves, leave_id: span}
        facts = {"leave_id": leave_id, "first_slot": slots.start, "end_slot": slots.stop}
        why = reason_code
        self._state(self.LeaveGranted, at, by, self.duty, leaves, reason_code=why, **facts)

    def revoke_leave(self, leave_id: UUID, *, by: str, at: datetime) -> None:
        """Give the slots of a leave back to the shift; no news where there is no such leave."""
        leaves = {key: span for key, span in self.leaves.items() if key != leave_id}
        if leaves != self.leaves:
            self._state(self.LeaveRevoked, at, by, self.duty, leaves, leave_id=leave_id)

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Shift.Planned():
                self.worker_id = event.worker_id
                self.worker_number = event.worker_number
                self.day = event.day
                self.duty: Duty | None = None
                self.leaves: dict[UUID, tuple[int, int]] = {}
            case Shift.Rostered():
                self.duty = _duty(event)
            case Shift.Withdrawn():
                self.duty = None
            case Shift.LeaveGranted():
                self.leaves |= {event.leave_id: (event.first_slot, event.end_slot)}
            case Shift.LeaveRevoked():
                self.leaves.pop(event.leave_id)
            case _:
                super().evolve(event)

    def _check_ahead(self, at: datetime) -> None:
        if date.fromisoformat(self.day) < shanghai_day(at):
            raise PastDayError

    def _state(
        self,
        fact: type[Event],
        at: datetime,
        by: str,
        duty: Duty | None,
        leaves: Mapping[UUID, tuple[int, int]],
        **facts: Any,  # noqa: ANN401 - the fact's own fields
    ) -> None:
        """State a fact after which the day has this duty and these leaves."""
        seats = list(_changes(_offer(self.duty, self.leaves), _offer(duty, leaves)))
        who = {"worker_id": self.worker_id, "worker_number": self.worker_number, "day": self.day}
        self.trigger_event(fact, timestamp=at, seats=seats, by=by, **who, **facts)


def _duty(event: Shift.Rostered) -> Duty:
    return Duty(
        pool=event.pool,
        area=event.area,
        first_slot=event.first_slot,
        end_slot=event.end_slot,
    )


def _offer(duty: Duty | None, leaves: Mapping[UUID, tuple[int, int]]) -> _Offer:
    """The slots for which the day gives a seat."""
    if duty is None:
        return {}
    away = {slot for span in leaves.values() for slot in range(*span)}
    served = frozenset(range(duty.first_slot, duty.end_slot)) - away
    return {(duty.pool, duty.area): served}


def _changes(before: _Offer, after: _Offer) -> Iterator[SeatChange]:
    """What is taken, then what is given, in spans."""
    nothing = frozenset[int]()
    for place, slots in before.items():
        yield from _spans(place, slots - after.get(place, nothing), -1)
    for place, slots in after.items():
        yield from _spans(place, slots - before.get(place, nothing), 1)


def _spans(place: tuple[str, str], slots: frozenset[int], seats: int) -> Iterator[SeatChange]:
    pool, area = place
    for first, end in _runs(sorted(slots)):
        yield {"pool": pool, "area": area, "first": first, "end": end, "seats": seats}


def _runs(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as spans, their ends excluded."""
    runs: list[tuple[int, int]] = []
    for slot in slots:
        if runs and runs[-1][1] == slot:
            runs[-1] = (runs[-1][0], slot + 1)
        else:
            runs.append((slot, slot + 1))
    return runs


def _claim(day: date, change: SeatChange) -> Claim:
    kind = AddSeats if change["seats"] > 0 else RemoveSeats
    seats = abs(change["seats"])
    return kind(change["pool"], change["area"], day, change["first"], change["end"], seats)
