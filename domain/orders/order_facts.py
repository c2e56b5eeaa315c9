"""The facts of an order that all kinds of service share, and nothing but facts.

The rules are in `service_order`, the stages and details of one kind in its own
module. Names and fields are frozen: a test compares them with a list.
"""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.capacity import seat_claims
from domain.claims import Claim, ReleasePlace, ReleaseSeats, TakePlace, TakeUnique
from domain.orders import charges
from domain.orders.assignment import Assignment, freed, held_by, intervals
from domain.orders.booking import ONLINE
from domain.orders.charges import Charge

# So many unpaid orders may a customer have at a time (reliability 4, API6: slot hoarding).
OPEN_HOLDS: Final = 3


class OrderFacts(EventSourced):
    """What happened to an order. Personal data is sealed; amounts are fen.

    `price_fen` is the price agreed now, without fees and extras, and `priced_windows`
    the date it is of: another than `windows` where the company moved the work to a
    dearer day, which costs the customer nothing.
    """

    class Event(EventSourced.Event):
        """`stage` is where the fact leaves the order; `by` is who stated it."""

        stage: str
        by: str

    class Booked(Event, EventSourced.Opened):
        """A customer, or staff for them, booked (下单); see booking.Booking."""

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
        windows: list[dict[str, str]]
        contact: dict[str, str]
        details: dict[str, Any]
        pay_by: datetime | None = None
        remark: str = ""
        extra: dict[str, Any] | None = None
        seats: dict[str, Any] | None = None
        alternatives: list[list[dict[str, str]]] | None = None
        catalogue_revision: int = 0

        def claims(self) -> tuple[Claim, ...]:
            """No two orders bear one number; its seats, and its place until it is paid."""
            number = TakeUnique("order_number", self.order_number)
            if self.seats is None:  # of a time when orders held none
                return (number,)
            return (number, *seat_claims(self.originator_id, self.seats), *self._place())

        def _place(self) -> tuple[Claim, ...]:
            if self.payment_mode != ONLINE:
                return ()
            holder = str(self.customer_id)
            return (TakePlace(self.originator_id, "open_hold", holder, OPEN_HOLDS),)

    class Confirmed(Event):
        """Staff called the customer back about a reservation (客服已联系)."""

        happened_at: datetime
        note: str = ""

    class Paid(Event):
        """A verified payment paid one charge."""

        charge_number: int
        amount_fen: int
        payment_id: UUID
        out_trade_no: str
        succeeded_at: datetime

        def claims(self) -> tuple[Claim, ...]:
            """A paid order is no open hold; its seats stay sold."""
            return (ReleasePlace(self.originator_id),) if self.charge_number == 1 else ()

    class Assigned(Event):
        """Work was given to a worker, who is busy in [starts_at, ends_at) (派单)."""

        worker_id: UUID
        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reasons: list[str]
        members: list[dict[str, Any]] | None = None

        def claims(self) -> tuple[Claim, ...]:
            """Nobody of the crew is at two places at once."""
            return tuple(intervals(self.originator_id, self))

    class Accepted(Event):
        """The worker took the work on (接单)."""

        worker_id: UUID
        happened_at: datetime

    class Declined(Event):
        """The worker refused or gave the work back (拒单)."""

        worker_id: UUID
        reason_code: str
        happened_at: datetime
        releases: list[str]
        note: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """The crew is free again."""
            return freed(self.releases)

    class Reassigned(Event):
        """Another worker took the place of `previous_worker_id` (改派)."""

        previous_worker_id: UUID
        reason_code: str
        releases: list[str]
        worker_id: UUID
        worker_number: int
        starts_at: datetime
        ends_at: datetime
        reasons: list[str]
        members: list[dict[str, Any]] | None = None

        def claims(self) -> tuple[Claim, ...]:
            """The old crew is free, the new one is busy."""
            return (*freed(self.releases), *intervals(self.originator_id, self))

    class Rescheduled(Event):
        """New windows were agreed (改期), with a worker if one is kept or found at once.

        `total_fen` and `lines`: the price by these windows; None where it is still that
        of the windows before (see OrderFacts.priced_windows).
        """

        windows: list[dict[str, str]]
        reason_code: str
        releases: list[str]
        policy_version: int
        policy_trace: list[str]
        worker_id: UUID | None = None
        worker_number: int = 0
        starts_at: datetime | None = None
        ends_at: datetime | None = None
        members: list[dict[str, Any]] | None = None
        seats: dict[str, Any] | None = None
        counted: bool = True
        total_fen: int | None = None
        lines: list[dict[str, Any]] | None = None

        def claims(self) -> tuple[Claim, ...]:
            """The old interval and seats are free; the new ones are taken."""
            return (*freed(self.releases), *self._taken(), *self._seats())

        def _seats(self) -> tuple[Claim, ...]:
            if self.seats is None:
                return ()
            own = self.originator_id
            return (ReleaseSeats(own), *seat_claims(own, self.seats))

        def _taken(self) -> tuple[Claim, ...]:
            taken = self.assignment()
            return tuple(intervals(self.originator_id, taken)) if taken else ()

        def assignment(self) -> Assignment | None:
            """Who keeps the work, and when."""
            if self.worker_id is None or self.starts_at is None or self.ends_at is None:
                return None
            return Assignment(
                worker_id=self.worker_id,
                worker_number=self.worker_number,
                starts_at=self.starts_at,
                ends_at=self.ends_at,
                members=self.members,
            )

    class Progressed(Event):
        """The field reported that the order reached `stage` (进度)."""

        happened_at: datetime
        note: str = ""

    class Completed(Event):
        """The work was inspected and is done (完成); all that was kept is earned."""

        recognised_fen: int
        tax_class: str
        service_code: str
        happened_at: datetime
        note: str = ""

    class Cancelled(Event):
        """The order ended undone (取消, 超时关闭); `fee_fen` of the money is kept."""

        reason_code: str
        fee_fen: int
        fee_tax_class: str
        service_code: str
        policy_version: int
        policy_trace: list[str]
        releases: list[str]
        note: str = ""

        def claims(self) -> tuple[Claim, ...]:
            """The crew, the seats and the place among open holds are free again."""
            own = self.originator_id
            return (*freed(self.releases), ReleaseSeats(own), ReleasePlace(own))

    class ChargeAdded(Event):
        """The customer agreed to pay more (补差, 加项)."""

        charge_number: int
        reason_code: str
        amount_fen: int
        consent: str
        note: str = ""
        pay_by: datetime | None = None

    class ChargeWithdrawn(Event):
        """An unpaid further charge was given up."""

        charge_number: int
        reason_code: str
        amount_fen: int

    class RefundDue(Event):
        """Money of one payment is to go back (应退款).

        `source`: "order", or one of charges.STRAY_SOURCES for money that the
        order never took. `taken_from`: which money it is for the books,
        "advance" (预收), "revenue" (收入), "fee" (违约金) or "suspense" (暂收).
        """

        refund_number: int
        amount_fen: int
        reason_code: str
        source: str
        taken_from: str
        charge_number: int
        payment_id: UUID
        out_trade_no: str
        tax_class: str
        service_code: str
        policy_version: int
        policy_trace: list[str]
        transaction_id: str = ""

    class Reviewed(Event):
        """The customer rated the work 1–5 (评价); `text` is sealed."""

        rating: int
        text: str = ""

    class Noted(Event):
        """Somebody wrote a sealed note (备注); `visibility`: "office" or "customer"."""

        note: str
        visibility: str

    def evolve(self, event: Aggregate.Event) -> None:
        """Copy the facts of one event."""
        if isinstance(event, OrderFacts.Event):
            self.stage = event.stage
        match event:
            case OrderFacts.Booked():
                self._open(event)
            case OrderFacts.Assigned() | OrderFacts.Reassigned():
                self._take(event.worker_id, held_by(self.id, event))
                self.assignment_version = event.originator_version
            case OrderFacts.Declined():
                self._take(None, ())
            case OrderFacts.Rescheduled():
                self._reschedule(event)
            case OrderFacts.Progressed():
                self.progressed_at = event.timestamp
            case OrderFacts.Confirmed() | OrderFacts.Accepted():
                pass
            case _:
                self._evolve_end(event)

    def _evolve_end(self, event: Aggregate.Event) -> None:
        match event:
            case OrderFacts.Cancelled():
                self.fee_fen = event.fee_fen
                self._take(None, ())
            case OrderFacts.Completed():
                self.recognised_fen = event.recognised_fen
                self.completed_at: datetime | None = event.timestamp
            case OrderFacts.Reviewed():
                self.rating = event.rating
            case OrderFacts.Noted():
                pass
            case _:
                self._evolve_money(event)

    def _evolve_money(self, event: Aggregate.Event) -> None:
        match event:
            case OrderFacts.Paid():
                charge = self.charges[event.charge_number]
                self._put(charges.paid(charge, event.payment_id, event.out_trade_no))
            case OrderFacts.ChargeAdded():
                self._put(Charge(event.charge_number, event.amount_fen, event.reason_code))
            case OrderFacts.ChargeWithdrawn():
                self._put(charges.withdrawn(self.charges[event.charge_number]))
            case OrderFacts.RefundDue():
                self._owe_back(event)
            case _:
                super().evolve(event)

    def _open(self, event: Booked) -> None:
        self.customer_id = event.customer_id
        self.order_number = event.order_number
        self.service_code = event.service_code
        self.kind_path = event.kind_path
        self.source = event.source
        self.payment_mode = event.payment_mode
        self.price_book_version = event.price_book_version
        self.lines = event.lines
        self.total_fen = event.total_fen
        self.tax_class = event.tax_class
        self.windows = event.windows
        self.price_fen = event.total_fen
        self.priced_windows = event.windows
        self.contact = event.contact
        self.details = event.details
        self.pay_by = event.pay_by
        self.remark = event.remark
        self.seats = event.seats
        self.extra = event.extra or {}
        self.alternatives = event.alternatives or []
        self.catalogue_revision = event.catalogue_revision
        self.rating = 0
        self.recognised_fen = 0
        self.fee_fen = 0
        self.refunds = 0
        self.reschedules = 0
        self.progressed_at = event.timestamp
        self.assignment_version = 0
        self.completed_at = None
        self.charges: dict[int, Charge] = {}
        self.stray_refunds: tuple[str, ...] = ()
        self._take(None, ())
        if event.payment_mode == ONLINE:
            self._put(Charge(1, event.total_fen, "booking"))

    def _take(self, worker_id: UUID | None, held: tuple[str, ...]) -> None:
        self.worker_id = worker_id
        self.held = held

    def _put(self, charge: Charge) -> None:
        self.charges[charge.number] = charge

    def _reschedule(self, event: Rescheduled) -> None:
        kept = event.assignment()
        self.windows = event.windows
        self.seats = event.seats or self.seats
        if event.total_fen is not None:
            self.price_fen = event.total_fen
            self.priced_windows = event.windows
        self.reschedules += event.counted
        self.assignment_version = event.originator_version
        self._take(event.worker_id, held_by(self.id, kept) if kept else ())

    def _owe_back(self, event: RefundDue) -> None:
        self.refunds = event.refund_number
        if event.source == "order":
            self._put(charges.refunded(self.charges[event.charge_number], event.amount_fen))
        else:
            self.stray_refunds = (*self.stray_refunds, event.transaction_id)
