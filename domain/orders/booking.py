"""What is agreed when an order is booked; frozen in its first event."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from domain.capacity import held_seats
from domain.customers import check_contact
from domain.errors import InvalidInputError
from domain.orders.order_number import check_order_number
from domain.orders.windows import LONGEST_AHEAD, Window, check_windows
from domain.sealed import check_sealed

ONLINE: Final = "online"
RESERVATION: Final = "reservation"
MOST_ALTERNATIVES: Final = 2
SOURCES: Final = ("web", "app", "wechat", "phone", "yixin")


@dataclass(frozen=True, kw_only=True)
class Booking:
    """The facts of a booking.

    Attributes:
        kind_path: names from top kind to leaf, e.g. ["保洁", "日常保洁"] (R14).
        source: the channel (R13), one of SOURCES.
        payment_mode: "online" or "reservation", of the leaf service today (R12).
        lines: the quote's rule trace, each {"code", "reason", "quantity", "unit",
            "unit_price_fen", "amount_fen"}.
        windows: see domain.orders.windows.
        contact: sealed name, phone, address, optional coordinates; clear district.
        details: the leaf's own dict.
        pay_by: until when an online order waits for its money.
        remark: sealed, may be empty.
        seats: what it holds of its pool's capacity, see domain.capacity.held_seats.
        alternatives: up to two further sets of windows that suit the customer too
            (备选时间), in the order of preference; they hold no seats.
        catalogue_revision: what the catalogue said of the service, see
            domain.catalogue.tariff; 0 is the catalogue the company began with.
        extra: further attributes, kept as they are (R22).
    """

    customer_id: UUID
    order_number: str
    service_code: str
    kind_path: list[str]
    source: str
    payment_mode: str
    price_book_version: int
    lines: list[dict[str, Any]]
    total_fen: int
    tax_class: str
    windows: list[Window]
    contact: dict[str, str]
    details: dict[str, Any] = field(default_factory=dict)
    pay_by: datetime | None = None
    remark: str = ""
    extra: dict[str, Any] | None = None
    seats: dict[str, Any] | None = None
    alternatives: list[list[Window]] | None = None
    catalogue_revision: int = 0

    def facts(self) -> dict[str, Any]:
        """The fields as a copy of plain data."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class OrderedWork:
    """How much of what is to be done: all that a price depends on but place and time.

    Quantity, items and options are those of domain.catalogue.wishes.Wish.
    """

    quantity: int = 0
    items: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def booked(cls, details: Mapping[str, Any]) -> "OrderedWork":
        """What a booking's details say."""
        return cls(**{name: details[name] for name in vars(cls()) if name in details})


def check_booking(
    booking: Booking, purposes: tuple[str, ...], at: datetime, ahead: timedelta = LONGEST_AHEAD
) -> None:
    """Check everything that does not depend on the kind of service.

    `ahead` is how far in the future a window may end.

    Raises:
        InvalidInputError: a fact is malformed or contradicts another.
    """
    _check_names(booking)
    _check_money(booking, at)
    for windows in (booking.windows, *_alternatives(booking)):
        check_windows(windows, purposes, at, ahead)
    check_contact(booking.contact)
    check_sealed(remark=booking.remark)
    if booking.seats is not None:
        _check_seats(booking, booking.seats)


def _alternatives(booking: Booking) -> list[list[Window]]:
    alternatives = booking.alternatives or []
    if len(alternatives) > MOST_ALTERNATIVES:
        raise InvalidInputError(field="alternatives")
    return alternatives


def _check_names(booking: Booking) -> None:
    line = check_order_number(booking.order_number)[:2]
    if not booking.service_code.startswith(f"{line}-"):
        raise InvalidInputError(field="service_code")
    if booking.source not in SOURCES:
        raise InvalidInputError(field="source")
    if not booking.kind_path:
        raise InvalidInputError(field="kind_path")


def _check_seats(booking: Booking, seats: dict[str, Any]) -> None:
    """What is held is what was agreed: the windows' slots in the contact's district."""
    crew, district = seats["seats"], booking.contact["district"]
    if crew < 1 or seats != held_seats(booking.service_code, district, booking.windows, crew):
        raise InvalidInputError(field="seats")


def _check_money(booking: Booking, at: datetime) -> None:
    if booking.payment_mode not in {ONLINE, RESERVATION}:
        raise InvalidInputError(field="payment_mode")
    if booking.total_fen != sum(line["amount_fen"] for line in booking.lines):
        raise InvalidInputError(field="total_fen")
    if booking.payment_mode == ONLINE:
        _check_payable(booking, at)


def _check_payable(booking: Booking, at: datetime) -> None:
    if booking.total_fen < 1 or not booking.tax_class:
        raise InvalidInputError(field="total_fen")
    if booking.pay_by is None or booking.pay_by <= at:
        raise InvalidInputError(field="pay_by")
