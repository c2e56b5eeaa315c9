"""A sale: an order and its first attempt, which WeChat has prepared."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import select

from infrastructure.outbox import errands
from tests.interface.town import Caller, Json, Town

ORDERS = "/api/v1/orders"
# What is stated of an attempt, and of its order.
STARTED = ["payment.started", "payment.prepared"]
GIVEN_UP = [*STARTED, "payment.closing_requested"]
BOOKED = "cleaning_order.booked"
PAID = [BOOKED, "cleaning_order.paid"]


@dataclass(frozen=True)
class Sale:
    """An order and its first attempt, which WeChat has prepared."""

    town: Town
    customer: Caller
    order: Json
    number: str

    def facts(self) -> list[str]:
        return self.town.facts_of(UUID(self.order["order_id"]))

    def attempt(self) -> list[str]:
        return self.town.facts_of_payment(self.number)

    def shown(self) -> Json:
        self.town.catch_up()
        return self.customer.read(f"{ORDERS}/{self.order['order_id']}")

    def stage(self) -> str:
        return str(self.shown()["stage"])

    def at_wechat(self) -> str:
        return str(self.town.at_wechat(self.number)["state"])

    def pay(self, **how: Json) -> None:
        self.town.pay_at_wechat(self.number, **how)

    def command(self, what: str, body: Json) -> None:
        """Something that happens to the attempt at WeChat."""
        self.town.simulate("pay", f"/_sim/orders/{self.number}/{what}", body)

    def next_number(self) -> str:
        return f"{self.number[:-1]}{int(self.number[-1]) + 1}"

    def calls(self, errand: str) -> list[Json]:
        """The rows of the outbox for calls of one kind about the attempt."""
        rows = errands.c
        query = select(errands).where(rows.request_number == self.number, rows.template == errand)
        with self.town.house.engine.connect() as connection:
            return list(connection.execute(query))


@pytest.fixture
def silent(town: Town) -> Iterator[None]:
    """WeChat sends no notices."""
    town.simulate("pay", "/_sim/notice_rules", {"drop": True})
    yield
    town.simulate("pay", "/_sim/notice_rules", {})


@pytest.fixture
def sale(town: Town) -> Iterator[Sale]:
    customer = town.customer()
    order = town.booked(customer)
    yield Sale(town, customer, order, town.prepared(customer, order))
    town.outside.delete(f"{town.pay_url}/_sim/fail_next", timeout=5)
