"""Paid lives of cleaning orders over HTTP: booked, paid inside WeChat, done, accepted.

A client begins the next order while WeChat tells of the payment before it, and
then has the earlier one done: it never waits idly for a notice.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from time import perf_counter, sleep
from typing import Final

import sqlalchemy as sa

from bench.house.caller import Caller, Json, RefusedError, Sample
from bench.house.closed_loop import Window, closed_loop
from bench.house.people import SERVICE, Appointment, People
from bench.notices.sales import DISTRICT
from domain.orders.stages import Stage
from interface.household import Household

BOOK, PAY, BOARD, LIST, LOOK = "book", "pay", "board", "list", "look"
ASSIGN, ACCEPT, PROGRESS, COMPLETE = "assign", "accept", "progress", "complete"
COMMANDS: Final = (BOOK, PAY, ASSIGN, ACCEPT, PROGRESS, COMPLETE)
STAGES: Final = (Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
COMMANDS_A_LIFE: Final = 5 + len(STAGES)
_ORDERS: Final = "/api/v1/orders"
OFFICE: Final = "/api/v1/office/orders"
_PAID: Final = "awaiting_assignment"
_LOOKS_AT_LISTS_EVERY: Final = 4
_LOOK_AGAIN_SECONDS: Final = 0.1
_PATIENCE_SECONDS: Final = 60.0
_CONTACT: Final = {
    "name": "陈女士",
    "phone": "13912345678",
    "address": "朝阳区望京街 1 号院 2 单元 301",
    "district": DISTRICT,
}
# Each fact as the log names it, and what the clients or WeChat call it.
_FACTS: Final = {
    "cleaning_order.booked": BOOK,
    "payment.started": PAY,
    "cleaning_order.assigned": ASSIGN,
    "cleaning_order.accepted": ACCEPT,
    "cleaning_order.progressed": PROGRESS,
    "cleaning_order.completed": COMPLETE,
}
_COUNTS: Final = sa.text(
    "select name, count(*) from log.events where position > :after group by name"
)


@dataclass(frozen=True)
class _Order:
    """A booking, whose it is, and who will come."""

    order_id: str
    customer: str
    worker_id: str


@dataclass
class Lives:
    """What is ready for the clients; goes on where the round before ended."""

    people: People
    web_port: int
    pay_port: int

    def __post_init__(self) -> None:
        self._appointments = [iter(own) for own in self.people.appointments]

    def measure(self, seconds: float) -> Window:
        """One cell of all clients."""
        clients = len(self._appointments)
        return closed_loop(self.web_port, clients, seconds, COMMANDS_A_LIFE, self._steps)

    def _steps(self, web: Caller, number: int) -> Iterator[None]:
        client = _Client(
            web,
            self.people.offices[number],
            self.people.customers[number],
            self._appointments[number],
        )
        with closing(Caller(self.pay_port)) as wechat:
            yield from client.live(wechat)


@dataclass(frozen=True)
class _Client:
    """One client: its customers book, the office has the work done."""

    web: Caller
    office: str
    customers: Sequence[str]
    appointments: Iterator[Appointment]

    def live(self, wechat: Caller) -> Iterator[None]:
        """One life after the other; each step is one command answered."""
        earlier: _Order | None = None
        for turn in count():
            customer = self.customers[turn % len(self.customers)]
            order = self._book(customer, next(self.appointments))
            yield
            asked = self.web.post(PAY, f"{_ORDERS}/{order.order_id}/payments", {}, customer)
            wechat.post("wechat", "/_sim/pay", {"out_trade_no": asked["out_trade_no"]})
            yield
            if turn % _LOOKS_AT_LISTS_EVERY == 0:
                self._look_at_lists(customer)
            if earlier:
                self._wait_until_paid(earlier)
                yield from self._work(earlier)
            earlier = order

    def _book(self, customer: str, appointment: Appointment) -> _Order:
        wish = {
            "service_code": SERVICE,
            "quantity": 120,
            "starts_at": appointment.starts_at.isoformat(),
            "contact": _CONTACT,
        }
        booked = self.web.post(BOOK, _ORDERS, wish, customer)
        return _Order(booked["order_id"], customer, appointment.worker_id)

    def _look_at_lists(self, customer: str) -> None:
        self.web.get(BOARD, OFFICE, self.office)
        self.web.get(LIST, _ORDERS, customer)

    def _wait_until_paid(self, order: _Order) -> None:
        began = perf_counter()
        while self._stage(order) != _PAID:
            if perf_counter() - began > _PATIENCE_SECONDS:
                raise TimeoutError
            sleep(_LOOK_AGAIN_SECONDS)

    def _stage(self, order: _Order) -> str:
        """As the customer's page has it; "" where it has not heard of the order yet."""
        try:
            shown = self.web.get(LOOK, f"{_ORDERS}/{order.order_id}", order.customer)
        except RefusedError as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            return ""
        return str(shown["stage"])

    def _work(self, order: _Order) -> Iterator[None]:
        crew = {"crew": [order.worker_id], "reasons": ["距离最近"]}
        self._tell(ASSIGN, order, "assignment", crew)
        yield
        self._tell(ACCEPT, order, "acceptance", {})
        yield
        for stage in STAGES:
            self._tell(PROGRESS, order, "progress", {"stage": stage})
            yield
        self._tell(COMPLETE, order, "completion", {})
        yield

    def _tell(self, name: str, order: _Order, what: str, body: Json) -> None:
        self.web.post(name, f"{OFFICE}/{order.order_id}/{what}", body, self.office)


def facts_since(house: Household, position: int) -> Counter[str]:
    """How often each fact was stated behind `position`."""
    with house.engine.connect() as connection:
        rows = connection.execute(_COUNTS, {"after": position})
        return Counter({row.name: row.count for row in rows})


def differences(facts: Counter[str], samples: Sequence[Sample]) -> int:
    """By how much the log's facts and the clients' good answers disagree; 0 is right."""
    answered = Counter(each.name for each in samples)
    apart = sum(abs(facts[fact] - answered[name]) for fact, name in _FACTS.items())
    # Every attempt was paid, and no money came otherwise.
    money = ("payment.succeeded", "cleaning_order.paid")
    return apart + sum(abs(facts[fact] - answered[PAY]) for fact in money)
