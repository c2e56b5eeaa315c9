"""Recurrence (周期): from a weekly pattern to the times of its visits, a pure function.

A visit belongs to the day on which the pattern has it and keeps that day when it
is moved or skipped. So computing the visits anew adds what is missing and never
doubles or undoes what was agreed about one of them. Times are wall time of
Asia/Shanghai: nine o'clock stays nine o'clock.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Self

from domain.errors import InvalidInputError
from domain.time import SHANGHAI, Interval

_DAY: Final = timedelta(days=1)
_MINUTES_A_DAY: Final = 24 * 60
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """On these weekdays at this time for so long, from a day on.

    Attributes:
        weekdays: 1 (Monday) to 7 (Sunday), ascending.
        start: wall time in Shanghai.
        minutes: of one visit, which ends before midnight.
        first_day: from here on; a later pattern ends an earlier one.

    Raises:
        InvalidInputError: no weekday, one twice or unknown, or no length.
    """

    weekdays: tuple[int, ...]
    start: time
    minutes: int
    first_day: date

    def __post_init__(self) -> None:
        if not self.weekdays or self.weekdays != tuple(sorted(set(self.weekdays))):
            raise InvalidInputError(field="weekdays")
        if not set(self.weekdays) <= set(range(1, 8)):
            raise InvalidInputError(field="weekdays")
        begins = self.start.hour * 60 + self.start.minute
        if self.minutes < 1 or begins + self.minutes > _MINUTES_A_DAY:
            raise InvalidInputError(field="minutes")

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Self:
        """Read a pattern as it is stored; further names are left alone.

        Raises:
            InvalidInputError: it is malformed.
        """
        try:
            return cls(
                weekdays=tuple(plain["weekdays"]),
                start=read_time(plain["start"]),
                minutes=plain["minutes"],
                first_day=date.fromisoformat(plain["first_day"]),
            )
        except (KeyError, TypeError, ValueError) as malformed:
            raise InvalidInputError(field="plan") from malformed

    def as_plain(self) -> dict[str, Any]:
        """The pattern as it is stored."""
        return {
            "weekdays": list(self.weekdays),
            "start": f"{self.start:%H:%M}",
            "minutes": self.minutes,
            "first_day": self.first_day.isoformat(),
        }

    def on(self, day: date) -> Interval:
        """The visit's time on a day."""
        starts_at = datetime.combine(day, self.start, SHANGHAI)
        return Interval(starts_at, starts_at + timedelta(minutes=self.minutes))


@dataclass(frozen=True, slots=True)
class Pause:
    """No visits from the first to the last day, both included (暂停)."""

    first_day: date
    last_day: date

    def covers(self, day: date) -> bool:
        """Whether there is no visit on a day."""
        return self.first_day <= day <= self.last_day

    def until(self, day: date) -> list["Pause"]:
        """What is left of the pause once visits take place again from `day` on."""
        if self.first_day >= day:
            return []
        return [Pause(self.first_day, min(self.last_day, day - _DAY))]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The pattern has a visit on `day`, at `time`."""

    day: date
    time: Interval

    @property
    def minutes(self) -> int:
        """How long it lasts."""
        return (self.time.ends_at - self.time.starts_at) // timedelta(minutes=1)


@dataclass(frozen=True)
class Calendar:
    """Patterns in the order in which they follow each other, and the pauses."""

    patterns: Sequence[Pattern]
    pauses: Sequence[Pause] = ()

    def between(self, first: date, last: date) -> Iterator[Occurrence]:
        """Every visit that the calendar has from `first` to `last`, both included."""
        day = first
        while day <= last:
            pattern = self._in_force(day)
            if pattern and day.isoweekday() in pattern.weekdays and not self._is_paused(day):
                yield Occurrence(day, pattern.on(day))
            day += _DAY

    def _in_force(self, day: date) -> Pattern | None:
        begun = [pattern for pattern in self.patterns if pattern.first_day <= day]
        return begun[-1] if begun else None

    def _is_paused(self, day: date) -> bool:
        return any(pause.covers(day) for pause in self.pauses)


def first_occurrences(pattern: Pattern, weeks: int) -> list[Occurrence]:
    """The visits of the first `weeks` weeks: as many as weekdays times weeks."""
    days = (pattern.first_day + n * _DAY for n in range(7 * weeks))
    return [
        Occurrence(day, pattern.on(day)) for day in days if day.isoweekday() in pattern.weekdays
    ]


def missing(
    occurrences: Iterator[Occurrence], days: Collection[date], busy: Collection[Interval]
) -> list[Occurrence]:
    """What of the calendar is not there yet.

    `days` have their visit already, wherever it was moved, or had it skipped;
    `busy` are the times of visits, also of those moved there from other days.
    """
    return [
        each
        for each in occurrences
        if each.day not in days and not any(each.time.overlaps(time) for time in busy)
    ]


def following(patterns: Sequence[Pattern], new: Pattern) -> list[Pattern]:
    """The patterns once `new` holds from its first day on (本次及以后)."""
    return [each for each in patterns if each.first_day < new.first_day] + [new]


def read_time(text: str) -> time:
    """A wall time from HH:MM.

    Raises:
        InvalidInputError: it is none.
    """
    if not _TIME.fullmatch(text):
        raise InvalidInputError(field="start")
    return time.fromisoformat(text)
