"""Closing one's account (注销账户): the customer's own pages, and the receipt afterwards."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, StringConstraints

from application.erasure import OpenMatter
from application.erasure_receipts import Receipt
from domain.customer_closing import Standing
from domain.open_matters import Matter
from interface.api.access import CustomerId, House
from interface.api.idempotency import Commands
from interface.api.problems import PROBLEM_ANSWERS
from interface.household import Household

router = APIRouter(prefix="/api/v1", tags=["注销账户"], responses=PROBLEM_ANSWERS)

ReceiptNumber = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}-[0-9a-f]{24}$")]

_SENTENCES: Final = {
    Matter.ORDER: "订单 {number} 尚未结束，结束后才能注销。",
    Matter.PAYMENT: "订单 {number} 有支付尚未了结，了结后才能注销。",
    Matter.REFUND: "订单 {number} 有退款尚未退回，退回后才能注销。",
}


class OpenMatterView(BaseModel):
    """What has to end before anything is deleted: an order, a payment, a refund."""

    matter: Matter
    order_id: UUID
    order_number: str
    sentence: str


class ClosingView(BaseModel):
    """Where the account stands: active, closing or erased.

    Nothing is deleted before `closes_at`, and while `waits_for` is not empty it is
    looked at again every day. With `receipt_number` the receipt can be had later,
    without a log-in: keep it.
    """

    standing: Standing
    asked_at: datetime | None
    closes_at: datetime | None
    waits_for: list[OpenMatterView]
    receipt_number: str


class KeptView(BaseModel):
    """What is kept, why, and at least until when; no date: as long as the log."""

    what: str
    why: str
    until: date | None


class ReceiptView(BaseModel):
    """A receipt of deletion (删除回执); it names nobody."""

    number: str
    customer_id: UUID
    asked_at: datetime
    erased_at: datetime
    destroyed_at: datetime
    reason_code: str
    classes: list[str]
    kept: list[KeptView]


@router.get("/me/closing")
def my_closing(house: House, who: CustomerId) -> ClosingView:
    """Where my account stands, and what a closing would wait for."""
    return closing_view(house, who)


@router.post("/me/closing")
def close_my_account(house: House, who: CustomerId, commands: Commands) -> ClosingView:
    """Ask for the deletion of my data (申请注销); within seven days it may be withdrawn."""
    command = commands.command(f"customer:{who}")
    commands.answer(house.closings.request(who, "customer", command))
    return closing_view(house, who)


@router.post("/me/closing/withdrawal")
def keep_my_account(house: House, who: CustomerId, commands: Commands) -> ClosingView:
    """Stay after all (撤销注销)."""
    commands.answer(house.closings.withdraw(who, commands.command(f"customer:{who}")))
    return closing_view(house, who)


@router.get("/erasure-receipts/{receipt_number}")
def show_receipt(
    house: House, receipt_number: Annotated[ReceiptNumber, Path()], response: Response
) -> ReceiptView:
    """The receipt, for whoever holds its number (删除回执)."""
    response.headers["Cache-Control"] = "no-store"
    return receipt_view(house.erasure_receipts.by_number(receipt_number))


def closing_view(house: Household, customer_id: UUID) -> ClosingView:
    """Where a customer's account stands."""
    closing = house.closings.closing_of(customer_id)
    return ClosingView(
        standing=closing.standing,
        asked_at=closing.asked_at,
        closes_at=closing.closes_at,
        waits_for=_waits_for(closing.waits_for),
        receipt_number=house.erasure_receipts.number_of(customer_id),
    )


def receipt_view(receipt: Receipt) -> ReceiptView:
    """A receipt as it is shown."""
    return ReceiptView.model_validate(asdict(receipt))


def _waits_for(matters: Sequence[OpenMatter]) -> list[OpenMatterView]:
    return [
        OpenMatterView(
            matter=each.matter,
            order_id=each.order_id,
            order_number=each.order_number,
            sentence=_SENTENCES[each.matter].format(number=each.order_number),
        )
        for each in matters
    ]
