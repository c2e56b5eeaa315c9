"""Service lines (业务线): what booking asks of each of the five kinds of order.

A line says which windows a start means, what of them is priced, what it holds of
its pool's seats and which details its orders keep; everything else of a booking
is the same for all and stands in `application.booking`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from application.vault import KeyClass
from domain.capacity import HeldSeats, held_seats
from domain.catalogue.quotes import Effort
from domain.orders.booking import Booking
from domain.orders.service_order import ServiceOrder
from domain.orders.windows import Window, bounds, window
from domain.time import Interval

Seal = Callable[[KeyClass, str], str]
"""Seals a clear text under the customer's key of a class."""


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
class Asked:
    """What is wanted, where and when: everything that the price depends on.

    Attributes:
        starts_at: the start of the work; of the pick-up, of the first visit, of the first day.
        quantity: base units of a service sold by quantity (minutes, tenths of ㎡).
        items: base units by item code, of a service sold by item (garments, machines).
        options: the choice of each option.
        form: the line's own part of the form, in clear and of the right types.
    """

    service_code: str
    district: str
    starts_at: datetime
    quantity: int = 0
    items: Mapping[str, int] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class OrderRequest:
    """A customer's booking; `alternatives` are further starts that suit (备选时间, at most 2)."""

    customer_id: UUID
    asked: Asked
    contact: Contact
    source: str
    alternatives: Sequence[datetime] = ()
    remark: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


class Line(Protocol):
    """One service line, as booking sees it."""

    def book(self, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> ServiceOrder:
        """The new order. Raises InvalidInputError kinds."""
        ...

    def windows(self, asked: Asked, needed: Effort, starts_at: datetime) -> list[Window]:
        """What is agreed when the work starts at `starts_at`."""
        ...

    def priced(self, asked: Asked, windows: Sequence[Window]) -> tuple[Interval, ...]:
        """When the work is done, for the quote: one interval, or one a visit."""
        ...

    def seats(self, asked: Asked, windows: Sequence[Window], crew: int) -> HeldSeats | None:
        """What the booking holds of its pool; None where it holds nothing."""
        ...

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """What its orders keep of the form; personal data sealed."""
        ...

    def places(self, request: OrderRequest) -> Sequence[Contact]:
        """Where somebody goes to; each has to be served."""
        ...


class HomeVisit:
    """A visit to a home (到家单): one window as long as the work, its seats held."""

    def __init__(self, aggregate: Any) -> None:  # noqa: ANN401 - a leaf's class, whose `book` is its own
        self._aggregate = aggregate

    def book(self, order_id: UUID, booking: Booking, *, by: str, at: datetime) -> ServiceOrder:
        """The new order."""
        booked: ServiceOrder = self._aggregate.book(order_id, booking, by=by, at=at)
        return booked

    def windows(self, asked: Asked, needed: Effort, starts_at: datetime) -> list[Window]:
        """One window of the needed length."""
        del asked
        ends_at = starts_at + timedelta(minutes=needed.duration_minutes)
        return [window("service", starts_at, ends_at)]

    def priced(self, asked: Asked, windows: Sequence[Window]) -> tuple[Interval, ...]:
        """Every agreed window."""
        del asked
        return tuple(Interval(*bounds(each)) for each in windows)

    def seats(self, asked: Asked, windows: Sequence[Window], crew: int) -> HeldSeats | None:
        """A seat for each of the crew, in every half hour that a window touches."""
        return held_seats(asked.service_code, asked.district, windows, crew)

    def details(self, asked: Asked, needed: Effort, seal: Seal) -> dict[str, Any]:
        """What the price was asked by, and how long how many need."""
        del seal
        return {
            "quantity": asked.quantity,
            "items": dict(asked.items),
            "options": dict(asked.options),
            "duration_minutes": needed.duration_minutes,
            "crew": needed.crew,
        }

    def places(self, request: OrderRequest) -> Sequence[Contact]:
        """The one place of the work."""
        return (request.contact,)
