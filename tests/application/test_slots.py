"""The day strip of every line: a start is offered if all that the order would hold is free."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

import pytest

from application import appliance_care, care, dry_cleaning, hourly
from application.areas import Areas
from application.lines import Asked
from application.slots import DaySlot, NoSlotsError, Oversold, Room, Seats, Slots
from domain.errors import InvalidInputError
from domain.time import SHANGHAI
from interface.household import Household
from tests.product import NOON

MONDAY = date(2026, 11, 23)
LINES = {
    "GX": dry_cleaning.LINE,
    "XS": hourly.LINE,
    "WX": appliance_care.LINE,
    "YS": care.LINE,
}


class Book:
    """Seats as a test writes them down; nothing is offered on other days and hours."""

    def __init__(self) -> None:
        self.seats: dict[DaySlot, Seats] = {}
        self.asked: list[tuple[str, str]] = []

    def offer(self, day: date, hours: range, offered: int, sold: int = 0) -> None:
        for slot in range(2 * hours.start, 2 * hours.stop):
            self.seats[day, slot] = Seats(offered, sold)

    def between(self, pool: str, area: str, first: date, last: date) -> Mapping[DaySlot, Seats]:
        self.asked.append((pool, area))
        return {key: seats for key, seats in self.seats.items() if first <= key[0] <= last}

    def oversold(self, first: date, last: date) -> list[Oversold]:
        return [
            Oversold("any", "any", day, slot, *seats)
            for (day, slot), seats in self.seats.items()
            if first <= day <= last and seats.sold > seats.offered
        ]


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def slots(house: Household, book: Book) -> Slots:
    return Slots(house.tariffs, Areas(house.log), book, LINES)


def at(hour: int, day: date = MONDAY) -> datetime:
    return datetime.combine(day, time(hour), SHANGHAI)


def rooms(slots: Slots, asked: Asked, day: date = MONDAY) -> dict[datetime, Room]:
    (strip,) = slots.strip(asked, day, 1, NOON)
    return {each.starts_at: each.room for each in strip.starts}


def a_plan(*weekdays: int) -> Asked:
    """Two hours on the weekdays for four weeks."""
    form = {"weekdays": list(weekdays), "weeks": 4} if weekdays else {}
    return Asked(service_code="XS-02", district="110105", starts_at=at(9), quantity=120, form=form)


def test_a_plan_can_start_when_every_visit_of_its_first_period_finds_a_seat(
    slots: Slots, book: Book
) -> None:
    for week in range(4):
        book.offer(MONDAY + timedelta(weeks=week), range(9, 12), 4)
    starts = [at(9), at(9) + timedelta(minutes=30), at(10)]
    assert rooms(slots, a_plan(1)) == dict.fromkeys(starts, Room.FREE)
    assert book.asked == [("hourly", "110105")]
    book.offer(MONDAY + timedelta(weeks=3), range(9, 10), 4, sold=4)
    assert rooms(slots, a_plan(1)) == {
        at(9): Room.FULL,
        at(9) + timedelta(minutes=30): Room.FULL,
        at(10): Room.FREE,
    }
    assert rooms(slots, a_plan(1, 2)) == {}  # nobody works on Tuesdays


def test_a_plan_whose_form_is_not_filled_in_is_refused(slots: Slots) -> None:
    with pytest.raises(InvalidInputError):
        rooms(slots, a_plan())
    with pytest.raises(InvalidInputError):
        rooms(slots, a_plan(8))


def test_who_fetches_garments_has_to_bring_them_back(slots: Slots, book: Book) -> None:
    asked = Asked(service_code="GX-01", district="110105", starts_at=at(9), items={"shirt": 3})
    book.offer(MONDAY, range(9, 12), 4)
    assert rooms(slots, asked) == {}
    for days in range(1, 11):
        book.offer(MONDAY + timedelta(days=days), range(9, 12), 1)
    assert set(rooms(slots, asked).values()) == {Room.FEW}
    assert min(rooms(slots, asked)) == at(9)


@pytest.mark.parametrize("service_code", ["YS-01", "WX-01"])
def test_a_service_whose_time_is_agreed_on_the_phone_has_no_slots(
    slots: Slots, service_code: str
) -> None:
    with pytest.raises(NoSlotsError):
        rooms(slots, Asked(service_code=service_code, district="110105", starts_at=at(9)))


@pytest.mark.parametrize("days", [0, 15])
def test_one_to_fourteen_days_are_told(slots: Slots, days: int) -> None:
    with pytest.raises(InvalidInputError):
        slots.strip(a_plan(1), MONDAY, days, NOON)
