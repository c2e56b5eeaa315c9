"""Dry-cleaning as a test drives it over HTTP."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from tests.interface.quarters import SEATS
from tests.interface.town import CONTACT, DISTRICT, Caller, Json, Town

ORDERS: Final = "/api/v1/orders"
OFFICE: Final = "/api/v1/office/orders"
SHIRT_FEN, COAT_FEN, DELIVERY_FEN = 1_500, 5_500, 1_500
ITEMS: Final = {"shirt": 2, "coat": 1}
GARMENTS: Final = [
    {"label": "A001", "item": "shirt"},
    {"label": "A002", "item": "shirt", "remark": "袖口有墨迹"},
    {"label": "A003", "item": "coat"},
]
TO_CHECK: Final = ("at_workshop", "pre_inspection", "washing", "quality_check")


@dataclass(frozen=True)
class Laundry:
    """A customer's order, and the office that works on it."""

    town: Town
    customer: Caller
    office: Caller
    order: Json

    @property
    def path(self) -> str:
        return f"{ORDERS}/{self.order['order_id']}"

    @property
    def office_path(self) -> str:
        return f"{OFFICE}/{self.order['order_id']}"

    def shown(self) -> Json:
        self.town.catch_up()
        return self.customer.read(self.path)

    def stage(self) -> str:
        return str(self.shown()["stage"])

    def part(self, name: str) -> Json:
        return next(each for each in self.shown()["parts"] if each["part"] == name)

    def do(self, what: str, body: Json) -> Json:
        return self.office.do(f"{self.office_path}/{what}", body)

    def refused(self, what: str, body: Json) -> str:
        answer = self.office.post(f"{self.office_path}/{what}", body)
        assert answer.status_code in {409, 422}, answer.text
        return str(answer.json()["code"])

    def pay(self, charge_number: int = 1) -> None:
        body = {"charge_number": charge_number}
        number = self.customer.do(f"{self.path}/payments", body)["out_trade_no"]
        self.town.pay_at_wechat(number)
        self.town.courier.deliver_due()
        self.town.settle()

    def driver(self) -> str:
        return self.town.worker(self.office, "GX-01")

    def await_pickup(self) -> None:
        self.pay()
        self.do("assignment", {"crew": [self.driver()]})
        self.do("acceptance", {})

    def collect(self, garments: Json = GARMENTS, **more: Json) -> None:
        self.await_pickup()
        first, *others = garments
        photographed = [{**first, "photos": [self.photo()]}, *others]
        self.do("pick-up", {"garments": photographed, **more})

    def photo(self) -> str:
        """The driver's picture, which is always the same one."""
        return self.town.photo(self.office, self.order)

    def advance(self, garments: list[int], *stages: str) -> None:
        for stage in stages:
            self.do("garment-progress", {"garments": garments, "stage": stage})


def open_laundry(town: Town, office: Caller) -> None:
    """Seats for the trips of the next days."""
    for ahead in range(9):
        day = (town.clock.now() + timedelta(days=ahead)).date().isoformat()
        hours = {"day": day, "starts": "00:00", "ends": "00:00", "seats": 500}
        office.do(SEATS, {"pool": "laundry", "district": DISTRICT, **hours})


def laundry_wish(town: Town, **more: Json) -> Json:
    return {
        "service_code": "GX-01",
        "items": ITEMS,
        "starts_at": town.tomorrow().isoformat(),
        "contact": dict(CONTACT),
        **more,
    }
