"""Builders of orders for care (月嫂, 保姆, 陪护, 护工) with a history."""

# ruff: noqa: ANN401 - builders hand on whichever fields a test changes

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from domain.orders.booking import RESERVATION
from domain.orders.care.contract import CONTRACT, RENEWAL, REPLACEMENT, Segment, Terms
from domain.orders.care.duty import DayReport, ReplacementWish
from domain.orders.care.leads import Meeting
from domain.orders.care.order import CareOrder
from domain.orders.care.settlement import Statement
from domain.orders.care.wishes import CHOICES
from domain.orders.changes import Cancellation
from domain.orders.offline_receipts import DEPOSIT, OfflineReceipt
from domain.orders.order_number import order_number
from domain.orders.windows import window
from domain.time import SHANGHAI
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    NOW,
    POLICY,
    an_id,
    booking,
    sealed,
)

FIRST_DAY: Final = date(2026, 12, 1)
DAYS: Final = 26
PRICE_FEN: Final = 880_000  # 月嫂, standard, for 26 days
DEPOSIT_FEN: Final = 176_000  # the fifth that the law allows
FEE_FEN: Final = 130_000
TEXT_HASH: Final = "ab" * 32
PATHS: Final = {"YS-01": "月嫂", "BM-01": "保姆", "LR-01": "老人陪护", "HG-01": "医院护工"}
NURSE, OTHER_NURSE, THIRD_NURSE = 21, 22, 23


def morning(day: date = FIRST_DAY, hour: int = 9) -> datetime:
    """An hour of a day in Shanghai."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=SHANGHAI)


def after(days: int, hour: int = 9) -> datetime:
    """An hour of the day so many days after the first."""
    return morning(FIRST_DAY + timedelta(days=days), hour)


def on(days: int) -> str:
    """The day so many days after the first."""
    return (FIRST_DAY + timedelta(days=days)).isoformat()


def nurse(number: int = NURSE) -> tuple[Any, int]:
    return an_id(f"nurse {number}"), number


def booked_care(service_code: str = "YS-01", **changes: Any) -> CareOrder:
    line = service_code[:2]
    usual = booking(
        order_number=order_number(line, date(2026, 11, 22), 42),
        service_code=service_code,
        kind_path=[PATHS[service_code]],
        payment_mode=RESERVATION,
        lines=[],
        total_fen=0,
        pay_by=None,
        windows=[window("service", morning(), morning() + timedelta(days=1))],
        details={"choice": CHOICES[service_code][0], "days": DAYS, "description": sealed("双胎")},
    )
    made = replace(usual, **changes)
    return CareOrder.book(an_id(made.order_number), made, by=BY_CUSTOMER, at=NOW)


def terms(**changes: Any) -> Terms:
    usual = Terms(
        price_fen=PRICE_FEN,
        price_days=26,
        days=DAYS,
        starts_on=on(0),
        ends_on=on(DAYS - 1),
        text_version="YS-2026-1",
        text_hash=TEXT_HASH,
        deposit_fen=DEPOSIT_FEN,
        deposit_back=[
            {"days_before": 30, "back_bp": 5_000},
            {"days_before": 15, "back_bp": 3_000},
            {"days_before": 0, "back_bp": 1_000},
        ],
        fee_fen=FEE_FEN,
        fee_days=26,
    )
    return replace(usual, **changes)


def supplementary(starts: int, **changes: Any) -> Terms:
    """A supplementary agreement from the day so many days after the first."""
    usual = terms(
        days=0,
        starts_on=on(starts),
        ends_on=on(max(starts, DAYS - 1)),
        deposit_fen=0,
        deposit_back=[],
        fee_fen=0,
        fee_days=0,
    )
    return replace(usual, **changes)


def renewal(starts: int = DAYS, days: int = DAYS, **changes: Any) -> Terms:
    usual = terms(
        days=days,
        starts_on=on(starts),
        ends_on=on(starts + days - 1),
        deposit_fen=0,
        deposit_back=[],
        fee_fen=0,
        fee_days=0,
    )
    return replace(usual, **changes)


def sought_care(service_code: str = "YS-01") -> CareOrder:
    """An order whose two candidates are proposed."""
    order = booked_care(service_code)
    order.confirm(happened_at=NOW, by=BY_STAFF, at=NOW)
    choice = CHOICES[service_code][0]
    order.confirm_needs(choice, happened_at=NOW, by=BY_STAFF, at=NOW)
    order.propose_candidates([nurse(), nurse(OTHER_NURSE)], by=BY_STAFF, at=NOW)
    return order


def meet(order: CareOrder, number: int = NURSE, *, accepted: bool = True) -> None:
    met = Meeting(worker_number=number, how="video", accepted=accepted, happened_at=NOW)
    order.interview(met, by=BY_STAFF, at=NOW)


def agree(
    order: CareOrder, kind: str, agreed: Terms, number: int = NURSE, at: datetime = NOW
) -> None:
    """Lay terms before the customer, who consents."""
    made = order.propose_terms(kind, number, agreed, by=BY_STAFF, at=at)
    order.consent(made.digest, "customer_app", happened_at=at, by=BY_CUSTOMER, at=at)


def signed_care(agreed: Terms | None = None, service_code: str = "YS-01") -> CareOrder:
    order = sought_care(service_code)
    meet(order)
    agree(order, CONTRACT, agreed or terms())
    order.sign_contract(happened_at=NOW, by=BY_STAFF, at=NOW)
    return order


def care_on_duty(agreed: Terms | None = None, service_code: str = "YS-01") -> CareOrder:
    """Somebody is there since nine o'clock of the first day."""
    order = signed_care(agreed, service_code)
    order.start(happened_at=morning(), by=BY_STAFF, at=morning())
    return order


