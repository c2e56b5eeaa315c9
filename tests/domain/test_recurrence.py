"""A pattern gives the times of visits, and giving them again changes nothing agreed."""

from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInputError
from domain.orders.hourly.recurrence import (
    Calendar,
    Occurrence,
    Pattern,
    Pause,
    first_occurrences,
    following,
    missing,
    read_time,
)
from domain.time import SHANGHAI

FIRST = date(2026, 11, 23)  # a Monday
weekday_sets = st.sets(st.integers(1, 7), min_size=1).map(lambda each: tuple(sorted(each)))
dates = st.dates(date(1985, 1, 1), date(2050, 12, 31))


@st.composite
def patterns(draw: st.DrawFn) -> Pattern:
    """Any pattern; the years 1986 to 1991 had summer time in China."""
    start = draw(st.times(max_value=time(21))).replace(second=0, microsecond=0)
    return Pattern(
        weekdays=draw(weekday_sets),
        start=start,
        minutes=draw(st.integers(30, 180)),
        first_day=draw(dates),
    )


def pattern(*weekdays: int, first_day: date = FIRST) -> Pattern:
    return Pattern(weekdays=weekdays, start=time(9), minutes=120, first_day=first_day)


def taken_days(occurrences: list[Occurrence]) -> list[date]:
    return [each.day for each in occurrences]


@given(patterns(), st.integers(4, 8))
def test_a_period_has_weekdays_times_weeks_visits(given_pattern: Pattern, weeks: int) -> None:
    visits = first_occurrences(given_pattern, weeks)
    assert len(visits) == weeks * len(given_pattern.weekdays)
    assert {each.day.isoweekday() for each in visits} == set(given_pattern.weekdays)


@given(patterns())
def test_the_wall_time_never_moves(given_pattern: Pattern) -> None:
    for each in first_occurrences(given_pattern, 30):
        local = each.time.starts_at.astimezone(SHANGHAI)
        assert (local.date(), local.time()) == (each.day, given_pattern.start)


@given(patterns(), st.data())
def test_what_is_computed_again_adds_only_what_is_missing(
    given_pattern: Pattern, data: st.DataObject
) -> None:
    """Whichever visits are there, moved or skipped: their days stay as they are."""
    calendar = Calendar([given_pattern])
    last = given_pattern.first_day + timedelta(weeks=6)
    every = list(calendar.between(given_pattern.first_day, last))
    there = set(data.draw(st.lists(st.sampled_from(taken_days(every)))))
    lacking = missing(calendar.between(given_pattern.first_day, last), there, [])
    assert sorted([*there, *taken_days(lacking)]) == taken_days(every)
    complete = there | set(taken_days(lacking))
    assert missing(calendar.between(given_pattern.first_day, last), complete, []) == []


@given(patterns(), st.data())
def test_no_visit_is_put_where_another_was_moved_to(
    given_pattern: Pattern, data: st.DataObject
) -> None:
    calendar = Calendar([given_pattern])
    every = first_occurrences(given_pattern, 4)
    last = every[-1].day
    moved_to = data.draw(st.sampled_from(every)).time
    lacking = missing(calendar.between(given_pattern.first_day, last), [], [moved_to])
    assert not any(each.time.overlaps(moved_to) for each in lacking)
    assert len(lacking) == len(every) - 1


@given(patterns(), patterns())
def test_a_later_pattern_holds_from_its_first_day_on(old: Pattern, new: Pattern) -> None:
    calendar = Calendar(following([old], new))
    first = min(old.first_day, new.first_day)
    for each in calendar.between(first, new.first_day + timedelta(weeks=3)):
        source = new if each.day >= new.first_day else old
        assert each.time == source.on(each.day)
        assert each.day.isoweekday() in source.weekdays


def test_a_pause_has_no_visits_on_its_first_and_last_day_nor_between() -> None:
    calendar = Calendar([pattern(1, 3)], [Pause(date(2026, 11, 25), date(2026, 11, 30))])
    found = taken_days(list(calendar.between(FIRST, date(2026, 12, 2))))
    assert found == [FIRST, date(2026, 12, 2)]


@pytest.mark.parametrize(
    ("resumed", "left"),
    [
        (date(2026, 11, 25), []),
        (date(2026, 11, 20), []),
        (date(2026, 11, 27), [Pause(date(2026, 11, 25), date(2026, 11, 26))]),
        (date(2026, 12, 5), [Pause(date(2026, 11, 25), date(2026, 11, 30))]),
    ],
)
def test_a_pause_ends_the_day_before_work_is_taken_up_again(
    resumed: date, left: list[Pause]
) -> None:
    assert Pause(date(2026, 11, 25), date(2026, 11, 30)).until(resumed) == left


def test_a_pattern_is_stored_and_read_back() -> None:
    stored = {"weekdays": [1, 4], "start": "18:30", "minutes": 150, "first_day": "2026-11-23"}
    assert Pattern.from_plain(stored | {"weeks": 4}).as_plain() == stored


@pytest.mark.parametrize(
    "wrong",
    [
        {"weekdays": []},
        {"weekdays": [3, 1]},
        {"weekdays": [1, 1]},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"start": "9:00"},
        {"start": "24:00"},
        {"minutes": 0},
        {"start": "23:00"},  # would end after midnight
        {"first_day": "2026-02-30"},
        {"first_day": None},
    ],
    ids=str,
)
def test_a_malformed_pattern_is_refused(wrong: dict[str, object]) -> None:
    plain = {"weekdays": [1], "start": "09:00", "minutes": 120, "first_day": "2026-11-23"}
    with pytest.raises(InvalidInputError):
        Pattern.from_plain(plain | wrong)


@given(st.times())
def test_a_wall_time_is_read_to_the_minute(at: time) -> None:
    assert read_time(f"{at:%H:%M}") == at.replace(second=0, microsecond=0)


@given(st.text(max_size=6).filter(lambda text: ":" not in text))
def test_a_text_that_is_no_wall_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_time(text)
