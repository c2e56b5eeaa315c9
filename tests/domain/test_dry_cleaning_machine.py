"""Any history of commands, legal or not, keeps a dry-cleaning order's promises."""

from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.capacity import seat_claims
from domain.orders import charges
from domain.orders.changes import Rescheduling
from domain.orders.charges import AddedCharge
from domain.orders.dry_cleaning.facts import return_trip_id
from domain.orders.dry_cleaning.garments import (
    GARMENT_WAY,
    PARTNER_STAGES,
    SETTLED,
    SLOWEST_FIRST,
    GarmentReport,
)
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.stages import Stage
from tests.domain.histories import (
    BY_WORKER,
    HOME,
    NOW,
    OFFICE,
    POLICY,
    TOMORROW,
    WORKER,
    cancellation,
    unsaved,
)
from tests.domain.laundry import (
    FINDING,
    ITEMS,
    LATER,
    REPORT,
    SHIRT_FEN,
    Command,
    agree,
    booked_laundry,
    collected,
    fetching,
    flawed,
    laundry_seats,
    pay,
    returning,
    sign,
    trips,
)
from tests.domain.order_machine import OrderMachine, paid_and_back, seats_held, workers_held

FIELD: dict[str, Any] = {"happened_at": NOW, "by": BY_WORKER, "at": NOW}
NUMBERS = st.integers(1, 4)
COLLECTIONS = {
    "as booked": collected(),
    "fewer": collected("shirt", reason_code="fewer"),
    "more": collected("shirt", "coat", "coat", "coat", reason_code="more", consent="signature"),
    "unexplained": collected("coat"),
}


def move_on(order: DryCleaningOrder, number: int) -> None:
    """The next step of a garment, whatever it waits for."""
    garment = order.garments[number]
    if garment.stage == Stage.CONSENT_AWAITED:
        agree(order, number)
    elif garment.stage == Stage.DELIVERED:
        sign(order, number)
    elif garment.stage not in SETTLED:
        pay_all(order)
        following = max(map(str, GARMENT_WAY[garment.stage]))
        order.advance(number, following, REPORT, **OFFICE)


def pay_all(order: DryCleaningOrder) -> None:
    for charge in tuple(order.charges.values()):
        if charge.state == charges.OPEN:
            pay(order, charge.number)


def move_all(order: DryCleaningOrder) -> None:
    for number in order.garments:
        move_on(order, number)


def assign(order: DryCleaningOrder) -> None:
    pay_all(order)
    order.assign(fetching(order), **OFFICE)


def moved_trips(order: DryCleaningOrder) -> Rescheduling:
    windows = trips(TOMORROW + timedelta(days=1), LATER)
    seats = laundry_seats(windows, order.seats["seats"]) if order.seats else None
    return Rescheduling(windows=windows, reason_code="customer", policy=POLICY, seats=seats)


USUALLY: dict[str, Command] = {
    Stage.AWAITING_PAYMENT: pay,
    Stage.AWAITING_ASSIGNMENT: assign,
    Stage.AWAITING_ACCEPTANCE: lambda order: order.accept(order.worker_id or WORKER, **FIELD),
    Stage.AWAITING_PICKUP: lambda order: order.collect(collected(), **OFFICE),
    Stage.SIGNED_FOR: pay_all,
    Stage.LOST: pay_all,
    Stage.COMPLETED: lambda order: order.review(5, **HOME),
}

