"""Builders of aggregates with a history, and the replay that every history must survive."""

# ruff: noqa: ANN401 - builders hand on whichever fields a test changes

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, TypeVar, cast
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate

from domain.aggregate import EventSourced
from domain.capacity import HeldSeats, held_seats
from domain.claims import Claim
from domain.customers import Customer, ExternalIdentity
from domain.orders.assignment import Assignment
from domain.orders.booking import ONLINE, RESERVATION, Booking
from domain.orders.changes import Cancellation, PolicyApplied, Rescheduling
from domain.orders.charges import AddedCharge, PaymentTaken, StrayPayment
from domain.orders.cleaning import NEW_HOME, WINDOWS, CleaningOrder
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.stages import Stage
from domain.orders.windows import Window, window
from domain.payment_attempts import PaymentAttempt, SuccessReport
from domain.payments import Payment, payment_id
from domain.staff import Staff
from domain.workers import Engagement, Worker

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai
TOMORROW = NOW + timedelta(days=1)

_NAMES = UUID("00000000-0000-5000-8000-000000000000")

AnyAggregate = TypeVar("AnyAggregate", bound=EventSourced)


def an_id(name: str) -> UUID:
    """The same id for the same name."""
    return uuid5(_NAMES, name)


INVENTED_KEY = "testkey1"


def sealed(name: str) -> str:
    """A value of a sealed value's form, the same for the same name."""
    return f"s1.{INVENTED_KEY}.{an_id(name).hex}{an_id(name).hex}"


CUSTOMER = an_id("customer")
BY_CUSTOMER = f"customer:{CUSTOMER}"
BY_STAFF = f"staff:{an_id('staff')}"
BY_SYSTEM = "system:payments"
WORKER, OTHER_WORKER = an_id("worker"), an_id("other worker")
BY_WORKER = f"worker:{WORKER}"
OFFICE: Final[dict[str, Any]] = {"by": BY_STAFF, "at": NOW}
HOME: Final[dict[str, Any]] = {"by": BY_CUSTOMER, "at": NOW}
PRICE_FEN = 15_000
POLICY = PolicyApplied(version=1, trace=["未派单，全额退"])
CONTACT = {
    "name": sealed("王女士"),
    "phone": sealed("13800000000"),
    "address": sealed("玉林街道 1 号"),
    "district": "510107",
}


def line(amount_fen: int = PRICE_FEN) -> dict[str, Any]:
    return {
        "code": "BJ-01",
        "reason": "日常保洁 3 小时",
        "quantity": 1,
        "unit": "次",
        "unit_price_fen": amount_fen,
        "amount_fen": amount_fen,
    }


def service_window(starts_at: datetime = TOMORROW, hours: int = 3) -> Window:
    return window("service", starts_at, starts_at + timedelta(hours=hours))


def booking(**changes: Any) -> Booking:
    """A booking of 日常保洁 for tomorrow, paid online, with changes."""
    usual = Booking(
        customer_id=CUSTOMER,
        order_number=order_number("BJ", date(2026, 11, 22), 42),
        service_code="BJ-01",
        kind_path=["保洁", "日常保洁"],
        source="wechat",
        payment_mode=ONLINE,
        price_book_version=1,
        lines=[line()],
        total_fen=PRICE_FEN,
        tax_class="general6",
        windows=[service_window()],
        contact=CONTACT,
        pay_by=NOW + timedelta(minutes=15),
    )
    return replace(usual, **changes)


def booked_order(**changes: Any) -> CleaningOrder:
    made = booking(**changes)
    return CleaningOrder.book(an_id(made.order_number), made, by=BY_CUSTOMER, at=NOW)


def reserved_order() -> CleaningOrder:
    return booked_order(payment_mode=RESERVATION, pay_by=None)


