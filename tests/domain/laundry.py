"""Dry-cleaning orders at every point of their way."""

# ruff: noqa: ANN401 - builders hand on whichever fields a test changes

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

import pytest

from domain.capacity import HeldSeats, held_seats
from domain.orders.assignment import Assignment
from domain.orders.booking import ONLINE, Booking
from domain.orders.charges import PaymentTaken
from domain.orders.dry_cleaning.garments import CollectedGarment, Collection, Finding, GarmentReport
from domain.orders.dry_cleaning.order import DryCleaningOrder
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.stages import Stage
from domain.orders.windows import Window, bounds, window
from domain.payments import payment_id
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_STAFF,
    BY_SYSTEM,
    BY_WORKER,
    CONTACT,
    CUSTOMER,
    NOW,
    OTHER_WORKER,
    TOMORROW,
    WORKER,
    an_id,
    sealed,
)

Command = Callable[[DryCleaningOrder], object]

SHIRT_FEN, COAT_FEN, DELIVERY_FEN = 1_500, 5_500, 1_500
ITEMS = {"shirt": 2, "coat": 1}
TOTAL_FEN = 2 * SHIRT_FEN + COAT_FEN + DELIVERY_FEN
PICKUP_AT = TOMORROW
RETURN_AT = TOMORROW + timedelta(days=3, hours=1)
LATER = RETURN_AT + timedelta(days=2)
PLANT: Final[dict[str, Any]] = {"happened_at": NOW, "by": BY_STAFF, "at": NOW}
LENGTH = timedelta(minutes=30)
PHOTO = "ab" * 32
REPORT = GarmentReport(happened_at=NOW)
FINDING = Finding(description=sealed("领口有旧渍"), happened_at=NOW, photos=(PHOTO,))
_PRICES = {"shirt": SHIRT_FEN, "coat": COAT_FEN}
TO_DELIVERY = (
    Stage.AT_WORKSHOP,
    Stage.PRE_INSPECTION,
    Stage.WASHING,
    Stage.QUALITY_CHECK,
    Stage.SENT_BACK,
    Stage.DELIVERED,
)


def trips(pickup_at: datetime = PICKUP_AT, return_at: datetime = RETURN_AT) -> list[Window]:
    return [
        window("pickup", pickup_at, pickup_at + LENGTH),
        window("return", return_at, return_at + LENGTH),
    ]


def laundry_seats(windows: list[Window], crew: int = 1) -> HeldSeats:
    return held_seats("GX-01", CONTACT["district"], windows, crew)


def priced(items: dict[str, int]) -> list[dict[str, Any]]:
    """A quote's lines for these items, with the trips."""
    lines = [
        line("base", item, many, _PRICES[item], many * _PRICES[item])
        for item, many in items.items()
    ]
    return [*lines, line("delivery", "", 1, DELIVERY_FEN, DELIVERY_FEN)]


def line(code: str, item: str, many: int, unit_fen: int, amount_fen: int) -> dict[str, Any]:
    return {
        "code": code,
        "reason": f"{item} {many} 件",
        "quantity": many,
        "unit": "piece",
        "unit_price_fen": unit_fen,
        "amount_fen": amount_fen,
        "item": item,
    }


def laundry_booking(**changes: Any) -> Booking:
    """Two shirts and a coat, to be fetched tomorrow."""
    windows = changes.get("windows", trips())
    usual = Booking(
        customer_id=CUSTOMER,
        order_number=order_number("GX", date(2026, 11, 22), 7),
        service_code="GX-01",
        kind_path=["上门干洗", "衣物干洗"],
        source="wechat",
        payment_mode=ONLINE,
        price_book_version=1,
        lines=priced(ITEMS),
        total_fen=TOTAL_FEN,
        tax_class="small1",
        windows=windows,
        contact=CONTACT,
        details={"items": dict(ITEMS)},
        pay_by=NOW + timedelta(minutes=15),
    )
    return replace(usual, **changes)


def booked_laundry(**changes: Any) -> DryCleaningOrder:
    made = laundry_booking(**changes)
    return DryCleaningOrder.book(an_id(made.order_number), made, by=BY_CUSTOMER, at=NOW)