ANY_TIME: list[Command] = [
    *(lambda order, n=number: pay(order, n) for number in (1, 2, 3)),
    *(lambda order, stage=stage: order.progress(stage, **FIELD) for stage in Stage),
    *(lambda order, c=given: order.collect(c, **OFFICE) for given in COLLECTIONS.values()),
    lambda order: order.confirm(**FIELD),
    lambda order: order.accept(WORKER, **FIELD),
    lambda order: order.decline(order.worker_id or WORKER, reason_code="far", **FIELD),
    lambda order: order.assign(fetching(order), **OFFICE),
    lambda order: order.reassign(fetching(order), reason_code="ill", **OFFICE),
    lambda order: order.reschedule(moved_trips(order), **HOME),
    lambda order: order.assign_return(returning(order), **OFFICE),
    lambda order: order.reschedule_return(
        trips(return_at=LATER + timedelta(days=1))[1], reason_code="x", policy=POLICY, **HOME
    ),
    lambda order: order.add_charge(
        AddedCharge(reason_code="urgent", amount_fen=500, consent="phone"), **OFFICE
    ),
    lambda order: order.withdraw_charge(2, reason_code="goodwill", **OFFICE),
    lambda order: order.refund_due(700, reason_code="late", policy=POLICY, **OFFICE),
    lambda order: order.complete(**FIELD),
    lambda order: order.review(4, **HOME),
]


def is_refusal(event: object) -> bool:
    return isinstance(event, DryCleaningOrder.GarmentRefused | DryCleaningOrder.SurchargeDeclined)