def payment_for(order: CleaningOrder, charge_number: int = 1, attempt: int = 1) -> PaymentTaken:
    number = out_trade_no(order.order_number, charge_number, attempt)
    charge = order.charges.get(charge_number)
    return PaymentTaken(
        charge_number=charge_number,
        amount_fen=charge.amount_fen if charge else PRICE_FEN,
        payment_id=payment_id(number),
        out_trade_no=number,
        succeeded_at=NOW,
    )


def pay(order: CleaningOrder, charge_number: int = 1, attempt: int = 1) -> bool:
    return order.mark_paid(payment_for(order, charge_number, attempt), by=BY_SYSTEM, at=NOW)


def paid_order(**changes: Any) -> CleaningOrder:
    order = booked_order(**changes)
    pay(order)
    return order


def assignment(service_at: datetime = TOMORROW, **changes: Any) -> Assignment:
    """The usual worker, busy half an hour before and after the service."""
    usual = Assignment(
        worker_id=WORKER,
        worker_number=7,
        starts_at=service_at - timedelta(minutes=30),
        ends_at=service_at + timedelta(hours=3, minutes=30),
        reasons=["离客户最近"],
    )
    return replace(usual, **changes)


def assigned_order(**changes: Any) -> CleaningOrder:
    order = paid_order(**changes)
    order.assign(assignment(), by=BY_STAFF, at=NOW)
    return order


def accepted_order(**changes: Any) -> CleaningOrder:
    order = assigned_order(**changes)
    order.accept(WORKER, happened_at=NOW, by=BY_WORKER, at=NOW)
    return order


def report(order: CleaningOrder, *stages: str) -> None:
    """The worker reports one stage after the other."""
    for stage in stages:
        order.progress(stage, happened_at=NOW, by=BY_WORKER, at=NOW)


