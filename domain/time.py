"""Time: aware UTC instants in code, days of Asia/Shanghai for people and books."""

from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from domain.errors import InvalidInputError

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")


class NaiveTimeError(InvalidInputError):
    """A time came without its offset, so nobody can say which instant it is."""

    code = "naive_time"
    sentence = "时间必须带有时区。"


class MalformedTimeError(InvalidInputError):
    """A text is no ISO 8601 date and time."""

    code = "malformed_time"
    sentence = "时间格式不正确，应如 2026-11-22T09:00:00+08:00。"


class EmptyIntervalError(InvalidInputError):
    """An interval ends before or when it starts."""

    code = "empty_interval"
    sentence = "结束时间必须晚于开始时间。"


def require_aware(at: datetime) -> datetime:
    """The same instant in UTC.

    Raises:
        NaiveTimeError: `at` has no offset.
        MalformedTimeError: It lies in the first or last year of the calendar,
            where a change of offset would leave it.
    """
    if at.utcoffset() is None:
        raise NaiveTimeError
    if not MINYEAR < at.year < MAXYEAR:
        raise MalformedTimeError
    return at.astimezone(UTC)


def shanghai_day(at: datetime) -> date:
    """The day of `at` in Asia/Shanghai: the business date of a fact.

    Raises:
        NaiveTimeError: `at` has no offset.
    """
    return require_aware(at).astimezone(SHANGHAI).date()


def parse_instant(text: str) -> datetime:
    """The instant of an ISO 8601 text with offset or Z, in UTC.

    Raises:
        MalformedTimeError: The text is no date and time of years 2 to 9998.
        NaiveTimeError: It has no offset.
    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedTimeError(text=text) from error
    return require_aware(at)


def format_instant(at: datetime) -> str:
    """`at` as ISO 8601 in UTC with Z; the inverse of `parse_instant`.

    Raises:
        NaiveTimeError: `at` has no offset.
    """
    return require_aware(at).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True, slots=True)
class Interval:
    """The half-open time [starts_at, ends_at), in UTC.

    Raises:
        NaiveTimeError: An end has no offset.
        EmptyIntervalError: It does not end after it starts.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "starts_at", require_aware(self.starts_at))
        object.__setattr__(self, "ends_at", require_aware(self.ends_at))
        if self.ends_at <= self.starts_at:
            raise EmptyIntervalError

    def overlaps(self, other: "Interval") -> bool:
        """Whether both share an instant; intervals that only touch do not."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def shared_with(self, other: "Interval") -> timedelta:
        """How long both last together; zero where they do not overlap."""
        shared = min(self.ends_at, other.ends_at) - max(self.starts_at, other.starts_at)
        return max(shared, timedelta())

    def contains(self, at: datetime) -> bool:
        """Whether `at` lies inside; the end does not."""
        return self.starts_at <= require_aware(at) < self.ends_at
