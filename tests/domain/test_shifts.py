"""Shifts and leave: what a worker's day gives to the pools, and what takes it away."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.capacity import SLOTS_A_DAY
from domain.claims import AddSeats, ReleaseWorker, RemoveSeats, TakeWorker
from domain.errors import InvalidInputError
from domain.leaves import LONGEST_LEAVE, Absence, Leave, LeaveOverError
from domain.shifts import (
    DistrictUnfitError,
    Duty,
    NoShiftError,
    PastDayError,
    Shift,
    TradeUnfitError,
    check_fit,
    shift_id,
)
from domain.time import SHANGHAI, EmptyIntervalError, Interval
from domain.workers import Worker, WorkerNotActiveError
from tests.domain.histories import (
    BY_STAFF,
    NOW,
    WORKER,
    an_id,
    assert_replays,
    claims,
    engagement,
    last,
    names,
    registered_worker,
)

DAY = date(2026, 11, 23)
AREA, OTHER_AREA = "110105", "110108"
BY: dict[str, Any] = {"by": BY_STAFF, "at": NOW}
LEAVE, OTHER_LEAVE = an_id("leave"), an_id("other leave")
NINE, NOON, SIX = 18, 24, 36


def duty(
    first_slot: int = NINE, end_slot: int = SIX, pool: str = "cleaning", area: str = AREA
) -> Duty:
    return Duty(pool=pool, area=area, first_slot=first_slot, end_slot=end_slot)


def a_day(day: date = DAY) -> Shift:
    return Shift.plan(registered_worker(), day, **BY)


def rostered() -> Shift:
    shift = a_day()
    shift.roster(duty(), **BY)
    return shift


def offered(shift: Shift) -> Counter[tuple[str, str, int]]:
    """The seats that all facts of the day gave and did not take."""
    seats: Counter[tuple[str, str, int]] = Counter()
    for event in shift.pending_events:
        for claim in claims(event):
            assert isinstance(claim, AddSeats | RemoveSeats)
            assert claim.day == DAY
            more = claim.seats if isinstance(claim, AddSeats) else -claim.seats
            for slot in range(claim.first_slot, claim.end_slot):
                seats[claim.pool, claim.area, slot] += more
    return +seats


def seats_in(*slots: range, pool: str = "cleaning", area: str = AREA) -> Counter[Any]:
    return Counter((pool, area, slot) for each in slots for slot in each)


# -- shifts


def test_a_day_that_is_planned_gives_no_seats_yet() -> None:
    shift = a_day()
    assert (shift.id, shift.duty) == (shift_id(WORKER, DAY), None)
    assert claims(last(shift)) == ()


def test_a_shift_gives_one_seat_in_each_of_its_half_hours() -> None:
    shift = rostered()
    assert claims(last(shift)) == (AddSeats("cleaning", AREA, DAY, NINE, SIX, 1),)
    assert (last(shift).worker_number, last(shift).day) == (7, "2026-11-23")


def test_the_same_shift_again_is_no_news() -> None:
    shift = rostered()
    assert not shift.roster(duty(), **BY)
    assert names(shift) == ["Planned", "Rostered"]


def test_a_worker_of_two_trades_serves_one_of_them_a_day() -> None:
    shift = rostered()
    assert shift.roster(duty(pool="appliances", area=OTHER_AREA), **BY)
    assert names(shift)[-1] == "Changed"
    assert offered(shift) == seats_in(range(NINE, SIX), pool="appliances", area=OTHER_AREA)


def test_other_hours_move_only_the_seats_that_differ() -> None:
    shift = rostered()
    shift.roster(duty(first_slot=20, end_slot=38), **BY)
    assert claims(last(shift)) == (
        RemoveSeats("cleaning", AREA, DAY, 18, 20, 1),
        AddSeats("cleaning", AREA, DAY, 36, 38, 1),
    )


def test_a_withdrawn_shift_takes_its_seats_along() -> None:
    shift = rostered()
    shift.withdraw("ill", **BY)
    assert offered(shift) == Counter()
    with pytest.raises(NoShiftError):
        shift.withdraw("ill", **BY)
    assert shift.roster(duty(), **BY)
    assert names(shift)[-1] == "Rostered"


@pytest.mark.parametrize(
    "malformed",
    [
        {"pool": "gardening"},
        {"pool": "care"},
        {"area": "1101"},
        {"area": "110105001"},
        {"area": "11010a"},
        {"first_slot": 20, "end_slot": 20},
        {"first_slot": -1},
        {"end_slot": 49},
    ],
)
def test_a_shift_is_for_a_pool_a_district_and_hours_of_the_day(malformed: dict[str, Any]) -> None:
    shift = a_day()
    with pytest.raises(InvalidInputError):
        shift.roster(duty(**malformed), **BY)
    assert names(shift) == ["Planned"]


def test_a_day_that_is_over_is_not_planned_any_more() -> None:
    shift = a_day()
    late: dict[str, Any] = {"by": BY_STAFF, "at": NOW + timedelta(days=2)}
    shift.roster(duty(), **BY)
    for change in (
        lambda: shift.roster(duty(end_slot=30), **late),
        lambda: shift.withdraw("ill", **late),
        lambda: shift.grant_leave(LEAVE, range(18, 20), "sick", **late),
    ):
        with pytest.raises(PastDayError):
            change()
    assert names(shift) == ["Planned", "Rostered"]


def test_today_may_still_be_planned() -> None:
    assert a_day(date(2026, 11, 22)).roster(duty(), **BY)


# -- who can be given a shift


def worker(skills: list[str], districts: list[str]) -> Worker:
    return Worker.register(WORKER, engagement(skills=skills, districts=districts), **BY)


def test_a_worker_serves_the_pools_of_their_skills_where_they_go() -> None:
    both = worker(skills=["BJ-01", "JD-03"], districts=[AREA])
    for pool in ("cleaning", "appliances"):
        check_fit(both, duty(pool=pool))
    for pool in ("laundry", "hourly", "repair"):
        with pytest.raises(TradeUnfitError):
            check_fit(both, duty(pool=pool))
    with pytest.raises(DistrictUnfitError):
        check_fit(both, duty(area=OTHER_AREA))


def test_who_goes_to_one_street_only_does_not_serve_the_district() -> None:
    with pytest.raises(DistrictUnfitError):
        check_fit(worker(skills=["BJ-01"], districts=["110105001"]), duty())


def test_a_suspended_worker_is_given_no_shift() -> None:
    suspended = worker(skills=["BJ-01"], districts=[AREA])
    suspended.suspend("complaint", **BY)
    with pytest.raises(WorkerNotActiveError):
        check_fit(suspended, duty())


# -- leave within a day


def test_leave_takes_the_seats_of_its_hours_out_of_the_shift() -> None:
    shift = rostered()
    shift.grant_leave(LEAVE, range(NOON, NOON + 4), "personal", **BY)
    assert claims(last(shift)) == (RemoveSeats("cleaning", AREA, DAY, 24, 28, 1),)
    assert offered(shift) == seats_in(range(NINE, NOON), range(NOON + 4, SIX))


def test_leave_before_the_shift_is_known_costs_nothing_and_counts_later() -> None:
    shift = a_day()
    shift.grant_leave(LEAVE, range(SLOTS_A_DAY), "annual", **BY)
    assert claims(last(shift)) == ()
    shift.roster(duty(), **BY)
    assert offered(shift) == Counter()
    shift.revoke_leave(LEAVE, **BY)
    assert offered(shift) == seats_in(range(NINE, SIX))


def test_a_slot_of_two_leaves_is_free_when_both_are_gone() -> None:
    shift = rostered()
    shift.grant_leave(LEAVE, range(18, 24), "personal", **BY)
    shift.grant_leave(OTHER_LEAVE, range(22, 30), "personal", **BY)
    shift.revoke_leave(LEAVE, **BY)
    assert offered(shift) == seats_in(range(18, 22), range(30, SIX))
    shift.revoke_leave(OTHER_LEAVE, **BY)
    assert offered(shift) == seats_in(range(NINE, SIX))


def test_revoking_a_leave_that_is_not_there_is_no_news() -> None:
    shift = rostered()
    shift.revoke_leave(LEAVE, **BY)
    assert names(shift) == ["Planned", "Rostered"]


_spans = st.tuples(st.integers(0, 47), st.integers(1, 48)).filter(lambda each: each[0] < each[1])
_steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("roster"), _spans, st.sampled_from(["cleaning", "hourly"]), st.just(LEAVE)
        ),
        st.tuples(st.just("withdraw"), _spans, st.just(""), st.just(LEAVE)),
        st.tuples(
            st.sampled_from(["grant", "revoke"]),
            _spans,
            st.just(""),
            st.sampled_from([LEAVE, OTHER_LEAVE]),
        ),
    ),
    max_size=12,
)


@given(steps=_steps)
def test_the_seats_are_those_of_the_shift_without_the_leaves(
    steps: list[tuple[str, tuple[int, int], str, UUID]],
) -> None:
    shift = a_day()
    serves: Counter[tuple[str, str, int]] = Counter()
    away: dict[UUID, range] = {}
    for what, (first, end), pool, leave in steps:
        match what:
            case "roster":
                shift.roster(duty(first, end, pool), **BY)
                serves = seats_in(range(first, end), pool=pool)
            case "withdraw" if shift.duty:
                shift.withdraw("ill", **BY)
                serves = Counter()
            case "grant" if leave not in away:
                shift.grant_leave(leave, range(first, end), "sick", **BY)
                away[leave] = range(first, end)
            case "revoke":
                shift.revoke_leave(leave, **BY)
                away.pop(leave, None)
        gone = {slot for span in away.values() for slot in span}
        expected = Counter({key: n for key, n in serves.items() if key[2] not in gone})
        assert offered(shift) == expected
    assert_replays(shift, list(shift.pending_events))


# -- leave as a whole


def at_home(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant of November 2026 by Shanghai's clock."""
    return datetime.combine(date(2026, 11, day), time(hour, minute), SHANGHAI)