def receipt(amount_fen: int, number: str = "SJ-0001", **changes: Any) -> OfflineReceipt:
    usual = OfflineReceipt(
        amount_fen=amount_fen,
        method="bank_transfer",
        receipt_number=number,
        purpose=DEPOSIT,
        happened_at=NOW,
    )
    return replace(usual, **changes)


def take(order: CareOrder, amount_fen: int, **changes: Any) -> None:
    order.record_receipt(receipt(amount_fen, **changes), by=BY_STAFF, at=NOW)


def record(
    order: CareOrder, days: Sequence[int], kind: str = "leave", at: datetime | None = None
) -> None:
    for each in days:
        told_at = at or after(each, 20)
        report = DayReport(day=on(each), kind=kind, happened_at=told_at)
        order.record_day(report, by=BY_STAFF, at=told_at)


def want_another(order: CareOrder, at: datetime, cause: str = "customer") -> None:
    wish = ReplacementWish(cause=cause, reason_code="not_suited", happened_at=at)
    order.request_replacement(wish, by=BY_CUSTOMER, at=at)


def replace_nurse(
    order: CareOrder, days: int, number: int = OTHER_NURSE, cause: str = "customer", **changes: Any
) -> None:
    """Another worker comes at ten, so many days after the first; the old one left at eight."""
    want_another(order, after(days, 7), cause)
    order.propose_candidates([nurse(number)], by=BY_STAFF, at=after(days, 7))
    agree(order, REPLACEMENT, supplementary(days, **changes), number, after(days, 7))
    order.agree_replacement(happened_at=after(days, 7), by=BY_STAFF, at=after(days, 7))
    came = after(days, 10)
    order.replace_worker(after(days, 8), happened_at=came, by=BY_STAFF, at=came)


def renew(order: CareOrder, at: datetime, **changes: Any) -> None:
    agree(order, RENEWAL, renewal(**changes), order.worker_number, at)
    order.renew(happened_at=at, by=BY_STAFF, at=at)


def leave(order: CareOrder, at: datetime, cause: str = "finished") -> None:
    order.leave(cause, happened_at=at, by=BY_STAFF, at=at)


def segment(
    number: int, starts: int, ends: int | None, price_fen: int = PRICE_FEN, day_hours: int = 0
) -> Segment:
    """From nine o'clock of one day to eight o'clock of another, by days after the first."""
    agreed_here = terms(price_fen=price_fen, day_hours=day_hours)
    usual = Segment.begun(number, nurse(20 + number), agreed_here, after(starts))
    return usual.closed(after(ends, 8)) if ends is not None else usual


def cancel(order: CareOrder, reason_code: str = "customer", at: datetime = NOW) -> None:
    why = Cancellation(reason_code=reason_code, policy=POLICY)
    order.cancel(why, by=BY_CUSTOMER, at=at)


def amounts(told: Statement, *codes: str) -> list[int]:
    return [line.amount_fen for line in told.lines if line.code in codes]
