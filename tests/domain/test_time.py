from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.time import (
    SHANGHAI,
    EmptyIntervalError,
    Interval,
    MalformedTimeError,
    NaiveTimeError,
    format_instant,
    parse_instant,
    require_aware,
    shanghai_day,
)

INSTANTS = st.datetimes(datetime(1950, 1, 1), datetime(2150, 1, 1)).map(  # noqa: DTZ001 - given a zone next
    lambda at: at.replace(tzinfo=UTC)
)
START = datetime(2026, 11, 23, 1, tzinfo=UTC)


def hours(first: int, last: int) -> Interval:
    return Interval(START + timedelta(hours=first), START + timedelta(hours=last))


def test_a_time_without_offset_is_refused() -> None:
    naive = START.replace(tzinfo=None)
    with pytest.raises(NaiveTimeError):
        require_aware(naive)
    with pytest.raises(NaiveTimeError):
        shanghai_day(naive)
    with pytest.raises(NaiveTimeError):
        Interval(naive, START)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00Z"])
def test_a_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(MalformedTimeError):
        parse_instant(text)


@pytest.mark.parametrize("text", ["2026-11-22", "2026-11-22T09:00:00"])
def test_a_text_without_offset_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_instant(text)


@given(INSTANTS)
def test_an_instant_survives_being_written_and_read(at: datetime) -> None:
    assert parse_instant(format_instant(at)) == at
    assert format_instant(at.astimezone(SHANGHAI)) == format_instant(at)


def test_an_instant_is_written_in_utc_with_z() -> None:
    at = datetime(2026, 11, 22, 9, tzinfo=SHANGHAI)
    assert format_instant(at) == "2026-11-22T01:00:00Z"


def test_the_day_changes_at_midnight_in_shanghai() -> None:
    midnight = datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert shanghai_day(midnight) == date(2026, 11, 23)
    assert shanghai_day(midnight - timedelta(microseconds=1)) == date(2026, 11, 22)


@given(INSTANTS, st.integers(-23, 23))
def test_the_day_does_not_depend_on_the_offset_it_is_told_in(at: datetime, offset: int) -> None:
    told = at.astimezone(timezone(timedelta(hours=offset)))
    assert shanghai_day(told) == shanghai_day(at)


def test_intervals_that_only_touch_do_not_overlap() -> None:
    assert not hours(0, 2).overlaps(hours(2, 4))
    assert not hours(2, 4).overlaps(hours(0, 2))
    assert hours(0, 2).overlaps(hours(1, 4))
    assert hours(0, 4).overlaps(hours(1, 2))


def test_an_interval_contains_its_start_but_not_its_end() -> None:
    interval = hours(0, 2)
    assert interval.contains(interval.starts_at)
    assert not interval.contains(interval.ends_at)


@pytest.mark.parametrize("length", [timedelta(), timedelta(seconds=-1)])
def test_an_interval_ends_after_it_starts(length: timedelta) -> None:
    with pytest.raises(EmptyIntervalError):
        Interval(START, START + length)


HOURS = st.tuples(st.integers(-50, 50), st.integers(1, 50)).map(lambda h: hours(h[0], h[0] + h[1]))


@given(HOURS, HOURS)
def test_intervals_overlap_exactly_when_they_share_time(one: Interval, other: Interval) -> None:
    assert one.overlaps(other) == (one.shared_with(other) > timedelta())
    assert one.shared_with(other) == other.shared_with(one)
    assert one.overlaps(other) == other.overlaps(one)
