"""Closing an account (注销账户): asked for, withdrawn, and carried out when nothing is open.

The order of things makes it safe. A booking rests on its customer's version, so
from the closing on no order is begun; the list of orders is read when its
projection has passed the closing; and the erasure rests on the version of
every order and attempt that was judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol
from uuid import UUID, uuid5

from application.access import Sessions, Subject, SubjectKind
from application.clock import Clock
from application.commands import Command, Decision, Outcome
from application.log import Log
from application.payment_facts import PaymentFacts
from application.policy import Deadline, TryLaterError
from application.vault import KeyClass, Vault
from domain.aggregate import EventSourced
from domain.customer_closing import ClosingCustomer, Standing
from domain.customers import Customer
from domain.errors import JiawuError, RuleViolationError
from domain.open_matters import Matter, open_matters
from domain.orders.service_order import ServiceOrder
from domain.payments import Payment

CLOSING_ENDS: Final = "customer.closing_ends"
FORGET: Final = "customer.forget"
AGAIN: Final = timedelta(days=1)
"""How soon it is looked again whether anything is open."""

# A customer has no other; a class that is new since then is destroyed all the same.
CUSTOMER_CLASSES: Final = tuple(each for each in KeyClass if each != KeyClass.WORKER)

_COMMANDS: Final = UUID("4b8f1f0e-36f2-5d0b-8a53-52b1d0c9e6a7")


class StillOpenError(RuleViolationError):
    """The office closes no account while something is open."""

    code = "still_open"
    sentence = "该客户还有 {count} 项未了事项（订单、支付或退款），暂不能申请注销。"


class OrdersBehindError(JiawuError):
    """The list of the customer's orders is not up to date; a moment later it is."""

    code = "orders_behind"
    status = 503
    sentence = "订单数据正在更新，请稍后再试。"


class OrderIndex(Protocol):
    """Which orders a customer has."""

    def orders_of(self, customer_id: UUID, at_least: int) -> Sequence[UUID]:
        """All that were booked up to the position. Raises OrdersBehindError."""
        ...


class RawNotices(Protocol):
    """The raw notices of payments."""

    def forget(self, numbers: Sequence[str]) -> int:
        """Delete those about attempts of these numbers; return how many there were."""
        ...


