"""Shifts and leave over HTTP: the office's roster gives the seats that customers book."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import pytest
import requests

from domain.areas import DISTRICTS
from domain.time import SHANGHAI
from tests.interface.town import CONTACT, DISTRICT, Caller, Json, Town

SHIFTS = "/api/v1/office/shifts"
LEAVES = "/api/v1/office/leaves"
SEATS = "/api/v1/office/seats"
OVERSOLD = "/api/v1/office/oversold"
ORDERS = "/api/v1/orders"
OFFICE_ORDERS = "/api/v1/office/orders"
# Each test has a week in one of them to itself, beyond those that the demo plans.
AREAS = sorted(set(DISTRICTS) - {DISTRICT})
_numbers = itertools.count()


@dataclass(frozen=True)
class Roster:
    """A dispatcher's week in a district; its day 0 is a Monday."""

    town: Town
    office: Caller
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def area(self) -> str:
        return AREAS[self.number % len(AREAS)]

    def at(self, hour: int = 0, day: int = 0) -> datetime:
        """An instant of the test's week."""
        monday = datetime.combine(self.town.tomorrow().date(), time(), SHANGHAI)
        monday -= timedelta(days=monday.weekday())
        return monday + timedelta(weeks=9 + self.number // len(AREAS), days=day, hours=hour)

    def day(self, number: int = 0) -> str:
        return self.at(day=number).date().isoformat()

    def worker(self, *skills: str) -> str:
        body = {
            "name": "赵师傅",
            "phone": "13700000000",
            "skills": list(skills or ("BJ-01",)),
            "districts": [self.area],
        }
        return str(self.office.do("/api/v1/office/workers", body)["worker_id"])

    def body(self, worker: str, **changes: Json) -> Json:
        """Monday, Wednesday and Friday from 9 to 18 o'clock."""
        usual = {
            "worker_id": worker,
            "pool": "cleaning",
            "district": self.area,
            "weekdays": [1, 3, 5],
            "first_day": self.day(),
            "last_day": self.day(6),
            "starts": "09:00",
            "ends": "18:00",
        }
        return {**usual, **changes}

    def plan(self, worker: str, **changes: Json) -> Json:
        return self.office.do(SHIFTS, self.body(worker, **changes))

    def leave(self, worker: str, starts_at: datetime, ends_at: datetime) -> requests.Response:
        body = {
            "worker_id": worker,
            "starts_at": starts_at.isoformat(),
            "ends_at": ends_at.isoformat(),
            "reason_code": "annual",
        }
        return self.office.post(LEAVES, body)

    def shown(self, worker: str) -> list[Json]:
        """The worker's days of the week."""
        self.town.catch_up()
        rows = self.office.read(SHIFTS, first_day=self.day(), days=7)["shifts"]
        return [row for row in rows if row["worker_id"] == worker]

    def book(self, starts_at: datetime) -> requests.Response:
        contact = {**CONTACT, "district": self.area}
        wish = self.town.wish(starts_at=starts_at.isoformat(), contact=contact)
        return self.town.customer().post(ORDERS, wish)

    def room(self, starts_at: datetime) -> str:
        """What the day strip says of a start; "closed" where there is none."""
        day = starts_at.date().isoformat()
        wish = {"service_code": "BJ-01", "quantity": 120, "district": self.area}
        told = self.town.anybody().read("/api/v1/slots", first_day=day, **wish)["days"][0]
        rooms = {datetime.fromisoformat(each["starts_at"]): each["room"] for each in told["starts"]}
        return str(rooms.get(starts_at, "closed"))


@pytest.fixture
def roster(town: Town) -> Roster:
    return Roster(town, town.dispatcher())


# -- shifts


def test_a_week_of_shifts_is_planned_and_shown(roster: Roster) -> None:
    worker = roster.worker()
    days = [roster.day(0), roster.day(2), roster.day(4)]
    assert roster.plan(worker) == {"worker_id": worker, "days": days}
    shown = roster.shown(worker)
    assert [row["day"] for row in shown] == days
    monday = shown[0]
    assert (monday["pool"], monday["district"], monday["leaves"]) == ("cleaning", roster.area, [])
    assert (monday["starts"], monday["ends"]) == ("09:00:00", "18:00:00")


def test_customers_book_the_seats_that_a_shift_gives(roster: Roster) -> None:
    assert roster.room(roster.at(9)) == "closed"
    assert roster.book(roster.at(9)).json()["code"] == "slot_full"
    roster.plan(roster.worker())
    assert roster.room(roster.at(9)) == "few"
    assert roster.book(roster.at(9)).status_code == 201
    assert roster.room(roster.at(9)) == "full"
    assert roster.room(roster.at(16)) == "few"
    assert roster.room(roster.at(17)) == "closed"  # two hours do not fit before 18:00
    assert roster.room(roster.at(9, day=1)) == "closed"  # Tuesday
    assert roster.book(roster.at(10)).json()["code"] == "slot_full"


def test_shifts_add_to_the_seats_that_are_planned_by_hand(roster: Roster) -> None:
    hours = {"day": roster.day(), "starts": "09:00", "ends": "12:00"}
    roster.office.do(SEATS, {"pool": "cleaning", "district": roster.area, "seats": 1, **hours})
    roster.plan(roster.worker(), weekdays=[1])
    assert [roster.book(roster.at(9)).status_code for _ in range(3)] == [201, 201, 409]


def test_the_same_request_twice_plans_once(roster: Roster) -> None:
    worker, key = roster.worker(), str(uuid4())
    answers = [roster.office.post(SHIFTS, roster.body(worker), key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    position = roster.town.position()
    roster.plan(worker)  # another request, but nothing new
    assert roster.town.position() == position
    assert roster.book(roster.at(9)).status_code == 201
    assert roster.book(roster.at(9)).status_code == 409


def test_a_worker_of_two_trades_is_sold_once(roster: Roster) -> None:
    worker = roster.worker("BJ-01", "JD-03")
    roster.plan(worker, weekdays=[1])
    roster.plan(worker, weekdays=[1], pool="appliances")
    assert roster.book(roster.at(9)).status_code == 409
    (monday,) = roster.shown(worker)
    assert monday["pool"] == "appliances"


def test_a_withdrawn_shift_sells_no_more_and_what_is_sold_is_shown_as_oversold(
    roster: Roster,
) -> None:
    worker = roster.worker()
    roster.plan(worker, weekdays=[1])
    assert roster.book(roster.at(9)).status_code == 201
    week = {"first_day": roster.day(), "days": 7}
    assert roster.office.read(OVERSOLD, **week)["slots"] == []
    body = {"worker_id": worker, "day": roster.day(), "reason_code": "ill"}
    roster.office.do(f"{SHIFTS}/withdrawal", body)
    assert roster.book(roster.at(14)).status_code == 409
    slots = roster.office.read(OVERSOLD, **week)["slots"]
    assert [slot["starts"] for slot in slots] == ["09:00:00", "09:30:00", "10:00:00", "10:30:00"]
    assert {(slot["district"], slot["seats"], slot["sold"]) for slot in slots} == {
        (roster.area, 0, 1)
    }
    assert [row["pool"] for row in roster.shown(worker)] == [""]
    again = roster.office.post(f"{SHIFTS}/withdrawal", body)
    assert (again.status_code, again.json()["code"]) == (409, "no_shift")
    roster.plan(roster.worker(), weekdays=[1])  # somebody else takes the day
    assert roster.office.read(OVERSOLD, **week)["slots"] == []


def test_who_lacks_the_trade_or_the_district_gets_no_shift(roster: Roster) -> None:
    position = roster.town.position
    worker = roster.worker("JD-03")
    refused: list[tuple[Json, str]] = [
        ({}, "worker_lacks_trade"),
        ({"pool": "appliances", "district": DISTRICT}, "worker_lacks_district"),
    ]
    for changes, code in refused:
        before = position()
        answer = roster.office.post(SHIFTS, roster.body(worker, **changes))
        assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert position() == before
    nobody = roster.office.post(SHIFTS, roster.body(str(uuid4())))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")


def test_shifts_that_make_no_sense_are_refused(roster: Roster) -> None:
    worker = roster.worker()
    position = roster.town.position()
    far = [roster.at(day=n).date().isoformat() for n in (180, 187)]
    senseless: list[Json] = [
        {"weekdays": []},
        {"weekdays": [0]},
        {"weekdays": [8]},
        {"weekdays": [7], "last_day": roster.day(5)},
        {"last_day": roster.at(day=-1).date().isoformat()},
        {"last_day": roster.at(day=62).date().isoformat()},
        {"first_day": "2026-11-02", "last_day": "2026-11-08"},
        {"first_day": far[0], "last_day": far[1]},
        {"starts": "09:15"},
        {"starts": "09:00Z"},
        {"starts": "18:00", "ends": "09:00"},
        {"pool": "gardening"},
        {"pool": "care"},
        {"district": "11010"},
    ]
    for changes in senseless:
        answer = roster.office.post(SHIFTS, roster.body(worker, **changes))
        assert answer.status_code == 422, (changes, answer.text)
    assert roster.town.position() == position


# -- leave


def test_a_leave_of_days_takes_the_shifts_seats_and_keeps_later_ones_away(roster: Roster) -> None:
    worker = roster.worker()
    roster.plan(worker, weekdays=[1])
    answer = roster.leave(worker, roster.at(), roster.at(day=3))
    assert answer.status_code == 201
    roster.plan(worker, weekdays=[2])  # planned by mistake: it gives nothing
    assert roster.room(roster.at(9)) == "closed"
    assert roster.room(roster.at(9, day=1)) == "closed"
    leave_id = answer.json()["leave_id"]
    away = [row["leaves"] for row in roster.shown(worker)]
    whole_day = {"leave_id": leave_id, "reason_code": "annual"}
    whole_day |= {"starts": "00:00:00", "ends": "00:00:00"}
    assert away == [[whole_day]] * 3
    roster.office.do(f"{LEAVES}/{leave_id}/revocation")
    assert roster.room(roster.at(9)) == roster.room(roster.at(9, day=1)) == "few"
    assert [row["leaves"] for row in roster.shown(worker)] == [[]] * 3
    again = roster.office.post(f"{LEAVES}/{leave_id}/revocation")
    assert (again.status_code, again.json()["code"]) == (409, "leave_over")


def test_a_leave_of_hours_leaves_the_rest_of_the_shift(roster: Roster) -> None:
    worker = roster.worker()
    roster.plan(worker, weekdays=[1])
    assert roster.leave(worker, roster.at(12), roster.at(14)).status_code == 201
    rooms = {hour: roster.room(roster.at(hour)) for hour in (9, 10, 11, 13, 14, 16)}
    assert rooms == {9: "few", 10: "few", 11: "closed", 13: "closed", 14: "few", 16: "few"}


def test_what_is_sold_of_a_shift_on_leave_is_shown_as_oversold(roster: Roster) -> None:
    worker = roster.worker()
    roster.plan(worker, weekdays=[1])
    assert roster.book(roster.at(9)).status_code == 201
    leave = roster.leave(worker, roster.at(10), roster.at(12)).json()
    week = {"first_day": roster.day(), "days": 7}
    slots = roster.office.read(OVERSOLD, **week)["slots"]
    assert [(slot["starts"], slot["seats"], slot["sold"]) for slot in slots] == [
        ("10:00:00", 0, 1),
        ("10:30:00", 0, 1),
    ]
    roster.office.do(f"{LEAVES}/{leave['leave_id']}/revocation")
    assert roster.office.read(OVERSOLD, **week)["slots"] == []


def order_of(roster: Roster, starts_at: datetime) -> Json:
    """A paid order in the district."""
    town, customer = roster.town, roster.town.customer()
    contact = {**CONTACT, "district": roster.area}
    return town.paid(customer, starts_at=starts_at.isoformat(), contact=contact)


def test_who_is_on_leave_is_given_no_order(roster: Roster) -> None:
    worker, other = roster.worker(), roster.worker()
    roster.plan(other, weekdays=[1])
    order = order_of(roster, roster.at(9))
    path = f"{OFFICE_ORDERS}/{order['order_id']}/assignment"
    leave = roster.leave(worker, roster.at(8), roster.at(12)).json()
    answer = roster.office.post(path, {"crew": [worker]})
    assert (answer.status_code, answer.json()["code"]) == (409, "worker_busy")
    roster.office.do(f"{LEAVES}/{leave['leave_id']}/revocation")
    assert roster.office.do(path, {"crew": [worker]})["stage"] == "awaiting_acceptance"


def test_who_has_an_order_is_given_leave_after_it_was_given_to_another(roster: Roster) -> None:
    worker, other = roster.worker(), roster.worker()
    roster.plan(worker, weekdays=[1])
    order = order_of(roster, roster.at(9))
    orders = f"{OFFICE_ORDERS}/{order['order_id']}"
    roster.office.do(f"{orders}/assignment", {"crew": [worker]})
    position = roster.town.position()
    refused = roster.leave(worker, roster.at(), roster.at(day=1))
    assert (refused.status_code, refused.json()["code"]) == (409, "worker_busy")
    assert order["order_number"] in refused.json()["title"]
    assert roster.town.position() == position
    roster.office.do(f"{orders}/reassignment", {"crew": [other], "reason_code": "leave"})
    assert roster.leave(worker, roster.at(), roster.at(day=1)).status_code == 201


def test_leave_that_makes_no_sense_is_refused(roster: Roster) -> None:
    worker = roster.worker()
    position = roster.town.position()
    for starts_at, ends_at in (
        (roster.at(9), roster.at(9)),
        (roster.at(9), roster.at(9) + timedelta(minutes=20)),
        (roster.at(9), roster.at(day=200)),
        (roster.at(day=-200), roster.at()),
    ):
        assert roster.leave(worker, starts_at, ends_at).status_code == 422
    assert roster.leave(str(uuid4()), roster.at(), roster.at(day=1)).status_code == 404
    assert roster.office.post(f"{LEAVES}/{uuid4()}/revocation").status_code == 404
    assert roster.town.position() == position


def test_a_leave_asked_for_twice_is_one(roster: Roster) -> None:
    worker, key = roster.worker(), str(uuid4())
    body = {
        "worker_id": worker,
        "starts_at": roster.at(9).isoformat(),
        "ends_at": roster.at(12).isoformat(),
        "reason_code": "sick",
    }
    told = [roster.office.post(LEAVES, body, key=key).json() for _ in range(2)]
    assert told[0] == told[1]
    assert roster.town.facts_of(UUID(told[0]["leave_id"])) == ["leave.granted"]
    assert roster.leave(worker, roster.at(10), roster.at(11)).status_code == 409
