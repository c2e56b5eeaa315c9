"""Builders of hourly orders: a plan for Tuesdays at nine, two hours, four weeks a period."""

# ruff: noqa: ANN401 - builders hand on whichever fields a test changes

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.capacity import HeldSeats, held_seats
from domain.orders.assignment import Assignment
from domain.orders.charges import PaymentTaken
from domain.orders.hourly.order import HourlyWorkOrder
from domain.orders.hourly.plan_course import Renewal
from domain.orders.hourly.plan_money import Settlement
from domain.orders.hourly.plan_visits import VisitReport
from domain.orders.hourly.recurrence import Pattern, first_occurrences
from domain.orders.hourly.visits import MISSING, TAKEN
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.stages import Stage
from domain.orders.windows import Window, window
from domain.payments import payment_id
from domain.time import SHANGHAI
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    BY_WORKER,
    CONTACT,
    NOW,
    WORKER,
    an_id,
    booking,
)

TUESDAY = date(2026, 11, 24)  # NOW is Sunday morning
PLAN_FEN = 33_601  # does not divide by four
LIST_FEN = 4_500
PLAN: dict[str, Any] = {
    "weekdays": [2],
    "start": "09:00",
    "minutes": 120,
    "first_day": TUESDAY.isoformat(),
    "weeks": 4,
    "until": "",
    "flexible_days": 1,
    "preferred_worker_id": "",
}
FOUR_WEEKS = {"until": (TUESDAY + timedelta(days=27)).isoformat()}


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=SHANGHAI)


def plan_windows(plan: dict[str, Any]) -> list[Window]:
    occurrences = first_occurrences(Pattern.from_plain(plan), plan["weeks"])
    return [window("service", each.time.starts_at, each.time.ends_at) for each in occurrences]


def seats_of(windows: list[Window], code: str = "XS-02") -> HeldSeats:
    return held_seats(code, CONTACT["district"], windows, 1)


def charge_line(amount_fen: int) -> dict[str, Any]:
    return {
        "code": "base",
        "reason": "小时工",
        "quantity": 1,
        "unit": "order",
        "unit_price_fen": amount_fen,
        "amount_fen": amount_fen,
    }


def booked_plan(total_fen: int = PLAN_FEN, **changes: Any) -> HourlyWorkOrder:
    """A plan that awaits its first money; `changes` are of details["plan"]."""
    plan = PLAN | changes
    windows = plan_windows(plan)
    made = booking(
        order_number=order_number("XS", date(2026, 11, 22), 42),
        service_code="XS-02",
        kind_path=["小时工", "长期"],
        windows=windows,
        seats=seats_of(windows),
        details={"plan": plan},
        lines=[charge_line(total_fen)],
        total_fen=total_fen,
        tax_class="small1",
    )
    return HourlyWorkOrder.book(an_id("plan"), made, by=BY_CUSTOMER, at=NOW)


def booked_single(**changes: Any) -> HourlyWorkOrder:
    made = booking(
        order_number=order_number("XS", date(2026, 11, 22), 7),
        service_code="XS-01",
        kind_path=["小时工", "单次"],
        **changes,
    )
    return HourlyWorkOrder.book(an_id("single"), made, by=BY_CUSTOMER, at=NOW)


def pay(order: HourlyWorkOrder, number: int = 1, at: datetime = NOW) -> bool:
    trade = out_trade_no(order.order_number, number, 1)
    charge = order.charges.get(number)
    payment = PaymentTaken(
        charge_number=number,
        amount_fen=charge.amount_fen if charge else PLAN_FEN,
        payment_id=payment_id(trade),
        out_trade_no=trade,
        succeeded_at=at,
    )
    return order.mark_paid(payment, by=BY_SYSTEM, at=at)


def active_plan(**changes: Any) -> HourlyWorkOrder:
    order = booked_plan(**changes)
    pay(order)
    return order


def roll(order: HourlyWorkOrder, at: datetime = NOW, seats: str = TAKEN) -> None:
    """Schedule what the next six weeks lack."""
    due = order.due_visits(at)
    if due:
        order.schedule_visits(due, seats=seats, by=BY_SYSTEM, at=at)


def rolled_plan(**changes: Any) -> HourlyWorkOrder:
    order = active_plan(**changes)
    roll(order)
    return order


def worker_for(order: HourlyWorkOrder, number: int, **changes: Any) -> Assignment:
    """The usual worker, half an hour of travel included."""
    visit = order.visit(number)
    travel = timedelta(minutes=30)
    usual: dict[str, Any] = {
        "worker_id": WORKER,
        "worker_number": 7,
        "starts_at": visit.starts_at - travel,
        "ends_at": visit.ends_at + travel,
    }
    return Assignment(**usual | changes)


def assign(order: HourlyWorkOrder, number: int, at: datetime = NOW) -> None:
    order.assign_visit(number, worker_for(order, number), by=BY_STAFF, at=at)


def done(order: HourlyWorkOrder, number: int, at: datetime | None = None) -> None:
    """The visit goes its whole way, all of it at its end."""
    at = at or order.visit(number).ends_at
    assign(order, number, at)
    order.accept_visit(number, happened_at=at, by=BY_WORKER, at=at)
    for stage in (Stage.DEPARTED, Stage.ARRIVED, Stage.IN_SERVICE, Stage.AWAITING_INSPECTION):
        order.progress_visit(number, stage, VisitReport(happened_at=at), by=BY_WORKER, at=at)
    order.complete_visit(number, VisitReport(happened_at=at), by=BY_CUSTOMER, at=at)


def end(order: HourlyWorkOrder, reason_code: str, at: datetime = NOW) -> Settlement:
    return order.end_plan(reason_code, LIST_FEN, by=BY_STAFF, at=at)


def renewal_for(order: HourlyWorkOrder, at: datetime, amount_fen: int = PLAN_FEN) -> Renewal:
    return Renewal(
        windows=order.next_period(at),
        amount_fen=amount_fen,
        lines=[charge_line(amount_fen)],
        price_book_version=1,
    )


def remind(order: HourlyWorkOrder, at: datetime) -> None:
    order.remind_of_renewal(renewal_for(order, at), by=BY_SYSTEM, at=at)


def stages(order: HourlyWorkOrder) -> dict[int, str]:
    return {number: str(visit.stage) for number, visit in sorted(order.visits.items())}


def days(order: HourlyWorkOrder) -> list[date]:
    return [visit.day for _, visit in sorted(order.visits.items())]


WITHOUT_SEATS = MISSING
SOMEBODY_ELSE: UUID = an_id("other worker")
