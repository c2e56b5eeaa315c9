"""Capacity: which half hours a visit touches, what it claims, and what the office plans."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.capacity import (
    MOST_SEATS,
    SLOTS_A_DAY,
    CapacityDay,
    HeldSeats,
    capacity_day_id,
    held_seats,
    pool_of,
    seat_claims,
    slot_of,
)
from domain.claims import SetCapacity, TakeSeats
from domain.errors import InvalidInputError
from domain.orders.errors import WindowError
from domain.orders.windows import Window, window
from domain.time import SHANGHAI
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    an_id,
    assert_plain,
    assert_replays,
    claims,
    last,
    names,
)

AREA = "110105"
DAY = date(2026, 11, 23)
HOLDER = an_id("order")
HALF_HOUR = timedelta(minutes=30)


def at_home(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    """An instant by Shanghai's clock."""
    return datetime.combine(day, time(hour, minute), SHANGHAI)


def spans_of(*windows: Window, crew: int = 1) -> list[dict[str, str | int]]:
    return list(held_seats("BJ-01", AREA, windows, crew)["spans"])


def span(first: int, end: int, day: date = DAY) -> dict[str, str | int]:
    return {"day": day.isoformat(), "first": first, "end": end}


def taken(held: HeldSeats) -> dict[tuple[date, int], int]:
    """The seats that are claimed, by day and slot."""
    made = seat_claims(HOLDER, held)
    seats = {(each.day, each.slot): each.seats for each in made if isinstance(each, TakeSeats)}
    assert len(seats) == len(made), "no slot is claimed twice"
    return seats


def planned_day() -> CapacityDay:
    return CapacityDay.plan("cleaning", AREA, DAY, by=BY_STAFF, at=NOW)


# -- the half hours of a visit


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "expected"),
    [
        (at_home(9), at_home(11), [span(18, 22)]),
        (at_home(9, 30), at_home(10), [span(19, 20)]),
        (at_home(9, 15), at_home(9, 20), [span(18, 19)]),
        (at_home(9, 29), at_home(9, 31), [span(18, 20)]),
        (at_home(0), at_home(0, 30), [span(0, 1)]),
        (at_home(23, 30), at_home(0, day=date(2026, 11, 24)), [span(47, 48)]),
        (
            at_home(22),
            at_home(1, day=date(2026, 11, 24)),
            [span(44, 48), span(0, 2, date(2026, 11, 24))],
        ),
    ],
    ids=["full hours", "a half hour", "within one", "over a border", "first", "last", "midnight"],
)
def test_a_visit_holds_every_half_hour_it_touches(
    starts_at: datetime, ends_at: datetime, expected: list[dict[str, str | int]]
) -> None:
    assert spans_of(window("service", starts_at, ends_at)) == expected


def test_days_are_those_of_shanghai_whatever_the_offset_says() -> None:
    in_utc = window(
        "service", datetime(2026, 11, 22, 23, tzinfo=UTC), datetime(2026, 11, 23, 1, tzinfo=UTC)
    )
    assert spans_of(in_utc) == [span(14, 18)]


