"""Builders of orders for appliances, care of a home and repairs."""

# ruff: noqa: ANN401 - builders hand on whichever fields a test changes

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, Final

from domain.orders.appliance_care.findings import Finding
from domain.orders.appliance_care.machines import (
    Repricing,
)
from domain.orders.appliance_care.order import ApplianceCareOrder
from domain.orders.appliance_care.quotations import Quotation, quotation_line
from domain.orders.appliance_care.warranty import WarrantyClaim
from domain.orders.booking import ONLINE, RESERVATION, Booking
from domain.orders.charges import PaymentTaken
from domain.orders.offline_receipts import FEE, OfflineReceipt
from domain.orders.order_number import order_number, out_trade_no
from domain.orders.stages import Stage
from domain.payments import payment_id
from tests.domain.histories import (
    BY_CUSTOMER,
    BY_SYSTEM,
    BY_WORKER,
    CONTACT,
    CUSTOMER,
    HOME,
    NOW,
    OFFICE,
    TOMORROW,
    WORKER,
    an_id,
    assignment,
    sealed,
    service_window,
)

HOOD: Final = "hood_chinese"
HOOD_FEN: Final = 14_800
FRIDGE: Final = "fridge_side_by_side"
PHOTO: Final = "ab" * 32
FIELD: Final[dict[str, Any]] = {"by": BY_WORKER, "at": NOW}


def finding(**changes: Any) -> Finding:
    return replace(Finding(happened_at=NOW, note=sealed("油垢较重"), photos=[PHOTO]), **changes)


def priced(amount_fen: int, code: str = "base") -> dict[str, Any]:
    return {
        "code": code,
        "reason": "油烟机清洗",
        "quantity": 1,
        "unit": "台",
        "unit_price_fen": amount_fen,
        "amount_fen": amount_fen,
    }


def repricing(total_fen: int, consent: str = "customer_app") -> Repricing:
    return Repricing(
        total_fen=total_fen, lines=[priced(total_fen)], happened_at=NOW, consent=consent
    )


def booking(service_code: str, total_fen: int, **changes: Any) -> Booking:
    usual = Booking(
        customer_id=CUSTOMER,
        order_number=order_number(service_code[:2], date(2026, 11, 22), 42),
        service_code=service_code,
        kind_path=["家电维修及保养", "家电清洗", "油烟机清洗"],
        source="wechat",
        payment_mode=ONLINE,
        price_book_version=1,
        lines=[priced(total_fen)],
        total_fen=total_fen,
        tax_class="general6",
        windows=[service_window()],
        contact=CONTACT,
        pay_by=NOW + timedelta(minutes=15),
    )
    return replace(usual, **changes)


def booked(made: Booking) -> ApplianceCareOrder:
    return ApplianceCareOrder.book(an_id(made.order_number), made, by=BY_CUSTOMER, at=NOW)


def machines(*items: str) -> dict[str, Any]:
    """The details of a cleaning of these machines."""
    listed = [{"machine": f"{n:02}", "item": item} for n, item in enumerate(items, 1)]
    return {"items": {item: items.count(item) for item in items}, "machines": listed}


def cleaning(*items: str, **changes: Any) -> ApplianceCareOrder:
    """A booked cleaning, of two hoods unless told otherwise, each at the same price."""
    items = items or (HOOD, HOOD)
    made = booking("JD-01", HOOD_FEN * len(items), details=machines(*items))
    return booked(replace(made, **changes))


def home_care(service_code: str = "YH-01", **changes: Any) -> ApplianceCareOrder:
    return booked(booking(service_code, 20_000, **changes))


def repair(**details: Any) -> ApplianceCareOrder:
    """A reservation of a repair."""
    usual = {
        "fault": sealed("不制冷"),
        "photos": [PHOTO],
        "warranty_days": 90,
    }
    made = booking("WX-01", 0, lines=[], payment_mode=RESERVATION, pay_by=None)
    return booked(replace(made, details={**usual, **details}))