def pay(order: DryCleaningOrder, charge_number: int = 1) -> bool:
    number = out_trade_no(order.order_number, charge_number, 1)
    charge = order.charges.get(charge_number)
    payment = PaymentTaken(
        charge_number=charge_number,
        amount_fen=charge.amount_fen if charge else TOTAL_FEN,
        payment_id=payment_id(number),
        out_trade_no=number,
        succeeded_at=NOW,
    )
    return order.mark_paid(payment, by=BY_SYSTEM, at=NOW)


def paid_laundry(**changes: Any) -> DryCleaningOrder:
    order = booked_laundry(**changes)
    pay(order)
    return order


def trip(window_: Window, **changes: Any) -> Assignment:
    """The usual driver, busy half an hour before and after the window."""
    starts_at, ends_at = bounds(window_)
    usual = Assignment(
        worker_id=WORKER,
        worker_number=7,
        starts_at=starts_at - LENGTH,
        ends_at=ends_at + LENGTH,
        reasons=["顺路"],
    )
    return replace(usual, **changes)


def fetching(order: DryCleaningOrder) -> Assignment:
    return trip(order.windows[0])


def returning(order: DryCleaningOrder, **changes: Any) -> Assignment:
    return trip(order.windows[1], worker_id=OTHER_WORKER, worker_number=8, **changes)


def awaiting_pickup(**changes: Any) -> DryCleaningOrder:
    order = paid_laundry(**changes)
    order.assign(fetching(order), by=BY_STAFF, at=NOW)
    order.accept(WORKER, happened_at=NOW, by=BY_WORKER, at=NOW)
    return order


def collected(*items: str, **changes: Any) -> Collection:
    """What the driver takes; just what was booked, unless told."""
    taken = items or ("shirt", "shirt", "coat")
    garments = [
        CollectedGarment(label=f"A{n:03d}", item=item, name=item, price_fen=_PRICES[item])
        for n, item in enumerate(taken, start=1)
    ]
    lines = priced({item: taken.count(item) for item in dict.fromkeys(taken)})
    usual = Collection(
        garments=garments,
        total_fen=sum(each["amount_fen"] for each in lines),
        lines=lines,
        happened_at=NOW,
    )
    return replace(usual, **changes)


def collected_laundry(*items: str, **changes: Any) -> DryCleaningOrder:
    order = awaiting_pickup()
    order.collect(collected(*items, **changes), by=BY_WORKER, at=NOW)
    return order


def advance(order: DryCleaningOrder, number: int, *stages: str) -> None:
    for stage in stages:
        order.advance(number, stage, REPORT, by=BY_STAFF, at=NOW)


def inspected_laundry(*items: str, **changes: Any) -> DryCleaningOrder:
    """All garments are in their inspection."""
    order = collected_laundry(*items, **changes)
    for number in order.garments:
        advance(order, number, Stage.AT_WORKSHOP, Stage.PRE_INSPECTION)
    return order


def delivered_laundry() -> DryCleaningOrder:
    order = collected_laundry()
    for number in order.garments:
        advance(order, number, *TO_DELIVERY)
    return order


def flawed(order: DryCleaningOrder, number: int = 1, surcharge_fen: int = 2_000) -> None:
    order.report_flaw(number, FINDING, surcharge_fen=surcharge_fen, by=BY_STAFF, at=NOW)


def agree(order: DryCleaningOrder, number: int = 1) -> None:
    order.accept_surcharge(number, consent="customer_app", happened_at=NOW, by=BY_CUSTOMER, at=NOW)


def sign(order: DryCleaningOrder, *numbers: int) -> None:
    order.sign_for(numbers or tuple(order.garments), happened_at=NOW, by=BY_CUSTOMER, at=NOW)


def refused(
    order: DryCleaningOrder, command: Callable[[DryCleaningOrder], object], error: type[Exception]
) -> None:
    """The command is refused and leaves nothing."""
    before = order.version
    with pytest.raises(error):
        command(order)
    assert order.version == before == len(order.pending_events)
