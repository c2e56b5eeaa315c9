"""Any history of commands, legal or not, keeps the promises of appliance orders."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from domain.capacity import held_seats, seat_claims
from domain.orders import charges
from domain.orders.appliance_care.empty_trips import CUSTOMER_ABSENT, NOT_OPENABLE, EmptyTrip
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.appliance_care.repair import PartsOrder
from domain.orders.booking import RESERVATION
from domain.orders.charges import AddedCharge
from domain.orders.stages import Stage
from domain.orders.windows import bounds
from tests.domain.appliances import (
    FIELD,
    FRIDGE,
    HOOD,
    HOOD_FEN,
    arrive,
    cleaning,
    finding,
    home_care,
    pay,
    quotation,
    quoted,
    receipt,
    repair,
    repricing,
    warranty_claim,
)
from tests.domain.histories import (
    BY_SYSTEM,
    CONTACT,
    HOME,
    NOW,
    OFFICE,
    OTHER_WORKER,
    POLICY,
    TOMORROW,
    WORKER,
    assignment,
    cancellation,
    rescheduling,
    service_window,
    unsaved,
)
from tests.domain.order_machine import OrderMachine, paid_and_back, seats_held, workers_held

Command = Callable[[ApplianceCareOrder], object]

LATER = TOMORROW + timedelta(days=3)
SOON: dict[str, Any] = {"by": BY_SYSTEM, "at": NOW + timedelta(hours=1)}
YEARS_LATER: dict[str, Any] = {"by": BY_SYSTEM, "at": NOW + timedelta(days=900)}
OTHER = assignment(worker_id=OTHER_WORKER, worker_number=8)


def pay_all(order: ApplianceCareOrder) -> None:
    for charge in tuple(order.charges.values()):
        if charge.state == charges.OPEN:
            pay(order, charge.number)


def assign(order: ApplianceCareOrder) -> None:
    pay_all(order)
    order.assign(assignment(bounds(order.windows[0])[0]), **OFFICE)


def begin(order: ApplianceCareOrder) -> None:
    """What comes before the work: trial runs, material, or the diagnosis."""
    if order.visit:
        order.progress(Stage.IN_SERVICE, happened_at=NOW, **FIELD)
    elif order.is_repair():
        order.diagnose(finding(), **FIELD)
    elif order.machines:
        settle_machines(order)
    else:
        order.confirm_material("stone", finding(), **FIELD)


def settle_machines(order: ApplianceCareOrder) -> None:
    """Every machine is tried; one that cannot be opened is charged as something else."""
    for name, machine in tuple(order.machines.items()):
        if machine.stage == Stage.NOT_OPENABLE:
            order.change_item(name, f"{machine.item}x", repricing(order.price_fen), **OFFICE)
        if order.machines[name].stage == Stage.SCHEDULED:
            order.confirm_trial_run(name, finding(), works=True, **FIELD)
    if order.stage == Stage.ARRIVED:  # all of them ran before another worker came
        order.confirm_trial_run(next(iter(order.machines)), finding(), works=True, **FIELD)


def work(order: ApplianceCareOrder) -> None:
    if order.machines:
        settle_machines(order)
    order.progress(Stage.AWAITING_INSPECTION, happened_at=NOW, **FIELD)


def complete(order: ApplianceCareOrder) -> None:
    pay_all(order)
    for name, machine in order.machines.items():
        if machine.stage != Stage.CANCELLED:
            order.inspect_machine(name, finding(), accepted=True, **HOME)
    order.complete(happened_at=NOW, **HOME)


def on(stage: str) -> Command:
    return lambda order: order.progress(stage, happened_at=NOW, **FIELD)


# The way an order usually goes; never refused.
USUALLY: dict[str, Command] = {
    Stage.AWAITING_PAYMENT: pay,
    Stage.AWAITING_CONFIRMATION: lambda order: order.confirm(happened_at=NOW, **OFFICE),
    Stage.AWAITING_ASSIGNMENT: assign,
    Stage.AWAITING_ACCEPTANCE: lambda order: order.accept(
        order.worker_id or WORKER, happened_at=NOW, **FIELD
    ),
    Stage.ACCEPTED: on(Stage.DEPARTED),
    Stage.DEPARTED: on(Stage.ARRIVED),
    Stage.ARRIVED: begin,
    Stage.TRIAL_RUN_CONFIRMED: on(Stage.IN_SERVICE),
    Stage.MATERIAL_CONFIRMED: on(Stage.IN_SERVICE),
    Stage.DIAGNOSED: lambda order: order.quote(quotation(), **OFFICE),
    Stage.QUOTED: lambda order: order.accept_quotation(
        order.quoted, consent="customer_app", **HOME
    ),
    Stage.QUOTATION_ACCEPTED: on(Stage.IN_SERVICE),
    Stage.QUOTATION_REFUSED: complete,
    Stage.AWAITING_PARTS: lambda order: order.receive_parts(finding(), **FIELD),
    Stage.IN_SERVICE: work,
    Stage.INTERRUPTED: on(Stage.IN_SERVICE),
    Stage.AWAITING_INSPECTION: complete,
}

_ABSENT = EmptyTrip(
    reason_code=CUSTOMER_ABSENT,
    finding=finding(happened_at=NOW + timedelta(minutes=30)),
    calls=[NOW + timedelta(minutes=5), NOW + timedelta(minutes=9)],
)
_SHUT = EmptyTrip(reason_code=NOT_OPENABLE, finding=finding())

# What goes wrong with machines at the customer's; refused or not.
WITH_MACHINES: list[Command] = [
    *(
        lambda order, name=name, works=works: order.confirm_trial_run(
            name, finding(), works=works, **FIELD
        )
        for name in ("01", "02", "03")
        for works in (True, False)
    ),
    *(
        lambda order, name=name: order.report_opening_failed(
            name, finding(), reason_code="rust", **FIELD
        )
        for name in ("01", "02")
    ),
    *(
        lambda order, fen=fen: order.change_item("01", FRIDGE, repricing(fen), **OFFICE)
        for fen in (0, 1, HOOD_FEN, HOOD_FEN * 4)
    ),
    *(
        lambda order, name=name, fen=fen: order.withdraw_machine(name, repricing(fen), **OFFICE)
        for name in ("01", "02")
        for fen in (1, HOOD_FEN)
    ),
    *(
        lambda order, name=name, ok=ok: order.inspect_machine(name, finding(), accepted=ok, **HOME)
        for name in ("01", "02")
        for ok in (True, False)
    ),
    lambda order: order.confirm_material("fabric", finding(), **FIELD),
]
# The same of a repair.
WITH_REPAIRS: list[Command] = [
    lambda order: order.withdraw_claim(reason_code="works_again", **HOME),
    lambda order: order.claim_warranty(warranty_claim(LATER), **HOME),
    lambda order: order.diagnose(finding(), **FIELD),
    lambda order: order.quote(quotation(9_000), **OFFICE),
    lambda order: order.accept_quotation(1, consent="customer_app", **HOME),
    lambda order: order.refuse_quotation(order.quoted, reason_code="too_dear", **HOME),
    lambda order: order.order_parts(PartsOrder(parts=["风机"], finding=finding()), **FIELD),
    lambda order: order.receive_parts(finding(), windows=[service_window(LATER)], **OFFICE),
]
# Everything else, at any time; refused or not.
ANY_TIME: list[Command] = [
    *(lambda order, n=number: pay(order, n) for number in (1, 2, 3)),
    *(on(stage) for stage in Stage),
    *WITH_MACHINES,
    *WITH_REPAIRS,
    lambda order: order.expire_warranty(**YEARS_LATER),
    lambda order: order.remind_of_care(**YEARS_LATER),
    lambda order: order.record_receipt(receipt(), **OFFICE),
    lambda order: order.assign(OTHER, **OFFICE),
    lambda order: order.reassign(OTHER, reason_code="ill", **OFFICE),
    lambda order: order.decline(
        order.worker_id or WORKER, reason_code="far", happened_at=NOW, **FIELD
    ),
    lambda order: order.reschedule(to(order), **HOME),
    lambda order: order.add_charge(
        AddedCharge(reason_code="extra_work", amount_fen=700, consent="customer_app"), **OFFICE
    ),
    lambda order: order.withdraw_charge(2, reason_code="refused", **OFFICE),
    lambda order: order.refund_due(500, reason_code="late", policy=POLICY, **OFFICE),
    lambda order: order.review(5, **HOME),
    lambda order: order.complete(happened_at=NOW, by=BY_SYSTEM, at=NOW),
]
_AT_WORK = {
    *(Stage.ARRIVED, Stage.TRIAL_RUN_CONFIRMED, Stage.IN_SERVICE),
    *(Stage.AWAITING_INSPECTION, Stage.REWORKING),
}
ENDING: list[Command] = [
    lambda order: order.cancel(cancellation(), **HOME),
    lambda order: order.cancel(cancellation(fee_fen=1_000), **HOME),
    lambda order: order.record_empty_trip(_ABSENT, **SOON),
    lambda order: order.record_empty_trip(_SHUT, **SOON),
]


def seats(service_code: str, crew: int = 1) -> dict[str, Any]:
    return held_seats(service_code, CONTACT["district"], [service_window()], crew)


def to(order: ApplianceCareOrder) -> Any:  # noqa: ANN401 - a rescheduling
    windows = [service_window(LATER)]
    moved = held_seats(order.service_code, CONTACT["district"], windows, 1)
    return rescheduling(LATER, seats=moved if order.seats else None)


class _Histories(OrderMachine):
    """An order goes its way, with anything else tried in between."""

    order: ApplianceCareOrder

    @precondition(lambda self: self.order.stage in USUALLY)
    @rule()
    def go_on(self) -> None:
        USUALLY[self.order.stage](self.order)

    @rule(command=st.sampled_from(ANY_TIME))
    def attempt(self, command: Command) -> None:
        self._attempt(command)

    @precondition(lambda self: len(self.order.pending_events) % 5 == 0)
    @rule(command=st.sampled_from(ENDING))
    def end(self, command: Command) -> None:
        self._attempt(command)

    def _part_stages(self) -> set[str]:
        return {machine.stage for machine in self.order.machines.values()}

    @invariant()
    def the_claims_hold_just_the_one_interval(self) -> None:
        assert set(workers_held(self.order)) == ({self.order.id} if self.order.worker_id else set())

    @invariant()
    def no_fen_is_lost(self) -> None:
        paid, back = paid_and_back(self.order)
        assert self.order.kept_fen() == paid - back >= 0

    @invariant()
    def it_is_completed_once(self) -> None:
        done = [each for each in unsaved(self.order) if isinstance(each, self.order.Completed)]
        assert len(done) <= 1


class PaidHistories(_Histories):
    """Cleaning and home care, paid online."""

    @initialize(
        make=st.sampled_from(
            [
                lambda held: cleaning(seats=held),
                lambda held: cleaning(HOOD, FRIDGE, seats=held),
                lambda held: cleaning(HOOD, seats=held),
            ]
        ),
        care=st.booleans(),
        there=st.booleans(),
    )
    def book(self, make: Callable[[Any], ApplianceCareOrder], *, care: bool, there: bool) -> None:
        details = {"care_days": 180}
        waxed = home_care("YH-01", details=details, seats=seats("YH-01"))
        self.order = waxed if care else make(seats("JD-01"))
        if there:
            arrive(self.order)

    @precondition(lambda self: self.order.machines and self.order.stage in _AT_WORK)
    @rule(command=st.sampled_from([*WITH_MACHINES, ENDING[-1]]))
    def see_trouble(self, command: Command) -> None:
        self._attempt(command)

    @invariant()
    def nothing_is_assigned_before_its_price_is_paid(self) -> None:
        paid = False
        for event in unsaved(self.order):
            paid = paid or (isinstance(event, ApplianceCareOrder.Paid) and event.charge_number == 1)
            if isinstance(event, ApplianceCareOrder.Assigned):
                assert paid

    @invariant()
    def work_begins_with_nothing_untried(self) -> None:
        if self.order.stage in {Stage.TRIAL_RUN_CONFIRMED, Stage.AWAITING_INSPECTION}:
            stages = {machine.stage for machine in self.order.machines.values()}
            assert not stages & {Stage.SCHEDULED, Stage.NOT_OPENABLE}

    @invariant()
    def after_its_end_only_the_fee_is_kept(self) -> None:
        if self.order.stage in {Stage.CANCELLED, Stage.EMPTY_TRIP}:
            assert self.order.kept_fen() <= self.order.fee_fen

    @invariant()
    def the_claims_hold_just_the_seats_of_the_agreed_date(self) -> None:
        ended = self.order.stage in {Stage.CANCELLED, Stage.EMPTY_TRIP}
        agreed = self.order.seats or {}
        wanted = set() if ended else set(seat_claims(self.order.id, agreed))
        assert seats_held(self.order) == wanted


class ReservedHistories(_Histories):
    """Repairs: reserved, never charged."""

    @initialize(there=st.booleans())
    def book(self, *, there: bool) -> None:
        self.order = quoted() if there else repair()

    @rule(command=st.sampled_from(WITH_REPAIRS))
    def deal_with_it(self, command: Command) -> None:
        self._attempt(command)

    @invariant()
    def there_is_never_an_online_charge(self) -> None:
        assert self.order.payment_mode == RESERVATION
        assert self.order.charges == {}
        money = (self.order.Paid, self.order.ChargeAdded, self.order.RefundDue)
        assert not any(isinstance(event, money) for event in unsaved(self.order))

    @invariant()
    def only_an_agreed_repair_is_begun(self) -> None:
        agreed = False
        for event in unsaved(self.order):
            agreed = agreed or isinstance(event, ApplianceCareOrder.QuotationAccepted)
            assert agreed or event.stage not in {Stage.IN_SERVICE, Stage.UNDER_WARRANTY}


TestPaidHistories = PaidHistories.TestCase
TestReservedHistories = ReservedHistories.TestCase
TestPaidHistories.settings = TestReservedHistories.settings = settings(
    max_examples=80, stateful_step_count=40, deadline=None
)