@dataclass(frozen=True, slots=True)
class OpenMatter:
    """Something of an order that is open."""

    matter: Matter
    order_id: UUID
    order_number: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Where an account stands; `waits_for` is what is open now, whether or not it closes."""

    standing: Standing
    asked_at: datetime | None
    closes_at: datetime | None
    waits_for: Sequence[OpenMatter]


class CustomerMatters:
    """Judges all that a customer ever ordered and paid."""

    def __init__(self, log: Log, facts: PaymentFacts, index: OrderIndex) -> None:
        self._log = log
        self._facts = facts
        self._index = index

    def orders(self, customer_id: UUID, at_least: int) -> list[tuple[ServiceOrder, list[Payment]]]:
        """Every order booked up to the position, and all attempts to pay it.

        Raises OrdersBehindError.
        """
        found = self._index.orders_of(customer_id, at_least)
        orders = [self._log.load(ServiceOrder, order_id) for order_id in found]
        return [(order, self._attempts(order)) for order in orders]

    def seen(self, customer_id: UUID, at: datetime) -> list[OpenMatter]:
        """What is open of the orders that are listed by now: for a screen."""
        return still_open(self.orders(customer_id, 0), at)

    def open(self, customer_id: UUID, at: datetime) -> list[OpenMatter]:
        """What is open of all that is booked by now. Raises OrdersBehindError."""
        return still_open(self.orders(customer_id, self._log.last_position()), at)

    def _attempts(self, order: ServiceOrder) -> list[Payment]:
        return [each for n in sorted(order.charges) for each in self._facts.attempts_of(order, n)]


class Closings:
    """What customers and administrators do about closing an account."""

    def __init__(self, log: Log, matters: CustomerMatters, clock: Clock) -> None:
        self._log = log
        self._matters = matters
        self._clock = clock

    def closing_of(self, customer_id: UUID) -> Closing:
        """Where the account stands. Raises NotFoundError."""
        customer = self._log.load(Customer, customer_id)
        erased = customer.is_erased()
        waits = [] if erased else self._matters.seen(customer_id, self._clock.now())
        return Closing(
            Standing(customer.standing), customer.closing_asked_at, customer.closes_at, waits
        )

    def request(self, customer_id: UUID, reason_code: str, command: Command) -> Outcome:
        """The customer asks for deletion; what is open only makes it later.

        The answer holds customer_id and closes_at. Asked again it changes nothing.
        Raises NotFoundError, AccountErasedError.
        """
        return self._log.run(command, lambda: self._request(customer_id, reason_code, command))

    def request_for(self, customer_id: UUID, reason_code: str, command: Command) -> Outcome:
        """An administrator asks for a customer who wishes it.

        Raises StillOpenError, NotFoundError, AccountErasedError, OrdersBehindError.
        """

        def decide() -> Decision:
            self._log.load(Customer, customer_id)
            open_now = self._matters.open(customer_id, command.at)
            if open_now:
                raise StillOpenError(count=len(open_now))
            return self._request(customer_id, reason_code, command)

        return self._log.run(command, decide)

    def withdraw(self, customer_id: UUID, command: Command) -> Outcome:
        """The customer stays. Raises NotFoundError, NotClosingError, AccountErasedError."""

        def decide() -> Decision:
            customer = self._log.load(Customer, customer_id)
            customer.withdraw_closing(by=command.actor, at=command.at)
            return Decision([customer], {"customer_id": str(customer_id)})

        return self._log.run(command, decide)

    def _request(self, customer_id: UUID, reason_code: str, command: Command) -> Decision:
        customer = self._log.load(Customer, customer_id)
        customer.request_closing(reason_code, by=command.actor, at=command.at)
        closes_at = customer.closes_at.isoformat() if customer.closes_at else None
        return Decision([customer], {"customer_id": str(customer_id), "closes_at": closes_at})


class Erasures:
    """Carries out what was asked for: first the fact, then the destruction."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ports where something of a customer lies
        self,
        log: Log,
        matters: CustomerMatters,
        vault: Vault,
        sessions: Sessions,
        notices: RawNotices,
        clock: Clock,
    ) -> None:
        self._log = log
        self._matters = matters
        self._vault = vault
        self._sessions = sessions
        self._notices = notices
        self._clock = clock

    def closing_ends(self, deadline: Deadline) -> None:
        """The deadline `customer.closing_ends`: erase, or look again the next day.

        Nothing is done where that closing was withdrawn; another one has a deadline
        of its own. Raises TryLaterError while something is open.
        """
        customer_id, asked = UUID(deadline.subject), deadline.payload
        key = uuid5(_COMMANDS, f"erase:{customer_id}:{asked['version']}")
        command = Command(key, "system:erasure", "", self._clock.now())
        self._log.run(command, lambda: self._erase(customer_id, asked, command))

    def forget(self, deadline: Deadline) -> None:
        """The deadline `customer.forget`: destroy the keys and what else names the person.

        Idempotent, and done again until it is done: a killed worker leaves it waiting.
        """
        customer_id = UUID(deadline.subject)
        self._vault.erase(customer_id)
        self._sessions.revoke_all(Subject(SubjectKind.CUSTOMER, customer_id))
        orders = self._orders(customer_id, deadline.payload["position"])
        self._notices.forget([each.out_trade_no for _, paid in orders for each in paid])

    def _erase(self, customer_id: UUID, asked: Mapping[str, Any], command: Command) -> Decision:
        customer = self._log.load(Customer, customer_id)
        if customer.standing != Standing.CLOSING or customer.closing_version != asked["version"]:
            return Decision([])
        orders = self._orders(customer_id, asked["position"])
        open_now = still_open(orders, command.at)
        if open_now:
            raise TryLaterError(_waiting(open_now), after=AGAIN)
        customer.erase([str(each) for each in CUSTOMER_CLASSES], by=command.actor, at=command.at)
        judged: list[EventSourced] = [each for order, paid in orders for each in (order, *paid)]
        return Decision([customer], unchanged=judged)

    def _orders(self, customer_id: UUID, at_least: int) -> list[tuple[ServiceOrder, list[Payment]]]:
        try:
            return self._matters.orders(customer_id, at_least)
        except OrdersBehindError as behind:
            reason = "the list of orders is behind"
            raise TryLaterError(reason) from behind


def still_open(
    orders: Sequence[tuple[ServiceOrder, Sequence[Payment]]], at: datetime
) -> list[OpenMatter]:
    """What of these orders is open."""
    return [
        OpenMatter(matter, order.id, order.order_number)
        for order, payments in orders
        for matter in open_matters(order, payments, at)
    ]


def closing_deadline(asked: ClosingCustomer.ClosingRequested, position: int) -> Deadline:
    """When the time to think it over is past; `position` is where it was asked for.

    Every order of the customer was booked before that position, and the version
    tells this closing from one that follows its withdrawal.
    """
    which = {"position": position, "version": asked.originator_version}
    return Deadline(CLOSING_ENDS, str(asked.originator_id), asked.closes_at, which)


def forget_deadline(erased: ClosingCustomer.Erased, position: int) -> Deadline:
    """The destruction, due at once; `position` is where the customer was erased."""
    return Deadline(FORGET, str(erased.originator_id), erased.timestamp, {"position": position})


def _waiting(open_now: Sequence[OpenMatter]) -> str:
    told = ", ".join(f"{each.matter} of {each.order_number}" for each in open_now)
    return f"still open: {told}"
