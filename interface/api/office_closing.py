"""Closing a customer's account who asked the office to (代客注销), and the receipt."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends

from application.access import Permission, Subject
from interface.api.access import House, may
from interface.api.closing import ClosingView, ReceiptView, closing_view, receipt_view
from interface.api.fields import Body
from interface.api.idempotency import Commands
from interface.api.office_orders import actor_of
from interface.api.problems import PROBLEM_ANSWERS

router = APIRouter(
    prefix="/api/v1/office/customers/{customer_id}",
    tags=["后台·注销账户"],
    responses=PROBLEM_ANSWERS,
)

Closer = Annotated[Subject, Depends(may(Permission.CUSTOMERS_DELETE))]
Reason = Literal["asked_by_phone", "asked_in_writing", "asked_in_person"]


class ClosingBody(Body):
    """How the customer asked for it; nobody's account is closed unasked."""

    reason: Reason


@router.get("/closing")
def show_closing(house: House, who: Closer, customer_id: UUID) -> ClosingView:
    """Where the account stands, and what is open."""
    del who
    return closing_view(house, customer_id)


@router.post("/closing")
def close_account(
    house: House, who: Closer, customer_id: UUID, body: ClosingBody, commands: Commands
) -> ClosingView:
    """Close the account on the customer's wish (代客申请注销); refused while anything is open."""
    command = commands.command(actor_of(who))
    commands.answer(house.closings.request_for(customer_id, body.reason, command))
    return closing_view(house, customer_id)


@router.post("/closing/withdrawal")
def keep_account(house: House, who: Closer, customer_id: UUID, commands: Commands) -> ClosingView:
    """The customer stays after all (撤销注销)."""
    commands.answer(house.closings.withdraw(customer_id, commands.command(actor_of(who))))
    return closing_view(house, customer_id)


@router.get("/erasure-receipt")
def show_receipt(house: House, who: Closer, customer_id: UUID) -> ReceiptView:
    """The receipt of a customer's deletion (删除回执)."""
    del who
    return receipt_view(house.erasure_receipts.receipt_of(customer_id))
