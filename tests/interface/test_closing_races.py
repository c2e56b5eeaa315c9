"""Closing, withdrawing, booking and erasing at once: nobody erased has an open order."""

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from application.booking import Bookings
from application.commands import Command, Decision
from application.customers import sealed_contact
from application.erasure import CLOSING_ENDS, CustomerMatters, Erasures
from application.lines import Asked, Contact, OrderRequest
from application.messages import Messages, Words
from application.paying import Paying, PayRequest
from application.policy import Deadline, TryLaterError
from domain.customer_closing import CLOSING_PERIOD, AccountErasedError
from domain.customers import Customer
from domain.errors import JiawuError
from domain.messages import MessageThread, thread_id
from domain.open_matters import open_matters
from domain.orders.errors import OrderClosedError
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.service_order import ServiceOrder
from domain.payment_attempts import NATIVE
from domain.payments import Payment, payment_id
from infrastructure.customers_orders import ProjectedOrders
from tests.domain.histories import (
    NOW,
    POLICY,
    completed_order,
)
from tests.interface.town import CONTACT, DISTRICT, Town

ROUNDS = 12
_phones = count(13_622_220_000)
_order_numbers = count(5_000)
_BOOKED = text(
    "select stream_id from log.events"
    " where name = 'cleaning_order.booked' and state::json->>'customer_id' = :customer"
)


@dataclass(frozen=True)
class Household:
    """A customer whom several threads have to do with at once."""

    town: Town
    id: UUID

    def command(self, *, ago: timedelta = timedelta(0)) -> Command:
        now = self.town.clock.now()
        return Command(uuid4(), f"customer:{self.id}", "", now - ago)

    def book(self, bookings: Bookings | None = None) -> str:
        self.booked(bookings)
        return "booked"

    def booked(self, bookings: Bookings | None = None) -> Mapping[str, Any]:
        """The answer to a booking."""
        asked = Asked(
            service_code="BJ-01",
            district=DISTRICT,
            starts_at=self.town.tomorrow(10),
            quantity=120,
        )
        contact = Contact(**CONTACT)
        request = OrderRequest(customer_id=self.id, asked=asked, contact=contact, source="wechat")
        return (bookings or self.town.house.bookings).book(request, self.command()).answer

    def ask(self) -> Deadline:
        """Closing was asked for a week ago; its deadline, which is due now."""
        position = self.town.house.closings.request(
            self.id, "customer", self.command(ago=CLOSING_PERIOD)
        ).position
        version: int = self.customer().closing_version
        which = {"position": position, "version": version}
        return Deadline(CLOSING_ENDS, str(self.id), self.town.clock.now(), which)

    def ask_into(self, deadlines: list[Deadline]) -> str:
        deadlines.append(self.ask())
        return "asked"

    def withdraw(self) -> str:
        self.town.house.closings.withdraw(self.id, self.command())
        return "withdrawn"

    def withdraw_and_book(self) -> str:
        self.withdraw()
        return self.book()

    def erase(self, deadline: Deadline) -> str:
        self.town.house.erasures.closing_ends(deadline)
        return "erased" if self.customer().is_erased() else "left alone"

    def customer(self) -> Customer:
        return self.town.house.log.load(Customer, self.id)

    def paid_and_done(self) -> UUID:
        """The id of an order that is over, and paid."""
        done = completed_order(
            customer_id=self.id,
            order_number=order_number("BJ", NOW.date(), next(_order_numbers)),
            contact=sealed_contact(self.town.house.vault, self.id, Contact(**CONTACT)),
        )
        done.review(5, by=f"customer:{self.id}", at=NOW)
        self.town.house.log.run(self.command(), lambda: Decision([done]))
        return done.id

    def owe_back(self, order_id: UUID) -> None:
        """The office gives some of the money back."""
        log, command = self.town.house.log, self.command()

        def decide() -> Decision:
            order = log.load(ServiceOrder, order_id)
            given: dict[str, Any] = {"reason_code": "goodwill", "policy": POLICY}
            order.refund_due(100, by=command.actor, at=command.at, **given)
            return Decision([order])

        log.run(command, decide)

    def open_orders(self) -> int:
        """Read from the log itself."""
        house = self.town.house
        with house.engine.connect() as connection:
            found = list(connection.execute(_BOOKED, {"customer": str(self.id)}).scalars())
        orders = [house.log.load(ServiceOrder, each) for each in found]
        return sum(bool(open_matters(each, [], self.town.clock.now())) for each in orders)


def a_household(town: Town) -> Household:
    house = town.house
    command = Command(uuid4(), "staff:test", "", town.clock.now())
    registered = house.customers.register_by_phone(str(next(_phones)), command)
    return Household(town, UUID(str(registered.answer["customer_id"])))


def at_once(*acts: Callable[[], str]) -> list[str]:
    """What becomes of acts that begin together: their word, or the code of the refusal."""
    start = Barrier(len(acts))

    def do(act: Callable[[], str]) -> str:
        start.wait(20)
        try:
            return act()
        except JiawuError as refused:
            return refused.code
        except TryLaterError:
            return "waits"

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(do, acts))


def test_an_erasure_that_meets_bookings_and_withdrawals_leaves_nothing_open(town: Town) -> None:
    seen = Counter[str]()
    for number in range(ROUNDS):
        who = a_household(town)
        erase = partial(who.erase, who.ask())
        town.catch_up()
        other = who.withdraw_and_book if number % 2 else who.book
        seen.update(at_once(erase, other, who.book))
        assert not (who.customer().is_erased() and who.open_orders())
    assert seen["erased"] >= ROUNDS // 2
    assert set(seen) <= {
        *("erased", "left alone", "waits", "booked", "withdrawn"),
        *("account_closing", "account_erased", "not_closing", "busy"),
    }


