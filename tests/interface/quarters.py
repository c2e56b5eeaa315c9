"""A quarter: a district of a test's own, with seats that nobody else books."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime

import pytest
import requests

from tests.interface.town import CONTACT, Caller, Json, Town

ORDERS = "/api/v1/orders"
SEATS = "/api/v1/office/seats"
_numbers = itertools.count(2000)


def new_district() -> str:
    """A district's code that nobody has."""
    return f"11{next(_numbers):04d}"


@dataclass(frozen=True)
class Quarter:
    """A served district of the test's own, tomorrow from 9 to 21 o'clock."""

    town: Town
    seats: int
    district: str = field(default_factory=new_district)

    def __post_init__(self) -> None:
        """Take the district into the area of service."""
        where = {"district": self.district, "name": "新区", "centre": "116.4,39.9"}
        body = {**where, "radius_metres": 50_000, "pools": ["cleaning"]}
        self.town.dispatcher().do("/api/v1/office/areas", body)

    def open(self) -> "Quarter":
        self.set_seats(self.seats)
        return self

    def set_seats(self, seats: int) -> None:
        day = self.town.tomorrow().date().isoformat()
        hours = {"day": day, "starts": "09:00", "ends": "21:00"}
        where = {"pool": "cleaning", "district": self.district}
        self.town.dispatcher().do(SEATS, {**where, **hours, "seats": seats})

    def wish(self, starts_at: datetime, **more: Json) -> Json:
        contact = {**CONTACT, "district": self.district}
        return self.town.wish(starts_at=starts_at.isoformat(), contact=contact, **more)

    def ask(self, customer: Caller, hour: int = 9, **more: Json) -> requests.Response:
        """Two hours of one cleaner from that hour on."""
        return customer.post(ORDERS, self.wish(self.town.tomorrow(hour), **more))

    def book(self, customer: Caller, hour: int = 9, **more: Json) -> Json:
        answer = self.ask(customer, hour, **more)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def is_full(self, hour: int = 9) -> bool:
        """Whether somebody who asks is refused; who is not gives it up at once."""
        customer = self.town.customer()
        answer = self.ask(customer, hour)
        if answer.status_code == 201:
            cancel(customer, answer.json())
            return False
        assert_slot_full(answer)
        return True


@pytest.fixture
def quarter(town: Town) -> Quarter:
    """One seat."""
    return Quarter(town, 1).open()


def cancel(customer: Caller, order: Json) -> Json:
    return customer.do(f"{ORDERS}/{order['order_id']}/cancellation")


def assert_slot_full(answer: requests.Response) -> None:
    assert answer.status_code == 409, answer.text
    told = answer.json()
    assert (told["code"], told["title"]) == ("slot_full", "该时段已约满，请换一个时间。")
