"""Money of reservations that passes by hand (线下收款, 线下退款), recorded by finance."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from application.access import Permission, Subject
from domain.orders.offline_receipts import OfflineReceipt
from interface.api.access import House, may
from interface.api.fields import Word
from interface.api.idempotency import Commands
from interface.api.office_orders import ReportBody, actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/office/orders/{order_id}", tags=["后台·线下收款"], responses=PROBLEM_ANSWERS
)

Cashier = Annotated[Subject, Depends(may(Permission.RECEIPTS_RECORD))]


class ReceiptBody(ReportBody):
    """How much passed, how, for what, and the number of its paper (收据号)."""

    amount_fen: Annotated[int, Field(ge=1, le=100_000_000)]
    method: Word
    purpose: Word
    receipt_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z-]{2,39}$")]


class HeldView(BaseModel):
    """The order, and what of it is held by hand now."""

    order_id: UUID
    stage: str
    held_fen: int


@router.post("/offline-receipts", response_model=HeldView)
def take(
    house: House, who: Cashier, order_id: UUID, body: ReceiptBody, commands: Commands
) -> dict[str, object]:
    """Money was taken by hand (线下收款登记)."""
    command = commands.command(actor_of(who))
    receipt = _receipt(body, command.at)
    return commands.answer(house.offline_receipts.record(order_id, receipt, command))


@router.post("/offline-repayments", response_model=HeldView)
def repay(
    house: House, who: Cashier, order_id: UUID, body: ReceiptBody, commands: Commands
) -> dict[str, object]:
    """Money went back by hand (线下退款登记)."""
    command = commands.command(actor_of(who))
    receipt = _receipt(body, command.at)
    return commands.answer(house.offline_receipts.repay(order_id, receipt, command))


def _receipt(body: ReceiptBody, now: datetime) -> OfflineReceipt:
    told = body.model_dump() | {"happened_at": body.happened_at or now}
    return OfflineReceipt(**told)