def test_a_booking_that_meets_the_closing_is_refused_or_waited_for(town: Town) -> None:
    seen = Counter[str]()
    for _ in range(ROUNDS):
        who, deadlines = a_household(town), list[Deadline]()
        ask = partial(who.ask_into, deadlines)
        seen.update(at_once(ask, who.book, who.book))
        town.catch_up()
        seen.update(at_once(partial(who.erase, deadlines[0])))
        assert who.customer().is_erased() == (who.open_orders() == 0)
    assert seen["asked"] == ROUNDS
    assert seen["booked"] + seen["account_closing"] + seen["busy"] == 2 * ROUNDS
    assert seen["erased"] + seen["waits"] == ROUNDS


@dataclass(frozen=True)
class Interrupted:
    """A port that lets something happen in the middle of a decision, the first time."""

    happens: list[Callable[[], object]]

    def interrupt(self) -> None:
        if self.happens:
            self.happens.pop()()


class SlowNumbers(Interrupted):
    """Order numbers, given out after the customer was read."""

    def next(self, name: str) -> int:
        del name
        self.interrupt()
        return next(_order_numbers)


class SlowFacts(Interrupted):
    """Payments, looked at after the order was read."""

    def attempts_of(self, order: ServiceOrder, charge_number: int) -> list[Payment]:
        del order, charge_number
        self.interrupt()
        return []


def slow_bookings(town: Town, *happens: Callable[[], object]) -> Bookings:
    house = town.house
    numbers = SlowNumbers(list(happens))
    return Bookings(house.log, house.vault, numbers, house.tariffs, house.areas, house.uploads)


def test_a_booking_that_read_an_active_customer_is_refused_behind_the_closing(town: Town) -> None:
    who = a_household(town)

    def close_and_erase() -> None:
        deadline = who.ask()
        town.catch_up()
        assert who.erase(deadline) == "erased"

    with pytest.raises(AccountErasedError):
        who.book(slow_bookings(town, close_and_erase))
    assert who.open_orders() == 0


def test_a_booking_goes_through_where_the_customer_only_saved_an_address(town: Town) -> None:
    who = a_household(town)
    save = partial(town.house.address_book.add, who.id, Contact(**CONTACT), who.command())
    assert who.book(slow_bookings(town, save)) == "booked"
    assert who.open_orders() == 1


def test_an_order_that_changes_while_it_is_judged_is_judged_again(town: Town) -> None:
    """It was over when it was read, and owes money back when the erasure is written."""
    who, house = a_household(town), town.house
    order_id = who.paid_and_done()
    deadline = who.ask()
    town.catch_up()
    facts: Any = SlowFacts([partial(who.owe_back, order_id)])
    index = ProjectedOrders(house.engine, house.progress)
    erasures = Erasures(
        house.log,
        CustomerMatters(house.log, facts, index),
        *(house.vault, house.sessions, house.raw_notices, house.clock),
    )
    with pytest.raises(TryLaterError, match="refund"):
        erasures.closing_ends(deadline)
    assert not who.customer().is_erased()


def test_the_erasure_waits_until_every_order_from_before_the_closing_is_listed(town: Town) -> None:
    who = a_household(town)
    who.book()
    deadline = who.ask()
    with pytest.raises(TryLaterError, match="behind"):
        who.erase(deadline)
    town.catch_up()
    with pytest.raises(TryLaterError, match="order of"):
        who.erase(deadline)
    assert not who.customer().is_erased()


def test_the_deadline_of_a_closing_that_was_withdrawn_leaves_the_next_one_alone(
    town: Town,
) -> None:
    who = a_household(town)
    first = who.ask()
    who.withdraw()
    second = who.ask()
    town.catch_up()
    assert who.erase(first) == "left alone"
    assert who.erase(second) == "erased"


class SlowUploads(Interrupted):
    """Photos, looked at after the customer was read."""

    def check_known(self, owner: UUID, photos: object) -> None:
        del owner, photos
        self.interrupt()


def test_no_message_is_written_behind_the_erasure(town: Town) -> None:
    who, house = a_household(town), town.house
    deadline = who.ask()
    town.catch_up()
    uploads: Any = SlowUploads([partial(who.erase, deadline)])
    messages = Messages(house.log, house.vault, house.read_marks, uploads)
    with pytest.raises(AccountErasedError):
        messages.write(who.id, None, Words(text="在吗？"), who.command())
    assert house.log.find(MessageThread, thread_id(who.id, 1)) is None


def test_no_attempt_to_pay_begins_behind_the_end_of_its_order(town: Town) -> None:
    """The order was waiting for its price when it was read, and is over when that is written."""
    who, house = a_household(town), town.house
    order_id = UUID(str(who.booked()["order_id"]))
    number = house.log.load(ServiceOrder, order_id).order_number

    def cancel_and_erase() -> None:
        house.bookings.cancel_unpaid(order_id, who.id, who.command())
        deadline = who.ask()
        town.catch_up()
        assert who.erase(deadline) == "erased"

    facts: Any = SlowFacts([cancel_and_erase])
    unused: Any = None
    paying = Paying(house.log, house.vault, unused, facts, unused, "wx0123456789abcdef")
    request = PayRequest(order_id=order_id, customer_id=who.id, charge_number=1, trade_type=NATIVE)
    with pytest.raises(OrderClosedError):
        paying.start(request, who.command())
    assert house.log.find(Payment, payment_id(out_trade_no(number, 1, 1))) is None
