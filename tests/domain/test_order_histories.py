"""Any history of commands, legal or not, keeps an order's promises."""

from collections.abc import Callable
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.claims import ReleaseWorker, TakeWorker
from domain.errors import JiawuError
from domain.orders.booking import ONLINE, RESERVATION
from domain.orders.cleaning import AreaReview, CleaningOrder
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_WORKER,
    NOW,
    OTHER_WORKER,
    POLICY,
    PRICE_FEN,
    TOMORROW,
    WORKER,
    assert_replays,
    assignment,
    booked_order,
    cancel,
    claims,
    extra_charge,
    line,
    pay,
    rescheduling,
    stray,
    unsaved,
)

CHARGES = st.integers(1, 3)
WORKERS = st.sampled_from([(WORKER, 7), (OTHER_WORKER, 8)])
FEES = st.sampled_from([0, 1, 1_500, PRICE_FEN, PRICE_FEN + 1])
SERVICES = st.sampled_from(["BJ-01", "BJ-02", "BJ-03"])


class OrderHistories(RuleBasedStateMachine):
    """Commands in any order; the order refuses what is not legal."""

    order: CleaningOrder

    @initialize(
        service_code=SERVICES,
        mode=st.sampled_from([ONLINE, ONLINE, RESERVATION]),
        survey=st.booleans(),
        rooms=st.sampled_from([[], ["客厅"]]),
    )
    def book(self, service_code: str, mode: str, *, survey: bool, rooms: list[str]) -> None:
        self.order = booked_order(
            service_code=service_code,
            payment_mode=mode,
            pay_by=NOW + timedelta(minutes=15) if mode == ONLINE else None,
            details={"survey": survey, "rooms": rooms},
        )

    def attempt(self, command: Callable[[], object]) -> None:
        """A refused command leaves no event and no trace."""
        before = len(self.order.pending_events)
        version = self.order.version
        try:
            command()
        except JiawuError:
            assert len(self.order.pending_events) == before
            assert self.order.version == version

    @rule(charge=CHARGES, attempt=st.integers(1, 2))
    def pay(self, charge: int, attempt: int) -> None:
        self.attempt(lambda: pay(self.order, charge, attempt))

    @rule()
    def confirm(self) -> None:
        self.attempt(lambda: self.order.confirm(happened_at=NOW, by=BY_STAFF, at=NOW))

    @rule(worker=WORKERS)
    def assign(self, worker: tuple[object, int]) -> None:
        new = assignment(worker_id=worker[0], worker_number=worker[1])
        self.attempt(lambda: self.order.assign(new, by=BY_STAFF, at=NOW))

    @rule(worker=WORKERS)
    def reassign(self, worker: tuple[object, int]) -> None:
        new = assignment(worker_id=worker[0], worker_number=worker[1])
        self.attempt(lambda: self.order.reassign(new, reason_code="ill", by=BY_STAFF, at=NOW))

    @rule()
    def accept(self) -> None:
        worker = self.order.worker_id or WORKER
        self.attempt(lambda: self.order.accept(worker, happened_at=NOW, by=BY_WORKER, at=NOW))

    @rule()
    def decline(self) -> None:
        worker = self.order.worker_id or WORKER
        self.attempt(
            lambda: self.order.decline(
                worker, reason_code="far", happened_at=NOW, by=BY_WORKER, at=NOW
            )
        )

    @rule(days=st.integers(0, 3), stays=st.booleans())
    def reschedule(self, days: int, *, stays: bool) -> None:
        day = TOMORROW + timedelta(days=days)
        keep = assignment(day) if stays else None
        self.attempt(
            lambda: self.order.reschedule(rescheduling(day), keep=keep, by=BY_CUSTOMER, at=NOW)
        )

    @rule(stage=st.sampled_from(Stage))
    def jump(self, stage: str) -> None:
        self.attempt(lambda: self.order.progress(stage, happened_at=NOW, by=BY_WORKER, at=NOW))

    @precondition(lambda self: self.order.transitions().get(self.order.stage))
    @rule()
    def go_on(self) -> None:
        (following,) = self.order.transitions()[self.order.stage]
        self.order.progress(following, happened_at=NOW, by=BY_WORKER, at=NOW)

    @rule(accepted=st.booleans())
    def inspect_room(self, *, accepted: bool) -> None:
        self.attempt(
            lambda: self.order.inspect_room(
                "客厅", accepted=accepted, happened_at=NOW, by=BY_CUSTOMER, at=NOW
            )
        )

    @rule(total_fen=st.sampled_from([PRICE_FEN - 500, PRICE_FEN, PRICE_FEN + 500]))
    def review_area(self, total_fen: int) -> None:
        review = AreaReview(
            area_tenths=900,
            total_fen=total_fen,
            lines=[line(total_fen)],
            happened_at=NOW,
            consent="customer_app",
        )
        self.attempt(lambda: self.order.review_area(review, by=BY_STAFF, at=NOW))

    @rule()
    def add_charge(self) -> None:
        self.attempt(lambda: self.order.add_charge(extra_charge(), by=BY_STAFF, at=NOW))

    @rule(charge=CHARGES)
    def withdraw_charge(self, charge: int) -> None:
        self.attempt(
            lambda: self.order.withdraw_charge(charge, reason_code="x", by=BY_STAFF, at=NOW)
        )

    @rule(amount_fen=st.sampled_from([0, 1, 700, 6_000]))
    def refund(self, amount_fen: int) -> None:
        self.attempt(
            lambda: self.order.refund_due(
                amount_fen, reason_code="late", policy=POLICY, by=BY_STAFF, at=NOW
            )
        )

    @rule(transaction=st.sampled_from(["42001", "42002"]))
    def refund_stray(self, transaction: str) -> None:
        self.attempt(
            lambda: self.order.refund_stray(stray(transaction), policy=POLICY, by=BY_STAFF, at=NOW)
        )

    @rule()
    def complete(self) -> None:
        self.attempt(lambda: self.order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW))

    @precondition(lambda self: len(self.order.pending_events) > 8)
    @rule(reason=st.sampled_from(["customer", "unpaid"]), fee_fen=FEES)
    def cancel(self, reason: str, fee_fen: int) -> None:
        self.attempt(lambda: cancel(self.order, reason, fee_fen))

    @rule()
    def review(self) -> None:
        self.attempt(lambda: self.order.review(5, by=BY_CUSTOMER, at=NOW))

    @invariant()
    def the_history_rebuilds_the_order(self) -> None:
        assert_replays(self.order, self.order.pending_events)

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
        paid = back = 0
        for event in unsaved(self.order):
            if isinstance(event, CleaningOrder.Paid):
                paid += event.amount_fen
            if isinstance(event, CleaningOrder.RefundDue) and event.source == "order":
                back += event.amount_fen
            if isinstance(event, CleaningOrder.Completed):
                assert event.recognised_fen == paid - back
        assert self.order.kept_fen() == paid - back >= 0

    @invariant()
    def the_claims_hold_just_the_one_interval(self) -> None:
        held: set[object] = set()
        for event in unsaved(self.order):
            for claim in claims(event):
                if isinstance(claim, ReleaseWorker):
                    held.discard(claim.claim_id)
                if isinstance(claim, TakeWorker):
                    assert claim.claim_id not in held
                    held.add(claim.claim_id)
        assert held == ({self.order.id} if self.order.worker_id else set())


TestOrderHistories = OrderHistories.TestCase
TestOrderHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
