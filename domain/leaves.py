"""Leave (请假): a time in which a worker does not serve, of hours or of many days.

One fact holds the worker for the whole time, so nobody can be assigned then, and
no leave is granted over work that is assigned: that is given to others first. The
shifts of the days say which seats it costs (see shifts).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Self
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.capacity import day_spans, slot_of
from domain.claims import Claim, ReleaseWorker, TakeWorker
from domain.errors import InvalidInputError, RuleViolationError
from domain.names import stored_as
from domain.shifts import PastDayError
from domain.time import SHANGHAI, Interval, shanghai_day
from domain.workers import Worker

# Maternity leave of 158 days is the longest that the law knows in Beijing [R].
LONGEST_LEAVE: Final = timedelta(days=190)
LEAVE_REASONS: Final[Mapping[str, str]] = {
    "personal": "事假",
    "sick": "病假",
    "annual": "年假",
    "maternity": "产假",
    "bereavement": "丧假",
    "injury": "工伤假",
    "other": "其他",
}


class LeaveOverError(RuleViolationError):
    """The leave was revoked, or its time is over."""

    code = "leave_over"
    sentence = "该请假已结束或已销假。"


@dataclass(frozen=True, kw_only=True)
class Absence:
    """When and why: instants at full or half hours of Shanghai, a key of LEAVE_REASONS."""

    interval: Interval
    reason_code: str

    def check(self, at: datetime) -> None:
        """Check the values.

        Raises:
            InvalidInputError: a time between half hours, too long a time, an unknown reason.
            PastDayError: it begins before the day of `at`.
        """
        for end in (self.interval.starts_at, self.interval.ends_at):
            slot_of(end.astimezone(SHANGHAI).time())
        if self.interval.ends_at - self.interval.starts_at > LONGEST_LEAVE:
            raise InvalidInputError(field="ends_at")
        if self.reason_code not in LEAVE_REASONS:
            raise InvalidInputError(field="reason_code")
        if shanghai_day(self.interval.starts_at) < shanghai_day(at):
            raise PastDayError


@stored_as("leave")
class Leave(EventSourced):
    """A leave of one worker."""

    class Event(EventSourced.Event):
        """A fact about the leave; `by` stated it."""

        worker_id: UUID
        by: str

    class Granted(Event, EventSourced.Opened):
        """The worker is away in [starts_at, ends_at) (准假)."""

        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reason_code: str

        def claims(self) -> tuple[Claim, ...]:
            """Busy like with an order, under the leave's id."""
            interval = (self.starts_at, self.ends_at)
            return (TakeWorker(self.originator_id, self.worker_number, *interval),)

    class Revoked(Event):
        """The worker is there after all (销假)."""

        def claims(self) -> tuple[Claim, ...]:
            """Free again."""
            return (ReleaseWorker(self.originator_id),)

    @classmethod
    def grant(
        cls, leave_id: UUID, worker: Worker, absence: Absence, *, by: str, at: datetime
    ) -> Self:
        """Grant a leave.

        Raises:
            InvalidInputError: times or reason are not in order.
            PastDayError: it begins before today.
        """
        absence.check(at)
        who = {"worker_id": worker.id, "worker_number": worker.number, "by": by}
        interval = absence.interval
        when = {"starts_at": interval.starts_at, "ends_at": interval.ends_at}
        why = absence.reason_code
        return cls._create(cls.Granted, id=leave_id, timestamp=at, reason_code=why, **who, **when)

    def revoke(self, *, by: str, at: datetime) -> None:
        """Take the leave back; days that are over stay as they were.

        Raises:
            LeaveOverError: it is over or was revoked before.
        """
        if self.revoked or self.ends_at <= at:
            raise LeaveOverError
        self.trigger_event(self.Revoked, timestamp=at, worker_id=self.worker_id, by=by)

    def days(self) -> list[tuple[date, range]]:
        """The days it touches, and their half hours."""
        spans = day_spans(self.starts_at, self.ends_at)
        return [
            (date.fromisoformat(span["day"]), range(span["first"], span["end"])) for span in spans
        ]

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        match event:
            case Leave.Granted():
                self.worker_id = event.worker_id
                self.worker_number = event.worker_number
                self.starts_at = event.starts_at
                self.ends_at = event.ends_at
                self.reason_code = event.reason_code
                self.revoked = False
            case Leave.Revoked():
                self.revoked = True
            case _:
                super().evolve(event)