class DryCleaningHistories(OrderMachine):
    """An order goes its way, with anything else tried in between."""

    order: DryCleaningOrder

    @initialize(
        crew=st.sampled_from([0, 1, 2]),
        declared=st.sampled_from([{}, {"coat": 200_000}]),
        steps=st.integers(0, 11),
    )
    def book(self, crew: int, declared: dict[str, int], steps: int) -> None:
        """Booked, or so many steps on."""
        self.order = booked_laundry(
            seats=laundry_seats(trips(), crew) if crew else None,
            details={"items": dict(ITEMS), "declared_values_fen": declared},
        )
        for _ in range(steps):
            USUALLY.get(self.order.stage, move_all)(self.order)

    @precondition(lambda self: self.order.stage in USUALLY)
    @rule()
    def go_on(self) -> None:
        USUALLY[self.order.stage](self.order)

    @precondition(lambda self: self.order.garments)
    @rule(data=st.data())
    def move_a_garment(self, data: st.DataObject) -> None:
        move_on(self.order, data.draw(st.sampled_from(sorted(self.order.garments))))

    @rule(command=st.sampled_from(ANY_TIME))
    def attempt(self, command: Command) -> None:
        self._attempt(command)

    @rule(number=NUMBERS, stage=st.sampled_from(SLOWEST_FIRST), late=st.booleans())
    def report(self, number: int, stage: str, *, late: bool) -> None:
        report = GarmentReport(happened_at=NOW + timedelta(minutes=late))
        self._attempt(lambda order: order.advance(number, stage, report, **OFFICE))

    @rule(number=NUMBERS, surcharge_fen=st.sampled_from([-1, 0, 700, 2_000]))
    def find_a_flaw(self, number: int, surcharge_fen: int) -> None:
        self._attempt(lambda order: flawed(order, number, surcharge_fen))

    @rule(number=NUMBERS)
    def agree(self, number: int) -> None:
        self._attempt(lambda order: agree(order, number))

    @rule(number=NUMBERS)
    def decline(self, number: int) -> None:
        self._attempt(lambda order: order.decline_surcharge(number, **FIELD))

    @rule(number=NUMBERS)
    def refuse(self, number: int) -> None:
        self._attempt(lambda order: order.refuse_garment(number, "fragile", REPORT, **OFFICE))

    @rule(numbers=st.lists(NUMBERS, max_size=3))
    def sign(self, numbers: list[int]) -> None:
        self._attempt(lambda order: order.sign_for(numbers, **FIELD))

    @rule(number=NUMBERS, code=st.sampled_from([*PARTNER_STAGES, 0, 99]))
    def tell_a_code(self, number: int, code: int) -> None:
        self._attempt(lambda order: order.take_partner_code(number, code, **FIELD))

    @rule(number=NUMBERS, fen=st.sampled_from([0, 1, 20 * SHIRT_FEN, 200_000]), lost=st.booleans())
    def harm(self, number: int, fen: int, *, lost: bool) -> None:
        def command(order: DryCleaningOrder) -> None:
            tell = order.report_loss if lost else order.report_damage
            tell(number, FINDING, compensation_fen=fen, **OFFICE)

        self._attempt(command)

    @precondition(lambda self: len(self.order.pending_events) % 5 == 0)
    @rule(reason=st.sampled_from(["customer", "unpaid"]))
    def cancel(self, reason: str) -> None:
        self._attempt(lambda order: order.cancel(cancellation(reason), **HOME))

    def _part_stages(self) -> set[str]:
        return {garment.stage for garment in self.order.garments.values()}

    @invariant()
    def the_order_stands_where_its_slowest_garment_stands(self) -> None:
        if self.order.garments and not self.order.completed_at:
            present = {garment.stage for garment in self.order.garments.values()}
            assert self.order.stage == next(each for each in SLOWEST_FIRST if each in present)

    @invariant()
    def nothing_is_washed_unpaid(self) -> None:
        """Neither before the price, nor before what the customer agreed to pay."""
        for garment in self.order.garments.values():
            if garment.stage == Stage.WASHING:
                states = {self.order.charges[number].state for number in garment.charges}
                assert charges.OPEN not in states
                assert self.order.charges[1].state == charges.PAID

    @invariant()
    def no_fen_is_lost(self) -> None:
        """What was paid is kept or due back; completion recognises all that was kept."""
        paid, back = paid_and_back(self.order)
        assert self.order.kept_fen() == paid - back >= 0

    @invariant()
    def what_is_kept_and_open_is_the_price_of_what_is_washed(self) -> None:
        """But for other charges, losses and money given back as a favour."""
        own = {"booking", "count_difference", "flaw_surcharge"}
        reasons = {each.reason_code for each in self.order.charges.values()}
        facts = [type(event).__name__ for event in unsaved(self.order)]
        favours = {"goodwill", "late", "garment_lost"} & {
            getattr(event, "reason_code", "") for event in unsaved(self.order)
        }
        if "Paid" not in facts or favours or reasons - own or "Cancelled" in facts:
            return
        refused = {event.garment for event in unsaved(self.order) if is_refusal(event)}
        price_fen = self.order.price_fen
        for number, garment in self.order.garments.items():
            charged = [self.order.charges[each] for each in garment.charges]
            if number in refused:
                price_fen -= garment.price_fen
            else:
                price_fen += sum(each.amount_fen for each in charged)
        open_fen = sum(
            each.amount_fen for each in self.order.charges.values() if each.state == charges.OPEN
        )
        assert self.order.kept_fen() + open_fen == price_fen

    @invariant()
    def what_is_home_and_paid_is_done(self) -> None:
        if self.order.stage in SETTLED:
            assert charges.has_open(self.order.charges)

    @invariant()
    def collected_garments_are_never_cancelled(self) -> None:
        assert not (self.order.garments and self.order.stage in {Stage.CANCELLED, Stage.EXPIRED})

    @invariant()
    def no_more_is_made_good_than_allowed(self) -> None:
        for garment in self.order.garments.values():
            assert garment.most_compensation_fen >= 0

    @invariant()
    def each_trip_holds_its_own_driver(self) -> None:
        trips_held = {self.order.id} if self.order.worker_id else set()
        if self.order.return_worker_id:
            trips_held.add(return_trip_id(self.order.id))
        assert set(workers_held(self.order)) == trips_held

    @invariant()
    def the_seats_held_are_those_of_the_order(self) -> None:
        held = seats_held(self.order)
        if self.order.stage in {Stage.CANCELLED, Stage.EXPIRED} or not self.order.seats:
            assert held == set()
        else:
            assert held == set(seat_claims(self.order.id, self.order.seats))


TestDryCleaningHistories = DryCleaningHistories.TestCase
TestDryCleaningHistories.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
