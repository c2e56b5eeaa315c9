"""The day strip over HTTP: it offers what booking takes, and nothing else."""

import itertools
from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest
import requests

from domain.time import SHANGHAI
from tests.interface.town import CONTACT, Json, Town

SLOTS = "/api/v1/slots"
SEATS = "/api/v1/office/seats"
AREA = "110107"
# Tests plan days of their own, far enough apart, beyond those that the demo plans.
_days = itertools.count(35, 3)


@pytest.fixture
def day(town: Town) -> datetime:
    """Midnight of a day on which nothing is planned."""
    return town.tomorrow(0) + timedelta(days=next(_days))


def seats(town: Town, day: datetime, hours: tuple[str, str], count: int) -> None:
    span = {"day": day.date().isoformat(), "starts": hours[0], "ends": hours[1]}
    body = {"pool": "cleaning", "district": AREA, "seats": count, **span}
    town.dispatcher().do(SEATS, body)


def asked(town: Town, day: datetime, **changes: Json) -> requests.Response:
    usual = {"service_code": "BJ-01", "quantity": 120, "district": AREA}
    return town.anybody().get(SLOTS, first_day=day.date().isoformat(), **{**usual, **changes})


def strips(town: Town, day: datetime, **changes: Json) -> list[Mapping[datetime, str]]:
    """The starts of each day and their room."""
    answer = asked(town, day, **changes)
    assert answer.status_code == 200, answer.text
    return [
        {datetime.fromisoformat(each["starts_at"]): each["room"] for each in one["starts"]}
        for one in answer.json()["days"]
    ]


def book(town: Town, starts_at: datetime, **changes: Json) -> int:
    contact = {**CONTACT, "district": AREA}
    wish = town.wish(starts_at=starts_at.isoformat(), contact=contact, **changes)
    return town.customer().post("/api/v1/orders", wish).status_code


def clock(strip: Mapping[datetime, str]) -> dict[str, str]:
    return {at.astimezone(SHANGHAI).strftime("%H:%M"): room for at, room in strip.items()}


def test_starts_are_the_half_hours_from_which_the_work_fits_into_the_day(
    town: Town, day: datetime
) -> None:
    assert strips(town, day) == [{}]
    seats(town, day, ("09:00", "12:00"), 9)
    assert clock(strips(town, day)[0]) == dict.fromkeys(("09:00", "09:30", "10:00"), "free")
    assert clock(strips(town, day, quantity=180)[0]) == {"09:00": "free"}
    assert strips(town, day, quantity=240) == [{}]


def test_a_start_is_free_few_or_full_by_the_orders_that_still_fit(
    town: Town, day: datetime
) -> None:
    seats(town, day, ("09:00", "13:00"), 3)
    told = []
    for _ in range(4):
        told.append(strips(town, day)[0][day + timedelta(hours=9)])
        status = book(town, day + timedelta(hours=9))
        assert status == (409 if told[-1] == "full" else 201)
    assert told == ["free", "few", "few", "full"]
    assert clock(strips(town, day)[0]) == {
        **dict.fromkeys(("09:00", "09:30", "10:00", "10:30"), "full"),
        "11:00": "free",
    }


def test_a_crew_needs_a_seat_for_everybody(town: Town, day: datetime) -> None:
    seats(town, day, ("09:00", "19:00"), 2)
    new_home = {"service_code": "BJ-02", "quantity": 1_000}
    rooms = set(strips(town, day, **new_home)[0].values())
    assert rooms == {"few"}
    assert book(town, day + timedelta(hours=9)) == 201
    after = strips(town, day, **new_home)[0]
    assert after[day + timedelta(hours=9)] == "full"
    assert book(town, day + timedelta(hours=9), **new_home) == 409


def test_work_may_go_on_after_midnight_where_there_are_seats(town: Town, day: datetime) -> None:
    seats(town, day, ("22:00", "00:00"), 4)
    assert clock(strips(town, day)[0]) == {"22:00": "free"}
    seats(town, day + timedelta(days=1), ("00:00", "01:00"), 4)
    assert clock(strips(town, day)[0]) == dict.fromkeys(("22:00", "22:30", "23:00"), "free")


def test_several_days_are_told_at_once(town: Town, day: datetime) -> None:
    seats(town, day, ("09:00", "11:00"), 1)
    seats(town, day + timedelta(days=2), ("14:00", "16:00"), 3)
    told = asked(town, day, days=14).json()["days"]
    assert [one["day"] for one in told] == [
        (day + timedelta(days=n)).date().isoformat() for n in range(14)
    ]
    first, second, third, *_ = strips(town, day, days=14)
    assert (clock(first), clock(second), clock(third)) == ({"09:00": "few"}, {}, {"14:00": "free"})


