"""Any history of commands, legal or not, keeps an order's promises."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.capacity import seat_claims
from domain.claims import (
    ReleasePlace,
    TakePlace,
)
from domain.orders.booking import ONLINE, RESERVATION
from domain.orders.changes import Rescheduling
from domain.orders.cleaning import AreaReview, CleaningOrder
from domain.orders.order_exceptions import ExceptionReport
from domain.orders.stages import Stage
from domain.orders.windows import bounds
from tests.domain.histories import (
    BY_WORKER,
    HOME,
    NOW,
    OFFICE,
    OTHER_WORKER,
    POLICY,
    PRICE_FEN,
    TOMORROW,
    WORKER,
    assignment,
    booked_order,
    cancel,
    claims,
    extra_charge,
    line,
    pay,
    rescheduling,
    seats_for,
    service_window,
    stray,
    unsaved,
)
from tests.domain.order_machine import OrderMachine, paid_and_back, seats_held, workers_held

Command = Callable[[CleaningOrder], object]

OTHER = assignment(worker_id=OTHER_WORKER, worker_number=8)
FIELD: dict[str, Any] = {"happened_at": NOW, "by": BY_WORKER, "at": NOW}
LATER = TOMORROW + timedelta(days=3)


def reviewed(total_fen: int) -> AreaReview:
    return AreaReview(
        area_tenths=900,
        total_fen=total_fen,
        lines=[line(total_fen)],
        happened_at=NOW,
        consent="customer_app",
    )


def late() -> ExceptionReport:
    return ExceptionReport(kind="late", happened_at=NOW)


def to(order: CleaningOrder, starts_at: datetime) -> Rescheduling:
    """Another date, with the seats of it where the order holds any."""
    seats = seats_for([service_window(starts_at)], order.seats["seats"]) if order.seats else None
    return rescheduling(starts_at, seats=seats)


def pay_all(order: CleaningOrder) -> None:
    for charge in order.charges.values():
        if charge.state == "open":
            pay(order, charge.number)


def assign_paid(order: CleaningOrder) -> None:
    pay_all(order)
    order.assign(assignment(bounds(order.windows[0])[0]), **OFFICE)


def complete_paid(order: CleaningOrder) -> None:
    pay_all(order)
    for room in order.details["rooms"]:
        order.inspect_room(room, accepted=True, **FIELD)
    order.complete(**FIELD)


def go_on(order: CleaningOrder) -> None:
    """The next stage of the field, if nothing goes wrong."""
    (following,) = set(order.next_stages()) - {Stage.INTERRUPTED, Stage.REWORKING}
    order.progress(following, **FIELD)


# The way an order usually goes; never refused.
USUALLY: dict[str, Command] = {
    Stage.AWAITING_PAYMENT: pay,
    Stage.AWAITING_CONFIRMATION: lambda order: order.confirm(**FIELD),
    Stage.AWAITING_SURVEY: lambda order: order.review_area(reviewed(PRICE_FEN + 1), **OFFICE),
    Stage.AREA_REVIEWED: assign_paid,
    Stage.AWAITING_ASSIGNMENT: assign_paid,
    Stage.AWAITING_ACCEPTANCE: lambda order: order.accept(order.worker_id or WORKER, **FIELD),
    Stage.AWAITING_INSPECTION: complete_paid,
    Stage.COMPLETED: lambda order: order.review(5, **HOME),
}

# Everything else, at any time; refused or not.
ANY_TIME: list[Command] = [
    *(lambda order, n=number: pay(order, n) for number in (1, 2, 3)),
    *(lambda order, n=number: pay(order, n, attempt=2) for number in (1, 2)),
    *(lambda order, stage=stage: order.progress(stage, **FIELD) for stage in Stage),
    lambda order: order.confirm(**FIELD),
    lambda order: order.accept(WORKER, **FIELD),
    lambda order: order.review(5, **HOME),
    lambda order: order.assign(assignment(), **OFFICE),
    lambda order: order.assign(OTHER, **OFFICE),
    lambda order: order.reassign(OTHER, reason_code="ill", **OFFICE),
    lambda order: order.decline(order.worker_id or WORKER, reason_code="far", **FIELD),
    lambda order: order.reschedule(to(order, LATER), **HOME),
    lambda order: order.reschedule(to(order, TOMORROW), keep=assignment(), **HOME),
    lambda order: order.review_area(reviewed(PRICE_FEN - 500), **OFFICE),
    lambda order: order.inspect_room("客厅", accepted=False, **FIELD),
    lambda order: order.add_charge(extra_charge(), **OFFICE),
    lambda order: order.withdraw_charge(2, reason_code="refused", **OFFICE),
    *(
        lambda order, fen=fen: order.refund_due(fen, reason_code="late", policy=POLICY, **OFFICE)
        for fen in (0, 1, 6_000, PRICE_FEN)
    ),
    lambda order: order.refund_stray(stray(), policy=POLICY, **OFFICE),
    lambda order: order.complete(**FIELD),
    lambda order: order.report_exception(late(), **OFFICE),
    lambda order: order.resolve_exception(1, "apologised", **OFFICE),
]


class OrderHistories(OrderMachine):
    """An order goes its way, with anything else tried in between."""

    order: CleaningOrder

    @initialize(
        service_code=st.sampled_from(["BJ-01", "BJ-02", "BJ-03"]),
        mode=st.sampled_from([ONLINE, ONLINE, RESERVATION]),
        survey=st.booleans(),
        rooms=st.sampled_from([[], ["客厅"]]),
        crew=st.sampled_from([0, 1, 2]),
    )
    def book(
        self, service_code: str, mode: str, *, survey: bool, rooms: list[str], crew: int
    ) -> None:
        self.order = booked_order(
            service_code=service_code,
            payment_mode=mode,
            pay_by=NOW + timedelta(minutes=15) if mode == ONLINE else None,
            details={"survey": survey, "rooms": rooms},
            seats=seats_for([service_window()], crew) if crew else None,
        )

    @precondition(lambda self: self.order.stage in USUALLY.keys() | self.order.transitions())
    @rule()
    def go_on(self) -> None:
        USUALLY.get(self.order.stage, go_on)(self.order)

    @rule(command=st.sampled_from(ANY_TIME))
    def attempt(self, command: Command) -> None:
        self._attempt(command)

    @precondition(lambda self: len(self.order.pending_events) % 5 == 0)
    @rule(
        reason=st.sampled_from(["customer", "unpaid"]),
        fee_fen=st.sampled_from([0, 1, 1_500, PRICE_FEN, PRICE_FEN + 1]),
    )
    def cancel(self, reason: str, fee_fen: int) -> None:
        self._attempt(lambda order: cancel(order, reason, fee_fen))

    @invariant()
    def no_online_order_is_assigned_before_its_price_is_paid(self) -> None:
        """And no reservation is ever paid (R10, R11)."""
        paid = False
        for event in unsaved(self.order):
            paid = paid or (isinstance(event, CleaningOrder.Paid) and event.charge_number == 1)
            if isinstance(event, CleaningOrder.Assigned):
                assert paid == (self.order.payment_mode == ONLINE)
        assert not (paid and self.order.payment_mode == RESERVATION)

    @invariant()
    def no_fen_is_lost(self) -> None:
        """What was paid is kept or due back; completion recognises all that was kept."""
        paid, back = paid_and_back(self.order, due=lambda event: event.source == "order")
        assert self.order.kept_fen() == paid - back >= 0

    @invariant()
    def after_cancelling_only_the_fee_is_kept(self) -> None:
        if self.order.stage in {Stage.CANCELLED, Stage.EXPIRED}:
            assert self.order.kept_fen() <= self.order.fee_fen

    @invariant()
    def the_claims_hold_just_the_one_interval(self) -> None:
        assert set(workers_held(self.order)) == ({self.order.id} if self.order.worker_id else set())

    @invariant()
    def the_claims_hold_just_the_seats_of_the_agreed_date(self) -> None:
        """Of an order that is not cancelled."""
        ended = self.order.stage in {Stage.CANCELLED, Stage.EXPIRED}
        if ended or not self.order.seats:
            assert seats_held(self.order) == set()
        else:
            agreed = seats_for(self.order.windows, self.order.seats["seats"])
            assert seats_held(self.order) == set(seat_claims(self.order.id, agreed))

    @invariant()
    def only_an_unpaid_online_order_has_a_place_among_the_holds(self) -> None:
        places = 0
        for event in unsaved(self.order):
            for claim in claims(event):
                places += isinstance(claim, TakePlace)
                places *= not isinstance(claim, ReleasePlace)
        waits = self.order.stage == Stage.AWAITING_PAYMENT
        assert places == (1 if waits and self.order.seats else 0)


TestOrderHistories = OrderHistories.TestCase
TestOrderHistories.settings = settings(max_examples=120, stateful_step_count=40, deadline=None)