def absence(starts_at: datetime, ends_at: datetime, reason_code: str = "annual") -> Absence:
    return Absence(interval=Interval(starts_at, ends_at), reason_code=reason_code)


def granted(starts_at: datetime, ends_at: datetime) -> Leave:
    return Leave.grant(LEAVE, registered_worker(), absence(starts_at, ends_at), **BY)


def test_a_leave_of_many_days_holds_the_worker_with_one_claim() -> None:
    leave = granted(at_home(23), at_home(30))
    assert claims(last(leave)) == (
        TakeWorker(LEAVE, 7, last(leave).starts_at, last(leave).ends_at),
    )
    assert leave.days() == [(date(2026, 11, day), range(48)) for day in range(23, 30)]
    assert_replays(leave, list(leave.pending_events))


def test_a_leave_of_hours_falls_on_their_half_hours() -> None:
    assert granted(at_home(23, 13, 30), at_home(23, 15)).days() == [(DAY, range(27, 30))]
    over_night = granted(at_home(23, 22), at_home(24, 1, 30)).days()
    assert over_night == [(DAY, range(44, 48)), (date(2026, 11, 24), range(3))]


def test_a_revoked_leave_frees_the_worker_once() -> None:
    leave = granted(at_home(23), at_home(24))
    leave.revoke(**BY)
    assert claims(last(leave)) == (ReleaseWorker(LEAVE),)
    with pytest.raises(LeaveOverError):
        leave.revoke(**BY)
    assert_replays(leave, list(leave.pending_events))