@pytest.mark.requirement("R18")
def test_no_start_is_offered_that_is_over_or_too_far_ahead(town: Town) -> None:
    now = town.clock.now().astimezone(SHANGHAI)
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    seats(town, today, ("00:00", "00:00"), 5)
    starts = strips(town, today)[0]
    assert min(starts) == now + timedelta(minutes=30)
    assert book(town, now) == 422
    last = today + timedelta(days=90)
    seats(town, last, ("00:00", "00:00"), 5)
    seats(town, last + timedelta(days=1), ("00:00", "00:00"), 5)
    ahead, beyond = strips(town, last, days=2)
    assert max(ahead) == now + timedelta(days=90) - timedelta(hours=2)
    assert beyond == {}
    assert book(town, max(ahead)) == 201
    assert book(town, max(ahead) + timedelta(minutes=30)) == 422
    assert strips(town, today - timedelta(days=5), days=5) == [{}] * 5


def test_whatever_is_offered_can_be_booked_and_what_is_full_cannot(
    town: Town, day: datetime
) -> None:
    for hours, count in ((("08:00", "10:00"), 1), (("10:00", "12:00"), 2), (("13:00", "15:00"), 1)):
        seats(town, day, hours, count)
    for hour in (8, 10, 13):
        assert book(town, day + timedelta(hours=hour)) == 201
    for half_hours in range(48):
        starts_at = day + half_hours * timedelta(minutes=30)
        room = strips(town, day)[0].get(starts_at, "closed")
        assert book(town, starts_at) == (201 if room in {"free", "few"} else 409)


@pytest.mark.requirement("R42")
def test_where_the_company_does_not_work_there_are_no_slots(town: Town, day: datetime) -> None:
    answer = asked(town, day, district="510107")
    assert (answer.status_code, answer.json()["code"]) == (409, "area_not_served")
    assert "暂未开通" in answer.json()["title"]


@pytest.mark.parametrize(
    "changes",
    [
        {"days": 0},
        {"days": 15},
        {"first_day": "2026-02-30"},
        {"first_day": "9999-12-31", "days": 14},
        {"quantity": 30},
        {"quantity": -1},
        {"option": "sides"},
        {"option": ["a:b", "a:c"]},
        {"item": "shirt:1.5"},
        {"item": "shirt:-1"},
        {"item": "shirt:99999999"},
        {"district": "1101"},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(town: Town, changes: Mapping[str, Json]) -> None:
    first_day = town.tomorrow().date().isoformat()
    wish = {"first_day": first_day, "service_code": "BJ-01", "quantity": 120}
    answer = town.anybody().get(SLOTS, **{**wish, "district": AREA, **changes})
    assert answer.status_code == 422, answer.text


def test_the_form_is_told_the_same_as_the_short_question(town: Town, day: datetime) -> None:
    seats(town, day, ("09:00", "11:30"), 3)
    form = {"service_code": "BJ-01", "quantity": 120, "district": AREA}
    body = {**form, "starts_at": (day + timedelta(hours=15)).isoformat(), "days": 2}
    told = town.anybody().post(SLOTS, body)
    assert told.status_code == 200
    assert told.json() == asked(town, day, days=2).json()
    assert town.anybody().post(SLOTS, {**body, "days": 15}).status_code == 422


def test_care_has_no_slots(town: Town, day: datetime) -> None:
    assert asked(town, day, service_code="ZZ-01").status_code == 404
    for first_day in (day, day + timedelta(days=200)):
        answer = asked(town, first_day, service_code="YS-01", quantity=0)
        assert (answer.status_code, answer.json()["code"]) == (422, "no_slots")


@pytest.mark.parametrize(
    "changes",
    [
        {"district": AREA + "001"},  # seats are of counties: a street's would never be found
        {"district": "1101"},
        {"pool": "care"},
        {"starts": "09:15"},
        {"starts": "09:00Z"},
        {"starts": "12:00", "ends": "09:00"},
        {"day": "9999-12-31"},
        {"seats": -1},
        {"seats": 1_001},
    ],
)
def test_seats_that_nobody_could_find_are_refused(town: Town, changes: Mapping[str, Json]) -> None:
    place = {"pool": "cleaning", "district": AREA, "day": town.tomorrow().date().isoformat()}
    body = {**place, "starts": "09:00", "ends": "12:00", "seats": 1, **changes}
    position = town.position()
    assert town.dispatcher().post(SEATS, body).status_code == 422
    assert town.position() == position
