"""A cleaning order with ten events, as a usual one has; for both environments."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

from domain.orders.assignment import Assignment
from domain.orders.booking import ONLINE, Booking
from domain.orders.charges import PaymentTaken
from domain.orders.cleaning import CleaningOrder
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.stages import Stage
from domain.orders.windows import window
from domain.payments import payment_id

NOW = datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
EVENTS = 10
_SEALED = "s1.benchkey1." + "0123456789abcdef" * 4
_WORKER = UUID(int=7)


def completed_order(at: datetime = NOW) -> CleaningOrder:
    """Booked, paid, assigned, accepted, four stages, completed, reviewed."""
    order = CleaningOrder.book(uuid4(), _booking(at), by="customer:1", at=at)
    number = out_trade_no(order.order_number, 1, 1)
    payment = PaymentTaken(
        charge_number=1,
        amount_fen=15_000,
        payment_id=payment_id(number),
        out_trade_no=number,
        succeeded_at=at,
    )
    order.mark_paid(payment, by="system:payments", at=at)
    order.assign(_assignment(at), by="staff:1", at=at)
    order.accept(_WORKER, happened_at=at, by="worker:7", at=at)
    for stage in (Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION):
        order.progress(stage, happened_at=at, by="worker:7", at=at)
    order.complete(happened_at=at, by="customer:1", at=at)
    order.review(5, by="customer:1", at=at)
    return order


def _booking(at: datetime) -> Booking:
    tomorrow = at + timedelta(days=1)
    line = {
        "code": "BJ-01",
        "reason": "日常保洁 3 小时",
        "quantity": 1,
        "unit": "次",
        "unit_price_fen": 15_000,
        "amount_fen": 15_000,
    }
    contact = {"name": _SEALED, "phone": _SEALED, "address": _SEALED, "district": "510107"}
    return Booking(
        customer_id=uuid4(),
        order_number=order_number("BJ", date(2026, 11, 22), 42),
        service_code="BJ-01",
        kind_path=["保洁", "日常保洁"],
        source="wechat",
        payment_mode=ONLINE,
        price_book_version=1,
        lines=[line],
        total_fen=15_000,
        tax_class="general6",
        windows=[window("service", tomorrow, tomorrow + timedelta(hours=3))],
        contact=contact,
        pay_by=at + timedelta(minutes=15),
    )


def _assignment(at: datetime) -> Assignment:
    tomorrow = at + timedelta(days=1)
    return Assignment(
        worker_id=_WORKER,
        worker_number=7,
        starts_at=tomorrow - timedelta(minutes=30),
        ends_at=tomorrow + timedelta(hours=3, minutes=30),
        reasons=["离客户最近"],
    )
