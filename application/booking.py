"""Booking (下单): a quote, an order number, the first event of an order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID, uuid5

from application import appliance_care, care, cleaning, dry_cleaning, hourly
from application.areas import Areas
from application.capacity import SlotFullError
from application.commands import ClaimRefusedError, Command, Decision, Outcome
from application.customers import sealed_contact
from application.lines import Asked, Line, OrderRequest
from application.log import Log
from application.numbers import Numbers
from application.tariffs import Tariffs
from application.uploads import Uploads
from application.vault import KeyClass, Vault
from domain.catalogue.quotes import Effort, Quote, effort, quote
from domain.catalogue.services import Service, ServiceNotFoundError
from domain.catalogue.tariff import Tariff
from domain.catalogue.wishes import Wish
from domain.customers import Customer
from domain.errors import NotFoundError, RuleViolationError
from domain.orders.booking import ONLINE, Booking
from domain.orders.changes import Cancellation, PolicyApplied
from domain.orders.order_number import order_number
from domain.orders.service_order import ServiceOrder
from domain.orders.stages import Stage
from domain.orders.windows import Window
from domain.time import shanghai_day

# An unpaid order holds its place so long (facts: reliability 4, API6).
PAY_WITHIN: Final = timedelta(minutes=15)
_NOTHING_PAID: Final = PolicyApplied(version=1, trace=["未支付取消，不产生费用"])
_COUNTY: Final = 6  # digits of a county in GB/T 2260

# By the first two letters of the service code.
LINES: Final[Mapping[str, Line]] = MappingProxyType(
    {
        "BJ": cleaning.LINE,
        "GX": dry_cleaning.LINE,
        "XS": hourly.LINE,
        "JD": appliance_care.LINE,
        "YH": appliance_care.LINE,
        "WX": appliance_care.LINE,
        "YS": care.LINE,
        "BM": care.LINE,
        "LR": care.LINE,
        "HG": care.LINE,
    }
)


class TooManyHoldsError(RuleViolationError):
    """The customer has three unpaid orders, which hold seats that others want."""

    code = "too_many_holds"
    sentence = "您有 3 个待支付订单，请先支付或取消后再下单。"


@dataclass(frozen=True, kw_only=True)
class _Offer:
    """What is offered for a request: the service, its windows and the price.

    A reservation has no price: people call back first (R09).
    """

    sold: Service
    tariff: Tariff
    needed: Effort
    windows: list[Window]
    price: Quote | None


class Bookings:
    """Quotes and books."""

    def __init__(  # noqa: PLR0913, PLR0917 - the ports that booking stands on
        self,
        log: Log,
        vault: Vault,
        numbers: Numbers,
        tariffs: Tariffs,
        areas: Areas,
        uploads: Uploads,
    ) -> None:
        self._log = log
        self._vault = vault
        self._numbers = numbers
        self._tariffs = tariffs
        self._areas = areas
        self._uploads = uploads

    def quote(self, asked: Asked, at: datetime) -> Quote:
        """The price now, with a reason for every line; of a reservation an estimate.

        Raises NotFoundError or InvalidInputError kinds.
        """
        tariff = self._tariffs.at(at)
        line, needed = _line(asked), _effort(asked, tariff)
        windows = line.windows(asked, needed, asked.starts_at)
        return _price(asked, line, windows, tariff, at)

    def book(self, request: OrderRequest, command: Command) -> Outcome:
        """Book an order; the answer holds order_id, order_number, total_fen, pay_by.

        Raises NotFoundError where the customer or service is unknown,
        NotServedError outside the area (R42), SlotFullError, TooManyHoldsError,
        PhotoUnknownError, AccountClosingError, and InvalidInputError kinds.
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

    def _book(self, request: OrderRequest, command: Command) -> Decision:
        customer = self._log.load(Customer, request.customer_id)
        customer.check_active()
        self._uploads.check_known(request.customer_id, request.asked.form.get("photos", ()))
        for place in _line(request.asked).places(request):
            code = request.asked.service_code
            self._areas.check_served(place.district, code, place.coordinates)
        booking = self._booking(request, self._offer(request.asked, command.at), command.at)
        order = _line(request.asked).book(
            uuid5(command.id, "order"), booking, by=command.actor, at=command.at
        )
        # No order slips in behind a closing that was asked for meanwhile.
        return Decision([order], _answer(order), unchanged=[customer])

    def _offer(self, asked: Asked, at: datetime) -> _Offer:
        tariff = self._tariffs.at(at)
        line, sold, needed = (
            _line(asked),
            tariff.service(asked.service_code),
            _effort(asked, tariff),
        )
        windows = line.windows(asked, needed, asked.starts_at)
        price = _price(asked, line, windows, tariff, at) if sold.payment_mode == ONLINE else None
        return _Offer(sold=sold, tariff=tariff, needed=needed, windows=windows, price=price)

    def _booking(self, request: OrderRequest, offer: _Offer, at: datetime) -> Booking:
        asked, sold, price = request.asked, offer.sold, offer.price
        line, seal = _line(asked), partial(self._vault.seal, request.customer_id)
        others = [_alternative(request, offer, each, at) for each in request.alternatives]
        return Booking(
            customer_id=request.customer_id,
            order_number=self._next_number(sold.code, at),
            service_code=sold.code,
            kind_path=list(sold.path),
            source=request.source,
            payment_mode=sold.payment_mode,
            catalogue_revision=offer.tariff.catalogue_revision,
            price_book_version=offer.tariff.book.version,
            lines=[each.as_dict() for each in price.lines] if price else [],
            total_fen=price.total_fen if price else 0,
            tax_class=sold.tax_class,
            windows=offer.windows,
            alternatives=others or None,
            seats=line.seats(asked, offer.windows, offer.needed.crew),
            contact=sealed_contact(self._vault, request.customer_id, request.contact),
            details=line.details(asked, offer.needed, seal),
            pay_by=at + PAY_WITHIN if price else None,
            remark=seal(KeyClass.NOTE, request.remark),
            extra=dict(request.extra) or None,
        )

    def _next_number(self, service_code: str, at: datetime) -> str:
        line, day = service_code[:2], shanghai_day(at)
        return order_number(line, day, self._numbers.next(f"order:{line}:{day.isoformat()}"))