def pay(order: ApplianceCareOrder, charge_number: int = 1) -> bool:
    number = out_trade_no(order.order_number, charge_number, 1)
    charge = order.charges.get(charge_number)
    payment = PaymentTaken(
        charge_number=charge_number,
        amount_fen=charge.amount_fen if charge else 100,
        payment_id=payment_id(number),
        out_trade_no=number,
        succeeded_at=NOW,
    )
    return order.mark_paid(payment, by=BY_SYSTEM, at=NOW)


def arrive(order: ApplianceCareOrder, service_at: datetime = TOMORROW) -> ApplianceCareOrder:
    """Paid or confirmed, assigned, accepted, and there."""
    if order.stage == Stage.AWAITING_PAYMENT:
        pay(order)
    if order.stage == Stage.AWAITING_CONFIRMATION:
        order.confirm(happened_at=NOW, **OFFICE)
    order.assign(assignment(service_at), **OFFICE)
    order.accept(WORKER, happened_at=NOW, **FIELD)
    report(order, Stage.DEPARTED, Stage.ARRIVED)
    return order


def report(order: ApplianceCareOrder, *stages: str) -> ApplianceCareOrder:
    for stage in stages:
        order.progress(stage, happened_at=NOW, **FIELD)
    return order


def try_out(order: ApplianceCareOrder, *names: str, works: bool = True) -> ApplianceCareOrder:
    for name in names or tuple(order.machines):
        order.confirm_trial_run(name, finding(), works=works, **FIELD)
    return order


def cleaned(order: ApplianceCareOrder) -> ApplianceCareOrder:
    """Arrived, tried, cleaned; the machines await their acceptance."""
    return report(try_out(arrive(order)), Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)


def accept_machines(order: ApplianceCareOrder) -> ApplianceCareOrder:
    for name in order.machines:
        order.inspect_machine(name, finding(), accepted=True, **HOME)
    return order


def quotation(*prices: int, **changes: Any) -> Quotation:
    lines = [quotation_line("part", "压缩机", 1, price) for price in prices or (28_000,)]
    usual = Quotation(
        lines=lines,
        total_fen=sum(line["amount_fen"] for line in lines),
        inspection_fee_fen=5_000,
        valid_until=NOW + timedelta(days=3),
        happened_at=NOW,
    )
    return replace(usual, **changes)


def quoted(**details: Any) -> ApplianceCareOrder:
    """A repair that was looked at and quoted."""
    order = arrive(repair(**details))
    order.diagnose(finding(), **FIELD)
    order.quote(quotation(), **OFFICE)
    return order


def agreed(**details: Any) -> ApplianceCareOrder:
    order = quoted(**details)
    order.accept_quotation(1, consent="customer_app", **HOME)
    return order


def repaired(**details: Any) -> ApplianceCareOrder:
    """Done, and under warranty."""
    order = report(agreed(**details), Stage.IN_SERVICE, Stage.AWAITING_INSPECTION)
    order.complete(happened_at=NOW, **HOME)
    return order


def warranty_claim(starts_at: datetime = TOMORROW, **changes: Any) -> WarrantyClaim:
    usual = WarrantyClaim(
        fault=sealed("又不制冷"), photos=[PHOTO], windows=[service_window(starts_at)]
    )
    return replace(usual, **changes)


def receipt(amount_fen: int = 28_000, **changes: Any) -> OfflineReceipt:
    usual = OfflineReceipt(
        amount_fen=amount_fen,
        method="cash",
        receipt_number="SJ-20261122-001",
        purpose=FEE,
        happened_at=NOW,
    )
    return replace(usual, **changes)


def fail_to_open(order: ApplianceCareOrder, *machine_names: str) -> ApplianceCareOrder:
    for name in machine_names:
        order.report_opening_failed(name, finding(), reason_code="rusted_screws", **FIELD)
    return order