def test_a_leave_that_is_over_is_not_revoked() -> None:
    leave = granted(at_home(23), at_home(24))
    with pytest.raises(LeaveOverError):
        leave.revoke(by=BY_STAFF, at=at_home(24))
    assert names(leave) == ["Granted"]


def test_a_leave_may_begin_earlier_today_but_not_yesterday() -> None:
    assert granted(at_home(22), at_home(23)).days() == [(date(2026, 11, 22), range(48))]
    with pytest.raises(PastDayError):
        granted(at_home(21, 23, 30), at_home(23))


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "reason_code"),
    [
        (at_home(23, 9, 15), at_home(23, 10), "annual"),
        (at_home(23, 9), at_home(23, 10, 20), "annual"),
        (at_home(23), at_home(23) + LONGEST_LEAVE + timedelta(minutes=30), "annual"),
        (at_home(23), at_home(24), "tired"),
    ],
    ids=["starts between", "ends between", "too long", "no such reason"],
)
def test_a_leave_that_is_not_in_order_is_refused(
    starts_at: datetime, ends_at: datetime, reason_code: str
) -> None:
    with pytest.raises(InvalidInputError):
        Leave.grant(LEAVE, registered_worker(), absence(starts_at, ends_at, reason_code), **BY)


def test_a_leave_ends_after_it_starts() -> None:
    with pytest.raises(EmptyIntervalError):
        absence(at_home(23), at_home(23))
