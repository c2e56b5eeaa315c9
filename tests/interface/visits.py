"""A visit: a paid order for an hour of tomorrow, as its customer and the office see it."""

import itertools
from uuid import UUID

import requests

from domain.orders.service_order import ServiceOrder
from tests.interface.town import Caller, Json, Town

OFFICE = "/api/v1/office/orders"
EXCEPTIONS = "/api/v1/office/exceptions"
_hours = itertools.cycle(range(8, 18))


class Visit:
    """A paid order for an hour of tomorrow, as its customer and the office see it."""

    def __init__(self, town: Town, hour: int | None = None) -> None:
        self.town = town
        self.customer = town.customer()
        self.office = town.dispatcher()
        self.starts_at = town.tomorrow(next(_hours) if hour is None else hour)
        self.order = town.paid(self.customer, starts_at=self.starts_at.isoformat())
        self.id = self.order["order_id"]
        self.path = f"{OFFICE}/{self.id}"

    def suggested(self, worker: str) -> Json:
        """The suggestion of a worker; None where there is none."""
        return self._of(worker, "suggestions")

    def unsuited(self, worker: str) -> Json:
        """Why a worker is not suggested; None where they are."""
        return self._of(worker, "unsuited")

    def _of(self, worker: str, which: str) -> Json:
        self.town.catch_up()
        found = self.office.read(f"{self.path}/suggestions", limit=100)[which]
        return next((each for each in found if each["worker_id"] == worker), None)

    def assign(self, worker: str, **more: Json) -> None:
        self.office.do(f"{self.path}/assignment", {"crew": [worker], **more})

    def assigned(self) -> str:
        """The new worker who was given it."""
        worker = self.town.worker(self.office)
        self.assign(worker)
        return worker

    def accept(self) -> None:
        self.office.do(f"{self.path}/acceptance")

    def report(self, *stages: str) -> None:
        for stage in stages:
            self.office.do(f"{self.path}/progress", {"stage": stage})

    def stage(self) -> str:
        return str(self.aggregate().stage)

    def aggregate(self) -> ServiceOrder:
        return self.town.house.log.load(ServiceOrder, UUID(self.id))

    def facts(self) -> list[str]:
        return [name.partition(".")[2] for name in self.town.facts_of(UUID(self.id))]

    def exceptions(self) -> list[Json]:
        """Its exceptions as the office's list has them."""
        self.town.catch_up()
        office = self.town.dispatcher()  # the first one's session may be over
        return [each for each in all_exceptions(office) if each["order_id"] == self.id]

    def kinds(self) -> list[str]:
        return [each["kind"] for each in self.exceptions() if each["resolved_at"] is None]


def all_exceptions(office: Caller, **query: Json) -> list[Json]:
    found, cursor = list[Json](), ""
    while True:
        page = office.read(EXCEPTIONS, limit=3, cursor=cursor, **query)
        found += page["exceptions"]
        cursor = page["next_cursor"]
        if not cursor:
            return found


def assert_refused(answer: requests.Response, status: int, code: str, sentence: str) -> None:
    told = answer.json()
    assert (answer.status_code, told["code"], told["title"]) == (status, code, sentence)
