"""Booking (下单): a quote, an order number, the first event of an order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from application.capacity import SlotFullError
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.log import Log
from application.numbers import Numbers
from application.vault import KeyClass, Vault
from domain.capacity import held_seats
from domain.catalogue.quotes import Quote, effort, quote
from domain.catalogue.services import service
from domain.customers import Customer
from domain.errors import NotFoundError, RuleViolationError
from domain.orders.booking import Booking
from domain.orders.changes import Cancellation, PolicyApplied
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.orders.windows import window
from domain.time import shanghai_day

# An unpaid order holds its place so long (facts: reliability 4, API6).
PAY_WITHIN: Final = timedelta(minutes=15)
_NOTHING_PAID: Final = PolicyApplied(version=1, trace=["未支付取消，不产生费用"])


@dataclass(frozen=True, kw_only=True)
class Contact:
    """Where the work is to be done and whom to call, in clear; sealed before it is kept.

    `district` is the GB/T 2260 code; `coordinates` "lng,lat" in GCJ-02 or "".
    """

    name: str
    phone: str
    address: str
    district: str
    coordinates: str = ""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What is to be cleaned, and when: everything that the price depends on.

    `quantity` in base units of the service (minutes, tenths of ㎡).
    """

    service_code: str
    quantity: int
    starts_at: datetime
    district: str
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class CleaningRequest:
    """A wish with a customer, a contact and details of the leaf."""

    customer_id: UUID
    wish: Wish
    contact: Contact
    source: str
    remark: str = ""
    rooms: tuple[str, ...] = ()
    survey: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


class TooManyHoldsError(RuleViolationError):
    """The customer has three unpaid orders, which hold seats that others want."""

    code = "too_many_holds"
    sentence = "您有 3 个待支付订单，请先支付或取消后再下单。"


class Bookings:
    """Quotes and books."""

    def __init__(self, log: Log, vault: Vault, numbers: Numbers) -> None:
        self._log = log
        self._vault = vault
        self._numbers = numbers

    def quote(self, wish: Wish, at: datetime) -> Quote:
        """The price now, with a reason for every line.

        Raises NotFoundError or InvalidInputError kinds.
        """
        return quote(
            wish.service_code,
            wish.quantity,
            wish.options,
            window_start=wish.starts_at,
            window_end=_ends_at(wish),
            district=wish.district,
            at=at,
        )

    def book_cleaning(self, request: CleaningRequest, command: Command) -> Outcome:
        """Book a cleaning; the answer holds order_id, order_number, total_fen, pay_by.

        Raises NotFoundError where the customer or service is unknown,
        SlotFullError, TooManyHoldsError, and InvalidInputError kinds.
        """
        return self._claiming(command, lambda: self._book(request, command))

    def cancel_unpaid(self, order_id: UUID, customer_id: UUID, command: Command) -> Outcome:
        """The customer gives up an order that nobody paid; its seats are free at once.

        Raises NotFoundError where the order is not the customer's, and
        WrongStageError where it does not await payment.
        """
        return self._log.run(command, lambda: self._cancel_unpaid(order_id, customer_id, command))

    def _claiming(self, command: Command, decide: Callable[[], Decision]) -> Outcome:
        try:
            return self._log.run(command, decide)
        except ClaimRefusedError as refused:
            if refused.kind == "seats":
                raise SlotFullError(claim=refused.claim) from refused
            if refused.kind == "open_hold":
                raise TooManyHoldsError from refused
            raise

    def _cancel_unpaid(self, order_id: UUID, customer_id: UUID, command: Command) -> Decision:
        order = self._log.load(ServiceOrder, order_id)
        if order.customer_id != customer_id:
            raise NotFoundError
        order.check_stage({Stage.AWAITING_PAYMENT})
        why = Cancellation(reason_code="customer", policy=_NOTHING_PAID)
        order.cancel(why, by=command.actor, at=command.at)
        return Decision([order], {"order_id": str(order.id), "stage": order.stage})

    def _book(self, request: CleaningRequest, command: Command) -> Decision:
        self._log.load(Customer, request.customer_id)
        order = CleaningOrder.book(
            uuid5(command.id, "order"),
            self._booking(request, command.at),
            by=command.actor,
            at=command.at,
        )
        return Decision([order], _answer(order))

    def _booking(self, request: CleaningRequest, at: datetime) -> Booking:
        priced = self.quote(request.wish, at)
        leaf = service(request.wish.service_code)
        windows = [window("service", request.wish.starts_at, _ends_at(request.wish))]
        return Booking(
            customer_id=request.customer_id,
            order_number=self._next_number(leaf.code, at),
            service_code=leaf.code,
            kind_path=list(leaf.path),
            source=request.source,
            payment_mode=leaf.payment_mode,
            price_book_version=priced.price_book_version,
            lines=[line.as_dict() for line in priced.lines],
            total_fen=priced.total_fen,
            tax_class=priced.tax_class,
            windows=windows,
            seats=held_seats(leaf.code, request.contact.district, windows, priced.crew),
            contact=self._sealed(request.customer_id, request.contact),
            details=_details(request, priced),
            pay_by=at + PAY_WITHIN,
            remark=self._vault.seal(request.customer_id, KeyClass.NOTE, request.remark),
            extra=dict(request.extra) or None,
        )

    def _next_number(self, service_code: str, at: datetime) -> str:
        line, day = service_code[:2], shanghai_day(at)
        return order_number(line, day, self._numbers.next(f"order:{line}:{day.isoformat()}"))

    def _sealed(self, customer_id: UUID, contact: Contact) -> dict[str, str]:
        sealed = {
            name: self._vault.seal(customer_id, KeyClass.CONTACT, text)
            for name, text in vars(contact).items()
            if name != "district" and text
        }
        return {**sealed, "district": contact.district}


def _ends_at(wish: Wish) -> datetime:
    needed = effort(wish.service_code, wish.quantity, wish.options)
    return wish.starts_at + timedelta(minutes=needed.duration_minutes)


def _details(request: CleaningRequest, priced: Quote) -> dict[str, Any]:
    details: dict[str, Any] = {
        "quantity": request.wish.quantity,
        "options": dict(request.wish.options),
        "duration_minutes": priced.duration_minutes,
        "crew": priced.crew,
    }
    if request.rooms:
        details["rooms"] = list(request.rooms)
    if request.survey:
        details["survey"] = True
    return details


def _answer(order: CleaningOrder) -> dict[str, Any]:
    return {
        "order_id": str(order.id),
        "order_number": order.order_number,
        "total_fen": order.total_fen,
        "pay_by": order.pay_by.isoformat() if order.pay_by else None,
    }