def _line(asked: Asked) -> Line:
    try:
        return LINES[asked.service_code[:2]]
    except KeyError:
        raise ServiceNotFoundError(service_code=asked.service_code) from None


def _effort(asked: Asked, tariff: Tariff) -> Effort:
    sold = tariff.service(asked.service_code)
    return effort(sold, quantity=asked.quantity, items=asked.items, options=asked.options)


def _price(asked: Asked, line: Line, windows: list[Window], tariff: Tariff, at: datetime) -> Quote:
    wish = Wish(
        service_code=asked.service_code,
        district=asked.district[:_COUNTY],
        windows=line.priced(asked, windows),
        quantity=asked.quantity,
        items=asked.items,
        options=asked.options,
    )
    return quote(wish, tariff, at)


def _alternative(
    request: OrderRequest, offer: _Offer, starts_at: datetime, at: datetime
) -> list[Window]:
    """The windows of another start; it has to be one that could be booked and priced as well."""
    asked = replace(request.asked, starts_at=starts_at)
    line = _line(asked)
    windows = line.windows(asked, offer.needed, starts_at)
    if offer.price:
        _price(asked, line, windows, offer.tariff, at)
    return windows


def _answer(order: ServiceOrder) -> dict[str, Any]:
    return {
        "order_id": str(order.id),
        "order_number": order.order_number,
        "total_fen": order.total_fen,
        "pay_by": order.pay_by.isoformat() if order.pay_by else None,
    }