_starts = st.datetimes(
    datetime(2026, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(2027, 12, 31),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.sampled_from([UTC, SHANGHAI]),
)
_lengths = st.timedeltas(timedelta(microseconds=1), timedelta(days=3))


@given(starts_at=_starts, length=_lengths, crew=st.integers(1, 9))
def test_exactly_the_touched_half_hours_are_claimed(
    starts_at: datetime, length: timedelta, crew: int
) -> None:
    ends_at = starts_at + length
    held = held_seats("BJ-01", AREA, [window("service", starts_at, ends_at)], crew)
    assert_plain(held)
    seats = taken(held)
    first = min(seats)
    day = datetime.combine(first[0], time(), SHANGHAI)
    begins = day + first[1] * HALF_HOUR
    assert begins <= starts_at < begins + HALF_HOUR
    ends = begins + len(seats) * HALF_HOUR
    assert ends - HALF_HOUR < ends_at <= ends
    slots = [begins.astimezone(SHANGHAI) + n * HALF_HOUR for n in range(len(seats))]
    assert seats == {(each.date(), slot_of(each.time())): crew for each in slots}


@given(starts_at=_starts, length=_lengths, others=st.lists(_starts, min_size=1, max_size=2))
def test_the_claims_of_several_windows_are_those_of_each(
    starts_at: datetime, length: timedelta, others: list[datetime]
) -> None:
    windows = [window("service", each, each + length) for each in (starts_at, *others)]
    together = seat_claims(HOLDER, held_seats("BJ-01", AREA, windows, 1))
    each_alone = [
        claim
        for one in windows
        for claim in seat_claims(HOLDER, held_seats("BJ-01", AREA, [one], 1))
    ]
    assert Counter(together) == Counter(each_alone)


def test_a_claim_says_who_holds_what_and_where() -> None:
    held = held_seats("BJ-02", AREA, [window("service", at_home(9), at_home(10))], 2)
    assert seat_claims(HOLDER, held) == (
        TakeSeats(HOLDER, "cleaning", AREA, DAY, 18, 2),
        TakeSeats(HOLDER, "cleaning", AREA, DAY, 19, 2),
    )


def test_a_malformed_window_holds_nothing() -> None:
    with pytest.raises(WindowError):
        spans_of({"purpose": "service", "starts_at": "soon", "ends_at": "later"})


@pytest.mark.parametrize("service_code", ["YS-01", "BM-01", "LR-01", "HG-01", "", "bj-01", "BX-01"])
def test_a_service_that_no_pool_does_holds_nothing(service_code: str) -> None:
    with pytest.raises(InvalidInputError):
        pool_of(service_code)
    with pytest.raises(InvalidInputError):
        held_seats(service_code, AREA, [window("service", at_home(9), at_home(10))], 1)


@given(slot=st.integers(0, SLOTS_A_DAY - 1))
def test_a_slot_begins_at_its_half_hour(slot: int) -> None:
    begins = datetime.combine(DAY, time(), SHANGHAI) + slot * HALF_HOUR
    assert slot_of(begins.time()) == slot


@given(at=st.times().filter(lambda each: bool(each.minute % 30 or each.second or each.microsecond)))
def test_no_slot_begins_in_between(at: time) -> None:
    with pytest.raises(InvalidInputError):
        slot_of(at)


# -- what the office plans


def test_a_day_has_no_seats_until_they_are_set() -> None:
    day = planned_day()
    assert day.id == capacity_day_id("cleaning", AREA, DAY)
    assert (names(day), day.seats, claims(last(day))) == (["Planned"], {}, ())


def test_each_pool_area_and_day_is_a_stream_of_its_own() -> None:
    ids: set[UUID] = {
        capacity_day_id(pool, area, day)
        for pool in ("cleaning", "moving")
        for area in (AREA, "110106")
        for day in (DAY, date(2026, 11, 24))
    }
    assert len(ids) == 8


def test_seats_of_a_pool_that_is_not_there_cannot_be_planned() -> None:
    with pytest.raises(InvalidInputError):
        CapacityDay.plan("gardening", AREA, DAY, by=BY_STAFF, at=NOW)


def test_set_seats_are_the_capacity_of_each_of_the_half_hours() -> None:
    day = planned_day()
    assert day.set_seats(range(18, 20), 5, by=BY_STAFF, at=NOW)
    assert day.seats == {18: 5, 19: 5}
    assert claims(last(day)) == (
        SetCapacity("cleaning", AREA, DAY, 18, 5),
        SetCapacity("cleaning", AREA, DAY, 19, 5),
    )
    assert last(day).by == BY_STAFF


def test_seats_that_are_set_already_are_no_news() -> None:
    day = planned_day()
    day.set_seats(range(18, 22), 5, by=BY_STAFF, at=NOW)
    assert not day.set_seats(range(18, 22), 5, by=BY_STAFF, at=NOW)
    assert not day.set_seats(range(19, 20), 5, by=BY_STAFF, at=NOW)
    assert names(day) == ["Planned", "SeatsPlanned"]
    assert day.set_seats(range(21, 23), 5, by=BY_STAFF, at=NOW)


def test_that_a_slot_has_no_seats_is_news_while_nobody_said_so() -> None:
    day = planned_day()
    assert day.set_seats(range(48), 0, by=BY_STAFF, at=NOW)
    assert not day.set_seats(range(48), 0, by=BY_STAFF, at=NOW)


@pytest.mark.parametrize(
    "slots",
    [range(5, 5), range(6, 5), range(-1, 3), range(47, 49), range(0, 10, 2), range(9, 3, -1)],
)
def test_slots_outside_the_day_or_none_are_refused(slots: range) -> None:
    day = planned_day()
    with pytest.raises(InvalidInputError):
        day.set_seats(slots, 1, by=BY_STAFF, at=NOW)
    assert names(day) == ["Planned"]


@pytest.mark.parametrize("seats", [-1, MOST_SEATS + 1])
def test_too_few_or_too_many_seats_are_refused(seats: int) -> None:
    day = planned_day()
    with pytest.raises(InvalidInputError):
        day.set_seats(range(48), seats, by=BY_STAFF, at=NOW)
    assert names(day) == ["Planned"]


_ranges = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda each: each[0] < each[1])


@given(plans=st.lists(st.tuples(_ranges, st.integers(0, MOST_SEATS)), max_size=8))
def test_the_last_word_on_a_slot_counts(plans: list[tuple[tuple[int, int], int]]) -> None:
    day, expected = planned_day(), dict[int, int]()
    for (first, end), seats in plans:
        day.set_seats(range(first, end), seats, by=BY_STAFF, at=NOW)
        expected |= dict.fromkeys(range(first, end), seats)
    assert day.seats == expected
    claimed = [claim for event in day.pending_events for claim in claims(event)]
    told = {each.slot: each.seats for each in claimed if isinstance(each, SetCapacity)}
    assert told == expected
    assert_replays(day, list(day.pending_events))