def done_order(**changes: Any) -> CleaningOrder:
    """An order whose work is done and awaits inspection."""
    order = accepted_order(**changes)
    report(order, Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    return order


def completed_order(**changes: Any) -> CleaningOrder:
    order = done_order(**changes)
    order.complete(happened_at=NOW, by=BY_CUSTOMER, at=NOW)
    return order


def cancellation(reason_code: str = "customer", **changes: Any) -> Cancellation:
    return replace(Cancellation(reason_code=reason_code, policy=POLICY), **changes)


def cancelled_order(**changes: Any) -> CleaningOrder:
    order = paid_order(**changes)
    cancel(order)
    return order


def cancel(order: CleaningOrder, reason_code: str = "customer", fee_fen: int = 0) -> None:
    order.cancel(cancellation(reason_code, fee_fen=fee_fen), by=BY_CUSTOMER, at=NOW)


def seats_for(windows: Sequence[Window], crew: int = 1) -> HeldSeats:
    """What a crew at the usual place holds."""
    return held_seats("BJ-01", CONTACT["district"], windows, crew)


def holding_order(crew: int = 1, **changes: Any) -> CleaningOrder:
    """A booked order that holds its seats, as all do since seats are counted."""
    windows = changes.get("windows", [service_window()])
    return booked_order(seats=seats_for(windows, crew), **changes)


def rescheduling(starts_at: datetime, **changes: Any) -> Rescheduling:
    usual = Rescheduling(windows=[service_window(starts_at)], reason_code="customer", policy=POLICY)
    return replace(usual, **changes)


def extra_charge(amount_fen: int = 5_000) -> AddedCharge:
    return AddedCharge(reason_code="extra_room", amount_fen=amount_fen, consent="customer_app")


def stray(transaction_id: str = "4200000001", source: str = "late_payment") -> StrayPayment:
    return StrayPayment(
        source=source,
        charge_number=1,
        amount_fen=PRICE_FEN,
        payment_id=an_id("late attempt"),
        out_trade_no="BJ261122-0042-1-C1A2",
        transaction_id=transaction_id,
    )


def surveyed_home(**details: Any) -> CleaningOrder:
    """A paid 新居开荒 that awaits its survey."""
    return paid_order(
        service_code=NEW_HOME,
        kind_path=["保洁", "新居开荒"],
        details={"survey": True, **details},
    )


def window_cleaning(**changes: Any) -> dict[str, Any]:
    """What makes a booking one of 擦玻璃."""
    return {"service_code": WINDOWS, "kind_path": ["保洁", "擦玻璃"], **changes}


def started_payment(attempt: int = 1, **changes: Any) -> Payment:
    asked = PaymentAttempt(
        out_trade_no=f"BJ261122-0042-1-C1A{attempt}",
        payable_kind="cleaning_order",
        payable_id=an_id("order"),
        charge_number=1,
        attempt=attempt,
        customer_id=CUSTOMER,
        amount_fen=PRICE_FEN,
        description="日常保洁",
        trade_type="JSAPI",
        payer_openid=sealed("openid"),
        expires_at=NOW + timedelta(minutes=10),
    )
    return Payment.start(replace(asked, **changes), by=BY_CUSTOMER, at=NOW)


def success(transaction_id: str = "4200000001", **changes: Any) -> SuccessReport:
    usual = SuccessReport(
        transaction_id=transaction_id,
        amount_fen=PRICE_FEN,
        payer_total_fen=PRICE_FEN,
        succeeded_at=NOW,
        trade_type="JSAPI",
        learned_from="notice",
    )
    return replace(usual, **changes)


def identity(name: str = "openid") -> ExternalIdentity:
    return ExternalIdentity(
        channel="wechat", app_id="wx1", identity_digest=an_id(name).hex, openid=sealed(name)
    )


def registered_customer() -> Customer:
    return Customer.register(CUSTOMER, identity(), by=BY_SYSTEM, at=NOW)


def engagement(**changes: Any) -> Engagement:
    usual = Engagement(
        number=7,
        name=sealed("李阿姨"),
        phone=sealed("13900000000"),
        skills=["BJ-01", "BJ-03"],
        districts=["510107"],
    )
    return replace(usual, **changes)


def registered_worker() -> Worker:
    return Worker.register(WORKER, engagement(), by=BY_STAFF, at=NOW)


def registered_staff() -> Staff:
    return Staff.register(an_id("staff"), "Wang.Li", "王丽", by="system:cli", at=NOW)


def names(aggregate: EventSourced) -> list[str]:
    """The names of the events not saved yet, in order."""
    return [type(event).__name__ for event in aggregate.pending_events]


def unsaved(aggregate: EventSourced) -> list[Any]:
    """The events not saved yet, in order."""
    return list(aggregate.pending_events)


def last(aggregate: EventSourced) -> Any:
    """The newest event not saved yet."""
    return aggregate.pending_events[-1]


def claims(event: Any) -> tuple[Claim, ...]:
    return cast("EventSourced.Event", event).claims()


def replayed(events: Iterable[Any]) -> Any:
    """The aggregate rebuilt from its events alone."""
    aggregate = None
    for event in events:
        aggregate = event.mutate(aggregate)
    return aggregate


def state(aggregate: EventSourced) -> dict[str, Any]:
    """All of an aggregate but what waits to be saved."""
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}


def assert_replays(aggregate: AnyAggregate, events: Sequence[Any]) -> None:
    """The events rebuild the very aggregate, and can be stored."""
    assert state(replayed(events)) == state(aggregate)
    for event in events:
        assert_storable(event)


def assert_storable(event: Aggregate.Event) -> None:
    """A field is text, int, bool, UUID, aware datetime or plain nested data."""
    for field in fields(event):
        value = getattr(event, field.name)
        if isinstance(value, datetime):
            assert value.tzinfo is not None, field.name
        elif not isinstance(value, UUID):
            assert_plain(value)


def assert_plain(value: object) -> None:
    if type(value) is dict:
        for key, inner in value.items():
            assert type(key) is str
            assert_plain(inner)
    elif type(value) is list:
        for inner in value:
            assert_plain(inner)
    else:
        assert value is None or type(value) in {str, int, bool}, value
